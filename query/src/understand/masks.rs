//! The masked-language model of an index's encoder, loaded at its first use.

use std::sync::{Arc, OnceLock};

use cloze_models::{Artifact, Encoder, mask::MaskModel};

/// Number of sessions: a query needs a few short runs, and sessions share the weights.
const SESSIONS: usize = 2;

/// The model, once it is loaded; empty if it has no head.
#[derive(Clone, Default)]
pub(crate) struct Masks {
    of: Option<Arc<(Artifact, Encoder)>>,
    model: Arc<OnceLock<Option<MaskModel>>>,
}

impl Masks {
    /// The masked-language model of `encoder`'s model. It shares the encoder's tokenizer.
    pub(crate) fn of(artifact: Artifact, encoder: Encoder) -> Self {
        Self { of: Some(Arc::new((artifact, encoder))), model: Arc::default() }
    }

    /// The model. Without one, queries are corrected by edit distance and word frequency alone, and blanks stay
    /// blank.
    pub(crate) fn get(&self) -> Option<&MaskModel> {
        let (artifact, encoder) = self.of.as_deref()?;
        let load = || match MaskModel::with_tokenizer(artifact, encoder.shared_tokenizer(), SESSIONS) {
            Ok(model) => Some(model),
            Err(error) => {
                tracing::info!(%error, "cannot predict masked tokens");
                None
            }
        };
        self.model.get_or_init(load).as_ref()
    }
}
