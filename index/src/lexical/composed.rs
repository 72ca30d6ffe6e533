//! One character for a letter and its accents, regardless of how the user typed them.
//!
//! `é` is one character, or `e` and a combining accent: file systems and some keyboards produce the second. Both must
//! be the same word. So this module converts text to Unicode's normalisation form C (UAX #15) before the cutting, and
//! maps places in it back to the original text.

use std::{borrow::Cow, ops::Range};

use unicode_normalization::{
    IsNormalized, UnicodeNormalization, char::canonical_combining_class, is_nfc, is_nfc_quick,
};

/// A text in form C.
pub(super) struct Composed<'a> {
    text: Cow<'a, str>,
    /// Stretches that form C changes: bytes here, bytes of the original text. Ascending.
    rewritten: Vec<(Range<usize>, Range<usize>)>,
}

impl<'a> Composed<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
            return Self { text: Cow::Borrowed(text), rewritten: Vec::new() };
        }
        let mut composed = String::with_capacity(text.len());
        let mut rewritten = Vec::new();
        let starts = text.char_indices().filter(|(_, c)| stands_alone(*c)).map(|(at, _)| at);
        let mut from = 0;
        for to in starts.filter(|at| *at > 0).chain([text.len()]) {
            let stretch = &text[from..to];
            let here = composed.len();
            if is_nfc(stretch) {
                composed.push_str(stretch);
            } else {
                composed.extend(stretch.nfc());
                rewritten.push((here..composed.len(), from..to));
            }
            from = to;
        }
        Self { text: Cow::Owned(composed), rewritten }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of the original text that a stretch came from.
    pub(super) fn origin(&self, bytes: &Range<usize>) -> Range<usize> {
        self.place(bytes.start, |was| was.start)..self.place(bytes.end, |was| was.end)
    }

    /// For a place inside a stretch, `inside` chooses which end of the stretch to use.
    fn place(&self, at: usize, inside: impl Fn(&Range<usize>) -> usize) -> usize {
        let before = self.rewritten.partition_point(|(here, _)| here.start < at);
        match before.checked_sub(1).map(|i| &self.rewritten[i]) {
            None => at,
            Some((here, was)) if at < here.end => inside(was),
            Some((here, was)) => was.end + (at - here.end),
        }
    }
}

/// Whether a character never combines with the character before it.
fn stands_alone(c: char) -> bool {
    c.is_ascii() || (canonical_combining_class(c) == 0 && is_nfc_quick(std::iter::once(c)) == IsNormalized::Yes)
}

/// The word without accents that are separate characters and do not compose with the letter before them.
pub(super) fn without_loose_accents(word: &str) -> Cow<'_, str> {
    let is_accent = |c: char| matches!(u32::from(c), 0x300..=0x36f);
    if word.contains(is_accent) { Cow::Owned(word.replace(is_accent, "")) } else { Cow::Borrowed(word) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lead_back_to_the_text_as_it_was() {
        let was = "a cafe\u{301} de\u{301}ja\u{300} x\u{302} \u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af} z";
        let composed = Composed::of(was);
        assert_eq!(composed.text(), "a café déjà x\u{302} 한글 z");
        for (word, from) in
            [("café", "cafe\u{301}"), ("déjà", "de\u{301}ja\u{300}"), ("글", "\u{1100}\u{1173}\u{11af}"), ("z", "z")]
        {
            let at = composed.text().find(word).expect("it is there");
            assert_eq!(&was[composed.origin(&(at..at + word.len()))], from);
        }
        let all = composed.origin(&(0..composed.text().len()));
        assert_eq!(all, 0..was.len());
    }

    #[test]
    fn composed_text_stays_as_it_is() {
        for text in ["plain", "café", "한국어", ""] {
            assert!(matches!(Composed::of(text).text, Cow::Borrowed(_)), "{text}");
        }
    }
}
