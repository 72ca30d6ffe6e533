//! Fills the keyword index of a generation.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    path::{Path, PathBuf},
};

use tantivy::{
    Index, IndexWriter, TantivyDocument,
    indexer::NoMergePolicy,
    tokenizer::{PreTokenizedString, Token},
};

use super::{
    analysis::{AnalysedWord, Analyzer, Form, primary_subtag, verbatim_key},
    failure::error,
    schema::{self, Fields},
};
use crate::{Error, Passage, PassageId, Result, files, passage::LINKS, wear};

/// Tantivy's file name for the list of its segments.
const META: &str = "meta.json";

/// Memory for postings before they go to disk, in bytes.
const BUFFER: usize = 20 << 20;

/// An unfinished tantivy index; indexing runs on a thread of tantivy's own.
pub(crate) struct LexicalWriter {
    dir: PathBuf,
    fields: Fields,
    index: Index,
    writer: IndexWriter,
    analyzers: HashMap<String, Analyzer>,
    /// Whether all segments become one: segments linked from another generation stay unchanged.
    merges: bool,
}

impl LexicalWriter {
    pub(crate) fn create(dir: &Path) -> Result<Self> {
        files::create_dir_all(dir)?;
        let (schema, fields) = schema::schema();
        let failed = |e: tantivy::TantivyError| error(dir, "be created", &e);
        let index = Index::create_in_dir(dir, schema).map_err(failed)?;
        let writer: IndexWriter = index.writer_with_num_threads(1, BUFFER).map_err(failed)?;
        // One merge at the end beats merging while the encoder needs the processor.
        writer.set_merge_policy(Box::new(NoMergePolicy));
        Ok(Self { dir: dir.to_owned(), fields, index, writer, analyzers: HashMap::new(), merges: true })
    }

    /// Adds to an index whose segments were linked into `dir` from `base`.
    pub(crate) fn append(base: &Path, dir: &Path) -> Result<Self> {
        files::copy(&base.join(META), &dir.join(META))?;
        let failed = |e: tantivy::TantivyError| error(dir, "be opened for adding", &e);
        let index = Index::open_in_dir(dir).map_err(failed)?;
        let fields = schema::fields(&index.schema(), dir)?;
        let writer: IndexWriter = index.writer_with_num_threads(1, BUFFER).map_err(failed)?;
        writer.set_merge_policy(Box::new(NoMergePolicy));
        Ok(Self { dir: dir.to_owned(), fields, index, writer, analyzers: HashMap::new(), merges: false })
    }

    pub(crate) fn add(&mut self, id: PassageId, passage: &Passage) -> Result<()> {
        let stored = serde_json::to_vec(passage).map_err(|e| Error::Mismatch {
            what: "passage",
            found: e.to_string(),
            expected: "a passage that can be written as JSON".into(),
        })?;
        let lang = primary_subtag(passage.lang.as_deref().unwrap_or("en"));
        let analyzer = self.analyzers.entry(lang).or_insert_with_key(|l| Analyzer::for_language(Some(l)));
        let content = format!("{}\n{}", passage.context(), passage.text);
        let terms = analyzer.index_terms(&content);
        let mut document = TantivyDocument::default();
        document.add_u64(self.fields.id, u64::from(id));
        document.add_u64(self.fields.page, u64::from(passage.page));
        document.add_pre_tokenized_text(self.fields.words, tokens(vocabulary(analyzer, &content, &terms)));
        let each = terms.iter().flat_map(|w| w.terms().map(|term| (term.clone(), w.bytes.clone(), w.position)));
        document.add_pre_tokenized_text(self.fields.content, tokens(each.collect()));
        document.add_text(self.fields.verbatim, schema::title_term(&verbatim_key(&passage.title)));
        for heading in passage.headings.last().into_iter().chain(&passage.names) {
            document.add_text(self.fields.verbatim, schema::heading_term(&verbatim_key(heading)));
        }
        for (key, values) in &passage.metadata {
            for value in values {
                document.add_text(self.fields.metadata, schema::metadata_term(key, value));
            }
        }
        if passage.is_links {
            document.add_text(self.fields.metadata, schema::metadata_term(LINKS, "true"));
        }
        if let Some(lang) = &passage.lang {
            document.add_text(self.fields.metadata, schema::metadata_term("lang", lang));
        }
        document.add_bytes(self.fields.stored, &stored);
        self.writer.add_document(document).map_err(|e| error(&self.dir, "add a passage", &e))?;
        Ok(())
    }

    /// Languages of the added passages and those of `before`, as BCP 47 primary subtags, sorted.
    pub(crate) fn languages(&self, before: &[String]) -> Vec<String> {
        let all: BTreeSet<&String> = self.analyzers.keys().chain(before).collect();
        all.into_iter().cloned().collect()
    }

    /// Commits, and merges a new index into one segment: scores then do not depend on how the work was divided.
    pub(crate) fn finish(mut self) -> Result<()> {
        let failed = |e: tantivy::TantivyError| error(&self.dir, "be committed", &e);
        self.writer.commit().map_err(failed)?;
        let segments = self.index.searchable_segment_ids().map_err(failed)?;
        let merged = if self.merges {
            segments
        } else {
            let metas = self.index.searchable_segment_metas().map_err(failed)?;
            let sizes: Vec<usize> = metas.iter().map(|m| m.num_docs() as usize).collect();
            wear::folded(&sizes).into_iter().map(|i| metas[i].id()).collect()
        };
        if merged.len() > 1 {
            self.writer.merge(&merged).wait().map_err(failed)?;
            self.writer.garbage_collect_files().wait().map_err(failed)?;
        }
        self.writer.wait_merging_threads().map_err(failed)?;
        // A segment's files are named after its id.
        let ids = self.index.searchable_segment_ids().map_err(failed)?;
        let needed: HashSet<String> = ids.iter().map(|id| id.uuid_string()).collect();
        drop(self.index);
        // tantivy makes some of its files readable only by their owner; an index must be readable by all users.
        for path in files::list(&self.dir)? {
            if path == META || path.split('.').next().is_some_and(|id| needed.contains(id)) {
                files::make_readable(&self.dir.join(path))?;
            } else {
                // Locks, tantivy's list of its files, and segments that a merge replaced.
                std::fs::remove_file(self.dir.join(path)).ok();
            }
        }
        Ok(())
    }
}

type Term = (String, std::ops::Range<usize>, usize);

/// Each distinct word once, folded but not stemmed. Words that only occur inside names are left out, so that corrections
/// do not propose them.
fn vocabulary(analyzer: &mut Analyzer, text: &str, terms: &[AnalysedWord]) -> Vec<Term> {
    let terms = terms.iter().filter(|w| w.form != Form::Joined);
    let words: BTreeSet<String> = terms.map(|w| analyzer.folded(&text[w.bytes.clone()])).collect();
    words.into_iter().filter(|w| !w.is_empty() && w.len() <= 255).map(|w| (w, 0..0, 0)).collect()
}

fn tokens(terms: Vec<Term>) -> PreTokenizedString {
    let token = |(text, bytes, position): Term| Token {
        offset_from: bytes.start,
        offset_to: bytes.end,
        position,
        text,
        position_length: 1,
    };
    let mut tokens: Vec<Token> = terms.into_iter().map(token).collect();
    // tantivy takes postings in the order of the text.
    tokens.sort_by_key(|t| t.position);
    PreTokenizedString { text: String::new(), tokens }
}
