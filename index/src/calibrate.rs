//! Measures the similarities of an unfinished generation.

use std::collections::BTreeMap;

use crate::{
    Calibration, Generation, PassageId, Result, Script, Translated,
    calibration::Standing,
    vectors::{SegmentWriter, VectorSearch},
};

/// Queries that calibrate a generation.
#[derive(Debug, Clone, Default)]
pub struct Probes {
    /// Vectors of queries that no passage answers.
    pub unrelated: Vec<Vec<f32>>,
    /// Queries made from one passage each.
    pub known: Vec<KnownItem>,
    /// Scripts that no page uses, and how well the model finds translations from them.
    pub foreign: BTreeMap<Script, Translated>,
}

/// A query made from a passage.
#[derive(Debug, Clone)]
pub struct KnownItem {
    /// The passage.
    pub passage: PassageId,
    /// The language of the passage; empty, if the page states none.
    pub language: String,
    /// The vector of the query.
    pub vector: Vec<f32>,
}

/// Measures over the passages of the new generation only, so the result does not depend on its history.
pub(crate) fn calibrate(
    vectors: &mut SegmentWriter,
    base: Option<&Generation>,
    probes: &Probes,
    live: &[bool],
) -> Result<Calibration> {
    let is_live = |id: PassageId| live[id as usize];
    let base = base.map(Generation::vector_search).transpose()?;
    let unrelated: Vec<(&[f32], f32)> = probes.unrelated.iter().map(|v| (v.as_slice(), f32::INFINITY)).collect();
    let own = own_similarities(vectors, base, &probes.known)?;
    let known: Vec<(&[f32], f32)> = probes.known.iter().zip(own).map(|(k, own)| (k.vector.as_slice(), own)).collect();
    let all = [unrelated, known].concat();
    let mut standings = vectors.standings(&all, is_live)?;
    if let Some(base) = base {
        let before = base.standings(&all, is_live);
        standings.iter_mut().zip(before).for_each(|(standing, other)| *standing = standing.and(other));
    }
    let known = standings.split_off(probes.unrelated.len());
    let highest = standings.iter().map(|s| s.highest).filter(|s| s.is_finite()).collect();
    let language = |(item, standing): (&_, Standing)| (KnownItem::language(item), standing);
    let known: Vec<_> = probes.known.iter().zip(known).map(language).collect();
    Ok(Calibration { foreign: probes.foreign.clone(), ..Calibration::of(highest, &known) })
}

impl KnownItem {
    fn language(&self) -> String {
        self.language.clone()
    }
}

/// The similarity of each known item to its own passage.
fn own_similarities(vectors: &mut SegmentWriter, base: Option<&VectorSearch>, known: &[KnownItem]) -> Result<Vec<f32>> {
    let items: Vec<(&[f32], PassageId)> = known.iter().map(|k| (k.vector.as_slice(), k.passage)).collect();
    let new = vectors.own_similarities(&items)?;
    let old = |(vector, id): &(&[f32], PassageId)| base.map_or(f32::INFINITY, |base| base.similarity(vector, *id));
    Ok(items.iter().zip(new).map(|(item, new)| new.unwrap_or_else(|| old(item))).collect())
}
