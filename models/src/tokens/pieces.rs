//! A large vocabulary of scored pieces that loads quickly.
//!
//! Kudo, "Subword Regularization" (2018): a word is split into the pieces whose scores, logarithms of
//! probabilities, have the largest sum. The tokenizers library has the same model, but builds a tree, which takes a
//! second and hundreds of megabytes for a quarter of a million pieces. Here all pieces are stored in one text, and
//! a hash table holds their places. A word is short, so every prefix of its rest is looked up. The result is the
//! same, piece by piece.

use std::{
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, SeqAccess, Visitor},
};
use tokenizers::{Model, Result, Token, models::unigram::UnigramTrainer};

/// The penalty of a character without a piece, relative to the least likely piece.
const UNKNOWN_PENALTY: f64 = 10.0;
/// Marks an empty slot.
const EMPTY: u32 = u32::MAX;

/// The pieces, with an index of their places.
#[derive(Default)]
pub(super) struct Pieces {
    /// All pieces, concatenated.
    text: String,
    /// The start of each piece, and one more entry at the end.
    starts: Vec<u32>,
    scores: Vec<f64>,
    /// Ids by the hash of their piece, with empty slots between; the size is a power of two.
    slots: Vec<u32>,
    /// Bytes of the longest piece.
    longest: usize,
    unknown: Option<u32>,
    unknown_score: f64,
}

impl Pieces {
    fn len(&self) -> usize {
        self.scores.len()
    }

    fn piece(&self, id: u32) -> &str {
        let at = |i: usize| self.starts.get(i).map_or(0, |&s| s as usize);
        self.text.get(at(id as usize)..at(id as usize + 1)).unwrap_or_default()
    }

    fn push(&mut self, piece: &str, score: f64) {
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        self.text.push_str(piece);
        self.starts.push(self.text.len() as u32);
        self.scores.push(score);
        self.longest = self.longest.max(piece.len());
    }

    /// Fills the table after all pieces are added. Of equal pieces, the last one counts.
    fn index(&mut self, unknown: Option<u32>) {
        self.slots = vec![EMPTY; (2 * self.len()).next_power_of_two().max(2)];
        for id in 0..self.len() as u32 {
            let place = self.place(hash(self.piece(id).as_bytes()), self.piece(id));
            self.slots[place] = id;
        }
        self.unknown = unknown;
        self.unknown_score = self.scores.iter().copied().fold(f64::INFINITY, f64::min) - UNKNOWN_PENALTY;
    }

    /// The slot of a piece, or the empty slot for it. Half of the slots are empty, so the search always ends.
    fn place(&self, hash: u64, piece: &str) -> usize {
        let mask = self.slots.len() - 1;
        let mut place = spread(hash) & mask;
        while self.slots[place] != EMPTY && self.piece(self.slots[place]) != piece {
            place = (place + 1) & mask;
        }
        place
    }

    fn find(&self, hash: u64, piece: &str) -> Option<u32> {
        Some(self.slots[self.place(hash, piece)]).filter(|id| *id != EMPTY)
    }

    /// The best way to end at each byte of a word: its score, the start of its last piece, and the id of that
    /// piece.
    fn paths(&self, word: &str) -> Result<Vec<Option<Reached>>> {
        let mut best: Vec<Option<Reached>> = vec![None; word.len() + 1];
        for (start, first) in word.char_indices() {
            let before = best[start].map_or(0.0, |path| path.score);
            let mut offer = |end: usize, id: u32, score: f64| {
                let score = score + before;
                if best[end].is_none_or(|path| score > path.score) {
                    best[end] = Some(Reached { score, start, id });
                }
            };
            let (mut sum, mut is_known) = (SEED, false);
            for (at, c) in word[start..].char_indices().take_while(|(at, c)| at + c.len_utf8() <= self.longest) {
                let end = start + at + c.len_utf8();
                sum = hash_on(sum, &word.as_bytes()[start + at..end]);
                if let Some(id) = self.find(sum, &word[start..end]) {
                    offer(end, id, self.scores[id as usize]);
                    is_known |= at == 0;
                }
            }
            if !is_known {
                let unknown = self
                    .unknown
                    .ok_or("a character is not in the vocabulary, and the vocabulary has no unknown token")?;
                offer(start + first.len_utf8(), unknown, self.unknown_score);
            }
        }
        Ok(best)
    }
}

/// The last step of the best way to a place in a word.
#[derive(Debug, Clone, Copy)]
struct Reached {
    score: f64,
    start: usize,
    id: u32,
}

/// FNV-1a (Fowler, Noll and Vo): it advances byte by byte, so it gives the hash of every prefix of a word on the
/// way.
const SEED: u64 = 0xcbf2_9ce4_8422_2325;

