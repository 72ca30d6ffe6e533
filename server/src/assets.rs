//! Files for browsers, compiled into the program.
//!
//! There is no front-end build: the widget's parts are put one after the other into one function
//! scope, and its style sheet becomes a constant in it. What only its authors read, comments and
//! indentation, is left out, and all files are compressed once, as small as gzip makes them.

use std::{io::Write, sync::LazyLock};

use actix_web::web::Bytes;
use flate2::{Compression, write::GzEncoder};

/// A file that does not change while the program runs.
pub(crate) struct Asset {
    pub(crate) kind: &'static str,
    pub(crate) body: Bytes,
    /// The same, compressed.
    pub(crate) gzip: Bytes,
    /// Entity tag: a quoted hash of the body; weak, as it stands for both forms.
    pub(crate) tag: String,
}

fn asset(kind: &'static str, body: &str) -> Asset {
    let tag = format!("W/\"{}\"", &blake3::hash(body.as_bytes()).to_hex()[..16]);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    // Writing into memory does not fail.
    let gzip = gzip.write_all(body.as_bytes()).and_then(|()| gzip.finish()).unwrap_or_default();
    Asset { kind, body: Bytes::copy_from_slice(body.as_bytes()), gzip: gzip.into(), tag }
}

/// A script or a style sheet without lines that are a comment, and without indentation. Neither has
/// texts of several lines.
fn packed(source: &str) -> String {
    let is_comment = |line: &str| line.starts_with("//") || line.starts_with("/*") && line.ends_with("*/");
    let lines = source.lines().map(str::trim).filter(|line| !line.is_empty() && !is_comment(line));
    lines.flat_map(|line| [line, "\n"]).collect()
}

const PAGE: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

const WIDGET_PARTS: &str = include!("../widget/parts.rs");

pub(crate) static WIDGET: LazyLock<Asset> = LazyLock::new(|| asset(SCRIPT, &packed(WIDGET_PARTS)));
pub(crate) static HTML: LazyLock<Asset> = LazyLock::new(|| asset(PAGE, include_str!("../widget/page.html")));
pub(crate) static CSS: LazyLock<Asset> = LazyLock::new(|| asset(STYLE, include_str!("../widget/page.css")));
pub(crate) static JS: LazyLock<Asset> = LazyLock::new(|| asset(SCRIPT, include_str!("../widget/page.js")));
pub(crate) static DOCS_HTML: LazyLock<Asset> = LazyLock::new(|| asset(PAGE, include_str!("../reader/docs.html")));
pub(crate) static DOCS_CSS: LazyLock<Asset> = LazyLock::new(|| asset(STYLE, include_str!("../reader/docs.css")));
pub(crate) static DOCS_JS: LazyLock<Asset> = LazyLock::new(|| asset(SCRIPT, include_str!("../reader/docs.js")));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_leaves_out_what_only_authors_read() {
        let source = "/* Paper. */\n  a { color: red; } /* kept */\n\n  // why\n  const x = 1; // kept\n";
        assert_eq!(packed(source), "a { color: red; } /* kept */\nconst x = 1; // kept\n");
        assert!(!packed(WIDGET_PARTS).contains("\n//") && packed(WIDGET_PARTS).contains("customElements.define"));
    }
}
