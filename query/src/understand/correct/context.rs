//! The masked-language model's judgment of a word in its context.

use std::{collections::BTreeSet, ops::Range};

use cloze_models::mask::{MASK, MOST_PIECES, MaskModel};
use rayon::prelude::*;

use super::{Candidate, Considered, Kind};
use crate::{Result, understand::masks::Masks};

/// Reads the words that `wanted` picks in their context, and puts the best candidate of each first. Most queries
/// have no such words, and then the model is not even loaded.
pub(super) fn read(
    query: &str,
    all: &mut [Considered],
    wanted: impl Fn(&Considered) -> bool + Sync,
    masks: &Masks,
) -> Result<()> {
    if !all.iter().any(&wanted) {
        return Ok(());
    }
    let Some(model) = masks.get() else { return Ok(()) };
    let places: Vec<Range<usize>> = all.iter().map(|c| c.bytes.clone()).collect();
    let one = |(at, considered): (usize, &mut Considered)| {
        if wanted(considered) {
            Context { query, places: &places, at, model }.read(considered)?;
            considered.sort();
        }
        Ok(())
    };
    all.par_iter_mut().enumerate().map(one).collect()
}

/// The surroundings of one word; the other words that may be mistyped are blank.
struct Context<'a> {
    query: &'a str,
    places: &'a [Range<usize>],
    at: usize,
    model: &'a MaskModel,
}

impl Context<'_> {
    /// Adds to each candidate the amount by which it is more likely here than without context.
    fn read(&self, considered: &mut Considered) -> Result<()> {
        let words = considered.words_mut();
        let pieces = |word: &Candidate| self.model.tokenizer().plain_ids(&word.word);
        let words = words.map(|word| Ok((pieces(word)?, word))).collect::<Result<Vec<_>>>()?;
        let lengths: BTreeSet<usize> = words.iter().map(|(pieces, _)| pieces.len()).collect();
        let lengths: Vec<usize> = lengths.into_iter().filter(|n| (1..=MOST_PIECES).contains(n)).collect();
        let here = lengths.par_iter().map(|&n| Ok((n, self.predictions(n)?))).collect::<Result<Vec<_>>>()?;
        for (pieces, word) in words {
            let Some((_, here)) = here.iter().find(|(n, _)| *n == pieces.len()) else { continue };
            let anywhere = self.model.without_context(pieces.len())?;
            let gain = |((&id, here), anywhere): ((&u32, &Vec<f32>), &Vec<f32>)| {
                f64::from(here[id as usize] - anywhere[id as usize])
            };
            word.context = pieces.iter().zip(here.iter()).zip(anywhere).map(gain).sum();
        }
        // A word that nobody has cannot fit: what its pieces gain is chance, and grows with the model.
        if considered.kind == Kind::Unknown {
            considered.itself.context = considered.itself.context.min(0.0);
        }
        Ok(())
    }

    /// Log-probabilities of the tokens of a word of `pieces` pieces in this place; none if the query is longer than
    /// the model accepts.
    fn predictions(&self, pieces: usize) -> Result<Vec<Vec<f32>>> {
        let mut text = self.query.to_owned();
        for (i, bytes) in self.places.iter().enumerate().rev() {
            let blanks = vec![MASK; if i == self.at { pieces } else { 1 }].join(" ");
            text.replace_range(bytes.clone(), &blanks);
        }
        let ids = self.model.tokenizer().whole(&text)?.ids;
        let blanks = (0u32..).zip(&ids).filter(|(_, id)| **id == self.model.mask()).map(|(place, _)| place);
        let places: Vec<u32> = blanks.skip(self.at).take(pieces).collect();
        if ids.len() > self.model.tokenizer().max_tokens() || places.len() < pieces {
            return Ok(Vec::new());
        }
        Ok(self.model.log_probabilities(&ids, &places)?)
    }
}
