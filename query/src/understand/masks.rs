//! The masked-language model of an index's encoder, loaded when it is first needed.

use std::sync::{Arc, OnceLock};

use cloze_models::{Artifact, Encoder, mask::MaskModel};

/// Sessions: a query needs a few short runs, and they share the weights.
const SESSIONS: usize = 2;

/// The model, once it is loaded; nothing where it has no head.
#[derive(Clone, Default)]
pub(crate) struct Masks {
    of: Option<Arc<(Artifact, Encoder)>>,
    model: Arc<OnceLock<Option<MaskModel>>>,
}

impl Masks {
    /// Of the model that `encoder` is of, whose tokenizer it shares.
    pub(crate) fn of(artifact: Artifact, encoder: Encoder) -> Self {
        Self { of: Some(Arc::new((artifact, encoder))), model: Arc::default() }
    }

    /// The model. Without one, queries are corrected by edits and frequency alone, and blanks stay blank.
    pub(crate) fn get(&self) -> Option<&MaskModel> {
        let (artifact, encoder) = self.of.as_deref()?;
        let load = || match MaskModel::with_tokenizer(artifact, encoder.shared_tokenizer(), SESSIONS) {
            Ok(model) => Some(model),
            Err(error) => {
                tracing::info!(%error, "no masked tokens are predicted");
                None
            }
        };
        self.model.get_or_init(load).as_ref()
    }
}
