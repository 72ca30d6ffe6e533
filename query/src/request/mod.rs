//! The request, with its parameters checked.

pub(crate) mod condense;
pub(crate) mod parse;
pub(crate) mod plan;
mod shape;
pub(crate) mod tier;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Error, Result};

/// Longest query, in characters. Percent-encoded, it always fits into the address of a request.
pub const MAX_QUERY_CHARS: usize = 2500;
/// Longest text that is completed, in characters.
pub const MAX_TYPED_CHARS: usize = 512;
/// Largest number of pages in one answer.
pub const MAX_LIMIT: usize = 100;
/// The number of pages that paging can reach.
pub const MAX_REACH: usize = 1000;
/// The default number of pages in an answer.
pub const DEFAULT_LIMIT: usize = 10;

/// The legs that answer.
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
    /// All modes, in the order of the documentation.
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

    /// Parses the name of a mode.
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

/// The kind of marks in a snippet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Highlight {
    /// Words of the query.
    #[default]
    Keyword,
    /// For the first hits, the best sentence and its words that match the query in meaning; for the others, words
    /// of the query. This encodes the passages of the first hits again.
    Semantic,
    /// Nothing.
    None,
}

impl Highlight {
    /// Parses the name of a value.
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

/// The source of a query's vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EncoderChoice {
    /// The model. Its lookup table replaces it while the user is still typing the last word, and when the model
    /// does not answer or would keep the request waiting.
    #[default]
    Auto,
    /// The model.
    Model,
    /// The model's lookup table: less exact, and a thousand times as fast.
    Table,
}

impl EncoderChoice {
    /// Parses the name of a value.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "auto" => Ok(Self::Auto),
            "model" => Ok(Self::Model),
            "table" => Ok(Self::Table),
            other => Err(Error::Parameter {
                parameter: "encoder",
                found: other.to_owned(),
                expected: "auto, model or table".into(),
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
    /// The legs that answer.
    pub mode: Mode,
    /// Share of the semantic leg in the fused score, 0 to 1; `None` lets the engine decide.
    semantic_weight: Option<f32>,
    /// The smallest score of a listed page, 0 to 1; `None` lets the engine decide where the list ends.
    least_score: Option<f32>,
    /// The kind of marks in snippets.
    pub highlight: Highlight,
    /// The source of the query's vector.
    pub encoder: EncoderChoice,
    /// Whether every hit explains its score.
    pub explain: bool,
    /// Values that the page's metadata must have: for every key, one of the listed values.
    pub filters: BTreeMap<String, Vec<String>>,
    /// Metadata keys whose values are counted.
    pub facets: Vec<String>,
    /// Whether the user is still typing the last word: words that begin with it match too.
    pub prefix: bool,
    /// Whether to correct words that look mistyped. This is the default.
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

    /// As [`Request::new`], without the limit on length: some queries of judged sets are whole paragraphs.
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
            least_score: None,
            highlight: Highlight::default(),
            encoder: EncoderChoice::default(),
            explain: false,
            prefix: false,
            correct: true,
            filters: BTreeMap::new(),
            facets: Vec::new(),
        })
    }

    /// The same request with another query, which must not be empty.
    pub(crate) fn with_query(&self, query: &str) -> Self {
        Self { query: query.to_owned(), lines: Vec::new(), ..self.clone() }
    }

    /// Sets the range of pages to return.
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
        self.semantic_weight = share("semantic_weight", weight)?;
        Ok(self)
    }

    /// Sets the smallest score of a listed page.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless it is between 0 and 1.
    pub fn min_score(mut self, score: Option<f32>) -> Result<Self> {
        self.least_score = share("min_score", score)?;
        Ok(self)
    }

    /// The query, with white space normalised.
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

    /// Number of pages to return.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Number of pages to skip.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The smallest score of a listed page, if the request sets it.
    pub(crate) fn least_score(&self) -> Option<f32> {
        self.least_score
    }

    /// Share of the semantic leg, if the request sets it.
    #[must_use]
    pub fn fixed_semantic_weight(&self) -> Option<f32> {
        self.semantic_weight
    }
}

fn share(parameter: &'static str, share: Option<f32>) -> Result<Option<f32>> {
    match share {
        Some(s) if !(0.0..=1.0).contains(&s) => {
            Err(Error::Parameter { parameter, found: s.to_string(), expected: "a number from 0 to 1".into() })
        }
        share => Ok(share),
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
        assert!(matches!(Request::new(&"é".repeat(MAX_QUERY_CHARS + 1)), Err(Error::QueryTooLong { found: 2501, .. })));
    }

    #[test]
    fn ranges_are_checked() {
        let r = || Request::new("x").expect("good");
        assert!(r().page(0, 100).is_ok() && r().page(900, 100).is_ok());
        assert!(r().page(0, 0).is_err() && r().page(0, 101).is_err() && r().page(901, 100).is_err());
        assert!(r().page(usize::MAX, 1).is_err());
        assert!(r().min_score(Some(0.5)).is_ok() && r().min_score(Some(1.5)).is_err());
        assert!(r().semantic_weight(Some(0.5)).is_ok() && r().semantic_weight(Some(f32::NAN)).is_err());
    }
}
