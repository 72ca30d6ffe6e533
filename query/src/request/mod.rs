//! What is asked, checked.

pub(crate) mod condense;
pub(crate) mod parse;
pub(crate) mod plan;
mod shape;
pub(crate) mod tier;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Error, Result};

/// Longest query, in characters.
pub const MAX_QUERY_CHARS: usize = 8192;
/// Longest text that is completed, in characters.
pub const MAX_TYPED_CHARS: usize = 512;
/// Largest number of pages in one answer.
pub const MAX_LIMIT: usize = 100;
/// Pages that can be reached by paging.
pub const MAX_REACH: usize = 1000;
/// Pages in an answer where nothing is said.
pub const DEFAULT_LIMIT: usize = 10;

/// Which legs answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Both, fused.
    #[default]
    Hybrid,
    /// Vectors alone.
    Semantic,
    /// Words alone.
    Keyword,
}

impl Mode {
    /// All modes, in the order they are documented.
    pub const ALL: [Self; 3] = [Self::Keyword, Self::Semantic, Self::Hybrid];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hybrid => "hybrid",
            Self::Semantic => "semantic",
            Self::Keyword => "keyword",
        }
    }

    /// The mode of a name.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn parse(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|m| m.name() == name).ok_or_else(|| Error::Parameter {
            parameter: "mode",
            found: name.to_owned(),
            expected: "hybrid, semantic or keyword".into(),
        })
    }
}

/// What is marked in a snippet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Highlight {
    /// Words of the query.
    #[default]
    Keyword,
    /// For the first hits, the best sentence and its words that mean what was asked; words of the
    /// query for the others. The passages are encoded again for that.
    Semantic,
    /// Nothing.
    None,
}

impl Highlight {
    /// The value of a name.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "keyword" => Ok(Self::Keyword),
            "semantic" => Ok(Self::Semantic),
            "none" => Ok(Self::None),
            other => Err(Error::Parameter {
                parameter: "highlight",
                found: other.to_owned(),
                expected: "keyword, semantic or none".into(),
            }),
        }
    }
}

/// A search. Make one with [`Request::new`]; the other fields have their documented defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    query: String,
    /// Bytes of the query where another line began.
    lines: Vec<usize>,
    limit: usize,
    offset: usize,
    /// Which legs answer.
    pub mode: Mode,
    /// Share of the semantic leg in the fused score, 0 to 1; `None` lets the engine decide.
    semantic_weight: Option<f32>,
    /// What is marked in snippets.
    pub highlight: Highlight,
    /// Whether every hit says how its score came about.
    pub explain: bool,
    /// Values that the page's metadata must have: one of those of every key.
    pub filters: BTreeMap<String, Vec<String>>,
    /// Metadata keys whose values are counted.
    pub facets: Vec<String>,
    /// Whether the last word is still being typed: words that begin with it match too.
    pub prefix: bool,
    /// Whether words that look mistyped are put right; they are, where nothing is said.
    pub correct: bool,
}

impl Request {
    /// A search for `query`. Control characters count as white space.
    ///
    /// # Errors
    /// [`Error::EmptyQuery`] or [`Error::QueryTooLong`].
    pub fn new(query: &str) -> Result<Self> {
        let found = query.chars().count();
        if found > MAX_QUERY_CHARS {
            return Err(Error::QueryTooLong { found, limit: MAX_QUERY_CHARS });
        }
        Self::of_any_length(query)
    }

    /// As [`Request::new`], for what is being typed.
    ///
    /// # Errors
    /// [`Error::EmptyQuery`] or [`Error::QueryTooLong`].
    pub fn typed(query: &str) -> Result<Self> {
        match query.chars().count() {
            found if found > MAX_TYPED_CHARS => Err(Error::QueryTooLong { found, limit: MAX_TYPED_CHARS }),
            _ => Self::of_any_length(query),
        }
    }

