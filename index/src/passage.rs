//! A passage as stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Values by key, from front matter or a JSON record. Every value is text.
pub type Metadata = BTreeMap<String, Vec<String>>;

/// A stretch of one page's text that is searched, scored and shown as one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Passage {
    /// Number of the page inside the generation, from 0.
    pub page: u32,
    /// Name of the page inside its source: a relative path, or a record's id.
    pub source: String,
    /// Where the page is, with the anchor of the passage's heading if it has one.
    pub url: String,
    /// Title of the page.
    pub title: String,
    /// Headings from the top down to the passage, the title not included.
    pub headings: Vec<String>,
    /// The text itself, without title and headings.
    pub text: String,
    /// Language of the page (BCP 47), if it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// The page's metadata.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: Metadata,
    /// Other names of the innermost heading: `lift` for `kettle.Lid.lift()`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Whether the text is a list of links, which leads to content and has none of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_links: bool,
}

impl Passage {
    /// What the keyword leg indexes and what goes in front of the text for the encoder: title and
    /// heading path, one a line, no line twice.
    #[must_use]
    pub fn context(&self) -> String {
        context(&self.title, &self.headings)
    }
}

/// Title and heading path, one a line; a heading that repeats the line before it is left out.
#[must_use]
pub fn context(title: &str, headings: &[String]) -> String {
    let mut lines: Vec<&str> = Vec::with_capacity(headings.len() + 1);
    for line in std::iter::once(title).chain(headings.iter().map(String::as_str)) {
        if !line.is_empty() && lines.last() != Some(&line) {
            lines.push(line);
        }
    }
    lines.join("\n")
}
