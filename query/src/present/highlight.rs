//! The best sentence of a passage, and the words in it that are nearest to the query's in meaning.
//!
//! For every token of the query, it finds the token of a sentence whose contextual vector is nearest. The score of
//! a sentence is the average of these similarities (Khattab and Zaharia, "ColBERT: Efficient and Effective Passage
//! Search via Contextualized Late Interaction over BERT", 2020). The vectors come from the index's own encoder,
//! before pooling.

use std::ops::Range;

use cloze_index::{AnalysedWord, KeywordQuery, analyse, is_stop_word};
use cloze_models::{Encoder, TextKind};
use unicode_segmentation::UnicodeSegmentation;

use crate::Result;

/// Lowest cosine similarity at which a token of the passage is marked as a match for a token of the query.
const NEAR: f32 = 0.45;

/// The marks in one passage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Focus {
    /// The best sentence, in bytes of the text.
    pub(crate) sentence: Range<usize>,
    /// Words of the sentence that match the query in meaning, in bytes of the text.
    pub(crate) words: Vec<Range<usize>>,
}

/// Tokens with unit vectors.
struct Tokens {
    bytes: Vec<Range<usize>>,
    vectors: Vec<Vec<f32>>,
}

impl Tokens {
    /// The tokens of a text without the special ones and the model's prompt.
    fn encode(encoder: &Encoder, kind: TextKind, text: &str) -> Result<Self> {
        let prefix = encoder.prefix(kind);
        let tokenized = encoder.tokenizer().tokenize(&format!("{prefix}{text}"))?;
        let rows = encoder.token_vectors(&tokenized.ids)?;
        let mut tokens = Self { bytes: Vec::new(), vectors: Vec::new() };
        for (&(from, to), row) in tokenized.offsets.iter().zip(rows.chunks_exact(encoder.record().dimension)) {
            if from < to && from >= prefix.len() {
                let length = row.iter().map(|v| v * v).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
                tokens.bytes.push(from - prefix.len()..to - prefix.len());
                tokens.vectors.push(row.iter().map(|v| v / length).collect());
            }
        }
        Ok(tokens)
    }
}

/// A query whose tokens are compared with those of passages.
pub(crate) struct Highlighter<'a> {
    encoder: &'a Encoder,
    /// One row per token.
    query: Vec<Vec<f32>>,
}

impl<'a> Highlighter<'a> {
    /// Encodes the query; if any of its words carry its subject, only those are compared.
    pub(crate) fn new(encoder: &'a Encoder, query: &str, words: &KeywordQuery) -> Result<Self> {
        let Tokens { bytes, vectors } = Tokens::encode(encoder, TextKind::Query, query)?;
        let subject: Vec<AnalysedWord> = analyse(query, None).into_iter().filter(|w| words.marks(w)).collect();
        let carries = |token: &Range<usize>| subject.iter().any(|w| overlap(&w.bytes, token));
        let any = bytes.iter().any(carries);
        let kept = bytes.iter().zip(vectors).filter(|(b, _)| !any || carries(b)).map(|(_, v)| v);
        Ok(Self { encoder, query: kept.collect() })
    }

    /// The best sentence of a text; `None` if the text or the query has no tokens to compare.
    pub(crate) fn focus(&self, text: &str) -> Result<Option<Focus>> {
        let tokens = Tokens::encode(self.encoder, TextKind::Passage, text)?;
        let sentences = text.split_sentence_bound_indices().map(|(at, s)| at..at + s.trim_end().len());
        let nearest = sentences.filter_map(|s| Some((self.nearest(&tokens, &s)?, s)));
        let mean = |near: &[(f32, usize)]| near.iter().map(|n| n.0).sum::<f32>();
        let best = nearest.reduce(|a, b| if mean(&b.0) > mean(&a.0) { b } else { a });
        Ok(best.map(|(nearest, sentence)| {
            let near = nearest.iter().filter(|(similarity, _)| *similarity >= NEAR);
            let hits: Vec<_> = near.map(|(_, at)| tokens.bytes[*at].clone()).collect();
            Focus { words: whole_words(text, &sentence, &hits), sentence }
        }))
    }

    /// For every token of the query, the nearest token inside a sentence, with their similarity.
    fn nearest(&self, tokens: &Tokens, sentence: &Range<usize>) -> Option<Vec<(f32, usize)>> {
        let inside: Vec<usize> = (0..tokens.bytes.len()).filter(|&i| overlap(&tokens.bytes[i], sentence)).collect();
        let similarity = |a: &[f32], i: usize| a.iter().zip(&tokens.vectors[i]).map(|(x, y)| x * y).sum::<f32>();
        let best = |q: &Vec<f32>| inside.iter().map(|&i| (similarity(q, i), i)).max_by(|a, b| a.0.total_cmp(&b.0));
        let all: Option<Vec<_>> = self.query.iter().map(best).collect();
        all.filter(|n| !n.is_empty())
    }
}

/// The words of a stretch that contain the tokens, except words such as "the".
fn whole_words(text: &str, stretch: &Range<usize>, tokens: &[Range<usize>]) -> Vec<Range<usize>> {
    let words = text[stretch.clone()].unicode_word_indices();
    let words = words.map(|(at, w)| stretch.start + at..stretch.start + at + w.len());
    let is_near = |word: &Range<usize>| tokens.iter().any(|t| overlap(word, t));
    words.filter(|word| is_near(word) && !is_stop_word(&text[word.clone()])).collect()
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}
