//! A long question, a pasted error or a log line, brought down to what says most.
//!
//! The keyword leg gets the words that are rarest in the index: a page that quotes an error quotes its rare part. The
//! encoder gets all of it if it takes that much, else the lines that hold the rarest words. Times, hashes and the
//! folders of paths are left out of both; what the index does not have cannot be found.

use std::{collections::HashMap, ops::Range};

use cloze_index::{Form, Head, Occurrence, fold, is_stop_word};
use cloze_models::Tokenizer;
use unicode_segmentation::UnicodeSegmentation;

use super::shape::{Shape, last_name, shape};
use crate::{Request, Result};

/// Characters from which on a query is brought down.
const LONG: usize = 512;
/// Words of the shortest log line that is.
const SHORTEST_LOG_LINE: usize = 5;
/// Bytes below which a number, a date or a version in a short query was typed, not pasted.
const LONGEST_NUMBER: usize = 16;
/// Words that are searched.
const MOST_WORDS: usize = 32;
/// How often a word of them counts: in a question, what is said again matters more; in a trace, the same names stand
/// in every line.
const MOST_TIMES: usize = 2;
/// How much more than its rarity an identifier and a code count when words are chosen, and how much less a number.
const WHOLE: f32 = 1.5;
const CODE: f32 = 1.25;
const NUMBER: f32 = 0.5;
/// Share of the encoder's tokens that the lines of a log or a trace may fill: more of them say less.
const LINES_SHARE: usize = 3;
/// Bytes of the longest line that is taken or left as one.
const LONGEST_LINE: usize = 400;

/// The significant words of a long query.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condensed {
    /// The words for the keyword leg, in their order; a line break stands where something was left out.
    pub(crate) words: String,
    /// The text for the encoder.
    pub(crate) text: String,
    /// The words that are searched, each once.
    pub(crate) kept: Vec<String>,
    /// Different words that are not searched, words such as "the" not counted.
    pub(crate) left_out: usize,
}

/// Whether a query is longer than anybody types, or a log line.
pub(crate) fn is_long(query: &str) -> bool {
    if query.chars().nth(LONG).is_some() {
        return true;
    }
    let (mut telling, mut noise) = (0, 0);
    for stretch in query.split_whitespace() {
        match shape(stretch) {
            Shape::Noise if stretch.len() >= LONGEST_NUMBER => noise += 1,
            _ => telling += 1,
        }
    }
    noise > 0 && telling >= SHORTEST_LOG_LINE
}

/// Brings a query down to what says most in this index.
pub(crate) fn condense(request: &Request, head: &Head, tokenizer: Option<&Tokenizer>) -> Result<Condensed> {
    let query = request.query();
    let stretches = stretches(query);
    let telling = without_frames(request.lines(), telling_words(query, &stretches, head.occurrences(query)?));
    let chosen = choose(&telling);
    let kept: Vec<&Word> = places(&telling, &chosen);
    let words = joined(query, &kept);
    let text = match tokenizer {
        Some(tokenizer) => text(request, &stretches, &kept, tokenizer)?,
        None => words.replace('\n', " "),
    };
    // Where nothing says anything, the beginning is as good as the rest.
    let text = if text.is_empty() { query.chars().take(LONG).collect() } else { text };
    let mut names: Vec<String> = Vec::new();
    for word in &kept {
        let name = query[word.bytes.clone()].to_owned();
        if !names.iter().any(|known| fold(known) == word.folded) {
            names.push(name);
        }
    }
    Ok(Condensed { words, text, left_out: left_out(query, &chosen), kept: names })
}

/// A stretch without white space.
struct Stretch {
    bytes: Range<usize>,
    shape: Shape,
}

fn stretches(query: &str) -> Vec<Stretch> {
    let begin = query.as_ptr() as usize;
    let one = |stretch: &str| {
        let from = stretch.as_ptr() as usize - begin;
        Stretch { bytes: from..from + stretch.len(), shape: shape(stretch) }
    };
    query.split_whitespace().map(one).collect()
}

/// A word that may be searched.
struct Word {
    bytes: Range<usize>,
    folded: String,
    /// How much it says.
    worth: f32,
}

/// The words that the index has and that say something, in their order.
fn telling_words(query: &str, stretches: &[Stretch], occurrences: Vec<Occurrence>) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for Occurrence { bytes, form, rarity } in occurrences {
        let at = stretches.partition_point(|s| s.bytes.end <= bytes.start);
        let Some(stretch) = stretches.get(at).filter(|s| s.bytes.end >= bytes.end) else { continue };
        let written = &query[bytes.clone()];
        let is_alone = stretch.bytes.len() - bytes.len() <= 2;
        let is_number = written.chars().all(|c| c.is_ascii_digit());
        let says = match stretch.shape {
            // Somebody wrote just this.
            _ if form == Form::Whole && !is_number => WHOLE,
            // A code that somebody wrote is none, even if it looks so.
            Shape::Noise if is_alone && !is_number && form == Form::Word => WHOLE,
            Shape::Noise => continue,
            Shape::Path if bytes.start < stretch.bytes.start + last_name(&query[stretch.bytes.clone()]) => continue,
            _ if is_number && !is_alone => continue,
            _ if is_number => NUMBER,
            _ if form == Form::Symbol || is_stop_word(written) => continue,
            _ if is_code(written) => CODE,
            _ => 1.0,
        };
        words.push(Word { folded: fold(written), worth: rarity * says, bytes });
    }
    words
}

