//! Counts of tokens, word by word.
//!
//! Splitting a section into passages counts the tokens of many stretches of it. Most tokenizers split a text at white
//! space before anything else. Then the count of a text is the sum of those of its words, and most words of a site are
//! known already.

use quick_cache::sync::Cache;
use tokenizers::{NormalizerWrapper, PreTokenizerWrapper};

use super::Inner;

/// The number of words whose counts are kept.
const KEPT: usize = 1 << 16;
/// Bytes of the longest word that is kept. Longer ones are data, and do not come twice.
const LONGEST: usize = 64;

/// The counts of known words.
pub(super) struct Counts(Cache<String, u32>);

impl Counts {
    /// For a tokenizer that splits at white space; `None` for others.
    pub(super) fn of(inner: &Inner) -> Option<Self> {
        let (normalizer, pre_tokenizer) = match inner {
            Inner::Any(any) => (any.get_normalizer(), any.get_pre_tokenizer()),
            Inner::Pieces(pieces) => (pieces.get_normalizer(), pieces.get_pre_tokenizer()),
        };
        let is_apart = normalizer.is_none_or(keeps_words_apart) && pre_tokenizer.is_some_and(splits_at_white_space);
        is_apart.then(|| Self(Cache::new(KEPT)))
    }

    /// The number of tokens of a text; `count` counts those of one word.
    pub(super) fn sum<E>(&self, text: &str, count: impl Fn(&str) -> Result<usize, E>) -> Result<usize, E> {
        let mut sum = 0;
        // Other white space may be part of a word for some tokenizers.
        for word in text.split([' ', '\n', '\t', '\r']).filter(|word| !word.is_empty()) {
            sum += match word.len() {
                0..=LONGEST => self.0.get_or_insert_with(word, || Ok(count(word)? as u32))? as usize,
                _ => count(word)?,
            };
        }
        Ok(sum)
    }
}

/// Whether a normalizer changes every character by itself or with its accents.
fn keeps_words_apart(normalizer: &NormalizerWrapper) -> bool {
    match normalizer {
        NormalizerWrapper::BertNormalizer(_)
        | NormalizerWrapper::NFC(_)
        | NormalizerWrapper::NFD(_)
        | NormalizerWrapper::NFKC(_)
        | NormalizerWrapper::NFKD(_)
        | NormalizerWrapper::Lowercase(_)
        | NormalizerWrapper::StripAccents(_)
        | NormalizerWrapper::Precompiled(_) => true,
        NormalizerWrapper::Sequence(all) => all.as_ref().iter().all(keeps_words_apart),
        _ => false,
    }
}

fn splits_at_white_space(pre_tokenizer: &PreTokenizerWrapper) -> bool {
    match pre_tokenizer {
        PreTokenizerWrapper::BertPreTokenizer(_)
        | PreTokenizerWrapper::Whitespace(_)
        | PreTokenizerWrapper::WhitespaceSplit(_) => true,
        PreTokenizerWrapper::Sequence(all) => all.as_ref().first().is_some_and(splits_at_white_space),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Tokenizer;

    const TEXTS: [&str; 6] = [
        "",
        "  The Führer's naïve re-index,\n\tof std::io::Read\r\n  twice twice. ",
        "検索エンジン and 한국어 검색, Ω≠ω",
        "no\u{a0}break, next\u{85}line, thin\u{2009}space, zero\u{200b}width, \u{feff}mark, soft\u{ad}hyphen",
        "[MASK] in[SEP]side <mask> 🚀👍🏽 a\u{301}e\u{301}",
        "x86_64 0123456789 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ];

    fn tokenizer(name: &str) -> Tokenizer {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures");
        Tokenizer::open(&fixtures.join(name).join("tokenizer.json"), name, 64).expect("a fixture")
    }

    #[test]
    fn the_sum_over_words_is_the_count_of_the_text() {
        for (name, by_words) in [
            ("tiny-bert", true),
            ("families/mpnet", true),
            ("families/xlm-roberta", false),
            ("families/roberta", false),
        ] {
            let tokenizer = tokenizer(name);
            assert_eq!(tokenizer.counts.is_some(), by_words, "{name}");
            // The second time, words are known.
            for text in TEXTS.into_iter().chain(TEXTS) {
                let whole = tokenizer.inner.encode_fast(text).expect("it tokenizes").len();
                assert_eq!(tokenizer.count(text).expect("it counts"), whole, "{name}: {text:?}");
            }
        }
    }
}
