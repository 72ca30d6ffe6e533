//! BM25 over the passages of a generation.
//!
//! Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), as
//! tantivy computes it (k1 = 1.2, b = 0.75).

use std::{collections::BTreeMap, path::Path, path::PathBuf};

use tantivy::{
    DocAddress, DocSet, Index, ReloadPolicy, Searcher, TERMINATED, TantivyDocument, Term,
    collector::TopDocs,
    query::{BooleanQuery, BoostQuery, EnableScoring, Occur, Query, TermQuery},
    schema::{IndexRecordOption, Value},
};

use super::{
    analysis,
    directory::ReadOnly,
    schema::{self, Fields},
    writer::error,
};
use crate::{Error, Passage, PassageId, Result, Scored};

/// Terms that a word being typed may become.
const COMPLETIONS: usize = 8;

/// Words to look for; a passage matches if it has any of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeywordQuery {
    /// Terms as they are indexed, and how often each was asked for.
    terms: BTreeMap<String, u32>,
}

impl KeywordQuery {
    /// The words of a text. Punctuation separates words and means nothing else.
    #[must_use]
    pub fn words(text: &str) -> Self {
        let mut terms = BTreeMap::new();
        for word in analysis::analyse(text) {
            *terms.entry(word.term).or_insert(0) += 1;
        }
        Self { terms }
    }

    /// Whether there is nothing to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether a word that was analysed to this term is looked for.
    #[must_use]
    pub fn has_term(&self, term: &str) -> bool {
        self.terms.contains_key(term)
    }
}

/// What the keyword leg found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KeywordHits {
    /// Best first; ties by the lower number.
    pub hits: Vec<Scored>,
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
        let (addresses, pages) = addresses(dir, &searcher, passages)?;
        Ok(Self { dir: dir.to_owned(), searcher, fields, addresses, pages })
    }

    /// The `k` passages that match best.
    pub(crate) fn search(&self, query: &KeywordQuery, k: usize) -> Result<KeywordHits> {
        if query.is_empty() || k == 0 {
            return Ok(KeywordHits::default());
        }
        let collector = TopDocs::with_limit(k).order_by_score();
        let found = self.searcher.search(&self.compile(query), &collector).map_err(|e| self.failed("search", &e))?;
        let mut hits = Vec::with_capacity(found.len());
        for (score, address) in found {
            hits.push(Scored { passage: self.id_of(address)?, score });
        }
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.passage.cmp(&b.passage)));
        Ok(KeywordHits { hits })
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

    fn id_of(&self, address: DocAddress) -> Result<PassageId> {
        let reader = self.searcher.segment_reader(address.segment_ord);
        let ids = reader.fast_fields().u64("id").map_err(|e| self.failed("read a number", &e))?;
        Ok(ids.first(address.doc_id).unwrap_or_default() as PassageId)
    }

    fn failed(&self, doing: &'static str, e: &tantivy::TantivyError) -> Error {
        error(&self.dir, doing, e)
    }
}

/// Address and page of every passage; each number from 0 must occur once.
fn addresses(dir: &Path, searcher: &Searcher, passages: usize) -> Result<(Vec<DocAddress>, Vec<u32>)> {
    const NOWHERE: DocAddress = DocAddress { segment_ord: u32::MAX, doc_id: u32::MAX };
    let mut addresses = vec![NOWHERE; passages];
    let mut pages = vec![0; passages];
    let failed = |e: tantivy::TantivyError| error(dir, "be opened", &e);
    for (segment_ord, reader) in (0u32..).zip(searcher.segment_readers()) {
        let ids = reader.fast_fields().u64("id").map_err(failed)?;
        let page_column = reader.fast_fields().u64("page").map_err(failed)?;
        for doc_id in 0..reader.max_doc() {
            let id = ids.first(doc_id).unwrap_or(u64::MAX) as usize;
            let Some(place) = addresses.get_mut(id) else {
                return Err(Error::damaged(dir, format!("passage {id}"), format!("{passages} passages")));
            };
            *place = DocAddress { segment_ord, doc_id };
            pages[id] = page_column.first(doc_id).unwrap_or_default() as u32;
        }
    }
    match addresses.iter().position(|a| *a == NOWHERE) {
        None => Ok((addresses, pages)),
        Some(id) => Err(Error::damaged(dir, format!("no passage {id}"), format!("{passages} passages"))),
    }
}
