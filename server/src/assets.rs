//! Files for browsers, compiled into the program.
//!
//! There is no front-end build: the widget's parts are put one after the other into one function
//! scope, and its style sheet becomes a constant in it.

use std::sync::LazyLock;

/// A file that does not change while the program runs.
pub(crate) struct Asset {
    pub(crate) kind: &'static str,
    pub(crate) body: &'static str,
    /// Entity tag: a quoted hash of the body.
    pub(crate) tag: String,
}

fn asset(kind: &'static str, body: &'static str) -> Asset {
    Asset { kind, body, tag: format!("\"{}\"", &blake3::hash(body.as_bytes()).to_hex()[..16]) }
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

pub(crate) static HTML: LazyLock<Asset> =
    LazyLock::new(|| asset("text/html; charset=utf-8", include_str!("page/index.html")));
pub(crate) static CSS: LazyLock<Asset> =
    LazyLock::new(|| asset("text/css; charset=utf-8", include_str!("page/page.css")));
pub(crate) static JS: LazyLock<Asset> = LazyLock::new(|| asset(SCRIPT, include_str!("page/page.js")));
pub(crate) static DOCS_HTML: LazyLock<Asset> =
    LazyLock::new(|| asset("text/html; charset=utf-8", include_str!("page/docs.html")));
pub(crate) static DOCS_CSS: LazyLock<Asset> =
    LazyLock::new(|| asset("text/css; charset=utf-8", include_str!("page/docs.css")));
pub(crate) static DOCS_JS: LazyLock<Asset> = LazyLock::new(|| asset(SCRIPT, include_str!("page/docs.js")));
pub(crate) static WIDGET: LazyLock<Asset> = LazyLock::new(|| asset(SCRIPT, ""));
