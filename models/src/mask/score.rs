//! The pseudo-log-likelihood of a text.
//!
//! Salazar et al., "Masked Language Model Scoring" (2020): each token is masked in turn and predicted from all the
//! others, and the logarithms of the probabilities are summed.

use rayon::prelude::*;

use super::model::MaskModel;
use crate::{Error, Result};

/// One token of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenScore {
    /// Its spelling.
    pub token: String,
    /// Its bytes in the text, half-open.
    pub bytes: (usize, usize),
    /// Natural logarithm of its probability, given all the others.
    pub log_probability: f64,
}

/// A scored text.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// Its tokens, without special tokens.
    pub tokens: Vec<TokenScore>,
    /// Sum of their logarithms.
    pub pseudo_log_likelihood: f64,
}

impl MaskModel {
    /// Scores a text, token by token.
    ///
    /// # Errors
    /// [`Error::BadText`] if the text is empty or longer than the model accepts.
    pub fn score(&self, text: &str) -> Result<Scored> {
        let whole = self.tokenizer().whole(text)?;
        let most = self.tokenizer().max_tokens();
        let bad = |found: String| {
            Err(Error::BadText { found, expected: format!("1 to {most} tokens, including special tokens") })
        };
        if whole.ids.len() > most {
            return bad(format!("the text has {} tokens", whole.ids.len()));
        }
        let places: Vec<usize> = (0..whole.ids.len()).filter(|&i| whole.offsets[i].0 < whole.offsets[i].1).collect();
        if places.is_empty() {
            return bad("the text has no tokens to score".into());
        }
        let one = |&at: &usize| {
            let mut ids = whole.ids.clone();
            let right = std::mem::replace(&mut ids[at], self.mask());
            let rows = self.log_probabilities(&ids, &[at as u32])?;
            let token = self.tokenizer().token(right).unwrap_or_default();
            let log_probability = f64::from(rows[0][right as usize]);
            Ok(TokenScore { token, bytes: whole.offsets[at], log_probability })
        };
        let tokens = places.par_iter().map(one).collect::<Result<Vec<_>>>()?;
        let pseudo_log_likelihood = tokens.iter().map(|t| t.log_probability).sum();
        Ok(Scored { tokens, pseudo_log_likelihood })
    }
}
