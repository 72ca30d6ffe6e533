//! Nearest vectors over all segments.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

use super::{dot::dot, segment::Segment};
use crate::{PassageId, Scored};

/// Vectors that the spread of similarities is estimated from; its own error is then about 2 %.
const SAMPLE: usize = 2048;

/// The vectors of a generation.
#[derive(Debug)]
pub(crate) struct VectorSearch {
    segments: Vec<Segment>,
    /// Where each passage's vector is: segment and row.
    places: Vec<(u32, u32)>,
}

/// A row and its similarity, ordered by similarity, then by the lower row.
#[derive(Clone, Copy, PartialEq)]
struct Near {
    similarity: f32,
    row: u32,
}

impl Eq for Near {}

impl Ord for Near {
    fn cmp(&self, other: &Self) -> Ordering {
        self.similarity.total_cmp(&other.similarity).then(other.row.cmp(&self.row))
    }
}

impl PartialOrd for Near {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl VectorSearch {
    /// Takes the segments of a generation with `passages` passages; `None` if a passage has no
    /// vector, or a vector belongs to no passage of the generation.
    pub(crate) fn new(segments: Vec<Segment>, passages: usize) -> Option<Self> {
        const NOWHERE: (u32, u32) = (u32::MAX, u32::MAX);
        let mut places = vec![NOWHERE; passages];
        for (s, segment) in (0u32..).zip(&segments) {
            for row in 0..segment.len() {
                for &passage in segment.passages(row) {
                    *places.get_mut(passage as usize)? = (s, row as u32);
                }
            }
        }
        (!places.contains(&NOWHERE)).then_some(Self { segments, places })
    }

    /// Distinct vectors.
    pub(crate) fn len(&self) -> usize {
        self.segments.iter().map(Segment::len).sum()
    }

    /// The `k` passages nearest to a unit vector, best first, ties by the lower number.
    /// `ef` is how many candidates a walk keeps; more finds more and takes longer.
    pub(crate) fn nearest(&self, query: &[f32], k: usize, ef: usize) -> Vec<Scored> {
        let mut found = Vec::new();
        for segment in &self.segments {
            for near in nearest_rows(segment, query, k, ef.max(k)) {
                let passages = segment.passages(near.row as usize).iter();
                found.extend(passages.map(|&passage| Scored { passage, score: near.similarity }));
            }
        }
        found.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.passage.cmp(&b.passage)));
        found.truncate(k);
        found
    }

    /// Standard deviation of the similarities over the index, from an even sample of its vectors:
    /// what a similarity has to stand out from.
    pub(crate) fn spread(&self, query: &[f32]) -> f32 {
        let (mut n, mut sum, mut squares) = (0f32, 0f32, 0f32);
        for segment in &self.segments {
            for row in (0..segment.len()).step_by(self.len().div_ceil(SAMPLE).max(1)) {
                let similarity = dot(query, segment.row(row));
                n += 1.0;
                sum += similarity;
                squares += similarity * similarity;
            }
        }
        (squares / n - (sum / n) * (sum / n)).max(0.0).sqrt()
    }

    /// Cosine similarity of one passage.
    pub(crate) fn similarity(&self, query: &[f32], passage: PassageId) -> f32 {
        dot(query, self.vector(passage))
    }

    /// The vector of one passage.
    pub(crate) fn vector(&self, passage: PassageId) -> &[f32] {
        let (segment, row) = self.places[passage as usize];
        self.segments[segment as usize].row(row as usize)
    }
}

fn nearest_rows(segment: &Segment, query: &[f32], k: usize, ef: usize) -> Vec<Near> {
    let mut best = match segment.graph() {
        Some((graph, words)) if segment.len() > ef => {
            let near = |row: u32| Near { similarity: dot(query, segment.row(row as usize)), row };
            let mut here = near(graph.entry());
            for level in (1..=graph.upper_levels()).rev() {
                here = descend(here, &near, |row| graph.neighbours(words, level, row));
            }
            walk(here, segment.len(), ef, &near, |row| graph.neighbours(words, 0, row))
        }
        _ => scan(segment, query, k),
    };
    best.sort_unstable_by(|a, b| b.cmp(a));
    best.truncate(k);
    best
}

/// Every row; keeps the `k` best.
fn scan(segment: &Segment, query: &[f32], k: usize) -> Vec<Near> {
    let mut best = BinaryHeap::with_capacity(k + 1);
    for row in 0..segment.len() {
        best.push(Reverse(Near { similarity: dot(query, segment.row(row)), row: row as u32 }));
        if best.len() > k {
            best.pop();
        }
    }
    best.into_iter().map(|Reverse(n)| n).collect()
}

/// Greedy walk on an upper level: goes to the best neighbour until none is better.
fn descend<'w>(mut here: Near, near: &impl Fn(u32) -> Near, neighbours: impl Fn(u32) -> &'w [u32]) -> Near {
    loop {
        match neighbours(here.row).iter().map(|&row| near(row)).max() {
            Some(better) if better > here => here = better,
            _ => return here,
        }
    }
}

/// Best-first walk on level 0 that keeps the `ef` best rows seen (Algorithm 2 of the paper).
fn walk<'w>(
    start: Near,
    rows: usize,
    ef: usize,
    near: &impl Fn(u32) -> Near,
    neighbours: impl Fn(u32) -> &'w [u32],
) -> Vec<Near> {
    let mut seen = vec![0u64; rows.div_ceil(64)];
    let mut first_visit = |row: u32| {
        let (word, bit) = (row as usize / 64, 1u64 << (row % 64));
        let new = seen[word] & bit == 0;
        seen[word] |= bit;
        new
    };
    first_visit(start.row);
    let mut open = BinaryHeap::from([start]);
    let mut best = BinaryHeap::from([Reverse(start)]);
    while let Some(here) = open.pop() {
        let worst = |best: &BinaryHeap<Reverse<Near>>| best.peek().map_or(start, |Reverse(n)| *n);
        if best.len() >= ef && here < worst(&best) {
            break;
        }
        for &row in neighbours(here.row) {
            if !first_visit(row) {
                continue;
            }
            let candidate = near(row);
            if best.len() < ef || candidate > worst(&best) {
                open.push(candidate);
                best.push(Reverse(candidate));
                if best.len() > ef {
                    best.pop();
                }
            }
        }
    }
    best.into_iter().map(|Reverse(n)| n).collect()
}
