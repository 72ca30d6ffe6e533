//! Examines all HTML pages of a build before the first is read: finds the blocks that the site repeats, and the pages
//! that are copies.
//!
//! The ledger remembers the sketch of each page by its content, so that an unchanged site is not parsed again.

use std::collections::{HashMap, HashSet};

use cloze_index::Ledger;
use rayon::prelude::*;

use super::memory::{Memory, Used};
use crate::{
    Result,
    extract::{Format, Sketch, sketch},
    source::{self, SourceFile},
};

/// Pages that are looked at together.
const BATCH: usize = 64;
/// Number of counts from which those of blocks that occurred once are dropped: a block that the site repeats soon
/// occurs again.
const MANY: usize = 400_000;
/// Starts of addresses that are told apart.
const MOST_PREFIXES: usize = 64;
/// All pages, whatever their template.
const ANY: u64 = 0;
/// Pages of one template that repeat a block, in percent; and pages of the whole site.
const SHARE: [u32; 2] = [60, 50];
/// So many pages at least, of a template and of the site.
const FEWEST: [u32; 2] = [2, 3];

/// The result of the survey.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// Pages by template.
    pages: HashMap<u64, u32>,
    /// Pages by template and block.
    counts: HashMap<(u64, u64), u32>,
    /// Number of counts that the last drop left.
    kept: usize,
    /// Existing pages, without the extensions of their names.
    names: HashSet<String>,
    /// Pages that say that they are copies.
    copies: HashSet<String>,
    /// Address of the site, from the pages that state it.
    prefixes: HashMap<String, u32>,
}

impl Survey {
    /// Examines all pages. It skips unreadable pages: their reader reports the reason.
    pub(crate) fn of(files: &[SourceFile], limit: u64, tools: (&Memory, &Ledger), used: &mut Used) -> Result<Self> {
        let mut survey = Self::default();
        let pages: Vec<&SourceFile> = files.iter().filter(|f| f.format == Format::Html).collect();
        if pages.len() < 2 {
            return Ok(survey);
        }
        survey.names = pages.iter().map(|f| page_name(&f.name)).collect();
        for batch in pages.chunks(BATCH) {
            let look = |file: &&SourceFile| source::read_text(file, limit).ok().map(|text| recalled(&text, tools));
            let sketches: Vec<_> = batch.par_iter().map(look).collect();
            for (file, seen) in batch.iter().zip(sketches) {
                let Some((key, sketch, is_known)) = seen else { continue };
                if !is_known {
                    tools.1.put_source(&key, &serde_json::to_vec(&sketch).unwrap_or_default())?;
                }
                used.sources.insert(key);
                survey.add(&file.name, &sketch);
            }
        }
        survey.drop_single();
        survey.counts.shrink_to_fit();
        Ok(survey)
    }

    fn drop_single(&mut self) {
        self.counts.retain(|_, pages| *pages > 1);
        self.kept = self.counts.len();
    }

    /// Whether there is nothing to compare.
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    fn add(&mut self, name: &str, sketch: &Sketch) {
        for template in [ANY, sketch.template] {
            *self.pages.entry(template).or_default() += 1;
            for block in &sketch.blocks {
                *self.counts.entry((template, *block)).or_default() += 1;
            }
        }
        if self.counts.len() > MANY.max(2 * self.kept) {
            self.drop_single();
        }
        let place = sketch.canonical.as_deref().map(page_name);
        let own = page_name(name);
        if place.as_deref().is_some_and(|p| prefix(p, &own).is_none()) {
            self.copies.insert(own.clone());
        }
        if let Some(prefix) = place.as_deref().and_then(|p| prefix(p, &own)).filter(|_| !own.is_empty())
            && (self.prefixes.len() < MOST_PREFIXES || self.prefixes.contains_key(prefix))
        {
            *self.prefixes.entry(prefix.to_owned()).or_default() += 1;
        }
    }

    /// The blocks of a page that the site repeats.
    pub(crate) fn repeated(&self, sketch: &Sketch) -> Vec<u64> {
        let is_repeated = |block: &&u64| {
            let is_most = |(template, i): (u64, usize)| {
                let pages = self.pages.get(&template).copied().unwrap_or_default();
                let count = self.counts.get(&(template, **block)).copied().unwrap_or_default();
                count >= FEWEST[i] && u64::from(count) * 100 >= u64::from(pages) * u64::from(SHARE[i])
            };
            [(sketch.template, 0), (ANY, 1)].into_iter().any(is_most)
        };
        sketch.blocks.iter().filter(is_repeated).copied().collect()
    }

