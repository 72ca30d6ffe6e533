//! The texts that a lookup table learns from: pieces of pages that look like queries.

use std::collections::BTreeSet;

use unicode_segmentation::UnicodeSegmentation;

use crate::{commands::sections::Section, pipeline::known_items::Random};

/// One section in this many is held out.
const HELD_OUT_IN: usize = 20;
/// A section ends with the sentence that gives it this many bytes.
const PART_BYTES: usize = 1000;
/// The most words of a text.
const MOST_WORDS: usize = 12;
/// One text in this many is the beginning of a sentence; questions begin so.
const BEGINNINGS_IN: usize = 3;
/// One text in this many has only some of its words, like keywords.
const THINNED_IN: usize = 4;
/// One of this many texts is held out.
const HELD_OUT_TEXTS_IN: usize = 25;

/// The texts, in two parts that share no section.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Texts {
    /// To learn from.
    pub(super) train: Vec<String>,
    /// To judge by.
    pub(super) held_out: Vec<String>,
}

/// Cuts long sections, such as a text file without headings, at the ends of sentences.
pub(super) fn parts(sections: Vec<Section>) -> Vec<Section> {
    sections.into_iter().flat_map(parts_of).collect()
}

fn parts_of(section: Section) -> Vec<Section> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    for sentence in section.text.split_sentence_bounds() {
        part.push_str(sentence);
        if part.len() >= PART_BYTES {
            parts.push(std::mem::take(&mut part));
        }
    }
    parts.push(part);
    parts.retain(|text| !text.trim().is_empty());
    let Section { title, heading, .. } = section;
    parts.into_iter().map(|text| Section { title: title.clone(), heading: heading.clone(), text }).collect()
}

/// Whether the section at this place is held out.
pub(super) fn is_held_out(place: usize) -> bool {
    place % HELD_OUT_IN == HELD_OUT_IN - 1
}

impl Texts {
    /// About `count` texts to learn from, spread evenly over the words of the sections, and the headings.
    pub(super) fn of(sections: &[Section], count: usize, seed: u64) -> Self {
        let part = |held_out: bool| {
            let chosen = sections.iter().enumerate().filter(move |(i, _)| is_held_out(*i) == held_out);
            chosen.map(|(_, section)| section).collect::<Vec<_>>()
        };
        let fewer = count.div_ceil(HELD_OUT_TEXTS_IN);
        Self { train: pieces(&part(false), count, seed), held_out: pieces(&part(true), fewer, seed) }
    }
}

fn pieces(sections: &[&Section], count: usize, seed: u64) -> Vec<String> {
    let mut found: BTreeSet<String> = sections.iter().flat_map(|s| headings(s)).take(count / 2).collect();
    let words: Vec<usize> = sections.iter().map(|s| s.text.unicode_words().count()).collect();
    let all = words.iter().sum::<usize>().max(1);
    let mut random = Random::new(seed);
    // Words that are owed a text: a section shorter than the distance between two texts passes its words on.
    let mut owed = 0;
    for (section, words) in sections.iter().zip(words) {
        owed += words * count;
        let due = owed / all;
        owed %= all;
        let text = Words::of(&section.text);
        found.extend((0..due).filter_map(|_| text.piece(&mut random)));
    }
    found.into_iter().collect()
}

/// A heading, alone and with the title of its page.
fn headings(section: &Section) -> Vec<String> {
    match &section.heading {
        Some(heading) if *heading == section.title => vec![heading.clone()],
        Some(heading) => vec![heading.clone(), format!("{} {heading}", section.title)],
        None => Vec::new(),
    }
}

/// A text and the places of its words.
struct Words<'a> {
    text: &'a str,
    words: Vec<(usize, &'a str)>,
    /// The words that begin a sentence.
    beginnings: Vec<usize>,
}

impl<'a> Words<'a> {
    fn of(text: &'a str) -> Self {
        let words: Vec<(usize, &str)> = text.unicode_word_indices().collect();
        let sentences = text.split_sentence_bound_indices().map(|(at, _)| words.partition_point(|(w, _)| *w < at));
        let beginnings = sentences.filter(|&first| first < words.len()).collect();
        Self { text, words, beginnings }
    }

    /// Some words that follow each other, as they are in the text; or some of them, with spaces.
    fn piece(&self, random: &mut Random) -> Option<String> {
        if self.words.is_empty() {
            return None;
        }
        let start = match random.below(BEGINNINGS_IN) {
            0 if !self.beginnings.is_empty() => self.beginnings[random.below(self.beginnings.len())],
            _ => random.below(self.words.len()),
        };
        let end = (start + 1 + random.below(MOST_WORDS)).min(self.words.len());
        let words = &self.words[start..end];
        if random.below(THINNED_IN) == 0 {
            let kept: Vec<&str> = words.iter().filter(|_| random.below(2) == 0).map(|(_, word)| *word).collect();
            return (!kept.is_empty()).then(|| kept.join(" "));
        }
        let (last, word) = words.last()?;
        Some(self.text[words.first()?.0..last + word.len()].to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(number: usize) -> Section {
        let text =
            format!("The cat number {number} sat on a mat. Was it warm? It was as warm as place {number} can be.");
        Section { title: "Cats".into(), heading: Some(format!("Cat {number}")), text }
    }

    #[test]
    fn texts_are_pieces_of_their_own_part() {
        let sections: Vec<Section> = (0..60).map(section).collect();
        let texts = Texts::of(&sections, 600, 1);
        assert!((400..=700).contains(&texts.train.len()) && texts.held_out.len() > 10, "{}", texts.train.len());
        let has = |texts: &[String], words: &str| texts.iter().any(|t| t.contains(words));
        assert!(has(&texts.train, "Cats Cat 18") && !has(&texts.held_out, "Cat 18"));
        assert!(has(&texts.held_out, "Cats Cat 19") && !has(&texts.train, "Cat 19"));
        assert!(texts.train.iter().any(|t| t.starts_with("Was it")), "sentences have beginnings");
        assert!(texts.train.iter().all(|t| t.split_whitespace().count() <= MOST_WORDS));
        assert_eq!(texts, Texts::of(&sections, 600, 1), "the seed decides");
        assert_ne!(texts, Texts::of(&sections, 600, 2));
    }

    #[test]
    fn a_long_text_is_cut_where_sentences_end() {
        let text = "This sentence says nothing new. ".repeat(100);
        let long = Section { title: "T".into(), heading: None, text: text.clone() };
        let cut = parts(vec![long, section(1), Section { text: " \n".into(), ..section(2) }]);
        assert_eq!(cut.iter().map(|s| s.text.as_str()).collect::<String>(), text + &section(1).text);
        assert!(cut.len() == 5 && cut[..4].iter().all(|s| s.title == "T" && s.text.ends_with("new. ")), "{cut:?}");
    }

    #[test]
    fn text_without_words_gives_no_pieces() {
        let section = Section { title: String::new(), heading: None, text: "…".into() };
        assert_eq!(Texts::of(&[section], 10, 1), Texts::default());
    }

    #[test]
    fn words_without_spaces_stay_together() {
        let mut random = Random::new(1);
        let text = "我们今天早上在花园里给番茄浇水";
        let words = Words::of(text);
        let pieces: Vec<String> = (0..50).filter_map(|_| words.piece(&mut random)).collect();
        assert!(pieces.iter().any(|p| p.chars().count() > 3 && text.contains(p.as_str())), "{pieces:?}");
    }
}
