//! The query of the keyword leg: words with their alternatives, phrases, exclusions.

use std::collections::BTreeSet;

use tantivy::{
    Term,
    query::{BooleanQuery, BoostQuery, DisjunctionMaxQuery, PhraseQuery, Query, TermQuery},
    schema::{Field, IndexRecordOption},
};

use super::{
    analysis::{AnalysedWord, Analyzer, Form},
    names::INSIDE,
    stop_words::is_stop_word,
};

/// Weight of a word such as "the", relative to a word that carries the subject.
const STOP_WORD_WEIGHT: f32 = 0.5;
/// What a part of an identifier counts, beside the identifier itself, and what its parts count together.
const PART_WEIGHT: f32 = 0.4;
const JOINED_WEIGHT: f32 = 0.3;
/// Weight of two neighbours of the query that are also neighbours in a passage, relative to a word.
pub(super) const PAIR_WEIGHT: f32 = 0.3;

/// A phrase in one language: terms and their places in the query.
pub type PhraseForm = Vec<(usize, String)>;

/// The text of a query: parsed, but not yet analysed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeywordText {
    /// Plain words, and the words of the phrases. Words on two lines are no neighbours.
    pub words: String,
    /// Quoted phrases.
    pub phrases: Vec<String>,
    /// Words or phrases that must not occur.
    pub excluded: Vec<String>,
    /// Whether the last plain word is still being typed.
    pub prefix: bool,
    /// Words, each with another one that may stand for it: the typed word before its correction.
    pub also: Vec<(String, String)>,
}

/// Terms to look for; a passage matches if it has any of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KeywordQuery {
    pub(crate) words: Vec<QueryWord>,
    /// Passages with these phrases must come first. A phrase is a list of alternatives, one or two for each language:
    /// terms and their distances.
    pub(crate) phrases: Vec<Vec<PhraseForm>>,
    pub(crate) excluded: Vec<Vec<PhraseForm>>,
    /// Neighbours in the query, as phrases of two words; without pairs of two words such as "the".
    pub(super) pairs: Vec<Vec<PhraseForm>>,
    marked: BTreeSet<String>,
}

/// One word of the query.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct QueryWord {
    /// Its written form, folded.
    pub(crate) folded: String,
    /// Terms that stand for it, each with its weight; the best one counts.
    pub(crate) terms: Vec<(String, f32)>,
    /// How often the query has it.
    pub(crate) count: u32,
    /// Whether the index has it, if that was looked up.
    pub(crate) is_known: bool,
    pub(crate) is_stop_word: bool,
    /// Whether it is a word, or something else that was cut out of the query.
    pub(crate) form: Form,
}

impl QueryWord {
    /// Its weight: a word typed twice counts twice.
    pub(crate) fn weight(&self) -> f32 {
        self.count as f32 * form_weight(self.form) * if self.is_stop_word { STOP_WORD_WEIGHT } else { 1.0 }
    }

    /// Whether it is a word, not the whole of an identifier or a part.
    pub(crate) fn is_word(&self) -> bool {
        self.form == Form::Word
    }

    /// Whether the index has not to have it in just this form.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.form, Form::Word | Form::Whole)
    }
}

impl KeywordQuery {
    /// Analyses a text with the stemmers of `languages`; without typo tolerance and completion.
    pub(crate) fn analyse(text: &KeywordText, languages: &[String]) -> Self {
        let mut analyzers: Vec<Analyzer> = languages.iter().map(|l| Analyzer::for_language(Some(l))).collect();
        if analyzers.is_empty() {
            analyzers.push(Analyzer::for_language(None));
        }
        let mut query = Self { words: words(&text.words, &mut analyzers), ..Self::default() };
        let mut phrases = |texts: &[String]| -> Vec<_> {
            texts.iter().map(|t| phrase(t, &mut analyzers)).filter(|p: &Vec<_>| !p.is_empty()).collect()
        };
        query.phrases = phrases(&text.phrases);
        query.excluded = phrases(&text.excluded);
        // A query that is only an identifier means the identifier, not its parts.
        if text.phrases.is_empty() && !text.prefix {
            query.phrases.extend(identifier(&text.words, &mut analyzers));
        }
        query.pairs = pairs(&text.words, &mut analyzers);
        query.remark();
        query
    }

