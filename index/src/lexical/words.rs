//! The words of an index: its dictionary with counts, its titles and headings, its metadata keys.

use std::sync::{Arc, OnceLock};

use super::{
    analysis::{AnalysedWord, Analyzer, Form, verbatim_key},
    beginnings::Beginnings,
    compounds::Compounds,
    names::{INSIDE, inside_term},
    near::NearWords,
    one_per_page::OnePerPage,
    query::{KeywordQuery, KeywordText, QueryWord},
    rarity::rarity,
    schema,
    vocabulary::{Kind, Vocabulary},
};
use crate::{PassageId, Result};

/// Maximum number of completions of a partial word.
const COMPLETIONS: usize = 8;
/// Factor by which each edit reduces a near word's weight.
const EDIT_WEIGHT: f32 = 0.6;
/// Weights of a word inside a name and of a word inside a compound, relative to the word itself.
const INSIDE_WEIGHT: f32 = 0.7;
const COMPOUND_WEIGHT: f32 = 0.6;

/// Passages whose title or heading is exactly the query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verbatim {
    /// All passages of pages with that title.
    pub titles: Vec<PassageId>,
    /// Passages right below such a heading.
    pub headings: Vec<PassageId>,
}

impl Verbatim {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.titles.is_empty() && self.headings.is_empty()
    }
}

/// The word list of a generation.
pub(crate) struct WordList {
    pub(super) vocabulary: Arc<dyn Vocabulary>,
    pub(super) near: NearWords,
    pub(super) beginnings: Beginnings,
    /// Read from the dictionary when they are first asked for.
    compounds: OnceLock<Compounds>,
}

impl WordList {
    /// The word list over a vocabulary.
    pub(crate) fn new(vocabulary: Arc<dyn Vocabulary>) -> Self {
        let (near, beginnings) = (NearWords::new(vocabulary.clone()), Beginnings::new(vocabulary.clone()));
        Self { vocabulary, near, beginnings, compounds: OnceLock::new() }
    }

    /// The terms and their counts.
    pub(crate) fn vocabulary(&self) -> &dyn Vocabulary {
        &*self.vocabulary
    }

    /// The page of a passage.
    pub(crate) fn page_of(&self, id: PassageId) -> u32 {
        self.vocabulary.page_of(id)
    }

    /// The first passage of each page among `passages`.
    pub(crate) fn one_per_page(&self, passages: impl IntoIterator<Item = PassageId>) -> Vec<PassageId> {
        let mut pages = OnePerPage::default();
        passages.into_iter().for_each(|p| pages.offer(p, self.page_of(p)));
        pages.passages
    }

    /// Analyses the text of a query in the languages of the index. A word that the index does not have stands for the
    /// words near it; a partial word stands for its completions. A word also stands for itself inside names and
    /// compounds, and a compound for its parts.
    pub(crate) fn analyse(&self, text: &KeywordText) -> Result<KeywordQuery> {
        let mut query = KeywordQuery::analyse(text, self.vocabulary.languages());
        let last = query.words.iter().rposition(QueryWord::is_word).filter(|_| text.prefix);
        let mut parts = Vec::new();
        for (i, word) in query.words.iter_mut().enumerate() {
            if Some(i) == last {
                self.complete(word)?;
                continue;
            }
            let is_inside = word.is_whole() && self.add_inside(word)?;
            let in_compounds = word.is_word() && self.add_compounds(word, &mut parts)?;
            if word.is_word() && !is_inside && !in_compounds && !self.knows(&word.folded)? {
                word.is_known = false;
                self.add_near(word)?;
            }
        }
        for part in parts {
            if query.words.iter().all(|w| w.folded != part.folded) {
                query.words.push(part);
            }
        }
        for (word, other) in &text.also {
            let folded = Analyzer::for_language(None).folded(word);
            if let Some(word) = query.words.iter_mut().find(|w| w.is_word() && w.folded == folded) {
                self.add_alternative(word, other, 1.0);
            }
        }
        query.remark();
        Ok(query)
    }

    pub(super) fn knows(&self, folded: &str) -> Result<bool> {
        Ok(self.vocabulary.passages_with(Kind::Words, folded)? > 0)
    }

