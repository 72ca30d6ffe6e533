//! The masked-language model of an index's encoder, loaded when it is first needed.

use std::sync::{Arc, OnceLock};

use cloze_models::{Artifact, mask::MaskModel};

/// Sessions: a query needs a few short runs, one after the other.
const SESSIONS: usize = 1;

/// The model, once it is loaded; nothing where it has no head.
#[derive(Clone, Default)]
pub(crate) struct Masks {
    artifact: Option<Arc<Artifact>>,
    model: Arc<OnceLock<Option<MaskModel>>>,
}

impl Masks {
    pub(crate) fn of(artifact: Artifact) -> Self {
        Self { artifact: Some(Arc::new(artifact)), model: Arc::default() }
    }

    /// The model. Without one, queries are corrected by edits and frequency alone, and blanks stay blank.
    pub(crate) fn get(&self) -> Option<&MaskModel> {
        let artifact = self.artifact.as_ref()?;
        let load = || match MaskModel::open(artifact, SESSIONS) {
            Ok(model) => Some(model),
            Err(error) => {
                tracing::info!(%error, "no masked tokens are predicted");
                None
            }
        };
        self.model.get_or_init(load).as_ref()
    }
}