    /// The words of a text in English, analysed without an index.
    #[must_use]
    pub fn plain(text: &str) -> Self {
        Self::analyse(&KeywordText { words: text.to_owned(), ..KeywordText::default() }, &[])
    }

    /// Chooses the terms to mark: those that carry the subject; all, if none does.
    pub(crate) fn remark(&mut self) {
        let terms = |stop: bool| {
            let words = self.words.iter().filter(move |w| stop || !w.is_stop_word);
            words.flat_map(|w| w.terms.iter().map(|(t, _)| t.clone())).collect::<BTreeSet<_>>()
        };
        self.marked = terms(false);
        if self.marked.is_empty() {
            self.marked = terms(true);
        }
    }

    /// The query without words such as "the"; the query itself, if there are no others.
    #[must_use]
    pub fn subject(&self) -> Self {
        let words: Vec<QueryWord> = self.words.iter().filter(|w| !w.is_stop_word).cloned().collect();
        if words.is_empty() { self.clone() } else { Self { words, ..self.clone() } }
    }

    /// The query without its pairs of neighbours.
    #[must_use]
    pub fn without_order(&self) -> Self {
        Self { pairs: Vec::new(), ..self.clone() }
    }

    /// Whether the query has no terms.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether the index has any of the words that carry the subject.
    #[must_use]
    pub fn knows_a_word(&self) -> bool {
        self.words.iter().any(|w| w.is_word() && w.is_known && !w.is_stop_word)
    }

    /// Whether there are phrases, or a single identifier, which counts as one.
    #[must_use]
    pub fn has_phrases(&self) -> bool {
        !self.phrases.is_empty()
    }

    /// The terms to mark.
    pub(super) fn marked_terms(&self) -> impl Iterator<Item = &str> {
        self.marked.iter().map(String::as_str)
    }

    /// Whether an analysed word of a passage shows why a passage matches: the query has it, and it is not a word such
    /// as "the".
    #[must_use]
    pub fn marks(&self, word: &AnalysedWord) -> bool {
        self.marked.contains(&word.term) || word.bare.as_ref().is_some_and(|bare| self.marked.contains(bare))
    }

    /// The words: each with its weight, and the terms that stand for it with theirs; the best one counts.
    pub fn weighted_words(&self) -> impl Iterator<Item = (f32, &[(String, f32)])> {
        self.words.iter().map(|word| (word.weight(), word.terms.as_slice()))
    }

    /// The words that a passage needs to have every word; parts of names and symbols may be missing. In the form of
    /// [`Self::weighted_words`].
    pub fn needed_words(&self) -> impl Iterator<Item = (f32, &[(String, f32)])> {
        let needed = self.words.iter().filter(|w| w.is_whole());
        needed.map(|word| (word.weight(), word.terms.as_slice()))
    }

    /// Phrases that must come first. A passage has a phrase if it has any of its forms.
    #[must_use]
    pub fn phrases(&self) -> &[Vec<PhraseForm>] {
        &self.phrases
    }

    /// Phrases whose pages must not be found.
    #[must_use]
    pub fn excluded(&self) -> &[Vec<PhraseForm>] {
        &self.excluded
    }

    /// The scored part, which any word matches.
    pub(crate) fn compile(&self, field: Field) -> BooleanQuery {
        BooleanQuery::union(self.words.iter().map(|w| compile_word(w, field)).collect())
    }

    /// The passages with every word; parts of names and symbols may be missing. Nothing, if no part is a word.
    pub(crate) fn compile_every(&self, field: Field) -> BooleanQuery {
        let words = self.words.iter().filter(|w| w.is_word() || w.form == Form::Whole);
        BooleanQuery::intersection(words.map(|w| compile_word(w, field)).collect())
    }

