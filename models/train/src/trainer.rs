//! The training loop.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use candle_core::Tensor;
use cloze_models::{Artifact, Tokenizer, weights::Weights};
use serde::Serialize;

use crate::{
    Error, Masking, Result, Scope,
    batch::Batch,
    bert::Bert,
    checkpoint::{self, Progress},
    corpus::{self, Corpus},
    curve::{self, Point},
    evaluate::{Quality, evaluate, unigram},
    export,
    ops::Prediction,
    optimizer::{AdamW, gradient_norm},
    schedule::Schedule,
    vocabulary::Vocabulary,
};

/// Added to the seed for the masks, so that they do not follow the order of the blocks.
const MASK_SEED: u64 = 0x6d61_736b;
/// Seed of the masks in held-out text: the same in every run, so that runs compare.
const HELD_OUT_SEED: u64 = 20_240_613;

/// The settings of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// UTF-8 text files.
    pub files: Vec<PathBuf>,
    /// Where the trained model goes.
    pub out: PathBuf,
    /// The part of the model that is trained.
    pub scope: Scope,
    /// How tokens are chosen for prediction while training; held-out text is always masked as BERT was.
    pub masking: Masking,
    /// Tokens of a block, the special ones included.
    pub block: usize,
    /// Blocks that go through the model together.
    pub batch: usize,
    /// Batches whose gradients make one step.
    pub accumulate: usize,
    /// Steps; `None` for `passes` over the text.
    pub steps: Option<u64>,
    /// Passes over the text where no steps are given.
    pub passes: f64,
    /// The highest learning rate.
    pub learning_rate: f64,
    /// Share of the steps over which it rises.
    pub warm_up: f64,
    /// Weight decay of AdamW.
    pub weight_decay: f64,
    /// Length that gradients are cut to.
    pub clip: f64,
    /// Decides the order of the text and the masks.
    pub seed: u64,
    /// Share of the text that is held out.
    pub held_out: f64,
    /// How often a checkpoint is written.
    pub checkpoint_every: Duration,
    /// Steps between two looks at the held-out text.
    pub evaluate_every: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            files: Vec::new(),
            out: PathBuf::new(),
            scope: Scope::Top(3),
            masking: Masking::default(),
            block: 128,
            batch: 32,
            accumulate: 1,
            steps: None,
            passes: 1.0,
            learning_rate: 5e-4,
            warm_up: 0.06,
            weight_decay: 0.01,
            clip: 1.0,
            seed: 1,
            held_out: 0.02,
            checkpoint_every: Duration::from_secs(120),
            evaluate_every: 200,
        }
    }
}

impl Options {
    fn check(&self, most_tokens: usize) -> Result<()> {
        let bad =
            |setting, found: String, expected: &str| Err(Error::Setting { setting, found, expected: expected.into() });
        if self.block < 8 || self.block > most_tokens {
            return bad("--block", self.block.to_string(), &format!("8 to {most_tokens} tokens"));
        }
        if self.batch == 0 || self.accumulate == 0 {
            return bad("--batch or --accumulate", "0".into(), "at least 1");
        }
        if !(self.masking.rate > 0.0 && self.masking.rate <= 0.9) {
            return bad("--mask-rate", self.masking.rate.to_string(), "a number above 0 and at most 0.9");
        }
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return bad("--learning-rate", self.learning_rate.to_string(), "a number above 0");
        }
        if !(0.0..=0.5).contains(&self.held_out) {
            return bad("--held-out", self.held_out.to_string(), "0 to 0.5");
        }
        if self.steps == Some(0) || self.passes.is_nan() || self.passes <= 0.0 {
            return bad("--steps or --passes", "0 or less".into(), "a number above 0");
        }
        Ok(())
    }

    /// Every setting that decides the course of a run.
    fn describe(&self, artifact: &Artifact, tokens: usize, steps: u64) -> String {
        format!(
            "model {}, {tokens} tokens, {:?}, mask rate {}{}, blocks {} x {} x {}, {steps} steps, learning rate {} \
             (warm-up {}), weight decay {}, clip {}, seed {}, held out {}",
            &artifact.record.weights_sha256[..12],
            self.scope,
            self.masking.rate,
            if self.masking.whole_words { " (whole words)" } else { "" },
            self.block,
            self.batch,
            self.accumulate,
            self.learning_rate,
            self.warm_up,
            self.weight_decay,
            self.clip,
            self.seed,
            self.held_out,
        )
    }
}

/// How a run is doing, after a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Status {
    /// Steps done.
    pub step: u64,
    /// Steps there are.
    pub steps: u64,
    /// Loss of the step's batches.
    pub loss: f32,
    /// Share of their masked tokens that were predicted.
    pub top1: f64,
    /// Tokens a second of this process so far, evaluations left out.
    pub tokens_per_s: f64,
    /// Figures on the held-out text, if they were measured after this step.
    pub held_out: Option<Quality>,
}