    /// As [`Request::new`], for queries that nobody typed into a box: judged sets have some that
    /// are whole paragraphs.
    ///
    /// # Errors
    /// [`Error::EmptyQuery`].
    pub fn of_any_length(query: &str) -> Result<Self> {
        let (query, lines) = tidied(query);
        if query.is_empty() {
            return Err(Error::EmptyQuery { parameter: "q" });
        }
        Ok(Self {
            query,
            lines,
            limit: DEFAULT_LIMIT,
            offset: 0,
            mode: Mode::default(),
            semantic_weight: None,
            highlight: Highlight::default(),
            explain: false,
            prefix: false,
            correct: true,
            filters: BTreeMap::new(),
            facets: Vec::new(),
        })
    }

    /// The same request for other words, which are no empty text.
    pub(crate) fn with_query(&self, query: &str) -> Self {
        Self { query: query.to_owned(), lines: Vec::new(), ..self.clone() }
    }

    /// Sets which pages of the list are wanted.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless 1 <= limit <= [`MAX_LIMIT`] and offset + limit <= [`MAX_REACH`].
    pub fn page(mut self, offset: usize, limit: usize) -> Result<Self> {
        if limit == 0 || limit > MAX_LIMIT {
            return Err(Error::Parameter {
                parameter: "limit",
                found: limit.to_string(),
                expected: format!("1 to {MAX_LIMIT}"),
            });
        }
        if offset.saturating_add(limit) > MAX_REACH {
            return Err(Error::Parameter {
                parameter: "offset",
                found: offset.to_string(),
                expected: format!("offset + limit of at most {MAX_REACH}"),
            });
        }
        (self.offset, self.limit) = (offset, limit);
        Ok(self)
    }

    /// Sets the share of the semantic leg.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless it is between 0 and 1.
    pub fn semantic_weight(mut self, weight: Option<f32>) -> Result<Self> {
        match weight {
            Some(w) if !(0.0..=1.0).contains(&w) => Err(Error::Parameter {
                parameter: "semantic_weight",
                found: w.to_string(),
                expected: "a number from 0 to 1".into(),
            }),
            weight => {
                self.semantic_weight = weight;
                Ok(self)
            }
        }
    }

    /// The words, white space tidied.
    #[must_use]
    pub fn query(&self) -> &str {
        &self.query
    }

    /// Bytes of [`Self::query`] where another line began.
    pub(crate) fn lines(&self) -> &[usize] {
        &self.lines
    }

    /// Whether it had several lines.
    pub(crate) fn has_lines(&self) -> bool {
        !self.lines.is_empty()
    }

    /// Number of pages wanted.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Pages passed by.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Share of the semantic leg, if it is fixed.
    #[must_use]
    pub fn fixed_semantic_weight(&self) -> Option<f32> {
        self.semantic_weight
    }
}

/// A query on one line, white space tidied, and where its other lines began.
fn tidied(query: &str) -> (String, Vec<usize>) {
    let (mut out, mut lines) = (String::with_capacity(query.len()), Vec::new());
    for line in query.split(['\n', '\r']) {
        for (n, word) in line.split(|c: char| c.is_control() || c.is_whitespace()).filter(|w| !w.is_empty()).enumerate()
        {
            if !out.is_empty() {
                out.push(' ');
                if n == 0 {
                    lines.push(out.len());
                }
            }
            out.push_str(word);
        }
    }
    (out, lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_tidied_and_bounded() {
        assert_eq!(Request::new(" a\u{0}\n\tb ").expect("good").query(), "a b");
        let lines = Request::new("a b\n\n  c\r\n").expect("good");
        assert_eq!((lines.query(), lines.lines()), ("a b c", &[4][..]));
        assert!(matches!(Request::new(" \u{7} "), Err(Error::EmptyQuery { .. })));
        assert!(Request::new(&"é".repeat(MAX_QUERY_CHARS)).is_ok());
        assert!(matches!(Request::new(&"é".repeat(MAX_QUERY_CHARS + 1)), Err(Error::QueryTooLong { found: 8193, .. })));
    }

    #[test]
    fn ranges_are_checked() {
        let r = || Request::new("x").expect("good");
        assert!(r().page(0, 100).is_ok() && r().page(900, 100).is_ok());
        assert!(r().page(0, 0).is_err() && r().page(0, 101).is_err() && r().page(901, 100).is_err());
        assert!(r().page(usize::MAX, 1).is_err());
        assert!(r().semantic_weight(Some(0.5)).is_ok() && r().semantic_weight(Some(f32::NAN)).is_err());
    }
}
