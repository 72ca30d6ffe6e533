//! Vectors as one or two bits for each dimension.
//!
//! After the rotation, the values of a vector minus the mean vector are about normal. A first bit says the sign, a second
//! one whether the value is far from zero. The constants are the best values for the two and four cells of a normal
//! number (Max, "Quantizing for Minimum Distortion", 1960), in units of the vector's deviation.

/// Where the outer cells begin.
const FAR_FROM: f32 = 0.981_6;

/// A vector in two bits for each dimension.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Code {
    /// A bit for each dimension: whether the value is positive. The first dimension is the lowest bit of the first byte.
    pub(crate) signs: Vec<u8>,
    /// A bit for each dimension: whether the value is in an outer cell.
    pub(crate) far: Vec<u8>,
    /// Standard deviation of the values around zero.
    pub(crate) deviation: f32,
}

impl Code {
    /// The code of a rotated vector from which the mean is subtracted.
    pub(crate) fn of(centred: &[f32]) -> Self {
        let deviation = (centred.iter().map(|v| v * v).sum::<f32>() / centred.len().max(1) as f32).sqrt();
        let bits = |is_set: &dyn Fn(f32) -> bool| {
            let byte = |values: &[f32]| (0u8..).zip(values).map(|(bit, v)| u8::from(is_set(*v)) << bit).sum();
            centred.chunks(8).map(byte).collect()
        };
        let edge = FAR_FROM * deviation;
        Self { signs: bits(&|v| v > 0.0), far: bits(&|v| v.abs() > edge), deviation }
    }
}

/// The deviation of each code as a share of the largest, in 255 steps; and the largest.
pub(crate) fn deviations<'c>(codes: impl Iterator<Item = &'c Code> + Clone) -> (f32, Vec<u8>) {
    let largest = codes.clone().map(|c| c.deviation).fold(f32::MIN_POSITIVE, f32::max);
    (largest, codes.map(|c| (c.deviation / largest * 255.0).round() as u8).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_say_sign_and_size() {
        let code = Code::of(&[2.0, -0.1, 0.1, -2.0, 0.0, 0.0, 0.0, 0.0, 0.1]);
        assert_eq!((code.signs, code.far), (vec![0b101, 1], vec![0b1001, 0]));
        let codes = [Code::of(&[1.0, -1.0]), Code::of(&[0.5, 0.5])];
        assert_eq!(deviations(codes.iter()), (1.0, vec![255, 128]));
    }
}
