//! Builds the graph of a segment.
//!
//! Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using
//! Hierarchical Navigable Small World graphs" (2018). `hnsw_rs` builds it, over the codes of the
//! rows: their order is what a walk sees too, and they take a quarter of the memory of vectors.

use std::sync::Arc;

use anndists::dist::Distance;
use hnsw_rs::hnsw::{Hnsw, Point};
use rayon::prelude::*;

use super::{
    graph::{MAGIC, MAX_LEVELS},
    kernels,
};

/// Links a node keeps on the upper levels; level 0 keeps twice as many.
const M: usize = 16;
/// Candidates considered while a node is inserted. Twice as many take half as long again for a recall that is
/// .002 higher at the width that searches have.
const EF_CONSTRUCTION: usize = 100;
/// Rows inserted one after another before the rest goes in parallel: a graph that starts
/// from a few connected nodes does not fall apart into islands.
const SEED_ROWS: usize = 64;

/// 1 - a.b for rows of codes of unit vectors; never negative, which `hnsw_rs` requires.
#[derive(Clone, Copy)]
struct CodeDistance {
    /// What a.b is divided by: the inner product of a row with itself.
    unit: f32,
}

impl Distance<u8> for CodeDistance {
    fn eval(&self, a: &[u8], b: &[u8]) -> f32 {
        (1.0 - kernels::row_codes(a, b) as f32 / self.unit).max(0.0)
    }
}

type Graph<'a> = Hnsw<'a, u8, CodeDistance>;
type Node<'a> = Arc<Point<'a, u8>>;

/// Builds the graph over `codes` (row-major, `dimension` wide) in the layout of [`super::graph`];
/// `unit` is the inner product of a row with itself.
pub(crate) fn build(codes: &[u8], dimension: usize, unit: f32) -> Vec<u32> {
    let nodes = codes.len() / dimension;
    let hnsw = Graph::new(M, nodes, MAX_LEVELS, EF_CONSTRUCTION, CodeDistance { unit });
    let numbered: Vec<(&[u8], usize)> = codes.chunks_exact(dimension).zip(0..).collect();
    let (first, rest) = numbered.split_at(SEED_ROWS.min(nodes));
    first.iter().for_each(|&row| hnsw.insert_slice(row));
    rest.par_iter().for_each(|&row| hnsw.insert_slice(row));
    flatten(&hnsw)
}

fn flatten(hnsw: &Graph<'_>) -> Vec<u32> {
    let mut points: Vec<Node<'_>> = hnsw.get_point_indexation().into_iter().collect();
    points.sort_unstable_by_key(|point| point.get_origin_id());
    let level = |point: &Node<'_>| usize::from(point.get_point_id().0);
    let (top, entry) = points.iter().map(|p| (level(p), p.get_origin_id())).max().unwrap_or_default();
    let mut out = vec![MAGIC, points.len() as u32, top as u32 + 1, entry as u32];
    for floor in 0..=top {
        let members: Vec<&Node<'_>> = points.iter().filter(|p| level(p) >= floor).collect();
        append_level(&mut out, &members, floor);
    }
    out
}

fn append_level(out: &mut Vec<u32>, members: &[&Node<'_>], level: usize) {
    let sizes = out.len();
    out.extend([members.len() as u32, 0]);
    if level > 0 {
        out.extend(members.iter().map(|p| p.get_origin_id() as u32));
    }
    let offsets = out.len();
    out.resize(offsets + members.len() + 1, 0);
    let links = out.len();
    for (i, member) in (1..).zip(members) {
        let neighbours = member.get_neighborhood_id().into_iter().nth(level).unwrap_or_default();
        out.extend(neighbours.iter().map(|n| n.get_origin_id() as u32));
        out[offsets + i] = (out.len() - links) as u32;
    }
    out[sizes + 1] = (out.len() - links) as u32;
}
