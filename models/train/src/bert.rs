//! BertForMaskedLM, to be trained: the encoder's layers and a head that predicts masked tokens.
//!
//! Devlin et al., "BERT" (2019). Parameters have the names of a Hugging Face checkpoint.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use candle_core::{Device, Result as CandleResult, Tensor};
use cloze_models::{Artifact, weights::Weights};

use crate::{
    Error, Result,
    batch::Batch,
    ops::{Attention, CrossEntropy, Linear, Prediction, attention, gelu, layer_norm, linear},
    optimizer::Parameter,
};

/// Which parameters are trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The head alone.
    Head,
    /// The head and this many of the encoder's layers, counted from the top.
    Top(usize),
    /// Everything, the embeddings included.
    Encoder,
}

impl Scope {
    /// Whether the parameter `name` of an encoder with `layers` layers is trained.
    fn trains(self, name: &str, layers: usize) -> bool {
        let layer = name.strip_prefix("encoder.layer.").and_then(|n| n.split('.').next()?.parse::<usize>().ok());
        match (self, layer) {
            (Self::Encoder, _) => true,
            (Self::Top(n), Some(layer)) => layer + n >= layers,
            (Self::Top(_) | Self::Head, _) => name.starts_with(HEAD),
        }
    }
}

/// Prefix of the names of the head's parameters.
pub(crate) const HEAD: &str = "cls.predictions.";

/// The model.
pub(crate) struct Bert {
    pub(crate) heads: usize,
    pub(crate) layers: usize,
    epsilon: f32,
    first_position: usize,
    /// Everything by name; trained ones are variables.
    tensors: BTreeMap<String, Tensor>,
    pub(crate) parameters: Vec<Parameter>,
    /// Names of those that a head over the encoder brought, whether or not they are trained.
    of_head: BTreeSet<String>,
    token_types: bool,
}

impl Bert {
    /// Reads a checkpoint; a head that it does not have begins as the identity over its embeddings.
    pub(crate) fn load(artifact: &Artifact, weights: &Weights, scope: Scope) -> Result<Self> {
        let c = &artifact.config;
        let mut bert = Self {
            heads: c.num_attention_heads,
            layers: c.num_hidden_layers,
            epsilon: c.layer_norm_eps,
            first_position: c.first_position(),
            tensors: BTreeMap::new(),
            parameters: Vec::new(),
            of_head: BTreeSet::new(),
            token_types: weights.has("embeddings.token_type_embeddings.weight"),
        };
        for (name, shape) in shapes(artifact, weights)? {
            let values = match name.starts_with(HEAD) && !weights.has(&name) {
                true => fresh(&name, &shape),
                false => weights.tensor(&name, &shape)?,
            };
            if weights.is_of_head(&name) {
                bert.of_head.insert(name.clone());
            }
            let tensor = Tensor::from_vec(values, shape, &Device::Cpu)?;
            bert.add(name, tensor, scope)?;
        }
        Ok(bert)
    }

    fn add(&mut self, name: String, tensor: Tensor, scope: Scope) -> Result<()> {
        if scope.trains(&name, self.layers) {
            let parameter = Parameter::new(name.clone(), &tensor)?;
            self.tensors.insert(name, parameter.value.as_tensor().clone());
            self.parameters.push(parameter);
        } else {
            self.tensors.insert(name, tensor);
        }
        Ok(())
    }

    fn get(&self, name: &str) -> CandleResult<&Tensor> {
        self.tensors.get(name).ok_or_else(|| candle_core::Error::Msg(format!("parameter {name:?} is missing")))
    }

    fn dense(&self, name: &str) -> CandleResult<Linear> {
        Ok(Linear {
            weight: self.get(&format!("{name}.weight"))?.clone(),
            bias: self.get(&format!("{name}.bias"))?.clone(),
        })
    }

    fn norm(&self, x: &Tensor, name: &str) -> CandleResult<Tensor> {
        layer_norm(x, self.get(&format!("{name}.weight"))?, self.get(&format!("{name}.bias"))?, self.epsilon)
    }

    /// Mean loss over the masked tokens of a batch, and the prediction for each.
    pub(crate) fn loss(&self, batch: &Batch) -> CandleResult<(Tensor, Vec<Prediction>)> {
        let logits = self.logits(batch)?;
        let entropy = CrossEntropy::new(batch.targets.clone());
        let loss = entropy.loss(&logits)?;
        Ok((loss, entropy.predictions()))
    }

    /// Logits over the vocabulary, a row for every masked token of a batch.
    pub(crate) fn logits(&self, batch: &Batch) -> CandleResult<Tensor> {
        let mut x = self.embed(batch)?;
        let all: Arc<[usize]> = vec![batch.tokens; batch.sequences()].into();
        let masked = Tensor::from_slice(&batch.rows, batch.rows.len(), &Device::Cpu)?;
        for layer in 0..self.layers {
            // Only masked tokens are predicted, so above the last layer's keys and values nothing else counts.
            let (queries, rows) = if layer + 1 < self.layers {
                (x.clone(), all.clone())
            } else {
                (x.index_select(&masked, 0)?, batch.masked.clone())
            };
            x = self.layer(layer, &x, &queries, rows, batch.tokens)?;
        }
        self.head(&x)
    }

