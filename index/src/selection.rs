//! A set of passages, such as the result of a filter.

use crate::PassageId;

/// Passages of one generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    bits: Vec<u64>,
    len: usize,
    universe: usize,
}

impl Selection {
    /// No passage of a generation with `universe` numbers.
    pub(crate) fn none(universe: usize) -> Self {
        Self { bits: vec![0; universe.div_ceil(64)], len: 0, universe }
    }

    /// Every passage of a generation with `universe` numbers.
    pub(crate) fn all(universe: usize) -> Self {
        let mut all = Self::none(universe);
        (0..universe as PassageId).for_each(|p| all.insert(p));
        all
    }

    /// Every passage of a generation with `universe` numbers, except the deleted ones (`gone`).
    pub(crate) fn all_but(universe: usize, gone: &[PassageId]) -> Self {
        let mut live = Self::all(universe);
        for &passage in gone {
            live.bits[passage as usize / 64] &= !(1 << (passage % 64));
        }
        live.len = live.bits.iter().map(|w| w.count_ones() as usize).sum();
        live
    }

    /// Some passages of a generation with `universe` numbers; numbers beyond are left out.
    #[must_use]
    pub fn of(universe: usize, passages: impl IntoIterator<Item = PassageId>) -> Self {
        let mut some = Self::none(universe);
        passages.into_iter().filter(|p| (*p as usize) < universe).for_each(|p| some.insert(p));
        some
    }

    /// The bound of passage numbers: they run from 0 to below this.
    pub(crate) fn universe(&self) -> usize {
        self.universe
    }

    pub(crate) fn insert(&mut self, passage: PassageId) {
        let (word, bit) = (passage as usize / 64, 1 << (passage % 64));
        self.len += usize::from(self.bits[word] & bit == 0);
        self.bits[word] |= bit;
    }

    /// Keeps only the passages that `keep` accepts.
    pub(crate) fn retain(&mut self, keep: impl Fn(&PassageId) -> bool) {
        let dropped: Vec<PassageId> = self.iter().filter(|p| !keep(p)).collect();
        for passage in dropped {
            self.bits[passage as usize / 64] &= !(1 << (passage % 64));
            self.len -= 1;
        }
    }

    /// Keeps only the passages that are also in `other`.
    pub(crate) fn intersect(&mut self, other: &Self) {
        self.bits.iter_mut().zip(&other.bits).for_each(|(a, b)| *a &= b);
        self.len = self.bits.iter().map(|w| w.count_ones() as usize).sum();
    }

    /// Whether a passage is in it.
    #[must_use]
    pub fn contains(&self, passage: PassageId) -> bool {
        self.bits[passage as usize / 64] & (1 << (passage % 64)) != 0
    }

    /// Number of passages in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Share of the generation that is in it.
    pub(crate) fn share(&self) -> f64 {
        self.len as f64 / self.universe.max(1) as f64
    }

    /// Its passages, ascending.
    pub fn iter(&self) -> impl Iterator<Item = PassageId> + '_ {
        self.bits.iter().enumerate().flat_map(|(i, &word)| {
            let mut rest = word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros())?;
                rest &= rest - 1;
                Some(i as PassageId * 64 + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_behave_as_sets() {
        let mut s = Selection::none(200);
        for p in [0, 63, 64, 199, 64] {
            s.insert(p);
        }
        assert_eq!((s.len(), s.iter().collect::<Vec<_>>()), (4, vec![0, 63, 64, 199]));
        s.retain(|p| *p != 63);
        assert!(s.len() == 3 && !s.contains(63) && s.contains(64));
        let mut all = Selection::all(200);
        assert_eq!(all.len(), 200);
        all.intersect(&s);
        assert_eq!(all, s);
    }
}
