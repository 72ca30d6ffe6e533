//! Nearest vectors over all segments.

use super::{
    codes, scan,
    segment::Segment,
    tokens::QueryTokens,
    walk::{Near, Walk},
};
use crate::{Encoded, PassageId, Scored, Selection, best::BestK, calibration::Standing};

/// Number of selected passages up to which a search examines every one.
const EXACT_UP_TO: usize = 8_000;
/// Number of rows of a walk that are scored again, as a multiple of the requested number: codes seldom rank a row
/// further back than that.
const SCORED_AGAIN: usize = 3;

/// The vectors of a generation.
#[derive(Debug)]
pub(crate) struct VectorSearch {
    segments: Vec<Segment>,
    /// The place of each passage's vector: segment and row.
    places: Vec<(u32, u32)>,
    /// The passages that are not deleted; `None` if no passage is deleted.
    live: Option<Selection>,
    /// Number of selected passages up to which a search examines every one.
    exact_up_to: usize,
}

impl VectorSearch {
    /// Takes the segments of a generation; `None` if a live passage has no vector, or if a vector belongs to no
    /// passage that the generation ever had.
    pub(crate) fn new(segments: Vec<Segment>, live: &Selection) -> Option<Self> {
        const NOWHERE: (u32, u32) = (u32::MAX, u32::MAX);
        let mut places = vec![NOWHERE; live.universe()];
        for (s, segment) in (0u32..).zip(&segments) {
            for row in 0..segment.len() {
                for &passage in segment.passages(row) {
                    *places.get_mut(passage as usize)? = (s, row as u32);
                }
            }
        }
        let whole = live.iter().all(|p| places[p as usize] != NOWHERE);
        let live = (live.len() < live.universe()).then(|| live.clone());
        whole.then_some(Self { segments, places, live, exact_up_to: EXACT_UP_TO })
    }

    /// The standing of each query among the vectors of live passages. Each query comes with its own similarity.
    pub(crate) fn standings(&self, queries: &[(&[f32], f32)], is_live: impl Fn(PassageId) -> bool) -> Vec<Standing> {
        let has_life = |segment: &Segment, row| segment.passages(row).iter().any(|p| is_live(*p));
        let of = |s| (0..Segment::len(s)).filter(move |row| has_life(s, *row)).map(|row| s.row(row));
        scan::standings(queries, &self.segments.iter().flat_map(of).collect::<Vec<_>>())
    }

    /// Number of rows of each segment.
    pub(crate) fn segment_rows(&self) -> Vec<usize> {
        self.segments.iter().map(Segment::len).collect()
    }

    /// The rows of a segment that live passages have, with those passages.
    pub(crate) fn live_rows(&self, segment: usize) -> impl Iterator<Item = (Encoded, Vec<PassageId>)> {
        let segment = &self.segments[segment];
        let is_live = |p: &PassageId| self.live.as_ref().is_none_or(|live| live.contains(*p));
        let row = move |row| {
            let encoded = Encoded { vector: codes::widened(segment.row(row)), tokens: segment.tokens(row).to_owned() };
            (encoded, segment.passages(row).iter().copied().filter(is_live).collect())
        };
        (0..segment.len()).map(row).filter(|(_, passages): &(_, Vec<_>)| !passages.is_empty())
    }

    /// The similarity of each of a query's tokens to the nearest token of a passage; `None` if the passage has no codes.
    pub(crate) fn token_similarities(&self, query: &QueryTokens, passage: PassageId) -> Option<Vec<f32>> {
        query.nearest(self.token_codes(passage))
    }

    /// The stored codes of a passage's tokens.
    pub(crate) fn token_codes(&self, passage: PassageId) -> &[u8] {
        let (segment, row) = self.places[passage as usize];
        self.segments[segment as usize].tokens(row as usize)
    }

    /// The stored vector of a passage and the stored codes of its tokens.
    pub(crate) fn encoded(&self, passage: PassageId) -> Encoded {
        let (segment, row) = self.places[passage as usize];
        Encoded {
            vector: self.vector(passage),
            tokens: self.segments[segment as usize].tokens(row as usize).to_owned(),
        }
    }

    /// Number of distinct vectors.
    pub(crate) fn len(&self) -> usize {
        self.segments.iter().map(Segment::len).sum()
    }

    /// The `k` passages nearest to a unit vector, best first, ties by the lower number, among those selected. `ef` is
    /// how many candidates a walk keeps; a larger value finds more and takes longer.
    pub(crate) fn nearest(&self, query: &[f32], k: usize, ef: usize, among: Option<&Selection>) -> Vec<Scored> {
        // A scan of every selected passage is exact, and as fast as a walk that must skip most rows.
        if let Some(few) = among.filter(|few| few.len() <= self.exact_up_to) {
            return self.exact(query, k, few.iter());
        }
        let among = among.or(self.live.as_ref());
        let all = among.map_or(self.places.len(), Selection::len);
        match (self.walked(query, k, ef, among, all), among) {
            (Some(found), _) if found.len() >= k.min(all) => found,
            (_, Some(selected)) => self.exact(query, k, selected.iter()),
            (_, None) => self.exact(query, k, 0..all as PassageId),
        }
    }

