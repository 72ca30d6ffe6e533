//! The encoder of a BERT-class checkpoint, built node by node.
//!
//! Devlin et al., "BERT" (2019): embeddings, then layers of self-attention and feed-forward, each followed by a
//! residual sum and layer normalisation. The nodes are ONNX Runtime's fused operators (domain `com.microsoft`).
//! Each run takes one text, so it needs no padding and no mask.
//!
//! Input `input_ids` `[1, tokens]` int32; output `token_vectors` `[1, tokens, hidden]` f32.
//! Pooling happens outside: it costs microseconds there, and the token vectors stay available.
//!
//! For a large vocabulary, the input is `embeddings` `[1, tokens, hidden]` f32 in place of the ids: `embeddings`
//! sums them.
//!
//! For a model with relative positions (MPNet), a second input, `attention_bias` `[1, heads, tokens, tokens]` f32, is
//! added to the scores of attention: `distances` computes it.
//!
//! With a masked-language-model head, the graph has a second input, `masked_positions` `[masked]` int32: the tokens
//! to predict. The output is then `logits` `[1, masked, vocabulary]` f32.

use ort::{
    editor::{Graph, Model, Node, ONNX_DOMAIN, Opset},
    memory::Allocator,
    operator::{Attribute, ToAttribute},
    value::{Outlet, PrimitiveTensorElementType, Shape, SymbolicDimensions, Tensor, TensorElementType, ValueType},
};

use super::{
    embeddings,
    quantize::{Storage, per_column},
};
use crate::{Artifact, Error, Precision, Result, artifact::BertConfig, weights::Weights};

const MICROSOFT: &str = "com.microsoft";
pub(crate) const INPUT: &str = "input_ids";
pub(crate) const EMBEDDED: &str = "embeddings";
pub(crate) const OUTPUT: &str = "token_vectors";
pub(crate) const POSITIONS: &str = "masked_positions";
pub(crate) const DISTANCES: &str = "attention_bias";
pub(crate) const LOGITS: &str = "logits";
/// The version of the graph, raised at every change. Cached graphs of another version are ignored.
pub(crate) const VERSION: u32 = 2;

/// The output of a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The vector of every token.
    Encoder,
    /// The same, from embeddings summed outside the graph.
    Embedded,
    /// The same as the first, with a bias for the distance of each pair of tokens.
    Distant,
    /// Logits of the tokens at given positions.
    MaskedLm,
}

/// Builds the graph of a checkpoint.
///
/// # Errors
/// [`Error::BadWeight`] if a tensor is absent or misshapen, [`Error::BadFile`] for an unknown
/// activation, [`Error::Onnx`] if ONNX Runtime refuses.
pub(crate) fn build(artifact: &Artifact, weights: &Weights, kind: Kind, storage: Storage) -> Result<Model> {
    let mut b = Builder {
        graph: Graph::new().map_err(Error::onnx("create a graph"))?,
        weights,
        config: &artifact.config,
        precision: artifact.record.precision,
        storage,
    };
    let activation = activation(artifact)?;
    b.declare(kind)?;
    let mut x = match kind {
        Kind::Embedded => b.embedded()?,
        Kind::Encoder | Kind::Distant | Kind::MaskedLm => b.embeddings()?,
    };
    for layer in 0..b.config.num_hidden_layers {
        x = b.layer(layer, &x, activation, kind)?;
    }
    match kind {
        Kind::Encoder | Kind::Embedded | Kind::Distant => b.node("Identity", ONNX_DOMAIN, &[&x], &[OUTPUT], vec![])?,
        Kind::MaskedLm => b.head(&x, activation)?,
    }
    let opsets = [Opset::new(ONNX_DOMAIN, 21), Opset::new(MICROSOFT, 1)];
    let opsets: Vec<_> = opsets.into_iter().collect::<ort::Result<_>>().map_err(Error::onnx("name operators"))?;
    let mut model = Model::new(opsets).map_err(Error::onnx("create a model"))?;
    model.set_graph(b.graph).map_err(Error::onnx("assemble the graph"))?;
    Ok(model)
}

/// Operator and domain of the configured activation.
fn activation(artifact: &Artifact) -> Result<(&'static str, &'static str)> {
    match artifact.config.hidden_act.as_str() {
        "gelu" => Ok(("Gelu", MICROSOFT)),
        "gelu_new" | "gelu_fast" | "gelu_pytorch_tanh" => Ok(("FastGelu", MICROSOFT)),
        "relu" => Ok(("Relu", ONNX_DOMAIN)),
        other => Err(Error::bad_file(
            artifact.dir.join("config.json"),
            format!("hidden_act is {other:?}"),
            "gelu, gelu_new, gelu_fast, gelu_pytorch_tanh or relu",
        )),
    }
}

