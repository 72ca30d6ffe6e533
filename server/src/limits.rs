//! How much may go on at once.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use crate::error::ApiError;

/// Counts searches in flight; more than the limit are refused at once instead of queued without end.
#[derive(Debug, Clone)]
pub(crate) struct InFlight {
    count: Arc<AtomicUsize>,
    limit: usize,
}

/// One search; gives its place back on drop.
#[derive(Debug)]
pub(crate) struct Place(Arc<AtomicUsize>);

impl InFlight {
    pub(crate) fn new(limit: usize) -> Self {
        Self { count: Arc::default(), limit: limit.max(1) }
    }

    /// Takes a place, or says that all are taken.
    pub(crate) fn enter(&self) -> Result<Place, ApiError> {
        let place = Place(self.count.clone());
        if self.count.fetch_add(1, Ordering::AcqRel) < self.limit {
            return Ok(place);
        }
        Err(ApiError::busy())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_come_back() {
        let in_flight = InFlight::new(2);
        let (a, _b) = (in_flight.enter().expect("first"), in_flight.enter().expect("second"));
        assert!(in_flight.enter().is_err());
        drop(a);
        assert!(in_flight.enter().is_ok());
    }
}