    /// The page of this build that a page says it is a copy of.
    pub(crate) fn original(&self, name: &str, sketch: &Sketch) -> Option<String> {
        let canonical = sketch.canonical.as_deref()?;
        let (own, place) = (page_name(name), page_name(&absolute(canonical, name)));
        if prefix(&place, &own).is_some() {
            return None;
        }
        let known = self.prefixes.iter().max_by_key(|(prefix, pages)| (**pages, *prefix)).map(|(p, _)| p.as_str());
        let original = match known {
            Some(prefix) if !is_relative(canonical) => {
                format!("{place}/").strip_prefix(prefix)?.trim_end_matches('/').to_owned()
            }
            _ => place.match_indices('/').map(|(at, _)| &place[at + 1..]).find(|p| self.names.contains(*p))?.to_owned(),
        };
        let is_page = self.names.contains(&original) && !self.copies.contains(&original);
        (original != own && is_page).then_some(original)
    }
}

/// The sketch of a page, from the ledger if it is known; with its key.
fn recalled(text: &str, (memory, ledger): (&Memory, &Ledger)) -> ([u8; 32], Sketch, bool) {
    let key = memory.sketch_key(text);
    let known = ledger.source(&key).ok().flatten().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let is_known = known.is_some();
    (key, known.unwrap_or_else(|| sketch(text)), is_known)
}

/// The same for a page that is about to be read.
pub(crate) fn sketch_of(text: &str, memory: &Memory, ledger: &Ledger) -> Sketch {
    recalled(text, (memory, ledger)).1
}

fn is_relative(address: &str) -> bool {
    !address.contains("://") && !address.starts_with('/')
}

/// Turns an address relative to its page into one relative to the root of the build, with a leading `/`.
fn absolute(address: &str, page: &str) -> String {
    if !is_relative(address) {
        return address.to_owned();
    }
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in address.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// An address or a path without the parts that servers leave out or add: `a/index.html` and `a/` are `a`.
fn page_name(address: &str) -> String {
    let path = address.split(['#', '?']).next().unwrap_or_default();
    let path = path.trim_end_matches('/');
    let stem = [".html", ".htm", ".xhtml"].iter().find_map(|e| path.strip_suffix(e)).unwrap_or(path);
    let stem = if stem == "index" { "" } else { stem.strip_suffix("/index").unwrap_or(stem) };
    stem.to_owned()
}

/// The prefix of an address before the name of the page, if the address belongs to the page.
fn prefix<'a>(place: &'a str, own: &str) -> Option<&'a str> {
    if own.is_empty() {
        // The first page of a site: its address is the prefix of all others.
        return Some(place);
    }
    let before = place.strip_suffix(own)?;
    (before.is_empty() || before.ends_with('/')).then_some(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(template: u64, blocks: &[u64], canonical: Option<&str>) -> Sketch {
        Sketch { template, blocks: blocks.to_vec(), canonical: canonical.map(str::to_owned) }
    }

    #[test]
    fn what_most_pages_of_a_template_have_is_repeated() {
        let mut survey = Survey::default();
        for i in 0..10 {
            survey.add("a.html", &sketch(7, &[1, 100 + i], None));
            survey.add("b.html", &sketch(8, &[200 + i, 2 + i / 5], None));
        }
        assert_eq!(survey.repeated(&sketch(7, &[1, 100], None)), [1]);
        assert_eq!(survey.repeated(&sketch(8, &[1, 2, 200], None)), [1], "half of the site's pages have the first");
    }

    #[test]
    fn a_copy_names_its_original() {
        let names = ["a", "print/a", "old/b", "c"].map(str::to_owned).into();
        let mut survey = Survey { names, ..Survey::default() };
        let original = |s: &Survey, name: &str, canonical: &str| s.original(name, &sketch(1, &[], Some(canonical)));
        for known in [false, true] {
            if known {
                survey.add("a.html", &sketch(1, &[], Some("https://x.org/docs/a.html")));
            }
            assert_eq!(original(&survey, "print/a.html", "https://x.org/docs/a.html").as_deref(), Some("a"));
            assert_eq!(original(&survey, "a.html", "https://x.org/docs/a"), None, "it is itself");
            assert_eq!(original(&survey, "print/a.html", "../a.html").as_deref(), Some("a"));
            assert_eq!(original(&survey, "old/b.html", "https://x.org/docs/new/b.html"), None, "not in this build");
        }
        assert_eq!(original(&survey, "print/a.html", "https://other.org/c.html"), None, "another site");
    }
}
