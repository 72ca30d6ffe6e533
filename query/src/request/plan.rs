//! The plan of a request for this index: the words, the filters, and the titles that match exactly.

use std::collections::BTreeMap;

use cloze_index::{Head, KeywordQuery, KeywordText, PassageId, Verbatim, passage::SUPERSEDED};

use super::{
    condense::Condensed,
    parse::{self, Parsed},
};
use crate::{Request, Result};

/// Metadata key of a filter for versions.
const VERSION_KEYS: [&str; 2] = ["version", SUPERSEDED];

/// If more pages than this share a title or a heading, it does not count as an exact match.
pub(crate) const MOST_VERBATIM: usize = 1000;

/// A request, read against the head of an index.
pub(crate) struct Plan {
    /// The text for the encoder.
    pub(crate) text: String,
    /// The words for the keyword leg.
    pub(crate) words: KeywordQuery,
    /// Values that a page's metadata must have: for every key, one of them.
    pub(crate) filters: BTreeMap<String, Vec<String>>,
    /// Passages whose title or heading equals the query.
    pub(crate) verbatim: Verbatim,
    /// What was left of a query that was too long to be searched as it was.
    pub(crate) condensed: Option<Condensed>,
    /// Whether the query contains only quoted phrases.
    pub(crate) is_quoted: bool,
}

impl Plan {
    /// Reads a request. `also` pairs corrected words with the original ones: both are searched.
    pub(crate) fn make(request: &Request, head: &Head, also: &[(String, String)]) -> Result<Self> {
        let is_key = |key: &str| head.has_metadata_key(key);
        let parsed = parse::parse(request.query(), is_key, |word| head.has_identifier(word))?;
        // A title may contain quotes, a colon or a minus. A user who types all of it means the title.
        let plain = Parsed::plain(request.query());
        if parsed != plain && !head.verbatim(&plain.text)?.is_empty() {
            let plan = Self::of(plain, request, head, &[])?;
            if plan.is_verbatim(head) {
                return Ok(plan);
            }
        }
        Self::of(parsed, request, head, also)
    }

    /// Plans a search for the significant words of a long query. Nothing in it is an exclusion, a phrase or a field.
    pub(crate) fn condensed(request: &Request, condensed: Condensed, head: &Head) -> Result<Self> {
        let words = KeywordText { words: condensed.words.clone(), ..KeywordText::default() };
        Ok(Self {
            text: condensed.text.clone(),
            words: head.keyword_query(&words)?,
            filters: request.filters.clone(),
            verbatim: Verbatim::default(),
            condensed: Some(condensed),
            is_quoted: false,
        })
    }

    fn of(parsed: Parsed, request: &Request, head: &Head, also: &[(String, String)]) -> Result<Self> {
        let is_quoted = !parsed.phrases.is_empty() && parsed.text == parsed.phrases.join(" ");
        let words = head.keyword_query(&KeywordText {
            words: parsed.text.clone(),
            phrases: parsed.phrases,
            excluded: parsed.excluded,
            prefix: request.prefix,
            also: also.to_vec(),
        })?;
        let mut filters = request.filters.clone();
        for (key, value) in parsed.filters {
            filters.entry(key).or_default().push(value);
        }
        let verbatim = head.verbatim(&parsed.text)?;
        Ok(Self { text: parsed.text, words, filters, verbatim, condensed: None, is_quoted })
    }

    /// Whether the query is exactly a title or a heading of some pages, but not of very many.
    pub(crate) fn is_verbatim(&self, head: &Head) -> bool {
        let pages = |all: &[PassageId]| head.one_per_page(all.iter().copied()).len();
        [&self.verbatim.titles, &self.verbatim.headings]
            .into_iter()
            .any(|all| (1..=MOST_VERBATIM).contains(&pages(all)))
    }

    /// The words whose scores are fused. If no passage is near in meaning, words such as "the" prove nothing.
    /// Without a semantic leg, the score of the words is plain BM25.
    pub(crate) fn scored_words(&self, are_alone: bool, abstained: bool) -> KeywordQuery {
        let words = if abstained { self.words.subject() } else { self.words.clone() };
        if are_alone { words.without_order() } else { words }
    }

    /// Whether a filter asks for a version; without one, the request means the current versions.
    pub(crate) fn names_a_version(&self) -> bool {
        VERSION_KEYS.iter().any(|key| self.filters.contains_key(*key))
    }

    /// Whether the request has only filters and no query to search for.
    pub(crate) fn is_list(&self) -> bool {
        self.text.is_empty()
    }
}
