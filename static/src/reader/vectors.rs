//! The files `n` and `c`: similarities of passages.

use std::collections::{BTreeMap, HashMap};

use super::Folder;
use crate::{Result, bytes::Reader, codes::LEVELS};

/// How many passages' vectors a search fetches, and how the best passages by words count in the choice of groups.
const FETCHED: usize = 320;
const LEADERS: usize = 50;
const LEAD: f64 = 0.3;

/// A vector as signs.
#[derive(Debug, Clone)]
pub(super) struct Signs {
    pub(super) signs: Vec<u8>,
    size: f64,
}

/// A vector as signs and, if they are known, cells.
pub(super) struct Cells {
    pub(super) signs: Vec<u8>,
    /// The low and the high bits of the numbers of the cells.
    pub(super) cells: Option<(Vec<u8>, Vec<u8>)>,
    pub(super) size: f64,
}

impl Cells {
    /// The values, of a passage without the mean.
    pub(super) fn values(&self) -> Vec<f64> {
        let bit = |bits: &[u8], i: usize| usize::from((bits[i >> 3] >> (i & 7)) & 1);
        let level = |i: usize| match &self.cells {
            Some((low, high)) => f64::from(LEVELS[bit(low, i) + 2 * bit(high, i)]),
            None => 1.0,
        };
        let value = |i: usize| self.size * if bit(&self.signs, i) == 1 { level(i) } else { -level(i) };
        (0..self.signs.len() * 8).map(value).collect()
    }
}

/// A query to compare with codes.
pub(super) struct Probe {
    pub(super) vector: Vec<f64>,
    base: f64,
}

impl Probe {
    pub(super) fn new(vector: Vec<f64>, mean: &[f64]) -> Self {
        let base = vector.iter().zip(mean).fold(0.0, |sum, (v, m)| sum + v * m);
        Self { vector, base }
    }

    fn by_signs(&self, code: &Signs) -> f64 {
        // One sum for each byte, as a browser adds them.
        let byte = |(values, signs): (&[f64], &u8)| {
            let signed = values.iter().enumerate().map(|(bit, v)| if (signs >> bit) & 1 == 1 { *v } else { -*v });
            signed.fold(0.0, |sum, v| sum + v)
        };
        let sum = self.vector.chunks(8).zip(&code.signs).map(byte).fold(0.0, |sum, v| sum + v);
        self.base + code.size * sum
    }

    fn by_cells(&self, code: &Cells) -> f64 {
        self.base + code.values().iter().zip(&self.vector).fold(0.0, |sum, (v, q)| sum + v * q)
    }
}

/// The vectors of an export.
pub(super) struct Vectors<'r> {
    folder: &'r Folder,
    bytes: usize,
    middles: Vec<(usize, Signs)>,
    group_of: Vec<usize>,
}

/// Codes of passages by their signs, and of a few with their cells.
#[derive(Default)]
pub(super) struct Known {
    pub(super) signs: HashMap<u32, Signs>,
    pub(super) fine: BTreeMap<u32, Cells>,
}

impl<'r> Vectors<'r> {
    pub(super) fn open(folder: &'r Folder, passages: usize, dimension: usize) -> Result<Self> {
        let (data, bytes) = (folder.read('n', 0)?, dimension.div_ceil(8));
        let mut reader = Reader::new(&data);
        let mut middles = Vec::new();
        for _ in 0..reader.number()? {
            let (count, size) = (reader.number()?, f64::from(reader.float()?));
            middles.push((count, Signs { signs: reader.raw(bytes)?.to_vec(), size }));
        }
        let planes = [reader.raw(passages)?, reader.raw(passages)?, reader.raw(passages)?];
        let group = |i: usize| planes.iter().rev().fold(0usize, |all, plane| all << 8 | usize::from(plane[i]));
        Ok(Self { folder, bytes, middles, group_of: (0..passages).map(group).collect() })
    }

    /// The codes of the groups near a query. `leaders` are the best passages by words, with their scores.
    pub(super) fn around(&self, probe: &Probe, leaders: &[(u32, f64)]) -> Result<Known> {
        let mut known = Known::default();
        for group in self.chosen(probe, leaders) {
            self.add(group, &mut known)?;
        }
        Ok(known)
    }

    /// The signs of a passage; its group joins the known ones.
    pub(super) fn signs(&self, passage: u32, known: &mut Known) -> Result<Signs> {
        if !known.signs.contains_key(&passage) {
            self.add(self.group_of[passage as usize], known)?;
        }
        known.signs.get(&passage).cloned().ok_or(crate::Error::Cut)
    }

    fn add(&self, group: usize, known: &mut Known) -> Result<()> {
        let data = self.folder.read('c', group)?;
        let mut reader = Reader::new(&data);
        let passages = reader.ascending()?;
        let largest = f64::from(reader.float()?);
        let shares = reader.raw(passages.len())?;
        for (passage, &share) in passages.into_iter().zip(shares) {
            let size = (f64::from(share) / 255.0) * largest;
            known.signs.insert(passage, Signs { signs: reader.raw(self.bytes)?.to_vec(), size });
        }
        Ok(())
    }

    fn chosen(&self, probe: &Probe, leaders: &[(u32, f64)]) -> Vec<usize> {
        let mut lead = vec![0f64; self.middles.len()];
        let best = leaders.first().map_or(1.0, |(_, score)| *score);
        for (rank, (passage, score)) in leaders.iter().take(LEADERS).enumerate() {
            lead[self.group_of[*passage as usize]] += score / best / (1.0 + rank as f64 / 5.0);
        }
        let worth = |(k, (_, middle)): (usize, &(usize, Signs))| probe.by_signs(middle) + LEAD * lead[k].min(1.0);
        let worth: Vec<f64> = self.middles.iter().enumerate().map(worth).collect();
        let mut order: Vec<usize> = (0..worth.len()).collect();
        order.sort_by(|&a, &b| worth[b].total_cmp(&worth[a]).then(a.cmp(&b)));
        let mut sum = 0;
        let is_wanted = |(i, group): &(usize, &usize)| {
            sum += self.middles[**group].0;
            *i == 0 || sum <= FETCHED
        };
        order.iter().enumerate().take_while(is_wanted).map(|(_, group)| *group).collect()
    }

    /// Similarity of a passage: by its cells, by its signs, or by the middle of its group.
    pub(super) fn similarity(&self, probe: &Probe, passage: u32, known: &Known) -> f64 {
        match (known.fine.get(&passage), known.signs.get(&passage)) {
            (Some(cells), _) => probe.by_cells(cells),
            (None, Some(signs)) => probe.by_signs(signs),
            (None, None) => probe.by_signs(&self.middles[self.group_of[passage as usize]].1),
        }
    }
}