/// Lines from which on a text has frames, as a stack trace has.
const FRAMES: usize = 10;
/// The part of the lines, one in so many, from which on a word belongs to the frames.
const IN_FRAMES: usize = 4;

/// Leaves out the words that many lines of a trace share, because the message is on a single line. Keeps all of them
/// if there are no others. `breaks` are the places where the second and each later line begins.
fn without_frames(breaks: &[usize], words: Vec<Word>) -> Vec<Word> {
    let lines = breaks.len() + 1;
    if lines < FRAMES {
        return words;
    }
    let mut seen: HashMap<&str, (usize, usize)> = HashMap::new();
    for word in &words {
        let line = breaks.partition_point(|at| *at <= word.bytes.start);
        let (last, times) = seen.entry(&word.folded).or_insert((usize::MAX, 0));
        *times += usize::from(*last != line);
        *last = line;
    }
    let is_frame: Vec<bool> = words.iter().map(|w| seen[w.folded.as_str()].1 * IN_FRAMES > lines).collect();
    if is_frame.iter().all(|is| *is) {
        return words;
    }
    words.into_iter().zip(is_frame).filter(|(_, is_frame)| !is_frame).map(|(word, _)| word).collect()
}

/// `E0382`, `useEffect` or `NullPointerException`.
fn is_code(word: &str) -> bool {
    let has = |of: fn(&char) -> bool| word.chars().any(|c| of(&c));
    let has_digits = has(char::is_ascii_digit) && has(|c| c.is_alphabetic());
    has_digits || (word.chars().skip(1).any(char::is_uppercase) && has(|c| c.is_lowercase()))
}

/// The words that say most, folded.
fn choose(words: &[Word]) -> HashMap<String, f32> {
    let mut best: HashMap<&str, (f32, usize)> = HashMap::new();
    for word in words {
        best.entry(&word.folded).or_insert((word.worth, word.bytes.start));
    }
    let mut all: Vec<(&str, (f32, usize))> = best.into_iter().collect();
    // Of words that say the same, the first ones: an error says first what is wrong.
    all.sort_by(|a, b| b.1.0.total_cmp(&a.1.0).then(a.1.1.cmp(&b.1.1)));
    all.into_iter().take(MOST_WORDS).map(|(word, (worth, _))| (word.to_owned(), worth)).collect()
}

/// Where the chosen words stand, each a few times, in their order and apart from each other.
fn places<'a>(words: &'a [Word], chosen: &HashMap<String, f32>) -> Vec<&'a Word> {
    let mut times: HashMap<&str, usize> = HashMap::new();
    let mut kept: Vec<&Word> = Vec::new();
    for word in words.iter().filter(|word| chosen.contains_key(&word.folded)) {
        // The words of an identifier come with it.
        let is_inside = kept.last().is_some_and(|last| word.bytes.start < last.bytes.end);
        let times = times.entry(&word.folded).or_default();
        if !is_inside && *times < MOST_TIMES {
            *times += 1;
            kept.push(word);
        }
    }
    kept
}

/// Words in a row; those that are no neighbours are a line apart.
fn joined(query: &str, kept: &[&Word]) -> String {
    let mut out = String::new();
    for (i, word) in kept.iter().enumerate() {
        if i > 0 {
            let between = &query[kept[i - 1].bytes.end..word.bytes.start];
            out.push(if between.contains(char::is_alphanumeric) { '\n' } else { ' ' });
        }
        out.push_str(&query[word.bytes.clone()]);
    }
    out
}

/// Different words of the query that were not chosen.
fn left_out(query: &str, chosen: &HashMap<String, f32>) -> usize {
    let mut others: Vec<String> = query.unicode_words().filter(|word| !is_stop_word(word)).map(fold).collect();
    let inside: Vec<String> = chosen.keys().flat_map(|word| word.unicode_words()).map(fold).collect();
    others.sort_unstable();
    others.dedup();
    others.iter().filter(|word| !chosen.contains_key(*word) && !inside.contains(word)).count()
}