/// The outcome of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// Steps done, those before a resume included.
    pub steps: u64,
    /// Steps that were already done when this process began.
    pub resumed_at: u64,
    /// Tokens that went through the model in all steps.
    pub tokens: u64,
    /// Tokens a second of this process, evaluations left out.
    pub tokens_per_s: f64,
    /// Held-out figures before the first step.
    pub before: Quality,
    /// Held-out figures of the result.
    pub after: Quality,
    /// What predicting by frequency alone reaches there.
    pub unigram: Quality,
    /// Loss of the last steps' batches.
    pub train_loss: f32,
    /// The run, in one line.
    pub run: String,
}

/// A model on its way.
pub struct Trainer<'a> {
    artifact: &'a Artifact,
    options: Options,
    bert: Bert,
    corpus: Corpus,
    vocabulary: Vocabulary,
    schedule: Schedule,
    run: String,
}

impl<'a> Trainer<'a> {
    /// Reads the text and the model that training starts from.
    ///
    /// # Errors
    /// For a model that is not of BERT's kind, settings that make no sense, and text that is none.
    pub fn new(artifact: &'a Artifact, weights: &Weights, options: Options) -> Result<Self> {
        options.check(artifact.record.max_tokens)?;
        let texts = corpus::read(&options.files)?;
        Self::on_texts(artifact, weights, options, &texts)
    }

