//! Fills the keyword index of a generation.

use std::path::{Path, PathBuf};

use tantivy::{Index, IndexWriter, TantivyDocument, indexer::NoMergePolicy};

use super::{
    analysis,
    schema::{self, Fields},
};
use crate::{Error, Passage, PassageId, Result, files};

/// Memory for postings before they go to disk, in bytes.
const BUFFER: usize = 64 << 20;

/// One tantivy index being filled; indexing runs on a thread of tantivy's own.
pub(crate) struct LexicalWriter {
    dir: PathBuf,
    fields: Fields,
    index: Index,
    writer: IndexWriter,
}

impl LexicalWriter {
    pub(crate) fn create(dir: &Path) -> Result<Self> {
        files::create_dir_all(dir)?;
        let (schema, fields) = schema::schema();
        let failed = |e: tantivy::TantivyError| error(dir, "be created", &e);
        let index = Index::create_in_dir(dir, schema).map_err(failed)?;
        index.tokenizers().register(analysis::CONTENT, analysis::content());
        let writer: IndexWriter = index.writer_with_num_threads(1, BUFFER).map_err(failed)?;
        // One merge at the end beats merging while the encoder needs the processor.
        writer.set_merge_policy(Box::new(NoMergePolicy));
        Ok(Self { dir: dir.to_owned(), fields, index, writer })
    }

    pub(crate) fn add(&mut self, id: PassageId, passage: &Passage) -> Result<()> {
        let stored = serde_json::to_vec(passage).map_err(|e| Error::Mismatch {
            what: "passage",
            found: e.to_string(),
            expected: "a passage that can be stored".into(),
        })?;
        let mut document = TantivyDocument::default();
        document.add_u64(self.fields.id, u64::from(id));
        document.add_u64(self.fields.page, u64::from(passage.page));
        document.add_text(self.fields.content, format!("{}\n{}", passage.context(), passage.text));
        document.add_bytes(self.fields.stored, &stored);
        self.writer.add_document(document).map_err(|e| error(&self.dir, "take a passage", &e))?;
        Ok(())
    }

    /// Commits and merges into one segment, so that scores do not depend on how the work was cut.
    pub(crate) fn finish(mut self) -> Result<()> {
        let failed = |e: tantivy::TantivyError| error(&self.dir, "be completed", &e);
        self.writer.commit().map_err(failed)?;
        let segments = self.index.searchable_segment_ids().map_err(failed)?;
        if segments.len() > 1 {
            self.writer.merge(&segments).wait().map_err(failed)?;
            self.writer.garbage_collect_files().wait().map_err(failed)?;
        }
        self.writer.wait_merging_threads().map_err(failed)?;
        drop(self.index);
        // tantivy makes some of its files readable by their owner alone; an index is for any reader.
        for path in files::list(&self.dir)? {
            files::make_readable(&self.dir.join(path))?;
        }
        // Locks belong to the writer, not to the generation.
        for lock in [".tantivy-writer.lock", ".tantivy-meta.lock"] {
            std::fs::remove_file(self.dir.join(lock)).ok();
        }
        Ok(())
    }
}

pub(crate) fn error(path: &Path, doing: &'static str, e: &tantivy::TantivyError) -> Error {
    Error::Lexical { path: path.to_owned(), doing, reason: e.to_string() }
}