/// The text for the encoder: all that is no noise if it is not too long, else the lines that say most.
fn text(request: &Request, stretches: &[Stretch], kept: &[&Word], tokenizer: &Tokenizer) -> Result<String> {
    let query = request.query();
    let has_noise = stretches.iter().any(|s| s.shape != Shape::Telling);
    let most = tokenizer.max_tokens().saturating_sub(tokenizer.special_tokens());
    let most = if has_noise || request.has_lines() { most / LINES_SHARE } else { most };
    let telling = |range: Range<usize>| -> String {
        let inside = stretches.iter().filter(|s| s.bytes.start >= range.start && s.bytes.end <= range.end);
        let shown = inside.filter(|s| s.shape != Shape::Noise).map(|s| match s.shape {
            Shape::Path => &query[s.bytes.start + last_name(&query[s.bytes.clone()])..s.bytes.end],
            _ => &query[s.bytes.clone()],
        });
        shown.collect::<Vec<_>>().join(" ")
    };
    let all = telling(0..query.len());
    if tokenizer.count(&all)? <= most {
        return Ok(all);
    }
    let worth = |line: &Range<usize>| -> f32 {
        let inside = kept.iter().filter(|w| w.bytes.start >= line.start && w.bytes.end <= line.end);
        inside.map(|w| w.worth).sum()
    };
    let lines = lines(query, request.lines());
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by(|&a, &b| worth(&lines[b]).total_cmp(&worth(&lines[a])).then(a.cmp(&b)));
    let (mut taken, mut used): (Vec<usize>, usize) = (Vec::new(), 0);
    for line in order {
        let count = tokenizer.count(&telling(lines[line].clone()))?;
        if taken.is_empty() || used + count <= most {
            used += count;
            taken.push(line);
        }
    }
    taken.sort_unstable();
    Ok(taken.into_iter().map(|line| telling(lines[line].clone())).collect::<Vec<_>>().join(" "))
}

/// The lines of a query, or its sentences if it has no lines; long ones are cut between words.
fn lines(query: &str, breaks: &[usize]) -> Vec<Range<usize>> {
    let ends: Vec<usize> = match breaks {
        [] => query.split_sentence_bound_indices().map(|(at, s)| at + s.len()).collect(),
        breaks => breaks.iter().copied().chain([query.len()]).collect(),
    };
    let (mut out, mut from) = (Vec::new(), 0);
    for end in ends {
        while end - from > LONGEST_LINE {
            let most = query.floor_char_boundary(from + LONGEST_LINE);
            let cut = query[from..most].rfind(' ').map_or(most, |space| from + space + 1);
            out.push(from..cut);
            from = cut;
        }
        out.push(from..end);
        from = end;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(query: &str, word: &str, worth: f32) -> Word {
        let at = query.find(word).expect("it is there");
        Word { bytes: at..at + word.len(), folded: fold(word), worth }
    }

    #[test]
    fn what_nobody_types_is_long() {
        assert!(is_long(&"word ".repeat(120)));
        assert!(is_long("2024-05-01T10:22:31.123Z ERROR pool connection to the database was refused"));
        for typed in [
            "how do I set it up",
            "release 2024-05-01 of version 7.4.1 has which new features",
            "550e8400-e29b-41d4-a716-446655440000",
        ] {
            assert!(!is_long(typed), "{typed}");
        }
    }

    #[test]
    fn neighbours_stay_neighbours() {
        let query = "the query memory limit was reached by somebody";
        let words = [word(query, "memory", 2.0), word(query, "limit", 2.0), word(query, "somebody", 1.0)];
        let kept: Vec<&Word> = words.iter().collect();
        assert_eq!(joined(query, &kept), "memory limit\nsomebody");
        let chosen = choose(&words);
        assert_eq!(left_out(query, &chosen), 2, "query and reached");
    }

    #[test]
    fn a_word_of_every_line_counts_a_few_times() {
        // The places of "at" in "at x at y at z".
        let words = [0, 5, 10].map(|at| Word { bytes: at..at + 2, folded: "at".into(), worth: 1.0 });
        assert_eq!(places(&words, &choose(&words)).len(), MOST_TIMES);
    }

    #[test]
    fn the_words_of_a_traces_frames_are_left_out() {
        let frames = "at worker ".repeat(12);
        let query = format!("{frames}lid locked {frames}");
        let words = |query: &str| -> Vec<Word> {
            let all = query.unicode_word_indices().filter(|(_, w)| *w != "at");
            all.map(|(at, w)| Word { bytes: at..at + w.len(), folded: w.into(), worth: 1.0 }).collect()
        };
        let names = |query: &str| -> Vec<String> {
            let breaks: Vec<usize> = query.match_indices("at ").map(|(at, _)| at).skip(1).collect();
            without_frames(&breaks, words(query)).into_iter().map(|w| w.folded).collect()
        };
        assert_eq!(names(&query), ["lid", "locked"]);
        assert_eq!(names(&frames).len(), 12, "there are no other words");
        assert_eq!(names("at worker at worker").len(), 2, "two lines are no trace");
    }

    #[test]
    fn lines_are_cut_between_words() {
        let long = "word ".repeat(200);
        let all = lines(&long, &[]);
        assert!(all.len() > 2 && all.iter().all(|line| line.len() <= LONGEST_LINE && !line.is_empty()));
        assert_eq!(all.iter().map(Range::len).sum::<usize>(), long.len());
        assert_eq!(lines("one two", &[4]), [0..4, 4..7]);
        assert!(lines(&"é".repeat(900), &[]).len() > 3);
    }
}
