//! What a request means for this index: words, a selection of passages, and what is verbatim there.

use cloze_index::{Generation, KeywordQuery, KeywordText, PassageId, Selection, passage::SUPERSEDED};

use crate::{
    Request, Result,
    request::{
        parse::{self, Parsed},
        tier::Tier,
    },
};

/// Verbatim matches that are candidates whatever the legs propose. A title or a heading that more
/// pages than this have is no match worth a tier.
const MOST_VERBATIM: usize = 1000;

/// Metadata with which a filter asks for versions; without it, the current ones are meant.
const VERSION_KEYS: [&str; 2] = ["version", SUPERSEDED];

/// A request, read against one generation.
pub(crate) struct Plan {
    /// What the encoder is given.
    pub(crate) text: String,
    /// What the keyword leg looks for.
    pub(crate) words: KeywordQuery,
    /// Passages that may be found; all, if `None`.
    pub(crate) among: Option<Selection>,
    titles: Exact,
    headings: Exact,
    phrases: Exact,
}

/// Passages that are exactly what was asked for.
#[derive(Default)]
struct Exact {
    /// All of them, ascending.
    all: Vec<PassageId>,
    /// Those that are candidates whatever the legs propose: some of every page.
    candidates: Vec<PassageId>,
}

impl Exact {
    /// All `passages`, unless too many pages have them; at most [`MOST_VERBATIM`] are candidates, and
    /// no page goes without one.
    fn of_few_pages(mut passages: Vec<PassageId>, generation: &Generation) -> Self {
        passages.sort_unstable();
        let first = generation.one_per_page(passages.iter().copied());
        if first.len() > MOST_VERBATIM {
            return Self::default();
        }
        let others = passages.iter().filter(|p| first.binary_search(p).is_err());
        let candidates = first.iter().chain(others).copied().take(MOST_VERBATIM).collect();
        Self { candidates, all: passages }
    }

    fn has(&self, passage: PassageId) -> bool {
        self.all.binary_search(&passage).is_ok()
    }
}

impl Plan {
    /// Reads a request. `also` pairs corrected words with the words as they were typed: both are searched.
    pub(crate) fn make(request: &Request, generation: &Generation, also: &[(String, String)]) -> Result<Self> {
        let is_key = |key: &str| generation.has_metadata_key(key);
        let parsed = parse::parse(request.query(), is_key, |word| generation.has_identifier(word))?;
        // A title may have quotes, a colon or a minus in it; somebody who gives all of it means it.
        let plain = Parsed::plain(request.query());
        if parsed != plain && !generation.verbatim(&plain.text)?.is_empty() {
            let plan = Self::of(plain, request, generation, &[])?;
            if !plan.titles.all.is_empty() || !plan.headings.all.is_empty() {
                return Ok(plan);
            }
        }
        Self::of(parsed, request, generation, also)
    }

    fn of(parsed: Parsed, request: &Request, generation: &Generation, also: &[(String, String)]) -> Result<Self> {
        let words = generation.keyword_query(&KeywordText {
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
        let mut among = generation.select(&filters, &words)?;
        if !VERSION_KEYS.iter().any(|key| filters.contains_key(*key)) {
            among = generation.current_among(among);
        }
        let may = |p: &PassageId| among.as_ref().is_none_or(|s| s.contains(*p));
        let verbatim = generation.verbatim(&parsed.text)?;
        let [titles, headings] = [verbatim.titles, verbatim.headings]
            .map(|list| Exact::of_few_pages(list.into_iter().filter(may).collect(), generation));
        let phrases = match words.has_phrases() {
            true => generation.phrase_matches(&words)?.iter().filter(may).collect(),
            false => Vec::new(),
        };
        let phrases = Exact { candidates: phrases.iter().copied().take(MOST_VERBATIM).collect(), all: phrases };
        Ok(Self { text: parsed.text, words, among, titles, headings, phrases })
    }

    /// Passages that are candidates whatever the legs propose. Where nothing but filters was given,
    /// that is everything they let through.
    pub(crate) fn verbatim(&self) -> impl Iterator<Item = PassageId> + '_ {
        let listed = self.among.iter().filter(|_| self.is_list()).flat_map(Selection::iter);
        let exact = [&self.titles, &self.headings, &self.phrases].into_iter().flat_map(|e| &e.candidates);
        exact.copied().chain(listed)
    }

    /// Whether the query is exactly a title or a heading.
    pub(crate) fn is_verbatim(&self) -> bool {
        !self.titles.all.is_empty() || !self.headings.all.is_empty()
    }

    /// Whether there is nothing to search for, only something to filter by.
    pub(crate) fn is_list(&self) -> bool {
        self.text.is_empty()
    }

    /// The tier of a passage.
    pub(crate) fn tier(&self, passage: PassageId) -> Tier {
        if self.titles.has(passage) {
            Tier::Title
        } else if self.headings.has(passage) {
            Tier::Heading
        } else if self.phrases.has(passage) {
            Tier::Phrase
        } else {
            Tier::Scored
        }
    }
}
