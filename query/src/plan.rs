//! What a request means for this index: words, a selection of passages, and what is verbatim there.

use cloze_index::{Generation, KeywordQuery, KeywordText, PassageId, Selection};

use crate::{Request, Result, correct::Correction, fuse::Tier, parse};

/// Verbatim matches that are taken; more pages of one title than this are no match worth a tier.
const MOST_VERBATIM: usize = 1000;

/// A request, read against one generation.
pub(crate) struct Plan {
    /// What the encoder is given.
    pub(crate) text: String,
    /// What the keyword leg looks for.
    pub(crate) words: KeywordQuery,
    /// Passages that may be found; all, if `None`.
    pub(crate) among: Option<Selection>,
    titles: Vec<PassageId>,
    headings: Vec<PassageId>,
    phrases: Option<Selection>,
}

/// What was put right, each with what had been typed.
fn also(correction: Option<&Correction>) -> Vec<(String, String)> {
    let changes = correction.iter().flat_map(|c| &c.changes);
    changes.filter_map(|c| Some((c.to()?.to_owned(), c.from.clone()))).collect()
}

impl Plan {
    /// Reads a request. Words that were put right are looked for as they were typed, too.
    pub(crate) fn make(request: &Request, generation: &Generation, correction: Option<&Correction>) -> Result<Self> {
        let is_key = |key: &str| generation.has_metadata_key(key);
        let parsed = parse::parse(request.query(), is_key, |word| generation.has_identifier(word))?;
        let words = generation.keyword_query(&KeywordText {
            words: parsed.text.clone(),
            phrases: parsed.phrases,
            excluded: parsed.excluded,
            prefix: request.prefix,
            also: also(correction),
        })?;
        let mut filters = request.filters.clone();
        for (key, value) in parsed.filters {
            filters.entry(key).or_default().push(value);
        }
        let among = generation.select(&filters, &words)?;
        let may = |p: &PassageId| among.as_ref().is_none_or(|s| s.contains(*p));
        let verbatim = generation.verbatim(&parsed.text)?;
        let [titles, headings] = [verbatim.titles, verbatim.headings].map(|list| {
            let list: Vec<PassageId> = list.into_iter().filter(may).collect();
            if list.len() > MOST_VERBATIM { Vec::new() } else { list }
        });
        let phrases = match words.has_phrases() {
            true => Some(generation.phrase_matches(&words)?),
            false => None,
        };
        Ok(Self { text: parsed.text, words, among, titles, headings, phrases })
    }

    /// Passages that are candidates whatever the legs propose. Where nothing but filters was given,
    /// that is everything they let through.
    pub(crate) fn verbatim(&self) -> impl Iterator<Item = PassageId> + '_ {
        let phrases = self.phrases.iter().flat_map(Selection::iter).take(MOST_VERBATIM);
        let may = |p: &PassageId| self.among.as_ref().is_none_or(|s| s.contains(*p));
        let listed = self.among.iter().filter(|_| self.is_list()).flat_map(Selection::iter);
        self.titles.iter().chain(&self.headings).copied().chain(phrases.filter(may)).chain(listed)
    }

    /// Whether the query is exactly a title or a heading.
    pub(crate) fn is_verbatim(&self) -> bool {
        !self.titles.is_empty() || !self.headings.is_empty()
    }

    /// Whether there is nothing to search for, only something to filter by.
    pub(crate) fn is_list(&self) -> bool {
        self.text.is_empty()
    }

    /// The tier of a passage.
    pub(crate) fn tier(&self, passage: PassageId) -> Tier {
        if self.titles.binary_search(&passage).is_ok() {
            Tier::Title
        } else if self.headings.binary_search(&passage).is_ok() {
            Tier::Heading
        } else if self.phrases.as_ref().is_some_and(|p| p.contains(passage)) {
            Tier::Phrase
        } else {
            Tier::Scored
        }
    }
}
