//! `indexer model table`: trains a lookup table for an encoder from the user's own pages and texts.
//!
//! The table is kept if it finds enough of what the encoder finds; `gate` measures this.

mod gate;
mod progress;
mod texts;

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Result, bail};
use cloze_models::{Artifact, Encoder, LookupTable, ModelSource, Precision, TextKind, available_threads, table};
use cloze_train::{
    export,
    lookup::{self, Example, Pass, Rows, Settings},
};
use rayon::prelude::*;
use serde::Serialize;

use self::{
    gate::{Found, Task},
    progress::Progress,
    texts::Texts,
};
use crate::{
    commands::{cli::TableArgs, sections},
    source::Selection,
};

/// The share of what the encoder finds that a table must find.
const LEAST_SHARE: f64 = 0.8;

/// The outcome.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Report {
    sections: usize,
    skipped: usize,
    texts: usize,
    held_out: usize,
    /// Tokens of the vocabulary that the texts have.
    tokens: usize,
    before: Pass,
    best: Pass,
    passes: usize,
    /// `None` if the pages have too few known items.
    known_items: Option<Found>,
    /// The table's share of what the encoder finds.
    share: Option<f64>,
    seconds: f64,
    file: PathBuf,
}

/// Trains and judges a table, and writes it if it is good enough; returns the output.
pub(crate) fn run(args: TableArgs) -> Result<String> {
    let started = Instant::now();
    let progress = Progress::new(args.quiet);
    let source = ModelSource::parse(args.model.as_deref().unwrap_or_default());
    let artifact = Artifact::read(&source.locate()?, &source.to_string(), Precision::Int8)?;
    let file = args.out.clone().unwrap_or_else(|| artifact.dir.join(table::FILE));
    let selection = Selection { paths: args.paths, include: args.include, exclude: args.exclude };
    let (sections, skipped) = sections::read(&selection)?;
    let sections = texts::parts(sections);
    let texts = Texts::of(&sections, args.texts, args.seed);
    let encoder = Encoder::from_artifact(&artifact, available_threads())?;
    let held_out = examples(&encoder, &texts.held_out, "held-out texts", &progress)?;
    let train = examples(&encoder, &texts.train, "texts", &progress)?;
    let counts = counts(&train, artifact.config.vocab_size);
    let singles = singles(&encoder, artifact.config.vocab_size, &progress)?;
    let mut rows = Rows::start(singles, &counts, &lookup::mean(&train, encoder.record().dimension));
    let settings = Settings { learning_rate: args.learning_rate, passes: args.passes, seed: args.seed };
    let (best, passes) =
        lookup::fit(&mut rows, &train, &held_out, settings, |pass| progress.pass(pass, settings.passes))?;
    let about = serde_json::json!({"texts": train.len(), "held_out": held_out.len(), "best": best}).to_string();
    let bytes = rows.to_bytes(&artifact, &about)?;
    let known_items = judge(&artifact, &encoder, &bytes, &Task::of(&sections), &progress)?;
    if !args.force {
        refuse_bad(known_items)?;
    }
    export::write_whole(&file, &bytes)?;
    let report = Report {
        sections: sections.len(),
        skipped,
        texts: train.len(),
        held_out: held_out.len(),
        tokens: counts.iter().filter(|c| **c > 0).count(),
        before: passes[0],
        best,
        passes: passes.len() - 1,
        known_items,
        share: known_items.map(|found| found.share()),
        seconds: started.elapsed().as_secs_f64(),
        file,
    };
    Ok(if args.json { serde_json::to_string_pretty(&report)? } else { text(&report) })
}

/// The texts that have tokens, with their vectors.
fn examples(encoder: &Encoder, texts: &[String], what: &str, progress: &Progress) -> Result<Vec<Example>> {
    let bar = progress.bar(what, texts.len());
    let one = |text: &String| {
        bar.inc(1);
        let tokens = encoder.tokenizer().plain_ids(text)?;
        Ok(Example { tokens, vector: encoder.encode(TextKind::Query, text)?.vector })
    };
    let all = texts.par_iter().map(one).collect::<Result<Vec<Example>>>()?;
    bar.finish_and_clear();
    Ok(all.into_iter().filter(|e| !e.tokens.is_empty()).collect())
}

fn counts(examples: &[Example], vocabulary: usize) -> Vec<u64> {
    let mut counts = vec![0; vocabulary];
    for &token in examples.iter().flat_map(|e| &e.tokens) {
        if let Some(count) = counts.get_mut(token as usize) {
            *count += 1;
        }
    }
    counts
}

