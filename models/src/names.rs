//! The names of tensors in checkpoints.
//!
//! This crate uses the names of BERT. Other families have the same layers under other names, older checkpoints call the
//! parameters of a normalisation `gamma` and `beta`, and a checkpoint of a larger model puts its encoder behind a
//! prefix. [`Names`] finds out which, from the names alone.

/// Prefix of the names of a masked-language-model head; they have no other prefix.
pub const HEAD_PREFIX: &str = "cls.";

/// Every encoder has this tensor.
pub(crate) const ANCHOR: &str = "embeddings.word_embeddings.weight";

const PREFIXES: [&str; 8] = ["", "bert.", "roberta.", "model.", "distilbert.", "mpnet.", "camembert.", "0.auto_model."];

/// What BERT calls a layer.
const LAYER: &str = "encoder.layer.";

/// What the families call the parts of a layer. The order matters: a name may contain one further down.
const DISTILBERT: [(&str, &str); 8] = [
    ("attention.self.query", "attention.q_lin"),
    ("attention.self.key", "attention.k_lin"),
    ("attention.self.value", "attention.v_lin"),
    ("attention.output.dense", "attention.out_lin"),
    ("attention.output.LayerNorm", "sa_layer_norm"),
    ("intermediate.dense", "ffn.lin1"),
    ("output.dense", "ffn.lin2"),
    ("output.LayerNorm", "output_layer_norm"),
];
const MPNET: [(&str, &str); 5] = [
    ("attention.self.query", "attention.attn.q"),
    ("attention.self.key", "attention.attn.k"),
    ("attention.self.value", "attention.attn.v"),
    ("attention.output.dense", "attention.attn.o"),
    ("attention.output.LayerNorm", "attention.LayerNorm"),
];

/// How a checkpoint calls its tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Names {
    prefix: &'static str,
    layer: &'static str,
    parts: &'static [(&'static str, &'static str)],
    is_old: bool,
}

impl Names {
    /// Finds out how a checkpoint calls its tensors; `has` says whether it has one of a name. `None` if it is no
    /// checkpoint of a known family.
    pub(crate) fn of(has: impl Fn(&str) -> bool) -> Option<Self> {
        let prefix = PREFIXES.into_iter().find(|prefix| has(&format!("{prefix}{ANCHOR}")))?;
        let query = "encoder.layer.0.attention.self.query.weight";
        let is_old = has(&format!("{prefix}embeddings.LayerNorm.gamma"));
        let bert = Self { prefix, layer: LAYER, parts: &[], is_old };
        let others = [Self { layer: "transformer.layer.", parts: &DISTILBERT, ..bert }, Self { parts: &MPNET, ..bert }];
        Some(others.into_iter().find(|names| has(&names.full(query))).unwrap_or(bert))
    }

    /// What the checkpoint calls the tensor that BERT calls `name`.
    pub(crate) fn full(&self, name: &str) -> String {
        let mut own = name.to_owned();
        if self.is_old {
            own = own.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta");
        }
        if own.starts_with(HEAD_PREFIX) {
            return own;
        }
        if let Some(of_layer) = own.strip_prefix(LAYER) {
            let part = self.parts.iter().find(|(part, _)| of_layer.contains(part));
            let of_layer = part.map_or(of_layer.to_owned(), |(part, theirs)| of_layer.replacen(part, theirs, 1));
            own = format!("{}{of_layer}", self.layer);
        }
        format!("{}{own}", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(tensors: &[&str]) -> Option<Names> {
        Names::of(|name| tensors.contains(&name))
    }

    #[test]
    fn every_family_has_its_own_names() {
        let bert = names(&[ANCHOR, "encoder.layer.0.attention.self.query.weight"]).expect("known");
        assert_eq!(bert.full("encoder.layer.3.output.dense.bias"), "encoder.layer.3.output.dense.bias");
        let anchor = format!("distilbert.{ANCHOR}");
        let distil = names(&[&anchor, "distilbert.transformer.layer.0.attention.q_lin.weight"]).expect("known");
        for (name, theirs) in [
            (
                "encoder.layer.5.attention.output.dense.weight",
                "distilbert.transformer.layer.5.attention.out_lin.weight",
            ),
            ("encoder.layer.5.attention.output.LayerNorm.bias", "distilbert.transformer.layer.5.sa_layer_norm.bias"),
            ("encoder.layer.5.output.dense.weight", "distilbert.transformer.layer.5.ffn.lin2.weight"),
            ("encoder.layer.5.output.LayerNorm.weight", "distilbert.transformer.layer.5.output_layer_norm.weight"),
            ("embeddings.LayerNorm.weight", "distilbert.embeddings.LayerNorm.weight"),
        ] {
            assert_eq!(distil.full(name), theirs);
        }
        let mpnet = names(&[ANCHOR, "encoder.layer.0.attention.attn.q.weight"]).expect("known");
        assert_eq!(mpnet.full("encoder.layer.1.attention.output.dense.bias"), "encoder.layer.1.attention.attn.o.bias");
        assert_eq!(
            mpnet.full("encoder.layer.1.attention.output.LayerNorm.bias"),
            "encoder.layer.1.attention.LayerNorm.bias"
        );
        assert_eq!(mpnet.full("encoder.layer.1.output.LayerNorm.bias"), "encoder.layer.1.output.LayerNorm.bias");
        assert_eq!(names(&["wte.weight"]), None);
    }

    #[test]
    fn old_checkpoints_have_old_names() {
        let anchor = format!("bert.{ANCHOR}");
        let old = names(&[&anchor, "bert.embeddings.LayerNorm.gamma"]).expect("known");
        assert_eq!(old.full("encoder.layer.0.output.LayerNorm.bias"), "bert.encoder.layer.0.output.LayerNorm.beta");
        assert_eq!(old.full("cls.predictions.transform.LayerNorm.weight"), "cls.predictions.transform.LayerNorm.gamma");
        assert_eq!(old.full("cls.predictions.bias"), "cls.predictions.bias");
    }
}
