//! The progress display of a build: a bar on a terminal, otherwise one line per phase and one every ten seconds.

use std::{
    io::IsTerminal,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Interval of the lines without a terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// Number of passages per line of the debug log (`CLOZE_LOG=debug`).
const LOG_EVERY: u64 = 16;

/// Counters that the threads of a build share.
pub(crate) struct Progress {
    bar: ProgressBar,
    interactive: bool,
    quiet: bool,
    counters: Arc<Counters>,
    _lines: Option<Lines>,
}

/// The work done so far.
#[derive(Default)]
struct Counters {
    phase: Mutex<Phase>,
    files: AtomicU64,
    files_done: AtomicU64,
    bytes: AtomicU64,
    bytes_done: AtomicU64,
    pages: AtomicU64,
    passages: AtomicU64,
    tokens: AtomicU64,
    encoded: AtomicU64,
    asked: AtomicU64,
    waiting: AtomicU64,
}

/// The current phase, and its start.
#[derive(Clone, Copy)]
struct Phase {
    name: &'static str,
    since: Instant,
}

impl Default for Phase {
    fn default() -> Self {
        Self { name: "", since: Instant::now() }
    }
}

impl Progress {
    /// `quiet` shows nothing at all.
    pub(crate) fn new(quiet: bool) -> Self {
        let interactive = !quiet && std::io::stderr().is_terminal();
        let target = if interactive { ProgressDrawTarget::stderr_with_hz(8) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        let style = ProgressStyle::with_template("{prefix:>9} [{bar:30}] {bytes}/{total_bytes}  {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
        let counters = Arc::<Counters>::default();
        let lines = (!quiet && !interactive).then(|| Lines::start(counters.clone()));
        Self { bar, interactive, quiet, counters, _lines: lines }
    }

    /// Begins a phase.
    pub(crate) fn phase(&self, name: &'static str, detail: &str) {
        *self.counters.phase.lock().unwrap_or_else(PoisonError::into_inner) = Phase { name, since: Instant::now() };
        self.bar.set_prefix(name);
        if self.interactive {
            self.bar.set_message(detail.to_owned());
            self.bar.enable_steady_tick(Duration::from_millis(250));
        } else if !self.quiet {
            eprintln!("{name}: {detail}");
        }
    }

    /// Sets the number of files and bytes to read.
    pub(crate) fn set_total(&self, files: u64, bytes: u64) {
        self.counters.files.store(files, Ordering::Relaxed);
        self.counters.bytes.store(bytes, Ordering::Relaxed);
        self.bar.set_length(bytes);
    }

    /// Adds bytes read of a file.
    pub(crate) fn read(&self, bytes: u64) {
        self.counters.bytes_done.fetch_add(bytes, Ordering::Relaxed);
        self.bar.inc(bytes);
    }

    /// Counts a file as read.
    pub(crate) fn file(&self) {
        self.counters.files_done.fetch_add(1, Ordering::Relaxed);
    }

    /// Pages requested from a site, and addresses that wait.
    pub(crate) fn crawled(&self, asked: usize, waiting: usize) {
        self.counters.asked.store(asked as u64, Ordering::Relaxed);
        self.counters.waiting.store(waiting as u64, Ordering::Relaxed);
        self.show();
    }

    pub(crate) fn page(&self) {
        self.counters.pages.fetch_add(1, Ordering::Relaxed);
        self.show();
    }

    pub(crate) fn passage(&self) {
        self.counters.passages.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn encoded(&self, tokens: u64) {
        self.counters.tokens.fetch_add(tokens, Ordering::Relaxed);
        let encoded = self.counters.encoded.fetch_add(1, Ordering::Relaxed) + 1;
        if encoded.is_multiple_of(LOG_EVERY) {
            let seconds = self.counters.phase().since.elapsed().as_secs_f64();
            tracing::debug!(encoded, seconds, "encoding");
        }
        self.show();
    }

    fn show(&self) {
        if self.interactive {
            self.bar.set_message(self.counters.message());
        }
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Counters {
    fn phase(&self) -> Phase {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The progress of the current phase, its speed, and the remaining time.
    fn message(&self) -> String {
        let phase = self.phase();
        self.message_after(phase.name, phase.since.elapsed().as_secs_f64())
    }

    fn message_after(&self, phase: &str, seconds: f64) -> String {
        let of = |n: &AtomicU64| n.load(Ordering::Relaxed);
        let rate = |n: u64| n as f64 / seconds.max(0.001);
        match phase {
            "crawl" => {
                let asked = of(&self.asked);
                format!("{asked} pages, {} waiting, {:.1} pages/s", of(&self.waiting), rate(asked))
            }
            "encode" => format!(
                "{} of {} files, {} pages, {} passages, {:.0} tokens/s, {}",
                of(&self.files_done),
                of(&self.files),
                of(&self.pages),
                of(&self.passages),
                rate(of(&self.tokens)),
                remaining(of(&self.bytes_done), of(&self.bytes), seconds)
            ),
            _ => format!("{seconds:.0} s elapsed"),
        }
    }
}

/// Remaining time, if all bytes take as long as those so far.
fn remaining(done: u64, all: u64, seconds: f64) -> String {
    if done == 0 {
        return "remaining time unknown".into();
    }
    let left = seconds * all.saturating_sub(done) as f64 / done as f64;
    match left.round() as u64 {
        0..60 => format!("{left:.0} s left"),
        minutes @ 60..3600 => format!("{} min left", minutes.div_ceil(60)),
        hours => format!("{} h {} min left", hours / 3600, hours % 3600 / 60),
    }
}

/// Writes a line at intervals, until it is dropped.
struct Lines {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Lines {
    fn start(counters: Arc<Counters>) -> Self {
        let (end, ended) = mpsc::channel();
        let write = move || {
            while ended.recv_timeout(LINE_EVERY) == Err(RecvTimeoutError::Timeout) {
                eprintln!("{}: {}", counters.phase().name, counters.message());
            }
        };
        Self { end: Some(end), thread: Some(thread::spawn(write)) }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_how_fast_and_how_long() {
        let counters = Counters::default();
        for (counter, value) in [
            (&counters.files, 400),
            (&counters.files_done, 100),
            (&counters.bytes, 8000),
            (&counters.bytes_done, 2000),
            (&counters.pages, 90),
            (&counters.passages, 300),
            (&counters.tokens, 30_000),
            (&counters.asked, 50),
            (&counters.waiting, 7),
        ] {
            counter.store(value, Ordering::Relaxed);
        }
        let line = counters.message_after("encode", 10.0);
        assert_eq!(line, "100 of 400 files, 90 pages, 300 passages, 3000 tokens/s, 30 s left");
        assert_eq!(counters.message_after("crawl", 10.0), "50 pages, 7 waiting, 5.0 pages/s");
        assert_eq!(counters.message_after("publish", 12.3), "12 s elapsed");
    }

    #[test]
    fn time_left_is_told_in_its_own_units() {
        assert_eq!(remaining(0, 10, 5.0), "remaining time unknown");
        assert_eq!(remaining(1, 10, 10.0), "2 min left");
        assert_eq!(remaining(1, 1000, 10.0), "2 h 46 min left");
        assert_eq!(remaining(10, 5, 10.0), "0 s left");
    }
}
