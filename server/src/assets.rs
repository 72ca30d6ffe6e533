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

const PAGE: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The parts share one scope and none of the page's; the style sheet holds neither a backtick nor `${`.
const WIDGET_PARTS: &str = concat!(
    "(() => {\n\"use strict\";\nconst CSS = String.raw`",
    include_str!("../widget/widget.css"),
    "`;\n",
    include_str!("../widget/labels.js"),
    include_str!("../widget/api.js"),
    include_str!("../widget/recent.js"),
    include_str!("../widget/dom.js"),
    include_str!("../widget/list.js"),
    include_str!("../widget/keys.js"),
    include_str!("../widget/view.js"),
    include_str!("../widget/search.js"),
    include_str!("../widget/element.js"),
    "})();\n",
);

pub(crate) static WIDGET: LazyLock<Asset> = LazyLock::new(|| asset(SCRIPT, WIDGET_PARTS));
pub(crate) static HTML: LazyLock<Asset> = LazyLock::new(|| asset(PAGE, include_str!("../widget/page.html")));
pub(crate) static CSS: LazyLock<Asset> = LazyLock::new(|| asset(STYLE, include_str!("../widget/page.css")));
pub(crate) static JS: LazyLock<Asset> = LazyLock::new(|| asset(SCRIPT, include_str!("../widget/page.js")));
pub(crate) static DOCS_HTML: LazyLock<Asset> = LazyLock::new(|| asset(PAGE, include_str!("../reader/docs.html")));
pub(crate) static DOCS_CSS: LazyLock<Asset> = LazyLock::new(|| asset(STYLE, include_str!("../reader/docs.css")));
pub(crate) static DOCS_JS: LazyLock<Asset> = LazyLock::new(|| asset(SCRIPT, include_str!("../reader/docs.js")));
