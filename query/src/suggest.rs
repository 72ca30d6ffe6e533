//! Completions for a partial query.

use std::{collections::HashSet, time::Instant};

use cloze_index::{Extent, KeywordText, Passage, PassageId, fold};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Error, Request, Result,
    engine::{resources::Resources, timing::milliseconds},
};

/// The default number of suggestions in an answer.
pub const DEFAULT_SUGGESTIONS: usize = 6;
/// Largest number of suggestions in one answer.
pub const MAX_SUGGESTIONS: usize = 20;
/// The number of passages searched for headings that contain the words anywhere.
const LOOKED_THROUGH: usize = 20;
/// The most titles, and then headings, at the top of the list; words fill the rest.
const FIRST: usize = 3;

/// The answer to a request for completions.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Suggestions {
    /// The partial query, with white space normalised.
    pub query: String,
    /// Titles, headings and words, the likeliest first.
    pub suggestions: Vec<Suggestion>,
    /// Time from request to answer, in milliseconds.
    pub took_ms: f64,
}

/// One completion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Suggestion {
    /// The text to search for.
    pub text: String,
    /// The kind of completion.
    pub kind: SuggestionKind,
    /// Address of the page or section; absent for words.
    pub url: Option<String>,
}

/// The source of a completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SuggestionKind {
    /// The title of a page.
    Title,
    /// The heading of a section.
    Heading,
    /// The partial query with its last word completed, or with its words corrected.
    Word,
}

/// Collects suggestions, each text once.
struct Collected {
    list: Vec<Suggestion>,
    known: HashSet<String>,
    limit: usize,
}

impl Collected {
    fn add(&mut self, text: &str, kind: SuggestionKind, url: Option<String>) {
        if self.list.len() < self.limit && self.known.insert(fold(text)) {
            self.list.push(Suggestion { text: text.to_owned(), kind, url });
        }
    }

    fn title(&mut self, passage: &Passage) {
        let page = passage.url.split('#').next().unwrap_or_default().to_owned();
        self.add(&passage.title, SuggestionKind::Title, Some(page));
    }

    fn heading(&mut self, passage: &Passage) {
        if let Some(heading) = passage.headings.last() {
            self.add(heading, SuggestionKind::Heading, Some(passage.url.clone()));
        }
    }
}

/// Completions for a partial query: titles and headings that begin with it, those that contain its words anywhere,
/// and words that begin with its last word. If none begins with it, the words of the index that are nearest to the
/// typed ones.
///
/// # Errors
/// [`Error::Parameter`] unless 1 <= limit <= [`MAX_SUGGESTIONS`]; if the keyword leg fails.
pub(crate) fn suggest(query: &str, limit: usize, with: Resources<'_>) -> Result<Suggestions> {
    let started = Instant::now();
    if limit == 0 || limit > MAX_SUGGESTIONS {
        let expected = format!("1 to {MAX_SUGGESTIONS}");
        return Err(Error::Parameter { parameter: "limit", found: limit.to_string(), expected });
    }
    let request = Request::typed(query)?;
    let typed = request.query();
    let mut found = Collected { list: Vec::new(), known: HashSet::new(), limit };
    let completions = with.head.completions(typed, limit)?;
    let (titles, headings) = (passages(&completions.titles, with)?, passages(&completions.headings, with)?);
    titles.iter().take(FIRST).for_each(|p| found.title(p));
    headings.iter().take(FIRST).for_each(|p| found.heading(p));
    add_containing(typed, with, &mut found)?;
    let (before, last) = typed.rsplit_once(' ').map_or(("", typed), |(before, last)| (before, last));
    for known in completions.words.iter().filter(|known| known.word != fold(last)) {
        found.add(format!("{before} {}", known.word).trim(), SuggestionKind::Word, None);
    }
    titles.iter().for_each(|p| found.title(p));
    headings.iter().for_each(|p| found.heading(p));
    if found.list.is_empty() {
        add_corrected(typed, with, &mut found)?;
    }
    let took_ms = milliseconds(started);
    Ok(Suggestions { query: typed.to_owned(), suggestions: found.list, took_ms })
}

fn passages(ids: &[PassageId], with: Resources<'_>) -> Result<Vec<Passage>> {
    let shown = with.body.show(ids, &[], &[], false)?;
    ids.iter().map(|&id| Ok(shown.passage(id)?)).collect()
}

/// Titles and headings that contain every word; the last word may be incomplete.
fn add_containing(typed: &str, with: Resources<'_>, found: &mut Collected) -> Result<()> {
    let folded = fold(typed);
    let words: Vec<&str> = folded.split_whitespace().collect();
    let has_all = |text: &str| {
        let text = fold(text);
        let parts: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
        words.iter().all(|word| parts.iter().any(|part| part.starts_with(word)))
    };
    let text = KeywordText { words: typed.to_owned(), prefix: true, ..KeywordText::default() };
    let hits = with.body.keyword(&with.head.keyword_query(&text)?, LOOKED_THROUGH, Extent::Best, None)?;
    let ids: Vec<PassageId> = hits.hits.iter().map(|h| h.passage).collect();
    for passage in passages(&ids, with)? {
        if has_all(&passage.title) {
            found.title(&passage);
        } else if passage.headings.last().is_some_and(|h| has_all(h)) {
            found.heading(&passage);
        }
    }
    Ok(())
}

/// The partial query with each word that the index does not have replaced by the nearest word that it has.
fn add_corrected(typed: &str, with: Resources<'_>, found: &mut Collected) -> Result<()> {
    let words: Vec<&str> = typed.split_whitespace().collect();
    for (i, word) in words.iter().enumerate() {
        for near in with.head.near_words(word)? {
            let mut corrected = words.clone();
            corrected[i] = &near.word;
            found.add(&corrected.join(" "), SuggestionKind::Word, None);
        }
    }
    Ok(())
}
