//! Definition lists whose terms have addresses, and collapsible boxes: each term is an entry, with nested ones below
//! it.

use ego_tree::NodeId;

use super::{entries, piece::Piece};
use crate::document::LEVELS;

/// Deeper lists add no levels.
const DEEPEST: u8 = 30;
/// Maximum number of names shown for one definition.
const NAMES: usize = 3;

#[derive(Debug)]
struct List {
    node: NodeId,
    /// Names and anchors of terms that wait for their definition.
    names: Vec<(String, String)>,
    /// Whether the reader is inside the definition of an entry.
    in_entry: bool,
}

/// Open lists.
#[derive(Debug, Default)]
pub(super) struct Lists {
    open: Vec<List>,
    /// Open entries.
    depth: u8,
}

impl Lists {
    /// The level of a heading inside the open entries; entries have level 7.
    pub(super) fn level(&self, level: u8) -> u8 {
        self.depth.min(DEEPEST) * LEVELS + level
    }

    /// Opens a list.
    pub(super) fn open(&mut self, node: NodeId) {
        self.open.push(List { node, names: Vec::new(), in_entry: false });
    }

    /// Closes a list, and returns the resulting pieces.
    pub(super) fn close(&mut self, node: NodeId) -> Vec<Piece> {
        if self.open.last().is_none_or(|l| l.node != node) {
            return Vec::new();
        }
        let mut pieces = self.begin_entry();
        pieces.extend(self.end_entry());
        self.open.pop();
        pieces
    }

    /// Adds the name of a term.
    pub(super) fn add_name(&mut self, name: &str, anchor: String) {
        if let Some(list) = self.open.last_mut() {
            list.names.push((name.to_owned(), anchor));
        }
    }

    /// Whether a list is open that may contain a term.
    pub(super) fn has_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Begins the definition of the preceding terms.
    pub(super) fn begin_entry(&mut self) -> Vec<Piece> {
        let level = self.level(LEVELS - 1);
        let Some(list) = self.open.last_mut().filter(|l| !l.names.is_empty()) else { return Vec::new() };
        let names = std::mem::take(&mut list.names);
        list.in_entry = true;
        self.depth += 1;
        entry(level, names)
    }

    /// Ends the definition and its entry.
    pub(super) fn end_entry(&mut self) -> Vec<Piece> {
        let Some(list) = self.open.last_mut().filter(|l| l.in_entry) else { return Vec::new() };
        list.in_entry = false;
        self.depth = self.depth.saturating_sub(1);
        vec![Piece::End { level: self.level(LEVELS - 1) }]
    }
}

/// An entry of one or several terms. Its text begins with the terms that its heading omits.
fn entry(level: u8, names: Vec<(String, String)>) -> Vec<Piece> {
    let Some(anchor) = names.first().map(|(_, a)| a.clone()) else { return Vec::new() };
    let mut shown: Vec<String> = Vec::new();
    let mut text = Vec::new();
    for (name, anchor) in names {
        let (short, whole) = entries::short_name(&entries::qualified(&name, &anchor));
        let is_shown = shown.contains(&short) || shown.len() < NAMES;
        text.extend(whole.or_else(|| (!is_shown).then_some(name)));
        if is_shown && !shown.contains(&short) {
            shown.push(short);
        }
    }
    let mut pieces = vec![Piece::Entry { level, name: shown.join(", "), anchor }];
    pieces.extend(text.into_iter().map(Piece::repeated_name));
    pieces
}
