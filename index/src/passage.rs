//! A passage as stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Values by key, from front matter or a JSON record. Every value is text.
pub type Metadata = BTreeMap<String, Vec<String>>;

/// Metadata key of a page that other versions of the manual have too; the value is their number.
pub const OTHER_VERSIONS: &str = "other_versions";
/// Metadata key of a page of a version that is not current; the value is `true`.
pub const SUPERSEDED: &str = "superseded";
/// Metadata of a passage that is a list of links: `true`.
pub const LINKS: &str = "is_links";

/// A stretch of one page's text: the unit of searching, scoring and display.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Passage {
    /// Number of the page inside the generation, from 0.
    pub page: u32,
    /// Name of the page inside its source: a relative path, or a record's id.
    pub source: String,
    /// Address of the page, with the anchor of the passage's heading if it has one.
    pub url: String,
    /// Title of the page.
    pub title: String,
    /// Headings from the top down to the passage, without the title.
    pub headings: Vec<String>,
    /// The text itself, without title and headings.
    pub text: String,
    /// Language of the page (BCP 47), if the page states it.
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
    /// The title and the heading path, one per line, no line twice. The keyword leg indexes this context, and the
    /// encoder gets it in front of the text.
    #[must_use]
    pub fn context(&self) -> String {
        context(&self.title, &self.headings)
    }
}

/// Title and heading path, one per line, without a heading that repeats the line before it.
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
