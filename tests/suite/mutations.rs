//! Readers on damaged and hostile input: each format begins with a small document that uses much of its syntax, and
//! reads thousands of mutations of it. No mutation may panic, recurse without end, or return text without end.
//!
//! The long form, under `CLOZE_SOAK=1`, runs each format for `CLOZE_SOAK_SECONDS` (600 if unset), or only the one that
//! `CLOZE_SOAK_FORMAT` names.

use std::{
    io::{Cursor, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use cloze_indexer::{
    document::{Document, Extracted},
    extract::{self, Context, Format},
    source::csv,
};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::{
    kills::Random,
    subjects::{ALL, Subject},
};

/// Mutations of each format in the short form.
const SHORT: usize = 1500;
/// Largest input in bytes: a mutation can double a document several times.
const LARGEST: usize = 1 << 16;
/// Largest text that a reader may make of a document, in multiples of its size. Headings repeat above each section.
const GROWTH: usize = 400;

/// A mutation: bytes changed, cut, doubled, moved, or pieces of syntax inserted, once or very often.
fn mutated(subject: &Subject, random: &mut Random) -> Vec<u8> {
    let mut bytes = subject.document.as_bytes().to_vec();
    for _ in 0..=random.below(8) {
        let at = random.below(bytes.len() + 1);
        let to = (at + 1 + random.below(64)).min(bytes.len());
        match random.below(7) {
            0 if at < bytes.len() => bytes[at] = random.below(256) as u8,
            1 => drop(bytes.drain(at..to)),
            2 => {
                let piece = bytes[at..to].to_vec();
                let place = random.below(bytes.len() + 1);
                bytes.splice(place..place, piece);
            }
            3 => bytes.truncate(at.max(1)),
            4 => {
                let piece = subject.syntax[random.below(subject.syntax.len())].repeat(1 + random.below(2000));
                bytes.splice(at..at, piece.into_bytes());
            }
            _ => {
                let piece = subject.syntax[random.below(subject.syntax.len())];
                bytes.splice(at..at, piece.bytes());
            }
        }
        bytes.truncate(LARGEST);
        if bytes.is_empty() {
            bytes.push(b' ');
        }
    }
    bytes
}

/// An archive in which one of the files is the mutation.
fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(CompressionMethod::Stored)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Reads one file: its page, or those of its records.
fn read(format: Format, bytes: &[u8]) -> Vec<extract::Outcome> {
    let record = |line: &str| extract::record(line, &Context { source: "a/page:1", ..Context::default() });
    match format {
        Format::Jsonl => String::from_utf8_lossy(bytes).lines().map(record).collect(),
        Format::Csv => match csv::rows(bytes, LARGEST as u64) {
            Ok(rows) => rows.map(|(_, row)| row.and_then(|line| record(&line))).collect(),
            Err(why) => vec![Err(why)],
        },
        _ => vec![read_page(format, bytes)],
    }
}

fn read_page(format: Format, bytes: &[u8]) -> extract::Outcome {
    let context = Context { source: "a/page", ..Context::default() };
    let binary = |files: &[(&str, &[u8])]| extract::binary(format, &packed(files), &context);
    match format {
        Format::Docx => binary(&[("word/document.xml", bytes)]),
        Format::Epub => binary(&[
            (
                "META-INF/container.xml",
                b"<container><rootfiles><rootfile full-path=\"p.opf\"/></rootfiles></container>",
            ),
            ("p.opf", bytes),
            ("c.xhtml", b"<html><body><h1 id='a'>C</h1><p>Kettles boil.</p></body></html>"),
            ("n.xhtml", b"<html><body><nav><ol><li><a href='c.xhtml#a'>C</a></li></ol></nav></body></html>"),
        ]),
        Format::Pdf => extract::binary(format, bytes, &context),
        _ => extract::file(format, &String::from_utf8_lossy(bytes), &context),
    }
}

fn page(outcome: &extract::Outcome) -> Option<&Document> {
    match outcome {
        Ok((Extracted::Page(page), _)) => Some(page),
        _ => None,
    }
}

/// Reads mutations; the number of those that became pages.
fn read_mutations(subject: &Subject) -> usize {
    let mut random = Random(subject.format as u64 + 1);
    let soak = std::env::var_os("CLOZE_SOAK").is_some();
    let seconds = std::env::var("CLOZE_SOAK_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(600);
    let until = Instant::now() + Duration::from_secs(seconds);
    let (mut read_ones, mut pages) = (0, 0);
    while if soak { Instant::now() < until } else { read_ones < SHORT } {
        let seed = random.0;
        let bytes = mutated(subject, &mut random);
        let outcomes = catch_unwind(AssertUnwindSafe(|| read(subject.format, &bytes)));
        let shown = || format!("{:?}, seed {seed}: {:?}", subject.format, String::from_utf8_lossy(&bytes));
        let outcomes = outcomes.unwrap_or_else(|_| panic!("the reader panicked: {}", shown()));
        let found = outcomes.iter().filter_map(page);
        let text: usize = found.clone().flat_map(|page| &page.sections).map(|s| s.text.len()).sum();
        assert!(text <= bytes.len() * GROWTH + 4096, "{text} bytes of text: {}", shown());
        pages += found.count();
        read_ones += 1;
    }
    if soak {
        println!("{:?}: {read_ones} mutations, {pages} pages", subject.format);
    }
    pages
}

#[test]
fn readers_survive_every_mutation() {
    let only = std::env::var("CLOZE_SOAK_FORMAT").ok();
    let is_chosen = |subject: &Subject| only.as_ref().is_none_or(|name| format!("{:?}", subject.format) == *name);
    for subject in ALL.into_iter().filter(is_chosen) {
        let whole = read(subject.format, subject.document.as_bytes());
        assert!(whole.iter().all(|outcome| page(outcome).is_some()), "{:?}: {whole:?}", subject.format);
        assert!(read_mutations(&subject) > 0, "{:?}", subject.format);
    }
}
