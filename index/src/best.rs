//! The best few of many scored passages.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

use crate::Scored;

/// Keeps the `k` best passages; ties go to the lower number.
pub(crate) struct BestK {
    k: usize,
    heap: BinaryHeap<Reverse<Ranked>>,
}

#[derive(PartialEq)]
struct Ranked(Scored);

impl Eq for Ranked {}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.score.total_cmp(&other.0.score).then(other.0.passage.cmp(&self.0.passage))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl BestK {
    pub(crate) fn new(k: usize) -> Self {
        Self { k, heap: BinaryHeap::with_capacity(k + 1) }
    }

    pub(crate) fn offer(&mut self, scored: Scored) {
        if self.heap.len() < self.k {
            self.heap.push(Reverse(Ranked(scored)));
        } else if let Some(mut worst) = self.heap.peek_mut()
            && Ranked(scored) > worst.0
        {
            *worst = Reverse(Ranked(scored));
        }
    }

    /// The score that a new passage must exceed, once there are `k`.
    pub(crate) fn worst(&self) -> Option<f32> {
        self.heap.peek().filter(|_| self.heap.len() == self.k).map(|Reverse(Ranked(worst))| worst.score)
    }

    /// Best first.
    pub(crate) fn into_sorted(self) -> Vec<Scored> {
        self.heap.into_sorted_vec().into_iter().map(|Reverse(Ranked(s))| s).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_best_and_breaks_ties_downwards() {
        let mut best = BestK::new(3);
        for (passage, score) in [(5, 1.0), (1, 2.0), (9, 0.5), (2, 1.0), (7, 3.0)] {
            best.offer(Scored { passage, score });
        }
        assert_eq!(best.into_sorted().iter().map(|s| s.passage).collect::<Vec<_>>(), [7, 1, 2]);
        let mut none = BestK::new(0);
        none.offer(Scored { passage: 1, score: 1.0 });
        assert!(none.into_sorted().is_empty());
    }
}