    /// Searches by a scan of some passages.
    fn exact(&self, query: &[f32], k: usize, passages: impl Iterator<Item = PassageId>) -> Vec<Scored> {
        let mut best = BestK::new(k);
        passages.for_each(|p| best.offer(Scored { passage: p, score: self.similarity(query, p) }));
        best.into_sorted()
    }

    /// Searches by a walk over each graph that keeps selected rows, and examines at most `looks` rows; `None` if
    /// these do not suffice. The selected rows may lie far from the nearest ones.
    fn walked(
        &self,
        query: &[f32],
        k: usize,
        ef: usize,
        among: Option<&Selection>,
        mut looks: usize,
    ) -> Option<Vec<Scored>> {
        let is_selected = |p: PassageId| among.is_none_or(|s| s.contains(p));
        // For every row that it keeps, a walk passes as many rows as there are for each selected row. So its front is
        // as broad as without a filter, though it keeps fewer rows.
        let keep = (ef as f64 * among.map_or(1.0, Selection::share)).ceil() as usize;
        let mut best = BestK::new(k);
        for segment in &self.segments {
            let accepts = |row: u32| segment.passages(row as usize).iter().any(|&p| is_selected(p));
            for near in nearest_rows(segment, query, k, keep.max(k), accepts, &mut looks)? {
                let passages = segment.passages(near.row as usize).iter().filter(|&&p| is_selected(p));
                passages.for_each(|&passage| best.offer(Scored { passage, score: near.similarity }));
            }
        }
        Some(best.into_sorted())
    }

    /// Cosine similarity of one passage.
    pub(crate) fn similarity(&self, query: &[f32], passage: PassageId) -> f32 {
        let (segment, row) = self.places[passage as usize];
        self.segments[segment as usize].similarity(query, row as usize)
    }

    /// The vector of one passage.
    pub(crate) fn vector(&self, passage: PassageId) -> Vec<f32> {
        let (segment, row) = self.places[passage as usize];
        codes::widened(self.segments[segment as usize].row(row as usize))
    }
}

