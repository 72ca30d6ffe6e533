//! What a request means for this index: the words, the filters, and the titles that it spells out.

use std::collections::BTreeMap;

use cloze_index::{Head, KeywordQuery, KeywordText, PassageId, Verbatim};

use super::{
    condense::Condensed,
    parse::{self, Parsed},
};
use crate::{Mode, Request, Result};

/// A title or a heading that more pages than this have is no match worth a tier.
pub(crate) const MOST_VERBATIM: usize = 1000;

/// A request, read against the head of an index.
pub(crate) struct Plan {
    /// The text for the encoder.
    pub(crate) text: String,
    /// The words for the keyword leg.
    pub(crate) words: KeywordQuery,
    /// Values that a page's metadata must have: for every key one of them.
    pub(crate) filters: BTreeMap<String, Vec<String>>,
    /// Passages whose title or heading is the text.
    pub(crate) verbatim: Verbatim,
    /// What was left of a query that was too long to be searched as it was.
    pub(crate) condensed: Option<Condensed>,
}

impl Plan {
    /// Reads a request. `also` pairs corrected words with the words as they were typed: both are searched.
    pub(crate) fn make(request: &Request, head: &Head, also: &[(String, String)]) -> Result<Self> {
        let is_key = |key: &str| head.has_metadata_key(key);
        let parsed = parse::parse(request.query(), is_key, |word| head.has_identifier(word))?;
        // A title may hold quotes, a colon or a minus; somebody who types all of it means it.
        let plain = Parsed::plain(request.query());
        if parsed != plain && !head.verbatim(&plain.text)?.is_empty() {
            let plan = Self::of(plain, request, head, &[])?;
            if plan.is_verbatim(head) {
                return Ok(plan);
            }
        }
        Self::of(parsed, request, head, also)
    }

    /// Plans a search for what is left of a long query. Nothing in it is an exclusion, a phrase or a field.
    pub(crate) fn condensed(request: &Request, condensed: Condensed, head: &Head) -> Result<Self> {
        let words = KeywordText { words: condensed.words.clone(), ..KeywordText::default() };
        Ok(Self {
            text: condensed.text.clone(),
            words: head.keyword_query(&words)?,
            filters: request.filters.clone(),
            verbatim: Verbatim::default(),
            condensed: Some(condensed),
        })
    }

    fn of(parsed: Parsed, request: &Request, head: &Head, also: &[(String, String)]) -> Result<Self> {
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
        Ok(Self { text: parsed.text, words, filters, verbatim, condensed: None })
    }

    /// Whether the query is exactly a title or a heading of some pages, but not of very many.
    pub(crate) fn is_verbatim(&self, head: &Head) -> bool {
        let pages = |all: &[PassageId]| head.one_per_page(all.iter().copied()).len();
        [&self.verbatim.titles, &self.verbatim.headings]
            .into_iter()
            .any(|all| (1..=MOST_VERBATIM).contains(&pages(all)))
    }

    /// The words whose scores are fused. Where the meaning is nowhere near, words such as "the" prove nothing; the
    /// keyword leg alone is plain BM25.
    pub(crate) fn scored_words(&self, mode: Mode, abstained: bool) -> KeywordQuery {
        let words = if abstained { self.words.subject() } else { self.words.clone() };
        if mode == Mode::Keyword { words.without_order() } else { words }
    }

    /// Whether there is nothing to search for, only something to filter by.
    pub(crate) fn is_list(&self) -> bool {
        self.text.is_empty()
    }
}
