//! The graph of a segment: built by `hnsw_rs`, kept flat, searched here.
//!
//! Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using
//! Hierarchical Navigable Small World graphs" (2018). `hnsw_rs` builds; what is stored is only who
//! neighbours whom, as one array of numbers that is mapped and searched as it lies on disk.
//!
//! Layout, all u32: `[MAGIC, nodes, levels, entry]`, then for every level from 0 up:
//! `[members, links]`, `members` node numbers in ascending order (level 0: none, it has all nodes),
//! `members + 1` offsets into the links, and `links` node numbers.

use std::path::Path;

use anndists::dist::Distance;
use hnsw_rs::hnsw::Hnsw;
use rayon::prelude::*;

use super::dot::dot;
use crate::{Error, Result};

const MAGIC: u32 = u32::from_le_bytes(*b"CLG1");
const HEADER: usize = 4;
/// Links a node keeps on the upper levels; level 0 keeps twice as many.
const M: usize = 16;
/// Candidates considered while a node is inserted.
const EF_CONSTRUCTION: usize = 200;
const MAX_LEVELS: usize = 16;
/// Rows inserted one after another before the rest goes in parallel: a graph that starts
/// from a few connected nodes does not fall apart into islands.
const SEED_ROWS: usize = 64;

/// 1 - a.b for unit vectors; never negative, which `hnsw_rs` requires.
#[derive(Clone, Copy, Default)]
struct UnitDistance;

impl Distance<f32> for UnitDistance {
    fn eval(&self, a: &[f32], b: &[f32]) -> f32 {
        (1.0 - dot(a, b)).max(0.0)
    }
}

/// Builds the graph over `rows` (row-major, `dimension` wide) in the layout above.
pub(crate) fn build(rows: &[f32], dimension: usize) -> Vec<u32> {
    let nodes = rows.len() / dimension;
    let hnsw = Hnsw::<f32, UnitDistance>::new(M, nodes, MAX_LEVELS, EF_CONSTRUCTION, UnitDistance);
    let numbered: Vec<(&[f32], usize)> = rows.chunks_exact(dimension).zip(0..).collect();
    let (first, rest) = numbered.split_at(SEED_ROWS.min(nodes));
    first.iter().for_each(|&row| hnsw.insert_slice(row));
    rest.par_iter().for_each(|&row| hnsw.insert_slice(row));
    flatten(&hnsw, nodes)
}

/// Links of one node on the level it was inserted at and on all levels below.
type Links = Vec<Vec<u32>>;

fn flatten(hnsw: &Hnsw<'_, f32, UnitDistance>, nodes: usize) -> Vec<u32> {
    let mut links: Vec<Links> = vec![Vec::new(); nodes];
    let mut top = (0, 0);
    for point in hnsw.get_point_indexation() {
        let node = point.get_origin_id();
        let level = usize::from(point.get_point_id().0);
        let levels = point.get_neighborhood_id().into_iter().take(level + 1);
        links[node] = levels.map(|l| l.iter().map(|n| n.get_origin_id() as u32).collect()).collect();
        top = top.max((level, node));
    }
    let mut out = vec![MAGIC, nodes as u32, top.0 as u32 + 1, top.1 as u32];
    for level in 0..=top.0 {
        append_level(&mut out, &links, level);
    }
    out
}

fn append_level(out: &mut Vec<u32>, links: &[Links], level: usize) {
    let members: Vec<usize> = (0..links.len()).filter(|&n| level == 0 || links[n].len() > level).collect();
    let of = |n: usize| links[n].get(level).map_or(&[][..], Vec::as_slice);
    let total: usize = members.iter().map(|&n| of(n).len()).sum();
    out.extend([members.len() as u32, total as u32]);
    if level > 0 {
        out.extend(members.iter().map(|&n| n as u32));
    }
    let mut offset = 0;
    out.push(0);
    for &n in &members {
        offset += of(n).len() as u32;
        out.push(offset);
    }
    members.iter().for_each(|&n| out.extend(of(n)));
}

/// Where the parts of the flat array are. Checked once, when a generation is opened.
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
    /// Finds the parts of `words` and checks that every number is in range, so that a walk cannot
    /// leave the array whatever the file holds.
    pub(crate) fn parse(path: &Path, words: &[u32], nodes: usize) -> Result<Self> {
        let bad = |found: String| Error::damaged(path, found, "a graph over the segment's vectors");
        let &[magic, stored, levels, entry, ..] = words else { return Err(bad("no header".into())) };
        if magic != MAGIC || stored as usize != nodes || entry as usize >= nodes || levels as usize > MAX_LEVELS {
            return Err(bad(format!("header [{magic:#x}, {stored}, {levels}, {entry}] for {nodes} vectors")));
        }
        let mut at = HEADER;
        let mut take = |n: usize| {
            let range = at..at.checked_add(n).filter(|&end| end <= words.len())?;
            at = range.end;
            Some(range)
        };
        let mut parsed = Vec::new();
        for level in 0..levels {
            let short = || bad(format!("level {level} ends beyond the file"));
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
            return Err(bad("a level 0 that does not hold every vector".into()));
        }
        Ok(Self { entry, levels: parsed })
    }

    /// The node where every walk begins: on the top level.
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
            return Err("offsets that do not span the links".into());
        }
        if !offsets.is_sorted() || !words[self.members.clone()].is_sorted() {
            return Err("offsets or members out of order".into());
        }
        if in_range(&self.links) && in_range(&self.members) { Ok(()) } else { Err("a node beyond the vectors".into()) }
    }
}
