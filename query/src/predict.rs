//! The wire types of masked-token prediction, and the commands `query fill` and `query score`.

use cloze_models::{
    Artifact, ModelSource, Precision,
    mask::{self, MaskModel},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Error, Result, commands::cli::FillArgs};

/// The default number of predictions.
pub const DEFAULT_TOP_K: usize = 5;
/// Largest number of predictions for a blank.
pub const MAX_TOP_K: usize = 100;
/// Largest number of words in one request.
pub const MAX_TARGETS: usize = 100;

/// A text with blanks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FillRequest {
    /// The text, with `[MASK]` for every blank: 1 to 16 of them.
    #[schema(min_length = 1, example = "the [MASK] sat on the mat")]
    pub text: String,
    /// The number of predictions for each blank, and of filled texts.
    #[serde(default = "default_top_k")]
    #[schema(minimum = 1, maximum = 100, default = 5)]
    pub top_k: usize,
    /// Words to score in every blank.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub targets: Vec<String>,
}

fn default_top_k() -> usize {
    DEFAULT_TOP_K
}

/// The answer to a text with blanks.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FillAnswer {
    /// The model that predicted.
    pub model: String,
    /// The blanks in order. Each is predicted alone, while the others stay blank.
    pub blanks: Vec<BlankAnswer>,
    /// The likeliest texts with all blanks filled, jointly.
    pub filled: Vec<FilledText>,
}

/// The predictions for one blank.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BlankAnswer {
    /// The likeliest tokens.
    pub predictions: Vec<TokenProbability>,
    /// The requested words, in their order.
    pub targets: Vec<TargetProbability>,
}

/// A token and its probability.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TokenProbability {
    /// The token; the prefix `##` marks one that continues a word.
    pub token: String,
    /// 0 to 1; the probabilities of all tokens sum to one.
    pub probability: f64,
}

/// A requested word and its probability.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TargetProbability {
    /// The word.
    pub target: String,
    /// Its pieces.
    pub tokens: Vec<String>,
    /// 0 to 1. For several pieces it is the product of their probabilities, each given the pieces before it.
    pub probability: f64,
}

/// A text with all blanks filled.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FilledText {
    /// The text.
    pub text: String,
    /// The words filled in, in order.
    pub tokens: Vec<String>,
    /// Joint probability of these words.
    pub probability: f64,
}

/// A text to score.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoreRequest {
    /// The text.
    #[schema(min_length = 1)]
    pub text: String,
}

/// The likelihood of a text.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ScoreAnswer {
    /// The model that scored.
    pub model: String,
    /// The tokens in order.
    pub tokens: Vec<ScoredToken>,
    /// Sum of the logarithms: closer to zero is likelier.
    pub pseudo_log_likelihood: f64,
    /// `e` to the negative mean of the logarithms.
    pub pseudo_perplexity: f64,
}

/// One token of a scored text.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ScoredToken {
    /// The token.
    pub token: String,
    /// Natural logarithm of its probability, given all the others.
    pub log_probability: f64,
}

/// Fills the blanks of a text.
///
/// # Errors
/// [`Error::Parameter`] for numbers out of range; [`Error::Model`] for an invalid text or target.
pub fn fill_text(model: &MaskModel, request: &FillRequest) -> Result<FillAnswer> {
    let range = |parameter, found: usize, most: usize, least: usize| match (least..=most).contains(&found) {
        true => Ok(()),
        false => Err(Error::Parameter { parameter, found: found.to_string(), expected: format!("{least} to {most}") }),
    };
    range("top_k", request.top_k, MAX_TOP_K, 1)?;
    range("targets", request.targets.len(), MAX_TARGETS, 0)?;
    let asked = mask::Fill { text: request.text.clone(), top_k: request.top_k, targets: request.targets.clone() };
    let (blanks, filled) = model.fill(&asked)?;
    Ok(FillAnswer {
        model: model.name().to_owned(),
        blanks: blanks.into_iter().map(blank).collect(),
        filled: filled
            .into_iter()
            .map(|f| FilledText { text: f.text, tokens: f.tokens, probability: f.probability })
            .collect(),
    })
}

fn blank(blank: mask::Blank) -> BlankAnswer {
    let token = |p: mask::Prediction| TokenProbability { token: p.token, probability: p.probability };
    let target =
        |t: mask::TargetScore| TargetProbability { target: t.target, tokens: t.tokens, probability: t.probability };
    BlankAnswer {
        predictions: blank.predictions.into_iter().map(token).collect(),
        targets: blank.targets.into_iter().map(target).collect(),
    }
}

/// Scores a text.
///
/// # Errors
/// [`Error::Model`] if it is empty or longer than the model takes.
pub fn score_text(model: &MaskModel, text: &str) -> Result<ScoreAnswer> {
    let scored = model.score(text)?;
    let mean = scored.pseudo_log_likelihood / scored.tokens.len() as f64;
    let token = |t: mask::TokenScore| ScoredToken { token: t.token, log_probability: t.log_probability };
    Ok(ScoreAnswer {
        model: model.name().to_owned(),
        tokens: scored.tokens.into_iter().map(token).collect(),
        pseudo_log_likelihood: scored.pseudo_log_likelihood,
        pseudo_perplexity: (-mean).exp(),
    })
}

fn open(source: Option<&ModelSource>) -> Result<MaskModel> {
    let source = source.cloned().unwrap_or_default();
    let artifact = Artifact::read(&source.locate()?, &source.to_string(), Precision::default())?;
    Ok(MaskModel::open(&artifact, cloze_models::available_threads())?)
}

/// Runs `query fill`; returns the text to print.
pub(crate) fn fill(source: Option<&ModelSource>, args: FillArgs, json: bool) -> anyhow::Result<String> {
    let request = FillRequest { text: args.text, top_k: args.top_k, targets: args.targets };
    let answer = fill_text(&open(source)?, &request)?;
    if json {
        return Ok(serde_json::to_string_pretty(&answer)?);
    }
    let mut lines: Vec<String> = Vec::new();
    for (blank, number) in answer.blanks.iter().zip(1..) {
        let of = |p: f64, word: &str| format!("{:>7.3} %  {word}", p * 100.0);
        if answer.blanks.len() > 1 {
            lines.push(format!("blank {number}:"));
        }
        lines.extend(blank.predictions.iter().map(|p| of(p.probability, &p.token)));
        lines.extend(blank.targets.iter().map(|t| of(t.probability, &format!("{} (target)", t.target))));
    }
    if answer.blanks.len() > 1 {
        lines.push("together:".into());
        lines.extend(answer.filled.iter().map(|f| format!("{:>7.3} %  {}", f.probability * 100.0, f.text)));
    }
    Ok(lines.join("\n"))
}

/// Runs `query score`; returns the text to print.
pub(crate) fn score(source: Option<&ModelSource>, text: &str, json: bool) -> anyhow::Result<String> {
    let answer = score_text(&open(source)?, text)?;
    if json {
        return Ok(serde_json::to_string_pretty(&answer)?);
    }
    let mut lines: Vec<String> =
        answer.tokens.iter().map(|t| format!("{:>9.4}  {}", t.log_probability, t.token)).collect();
    lines
        .push(format!("{:>9.4}  sum; pseudo-perplexity {:.2}", answer.pseudo_log_likelihood, answer.pseudo_perplexity));
    Ok(lines.join("\n"))
}
