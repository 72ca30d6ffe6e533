//! Progress on standard error: a bar on a terminal, otherwise a line for each step of the work.

use std::io::IsTerminal;

use cloze_train::lookup::Pass;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows the progress, or nothing.
pub(super) struct Progress {
    is_quiet: bool,
    is_terminal: bool,
}

impl Progress {
    pub(super) fn new(is_quiet: bool) -> Self {
        Self { is_quiet, is_terminal: !is_quiet && std::io::stderr().is_terminal() }
    }

    pub(super) fn say(&self, text: &str) {
        if !self.is_quiet {
            eprintln!("{text}");
        }
    }

    /// A bar for `count` texts, after a line that says what they are.
    pub(super) fn bar(&self, what: &str, count: usize) -> ProgressBar {
        self.say(&format!("encoding {count} {what}"));
        let target =
            if self.is_terminal { ProgressDrawTarget::stderr_with_hz(4) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(count as u64), target);
        let style = ProgressStyle::with_template("encoding [{bar:30}] {pos}/{len}  {per_sec}  {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
        bar
    }

    pub(super) fn pass(&self, pass: &Pass, most: usize) {
        let name = match pass.pass {
            0 => "before the training".to_owned(),
            number => format!("pass {number} of at most {most}"),
        };
        self.say(&format!("{name}: held-out texts: cosine {:.4}, loss {:.4}", pass.cosine, pass.loss));
    }
}