    /// Neighbours that stay neighbours: their scores add to those of the words.
    ///
    /// Metzler and Croft, "A Markov Random Field Model for Term Dependencies" (2005), the sequential
    /// dependence model's ordered part, with BM25 for the potentials.
    pub(crate) fn compile_pairs(&self, field: Field) -> Vec<Part> {
        let forms = self.pairs.iter().flatten();
        forms.map(|form| Part { query: compile_form(form, field), weight: PAIR_WEIGHT }).collect()
    }
}

fn form_weight(form: Form) -> f32 {
    match form {
        Form::Part => PART_WEIGHT,
        Form::Joined => JOINED_WEIGHT,
        Form::Word | Form::Whole | Form::Symbol => 1.0,
    }
}

/// A phrase that adds to a passage's score, and its weight.
pub(crate) struct Part {
    pub(crate) query: Box<dyn Query>,
    pub(crate) weight: f32,
}

/// The best of the terms that stand for a word.
pub(crate) fn compile_word(word: &QueryWord, field: Field) -> Box<dyn Query> {
    let boosted = |query: Box<dyn Query>, weight: f32| -> Box<dyn Query> {
        if weight == 1.0 { query } else { Box::new(BoostQuery::new(query, weight)) }
    };
    let term = |(term, weight): &(String, f32)| boosted(compile_term(term, field), *weight);
    let mut terms: Vec<Box<dyn Query>> = word.terms.iter().map(term).collect();
    let any: Box<dyn Query> = match (terms.pop(), terms.is_empty()) {
        (Some(only), true) => only,
        (last, _) => Box::new(DisjunctionMaxQuery::new(terms.into_iter().chain(last).collect())),
    };
    boosted(any, word.weight())
}

/// One term.
pub(crate) fn compile_term(term: &str, field: Field) -> Box<dyn Query> {
    Box::new(TermQuery::new(Term::from_field_text(field, term), IndexRecordOption::WithFreqs))
}

/// Every word and identifier of a text once, with its terms in all languages.
fn words(text: &str, analyzers: &mut [Analyzer]) -> Vec<QueryWord> {
    let mut out: Vec<QueryWord> = Vec::new();
    let Some((first, others)) = analyzers.split_first_mut() else { return out };
    let base = first.query_terms(text);
    let others: Vec<_> = others.iter_mut().map(|a| a.query_terms(text)).collect();
    for word in base {
        let written = &text[word.bytes.clone()];
        let folded = first.folded(written);
        // The same stretch of text, analysed by the other languages' stemmers.
        let is_same = |other: &&AnalysedWord| {
            other.bytes == word.bytes && other.position == word.position && other.form == word.form
        };
        let mut terms: Vec<(String, f32)> = Vec::new();
        for term in [&word].into_iter().chain(others.iter().flatten().filter(is_same)).flat_map(AnalysedWord::terms) {
            // Parts that are together in a name may be a word elsewhere.
            for term in [Some(term.as_str()), term.strip_prefix(INSIDE)].into_iter().flatten() {
                if terms.iter().all(|(known, _)| known != term) {
                    terms.push((term.to_owned(), 1.0));
                }
            }
        }
        match out.iter_mut().find(|w| w.terms == terms) {
            // A word that was typed is more than the same letters inside of a name.
            Some(known) if form_weight(known.form) < form_weight(word.form) => known.form = word.form,
            Some(known) => known.count += u32::from(known.form == word.form),
            None => {
                let is_stop_word = is_stop_word(written);
                out.push(QueryWord { folded, terms, count: 1, is_known: true, is_stop_word, form: word.form });
            }
        }
    }
    out
}

/// A phrase in every language: words and their positions. A compound in it counts as its words in a row.
fn phrase(text: &str, analyzers: &mut [Analyzer]) -> Vec<Vec<(usize, String)>> {
    let forms = analyzers.iter_mut().flat_map(|a| terms(&plain_words(a, text)));
    distinct(forms.filter(|terms| !terms.is_empty()))
}