    /// Lets a word stand for itself inside of names; whether it is there.
    fn add_inside(&self, word: &mut QueryWord) -> Result<bool> {
        let own: Vec<String> = word.terms.iter().map(|(term, _)| term.clone()).collect();
        let mut is_there = false;
        for term in own {
            let inside = inside_term(&term);
            let names = self.documents_with(&inside)?;
            if names > 0 {
                let together = names + self.documents_with(&term)?;
                word.terms.push((inside, INSIDE_WEIGHT * self.share(together, names)?));
                is_there = true;
            }
        }
        Ok(is_there)
    }

    /// Lets a word stand for the compounds that it is a part of, and gives the parts of a compound to `parts`; whether
    /// there are any.
    fn add_compounds(&self, word: &mut QueryWord, parts: &mut Vec<QueryWord>) -> Result<bool> {
        let compounds = self.compounds()?;
        let stems: Vec<String> = word.terms.iter().map(|(term, _)| term.clone()).collect();
        let mut frequency = 0;
        for stem in &stems {
            frequency = frequency.max(self.documents_with(stem)?);
        }
        let found = compounds.with_part(stems.iter().map(String::as_str));
        for compound in &found {
            let passages = self.vocabulary.passages_with(Kind::Words, compound)?;
            self.add_alternative(word, compound, COMPOUND_WEIGHT * self.share(frequency + passages, passages)?);
        }
        let own = compounds.parts(&word.folded).unwrap_or_default();
        for part in &own {
            let mut other = QueryWord { folded: part.clone(), terms: Vec::new(), form: Form::Part, ..word.clone() };
            self.add_alternative(&mut other, part, 1.0);
            parts.push(other);
        }
        Ok(!found.is_empty() || !own.is_empty())
    }

    fn compounds(&self) -> Result<&Compounds> {
        match self.compounds.get() {
            Some(known) => Ok(known),
            None => {
                let compounds = Compounds::of(&*self.vocabulary)?;
                Ok(self.compounds.get_or_init(|| compounds))
            }
        }
    }

    /// Whether a word is a compound of words of the index.
    pub(crate) fn is_compound(&self, word: &str) -> Result<bool> {
        Ok(self.compounds()?.parts(&Analyzer::for_language(None).folded(word)).is_some())
    }

    pub(super) fn documents_with(&self, term: &str) -> Result<u64> {
        self.vocabulary.passages_with(Kind::Content, term)
    }

    /// The inverse document frequency of a frequent term beside that of a rarer one that stands for it: a word is not
    /// worth more because it is seldom written in this form.
    fn share(&self, frequent: u64, rare: u64) -> Result<f32> {
        let passages = self.passages()?;
        Ok((rarity(passages, frequent) / rarity(passages, rare)).clamp(0.05, 1.0))
    }

    /// The number of live passages.
    pub(super) fn passages(&self) -> Result<usize> {
        Ok(self.vocabulary.totals()?.0 as usize)
    }

    fn add_near(&self, word: &mut QueryWord) -> Result<()> {
        for candidate in self.near.nearest(&word.folded)? {
            self.add_alternative(word, &candidate.word, EDIT_WEIGHT.powi(i32::from(candidate.edits)));
        }
        Ok(())
    }

    /// Adds the most frequent words that begin with this one.
    fn complete(&self, word: &mut QueryWord) -> Result<()> {
        for known in &*self.beginnings.words_from(&word.folded, COMPLETIONS)? {
            self.add_alternative(word, &known.word, 1.0);
        }
        Ok(())
    }

    /// Lets a word of the index stand for a word of the query.
    fn add_alternative(&self, word: &mut QueryWord, other: &str, weight: f32) {
        for language in self.vocabulary.languages() {
            let analysed = Analyzer::for_language(Some(language)).query_terms(other);
            // A word inside a name is another word.
            let terms = analysed.iter().flat_map(AnalysedWord::terms).filter(|term| !term.starts_with(INSIDE));
            for term in terms {
                if word.terms.iter().all(|(t, _)| t != term) {
                    word.terms.push((term.clone(), weight));
                }
            }
        }
    }

    /// Whether pages have metadata of this key.
    pub(crate) fn has_metadata_key(&self, key: &str) -> Result<bool> {
        let mut has = false;
        self.vocabulary.each_from(Kind::Metadata, &schema::metadata_term(key, ""), &mut |_, _| {
            has = true;
            false
        })?;
        Ok(has)
    }

