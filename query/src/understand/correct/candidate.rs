//! Words that may have been meant, and which of them was.

use std::ops::Range;

/// What the frequency (its logarithm), the context (in nats) and the company count beside the slip (in nats).
/// These, the margins and the bounds below were chosen on questions of a textbook and on sentences taken out of
/// their paragraphs, with and without slips: texts that have nothing to do with any judged set.
const FREQUENCY: f64 = 0.55;
const CONTEXT: f64 = 0.5;
pub(super) const COMPANY: f64 = 3.0;

/// How much better than the word as it was typed the best candidate has to be: where the index does not
/// have the word at all, where it is written as a name is, where the index has another form of it, where
/// everybody knows the word, where it occurs.
const UNKNOWN: f64 = -6.5;
const NAME: f64 = -2.0;
const OTHER_FORM: f64 = -4.0;
const COMMON: f64 = -2.5;
const OCCURS: f64 = -1.0;

/// How far the context moves scores apart, all but never more.
pub(super) const SWING: f64 = 2.0;
/// How far behind the best a candidate may be without the context and still be the one that was meant.
const LEAD: f64 = 3.0;

/// One word of a query that was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Considered {
    /// Bytes of the query where it stands.
    pub bytes: Range<usize>,
    /// The word as it was typed.
    pub from: String,
    /// What is known of it.
    pub kind: Kind,
    /// The word itself, as a candidate.
    pub itself: Candidate,
    /// Words of the index that may have been meant, the best first; there is at least one.
    pub candidates: Vec<Candidate>,
}

/// What is known of a word that may be mistyped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Unknown,
    /// Nothing, but it has a capital letter within a sentence.
    Name,
    /// The index has another form of it, as its stemmers see it.
    OtherForm,
    /// The index does not have it, but the model knows it as a word.
    Common,
    /// The index has it, in few places.
    Occurs,
}

/// A word that may have been meant.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The word, folded.
    pub word: String,
    /// Edits between it and what was typed.
    pub edits: u8,
    /// How unlikely it is typed so, in nats.
    pub cost: f64,
    /// Passages that have it.
    pub passages: u64,
    /// How much likelier the context makes it, in nats; 0 where the model was not asked.
    pub context: f64,
    /// The most that one passage with it has of the other words of the query, by their rarity: 0 to 1.
    pub company: f64,
}

impl Candidate {
    /// What decides; comparable within one word.
    #[must_use]
    pub fn score(&self) -> f64 {
        let frequency = (self.passages as f64).ln_1p();
        FREQUENCY * frequency + CONTEXT * self.context + COMPANY * self.company - self.cost
    }
}

impl Considered {
    /// The word of the index that was meant, if one is likely enough.
    #[must_use]
    pub fn to(&self) -> Option<&str> {
        let best = self.candidates.first()?;
        (self.lead() > 0.0).then_some(best.word.as_str())
    }

    /// How much better than it has to be the best candidate is.
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

    /// Whether the word would be exchanged if what is not known yet spoke for it by `most`.
    pub(super) fn may_be_exchanged(&self, most: f64) -> bool {
        self.lead() + most > 0.0
    }

    /// Whether the context may decide otherwise than what is known without it.
    pub(super) fn is_doubtful(&self) -> bool {
        self.candidates.len() > 1 || self.lead() < SWING
    }

    /// Drops candidates that no context would make the best.
    pub(super) fn keep_near(&mut self) {
        let best = self.candidates.first().map_or(f64::NEG_INFINITY, Candidate::score);
        self.candidates.retain(|c| c.score() > best - LEAD);
    }

    /// The candidates and the word itself.
    pub(super) fn words(&self) -> impl Iterator<Item = &Candidate> {
        self.candidates.iter().chain([&self.itself])
    }

    /// The same, to be weighed; in the same order.
    pub(super) fn words_mut(&mut self) -> impl Iterator<Item = &mut Candidate> {
        self.candidates.iter_mut().chain([&mut self.itself])
    }

    /// Puts the best candidate first; of equals the one that is first in the alphabet.
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