/// The `k` best accepted rows, best first. `looks` is the number of rows that may be examined, and is reduced by the
/// number examined; `None` if it does not suffice.
fn nearest_rows(
    segment: &Segment,
    query: &[f32],
    k: usize,
    keep: usize,
    accepts: impl Fn(u32) -> bool,
    looks: &mut usize,
) -> Option<Vec<Near>> {
    let mut best = match segment.graph() {
        Some(_) if segment.len() > keep => {
            Walk { segment, query, keep, scored: SCORED_AGAIN * k }.run(accepts, looks)?
        }
        _ => scan::rows(segment, query, accepts),
    };
    best.sort_unstable_by(|a, b| b.similarity.total_cmp(&a.similarity).then(a.row.cmp(&b.row)));
    best.truncate(k);
    Some(best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::{
        SegmentWriter, build,
        codes::{Scale, halved},
        graph::Graph,
    };

    const DIMENSION: usize = 24;

    fn dot(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(x, y)| x * y).sum()
    }

    /// Unit vectors that are the same for the same seed.
    fn vectors(n: usize, seed: u64) -> Vec<Vec<f32>> {
        let mut state = seed;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
        };
        let unit = |v: Vec<f32>| {
            let norm = v.iter().map(|x| x * x).sum::<f32>().sqrt();
            v.into_iter().map(|x| x / norm).collect()
        };
        (0..n).map(|_| unit((0..DIMENSION).map(|_| random()).collect())).collect()
    }

    fn search_over(rows: &[Vec<f32>]) -> (VectorSearch, bool) {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut writer = SegmentWriter::create(dir.path(), DIMENSION).expect("writable");
        for (passage, row) in (0..).zip(rows) {
            let place = writer.add(&row.clone().into()).expect("a good row");
            writer.add_passage(place, passage);
        }
        writer.finish().expect("writable");
        let segment = Segment::open(dir.path(), DIMENSION).expect("whole");
        let has_graph = segment.graph().is_some();
        (VectorSearch::new(vec![segment], &Selection::all(rows.len())).expect("every passage has a row"), has_graph)
    }

    fn recall_at_10(search: &VectorSearch, rows: &[Vec<f32>]) -> f64 {
        let queries = vectors(50, 99);
        let mut found = 0;
        for query in &queries {
            let mut exact: Vec<(f32, u32)> = rows.iter().zip(0..).map(|(r, i)| (dot(query, r), i)).collect();
            exact.sort_by(|a, b| b.0.total_cmp(&a.0));
            let near = search.nearest(query, 10, 128, None);
            assert!(near.len() == 10 && near.windows(2).all(|pair| pair[0].score >= pair[1].score));
            found += near.iter().filter(|n| exact[..10].iter().any(|e| e.1 == n.passage)).count();
        }
        found as f64 / (10 * queries.len()) as f64
    }

    #[test]
    fn a_graph_finds_nearly_all_of_the_nearest() {
        let rows = vectors(6000, 1);
        let (search, has_graph) = search_over(&rows);
        assert!(has_graph);
        let recall = recall_at_10(&search, &rows);
        assert!(recall >= 0.95, "{recall}");
    }

    /// Recall@10 against a scan of the selection: of a walk that is never abandoned, and of a search. The third
    /// number is how many walks a search abandons for a scan.
    fn filtered_recall(search: &VectorSearch, queries: &[Vec<f32>], selection: &Selection) -> (f64, f64, usize) {
        let (mut walk, mut whole, mut wanted, mut scans) = (0, 0, 0, 0);
        for query in queries {
            let exact = search.exact(query, 10, selection.iter());
            let hits = |list: &[Scored]| list.iter().filter(|n| exact.iter().any(|e| e.passage == n.passage)).count();
            let near = search.nearest(query, 10, 128, Some(selection));
            assert_eq!(near.len(), exact.len());
            whole += hits(&near);
            walk += search.walked(query, 10, 128, Some(selection), usize::MAX).map_or(0, |list| hits(&list));
            wanted += exact.len();
            scans += usize::from(search.walked(query, 10, 128, Some(selection), selection.len()).is_none());
        }
        (walk as f64 / wanted as f64, whole as f64 / wanted as f64, scans)
    }

    #[test]
    fn a_filtered_walk_finds_what_a_scan_finds() {
        let rows = vectors(6000, 1);
        let (mut search, has_graph) = search_over(&rows);
        assert!(has_graph);
        search.exact_up_to = 0;
        let queries = vectors(50, 99);
        for one_in in [2, 20, 1000] {
            let mut selection = Selection::none(rows.len());
            (0..rows.len() as u32).filter(|p| p % one_in == 1).for_each(|p| selection.insert(p));
            let (walk, whole, scans) = filtered_recall(&search, &queries, &selection);
            assert!(walk >= 0.95 && whole >= 0.95, "one in {one_in}: {walk} {whole}");
            match one_in {
                2 => assert_eq!(scans, 0, "half of the rows are walked"),
                1000 => assert_eq!((scans, whole), (queries.len(), 1.0), "a handful is looked at"),
                _ => {}
            }
        }
    }

    #[test]
    fn a_selection_far_from_the_query_is_found() {
        let rows = vectors(6000, 1);
        let (mut search, _) = search_over(&rows);
        search.exact_up_to = 0;
        for query in vectors(10, 98) {
            let mut by_distance: Vec<(f32, u32)> = rows.iter().zip(0..).map(|(r, i)| (dot(&query, r), i)).collect();
            by_distance.sort_by(|a, b| a.0.total_cmp(&b.0));
            for count in [5, 40, 300, 3000] {
                let mut selection = Selection::none(rows.len());
                by_distance[..count].iter().for_each(|(_, p)| selection.insert(*p));
                let (_, whole, _) = filtered_recall(&search, std::slice::from_ref(&query), &selection);
                assert!(whole >= 0.95, "the {count} farthest: {whole}");
            }
        }
    }

    #[test]
    fn a_small_segment_is_searched_exactly() {
        let rows = vectors(500, 2);
        let (search, has_graph) = search_over(&rows);
        assert!(!has_graph);
        assert_eq!(recall_at_10(&search, &rows), 1.0);
    }

    #[test]
    fn codes_that_do_not_fit_the_rows_are_refused() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut writer = SegmentWriter::create(dir.path(), DIMENSION).expect("writable");
        for (passage, row) in (0..).zip(&vectors(5000, 6)) {
            let place = writer.add(&row.clone().into()).expect("a good row");
            writer.add_passage(place, passage);
        }
        writer.finish().expect("writable");
        let path = dir.path().join(crate::layout::CODES);
        let codes = std::fs::read(&path).expect("readable");
        std::fs::write(&path, &codes[1..]).expect("writable");
        let error = Segment::open(dir.path(), DIMENSION).expect_err("short");
        assert!(error.to_string().contains("119999 codes, expected 5000 rows of 24"), "{error}");
    }

    #[test]
    fn a_graph_that_points_outside_is_refused() {
        let rows: Vec<u16> = vectors(200, 3).iter().flat_map(|row| halved(row)).collect();
        let scale = Scale::of(&rows);
        let words = build::build(&scale.row(&rows).collect::<Vec<u8>>(), DIMENSION, scale.unit());
        let path = std::path::Path::new("graph.u32");
        assert!(Graph::parse(path, &words, 200).is_ok());
        assert!(Graph::parse(path, &words, 199).is_err());
        let mut beyond = words.clone();
        *beyond.last_mut().expect("links") = 200;
        assert!(Graph::parse(path, &beyond, 200).is_err());
        for end in 0..words.len() {
            assert!(Graph::parse(path, &words[..end], 200).is_err(), "cut at {end}");
        }
    }
}