struct Builder<'a> {
    graph: Graph,
    weights: &'a Weights,
    config: &'a BertConfig,
    precision: Precision,
    storage: Storage,
}

impl Builder<'_> {
    fn declare(&mut self, kind: Kind) -> Result<()> {
        let tensor = |ty, dims: &[i64]| ValueType::Tensor {
            ty,
            shape: Shape::new(dims.iter().copied()),
            dimension_symbols: SymbolicDimensions::empty(dims.len()),
        };
        let hidden = self.config.hidden_size as i64;
        let mut inputs = vec![match kind {
            Kind::Embedded => Outlet::new(EMBEDDED, tensor(TensorElementType::Float32, &[1, -1, hidden])),
            Kind::Encoder | Kind::Distant | Kind::MaskedLm => {
                Outlet::new(INPUT, tensor(TensorElementType::Int32, &[1, -1]))
            }
        }];
        let (output, width) = match kind {
            Kind::Encoder | Kind::Embedded => (OUTPUT, hidden),
            Kind::Distant => {
                let heads = self.config.num_attention_heads as i64;
                inputs.push(Outlet::new(DISTANCES, tensor(TensorElementType::Float32, &[1, heads, -1, -1])));
                (OUTPUT, hidden)
            }
            Kind::MaskedLm => {
                inputs.push(Outlet::new(POSITIONS, tensor(TensorElementType::Int32, &[-1])));
                (LOGITS, self.config.vocab_size as i64)
            }
        };
        let output = Outlet::new(output, tensor(TensorElementType::Float32, &[1, -1, width]));
        self.graph.set_inputs(inputs).map_err(Error::onnx("declare the inputs"))?;
        self.graph.set_outputs([output]).map_err(Error::onnx("declare the output"))
    }

    /// Word, position and token-type embeddings, summed and normalised. A single text has token
    /// type 0 throughout, so that row is added to the position table once, here.
    fn embeddings(&mut self) -> Result<String> {
        let (hidden, c) = (self.config.hidden_size, self.config);
        let words = self.weights.tensor("embeddings.word_embeddings.weight", &[c.vocab_size, hidden])?;
        let positions = embeddings::positions(self.weights, c)?;
        self.initializer("words", &[c.vocab_size, hidden], &words)?;
        self.initializer("positions", &[positions.len() / hidden, hidden], &positions)?;
        let norm = self.norm_parameters("embeddings.LayerNorm")?;
        self.node(
            "EmbedLayerNormalization",
            MICROSOFT,
            &[INPUT, "", "words", "positions", "", &norm.0, &norm.1],
            &["embedded", "embedded.mask"],
            vec![attribute("epsilon", c.layer_norm_eps)?],
        )?;
        Ok("embedded".into())
    }

    /// Normalises embeddings that are already summed.
    fn embedded(&mut self) -> Result<String> {
        let norm = self.norm_parameters("embeddings.LayerNorm")?;
        let attributes = vec![attribute("axis", -1i64)?, attribute("epsilon", self.config.layer_norm_eps)?];
        self.node("LayerNormalization", ONNX_DOMAIN, &[EMBEDDED, &norm.0, &norm.1], &["embedded"], attributes)?;
        Ok("embedded".into())
    }

    fn layer(&mut self, index: usize, x: &str, activation: (&str, &str), kind: Kind) -> Result<String> {
        let at = |part: &str| format!("encoder.layer.{index}.{part}");
        let (hidden, inner) = (self.config.hidden_size, self.config.intermediate_size);
        let context = match kind {
            Kind::Distant => self.distant_attention(index, x)?,
            Kind::Encoder | Kind::Embedded | Kind::MaskedLm => self.attention(index, x)?,
        };
        let projected = self.linear(&at("attention.output.dense"), &context, hidden, hidden)?;
        let attended = self.residual_norm(&at("attention.output.LayerNorm"), &projected, x)?;
        let widened = self.linear(&at("intermediate.dense"), &attended, hidden, inner)?;
        let active = format!("{widened}.active");
        self.node(activation.0, activation.1, &[&widened], &[&active], vec![])?;
        let narrowed = self.linear(&at("output.dense"), &active, inner, hidden)?;
        self.residual_norm(&at("output.LayerNorm"), &narrowed, &attended)
    }

    /// BERT's head for masked tokens: a dense layer, then the word embeddings as the decoder. Only the requested
    /// tokens pass through it.
    fn head(&mut self, x: &str, activation: (&str, &str)) -> Result<()> {
        let (hidden, vocabulary) = (self.config.hidden_size, self.config.vocab_size);
        let axis = attribute("axis", 1i64)?;
        self.node("Gather", ONNX_DOMAIN, &[x, POSITIONS], &["masked"], vec![axis])?;
        let transformed = self.linear("cls.predictions.transform.dense", "masked", hidden, hidden)?;
        let active = format!("{transformed}.active");
        self.node(activation.0, activation.1, &[&transformed], &[&active], vec![])?;
        let norm = self.norm_parameters("cls.predictions.transform.LayerNorm")?;
        let attributes = vec![attribute("axis", -1i64)?, attribute("epsilon", self.config.layer_norm_eps)?];
        self.node("LayerNormalization", ONNX_DOMAIN, &[&active, &norm.0, &norm.1], &["predicted"], attributes)?;
        let words = self.weights.tensor("embeddings.word_embeddings.weight", &[vocabulary, hidden])?;
        let bias = self.weights.tensor("cls.predictions.bias", &[vocabulary])?;
        let logits = self.dense("decoder", "predicted", &transpose(&words, vocabulary, hidden), &bias)?;
        self.node("Identity", ONNX_DOMAIN, &[&logits], &[LOGITS], vec![])
    }

    /// Self-attention with query, key and value packed into one matrix product.
    fn attention(&mut self, index: usize, x: &str) -> Result<String> {
        let hidden = self.config.hidden_size;
        let name = format!("layer{index}.attention");
        let (matrix, bias) = self.packed_qkv(index)?;
        let heads = attribute("num_heads", self.config.num_attention_heads as i64)?;
        let (weight, out, bias_name) = (format!("{name}.qkv"), format!("{name}.context"), format!("{name}.bias"));
        self.initializer(&bias_name, &[3 * hidden], &bias)?;
        if self.precision == Precision::Fp32 {
            self.initializer(&weight, &[hidden, 3 * hidden], &matrix)?;
            self.node("Attention", MICROSOFT, &[x, &weight, &bias_name], &[&out], vec![heads])?;
            return Ok(out);
        }
        let [q, q_scale, q_zero] = ["q", "q_scale", "q_zero"].map(|s| format!("{name}.{s}"));
        self.node("DynamicQuantizeLinear", ONNX_DOMAIN, &[x], &[&q, &q_scale, &q_zero], vec![])?;
        let (w, scale, zero) = self.quantized(&weight, &[hidden, 3 * hidden], &matrix)?;
        let inputs = [&q, &w, &bias_name, &q_scale, &scale, "", &q_zero, &zero];
        self.node("QAttention", MICROSOFT, &inputs, &[&out], vec![heads])?;
        Ok(out)
    }

    /// Self-attention whose scores also depend on the distance of two tokens. The library's quantised operator takes no
    /// such scores, so query, key and value are products of their own.
    fn distant_attention(&mut self, index: usize, x: &str) -> Result<String> {
        let hidden = self.config.hidden_size;
        let part = |which: &str| format!("encoder.layer.{index}.attention.self.{which}");
        let query = self.linear(&part("query"), x, hidden, hidden)?;
        let key = self.linear(&part("key"), x, hidden, hidden)?;
        let value = self.linear(&part("value"), x, hidden, hidden)?;
        let heads = attribute("num_heads", self.config.num_attention_heads as i64)?;
        let out = format!("layer{index}.attention.context");
        let inputs = [query.as_str(), &key, &value, "", "", DISTANCES];
        self.node("MultiHeadAttention", MICROSOFT, &inputs, &[&out], vec![heads])?;
        Ok(out)
    }

    /// `[hidden, 3 * hidden]` and its bias, from three matrices of `[outputs, inputs]`.
    fn packed_qkv(&self, index: usize) -> Result<(Vec<f32>, Vec<f32>)> {
        let hidden = self.config.hidden_size;
        let (mut matrix, mut bias) = (vec![0f32; hidden * 3 * hidden], Vec::with_capacity(3 * hidden));
        for (part, which) in ["query", "key", "value"].into_iter().enumerate() {
            let name = format!("encoder.layer.{index}.attention.self.{which}");
            let w = self.weights.tensor(&format!("{name}.weight"), &[hidden, hidden])?;
            bias.extend(self.weights.tensor(&format!("{name}.bias"), &[hidden])?);
            for (output, row) in w.chunks_exact(hidden).enumerate() {
                for (input, &value) in row.iter().enumerate() {
                    matrix[input * 3 * hidden + part * hidden + output] = value;
                }
            }
        }
        Ok((matrix, bias))
    }

    /// `x W + b` for a dense layer of `inputs` by `outputs`.
    fn linear(&mut self, name: &str, x: &str, inputs: usize, outputs: usize) -> Result<String> {
        let stored = self.weights.tensor(&format!("{name}.weight"), &[outputs, inputs])?;
        let bias = self.weights.tensor(&format!("{name}.bias"), &[outputs])?;
        self.dense(name, x, &transpose(&stored, outputs, inputs), &bias)
    }

    /// `x W + b` for a matrix of `[inputs, outputs]`.
    fn dense(&mut self, name: &str, x: &str, matrix: &[f32], bias: &[f32]) -> Result<String> {
        let (inputs, outputs) = (matrix.len() / bias.len(), bias.len());
        let (weight, bias_name, out) = (format!("{name}.w"), format!("{name}.b"), format!("{name}.out"));
        self.initializer(&bias_name, &[outputs], bias)?;
        if self.precision == Precision::Fp32 {
            let product = format!("{name}.product");
            self.initializer(&weight, &[inputs, outputs], matrix)?;
            self.node("MatMul", ONNX_DOMAIN, &[x, &weight], &[&product], vec![])?;
            self.node("Add", ONNX_DOMAIN, &[&product, &bias_name], &[&out], vec![])?;
        } else {
            let (w, scale, zero) = self.quantized(&weight, &[inputs, outputs], matrix)?;
            self.node("DynamicQuantizeMatMul", MICROSOFT, &[x, &w, &scale, &zero, &bias_name], &[&out], vec![])?;
        }
        Ok(out)
    }

    /// `LayerNorm(x + skip)`, as two operators: the library's fused one (SkipLayerNormalization) sums one value at
    /// a time, and takes six to eight times as long.
    fn residual_norm(&mut self, name: &str, x: &str, skip: &str) -> Result<String> {
        let norm = self.norm_parameters(name)?;
        let (sum, out) = (format!("{name}.sum"), format!("{name}.out"));
        self.node("Add", ONNX_DOMAIN, &[x, skip], &[&sum], vec![])?;
        let attributes = vec![attribute("axis", -1i64)?, attribute("epsilon", self.config.layer_norm_eps)?];
        self.node("LayerNormalization", ONNX_DOMAIN, &[&sum, &norm.0, &norm.1], &[&out], attributes)?;
        Ok(out)
    }

    fn norm_parameters(&mut self, name: &str) -> Result<(String, String)> {
        let hidden = self.config.hidden_size;
        let names = (format!("{name}.weight"), format!("{name}.bias"));
        for n in [&names.0, &names.1] {
            let values = self.weights.tensor(n, &[hidden])?;
            self.initializer(n, &[hidden], &values)?;
        }
        Ok(names)
    }

    /// Adds a quantised matrix; returns the names of its values, scales and zero points.
    fn quantized(&mut self, name: &str, shape: &[usize; 2], matrix: &[f32]) -> Result<(String, String, String)> {
        let q = per_column(matrix, shape[1]);
        let names = (format!("{name}.int8"), format!("{name}.scale"), format!("{name}.zero"));
        self.initializer(&names.1, &[shape[1]], &q.scales)?;
        match self.storage {
            Storage::Signed => {
                self.initializer(&names.0, shape, &q.values)?;
                self.initializer(&names.2, &[shape[1]], &vec![0i8; shape[1]])?;
            }
            Storage::Unsigned => {
                let shifted: Vec<u8> = q.values.iter().map(|&v| (i16::from(v) + 128) as u8).collect();
                self.initializer(&names.0, shape, &shifted)?;
                self.initializer(&names.2, &[shape[1]], &vec![128u8; shape[1]])?;
            }
        }
        Ok(names)
    }

    /// Adds a constant. Its memory must be allocated by ONNX Runtime, which takes ownership of it.
    fn initializer<T>(&mut self, name: &str, shape: &[usize], values: &[T]) -> Result<()>
    where
        T: PrimitiveTensorElementType + Copy + std::fmt::Debug + 'static,
    {
        let dims: Vec<i64> = shape.iter().map(|&d| d as i64).collect();
        let mut tensor =
            Tensor::<T>::new(&Allocator::default(), Shape::new(dims)).map_err(Error::onnx("allocate a weight"))?;
        tensor.extract_tensor_mut().1.copy_from_slice(values);
        self.graph.add_initializer(name, tensor, false).map_err(Error::onnx("add a weight"))
    }

    fn node(
        &mut self,
        operator: &str,
        domain: &str,
        inputs: &[&str],
        outputs: &[&str],
        attributes: Vec<Attribute>,
    ) -> Result<()> {
        // The first output's name is unique, so it serves as the node's.
        let node = Node::new(operator, domain, format!("node.{}", outputs[0]), inputs, outputs, attributes)
            .map_err(Error::onnx("create an operator"))?;
        self.graph.add_node(node).map_err(Error::onnx("add an operator"))
    }
}

fn attribute(name: &str, value: impl ToAttribute) -> Result<Attribute> {
    Attribute::new(name, value).map_err(Error::onnx("create an attribute"))
}

fn transpose(matrix: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut out = vec![0f32; matrix.len()];
    for (r, row) in matrix.chunks_exact(columns).enumerate() {
        for (c, &v) in row.iter().enumerate() {
            out[c * rows + r] = v;
        }
    }
    out
}
