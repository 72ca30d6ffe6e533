//! The fields of the keyword index: what the writer fills and the reader searches.

use tantivy::schema::{FAST, Field, IndexRecordOption, STORED, Schema, TextFieldIndexing, TextOptions};

use super::analysis;
use crate::{Error, Result};

/// Handles of the fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    /// u64: the passage's number.
    pub(crate) id: Field,
    /// u64: the number of its page.
    pub(crate) page: Field,
    /// Text: title, headings and text, analysed; scored by BM25.
    pub(crate) content: Field,
    /// Bytes, stored: the passage as JSON.
    pub(crate) stored: Field,
}

const NAMES: [&str; 4] = ["id", "page", "content", "passage"];

/// The schema that a new index is made with.
pub(crate) fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(analysis::CONTENT)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let fields = Fields {
        id: builder.add_u64_field(NAMES[0], FAST),
        page: builder.add_u64_field(NAMES[1], FAST),
        content: builder.add_text_field(NAMES[2], TextOptions::default().set_indexing_options(indexing)),
        stored: builder.add_bytes_field(NAMES[3], STORED),
    };
    (builder.build(), fields)
}

/// The fields of an index on disk.
pub(crate) fn fields(schema: &Schema, path: &std::path::Path) -> Result<Fields> {
    let get = |name: &str| {
        schema
            .get_field(name)
            .map_err(|_| Error::damaged(path, format!("no field {name:?}"), "the fields of this format"))
    };
    Ok(Fields { id: get(NAMES[0])?, page: get(NAMES[1])?, content: get(NAMES[2])?, stored: get(NAMES[3])? })
}