fn hash_on(sum: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(sum, |sum, &byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn hash(bytes: &[u8]) -> u64 {
    hash_on(SEED, bytes)
}

/// Mixes the upper bits of a hash into the lower ones, which choose the slot.
fn spread(hash: u64) -> usize {
    (hash ^ (hash >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15) as usize >> 20
}

impl Model for Pieces {
    type Trainer = UnigramTrainer;

    fn tokenize(&self, word: &str) -> Result<Vec<Token>> {
        let paths = self.paths(word)?;
        // From the end to the beginning; adjacent characters without a piece become one unknown token.
        let (mut found, mut end): (Vec<(usize, usize, u32)>, usize) = (Vec::new(), word.len());
        while let Some(path) = paths.get(end).copied().flatten() {
            match found.last_mut() {
                Some((start, _, id)) if Some(path.id) == self.unknown && Some(*id) == self.unknown => {
                    *start = path.start
                }
                _ => found.push((path.start, end, path.id)),
            }
            end = path.start;
        }
        let token = |(start, end, id)| Token::new(id, word[start..end].to_owned(), (start, end));
        Ok(found.into_iter().rev().map(token).collect())
    }

    fn token_to_id(&self, token: &str) -> Option<u32> {
        self.find(hash(token.as_bytes()), token)
    }

    fn id_to_token(&self, id: u32) -> Option<String> {
        ((id as usize) < self.len()).then(|| self.piece(id).to_owned())
    }

    fn get_vocab(&self) -> HashMap<String, u32> {
        (0..self.len() as u32).map(|id| (self.piece(id).to_owned(), id)).collect()
    }

    fn get_vocab_size(&self) -> usize {
        self.len()
    }

    fn save(&self, _: &Path, _: Option<&str>) -> Result<Vec<PathBuf>> {
        Err("this vocabulary cannot be saved".into())
    }

    fn get_trainer(&self) -> UnigramTrainer {
        UnigramTrainer::default()
    }
}

/// The format of `tokenizer.json`. It accepts only models that [`Pieces`] supports: those without byte fallback for
/// unknown characters.
#[derive(Deserialize)]
struct Stored {
    #[serde(rename = "type")]
    kind: String,
    unk_id: Option<u32>,
    vocab: Listed,
    #[serde(default)]
    byte_fallback: bool,
}

/// Pieces before they are added to a table.
struct Listed(Pieces);

impl<'de> Deserialize<'de> for Listed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct List;

        impl<'de> Visitor<'de> for List {
            type Value = Pieces;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of pieces and scores")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<Pieces, A::Error> {
                let mut pieces = Pieces::default();
                while let Some((piece, score)) = list.next_element::<(String, f64)>()? {
                    if pieces.text.len() + piece.len() >= EMPTY as usize {
                        return Err(A::Error::custom("the vocabulary is larger than 4 GB"));
                    }
                    pieces.push(&piece, score);
                }
                Ok(pieces)
            }
        }

        deserializer.deserialize_seq(List).map(Listed)
    }
}

impl<'de> Deserialize<'de> for Pieces {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let Stored { kind, unk_id, vocab: Listed(mut pieces), byte_fallback } = Stored::deserialize(deserializer)?;
        let is_there = unk_id.is_none_or(|id| (id as usize) < pieces.len());
        if kind != "Unigram" || byte_fallback || !is_there || pieces.len() == 0 {
            return Err(D::Error::custom(
                "unsupported vocabulary; expected a Unigram vocabulary without byte fallback",
            ));
        }
        pieces.index(unk_id);
        Ok(pieces)
    }
}

#[cfg(test)]
mod tests {
    use tokenizers::models::unigram::Unigram;

    use super::*;

    /// Pieces with and without others inside them, of one and of several bytes, with scores that collide.
    fn vocabulary() -> Vec<(String, f64)> {
        let pieces = "<unk> ▁ a b c d ab abc bc cd ▁a ▁ab é éa aé 世 界 世界 dd ddd dddd a▁ ca cab";
        pieces.split(' ').zip(0..).map(|(p, i)| (p.to_owned(), -f64::from(i * 7 % 11) / 2.0)).collect()
    }

    fn both() -> (Pieces, Unigram) {
        let mut pieces = Pieces::default();
        vocabulary().iter().for_each(|(piece, score)| pieces.push(piece, *score));
        pieces.index(Some(0));
        (pieces, Unigram::from(vocabulary(), Some(0), false).expect("a vocabulary"))
    }

    #[test]
    fn words_become_the_same_pieces_as_in_the_library() {
        let (pieces, library) = both();
        let letters: Vec<char> = "▁abcdé世界xyz".chars().collect();
        let (mut state, mut unknown) = (1u64, 0);
        for _ in 0..4000 {
            let mut random = |n: usize| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) as usize % n
            };
            let word: String = (0..random(12)).map(|_| letters[random(letters.len())]).collect();
            let (found, wanted) = (pieces.tokenize(&word).expect("found"), library.tokenize(&word).expect("wanted"));
            let as_is = |tokens: Vec<Token>| tokens.into_iter().map(|t| (t.id, t.value, t.offsets)).collect::<Vec<_>>();
            let (found, wanted) = (as_is(found), as_is(wanted));
            unknown += usize::from(wanted.iter().any(|(id, text, _)| *id == 0 && text.len() > 1));
            assert_eq!(found, wanted, "{word:?}");
        }
        assert!(unknown > 100, "stretches without a piece were among them");
    }

    #[test]
    fn pieces_are_found_by_name_and_number() {
        let (pieces, library) = both();
        for (piece, _) in vocabulary() {
            assert_eq!(pieces.token_to_id(&piece), library.token_to_id(&piece), "{piece}");
        }
        assert_eq!((pieces.token_to_id("zz"), pieces.id_to_token(1000)), (None, None));
        assert_eq!(pieces.id_to_token(7), library.id_to_token(7));
        assert_eq!(pieces.get_vocab(), library.get_vocab());
    }

    #[test]
    fn what_is_not_such_a_vocabulary_is_refused() {
        let read = |text: &str| serde_json::from_str::<Pieces>(text).map(|p| p.len());
        assert_eq!(read(r#"{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0.0],["a",-1]]}"#).ok(), Some(2));
        for bad in [
            r#"{"type":"WordPiece","unk_id":0,"vocab":[["<unk>",0.0]]}"#,
            r#"{"type":"Unigram","unk_id":1,"vocab":[["<unk>",0.0]]}"#,
            r#"{"type":"Unigram","unk_id":null,"vocab":[]}"#,
            r#"{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0.0]],"byte_fallback":true}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
