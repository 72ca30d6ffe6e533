//! How far the sums of a table are from the encoder's vectors.

use candle_core::{D, Device, Result, Tensor, Var};

/// Divides similarities before the softmax.
const TEMPERATURE: f64 = 0.05;
/// Weight of the ranking beside the cosine.
const RANKING: f64 = 0.3;

/// The vectors of some texts, row-major: what the table gives, and what the encoder gives.
pub(super) struct Batch<'a> {
    /// Sums of rows, not normalised.
    pub(super) sums: &'a [f32],
    /// The encoder's unit vectors.
    pub(super) wanted: &'a [f32],
    /// The encoder's unit vectors of other texts, which both rank.
    pub(super) others: &'a [f32],
    /// Number of values of a vector.
    pub(super) dimension: usize,
}

/// What a batch costs.
pub(super) struct Cost {
    /// `1 - cosine + 0.3 * ranking`; the ranking is the Kullback-Leibler divergence between the two distributions over
    /// the other texts (softmax of the similarities).
    pub(super) loss: f32,
    /// Mean cosine to the encoder's vectors.
    pub(super) cosine: f32,
}

/// The cost of a batch.
pub(super) fn cost(batch: &Batch<'_>) -> Result<Cost> {
    let (loss, cosine) = of(&matrix(batch.sums, batch.dimension)?, batch)?;
    Ok(Cost { loss: loss.to_scalar()?, cosine: cosine.to_scalar()? })
}

/// The gradient of the loss by the sums, row-major.
pub(super) fn gradient(batch: &Batch<'_>) -> Result<Vec<f32>> {
    let sums = Var::from_tensor(&matrix(batch.sums, batch.dimension)?)?;
    let (loss, _) = of(&sums, batch)?;
    match loss.backward()?.get(sums.as_tensor()) {
        Some(gradient) => gradient.flatten_all()?.to_vec1(),
        None => Ok(vec![0.0; batch.sums.len()]),
    }
}

fn matrix(values: &[f32], columns: usize) -> Result<Tensor> {
    Tensor::from_slice(values, (values.len() / columns.max(1), columns), &Device::Cpu)
}

fn of(sums: &Tensor, batch: &Batch<'_>) -> Result<(Tensor, Tensor)> {
    let wanted = matrix(batch.wanted, batch.dimension)?;
    let others = matrix(batch.others, batch.dimension)?.t()?.contiguous()?;
    let length = (sums.sqr()?.sum_keepdim(1)? + 1e-12)?.sqrt()?;
    let found = sums.broadcast_div(&length)?;
    let texts = wanted.dim(0)?.max(1) as f64;
    let cosine = ((&found * &wanted)?.sum_all()? / texts)?;
    let (by_table, by_encoder) = (log_softmax(&found.matmul(&others)?)?, log_softmax(&wanted.matmul(&others)?)?);
    let ranking = ((by_encoder.exp()? * (by_encoder - by_table)?)?.sum_all()? / texts)?;
    Ok((((1.0 - &cosine)? + (ranking * RANKING)?)?, cosine))
}

/// The logarithm of the softmax of each row of similarities.
fn log_softmax(similarities: &Tensor) -> Result<Tensor> {
    let scaled = (similarities / TEMPERATURE)?;
    let shifted = scaled.broadcast_sub(&scaled.max_keepdim(D::Minus1)?.detach())?;
    shifted.broadcast_sub(&shifted.exp()?.sum_keepdim(D::Minus1)?.log()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_direction_costs_nothing() {
        let others = [0.6, 0.8, 1.0, 0.0];
        let batch = |sums: &'static [f32]| Batch { sums, wanted: &[0.0, 1.0], others: &others, dimension: 2 };
        let same = cost(&batch(&[0.0, 7.0])).expect("a cost");
        assert!(same.loss.abs() < 1e-5 && (same.cosine - 1.0).abs() < 1e-5, "{}", same.loss);
        assert!(cost(&batch(&[7.0, 3.0])).expect("a cost").loss > 0.1);
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_loss() {
        let (wanted, others) = ([0.0, 1.0, 0.6, 0.8], [0.6, 0.8, 1.0, 0.0, 0.8, -0.6]);
        let at = |sums: &[f32]| {
            let batch = Batch { sums, wanted: &wanted, others: &others, dimension: 2 };
            (cost(&batch).expect("a cost").loss, gradient(&batch).expect("a gradient"))
        };
        let sums = [0.9, 1.1, -0.4, 0.7];
        let slopes = at(&sums).1;
        for (i, slope) in slopes.iter().enumerate() {
            let moved = |by: f32| {
                let mut sums = sums;
                sums[i] += by;
                at(&sums).0
            };
            let measured = (moved(1e-2) - moved(-1e-2)) / 2e-2;
            assert!((measured - slope).abs() < 0.02 * slope.abs().max(0.1), "{i}: {measured} {slope}");
        }
    }
}
