//! The encoded queries that calibrate a build.

use std::collections::{BTreeMap, BTreeSet};

use cloze_index::{Encoded, KnownItem, Ledger, Passage, PassageId, Probes, Script, Translated, Writer};
use cloze_models::{Encoder, LookupTable, TextKind};
use rayon::prelude::*;

use super::{
    known_items,
    memory::{Memory, Used},
    off_topic, translations,
};
use crate::Result;

/// Known items of a build: one per this many passages, within limits. A small build should not spend its time on
/// them.
const PASSAGES_EACH: usize = 8;
const FEWEST: usize = 48;
const MOST: usize = 256;

/// The pages use a script if this share of the sampled passages does.
const USED: f32 = 0.02;

/// Probes by the model, and by its lookup table if it has one.
pub(crate) struct Both {
    pub(crate) model: Probes,
    pub(crate) lookup: Option<Probes>,
}

/// The queries of a build, the source passages of its known items, and the scripts of its pages.
struct Queries {
    unrelated: Vec<String>,
    scripts: BTreeSet<Script>,
    known: Vec<(PassageId, Passage, String)>,
}

/// The probes of a build, after the writer has received all passages. Vectors of the model come from the ledger if it
/// has them.
pub(crate) fn probes(
    encoder: &Encoder,
    table: Option<&LookupTable>,
    memory: &Memory,
    ledger: &Ledger,
    writer: &Writer,
    passages: u64,
    used: &mut Used,
) -> Result<Both> {
    let most = (passages as usize / PASSAGES_EACH).clamp(FEWEST, MOST);
    let sample = writer.sample(most)?;
    let scripts = scripts(&sample);
    let known =
        sample.into_iter().filter_map(|(id, p)| known_items::query(&p.text).map(|query| (id, p, query))).collect();
    let queries = Queries { unrelated: off_topic::queries(), scripts, known };
    let texts = queries.texts();
    let model = queries.probes(vectors(&texts, encoder, memory, ledger, used)?);
    let by_table = |table: &LookupTable| texts.iter().map(|text| Ok(table.encode(text)?)).collect::<Result<Vec<_>>>();
    let lookup = table.map(by_table).transpose()?.map(|vectors| queries.probes(vectors));
    Ok(Both { model, lookup })
}

impl Queries {
    fn texts(&self) -> Vec<&str> {
        let unrelated = self.unrelated.iter().map(String::as_str);
        unrelated.chain(translations::texts()).chain(self.known.iter().map(|k| k.2.as_str())).collect()
    }

    /// The probes with their vectors, in the order of the texts.
    fn probes(&self, mut vectors: Vec<Vec<f32>>) -> Probes {
        let known = vectors.split_off(vectors.len() - self.known.len());
        let translated = vectors.split_off(self.unrelated.len());
        let item = |((passage, text, _), vector): (&(PassageId, Passage, String), Vec<f32>)| KnownItem {
            passage: *passage,
            language: text.lang.clone().unwrap_or_default(),
            vector,
        };
        let known = self.known.iter().zip(known).map(item).collect();
        let foreign = self.foreign(&vectors, &translated);
        Probes { unrelated: vectors, known, foreign }
    }

    /// How well translations are found, for scripts that the pages do not use.
    fn foreign(&self, unrelated: &[Vec<f32>], translated: &[Vec<f32>]) -> BTreeMap<Script, Translated> {
        translations::found(unrelated, translated).filter(|(script, _)| !self.scripts.contains(script)).collect()
    }
}

/// The scripts that the passages use. Japanese pages also use the script of Chinese.
fn scripts(passages: &[(PassageId, Passage)]) -> BTreeSet<Script> {
    let mut counts = BTreeMap::<Script, usize>::new();
    for script in passages.iter().filter_map(|(_, passage)| Script::of(&passage.text)) {
        *counts.entry(script).or_default() += 1;
    }
    let least = USED * passages.len() as f32;
    let mut used: BTreeSet<_> = counts.into_iter().filter(|(_, n)| *n as f32 >= least).map(|(s, _)| s).collect();
    if used.contains(&Script::Japanese) {
        used.insert(Script::Han);
    }
    used
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
