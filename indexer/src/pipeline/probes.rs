//! The queries that calibrate a build, encoded.

use cloze_index::{Encoded, KnownItem, Ledger, Passage, PassageId, Probes, Writer};
use cloze_models::{Encoder, TextKind};
use rayon::prelude::*;

use super::{
    known_items,
    memory::{Memory, Used},
    off_topic,
};
use crate::Result;

/// Known items of a build: one in so many passages, within bounds. A small build should not spend its time on them.
const PASSAGES_EACH: usize = 8;
const FEWEST: usize = 48;
const MOST: usize = 256;

/// The probes of a build whose passages are all with the writer. Vectors come from the ledger if it has them.
pub(crate) fn probes(
    encoder: &Encoder,
    memory: &Memory,
    ledger: &Ledger,
    writer: &Writer,
    passages: u64,
    used: &mut Used,
) -> Result<Probes> {
    let most = (passages as usize / PASSAGES_EACH).clamp(FEWEST, MOST);
    let sample = writer.sample(most)?;
    let known: Vec<(PassageId, Passage, String)> =
        sample.into_iter().filter_map(|(id, p)| known_items::query(&p).map(|query| (id, p, query))).collect();
    let unrelated = off_topic::queries();
    let texts: Vec<&str> = unrelated.iter().map(String::as_str).chain(known.iter().map(|k| k.2.as_str())).collect();
    let mut vectors = vectors(&texts, encoder, memory, ledger, used)?;
    let known_vectors = vectors.split_off(unrelated.len());
    let item = |((passage, text, _), vector): ((PassageId, Passage, String), Vec<f32>)| KnownItem {
        passage,
        language: text.lang.unwrap_or_default(),
        vector,
    };
    Ok(Probes { unrelated: vectors, known: known.into_iter().zip(known_vectors).map(item).collect() })
}

fn vectors(
    texts: &[&str],
    encoder: &Encoder,
    memory: &Memory,
    ledger: &Ledger,
    used: &mut Used,
) -> Result<Vec<Vec<f32>>> {
    let prefix = encoder.prefix(TextKind::Query);
    let one = |text: &&str| {
        let ids = encoder.tokenizer().tokenize(&format!("{prefix}{text}"))?.ids;
        let key = memory.vector_key(&ids);
        if let Some(known) = ledger.vector(key.as_bytes(), encoder.record().dimension)? {
            return Ok((key, known.vector));
        }
        let encoded = Encoded { vector: encoder.encode_ids(&ids)?, tokens: Vec::new() };
        ledger.put_vector(key.as_bytes(), &encoded)?;
        Ok((key, encoded.vector))
    };
    let encoded: Vec<_> = texts.par_iter().map(one).collect::<Result<_>>()?;
    used.vectors.extend(encoded.iter().map(|(key, _)| *key));
    Ok(encoded.into_iter().map(|(_, vector)| vector).collect())
}
