//! `indexer train`.

use std::{io::IsTerminal, time::Duration};

use anyhow::{Context, Result};
use cloze_models::{Artifact, ModelSource, Precision, artifact, mask, weights::Weights};
use cloze_train::{Masking, Options, Outcome, Quality, Status, Trainer, evaluate_texts};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use crate::commands::cli::TrainArgs;

/// Trains or evaluates; returns the output.
pub(crate) fn run(args: &TrainArgs) -> Result<String> {
    let (artifact, weights) = open(args.from.as_deref().unwrap_or_default(), args.fresh_head)?;
    if args.evaluate { evaluate(args, &artifact, &weights) } else { train(args, &artifact, &weights) }
}

/// The model to start from, with its own head unless the user wants a fresh one.
pub(crate) fn open(name: &str, fresh_head: bool) -> Result<(Artifact, Weights)> {
    let source = ModelSource::parse(name);
    let artifact = Artifact::read(&source.locate()?, &source.to_string(), Precision::Fp32)?;
    let weights = match &artifact.weights {
        artifact::Weights::Safetensors(path) if fresh_head => Weights::open(path)?,
        _ => mask::weights(&artifact)?,
    };
    Ok((artifact, weights))
}

fn evaluate(args: &TrainArgs, artifact: &Artifact, weights: &Weights) -> Result<String> {
    let masking = Masking { rate: args.mask_rate, whole_words: args.whole_words };
    let read = |path: &std::path::PathBuf| {
        std::fs::read_to_string(path).with_context(|| format!("cannot read {} as UTF-8 text", path.display()))
    };
    let texts = args.text.iter().map(read).collect::<Result<Vec<_>>>()?;
    let found = evaluate_texts(artifact, weights, &texts, args.block, masking, args.seed)?;
    if let Some(path) = &args.dump {
        std::fs::write(path, serde_json::to_vec(&found.masked)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(match args.json {
        true => json!({"model": found.quality, "unigram": found.unigram}).to_string(),
        false => format!("model    {}\nunigram  {}", line(&found.quality), line(&found.unigram)),
    })
}

fn line(q: &Quality) -> String {
    format!(
        "top-1 {:.4}  top-5 {:.4}  perplexity {:.2}  loss {:.4}  ({} masked tokens)",
        q.top1, q.top5, q.perplexity, q.loss, q.masked
    )
}

fn train(args: &TrainArgs, artifact: &Artifact, weights: &Weights) -> Result<String> {
    let options = options(args);
    let mut trainer = Trainer::new(artifact, weights, options)?;
    let progress = Progress::new(args.quiet);
    progress.say(&trainer.describe());
    let outcome = trainer.run(|status| progress.show(status))?;
    progress.bar.finish_and_clear();
    Ok(if args.json { serde_json::to_string_pretty(&outcome)? } else { text(&outcome) })
}

fn text(o: &Outcome) -> String {
    [
        format!("{} steps, {} tokens, {:.0} tokens/s", o.steps, o.tokens, o.tokens_per_s),
        format!("unigram  {}", line(&o.unigram)),
        format!("before   {}", line(&o.before)),
        format!("after    {}", line(&o.after)),
    ]
    .join("\n")
}

fn options(args: &TrainArgs) -> Options {
    Options {
        files: args.text.clone(),
        out: args.out.clone().unwrap_or_default(),
        scope: args.train,
        masking: Masking { rate: args.mask_rate, whole_words: args.whole_words },
        block: args.block,
        batch: args.batch,
        accumulate: args.accumulate,
        steps: args.steps,
        passes: args.passes,
        learning_rate: args.learning_rate,
        warm_up: args.warm_up,
        weight_decay: args.weight_decay,
        clip: args.clip,
        seed: args.seed,
        held_out: args.held_out,
        checkpoint_every: Duration::from_secs_f64(args.checkpoint_every.clamp(0.0, 1e6)),
        evaluate_every: args.evaluate_every,
    }
}

/// A bar on a terminal; otherwise a line at every evaluation on the held-out text.
pub(crate) struct Progress {
    pub(crate) bar: ProgressBar,
    quiet: bool,
    interactive: bool,
}

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        let interactive = !quiet && std::io::stderr().is_terminal();
        let target = if interactive { ProgressDrawTarget::stderr_with_hz(4) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        let style = ProgressStyle::with_template("training [{bar:30}] {pos}/{len}  {msg}  {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
        Self { bar, quiet, interactive }
    }

    pub(crate) fn say(&self, text: &str) {
        if !self.quiet {
            self.bar.suspend(|| eprintln!("{text}"));
        }
    }

    pub(crate) fn show(&self, s: &Status) {
        let figures = format!(
            "loss {:.3}, perplexity {:.0}, top-1 {:.3}, {:.0} tokens/s",
            s.loss,
            s.loss.exp(),
            s.top1,
            s.tokens_per_s
        );
        if self.interactive {
            self.bar.set_length(s.steps);
            self.bar.set_position(s.step);
            self.bar.set_message(figures.clone());
        }
        if let Some(held_out) = &s.held_out {
            self.say(&format!("step {}/{}: {figures}; held out: {}", s.step, s.steps, line(held_out)));
        }
    }
}
