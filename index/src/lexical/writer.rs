//! Fills the keyword index of a generation.

use std::{
    collections::{BTreeSet, HashSet},
    path::{Path, PathBuf},
};

use tantivy::{
    Index, IndexWriter, TantivyDocument,
    indexer::NoMergePolicy,
    tokenizer::{PreTokenizedString, Token},
};

use super::{
    failure::error,
    schema::{self, Fields},
    terms::{Analyzers, PassageTerms},
};
use crate::{Error, Passage, PassageId, Result, files, wear};

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
    analyzers: Analyzers,
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
        Ok(Self { dir: dir.to_owned(), fields, index, writer, analyzers: Analyzers::default(), merges: true })
    }

    /// Adds to an index whose segments were linked into `dir` from `base`.
    pub(crate) fn append(base: &Path, dir: &Path) -> Result<Self> {
        files::copy(&base.join(META), &dir.join(META))?;
        let failed = |e: tantivy::TantivyError| error(dir, "be opened for adding", &e);
        let index = Index::open_in_dir(dir).map_err(failed)?;
        let fields = schema::fields(&index.schema(), dir)?;
        let writer: IndexWriter = index.writer_with_num_threads(1, BUFFER).map_err(failed)?;
        writer.set_merge_policy(Box::new(NoMergePolicy));
        Ok(Self { dir: dir.to_owned(), fields, index, writer, analyzers: Analyzers::default(), merges: false })
    }

    pub(crate) fn add(&mut self, id: PassageId, passage: &Passage) -> Result<()> {
        let stored = serde_json::to_vec(passage).map_err(|e| Error::Mismatch {
            what: "passage",
            found: e.to_string(),
            expected: "a passage that can be written as JSON".into(),
        })?;
        let PassageTerms { content, words, verbatim, metadata } = self.analyzers.terms(passage);
        let mut document = TantivyDocument::default();
        document.add_u64(self.fields.id, u64::from(id));
        document.add_u64(self.fields.page, u64::from(passage.page));
        document.add_pre_tokenized_text(self.fields.words, tokens(words.into_iter().map(|word| (word, 0)).collect()));
        document.add_pre_tokenized_text(self.fields.content, tokens(content));
        verbatim.iter().for_each(|term| document.add_text(self.fields.verbatim, term));
        metadata.iter().for_each(|term| document.add_text(self.fields.metadata, term));
        document.add_bytes(self.fields.stored, &stored);
        self.writer.add_document(document).map_err(|e| error(&self.dir, "add a passage", &e))?;
        Ok(())
    }

    /// Languages of the added passages and those of `before`, as BCP 47 primary subtags, sorted.
    pub(crate) fn languages(&self, before: &[String]) -> Vec<String> {
        let all: BTreeSet<&String> = self.analyzers.languages().chain(before).collect();
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

/// Terms with their positions, in the order of the text: tantivy takes postings so.
fn tokens(terms: Vec<(String, usize)>) -> PreTokenizedString {
    let token = |(text, position)| Token { offset_from: 0, offset_to: 0, position, text, position_length: 1 };
    PreTokenizedString { text: String::new(), tokens: terms.into_iter().map(token).collect() }
}
