//! Turns positioned characters into lines of text, and lines into paragraphs.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use super::glyphs::Glyph;

/// A gap wider than this share of the type size is a space. The usual space is a quarter, less in compressed lines;
/// kerning stays below a tenth.
const SPACE: f64 = 0.16;
/// Characters are on one line if their base lines differ by no more than this share of the size: indices and
/// exponents are a third off.
const SAME_LINE: f64 = 0.45;
/// A gap between lines that exceeds the usual one by this much ends a paragraph.
const WIDER: f64 = 1.3;
/// A line that ends before this share of the widest one was broken on purpose.
const FULL: f64 = 0.8;
/// Number of pages that must begin or end with the same words to make these a running head.
const REPEATED: usize = 3;

/// A line of text.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Line {
    pub(super) text: String,
    /// Whether a paragraph begins with it.
    pub(super) is_first: bool,
    /// Whether it was broken on purpose: the next line does not continue it.
    pub(super) is_short: bool,
    x: f64,
    end: f64,
    y: f64,
    size: f64,
    turn: u8,
}

/// The lines of a page, in reading order.
pub(super) fn lines(glyphs: Vec<Glyph>) -> Vec<Line> {
    let mut turns = [0usize; 4];
    glyphs.iter().for_each(|g| turns[usize::from(g.turn) % 4] += 1);
    let mut order: Vec<u8> = (0..4).collect();
    order.sort_by_key(|t| std::cmp::Reverse(turns[usize::from(*t)]));
    let mut all = Vec::new();
    for turn in order {
        let mut lines = joined(&accented(glyphs.iter().filter(|g| g.turn == turn)));
        if is_scattered(&lines) {
            lines.sort_by(|a, b| a.y.total_cmp(&b.y).then(a.x.total_cmp(&b.x)));
            lines = merged(lines);
        }
        paragraphs(&mut lines);
        for line in &mut lines {
            let text = without_leaders(&line.text);
            line.is_short |= text != line.text;
            line.text = text;
        }
        all.append(&mut lines);
    }
    all
}

/// Accents drawn over a letter merge with it: old fonts have no accented letters.
fn accented<'g>(glyphs: impl Iterator<Item = &'g Glyph>) -> Vec<Glyph> {
    let mut all: Vec<Glyph> = Vec::new();
    let is_over = |accent: &Glyph, letter: &Glyph| {
        letter.text.starts_with(char::is_alphabetic)
            && (accent.y - letter.y).abs() < letter.size
            && (letter.x..letter.end).contains(&((accent.x + accent.end) / 2.0))
    };
    for glyph in glyphs {
        let before = all.last_mut();
        match (before, combining(&glyph.text)) {
            (Some(letter), Some(mark)) if is_over(glyph, letter) => letter.text = composed(&letter.text, mark),
            (Some(accent), None) => match combining(&accent.text) {
                Some(mark) if is_over(accent, glyph) => {
                    *accent = Glyph { text: composed(&glyph.text, mark), ..glyph.clone() };
                }
                _ => all.push(glyph.clone()),
            },
            _ => all.push(glyph.clone()),
        }
    }
    all
}

/// The combining mark of a spacing accent.
fn combining(text: &str) -> Option<char> {
    const ACCENTS: [(&str, char); 14] = [
        ("¨", '\u{308}'),
        ("´", '\u{301}'),
        ("`", '\u{300}'),
        ("^", '\u{302}'),
        ("ˆ", '\u{302}'),
        ("˜", '\u{303}'),
        ("ˇ", '\u{30c}'),
        ("¸", '\u{327}'),
        ("˚", '\u{30a}'),
        ("¯", '\u{304}'),
        ("˘", '\u{306}'),
        ("˙", '\u{307}'),
        ("˝", '\u{30b}'),
        ("˛", '\u{328}'),
    ];
    ACCENTS.iter().find(|(accent, _)| *accent == text).map(|(_, mark)| *mark)
}

fn composed(letter: &str, mark: char) -> String {
    let letter = letter.replace('ı', "i").replace('ȷ', "j");
    letter.chars().chain([mark]).nfc().collect()
}

/// Makes lines from characters in drawing order. Most programs draw in the order of the text, also on pages with
/// columns.
fn joined(glyphs: &[Glyph]) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut has_gap = false;
    for glyph in glyphs {
        let is_blank = glyph.text.trim().is_empty();
        match lines.last_mut().filter(|line| continues(line, glyph)) {
            Some(line) => {
                has_gap |= is_blank || glyph.x - line.end > SPACE * glyph.size.min(line.size) + glyph.tracking;
                if !is_blank {
                    if has_gap && !line.text.is_empty() {
                        line.text.push(' ');
                    }
                    has_gap = false;
                    line.text.push_str(&glyph.text);
                    line.size = line.size.max(glyph.size);
                }
                line.end = line.end.max(glyph.end);
            }
            None if is_blank => {}
            None => {
                has_gap = false;
                let Glyph { text, x, end, y, size, turn, .. } = glyph.clone();
                lines.push(Line { text, x, end, y, size, turn, ..Line::default() });
            }
        }
    }
    lines
}

fn continues(line: &Line, glyph: &Glyph) -> bool {
    let size = line.size.max(glyph.size);
    (glyph.y - line.y).abs() < SAME_LINE * size && glyph.x > line.end - size
}

/// Whether lines are drawn in random order: many of them stand above the one before.
fn is_scattered(lines: &[Line]) -> bool {
    let ups = lines.windows(2).filter(|pair| pair[1].y < pair[0].y - SAME_LINE * pair[0].size).count();
    lines.len() > 8 && ups > lines.len() / 4
}

