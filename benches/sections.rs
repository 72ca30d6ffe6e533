//! What becomes of a folder of documents: pages, sections, and how many places have an address of their own.
//!
//! ```text
//! cargo bench --bench sections -- FOLDER...            one row of a table for each folder
//! cargo bench --bench sections -- FOLDER --page NAME   the sections of the pages whose names end so
//! ```
//! Blocks that a site repeats are counted too: only a build compares its pages.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{collections::HashSet, path::PathBuf};

use cloze_indexer::{
    document::{Document, Extracted, Section},
    extract::{self, Context},
    source::{self, Selection, SourceFile},
};

/// Largest file to read, in bytes.
const LARGEST: u64 = 32 << 20;

fn document(file: &SourceFile) -> Option<Document> {
    let context = Context { source: &file.name, ..Context::default() };
    let outcome = if file.format.is_binary() {
        extract::binary(file.format, &source::read_bytes(file, LARGEST).ok()?, &context)
    } else {
        extract::file(file.format, &source::read_text(file, LARGEST).ok()?, &context)
    };
    match outcome.ok()?.0 {
        Extracted::Page(page) => Some(*page),
        Extracted::LeftOut(_) => None,
    }
}

fn show(document: &Document) {
    println!("=== {}: {}", document.source, document.title);
    for Section { headings, anchor, text, is_links, .. } in &document.sections {
        let links = if *is_links { " (links)" } else { "" };
        println!("--- #{} {}{links}\n{text}", anchor.as_deref().unwrap_or_default(), headings.join(" > "));
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let (folders, page) = match arguments.iter().position(|a| a == "--page") {
        Some(at) => (&arguments[..at], arguments.get(at + 1)),
        None => (&arguments[..], None),
    };
    println!(
        "| folder | pages | sections | with an address of their own | lists of links or listings |\n|---|---|---|---|---|"
    );
    for folder in folders {
        let selection = Selection { paths: vec![PathBuf::from(folder)], ..Selection::default() };
        let (mut pages, mut sections, mut addresses, mut lists) = (0, 0, 0, 0);
        for file in source::walk(&selection).unwrap().files {
            let Some(document) = document(&file) else { continue };
            if page.is_some_and(|name| document.source.ends_with(name.as_str())) {
                show(&document);
            }
            let anchors: HashSet<&String> = document.sections.iter().filter_map(|s| s.anchor.as_ref()).collect();
            pages += 1;
            sections += document.sections.len();
            addresses += anchors.len();
            lists += document.sections.iter().filter(|s| s.is_links).count();
        }
        println!("| {folder} | {pages} | {sections} | {addresses} | {lists} |");
    }
}
