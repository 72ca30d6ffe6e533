//! The fields of the keyword index, which the writer fills and the reader searches.

use std::path::Path;

use tantivy::schema::{FAST, Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions};

use crate::{Error, Result};

/// Handles of the fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    /// u64: the passage's number.
    pub(crate) id: Field,
    /// u64: the number of its page.
    pub(crate) page: Field,
    /// Terms with positions: title, headings and text, analysed; scored by BM25.
    pub(crate) content: Field,
    /// Terms: the words of the text in their written form, folded but not stemmed.
    pub(crate) words: Field,
    /// Terms: title of the page and innermost heading, whole.
    pub(crate) verbatim: Field,
    /// Terms and a column: the page's metadata, each a key and a value.
    pub(crate) metadata: Field,
    /// Bytes, stored: the passage as JSON.
    pub(crate) stored: Field,
}

const NAMES: [&str; 7] = ["id", "page", "content", "words", "verbatim", "metadata", "passage"];

/// Separates the parts of a term that has two.
const SEPARATOR: char = '\u{1}';

/// The schema of a new index.
pub(crate) fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let indexing = |record| {
        TextOptions::default()
            .set_indexing_options(TextFieldIndexing::default().set_tokenizer("raw").set_index_option(record))
    };
    let fields = Fields {
        id: builder.add_u64_field(NAMES[0], FAST),
        page: builder.add_u64_field(NAMES[1], FAST),
        content: builder.add_text_field(NAMES[2], indexing(IndexRecordOption::WithFreqsAndPositions)),
        words: builder.add_text_field(NAMES[3], indexing(IndexRecordOption::Basic)),
        verbatim: builder.add_text_field(NAMES[4], STRING),
        metadata: builder.add_text_field(NAMES[5], STRING | FAST),
        stored: builder.add_bytes_field(NAMES[6], STORED),
    };
    (builder.build(), fields)
}

/// The fields of an index on disk.
pub(crate) fn fields(schema: &Schema, path: &Path) -> Result<Fields> {
    let get = |name: &str| {
        let missing = || Error::damaged(path, format!("field {name:?} is missing"), "the fields of this index format");
        schema.get_field(name).map_err(|_| missing())
    };
    Ok(Fields {
        id: get(NAMES[0])?,
        page: get(NAMES[1])?,
        content: get(NAMES[2])?,
        words: get(NAMES[3])?,
        verbatim: get(NAMES[4])?,
        metadata: get(NAMES[5])?,
        stored: get(NAMES[6])?,
    })
}

/// The term of a title.
pub(crate) fn title_term(key: &str) -> String {
    format!("title{SEPARATOR}{key}")
}

/// The term of a heading.
pub(crate) fn heading_term(key: &str) -> String {
    format!("heading{SEPARATOR}{key}")
}

/// The term of a metadata value. Upper and lower case are equivalent.
#[must_use]
pub fn metadata_term(key: &str, value: &str) -> String {
    format!("{}{SEPARATOR}{}", key.to_lowercase(), value.trim().to_lowercase())
}

/// The part of such a term that all values of its key have.
pub(crate) fn metadata_key(term: &str) -> Option<&str> {
    term.find(SEPARATOR).map(|at| &term[..at + SEPARATOR.len_utf8()])
}

/// Key and value of such a term.
#[must_use]
pub fn metadata_parts(term: &str) -> Option<(&str, &str)> {
    term.split_once(SEPARATOR)
}