/// The encoder's vector of each token alone, with the prompt and the special tokens; row-major.
fn singles(encoder: &Encoder, vocabulary: usize, progress: &Progress) -> Result<Vec<f32>> {
    let bar = progress.bar("tokens of the vocabulary", vocabulary);
    let mut ids = encoder.tokenizer().tokenize(encoder.prefix(TextKind::Query))?.ids;
    let end = ids.pop();
    // A model may have more rows than its tokenizer has tokens.
    let known = encoder.tokenizer().vocabulary_size().min(vocabulary);
    let one = |token: usize| {
        bar.inc(1);
        let framed: Vec<u32> = ids.iter().copied().chain([token as u32]).chain(end).collect();
        Ok(encoder.encode_ids(&framed)?)
    };
    let rows = (0..known).into_par_iter().map(one).collect::<Result<Vec<Vec<f32>>>>()?;
    bar.finish_and_clear();
    let mut singles: Vec<f32> = Vec::with_capacity(vocabulary * encoder.record().dimension);
    rows.into_iter().for_each(|row| singles.extend(row));
    singles.resize(vocabulary * encoder.record().dimension, 0.0);
    Ok(singles)
}

/// Judges the table as a search reads it: from a file, in 8 bits.
fn judge(
    artifact: &Artifact,
    encoder: &Encoder,
    bytes: &[u8],
    task: &Task,
    progress: &Progress,
) -> Result<Option<Found>> {
    if !task.is_fair() {
        return Ok(None);
    }
    progress.say("asking for known items by the encoder and by the table");
    let dir = tempfile::tempdir()?;
    export::write_whole(&dir.path().join(table::FILE), bytes)?;
    let beside = Artifact { dir: dir.path().to_owned(), ..artifact.clone() };
    let Some(table) = LookupTable::of(&beside, encoder.shared_tokenizer())? else {
        bail!("the new table cannot be read back");
    };
    task.judge(encoder, &table).map(Some)
}

fn refuse_bad(found: Option<Found>) -> Result<()> {
    let Some(found) = found else {
        bail!(
            "the pages have too few sections to judge the table by, so it was not written; name more pages or texts, or keep it unjudged with --force"
        );
    };
    if found.share() < LEAST_SHARE {
        bail!(
            "the table finds {:.0} % of what the encoder finds ({}), so it was not written; expected at least {:.0} %; name more pages or texts, or keep it with --force",
            found.share() * 100.0,
            figures(&found),
            LEAST_SHARE * 100.0
        );
    }
    Ok(())
}

fn figures(found: &Found) -> String {
    format!(
        "nDCG@10 {:.3} against {:.3}, {} known items in {} sections",
        found.table, found.encoder, found.queries, found.sections
    )
}

fn text(r: &Report) -> String {
    let judged = match &r.known_items {
        Some(found) => format!("it finds {:.0} % of what the encoder finds: {}", found.share() * 100.0, figures(found)),
        None => "not judged: the pages have too few sections".to_owned(),
    };
    [
        format!("{} sections, {} documents skipped", r.sections, r.skipped),
        format!("{} texts with {} different tokens; {} held out", r.texts, r.tokens, r.held_out),
        format!(
            "held-out cosine {:.4} -> {:.4}, the best of {} passes is {}",
            r.before.cosine, r.best.cosine, r.passes, r.best.pass
        ),
        judged,
        format!("wrote {} in {:.0} s", shown(&r.file), r.seconds),
    ]
    .join("\n")
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_finds_little_is_refused() {
        let found = |table: f64| Found { queries: 100, sections: 500, encoder: 0.8, table };
        assert!(refuse_bad(Some(found(0.7))).is_ok());
        let error = refuse_bad(Some(found(0.4))).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(
            error.contains("finds 50 %") && error.contains("at least 80 %") && error.contains("--force"),
            "{error}"
        );
        let error = refuse_bad(None).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains("too few sections") && error.contains("--force"), "{error}");
        assert_eq!(Found { encoder: 0.0, ..found(0.4) }.share(), 0.0);
    }

    #[test]
    fn every_token_of_the_vocabulary_is_counted() {
        let example = |tokens: &[u32]| Example { tokens: tokens.to_vec(), vector: Vec::new() };
        assert_eq!(counts(&[example(&[1, 1, 2]), example(&[9, 2])], 4), [0, 2, 2, 0]);
    }
}
