//! BM25 over the passages of a generation.
//!
//! Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), as
//! tantivy computes it (k1 = 1.2, b = 0.75).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use tantivy::{
    DocAddress, DocSet, Index, ReloadPolicy, Searcher, TERMINATED, TantivyDocument, Term,
    query::{BooleanQuery, BoostQuery, EnableScoring, Occur, Query, TermQuery},
    schema::{IndexRecordOption, Value},
};

use super::{
    analysis,
    directory::ReadOnly,
    schema::{self, Fields},
    writer::error,
};
use crate::{Error, Passage, PassageId, Result, Scored, best::BestK};

/// Terms that a word being typed may become.
const COMPLETIONS: usize = 8;

/// Words to look for; a passage matches if it has any of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeywordQuery {
    /// Terms as they are indexed, and how often each was asked for.
    terms: BTreeMap<String, u32>,
    /// Those among them that carry the subject; all, if none does.
    marked: BTreeSet<String>,
}

impl KeywordQuery {
    /// The words of a text. Punctuation separates words and means nothing else.
    #[must_use]
    pub fn words(text: &str) -> Self {
        let mut terms = BTreeMap::new();
        for word in analysis::analyse(text) {
            *terms.entry(word.term).or_insert(0) += 1;
        }
        let mut marked: BTreeSet<String> = analysis::content_terms(text).into_iter().collect();
        if marked.is_empty() {
            marked = terms.keys().cloned().collect();
        }
        Self { terms, marked }
    }

    /// Whether there is nothing to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether a word that was analysed to this term shows why a passage matches: it is looked for,
    /// and not a word such as "the".
    #[must_use]
    pub fn marks(&self, term: &str) -> bool {
        self.marked.contains(term)
    }
}

/// What the keyword leg found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KeywordHits {
    /// Best first; ties by the lower number.
    pub hits: Vec<Scored>,
    /// Standard deviation of the scores over all passages of the index, those without a match
    /// counting as 0: what a score has to stand out from.
    pub spread: f32,
    /// Number of passages that match.
    pub matches: u64,
}

/// The keyword index of a generation, opened for reading.
pub(crate) struct Lexical {
    dir: PathBuf,
    searcher: Searcher,
    fields: Fields,
    /// Where each passage is.
    addresses: Vec<DocAddress>,
    /// The page of each passage.
    pages: Vec<u32>,
    /// The passage of each document, by segment.
    ids: Vec<Vec<PassageId>>,
}

impl Lexical {
    /// Opens an index whose files have passed their checksums.
    pub(crate) fn open(dir: &Path, passages: usize) -> Result<Self> {
        let failed = |e: tantivy::TantivyError| error(dir, "be opened", &e);
        let index = Index::open(ReadOnly::open(dir).map_err(failed)?).map_err(failed)?;
        index.tokenizers().register(analysis::CONTENT, analysis::content());
        let fields = schema::fields(&index.schema(), dir)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(failed)?;
        let searcher = reader.searcher();
        let Places { addresses, pages, ids } = places(dir, &searcher, passages)?;
        Ok(Self { dir: dir.to_owned(), searcher, fields, addresses, pages, ids })
    }

    /// The `k` passages that match best.
    pub(crate) fn search(&self, query: &KeywordQuery, k: usize) -> Result<KeywordHits> {
        if query.is_empty() || k == 0 {
            return Ok(KeywordHits::default());
        }
        let failed = |e: tantivy::TantivyError| self.failed("search", &e);
        let weight =
            self.compile(query).weight(EnableScoring::enabled_from_searcher(&self.searcher)).map_err(failed)?;
        let mut best = BestK::new(k);
        let (mut matches, mut sum, mut squares) = (0u64, 0f64, 0f64);
        for (segment, reader) in self.searcher.segment_readers().iter().enumerate() {
            let ids = &self.ids[segment];
            let mut take = |document: tantivy::DocId, score: f32| {
                matches += 1;
                sum += f64::from(score);
                squares += f64::from(score) * f64::from(score);
                best.offer(Scored { passage: ids[document as usize], score });
            };
            weight.for_each(reader, &mut take).map_err(failed)?;
        }
        let n = self.addresses.len().max(1) as f64;
        let variance = squares / n - (sum / n) * (sum / n);
        Ok(KeywordHits { hits: best.into_sorted(), spread: variance.max(0.0).sqrt() as f32, matches })
    }

    /// Adds the most frequent terms that begin with the last word of `text`.
    pub(crate) fn complete(&self, mut query: KeywordQuery, text: &str) -> Result<KeywordQuery> {
        let Some(begun) = analysis::last_word(text) else { return Ok(query) };
        let mut found: BTreeMap<String, u32> = BTreeMap::new();
        for reader in self.searcher.segment_readers() {
            let failed = |e: tantivy::TantivyError| self.failed("list words", &e);
            let terms = reader.inverted_index(self.fields.content).map_err(failed)?;
            let range = terms.terms().range().ge(begun.as_bytes());
            let mut stream = range.into_stream().map_err(|e| failed(e.into()))?;
            while stream.advance() && stream.key().starts_with(begun.as_bytes()) {
                let term = String::from_utf8_lossy(stream.key()).into_owned();
                *found.entry(term).or_insert(0) += stream.value().doc_freq;
            }
        }
        let mut found: Vec<_> = found.into_iter().collect();
        found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        for (term, _) in found.into_iter().take(COMPLETIONS) {
            query.marked.insert(term.clone());
            query.terms.entry(term).or_insert(1);
        }
        Ok(query)
    }