/// A text that is one identifier, such as `--dry-run` or `useEffect`, as a phrase of one term.
fn identifier(text: &str, analyzers: &mut [Analyzer]) -> Option<Vec<Vec<(usize, String)>>> {
    let forms = analyzers.iter_mut().filter_map(|a| {
        let words = a.query_terms(text);
        let (from, to) = (words.iter().map(|w| w.bytes.start).min()?, words.iter().map(|w| w.bytes.end).max()?);
        let wholes = || words.iter().filter(|w| w.bytes == (from..to));
        // The whole comes after its words. `useEffect` is a word, and its parts show that it is also an identifier.
        let is_whole = |w: &&AnalysedWord| matches!(w.form, Form::Whole | Form::Symbol);
        let whole = wholes().find(is_whole).or_else(|| wholes().find(|w| w.is_word()))?;
        let is_one = words.iter().any(|w| !w.is_word()) && !text[from..to].contains(char::is_whitespace);
        is_one.then(|| terms(std::slice::from_ref(whole)))
    });
    let forms = distinct(forms.flatten());
    (!forms.is_empty()).then_some(forms)
}

/// Every two neighbours of a text once, as phrases.
fn pairs(text: &str, analyzers: &mut [Analyzer]) -> Vec<Vec<Vec<(usize, String)>>> {
    let words: Vec<_> = analyzers.iter_mut().map(|a| plain_words(a, text)).collect();
    let carries = |w: &AnalysedWord| !is_stop_word(&text[w.bytes.clone()]);
    let mut out: Vec<Vec<Vec<(usize, String)>>> = Vec::new();
    // All languages cut a text at the same places.
    for at in 1..words.first().map_or(0, Vec::len) {
        let in_each = words.iter().filter_map(|w| w.get(at - 1..=at));
        // Pairs of Chinese characters overlap: there is nothing between them.
        let between = |pair: &[AnalysedWord]| text.get(pair[0].bytes.end..pair[1].bytes.start).unwrap_or_default();
        let in_each = in_each.filter(|pair| !between(pair).contains('\n'));
        let forms = distinct(in_each.filter(|pair| pair.iter().any(carries)).flat_map(terms));
        if !forms.is_empty() && out.iter().all(|known| !same_terms(known, &forms)) {
            out.push(forms);
        }
    }
    out
}

fn same_terms(a: &[Vec<(usize, String)>], b: &[Vec<(usize, String)>]) -> bool {
    let only =
        |forms: &[Vec<(usize, String)>]| -> Vec<String> { forms.iter().flatten().map(|t| t.1.clone()).collect() };
    only(a) == only(b)
}

fn plain_words(analyzer: &mut Analyzer, text: &str) -> Vec<AnalysedWord> {
    analyzer.query_terms(text).into_iter().filter(AnalysedWord::is_word).collect()
}

/// Words in a row, stemmed with and without their accents: a page has both.
fn terms(words: &[AnalysedWord]) -> [Vec<(usize, String)>; 2] {
    let bare = |w: &AnalysedWord| w.bare.as_ref().unwrap_or(&w.term).clone();
    [
        words.iter().map(|w| (w.position, w.term.clone())).collect(),
        words.iter().map(|w| (w.position, bare(w))).collect(),
    ]
}

fn distinct(forms: impl Iterator<Item = Vec<(usize, String)>>) -> Vec<Vec<(usize, String)>> {
    let mut out = Vec::new();
    for form in forms {
        if !out.contains(&form) {
            out.push(form);
        }
    }
    out
}

/// Any of a phrase's forms.
pub(crate) fn compile_phrase(forms: &[Vec<(usize, String)>], field: Field) -> Box<dyn Query> {
    Box::new(BooleanQuery::union(forms.iter().map(|form| compile_form(form, field)).collect()))
}

fn compile_form(terms: &[(usize, String)], field: Field) -> Box<dyn Query> {
    let terms: Vec<(usize, Term)> = terms.iter().map(|(at, t)| (*at, Term::from_field_text(field, t))).collect();
    match terms.as_slice() {
        [(_, only)] => Box::new(TermQuery::new(only.clone(), IndexRecordOption::Basic)),
        _ => Box::new(PhraseQuery::new_with_offset(terms)),
    }
}
