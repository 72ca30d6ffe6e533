//! Co-occurrence of words: whether passages with one word also have the others.

use std::collections::HashMap;

use super::{
    postings::Postings,
    vocabulary::{Kind, Vocabulary},
};
use crate::{KeywordQuery, PassageId, Result};

/// Limit for the examined places of the other words. The rarest words come first, as they are the most informative.
const MOST_PLACES: u64 = 20_000;

/// The weight of a query's other words in the passages that have them.
struct Rest {
    /// For each passage that has any of the words, the sum of their rarities.
    found: HashMap<PassageId, f32>,
    /// The sum for all the words.
    all: f32,
}

/// The words of a query whose company counts: the rarity of each, and the terms that stand for it. The rarest come
/// first, and words beyond the limit of places are left out.
pub(crate) fn weighed(vocabulary: &dyn Vocabulary, query: &KeywordQuery) -> Result<Vec<(f32, Vec<String>)>> {
    let (passages, _) = vocabulary.totals()?;
    let mut words = Vec::new();
    for word in query.words.iter().filter(|w| w.is_word() && w.is_known && !w.is_stop_word) {
        let mut frequency = 0;
        for (term, _) in &word.terms {
            frequency += vocabulary.passages_with(Kind::Content, term)?;
        }
        if frequency > 0 {
            words.push((frequency, word.terms.iter().map(|(term, _)| term.clone()).collect()));
        }
    }
    words.sort_by_key(|(frequency, _)| *frequency);
    let mut places = 0;
    let few = words.into_iter().take_while(|(frequency, _)| {
        places += frequency;
        places <= MOST_PLACES
    });
    Ok(few.map(|(frequency, terms)| ((1.0 + passages as f32 / frequency as f32).ln(), terms)).collect())
}

impl Postings {
    /// For each word, the largest share of the query's words in one passage with that word: 0 to 1, with each word
    /// weighted by its rarity. The look-up uses the written form of a word, folded.
    pub(crate) fn company(&self, words: &[&str], rest: &KeywordQuery) -> Result<Vec<f32>> {
        let rest = self.rest(rest)?;
        words.iter().map(|word| self.most_shared(word, &rest)).collect()
    }

    fn rest(&self, query: &KeywordQuery) -> Result<Rest> {
        let mut rest = Rest { found: HashMap::new(), all: 0.0 };
        for (rarity, terms) in weighed(&*self.opened, query)? {
            rest.all += rarity;
            self.add_places(&terms, rarity, &mut rest.found)?;
        }
        Ok(rest)
    }

    fn add_places(&self, terms: &[String], rarity: f32, found: &mut HashMap<PassageId, f32>) -> Result<()> {
        let mut places: Vec<PassageId> = Vec::new();
        for term in terms {
            self.opened.each(&self.opened.raw(self.opened.fields.content, term), |passage, _| places.push(passage))?;
        }
        places.sort_unstable();
        places.dedup();
        places.into_iter().for_each(|passage| *found.entry(passage).or_default() += rarity);
        Ok(())
    }

    fn most_shared(&self, word: &str, rest: &Rest) -> Result<f32> {
        let mut most = 0f32;
        self.opened.each(&self.opened.raw(self.opened.fields.words, word), |passage, _| {
            most = most.max(rest.found.get(&passage).copied().unwrap_or_default());
        })?;
        Ok(if rest.all > 0.0 { most / rest.all } else { 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        KeywordText, Passage, Selection,
        lexical::{LexicalWriter, Opened, WordList},
    };
    use std::sync::Arc;

    #[test]
    fn a_word_is_in_company_where_one_passage_has_it_with_the_others() {
        let dir = tempfile::tempdir().expect("writable");
        let texts = ["the plague reached the city in that year", "tear the paper", "the city is old", "a year is long"];
        let mut writer = LexicalWriter::create(dir.path()).expect("writable");
        for (id, text) in (0u32..).zip(texts) {
            writer.add(id, &Passage { page: id, text: text.into(), ..Passage::default() }).expect("writable");
        }
        writer.finish().expect("writable");
        let live = Selection::all_but(4, &[2]);
        let opened = Arc::new(Opened::open(dir.path(), live, &["en".to_owned()]).expect("whole"));
        let (list, postings) = (WordList::new(opened.clone()), Postings::new(opened));
        let company = |words: &str| {
            let rest = KeywordText { words: words.into(), ..KeywordText::default() };
            let rest = list.analyse(&rest).expect("read");
            postings.company(&["year", "tear", "old", "nowhere"], &rest).expect("read")
        };
        assert_eq!(company("plague in cities"), [1.0, 0.0, 0.0, 0.0], "a deleted passage keeps no word company");
        let half = company("paper of the plague");
        assert!(half[0] > 0.0 && half[0] < 1.0 && half[0] == half[1], "{half:?}");
        assert_eq!(company("the"), [0.0; 4], "words such as \"the\" are everywhere");
    }
}
