//! Reads the sections of documents, without an index.

use std::collections::HashMap;

use crate::{
    Result,
    commands::config::DEFAULT_MAX_FILE_BYTES,
    document::{Extracted, navigation},
    extract::{self, Context, Outcome},
    source::{self, Selection, SourceFile},
};

/// One section of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Section {
    /// Title of the page.
    pub(crate) title: String,
    /// The innermost heading, if there is one.
    pub(crate) heading: Option<String>,
    /// The text below it.
    pub(crate) text: String,
}

/// Reads every readable document; returns the sections, and the number of unreadable documents.
pub(crate) fn read(selection: &Selection) -> Result<(Vec<Section>, usize)> {
    let walk = source::walk(selection)?;
    let mut titles = HashMap::new();
    let (mut sections, mut skipped) = (Vec::new(), walk.unreadable.len());
    for file in &walk.files {
        let titles = titles.entry(file.root.clone()).or_insert_with(|| navigation::titles(&file.root));
        let relative = source::relative_name(&file.path, &file.root);
        let title = titles.get(&relative).map(String::as_str);
        for outcome in outcomes(file, title) {
            match outcome {
                Ok((Extracted::Page(document), _)) => {
                    sections.extend(document.sections.into_iter().map(|section| Section {
                        title: document.title.clone(),
                        heading: section.headings.last().cloned(),
                        text: section.text,
                    }));
                }
                Ok((Extracted::LeftOut(_), _)) => {}
                Err(_) => skipped += 1,
            }
        }
    }
    Ok((sections, skipped))
}

/// The content of a file: one document, or one per line.
fn outcomes(file: &SourceFile, title: Option<&str>) -> Vec<Outcome> {
    let context = Context { source: &file.name, navigation_title: title, ..Context::default() };
    if file.format.is_binary() {
        let bytes = source::read_bytes(file, DEFAULT_MAX_FILE_BYTES);
        return vec![bytes.and_then(|bytes| extract::binary(file.format, &bytes, &context))];
    }
    if file.format.has_records() {
        let lines = match source::records(file, DEFAULT_MAX_FILE_BYTES) {
            Ok(lines) => lines,
            Err(reason) => return vec![Err(reason)],
        };
        return lines.map(|(_, line)| extract::record(&line?, &context)).collect();
    }
    let text = source::read_text(file, DEFAULT_MAX_FILE_BYTES);
    vec![text.and_then(|text| extract::file(file.format, &text, &context))]
}
