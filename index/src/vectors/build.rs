//! Builds the graph of a segment.
//!
//! Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable Small
//! World graphs" (2018). `hnsw_rs` builds it over the codes of the rows. A walk also orders rows by codes, and codes
//! take a quarter of the memory of vectors.

use std::sync::Arc;

use anndists::dist::Distance;
use hnsw_rs::hnsw::{Hnsw, Point};
use rayon::prelude::*;

use super::{
    graph::{Links, MAGIC, MAX_LEVELS},
    kernels,
    relink::Nodes,
};

/// Half the number of links that a node keeps on level 0.
const M: usize = 16;
/// Number of links that a node keeps on the upper levels, and half of those on level 0 while nodes are inserted. `hnsw_rs` needs about 70 bytes for a link, and the links of level 0 are chosen
/// again: among 35,888 vectors, a walk with 256 candidates found .987 of the nearest ten, and .989 with 16.
const M_INSERTED: usize = 12;
/// Number of candidates considered while a node is inserted.
const EF_CONSTRUCTION: usize = 64;
/// Number of candidates considered when its links are chosen again, among all nodes. This is cheaper than more
/// candidates during insertion, and better: the recall of a walk of a given width falls less as the graph grows.
const EF_RELINK: usize = 128;
/// Number of rows inserted one after another before the rest is inserted in parallel: a graph that starts from a few
/// connected nodes does not split into islands.
const SEED_ROWS: usize = 64;

/// 1 - a.b for rows of codes of unit vectors; never negative, which `hnsw_rs` requires.
#[derive(Clone, Copy)]
struct CodeDistance {
    /// The divisor of a.b: the inner product of a row with itself.
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
    let rows = codes.len() / dimension;
    let Flat { entry, level_0, upper } = flatten(&insert_all(codes, dimension, unit));
    let level_0 = Nodes { codes, dimension }.relink(&level_0, 2 * M, EF_RELINK);
    let mut out = vec![MAGIC, rows as u32, upper.len() as u32 + 1, entry];
    level_0.append(&mut out, &[]);
    upper.iter().for_each(|(members, links)| links.append(&mut out, members));
    out
}

fn insert_all(codes: &[u8], dimension: usize, unit: f32) -> Graph<'_> {
    let rows = codes.len() / dimension;
    let hnsw = Graph::new(M_INSERTED, rows, MAX_LEVELS, EF_CONSTRUCTION, CodeDistance { unit });
    let numbered: Vec<(&[u8], usize)> = codes.chunks_exact(dimension).zip(0..).collect();
    let (first, rest) = numbered.split_at(SEED_ROWS.min(rows));
    first.iter().for_each(|&row| hnsw.insert_slice(row));
    rest.par_iter().for_each(|&row| hnsw.insert_slice(row));
    hnsw
}

/// The graph of `hnsw_rs`, without its pointers.
struct Flat {
    entry: u32,
    level_0: Links,
    /// Levels from 1 up: numbers of their nodes in ascending order, and these nodes' links.
    upper: Vec<(Vec<u32>, Links)>,
}

fn flatten(hnsw: &Graph<'_>) -> Flat {
    let mut points: Vec<Node<'_>> = hnsw.get_point_indexation().into_iter().collect();
    points.sort_unstable_by_key(|point| point.get_origin_id());
    let level = |point: &Node<'_>| usize::from(point.get_point_id().0);
    let (top, entry) = points.iter().map(|p| (level(p), p.get_origin_id())).max().unwrap_or_default();
    let upper = (1..=top).map(|floor| {
        let members: Vec<&Node<'_>> = points.iter().filter(|p| level(p) >= floor).collect();
        let numbers = members.iter().map(|p| p.get_origin_id() as u32).collect();
        (numbers, Links::of_all(members.into_iter().map(|p| links(p, floor))))
    });
    let upper = upper.collect();
    Flat { entry: entry as u32, level_0: Links::of_all(points.iter().map(|p| links(p, 0))), upper }
}

fn links(point: &Node<'_>, level: usize) -> Vec<u32> {
    let neighbours = point.get_neighborhood_id().into_iter().nth(level).unwrap_or_default();
    neighbours.iter().map(|n| n.get_origin_id() as u32).collect()
}
