//! The learning rate of each step.

/// Rises from nothing over the first steps, then falls to nothing along a line (Devlin et al., 2019).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Schedule {
    pub(crate) peak: f64,
    pub(crate) warm_up: u64,
    pub(crate) steps: u64,
}

impl Schedule {
    /// Of a step, counted from 1.
    pub(crate) fn rate(&self, step: u64) -> f64 {
        let rising = step as f64 / self.warm_up.max(1) as f64;
        let left = (self.steps + 1).saturating_sub(step) as f64;
        let falling = left / (self.steps.saturating_sub(self.warm_up) + 1).max(1) as f64;
        self.peak * rising.min(falling).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rises_then_falls() {
        let s = Schedule { peak: 1.0, warm_up: 10, steps: 110 };
        assert_eq!(s.rate(5), 0.5);
        assert_eq!(s.rate(10), 1.0);
        assert!(s.rate(60) < 0.52 && s.rate(60) > 0.48);
        assert!(s.rate(110) > 0.0 && s.rate(110) < 0.02);
    }
}