    fn embed(&self, batch: &Batch) -> CandleResult<Tensor> {
        let words = self.get("embeddings.word_embeddings.weight")?;
        let ids = Tensor::from_slice(&batch.ids, batch.ids.len(), &Device::Cpu)?;
        let mut positions = self
            .get("embeddings.position_embeddings.weight")?
            .narrow(0, self.first_position, batch.tokens)?
            .repeat((batch.sequences(), 1))?;
        if self.token_types {
            let types = self.get("embeddings.token_type_embeddings.weight")?;
            positions = positions.broadcast_add(&types.narrow(0, 0, 1)?)?;
        }
        self.norm(&(words.index_select(&ids, 0)? + positions)?, "embeddings.LayerNorm")
    }

    fn layer(
        &self,
        layer: usize,
        x: &Tensor,
        queries: &Tensor,
        rows: Arc<[usize]>,
        tokens: usize,
    ) -> CandleResult<Tensor> {
        let at = |part: &str| format!("encoder.layer.{layer}.{part}");
        let q = linear(queries, &self.dense(&at("attention.self.query"))?)?;
        let k = linear(x, &self.dense(&at("attention.self.key"))?)?;
        let v = linear(x, &self.dense(&at("attention.self.value"))?)?;
        let context = attention(&q, &k, &v, &Attention { heads: self.heads, tokens, queries: rows })?;
        let attended = linear(&context, &self.dense(&at("attention.output.dense"))?)?;
        let attended = self.norm(&(attended + queries)?, &at("attention.output.LayerNorm"))?;
        let wide = gelu(&linear(&attended, &self.dense(&at("intermediate.dense"))?)?)?;
        let narrow = linear(&wide, &self.dense(&at("output.dense"))?)?;
        self.norm(&(narrow + attended)?, &at("output.LayerNorm"))
    }

    fn head(&self, x: &Tensor) -> CandleResult<Tensor> {
        let x = gelu(&linear(x, &self.dense("cls.predictions.transform.dense")?)?)?;
        let x = self.norm(&x, "cls.predictions.transform.LayerNorm")?;
        // The decoder's weights are the word embeddings.
        let decoder = Linear {
            weight: self.get("embeddings.word_embeddings.weight")?.clone(),
            bias: self.get("cls.predictions.bias")?.clone(),
        };
        linear(&x, &decoder)
    }

    /// The current value of every parameter, by name.
    pub(crate) fn tensors(&self) -> &BTreeMap<String, Tensor> {
        &self.tensors
    }

    /// What differs from the encoder below: what was trained, and what a head had brought before.
    pub(crate) fn apart(&self) -> impl Iterator<Item = (&String, &Tensor)> {
        let is_trained = |name: &str| self.parameters.iter().any(|p| p.name == name);
        self.tensors.iter().filter(move |(name, _)| self.of_head.contains(*name) || is_trained(name))
    }
}

/// Names and shapes of all parameters of a checkpoint's BertForMaskedLM.
pub(crate) fn shapes(artifact: &Artifact, weights: &Weights) -> Result<Vec<(String, Vec<usize>)>> {
    let c = &artifact.config;
    if c.hidden_act != "gelu" || c.model_type != "bert" {
        return Err(Error::Unsupported {
            path: artifact.dir.join("config.json"),
            found: format!("model_type is {:?} and hidden_act is {:?}", c.model_type, c.hidden_act),
            expected: "model_type \"bert\" and hidden_act \"gelu\"",
        });
    }
    let (h, inner) = (c.hidden_size, c.intermediate_size);
    let rows = |name: &str| weights.rows(name);
    let mut all: Vec<(String, Vec<usize>)> = Vec::new();
    let norm = |all: &mut Vec<_>, name: &str| {
        all.push((format!("{name}.weight"), vec![h]));
        all.push((format!("{name}.bias"), vec![h]));
    };
    all.push(("embeddings.word_embeddings.weight".into(), vec![c.vocab_size, h]));
    let positions = "embeddings.position_embeddings.weight";
    all.push((positions.into(), vec![rows(positions)?, h]));
    let types = "embeddings.token_type_embeddings.weight";
    if weights.has(types) {
        all.push((types.into(), vec![rows(types)?, h]));
    }
    norm(&mut all, "embeddings.LayerNorm");
    for layer in 0..c.num_hidden_layers {
        let at = |part: &str| format!("encoder.layer.{layer}.{part}");
        let mut dense = |name: &str, outputs: usize, inputs: usize| {
            all.push((at(&format!("{name}.weight")), vec![outputs, inputs]));
            all.push((at(&format!("{name}.bias")), vec![outputs]));
        };
        for part in ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"] {
            dense(part, h, h);
        }
        dense("intermediate.dense", inner, h);
        dense("output.dense", h, inner);
        norm(&mut all, &at("attention.output.LayerNorm"));
        norm(&mut all, &at("output.LayerNorm"));
    }
    all.push((format!("{HEAD}transform.dense.weight"), vec![h, h]));
    all.push((format!("{HEAD}transform.dense.bias"), vec![h]));
    norm(&mut all, &format!("{HEAD}transform.LayerNorm"));
    all.push((format!("{HEAD}bias"), vec![c.vocab_size]));
    Ok(all)
}

