//! Words that the user may have meant, and the choice among them.

use std::ops::Range;

/// The weights of the frequency (its logarithm), the context (in nats) and the company, relative to the slip (in
/// nats). These, the margins and the bounds below were chosen on questions from a textbook and on sentences taken
/// from their paragraphs, with and without slips. These texts are unrelated to every judged set.
const FREQUENCY: f64 = 0.55;
const CONTEXT: f64 = 0.5;
pub(super) const COMPANY: f64 = 3.0;

/// The margin by which the best candidate has to beat the typed word. In this order: the index does not have the
/// word at all; it is written like a name; the index has another form of it; it is a common word; the index has it.
const UNKNOWN: f64 = -6.5;
const NAME: f64 = -2.0;
const OTHER_FORM: f64 = -4.0;
const COMMON: f64 = -2.5;
const OCCURS: f64 = -1.0;

/// The most by which the context moves scores apart; more is very rare.
pub(super) const SWING: f64 = 2.0;
/// The most by which a candidate may trail the best one without the context and still be the intended word.
const LEAD: f64 = 3.0;

/// One examined word of a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Considered {
    /// Its place in the query, in bytes.
    pub bytes: Range<usize>,
    /// The word as typed.
    pub from: String,
    /// The evidence about it.
    pub kind: Kind,
    /// The word itself, as a candidate.
    pub itself: Candidate,
    /// Words of the index that the user may have meant, best first; at least one.
    pub candidates: Vec<Candidate>,
}

/// The evidence about a word that may be mistyped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No evidence.
    Unknown,
    /// No evidence except a capital letter within a sentence.
    Name,
    /// The index has another form of it, according to its stemmers.
    OtherForm,
    /// The index does not have it, but the model knows it as a word.
    Common,
    /// The index has it, in few places.
    Occurs,
}

/// A word that the user may have meant.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The word, folded.
    pub word: String,
    /// Number of edits between it and the typed word.
    pub edits: u8,
    /// The cost of this typing error, in nats.
    pub cost: f64,
    /// Number of passages that contain it.
    pub passages: u64,
    /// The amount by which the context makes it more likely, in nats; 0 if the model was not asked.
    pub context: f64,
    /// The largest share of the query's other words, weighted by rarity, that one passage with it contains: 0 to 1.
    pub company: f64,
}

impl Candidate {
    /// The score that decides; comparable among the candidates of one word.
    #[must_use]
    pub fn score(&self) -> f64 {
        let frequency = (self.passages as f64).ln_1p();
        FREQUENCY * frequency + CONTEXT * self.context + COMPANY * self.company - self.cost
    }
}

impl Considered {
    /// The intended word of the index, if one is likely enough.
    #[must_use]
    pub fn to(&self) -> Option<&str> {
        let best = self.candidates.first()?;
        (self.lead() > 0.0).then_some(best.word.as_str())
    }

    /// The amount by which the best candidate exceeds the required margin.
    fn lead(&self) -> f64 {
        let margin = match self.kind {
            Kind::Unknown => UNKNOWN,
            Kind::Name => NAME,
            Kind::OtherForm => OTHER_FORM,
            Kind::Common => COMMON,
            Kind::Occurs => OCCURS,
        };
        let best = self.candidates.first().map_or(f64::NEG_INFINITY, Candidate::score);
        best - self.itself.score() - margin
    }

    /// Whether the word would be replaced if the missing evidence added `most` to the score.
    pub(super) fn may_be_exchanged(&self, most: f64) -> bool {
        self.lead() + most > 0.0
    }

    /// Whether the context may change the decision.
    pub(super) fn is_doubtful(&self) -> bool {
        self.candidates.len() > 1 || !self.is_mistyped()
    }

    /// Whether the word is mistyped in any context.
    pub(super) fn is_mistyped(&self) -> bool {
        self.lead() >= SWING
    }

    /// Drops candidates that no context could make the best.
    pub(super) fn keep_near(&mut self) {
        let best = self.candidates.first().map_or(f64::NEG_INFINITY, Candidate::score);
        self.candidates.retain(|c| c.score() > best - LEAD);
    }

    /// The candidates and the word itself.
    pub(super) fn words(&self) -> impl Iterator<Item = &Candidate> {
        self.candidates.iter().chain([&self.itself])
    }

    /// The same as mutable references, in the same order.
    pub(super) fn words_mut(&mut self) -> impl Iterator<Item = &mut Candidate> {
        self.candidates.iter_mut().chain([&mut self.itself])
    }

    /// Puts the best candidate first; ties go to the first in alphabetical order.
    pub(super) fn sort(&mut self) {
        self.candidates.sort_by(|a, b| b.score().total_cmp(&a.score()).then_with(|| a.word.cmp(&b.word)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(word: &str, passages: u64, cost: f64) -> Candidate {
        Candidate { word: word.into(), edits: 1, cost, passages, context: 0.0, company: 0.0 }
    }

    fn considered(kind: Kind, candidates: Vec<Candidate>) -> Considered {
        let itself = Candidate { edits: 0, ..candidate("tpyed", 0, 0.0) };
        let mut all = Considered { bytes: 0..5, from: "tpyed".into(), kind, itself, candidates };
        all.sort();
        all
    }

    #[test]
    fn one_near_word_of_an_unknown_one_needs_no_context() {
        let mut clear = considered(Kind::Unknown, vec![candidate("typed", 50, 5.0), candidate("tied", 1, 10.0)]);
        clear.keep_near();
        assert_eq!(clear.candidates.len(), 1, "nothing makes up for a second slip");
        assert!(!clear.is_doubtful());
        assert_eq!(clear.to(), Some("typed"));
    }

    #[test]
    fn the_context_is_asked_between_words_that_are_as_near() {
        let mut two = considered(Kind::Unknown, vec![candidate("typed", 50, 5.0), candidate("tuped", 60, 5.0)]);
        two.keep_near();
        assert!(two.is_doubtful());
        two.candidates[1].context = 2.0;
        two.sort();
        assert_eq!(two.to(), Some("typed"));
    }

    #[test]
    fn a_name_needs_more_to_be_exchanged_than_a_word() {
        let candidates = || vec![candidate("typed", 2, 6.0)];
        assert!(considered(Kind::Unknown, candidates()).to().is_some());
        assert!(considered(Kind::Name, candidates()).to().is_none());
        assert!(!considered(Kind::Occurs, candidates()).may_be_exchanged(SWING));
    }
}
