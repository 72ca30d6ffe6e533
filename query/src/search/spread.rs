//! The spread of a list of numbers.

/// Mean and standard deviation; both 0 for an empty list.
pub(super) fn mean_and_deviation(values: impl ExactSizeIterator<Item = f32> + Clone) -> (f32, f32) {
    let count = values.len().max(1) as f32;
    let mean = values.clone().sum::<f32>() / count;
    (mean, (values.map(|v| (v - mean).powi(2)).sum::<f32>() / count).sqrt())
}
