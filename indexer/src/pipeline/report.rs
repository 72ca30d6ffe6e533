//! The report of a build: its results, the sources left out, and the reasons.

use serde::Serialize;

use crate::source::crawl::Crawled;

/// A page or record that is not in the index, and the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skip {
    /// Its name; a line of a JSON Lines file has its number after a colon.
    pub source: String,
    /// The reason.
    pub reason: String,
}

/// Seconds that the phases of a build took. Reading and encoding run side by side.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Phases {
    /// Loading the model.
    pub load: f64,
    /// Fetching pages of sites.
    pub crawl: f64,
    /// Reading, cutting, encoding and writing.
    pub encode: f64,
    /// Building the graph, merging, checksums and the switch.
    pub publish: f64,
}

/// The result of a build; `--json` prints it.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Report {
    /// Name of the new generation.
    pub generation: String,
    /// Pages in the index.
    pub pages: u64,
    /// Passages in the index.
    pub passages: u64,
    /// Passages that went through the encoder.
    pub encoded: u64,
    /// Passages that existed before, or whose vector was known from an earlier build.
    pub reused: u64,
    /// Passages that share the vector of another one of this build with the same text.
    pub shared: u64,
    /// Passages of the previous generation that were deleted.
    pub removed: u64,
    /// Whether nothing differed, so that the previous generation stays live.
    pub unchanged: bool,
    /// Tokens that went through the encoder.
    pub tokens: u64,
    /// Tokens a second while encoding.
    pub tokens_per_s: f64,
    /// Sections that were split because they do not fit one passage.
    pub split_sections: u64,
    /// Passages whose heading path was shortened for the encoder; it is stored whole.
    pub shortened_contexts: u64,
    /// Languages that the model does not know, by known-item queries of this build: word search alone serves these
    /// pages.
    pub unknown_languages: Vec<String>,
    /// The index's body on a cluster, if it was sent to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Passages that were sent there; the others were there already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<u64>,
    /// Size of the index in bytes.
    pub bytes: u64,
    /// Seconds by phase.
    pub seconds: Phases,
    /// The crawl, if a site was given by its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crawled: Option<Crawled>,
    /// Sources that could not be read.
    pub skipped: Vec<Skip>,
    /// Pages that their author hides: drafts, `noindex`, redirects, pages without text.
    pub left_out: Vec<Skip>,
    /// Sources that were read with changes.
    pub warnings: Vec<Skip>,
}

impl Report {
    /// The report for a person, one line per item.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut lines = vec![format!(
            "generation {}{}: {} pages, {} passages ({} encoded, {} reused, {} share a vector), {} removed, {:.1} MB in {:.1} s",
            self.generation,
            if self.unchanged { ", unchanged" } else { "" },
            self.pages,
            self.passages,
            self.encoded,
            self.reused,
            self.shared,
            self.removed,
            self.bytes as f64 / 1e6,
            self.seconds.load + self.seconds.crawl + self.seconds.encode + self.seconds.publish
        )];
        lines.push(format!("{} tokens encoded, {:.0} tokens/s", self.tokens, self.tokens_per_s));
        let sent = self.sent.unwrap_or_default();
        lines.extend(self.body.iter().map(|body| format!("the cluster searches {body}; {sent} passages were sent")));
        if let Some(c) = &self.crawled {
            lines.push(format!(
                "{} requests: {} pages fetched, {} unchanged, {} kept in their last version, {} gone, {:.1} MB",
                c.requests,
                c.fetched,
                c.unchanged,
                c.kept,
                c.gone,
                c.bytes as f64 / 1e6
            ));
        }
        if self.split_sections > 0 {
            lines.push(format!("{} long sections were split into several passages", self.split_sections));
        }
        if self.shortened_contexts > 0 {
            lines.push(format!("{} passages have a heading path too long for the encoder", self.shortened_contexts));
        }
        if !self.unknown_languages.is_empty() {
            lines.push(format!(
                "the model does not know the language of some pages ({}); a hybrid search finds them by words alone; to find \
                 them by meaning, build with a multilingual model",
                self.unknown_languages.join(", ")
            ));
        }
        let lists = [("skipped", &self.skipped), ("left out", &self.left_out), ("note", &self.warnings)];
        for (word, list) in lists {
            lines.extend(list.iter().map(|s| format!("{word}: {}: {}", s.source, s.reason)));
        }
        lines.join("\n")
    }
}
