//! The terms of a passage, by kind: what an index stores of it beside the passage itself.

use std::collections::{BTreeSet, HashMap};

use super::{
    analysis::{AnalysedWord, Analyzer, Form, verbatim_key},
    language::primary_subtag,
    schema,
};
use crate::{Passage, passage::LINKS};

/// The longest word in its written form, in bytes.
const LONGEST_WORD: usize = 255;

/// The terms of a passage.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PassageTerms {
    /// Analysed terms of title, headings and text with their positions, in the order of the positions.
    pub content: Vec<(String, usize)>,
    /// Each distinct word once, folded but not stemmed.
    pub words: Vec<String>,
    /// The title, the innermost heading, and other names of it.
    pub verbatim: Vec<String>,
    /// Keys and values of the metadata.
    pub metadata: Vec<String>,
}

/// Analyzers by language.
#[derive(Default)]
pub(crate) struct Analyzers(HashMap<String, Analyzer>);

impl Analyzers {
    /// Languages of the passages so far, as BCP 47 primary subtags.
    pub(crate) fn languages(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// The terms of a passage.
    pub(crate) fn terms(&mut self, passage: &Passage) -> PassageTerms {
        let lang = primary_subtag(passage.lang.as_deref().unwrap_or("en"));
        let analyzer = self.0.entry(lang).or_insert_with_key(|l| Analyzer::for_language(Some(l)));
        let text = format!("{}\n{}", passage.context(), passage.text);
        let terms = analyzer.index_terms(&text);
        let words = vocabulary(analyzer, &text, &terms);
        let each = terms.iter().flat_map(|w| w.terms().map(|term| (term.clone(), w.position)));
        let mut content: Vec<(String, usize)> = each.collect();
        content.sort_by_key(|(_, position)| *position);
        PassageTerms { content, words, verbatim: verbatim(passage), metadata: metadata(passage) }
    }
}

/// Words that only occur inside names are left out, so that corrections do not propose them.
fn vocabulary(analyzer: &mut Analyzer, text: &str, terms: &[AnalysedWord]) -> Vec<String> {
    let terms = terms.iter().filter(|w| w.form != Form::Joined);
    let words: BTreeSet<String> = terms.map(|w| analyzer.folded(&text[w.bytes.clone()])).collect();
    words.into_iter().filter(|w| !w.is_empty() && w.len() <= LONGEST_WORD).collect()
}

fn verbatim(passage: &Passage) -> Vec<String> {
    let headings = passage.headings.last().into_iter().chain(&passage.names);
    let headings = headings.map(|heading| schema::heading_term(&verbatim_key(heading)));
    [schema::title_term(&verbatim_key(&passage.title))].into_iter().chain(headings).collect()
}

fn metadata(passage: &Passage) -> Vec<String> {
    let each = passage.metadata.iter().flat_map(|(key, values)| values.iter().map(move |value| (key.as_str(), value)));
    let mut terms: Vec<String> = each.map(|(key, value)| schema::metadata_term(key, value)).collect();
    if passage.is_links {
        terms.push(schema::metadata_term(LINKS, "true"));
    }
    terms.extend(passage.lang.as_ref().map(|lang| schema::metadata_term("lang", lang)));
    terms
}