    /// Whether a word of the query, such as `-Recurse`, is a term of the index in its written form.
    pub(crate) fn has_identifier(&self, written: &str) -> Result<bool> {
        let folded = Analyzer::for_language(None).folded(written);
        Ok(self.documents_with(&folded)? > 0)
    }

    /// Passages whose title or heading is exactly the text.
    pub(crate) fn verbatim(&self, text: &str) -> Result<Verbatim> {
        let key = verbatim_key(text);
        Ok(Verbatim {
            titles: self.vocabulary.verbatim(&schema::title_term(&key))?,
            headings: self.vocabulary.verbatim(&schema::heading_term(&key))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Extent, Passage, Selection,
        lexical::{LexicalWriter, Opened, postings::Postings},
    };

    /// An index of a text a passage, each with its language.
    fn index(texts: &[(&str, &str)]) -> (tempfile::TempDir, WordList, Postings) {
        let dir = tempfile::tempdir().expect("writable");
        let mut writer = LexicalWriter::create(dir.path()).expect("writable");
        for (id, (lang, text)) in (0u32..).zip(texts) {
            let lang = Some((*lang).to_owned());
            writer.add(id, &Passage { page: id, text: (*text).into(), lang, ..Passage::default() }).expect("writable");
        }
        let languages = writer.languages(&[]);
        writer.finish().expect("writable");
        let opened = Opened::open(dir.path(), Selection::all(texts.len()), &languages).expect("whole");
        let opened = Arc::new(opened);
        (dir, WordList::new(opened.clone()), Postings::new(opened))
    }

    fn found((_, list, postings): &(tempfile::TempDir, WordList, Postings), words: &str) -> Vec<PassageId> {
        let query = list.analyse(&KeywordText { words: words.into(), ..KeywordText::default() }).expect("read");
        let hits = postings.search(&query, 10, Extent::All, None).expect("read").hits;
        hits.into_iter().map(|hit| hit.passage).collect()
    }

    #[test]
    fn a_word_finds_itself_before_the_names_that_it_is_in() {
        let index = index(&[
            ("en", "call getUserName now"),
            ("en", "a username is unique"),
            ("en", "call get_user_name now"),
            ("en", "send an XMLHttpRequest"),
            ("en", "nothing at all"),
        ]);
        assert_eq!(found(&index, "username"), [1, 0, 2]);
        assert_eq!(found(&index, "httprequest"), [3]);
        let by_name = found(&index, "getusername");
        assert_eq!(by_name[0], 0, "{by_name:?}");
        assert!(by_name.contains(&2) && !by_name.contains(&4), "{by_name:?}");
        let (_, list, _) = &index;
        assert!(list.passages_with("httprequest").expect("read") > 0, "so it is not corrected");
        let query = list.analyse(&KeywordText { words: "httprequest".into(), ..KeywordText::default() });
        assert!(query.expect("read").words.iter().all(|word| word.is_known));
    }

    #[test]
    fn compounds_and_their_parts_find_each_other() {
        let index = index(&[
            ("de", "Die Krankenversicherung bezahlt."),
            ("de", "Eine Versicherung; wer kranken Menschen hilft."),
            ("de", "Das Unternehmen will sich etwas nehmen unter dem Baum."),
            ("en", "Understanding each other."),
            ("en", "We are standing under a tree."),
        ]);
        assert_eq!(found(&index, "Versicherungen"), [1, 0]);
        let by_compound = found(&index, "Krankenversicherung");
        assert_eq!((by_compound[0], by_compound.contains(&1)), (0, true), "{by_compound:?}");
        assert_eq!(found(&index, "standing"), [4], "English has no compounds");
        let (_, list, _) = &index;
        assert!(list.is_compound("Krankenversicherung").expect("read"));
        assert!(!list.is_compound("Unternehmen").expect("read"));
    }

    #[test]
    fn occurrences_are_the_words_that_the_index_has() {
        let (_dir, list, _) = index(&[("en", "call std::io::Read"), ("en", "call it"), ("en", "getUserName")]);
        let text = "please call std::io::Read or username";
        let all = list.occurrences(text).expect("read");
        let words: Vec<&str> = all.iter().map(|o| &text[o.bytes.clone()]).collect();
        assert_eq!(words, ["call", "std::io::Read", "std", "io", "Read", "username"]);
        assert!(all[1].rarity > all[0].rarity);
    }
}
