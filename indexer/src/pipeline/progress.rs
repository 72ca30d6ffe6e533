//! What a build shows while it runs: a bar on a terminal, a line a phase otherwise.

use std::{
    io::IsTerminal,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Counters that the threads of a build share.
pub(crate) struct Progress {
    bar: ProgressBar,
    interactive: bool,
    quiet: bool,
    started: Instant,
    pages: AtomicU64,
    passages: AtomicU64,
    tokens: AtomicU64,
    encoded: AtomicU64,
}

/// A line of the log every so many passages, for those who want to see it (`CLOZE_LOG=debug`).
const LOG_EVERY: u64 = 16;

impl Progress {
    /// `quiet` shows nothing at all.
    pub(crate) fn new(quiet: bool) -> Self {
        let interactive = !quiet && std::io::stderr().is_terminal();
        let target = if interactive { ProgressDrawTarget::stderr_with_hz(8) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        let style = ProgressStyle::with_template("{prefix:>9} [{bar:30}] {bytes}/{total_bytes}  {msg}  {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
        let zero = || AtomicU64::new(0);
        Self {
            bar,
            interactive,
            quiet,
            started: Instant::now(),
            pages: zero(),
            passages: zero(),
            tokens: zero(),
            encoded: zero(),
        }
    }

    /// Begins a phase.
    pub(crate) fn phase(&self, name: &'static str, detail: &str) {
        self.bar.set_prefix(name);
        if !self.interactive && !self.quiet {
            eprintln!("{name}: {detail}");
        }
    }

    /// Bytes there are to read.
    pub(crate) fn set_total(&self, bytes: u64) {
        self.bar.set_length(bytes);
        self.bar.enable_steady_tick(Duration::from_millis(250));
    }

    pub(crate) fn read(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    pub(crate) fn page(&self) {
        self.pages.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn passage(&self) {
        self.passages.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn encoded(&self, tokens: u64) {
        let tokens = self.tokens.fetch_add(tokens, Ordering::Relaxed) + tokens;
        let encoded = self.encoded.fetch_add(1, Ordering::Relaxed) + 1;
        if encoded.is_multiple_of(LOG_EVERY) {
            tracing::debug!(encoded, seconds = self.started.elapsed().as_secs_f64(), "encoding");
        }
        if self.interactive {
            let [pages, passages] = [&self.pages, &self.passages].map(|n| n.load(Ordering::Relaxed));
            let rate = tokens as f64 / self.started.elapsed().as_secs_f64().max(0.001);
            self.bar.set_message(format!("{pages} pages, {passages} passages, {rate:.0} tokens/s"));
        }
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
