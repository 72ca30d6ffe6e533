//! Token blocks with some tokens masked.

use std::sync::Arc;

use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use crate::vocabulary::Vocabulary;

/// Of the tokens chosen, how many become the mask, and how many another token; the rest stays.
const MASKED: f64 = 0.8;
const REPLACED: f64 = 0.1;

/// Sequences of the same length, masked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Batch {
    /// Token ids, a sequence after the other.
    pub(crate) ids: Vec<u32>,
    /// Tokens of a sequence.
    pub(crate) tokens: usize,
    /// Places in `ids` that are predicted, ascending.
    pub(crate) rows: Vec<u32>,
    /// How many of them each sequence has.
    pub(crate) masked: Arc<[usize]>,
    /// What stood there.
    pub(crate) targets: Arc<[u32]>,
}

impl Batch {
    pub(crate) fn sequences(&self) -> usize {
        self.masked.len()
    }
}

/// How tokens are chosen for prediction (Devlin et al., 2019).
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Masking {
    /// Share of the tokens.
    pub rate: f64,
    /// Whether all pieces of a word are chosen together.
    pub whole_words: bool,
}

impl Default for Masking {
    fn default() -> Self {
        Self { rate: 0.15, whole_words: false }
    }
}

impl Masking {
    /// Masks `blocks`; the same seed chooses the same tokens.
    pub(crate) fn apply(&self, blocks: &[Vec<u32>], vocabulary: &Vocabulary, seed: u64) -> Batch {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let tokens = blocks.first().map_or(0, Vec::len);
        let (mut ids, mut rows, mut targets, mut counts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for block in blocks {
            let chosen = self.choose(block, vocabulary, &mut random);
            let start = ids.len();
            ids.extend_from_slice(block);
            counts.push(chosen.len());
            for place in chosen {
                rows.push((start + place) as u32);
                targets.push(block[place]);
                let draw: f64 = random.random();
                if draw < MASKED {
                    ids[start + place] = vocabulary.mask;
                } else if draw < MASKED + REPLACED {
                    ids[start + place] = vocabulary.words[random.random_range(0..vocabulary.words.len())];
                }
            }
        }
        Batch { ids, tokens, rows, masked: counts.into(), targets: targets.into() }
    }

    /// Places of the tokens that are predicted, ascending; at least one.
    fn choose(&self, block: &[u32], vocabulary: &Vocabulary, random: &mut ChaCha8Rng) -> Vec<usize> {
        let mut words: Vec<Vec<usize>> = Vec::new();
        for (place, &id) in block.iter().enumerate().filter(|(_, id)| !vocabulary.is_special(**id)) {
            match words.last_mut() {
                Some(word) if self.whole_words && vocabulary.continues(id) && word.last() == Some(&(place - 1)) => {
                    word.push(place);
                }
                _ => words.push(vec![place]),
            }
        }
        let candidates: usize = words.iter().map(Vec::len).sum();
        let wanted = ((candidates as f64 * self.rate).round() as usize).max(1);
        words.shuffle(random);
        let mut chosen = Vec::new();
        for word in words {
            if chosen.len() >= wanted {
                break;
            }
            chosen.extend(word);
        }
        chosen.sort_unstable();
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> Vocabulary {
        Vocabulary {
            cls: 1,
            sep: 2,
            mask: 3,
            words: (10..100).collect(),
            continues: (0..100).map(|i| i >= 80).collect(),
        }
    }

    #[test]
    fn the_rates_are_those_of_bert() {
        let block: Vec<u32> = std::iter::once(1).chain((0..998).map(|i| 10 + i % 70)).chain([2]).collect();
        let blocks = vec![block; 40];
        let batch = Masking::default().apply(&blocks, &vocabulary(), 7);
        assert_eq!(batch.rows.len(), 40 * 150);
        assert_eq!(batch.masked.iter().sum::<usize>(), batch.rows.len());
        let now: Vec<u32> = batch.rows.iter().map(|&r| batch.ids[r as usize]).collect();
        let share = |n: usize| n as f64 / now.len() as f64;
        let masks = share(now.iter().filter(|&&id| id == 3).count());
        let kept = share(now.iter().zip(batch.targets.iter()).filter(|(a, b)| a == b).count());
        assert!((masks - 0.8).abs() < 0.02 && (kept - 0.1).abs() < 0.02, "{masks} masked, {kept} kept");
        assert!(batch.rows.iter().all(|&r| r % 1000 != 0 && r % 1000 != 999), "special tokens are not predicted");
        assert_eq!(batch, Masking::default().apply(&blocks, &vocabulary(), 7));
        assert_ne!(batch, Masking::default().apply(&blocks, &vocabulary(), 8));
    }

    #[test]
    fn whole_words_are_chosen_whole() {
        let block: Vec<u32> = (0..50).flat_map(|i| [10 + i % 60, 85, 90]).collect();
        let masking = Masking { rate: 0.2, whole_words: true };
        let batch = masking.apply(&[block], &vocabulary(), 1);
        assert_eq!(batch.rows.len() % 3, 0);
        assert!(batch.rows.chunks(3).all(|w| w[0] % 3 == 0 && w[1] == w[0] + 1 && w[2] == w[0] + 2));
    }
}
