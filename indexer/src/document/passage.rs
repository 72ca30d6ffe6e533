//! Splits a document into passages that fit the encoder together with their context.

use std::ops::Range;

use cloze_index::{Passage, passage::context};
use cloze_models::{Encoder, TextKind};
use text_splitter::{ChunkConfig, ChunkSizer, TextSplitter};

use crate::{
    Result,
    document::{Document, Section},
};

/// Share of a passage that the next passage repeats, if a section is split.
const OVERLAP: usize = 8;
/// The context gets at most this share of a passage; a longer heading path is shortened from the front.
const CONTEXT_SHARE: usize = 3;
/// Text with more bytes per token than this is data. It is measured in bytes, so that a file that consists of one
/// word does not become one passage.
const BYTES_A_TOKEN: usize = 16;

/// Longest stretch without white space, in bytes, that still counts as text. Chinese and Japanese have no spaces
/// between words, but their paragraphs end.
const LONGEST_RUN: usize = 64 << 10;

/// A passage with the input for the encoder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The passage to store.
    pub passage: Passage,
    /// Token ids of context and text, including the special tokens.
    pub ids: Vec<u32>,
}

/// The passages of a document, and the number of sections that had to be split.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Passages {
    /// From top to bottom.
    pub prepared: Vec<Prepared>,
    /// Sections that did not fit one passage.
    pub split_sections: u64,
    /// Passages whose heading path was shortened for the encoder.
    pub shortened_contexts: u64,
}

/// Measures text as the encoder does.
struct Tokens<'a>(&'a Encoder);

impl ChunkSizer for Tokens<'_> {
    fn size(&self, chunk: &str) -> usize {
        let bytes = chunk.len().div_ceil(BYTES_A_TOKEN);
        self.0.tokenizer().count(chunk).map_or(bytes, |tokens| tokens.max(bytes))
    }
}

/// Cuts a document into passages.
///
/// # Errors
/// If the tokenizer fails.
pub fn passages(document: &Document, encoder: &Encoder) -> Result<Passages> {
    let mut out = Passages::default();
    for section in &document.sections {
        add_section(document, section, encoder, &mut out)?;
    }
    Ok(out)
}

fn add_section(document: &Document, section: &Section, encoder: &Encoder, out: &mut Passages) -> Result<()> {
    let tokens = Tokens(encoder);
    let tokenizer = encoder.tokenizer();
    let room = tokenizer.max_tokens() - tokenizer.special_tokens();
    let prefix = encoder.prefix(TextKind::Passage);
    let room = room.saturating_sub(tokens.size(prefix)).max(1);
    let (above, shortened) = fitting_context(document, section, room / CONTEXT_SHARE, &tokens);
    // Context and text may have more tokens together than apart.
    let room = room.saturating_sub(tokens.size(&above) + 1).max(1);
    let pieces = split(&section.text, room, tokens);
    out.split_sections += u64::from(pieces.len() > 1);
    out.shortened_contexts += if shortened { pieces.len() as u64 } else { 0 };
    let url = match &section.anchor {
        Some(anchor) => format!("{}#{}", document.url, fragment(anchor)),
        None => document.url.clone(),
    };
    for text in pieces {
        let ids = tokenizer.tokenize(&format!("{prefix}{above}\n{text}"))?.ids;
        let passage = Passage {
            page: 0,
            source: document.source.clone(),
            url: url.clone(),
            title: document.title.clone(),
            headings: section.headings.clone(),
            text: text.to_owned(),
            lang: document.lang.clone(),
            metadata: document.metadata.clone(),
            names: section.names.clone(),
            is_links: section.is_links,
        };
        out.prepared.push(Prepared { passage, ids });
    }
    Ok(())
}

/// An anchor as it appears in an address. Browsers decode the escapes before they look for it.
fn fragment(anchor: &str) -> String {
    let mut out = String::with_capacity(anchor.len());
    for c in anchor.chars() {
        if c.is_ascii_control() || matches!(c, ' ' | '%' | '"' | '<' | '>' | '`') {
            out.push_str(&format!("%{:02X}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// As much of the title and the headings as fits: the innermost headings stay longest.
fn fitting_context(document: &Document, section: &Section, room: usize, tokens: &Tokens<'_>) -> (String, bool) {
    let whole = context(&document.title, &section.headings);
    if tokens.size(&whole) <= room {
        return (whole, false);
    }
    for from in 0..section.headings.len() {
        let shorter = context("", &section.headings[from..]);
        if tokens.size(&shorter) <= room {
            return (shorter, true);
        }
    }
    let last = section.headings.last().unwrap_or(&document.title);
    (split(last, room.max(1), Tokens(tokens.0)).first().copied().unwrap_or_default().to_owned(), true)
}

/// The text in pieces of at most `room` tokens, cut between paragraphs, sentences or words, in this order of
/// preference. A text that fits is one piece, even if it is empty.
fn split<'t>(text: &'t str, room: usize, tokens: Tokens<'_>) -> Vec<&'t str> {
    if tokens.size(text) <= room {
        return vec![text];
    }
    if let Some(run) = endless_run(text) {
        let (before, after) = (&text[..run.start], &text[run.end..]);
        let mut pieces = if before.trim().is_empty() { Vec::new() } else { split(before, room, Tokens(tokens.0)) };
        pieces.extend(hard_cuts(&text[run], room * BYTES_A_TOKEN));
        if !after.trim().is_empty() {
            pieces.extend(split(after, room, tokens));
        }
        return pieces;
    }
    let config = ChunkConfig::new(room).with_sizer(tokens);
    // An overlap below the capacity is always valid.
    let config = match config.with_overlap(room / OVERLAP) {
        Ok(config) => config,
        Err(_) => return vec![text],
    };
    TextSplitter::new(config).chunks(text).collect()
}

/// The first stretch without white space that is too long to be text in any language.
fn endless_run(text: &str) -> Option<Range<usize>> {
    let mut at = 0;
    for piece in text.split_inclusive(char::is_whitespace) {
        let run = at..at + piece.trim_end().len();
        if run.len() > LONGEST_RUN {
            return Some(run);
        }
        at += piece.len();
    }
    None
}

/// Pieces of at most `bytes`, cut between characters, for lack of better boundaries.
fn hard_cuts(text: &str, bytes: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while rest.len() > bytes {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(bytes));
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_among_words_is_cut_hard_and_nothing_is_lost() {
        let data = "é".repeat(LONGEST_RUN);
        let text = format!("before {data} after");
        let run = endless_run(&text).expect("a run");
        assert_eq!(&text[run.clone()], data);
        let pieces = hard_cuts(&text[run], 1001);
        assert!(pieces.iter().all(|p| p.len() <= 1001) && pieces.concat() == data);
        assert_eq!(endless_run(&"word ".repeat(LONGEST_RUN)), None);
    }
}
