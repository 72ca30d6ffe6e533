//! `indexer adapt`: continues masked-language training on the user's own documents.
//!
//! Cloze keeps the result in two halves. It always keeps the head, which predicts masked tokens, corrects queries and
//! fills blanks. The encoder takes on only as much of the change as does not harm the search, measured before and
//! after: often a part, sometimes nothing.

mod gate;
mod questions;

use std::path::Path;

use anyhow::{Result, bail};
use cloze_models::{Artifact, Precision, head, weights::Weights};
use cloze_train::{Options, Outcome, Quality, Scope, Trainer, export};
use serde::Serialize;

use self::gate::{Score, Task};
use crate::{
    commands::{
        cli::AdaptArgs,
        sections,
        train::{self, Progress},
    },
    source::Selection,
};

/// Default shares of the change to try.
const SHARES: [f32; 4] = [1.0, 0.5, 0.25, 0.1];
/// Share of the text to hold out, as whole sections at regular intervals.
const HELD_OUT: f64 = 0.05;

/// The outcome.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Report {
    sections: usize,
    skipped: usize,
    steps: u64,
    tokens: u64,
    tokens_per_s: f64,
    before: Quality,
    after: Quality,
    retrieval_before: Option<Score>,
    retrieval_after: Vec<Trial>,
    /// The share that the encoder took on; `None` if the encoder is unchanged.
    kept_share: Option<f32>,
}

/// The encoder with a share of the change.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Trial {
    share: f32,
    retrieval: Score,
}

pub(crate) fn run(args: AdaptArgs) -> Result<String> {
    let json = args.json;
    if let Some(share) = args.shares.iter().find(|s| !(0.0..=1.0).contains(*s)) {
        bail!("--share is {share}; expected a number from 0 to 1");
    }
    let (artifact, before) = train::open(args.from.as_deref().unwrap_or_default(), false)?;
    let selection = Selection { paths: args.paths, include: args.include, exclude: args.exclude };
    let (sections, skipped) = sections::read(&selection)?;
    let texts: Vec<String> = sections.iter().map(|s| s.text.clone()).collect();
    let progress = Progress::new(args.quiet);
    let work = args.out.join("masked-lm");
    let options = Options {
        out: work.clone(),
        scope: Scope::Top(artifact.config.num_hidden_layers),
        steps: Some(args.steps),
        block: args.block,
        learning_rate: args.learning_rate,
        seed: args.seed,
        held_out: HELD_OUT,
        evaluate_every: 100,
        ..Options::default()
    };
    // Joins everything to one text, so that the held-out part is spread over all sections.
    let mut trainer = Trainer::on_texts(&artifact, &before, options, &[texts.join("\n")])?;
    progress.say(&trainer.describe());
    let outcome = trainer.run(|status| progress.show(status))?;
    progress.bar.finish_and_clear();
    let task = Task::of(&sections);
    let shares = if args.shares.is_empty() { SHARES.to_vec() } else { args.shares };
    let gate = Gate { artifact: &artifact, before: &before, after: Weights::open(&work.join("model.safetensors"))? };
    let (retrieval_before, retrieval_after) = gate.try_all(&task, &shares, &args.out, &progress)?;
    let kept = chosen(retrieval_before.as_ref(), &retrieval_after);
    gate.keep(kept, &args.out, &trainer, &outcome)?;
    let report = report(&sections, skipped, &outcome, retrieval_before, retrieval_after, kept);
    export::write_report(&args.out.join("adapt.json"), &serde_json::to_string_pretty(&report)?)?;
    Ok(if json { serde_json::to_string_pretty(&report)? } else { text(&report, &args.out) })
}

/// The share with the best retrieval, of those that are no worse than before.
fn chosen(before: Option<&Score>, after: &[Trial]) -> Option<f32> {
    let before = before?;
    let fit = after.iter().filter(|trial| trial.retrieval.is_no_worse_than(before));
    fit.max_by(|a, b| a.retrieval.ndcg_at_10.total_cmp(&b.retrieval.ndcg_at_10)).map(|best| best.share)
}

struct Gate<'a> {
    artifact: &'a Artifact,
    before: &'a Weights,
    after: Weights,
}