    /// BM25 of given passages, in their order; 0 for a passage that has none of the words.
    pub(crate) fn scores(&self, query: &KeywordQuery, passages: &[PassageId]) -> Result<Vec<f32>> {
        let mut scores = vec![0.0; passages.len()];
        if query.is_empty() {
            return Ok(scores);
        }
        let failed = |e: tantivy::TantivyError| self.failed("score", &e);
        let weight =
            self.compile(query).weight(EnableScoring::enabled_from_searcher(&self.searcher)).map_err(failed)?;
        let mut order: Vec<usize> = (0..passages.len()).collect();
        order.sort_unstable_by_key(|&i| self.addresses[passages[i] as usize]);
        let mut at = 0;
        for (segment, reader) in (0u32..).zip(self.searcher.segment_readers()) {
            let mut scorer = weight.scorer(reader, 1.0).map_err(failed)?;
            while let Some(&i) = order.get(at) {
                let address = self.addresses[passages[i] as usize];
                if address.segment_ord != segment {
                    break;
                }
                at += 1;
                if scorer.doc() < address.doc_id {
                    scorer.seek(address.doc_id);
                }
                if scorer.doc() == address.doc_id && scorer.doc() != TERMINATED {
                    scores[i] = scorer.score();
                }
            }
        }
        Ok(scores)
    }

    /// A passage as stored.
    pub(crate) fn passage(&self, id: PassageId) -> Result<Passage> {
        let document: TantivyDocument =
            self.searcher.doc(self.addresses[id as usize]).map_err(|e| self.failed("read a passage", &e))?;
        let bytes = document.get_first(self.fields.stored).and_then(|v| v.as_bytes()).unwrap_or_default();
        serde_json::from_slice(bytes).map_err(|e| Error::damaged(&self.dir, e, "a stored passage"))
    }

    /// The page of a passage.
    pub(crate) fn page_of(&self, id: PassageId) -> u32 {
        self.pages[id as usize]
    }

    fn compile(&self, query: &KeywordQuery) -> BooleanQuery {
        let clause = |(term, &count): (&String, &u32)| -> (Occur, Box<dyn Query>) {
            let term = Term::from_field_text(self.fields.content, term);
            let one = TermQuery::new(term, IndexRecordOption::WithFreqs);
            // A word that was typed twice counts twice.
            let query: Box<dyn Query> =
                if count == 1 { Box::new(one) } else { Box::new(BoostQuery::new(Box::new(one), count as f32)) };
            (Occur::Should, query)
        };
        BooleanQuery::new(query.terms.iter().map(clause).collect())
    }

    fn failed(&self, doing: &'static str, e: &tantivy::TantivyError) -> Error {
        error(&self.dir, doing, e)
    }
}

/// Where every passage is, and the other way round.
struct Places {
    addresses: Vec<DocAddress>,
    pages: Vec<u32>,
    ids: Vec<Vec<PassageId>>,
}

/// Reads the numbers of all passages; each from 0 must occur once.
fn places(dir: &Path, searcher: &Searcher, passages: usize) -> Result<Places> {
    const NOWHERE: DocAddress = DocAddress { segment_ord: u32::MAX, doc_id: u32::MAX };
    let mut places = Places { addresses: vec![NOWHERE; passages], pages: vec![0; passages], ids: Vec::new() };
    let failed = |e: tantivy::TantivyError| error(dir, "be opened", &e);
    for (segment_ord, reader) in (0u32..).zip(searcher.segment_readers()) {
        let id_column = reader.fast_fields().u64("id").map_err(failed)?;
        let page_column = reader.fast_fields().u64("page").map_err(failed)?;
        let mut ids = Vec::with_capacity(reader.max_doc() as usize);
        for doc_id in 0..reader.max_doc() {
            let id = id_column.first(doc_id).unwrap_or(u64::MAX);
            let Some(place) = places.addresses.get_mut(id as usize) else {
                return Err(Error::damaged(dir, format!("passage {id}"), format!("{passages} passages")));
            };
            *place = DocAddress { segment_ord, doc_id };
            places.pages[id as usize] = page_column.first(doc_id).unwrap_or_default() as u32;
            ids.push(id as PassageId);
        }
        places.ids.push(ids);
    }
    match places.addresses.iter().position(|a| *a == NOWHERE) {
        None => Ok(places),
        Some(id) => Err(Error::damaged(dir, format!("no passage {id}"), format!("{passages} passages"))),
    }
}