    /// The same with texts instead of files.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn on_texts(artifact: &'a Artifact, weights: &Weights, options: Options, texts: &[String]) -> Result<Self> {
        options.check(artifact.record.max_tokens)?;
        let tokenizer = Tokenizer::open(&artifact.tokenizer_path(), &artifact.record.name, artifact.record.max_tokens)?;
        let vocabulary = Vocabulary::of(&tokenizer, &artifact.record.name)?;
        let corpus = Corpus::of(texts, &tokenizer, options.held_out)?;
        let (found, expected) = (corpus.tokens(), 2 * options.block);
        if found < expected {
            return Err(Error::TooLittle { purpose: "train", found, expected });
        }
        if options.held_out > 0.0 && corpus.held_out(options.block, &vocabulary).is_empty() {
            let share = options.held_out;
            let expected = (options.block as f64 / share) as usize;
            return Err(Error::TooLittle { purpose: "hold out a part", found, expected });
        }
        let a_pass = corpus.blocks(options.block) as f64 / (options.batch * options.accumulate) as f64;
        let steps = options.steps.unwrap_or((a_pass * options.passes).ceil().max(1.0) as u64);
        let warm_up = (steps as f64 * options.warm_up).ceil() as u64;
        let bert = Bert::load(artifact, weights, options.scope)?;
        let run = options.describe(artifact, corpus.tokens(), steps);
        let schedule = Schedule { peak: options.learning_rate, warm_up, steps };
        Ok(Self { artifact, options, bert, corpus, vocabulary, schedule, run })
    }

    /// The run in one line, and the number of trained values.
    #[must_use]
    pub fn describe(&self) -> String {
        let trained: usize = self.bert.parameters.iter().map(|p| p.value.elem_count()).sum();
        format!("{}; {:.2} M trained parameters", self.run, trained as f64 / 1e6)
    }

    /// Trains to the end, from the checkpoint in the output directory if there is one, and writes the
    /// model there. `watch` is told after every step.
    ///
    /// # Errors
    /// If the loss is no number any more, if the checkpoint is of another run, and if a file cannot be
    /// written.
    pub fn run(&mut self, mut watch: impl FnMut(&Status)) -> Result<Outcome> {
        let out = self.options.out.clone();
        std::fs::create_dir_all(&out).map_err(Error::write(&out))?;
        let before = self.held_out()?;
        let mut progress = checkpoint::load(&out, &self.bert.parameters, &self.run)?.unwrap_or(Progress {
            run: self.run.clone(),
            step: 0,
            seconds: 0.0,
            curve: vec![],
        });
        let resumed_at = progress.step;
        let (mut saved, mut working) = (Instant::now(), Duration::ZERO);
        let mut recent: Vec<f32> = Vec::new();
        let mut after = None;
        while progress.step < self.schedule.steps {
            let started = Instant::now();
            let (loss, top1) = self.step(progress.step)?;
            working += started.elapsed();
            progress.step += 1;
            recent.push(loss);
            let done = progress.step - resumed_at;
            let tokens_per_s = (done * self.tokens_a_step()) as f64 / working.as_secs_f64();
            let is_last = progress.step == self.schedule.steps;
            let held_out = match progress.step % self.options.evaluate_every.max(1) == 0 || is_last {
                true => Some(self.held_out()?),
                false => None,
            };
            if let Some(quality) = held_out {
                after = Some(quality);
                let train = recent.iter().sum::<f32>() / recent.len() as f32;
                progress.curve.push(Point { step: progress.step, train, held_out: Some(quality.loss as f32) });
                recent.clear();
            }
            watch(&Status { step: progress.step, steps: self.schedule.steps, loss, top1, tokens_per_s, held_out });
            // Written after the measurement, so that a resumed run has the whole curve.
            if saved.elapsed() >= self.options.checkpoint_every && !is_last {
                checkpoint::save(&out, &self.bert.parameters, &progress)?;
                saved = Instant::now();
            }
        }
        // Measured after the last step, unless a checkpoint was the end already.
        let after = after.map_or_else(|| self.held_out(), Ok)?;
        self.write(&out, &after, &progress)?;
        let held_out = self.corpus.held_out(self.options.block, &self.vocabulary);
        let counts = self.corpus.counts(self.artifact.config.vocab_size);
        Ok(Outcome {
            steps: progress.step,
            resumed_at,
            tokens: progress.step * self.tokens_a_step(),
            tokens_per_s: ((progress.step - resumed_at) * self.tokens_a_step()) as f64
                / working.as_secs_f64().max(1e-9),
            before,
            after,
            unigram: unigram(&counts, &held_out, &self.vocabulary, Masking::default(), HELD_OUT_SEED),
            train_loss: progress.curve.last().map_or(f32::NAN, |p| p.train),
            run: self.run.clone(),
        })
    }

    fn write(&self, out: &Path, quality: &Quality, progress: &Progress) -> Result<()> {
        export::write_model(out, self.artifact, &self.bert)?;
        self.write_head(&out.join(cloze_models::head::FILE), &self.artifact.record.weights_sha256, quality)?;
        export::write_whole(&out.join("loss.svg"), curve::svg(&progress.curve).as_bytes())?;
        let path = checkpoint::path(out);
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::Write { path, cause: e }),
            _ => Ok(()),
        }
    }

    /// Writes what was trained to one small file, as the head of the encoder whose weights have the SHA-256
    /// `base`: its embeddings, and its layers that neither training nor the head before it changed, must be those here.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_head(&self, path: &Path, base: &str, quality: &Quality) -> Result<()> {
        export::write_head(path, base, &self.bert, quality, &self.run)
    }

    fn tokens_a_step(&self) -> u64 {
        (self.options.block * self.options.batch * self.options.accumulate) as u64
    }

    /// One step of the optimiser; gives the mean loss and the share of right predictions.
    fn step(&mut self, step: u64) -> Result<(f32, f64)> {
        let o = &self.options;
        let count = o.batch * o.accumulate;
        let blocks = self.corpus.batch(step, count, o.block, o.seed, &self.vocabulary);
        let mut predictions: Vec<Prediction> = Vec::new();
        let mut total: Option<candle_core::backprop::GradStore> = None;
        for (part, i) in blocks.chunks(o.batch).zip(0u64..) {
            let seed = (o.seed ^ MASK_SEED).wrapping_add(step * o.accumulate as u64 + i);
            let batch = o.masking.apply(part, &self.vocabulary, seed);
            let (gradients, seen) = self.gradients(&batch)?;
            predictions.extend(seen);
            total = Some(match total {
                None => gradients,
                Some(sum) => self.add(sum, &gradients)?,
            });
        }
        let loss = Quality::of(&predictions);
        let gradients = total.ok_or_else(|| candle_core::Error::Msg("a step had no batch".into()))?;
        let norm = gradient_norm(&self.bert.parameters, &gradients)? / o.accumulate as f64;
        if !loss.loss.is_finite() || !norm.is_finite() {
            let loss = if loss.loss.is_finite() { f32::NAN } else { loss.loss as f32 };
            return Err(Error::Diverged { step: step + 1, loss, learning_rate: o.learning_rate });
        }
        let scale = (o.clip / norm.max(1e-12)).min(1.0) / o.accumulate as f64;
        let optimizer = AdamW { weight_decay: o.weight_decay as f32, ..AdamW::default() };
        let rate = self.schedule.rate(step + 1) as f32;
        optimizer.step(&self.bert.parameters, &gradients, rate, scale as f32, step + 1)?;
        Ok((loss.loss as f32, loss.top1))
    }

    fn gradients(&self, batch: &Batch) -> Result<(candle_core::backprop::GradStore, Vec<Prediction>)> {
        let (loss, seen): (Tensor, _) = self.bert.loss(batch)?;
        Ok((loss.backward()?, seen))
    }

    fn add(
        &self,
        mut sum: candle_core::backprop::GradStore,
        other: &candle_core::backprop::GradStore,
    ) -> Result<candle_core::backprop::GradStore> {
        for p in &self.bert.parameters {
            let tensor = p.value.as_tensor();
            if let (Some(a), Some(b)) = (sum.get(tensor), other.get(tensor)) {
                let added = (a + b)?;
                sum.insert(tensor, added);
            }
        }
        Ok(sum)
    }

    fn held_out(&self) -> Result<Quality> {
        let blocks = self.corpus.held_out(self.options.block, &self.vocabulary);
        evaluate(&self.bert, &blocks, &self.vocabulary, Masking::default(), HELD_OUT_SEED)
    }
}