impl Gate<'_> {
    /// Retrieval of the unchanged encoder, and with each share of the change.
    fn try_all(
        &self,
        task: &Task,
        shares: &[f32],
        out: &Path,
        progress: &Progress,
    ) -> Result<(Option<Score>, Vec<Trial>)> {
        if !task.is_fair() {
            progress.say("there is too little text to evaluate the search; the encoder is unchanged");
            return Ok((None, Vec::new()));
        }
        let before = task.score(&self.artifact.dir)?;
        progress.say(&format!("retrieval before the change: nDCG@10 {}, {} queries", before.line(), before.queries));
        let mut trials = Vec::new();
        for &share in shares {
            let dir = tempfile::Builder::new().prefix(".trial-").tempdir_in(out)?;
            self.move_encoder(share, dir.path())?;
            let retrieval = task.score(dir.path())?;
            progress.say(&format!("retrieval with {share} of the change: nDCG@10 {}", retrieval.line()));
            trials.push(Trial { share, retrieval });
        }
        Ok((Some(before), trials))
    }

    fn move_encoder(&self, share: f32, out: &Path) -> Result<()> {
        let encoder = Weights::open(self.artifact.weights.path())?;
        Ok(export::write_moved_encoder(out, self.artifact, &encoder, (self.before, &self.after), share)?)
    }

    /// Writes the model directory: an encoder, and the head that belongs to it.
    fn keep(&self, share: Option<f32>, out: &Path, trainer: &Trainer<'_>, outcome: &Outcome) -> Result<()> {
        match share {
            Some(share) => self.move_encoder(share, out)?,
            None => export::copy_encoder(out, self.artifact)?,
        }
        let encoder = Artifact::read(out, "adapted", Precision::Int8)?;
        trainer.write_head(&out.join(head::FILE), &encoder.record.weights_sha256, &outcome.after)?;
        std::fs::rename(out.join("masked-lm/loss.svg"), out.join("loss.svg"))?;
        Ok(std::fs::remove_dir_all(out.join("masked-lm"))?)
    }
}

fn report(
    sections: &[sections::Section],
    skipped: usize,
    outcome: &Outcome,
    retrieval_before: Option<Score>,
    retrieval_after: Vec<Trial>,
    kept_share: Option<f32>,
) -> Report {
    Report {
        sections: sections.len(),
        skipped,
        steps: outcome.steps,
        tokens: outcome.tokens,
        tokens_per_s: outcome.tokens_per_s,
        before: outcome.before,
        after: outcome.after,
        retrieval_before,
        retrieval_after,
        kept_share,
    }
}

fn text(r: &Report, out: &Path) -> String {
    let fall = (1.0 - r.after.perplexity / r.before.perplexity) * 100.0;
    let mut lines = vec![
        format!(
            "{} sections, {} documents skipped; {} steps, {} tokens, {:.0} tokens/s",
            r.sections, r.skipped, r.steps, r.tokens, r.tokens_per_s
        ),
        format!("held-out perplexity {:.2} -> {:.2} ({fall:.0} % less)", r.before.perplexity, r.after.perplexity),
        format!(
            "held-out top-1 {:.4} -> {:.4}, top-5 {:.4} -> {:.4}",
            r.before.top1, r.after.top1, r.before.top5, r.after.top5
        ),
    ];
    if let Some(before) = &r.retrieval_before {
        lines.push(format!(
            "retrieval nDCG@10 of {} queries, {} sections: {} before",
            before.queries,
            before.sections,
            before.line()
        ));
        lines.extend(
            r.retrieval_after.iter().map(|t| format!("  {} with {} of the change", t.retrieval.line(), t.share)),
        );
    }
    lines.push(match r.kept_share {
        Some(share) => {
            format!("kept the head and {share} of the change in the encoder; build with --model {}", out.display())
        }
        None if r.retrieval_before.is_none() => {
            format!(
                "kept only the head, because there is too little text to evaluate the search; use it with --model {}",
                out.display()
            )
        }
        None => format!(
            "kept only the head, because the changed encoder would find less; use it with --model {}",
            out.display()
        ),
    });
    lines.join("\n")
}
