//! A best-first walk over the graph of a segment.
//!
//! Malkov and Yashunin (2018), Algorithms 2 and 5. The walk compares codes, with 8 bits for each value. The rows that
//! it keeps are scored again from their vectors.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{codes, kernels, segment::Segment};

/// A row and its similarity, ordered by similarity, then by the lower row.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Near {
    pub(crate) similarity: f32,
    pub(crate) row: u32,
}

/// A row and the product of its codes with the query's, in one number that orders as the product does,
/// then by the lower row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seen(u64);

impl Seen {
    pub(crate) fn new(product: i32, row: u32) -> Self {
        let ordered = product.cast_unsigned() ^ (1 << 31);
        Self(u64::from(ordered) << 32 | u64::from(!row))
    }

    pub(crate) fn row(self) -> u32 {
        !(self.0 as u32)
    }

    pub(crate) fn product(self) -> i32 {
        ((self.0 >> 32) as u32 ^ (1 << 31)).cast_signed()
    }
}

/// The parameters of a walk.
pub(crate) struct Walk<'a> {
    pub(crate) segment: &'a Segment,
    pub(crate) query: &'a [f32],
    /// Number of accepted rows that the walk keeps: a larger value finds more and takes longer.
    pub(crate) keep: usize,
    /// How many of these are scored again from their vectors.
    pub(crate) scored: usize,
}

impl Walk<'_> {
    /// The best rows that were kept, in no order. `looks` is the number of rows that may be examined, and is reduced
    /// by the number examined; `None` if it does not suffice, or if the segment has no graph.
    pub(crate) fn run(&self, accepts: impl Fn(u32) -> bool, looks: &mut usize) -> Option<Vec<Near>> {
        let (graph, words, all_codes) = self.segment.graph()?;
        let query = codes::query(self.query);
        let code = |row: u32| &all_codes[row as usize * query.len()..][..query.len()];
        let look = |row: u32| Seen::new(kernels::query_codes(&query, code(row)), row);
        let mut here = look(graph.entry());
        for level in (1..=graph.upper_levels()).rev() {
            here = descend(here, look, |row| graph.neighbours(words, level, row));
        }
        let mut front = Front::new(self.keep, self.segment.len());
        front.start(here, &accepts);
        front.spread(|row| graph.neighbours(words, 0, row), code, look, &accepts, looks)?;
        let mut best: Vec<Seen> = front.best().collect();
        if best.len() > self.scored {
            best.select_nth_unstable_by_key(self.scored, |seen| Reverse(*seen));
            best.truncate(self.scored);
        }
        let near = |(at, seen): (usize, &Seen)| {
            if let Some(ahead) = best.get(at + 2) {
                kernels::prefetch(self.segment.row(ahead.row() as usize));
            }
            Near { similarity: self.segment.similarity(self.query, seen.row() as usize), row: seen.row() }
        };
        Some(best.iter().enumerate().map(near).collect())
    }
}

/// Greedy walk on an upper level: goes to the best neighbour until none is better.
fn descend<'w>(mut here: Seen, look: impl Fn(u32) -> Seen, neighbours: impl Fn(u32) -> &'w [u32]) -> Seen {
    loop {
        match neighbours(here.row()).iter().map(|&row| look(row)).max() {
            Some(better) if better > here => here = better,
            _ => return here,
        }
    }
}

/// The rows that a walk has seen, its next candidates, and the `keep` best of the accepted rows. A walk also
/// continues through rows that are not accepted.
pub(crate) struct Front {
    visited: Vec<u64>,
    seen: Vec<u32>,
    open: BinaryHeap<Seen>,
    best: BinaryHeap<Reverse<Seen>>,
    keep: usize,
}

impl Front {
    /// A front for walks over `rows` rows.
    pub(crate) fn new(keep: usize, rows: usize) -> Self {
        let best = BinaryHeap::with_capacity(keep + 1);
        Self { visited: vec![0; rows.div_ceil(64)], seen: Vec::new(), open: BinaryHeap::new(), best, keep }
    }

    /// Resets the front and starts a new walk.
    pub(crate) fn start(&mut self, start: Seen, accepts: impl Fn(u32) -> bool) {
        self.seen.drain(..).for_each(|row| self.visited[row as usize / 64] = 0);
        self.open.clear();
        self.best.clear();
        self.visit(start.row());
        self.open.push(start);
        self.accept(start, &accepts);
    }

    /// Continues until no better row can be near; `None` if it would examine more than `looks` rows.
    pub(crate) fn spread<'w>(
        &mut self,
        neighbours: impl Fn(u32) -> &'w [u32],
        code: impl Fn(u32) -> &'w [u8],
        look: impl Fn(u32) -> Seen,
        accepts: impl Fn(u32) -> bool,
        looks: &mut usize,
    ) -> Option<()> {
        let mut fresh = Vec::with_capacity(64);
        while let Some(next) = self.next() {
            fresh.clear();
            fresh.extend(neighbours(next.row()).iter().copied().filter(|row| self.visit(*row)));
            // Memory is slow, so the walk prefetches all rows before it examines the first, and prefetches the next
            // step too.
            fresh.iter().for_each(|row| kernels::prefetch(code(*row)));
            if let Some(ahead) = self.open.peek() {
                kernels::prefetch(neighbours(ahead.row()));
            }
            *looks = looks.checked_sub(fresh.len())?;
            for &row in &fresh {
                self.offer(look(row), &accepts);
            }
        }
        Some(())
    }

    /// The kept rows, in no order.
    pub(crate) fn best(&self) -> impl Iterator<Item = Seen> {
        self.best.iter().map(|Reverse(seen)| *seen)
    }

    /// Whether this is the first visit.
    fn visit(&mut self, row: u32) -> bool {
        let (word, bit) = (row as usize / 64, 1u64 << (row % 64));
        let is_first = self.visited[word] & bit == 0;
        self.visited[word] |= bit;
        if is_first {
            self.seen.push(row);
        }
        is_first
    }

    /// The best row whose neighbours are not yet examined, unless no better row can be near it.
    fn next(&mut self) -> Option<Seen> {
        self.open.pop().filter(|here| !self.is_full() || *here >= self.worst())
    }

    fn is_full(&self) -> bool {
        self.best.len() >= self.keep
    }

    fn worst(&self) -> Seen {
        self.best.peek().map_or(Seen(0), |Reverse(seen)| *seen)
    }

    fn offer(&mut self, seen: Seen, accepts: &impl Fn(u32) -> bool) {
        if !self.is_full() || seen > self.worst() {
            self.open.push(seen);
            self.accept(seen, accepts);
        }
    }

    fn accept(&mut self, seen: Seen, accepts: &impl Fn(u32) -> bool) {
        if accepts(seen.row()) {
            self.best.push(Reverse(seen));
            if self.best.len() > self.keep {
                self.best.pop();
            }
        }
    }
}
