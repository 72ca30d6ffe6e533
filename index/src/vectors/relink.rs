//! Chooses the links of level 0 again, once the graph has every node.
//!
//! While a graph grows, `hnsw_rs` links a node to the nearest of the earlier nodes, and drops the farthest link of a
//! full node, regardless of where it leads. The larger the graph, the more links that walks need are lost. So this
//! module walks each node's neighbourhood once more. It chooses the node's links among all nodes found, and chooses
//! links back the same way (Malkov and Yashunin 2018, Algorithm 4; a second pass over a whole graph is from
//! Subramanya et al., "DiskANN", 2019). It chooses the links of all nodes from the same graph, so the result does not
//! depend on the order of threads.

use std::cmp::Reverse;

use rayon::prelude::*;

use super::{
    graph::Links,
    kernels,
    walk::{Front, Seen},
};

/// The nodes of a segment, represented by their codes.
#[derive(Clone, Copy)]
pub(crate) struct Nodes<'a> {
    pub(crate) codes: &'a [u8],
    pub(crate) dimension: usize,
}

impl<'a> Nodes<'a> {
    fn code(self, node: u32) -> &'a [u8] {
        &self.codes[node as usize * self.dimension..][..self.dimension]
    }

    fn seen(self, from: u32, to: u32) -> Seen {
        Seen::new(kernels::row_codes(self.code(from), self.code(to)), to)
    }

    /// Level 0 with at most `most` links for each node, chosen among about `width` candidates.
    pub(crate) fn relink(self, old: &Links, most: usize, width: usize) -> Links {
        let nodes = old.members();
        let choose = |front: &mut Front, node| self.choose(self.around(node, old, front), most);
        let chosen: Vec<Vec<u32>> =
            (0..nodes as u32).into_par_iter().map_init(|| Front::new(width, nodes), choose).collect();
        let mut both_ways = chosen.clone();
        for (node, links) in (0..).zip(&chosen) {
            links.iter().for_each(|&to| both_ways[to as usize].push(node));
        }
        let cut = |(node, links): (usize, Vec<u32>)| {
            let candidates = self.candidates(node as u32, links);
            if candidates.len() <= most { rows(&candidates) } else { self.choose(candidates, most) }
        };
        Links::of_all(both_ways.into_par_iter().enumerate().map(cut).collect::<Vec<_>>())
    }

    /// The nodes that a walk from a node finds, and the nodes that it is linked to.
    fn around(self, node: u32, old: &Links, front: &mut Front) -> Vec<Seen> {
        let accepts = |_| true;
        front.start(self.seen(node, node), accepts);
        let look = |row| self.seen(node, row);
        let whole = front.spread(|row| old.of(row as usize), |row| self.code(row), look, accepts, &mut { usize::MAX });
        debug_assert!(whole.is_some(), "nothing limits this walk");
        let found = front.best().filter(|seen| seen.row() != node);
        nearest_first(found.chain(old.of(node as usize).iter().map(|&to| look(to))).collect())
    }

    /// Some nodes, each once, the nearest to `node` first.
    fn candidates(self, node: u32, rows: Vec<u32>) -> Vec<Seen> {
        nearest_first(rows.into_iter().map(|row| self.seen(node, row)).collect())
    }

    /// The nearest of some candidates, without those that are nearer to one already taken: a walk reaches them from
    /// there. If that leaves less than half of `most`, the nearest skipped candidates fill it up.
    fn choose(self, candidates: Vec<Seen>, most: usize) -> Vec<u32> {
        let (mut taken, mut passed): (Vec<u32>, Vec<u32>) = (Vec::with_capacity(most), Vec::new());
        for candidate in candidates {
            if taken.len() == most {
                break;
            }
            let far = candidate.product();
            let code = self.code(candidate.row());
            let is_led_to = taken.iter().any(|&by| kernels::row_codes(self.code(by), code) > far);
            if is_led_to { &mut passed } else { &mut taken }.push(candidate.row());
        }
        let room = (most / 2).saturating_sub(taken.len());
        taken.extend(passed.into_iter().take(room));
        taken
    }
}

fn nearest_first(mut seen: Vec<Seen>) -> Vec<Seen> {
    seen.sort_unstable_by_key(|seen| Reverse(*seen));
    seen.dedup();
    seen
}

fn rows(seen: &[Seen]) -> Vec<u32> {
    seen.iter().map(|seen| seen.row()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIMENSION: usize = 8;

    fn dot(a: &[u8], b: &[u8]) -> i64 {
        a.iter().zip(b).map(|(x, y)| (i64::from(*x) - 128) * (i64::from(*y) - 128)).sum()
    }

    /// Reproducible points on a sphere, as codes.
    fn codes(nodes: usize) -> Vec<u8> {
        let mut state = 7u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / (1u64 << 24) as f64 - 0.5
        };
        let mut unit = || {
            let raw: Vec<f64> = (0..DIMENSION).map(|_| random()).collect();
            let length = raw.iter().map(|v| v * v).sum::<f64>().sqrt();
            raw.into_iter().map(move |v| ((v / length * 127.0).round() + 128.0) as u8)
        };
        (0..nodes).flat_map(|_| unit()).collect()
    }

    /// Links that connect every node to the next one, and to the one `step` further.
    fn ring(nodes: usize, step: usize) -> Links {
        Links::of_all((0..nodes).map(|n| vec![((n + 1) % nodes) as u32, ((n + step) % nodes) as u32]))
    }

    #[test]
    fn links_lead_to_what_is_near_though_they_did_not() {
        let codes = codes(600);
        let nodes = Nodes { codes: &codes, dimension: DIMENSION };
        let old = ring(600, 25);
        let new = nodes.relink(&old, 12, 64);
        let share_of_nearest = |links: &Links| {
            let is_linked = |node: usize| {
                let product = |other: &usize| dot(nodes.code(node as u32), nodes.code(*other as u32));
                let nearest = (0..600).filter(|other| *other != node).max_by_key(product).expect("others");
                links.of(node).contains(&(nearest as u32))
            };
            (0..600).filter(|node| is_linked(*node)).count()
        };
        assert!(share_of_nearest(&old) < 10);
        let found = share_of_nearest(&nodes.relink(&new, 12, 64));
        assert!(found > 550, "{found}");
    }

    #[test]
    fn a_node_has_no_more_links_than_it_may_and_none_to_itself() {
        let codes = codes(300);
        let nodes = Nodes { codes: &codes, dimension: DIMENSION };
        let new = nodes.relink(&ring(300, 17), 8, 32);
        for node in 0..300 {
            let links = new.of(node);
            assert!((1..=8).contains(&links.len()), "{links:?}");
            assert!(!links.contains(&(node as u32)), "{links:?}");
        }
    }

    #[test]
    fn what_another_link_leads_to_is_passed_by() {
        let at = |angle: f64| [(angle.cos() * 127.0) as i32 + 128, (angle.sin() * 127.0) as i32 + 128].map(|v| v as u8);
        // From node 0: three close together on one side, one alone and farther on the other.
        let codes: Vec<u8> = [0.0, 0.30, 0.35, 0.40, -0.5].into_iter().flat_map(at).collect();
        let nodes = Nodes { codes: &codes, dimension: 2 };
        let candidates = |rows: &[u32]| nodes.candidates(0, rows.to_vec());
        assert_eq!(nodes.choose(candidates(&[1, 2, 3, 4]), 2), [1, 4]);
        assert_eq!(nodes.choose(candidates(&[3, 2, 1]), 4), [1, 2], "filled up to half");
    }
}