/// Pieces on one base line become one line.
fn merged(lines: Vec<Line>) -> Vec<Line> {
    let mut all: Vec<Line> = Vec::new();
    for line in lines {
        match all.last_mut() {
            Some(last) if (line.y - last.y).abs() < 0.2 * last.size && line.x >= last.x => {
                last.text.push(' ');
                last.text.push_str(&line.text);
                last.end = last.end.max(line.end);
            }
            _ => all.push(line),
        }
    }
    all
}

/// A line without the leader dots between a title and its page number.
fn without_leaders(text: &str) -> String {
    let is_leader = |word: &&str| !(word.len() > 3 && word.chars().all(|c| matches!(c, '.' | '·' | '…')));
    let dots = text.replace(". . . ", "...");
    let mut out = String::with_capacity(text.len());
    for word in dots.split(' ').filter(is_leader) {
        // The dots may touch the title.
        let bare = word.trim_end_matches('.');
        let word = if word.len() > bare.len() + 3 { bare } else { word };
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Finds the starts of paragraphs, and the lines that end early.
fn paragraphs(lines: &mut [Line]) {
    let mut steps: Vec<f64> = lines
        .windows(2)
        .map(|pair| pair[1].y - pair[0].y)
        .zip(lines.iter())
        .filter(|(step, line)| (0.5..3.0).contains(&(step / line.size)))
        .map(|(step, _)| step)
        .collect();
    steps.sort_by(f64::total_cmp);
    let usual = steps.get(steps.len() / 2).copied().unwrap_or(f64::MAX);
    let left = lines.iter().map(|l| l.x).fold(f64::MAX, f64::min);
    let right = lines.iter().map(|l| l.end).fold(f64::MIN, f64::max);
    for at in 0..lines.len() {
        lines[at].is_short = lines[at].end - left < FULL * (right - left);
        let Some(before) = at.checked_sub(1).map(|b| lines[b].clone()) else {
            lines[at].is_first = true;
            continue;
        };
        let line = &mut lines[at];
        let step = line.y - before.y;
        let indent = line.x - before.x;
        line.is_first = step > WIDER * usual.min(2.0 * line.size)
            || step < -SAME_LINE * line.size
            || (line.size - before.size).abs() > 0.15 * before.size
            || (indent > 0.8 * line.size && indent < 4.0 * line.size && !before.is_short && !is_item(&before.text));
    }
}

/// Whether a line begins a list item with a hanging indent.
fn is_item(text: &str) -> bool {
    let mark = text.split(' ').next().unwrap_or_default();
    mark.len() < 5 && !mark.chars().any(char::is_alphabetic)
}

/// Drops lines that repeat at the top or the foot of pages: running heads, page numbers.
pub(super) fn drop_running_heads(pages: &mut [Vec<Line>]) {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let ends: Vec<Vec<usize>> = pages.iter().map(|page| ends(page)).collect();
    for (page, ends) in pages.iter().zip(&ends) {
        let mut keys: Vec<_> = ends.iter().map(|at| without_numbers(&page[*at].text)).collect();
        keys.dedup();
        keys.into_iter().for_each(|key| *counts.entry(key).or_default() += 1);
    }
    for (page, mut ends) in pages.iter_mut().zip(ends) {
        ends.sort_unstable();
        ends.dedup();
        for at in ends.into_iter().rev() {
            let key = without_numbers(&page[at].text);
            if counts.get(&key).is_some_and(|count| *count >= REPEATED) {
                let was_first = page.remove(at).is_first;
                if let Some(next) = page.get_mut(at) {
                    next.is_first |= was_first;
                }
            }
        }
    }
}

/// The lines at the very top and the very foot of a page.
fn ends(page: &[Line]) -> Vec<usize> {
    let upright = || page.iter().enumerate().filter(|(_, line)| line.turn == page[0].turn);
    let top = upright().min_by(|a, b| a.1.y.total_cmp(&b.1.y));
    let foot = upright().max_by(|a, b| a.1.y.total_cmp(&b.1.y));
    // A head may have a word at the left and a number at the right.
    let beside = |end: Option<(usize, &Line)>| {
        let y = end.map_or(f64::MAX, |(_, line)| line.y);
        let near = upright().filter(move |(_, line)| (line.y - y).abs() < 0.2 * line.size);
        near.map(|(at, _)| at).take(3).collect::<Vec<_>>()
    };
    let mut all = beside(top);
    all.extend(beside(foot));
    all
}

fn without_numbers(text: &str) -> String {
    let is_roman = |word: &str| word.len() < 7 && word.chars().all(|c| "ivxlc".contains(c));
    let words = text.split_whitespace().filter(|word| !is_roman(word));
    let letters = words.map(|word| word.chars().filter(|c| !c.is_numeric()).collect::<String>());
    letters.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The text of lines: paragraphs with empty lines between them, and divided words joined.
pub(super) fn text(lines: &[Line]) -> String {
    let mut out = String::new();
    for (at, line) in lines.iter().enumerate() {
        let before = at.checked_sub(1).map(|b| &lines[b]);
        match before {
            None => {}
            Some(_) if line.is_first => out.push_str("\n\n"),
            Some(_) if is_divided(&out, &line.text) => {
                out.pop();
            }
            Some(before) if before.is_short => out.push('\n'),
            Some(_) => out.push(' '),
        }
        out.push_str(&line.text);
    }
    out
}

/// Whether a word continues at the beginning of the next line: `lea-` and `ves`.
fn is_divided(text: &str, next: &str) -> bool {
    let mut end = text.chars().rev();
    let is_hyphen = end.next().is_some_and(|c| matches!(c, '-' | '\u{ad}' | '\u{2010}'));
    is_hyphen && end.next().is_some_and(char::is_alphabetic) && next.starts_with(char::is_lowercase)
}
