//! Rewrites a whole generation in one segment, from its stored passages and vectors and without the encoder.
//!
//! `wear` decides when a build does this.

use std::collections::HashMap;

use crate::{
    Counts, Generation, Manifest, Passage, Result, WriterOptions, files,
    layout::{self, Layout},
    pages::{self, PageRecord},
    parts::Parts,
    publish::{Contents, Sealed},
    staging::Staging,
};

/// Rewrites a sealed generation as a build from scratch would: in the order of its pages, in one segment, with
/// identical vectors stored once.
pub(crate) fn compact(layout: &Layout, options: &WriterOptions, old: &Sealed, manifest: &Manifest) -> Result<Sealed> {
    let generation = Generation::open_dir(old.staging.path(), manifest.clone())?;
    let staging = Staging::create(layout, "-compact")?;
    let mut parts = Parts::create(staging.path(), "0", options.dimension)?;
    let mut rows: HashMap<blake3::Hash, u32> = HashMap::new();
    let (mut pages, mut next) = (Vec::new(), 0);
    for (number, page) in (0..).zip(generation.pages()?) {
        let mut record = PageRecord { source: page.source, number, passages: Vec::new() };
        for (id, key) in page.passages {
            let encoded = generation.vector_search()?.encoded(id);
            let bytes: Vec<u8> = encoded.vector.iter().flat_map(|v| v.to_le_bytes()).collect();
            let row = match rows.entry(blake3::hash(&bytes)) {
                std::collections::hash_map::Entry::Occupied(known) => *known.get(),
                std::collections::hash_map::Entry::Vacant(new) => *new.insert(parts.vectors.add(&encoded)?),
            };
            let passage = Passage { page: number, ..generation.passage(id)? };
            parts.lexical.add(next, &passage)?;
            parts.vectors.add_passage(row, next);
            record.passages.push((next, key));
            next += 1;
        }
        pages.push(record);
    }
    let languages = parts.lexical.languages(&[]);
    let vectors = parts.vectors.rows() as u64;
    parts.finish()?;
    pages::write(&staging.path().join(layout::PAGES), &pages)?;
    files::write(&staging.path().join(layout::TOMBSTONES), &[])?;
    let counts = Counts { pages: pages.len() as u64, passages: u64::from(next), vectors, numbers: u64::from(next) };
    let (vector_segments, builds_on) = (vec!["0".to_owned()], Vec::new());
    let contents = Contents { counts, languages, vector_segments, builds_on, ..old.contents.clone() };
    Ok(Sealed { contents, staging, linked: HashMap::new(), unreadable: old.unreadable.clone() })
}
