//! The graph of a segment, kept flat: one array of numbers, mapped and searched in its form on disk. It records only
//! neighbours; [`super::build`] makes it, [`super::walk`] searches it.
//!
//! Layout, all u32: `[MAGIC, nodes, levels, entry]`, then for every level from 0 up:
//! `[members, links]`, `members` node numbers in ascending order (level 0: none, it has all nodes),
//! `members + 1` offsets into the links, and `links` node numbers.

use std::path::Path;

use crate::{Error, Result};

/// The first word of every graph.
pub(crate) const MAGIC: u32 = u32::from_le_bytes(*b"CLG1");
/// Maximum number of levels of a graph.
pub(crate) const MAX_LEVELS: usize = 16;
const HEADER: usize = 4;

/// The links of a level's members, one after another.
#[derive(Default)]
pub(crate) struct Links {
    ends: Vec<u32>,
    links: Vec<u32>,
}

impl Links {
    /// Links from one list for each member, in their order.
    pub(crate) fn of_all(lists: impl IntoIterator<Item = Vec<u32>>) -> Self {
        let mut all = Self::default();
        for list in lists {
            all.links.extend(list);
            all.ends.push(all.links.len() as u32);
        }
        all
    }

    pub(crate) fn members(&self) -> usize {
        self.ends.len()
    }

    /// The links of one member.
    pub(crate) fn of(&self, member: usize) -> &[u32] {
        let from = member.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.links[from as usize..self.ends[member] as usize]
    }

    /// Appends a level to the flat array; `members` are the numbers of its nodes, none on level 0.
    pub(crate) fn append(&self, out: &mut Vec<u32>, members: &[u32]) {
        out.extend([self.members() as u32, self.links.len() as u32]);
        out.extend(members);
        out.push(0);
        out.extend(&self.ends);
        out.extend(&self.links);
    }
}

/// Positions of the parts of the flat array. They are checked once, when a generation is opened.
#[derive(Debug)]
pub(crate) struct Graph {
    entry: u32,
    levels: Vec<Level>,
}

#[derive(Debug)]
struct Level {
    /// Positions in the array: node numbers (empty on level 0), offsets, links.
    members: std::ops::Range<usize>,
    offsets: std::ops::Range<usize>,
    links: std::ops::Range<usize>,
}

impl Graph {
    /// Finds the parts of `words` and checks that every number is in range, so that a walk cannot leave the array,
    /// regardless of the file's content.
    pub(crate) fn parse(path: &Path, words: &[u32], nodes: usize) -> Result<Self> {
        let bad = |found: String| Error::damaged(path, found, "a graph over the segment's vectors");
        let &[magic, stored, levels, entry, ..] = words else { return Err(bad("the header is missing".into())) };
        if magic != MAGIC || stored as usize != nodes || entry as usize >= nodes || levels as usize > MAX_LEVELS {
            return Err(bad(format!(
                "the header [{magic:#x}, {stored}, {levels}, {entry}] does not match {nodes} vectors"
            )));
        }
        let mut at = HEADER;
        let mut take = |n: usize| {
            let range = at..at.checked_add(n).filter(|&end| end <= words.len())?;
            at = range.end;
            Some(range)
        };
        let mut parsed = Vec::new();
        for level in 0..levels {
            let short = || bad(format!("level {level} continues after the end of the file"));
            let sizes = take(2).ok_or_else(short)?;
            let (members, links) = (words[sizes.start] as usize, words[sizes.start + 1] as usize);
            let level = Level {
                members: take(if level == 0 { 0 } else { members }).ok_or_else(short)?,
                offsets: take(members + 1).ok_or_else(short)?,
                links: take(links).ok_or_else(short)?,
            };
            level.check(words, nodes).map_err(bad)?;
            parsed.push(level);
        }
        if parsed.is_empty() || parsed[0].offsets.len() != nodes + 1 {
            return Err(bad("level 0 does not contain every vector".into()));
        }
        Ok(Self { entry, levels: parsed })
    }

    /// The node where every walk begins, on the top level.
    pub(crate) fn entry(&self) -> u32 {
        self.entry
    }

    /// Levels above level 0.
    pub(crate) fn upper_levels(&self) -> usize {
        self.levels.len() - 1
    }

    /// Neighbours of a node on a level; none if the node is not on it.
    pub(crate) fn neighbours<'w>(&self, words: &'w [u32], level: usize, node: u32) -> &'w [u32] {
        let l = &self.levels[level];
        let place = if level == 0 {
            node as usize
        } else {
            match words[l.members.clone()].binary_search(&node) {
                Ok(place) => place,
                Err(_) => return &[],
            }
        };
        let (from, to) = (words[l.offsets.start + place] as usize, words[l.offsets.start + place + 1] as usize);
        &words[l.links.start + from..l.links.start + to]
    }
}

impl Level {
    fn check(&self, words: &[u32], nodes: usize) -> Result<(), String> {
        let offsets = &words[self.offsets.clone()];
        let in_range = |range: &std::ops::Range<usize>| words[range.clone()].iter().all(|&n| (n as usize) < nodes);
        if offsets.first() != Some(&0) || offsets.last().is_none_or(|&o| o as usize != self.links.len()) {
            return Err("the offsets do not cover the links".into());
        }
        if !offsets.is_sorted() || !words[self.members.clone()].is_sorted() {
            return Err("the offsets or the members are not sorted".into());
        }
        if in_range(&self.links) && in_range(&self.members) {
            Ok(())
        } else {
            Err("it contains a node without a vector".into())
        }
    }
}
