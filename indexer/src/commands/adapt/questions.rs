//! Queries made of the documents themselves, each with the sections that answer it.

use std::collections::{BTreeMap, HashMap, HashSet};

use cloze_index::is_stop_word;
use serde::Serialize;

use crate::commands::sections::Section;

/// Words of the shortest and the longest sentence that becomes a query.
const SHORTEST: usize = 8;
const LONGEST: usize = 40;
/// Every word in this place of a sentence is left out: a reader does not remember a sentence word for word.
const GAP: usize = 3;
/// Number of words of a query of rare words, and the letters of the shortest one.
const RARE: usize = 3;
const SHORTEST_WORD: usize = 4;

/// The origin of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// A heading with its page's title.
    Heading,
    /// A sentence of which every third word is missing.
    Sentence,
    /// The rarest words of a section that other sections have, too.
    Words,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Heading, Self::Sentence, Self::Words];

    /// The name in reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Heading => "headings",
            Self::Sentence => "sentences",
            Self::Words => "rare words",
        }
    }
}

/// A query and the places of the sections that answer it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) kind: Kind,
    pub(super) text: String,
    pub(super) right: Vec<usize>,
}

/// Headings. One that its section repeats, or that occurs everywhere, is as good a query as a reader's.
pub(super) fn headings(sections: &[&Section]) -> Vec<Query> {
    let mut above: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (i, section) in sections.iter().enumerate() {
        if let Some(heading) = &section.heading {
            let text = if section.title == *heading { heading.clone() } else { format!("{} {heading}", section.title) };
            above.entry(text).or_default().push(i);
        }
    }
    above.into_iter().map(|(text, right)| Query { kind: Kind::Heading, text, right }).collect()
}

/// The middle sentence of each section, with gaps.
pub(super) fn sentences(sections: &[&Section]) -> Vec<Query> {
    let one = |(i, section): (usize, &&Section)| {
        let whole = section.text.split(['.', '!', '?', '\n', '。']).map(words);
        let fit: Vec<Vec<&str>> = whole.filter(|s| (SHORTEST..=LONGEST).contains(&s.len())).collect();
        let middle = fit.get(fit.len() / 2)?;
        let kept: Vec<&str> = middle.iter().enumerate().filter(|(n, _)| n % GAP != GAP - 1).map(|(_, w)| *w).collect();
        Some(Query { kind: Kind::Sentence, text: kept.join(" "), right: vec![i] })
    };
    sections.iter().enumerate().filter_map(one).collect()
}

/// The rarest words of each section. A word of one section alone shows nothing but that the encoder can read it.
pub(super) fn rare_words(sections: &[&Section]) -> Vec<Query> {
    let own: Vec<HashSet<String>> = sections.iter().map(|s| content(&s.text)).collect();
    let mut spread: HashMap<&str, usize> = HashMap::new();
    own.iter().flatten().for_each(|word| *spread.entry(word).or_default() += 1);
    let one = |words: &HashSet<String>| {
        let mut shared: Vec<(usize, &str)> =
            words.iter().map(|w| (spread[w.as_str()], w.as_str())).filter(|(n, _)| *n > 1).collect();
        shared.sort_unstable();
        let rarest: Vec<&str> = shared.into_iter().take(RARE).map(|(_, word)| word).collect();
        let right = || (0..own.len()).filter(|&j| rarest.iter().all(|w| own[j].contains(*w))).collect();
        (rarest.len() == RARE).then(|| Query { kind: Kind::Words, text: rarest.join(" "), right: right() })
    };
    own.iter().filter_map(one).collect()
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// The different words of a text that carry meaning, in lower case.
fn content(text: &str) -> HashSet<String> {
    let plain = text.split(|c: char| !c.is_alphabetic()).filter(|w| w.chars().count() >= SHORTEST_WORD);
    plain.filter(|w| !is_stop_word(w)).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(heading: Option<&str>, text: &str) -> Section {
        Section { title: "Page".into(), heading: heading.map(str::to_owned), text: text.into() }
    }

    #[test]
    fn headings_ask_for_their_sections() {
        let all = [section(Some("One"), "first"), section(None, "second"), section(Some("Page"), "third")];
        let queries: Vec<(String, Vec<usize>)> =
            headings(&all.iter().collect::<Vec<_>>()).into_iter().map(|q| (q.text, q.right)).collect();
        assert_eq!(queries, [("Page".to_owned(), vec![2]), ("Page One".to_owned(), vec![0])]);
    }

    #[test]
    fn sentences_lose_every_third_word() {
        let only = section(None, "Too short. one two three four five six seven eight nine. Short too.");
        let found = sentences(&[&only]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].text, "one two four five seven eight");
    }

    #[test]
    fn rare_words_are_those_that_few_sections_share() {
        let all = [
            section(None, "alpha bravo charlie common unique"),
            section(None, "alpha bravo charlie common"),
            section(None, "common delta with nothing else"),
        ];
        let found = rare_words(&all.iter().collect::<Vec<_>>());
        assert_eq!(found.len(), 2, "the third shares only one word");
        assert_eq!((found[0].text.as_str(), &found[0].right), ("alpha bravo charlie", &vec![0, 1]));
    }
}