/// The beginning of a head that a checkpoint does not have: the transform lets vectors through, the
/// biases are zero.
fn fresh(name: &str, shape: &[usize]) -> Vec<f32> {
    match shape {
        [rows, columns] => (0..rows * columns).map(|i| if i / columns == i % columns { 1.0 } else { 0.0 }).collect(),
        [n] if name.ends_with("LayerNorm.weight") => vec![1.0; *n],
        other => vec![0.0; other.iter().product()],
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use cloze_models::Precision;

    use super::*;
    use crate::{Masking, vocabulary::Vocabulary};

    fn tiny(scope: Scope) -> (Bert, Batch) {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/tiny-mlm");
        let artifact = Artifact::read(&dir, "tiny", Precision::Fp32).expect("the fixture");
        let weights = Weights::open(artifact.weights.path()).expect("the fixture");
        let bert = Bert::load(&artifact, &weights, scope).expect("a whole checkpoint");
        let vocabulary = Vocabulary { cls: 2, sep: 3, mask: 4, words: (5..200).collect(), continues: vec![false; 200] };
        let blocks: Vec<Vec<u32>> = (0..3)
            .map(|b| [2].into_iter().chain((0..14).map(|i| 20 + (b * 37 + i * 11) % 150)).chain([3]).collect())
            .collect();
        let batch = Masking { rate: 0.3, whole_words: false }.apply(&blocks, &vocabulary, 5);
        (bert, batch)
    }

    fn loss(bert: &Bert, batch: &Batch) -> f64 {
        f64::from(bert.loss(batch).expect("runs").0.to_scalar::<f32>().expect("a scalar"))
    }

    /// Every parameter's gradient against the change of the loss when one of its values is moved.
    #[test]
    fn gradients_are_those_of_the_loss() {
        let (bert, batch) = tiny(Scope::Encoder);
        let gradients = bert.loss(&batch).expect("runs").0.backward().expect("differentiable");
        let (mut checked, mut worst) = (0, 0f64);
        for p in &bert.parameters {
            let gradient = gradients.get(p.value.as_tensor()).map(|g| g.flatten_all().and_then(|g| g.to_vec1::<f32>()));
            // The second token type is in no text.
            let Some(Ok(gradient)) = gradient else { continue };
            let original = p.value.flatten_all().and_then(|v| v.to_vec1::<f32>()).expect("values");
            // The value whose gradient is steepest: the others drown in rounding.
            let at =
                (0..gradient.len()).max_by(|&a, &b| gradient[a].abs().total_cmp(&gradient[b].abs())).expect("values");
            let moved = |by: f32| {
                let mut values = original.clone();
                values[at] += by;
                let tensor = Tensor::from_vec(values, p.value.shape(), &Device::Cpu).expect("same shape");
                p.value.set(&tensor).expect("same shape");
                loss(&bert, &batch)
            };
            let step = 5e-3;
            let slope = (moved(step) - moved(-step)) / f64::from(2.0 * step);
            moved(0.0);
            let found = f64::from(gradient[at]);
            let difference = (slope - found).abs() / found.abs().max(2e-2);
            assert!(difference < 0.05, "{}[{at}]: gradient {found}, slope {slope}", p.name);
            (checked, worst) = (checked + 1, worst.max(difference));
        }
        println!("{checked} parameters, worst relative difference {worst:.4}");
        assert!(checked >= bert.parameters.len() - 1);
    }

    #[test]
    fn only_what_is_in_scope_is_trained() {
        let names = |scope| tiny(scope).0.parameters.iter().map(|p| p.name.clone()).collect::<Vec<_>>();
        assert!(names(Scope::Head).iter().all(|n| n.starts_with(HEAD)));
        let top = names(Scope::Top(1));
        assert!(
            top.iter().any(|n| n.starts_with("encoder.layer.1."))
                && !top.iter().any(|n| n.starts_with("encoder.layer.0."))
        );
        assert!(names(Scope::Encoder).iter().any(|n| n.starts_with("embeddings.")));
    }

    /// With frozen layers the gradients of the others are the same as without.
    #[test]
    fn freezing_changes_no_other_gradient() {
        let name = "cls.predictions.transform.dense.weight";
        let gradient = |scope| {
            let (bert, batch) = tiny(scope);
            let gradients = bert.loss(&batch).expect("runs").0.backward().expect("differentiable");
            let p = bert.parameters.iter().find(|p| p.name == name).expect("trained");
            gradients
                .get(p.value.as_tensor())
                .expect("has one")
                .flatten_all()
                .and_then(|g| g.to_vec1::<f32>())
                .expect("values")
        };
        let (head, whole) = (gradient(Scope::Head), gradient(Scope::Encoder));
        assert!(head.iter().zip(&whole).all(|(a, b)| (a - b).abs() < 1e-6));
    }
}
