//! The best sentence of a passage, and the words in it that are nearest to the query's in meaning.
//!
//! For every token of the query, it finds the most similar token of a sentence. The score of a sentence is the
//! average of these similarities (Khattab and Zaharia, "ColBERT: Efficient and Effective Passage Search via
//! Contextualized Late Interaction over BERT", 2020). `compare` supplies the similarities.

use std::ops::Range;

use cloze_index::is_stop_word;
use unicode_segmentation::UnicodeSegmentation;

/// The marks in one passage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Focus {
    /// The best sentence, in bytes of the text.
    pub(crate) sentence: Range<usize>,
    /// Words of the sentence that match the query in meaning, in bytes of the text.
    pub(crate) words: Vec<Range<usize>>,
}

/// The tokens of a text, compared with those of a query.
pub(crate) struct Compared {
    /// The bytes of each token; an empty range stands for a token outside the text.
    pub(crate) bytes: Vec<Range<usize>>,
    /// For each token of the query, its similarity to each token of the text.
    pub(crate) similarities: Vec<Vec<f32>>,
    /// Lowest similarity at which a token of the text is marked as a match.
    pub(crate) near: f32,
}

impl Compared {
    /// The best sentence of `text`; `None` if the text or the query has no tokens to compare.
    pub(crate) fn focus(&self, text: &str) -> Option<Focus> {
        let sentences = text.split_sentence_bound_indices().map(|(at, s)| at..at + s.trim_end().len());
        let nearest = sentences.filter_map(|s| Some((self.nearest(&s)?, s)));
        let sum = |near: &[(f32, usize)]| near.iter().map(|n| n.0).sum::<f32>();
        let (nearest, sentence) = nearest.reduce(|a, b| if sum(&b.0) > sum(&a.0) { b } else { a })?;
        let near = nearest.iter().filter(|(similarity, _)| *similarity >= self.near);
        let hits: Vec<_> = near.map(|(_, at)| self.bytes[*at].clone()).collect();
        Some(Focus { words: whole_words(text, &sentence, &hits), sentence })
    }

    /// For every token of the query, the most similar token inside a sentence, with their similarity.
    fn nearest(&self, sentence: &Range<usize>) -> Option<Vec<(f32, usize)>> {
        let inside: Vec<usize> = (0..self.bytes.len()).filter(|&i| overlap(&self.bytes[i], sentence)).collect();
        let best = |row: &Vec<f32>| inside.iter().map(|&i| (row[i], i)).max_by(|a, b| a.0.total_cmp(&b.0));
        let all: Option<Vec<_>> = self.similarities.iter().map(best).collect();
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

/// Whether two ranges share a byte.
pub(crate) fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start.max(b.start) < a.end.min(b.end)
}
