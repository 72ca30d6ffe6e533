//! HTML: the main content, without navigation, scripts and styles.

use ego_tree::iter::Edge;
use scraper::{ElementRef, Html, Node, Selector, node::Element};

use super::{Context, Outcome, assemble, template};
use crate::document::{Extracted, Outline, front_matter};

/// Deepest nesting that is read. Browsers stop at 512; no page that people wrote comes near.
const DEEPEST: usize = 2000;

/// Elements whose text nobody reads.
const UNSEEN: [&str; 16] = [
    "script", "style", "noscript", "template", "nav", "footer", "aside", "svg", "iframe", "form", "button", "select",
    "head", "dialog", "object", "canvas",
];
/// Elements that begin and end a paragraph.
const BLOCKS: [&str; 30] = [
    "address",
    "article",
    "blockquote",
    "body",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tr",
    "ul",
];

pub(super) fn extract(text: &str, context: &Context<'_>) -> Outcome {
    let (front, body, warning) = front_matter::split(text);
    if let Some(reason) = front.left_out() {
        return Ok((Extracted::LeftOut(reason), Vec::new()));
    }
    let deepest = nesting(body);
    if deepest > DEEPEST {
        return Err(format!("HTML nested {deepest} levels deep; at most {DEEPEST} are read"));
    }
    let stripped;
    let body = if body.contains("{%") {
        stripped = template::strip_liquid(body);
        &stripped
    } else {
        body
    };
    let html = Html::parse_document(body);
    if let Some(reason) = robots(&html) {
        return Ok((Extracted::LeftOut(reason), Vec::new()));
    }
    let mut reader = Reader::default();
    reader.read(content_root(&html), true);
    let own_title = reader.title.take().or_else(|| first_text(&html, "title"));
    let mut page = assemble(&front, own_title, reader.outline, context);
    page.lang = page.lang.or_else(|| html.root_element().attr("lang").map(str::to_owned));
    Ok((Extracted::Page(Box::new(page)), warning.into_iter().collect()))
}

/// Text of a piece of HTML, a block each; what Markdown has between its own.
pub(super) fn blocks(fragment: &str) -> Vec<String> {
    if nesting(fragment) > DEEPEST {
        return Vec::new();
    }
    let html = Html::parse_fragment(fragment);
    let mut reader = Reader::default();
    reader.read(html.root_element(), false);
    let sections = reader.outline.finish("");
    sections.into_iter().flat_map(|s| s.headings.into_iter().chain([s.text])).filter(|t| !t.is_empty()).collect()
}

/// How deep elements are nested at most. Elements that may stay open do not count.
fn nesting(text: &str) -> usize {
    const UNCLOSED: [&str; 28] = [
        "p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "option", "optgroup", "colgroup", "area",
        "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr", "!",
    ];
    let (mut depth, mut deepest) = (0usize, 0usize);
    for (at, _) in text.match_indices('<') {
        let rest = &text[at + 1..];
        let name = |s: &str| {
            let end = s.bytes().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(s.len());
            s[..end].to_ascii_lowercase()
        };
        if let Some(closing) = rest.strip_prefix('/') {
            if !UNCLOSED.contains(&name(closing).as_str()) {
                depth = depth.saturating_sub(1);
            }
        } else if rest.starts_with(|c: char| c.is_ascii_alphabetic()) && !UNCLOSED.contains(&name(rest).as_str()) {
            let self_closed = rest.find('>').is_some_and(|end| rest[..end].ends_with('/'));
            depth += usize::from(!self_closed);
            deepest = deepest.max(depth);
        }
    }
    deepest
}

fn robots(html: &Html) -> Option<String> {
    let metas = select(html, "meta[name]");
    metas.into_iter().find_map(|meta| {
        let name = meta.attr("name")?.to_ascii_lowercase();
        let content = meta.attr("content").unwrap_or_default().to_ascii_lowercase();
        (matches!(name.as_str(), "robots" | "cloze") && content.contains("noindex")).then(|| format!("{name}: noindex"))
    })
}

fn select<'a>(html: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    Selector::parse(selector).map(|s| html.select(&s).collect()).unwrap_or_default()
}

fn first_text(html: &Html, selector: &str) -> Option<String> {
    let text = select(html, selector).first()?.text().collect::<String>();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

/// The element that holds what the page is about.
fn content_root(html: &Html) -> ElementRef<'_> {
    for selector in ["[data-cloze-content]", "main article", "main", "[role=main]", "article", "body"] {
        let found = select(html, selector);
        // Several articles are a list of teasers, not the content of the page.
        if let Some(&first) = found.first()
            && (found.len() == 1 || !selector.contains("article"))
        {
            return first;
        }
    }
    html.root_element()
}

#[derive(Default)]
struct Reader {
    outline: Outline,
    title: Option<String>,
    text: String,
    heading: Option<(u8, Option<String>)>,
    preformatted: usize,
}

impl Reader {
    /// Walks the tree without recursion: documents may be nested deeper than a stack.
    fn read(&mut self, root: ElementRef<'_>, is_page: bool) {
        let at_body = root.value().name() == "body";
        let mut unseen = None;
        for edge in root.traverse() {
            match edge {
                Edge::Open(node) if unseen.is_none() => match node.value() {
                    Node::Element(e) if is_unseen(e, is_page && at_body) => unseen = Some(node.id()),
                    Node::Element(e) => self.open(e, ElementRef::wrap(node)),
                    Node::Text(t) => self.words(t),
                    _ => {}
                },
                Edge::Close(node) if unseen == Some(node.id()) => unseen = None,
                Edge::Close(node) if unseen.is_none() => {
                    if let Node::Element(e) = node.value() {
                        self.close(e.name());
                    }
                }
                _ => {}
            }
        }
        self.flush();
    }

    fn open(&mut self, element: &Element, node: Option<ElementRef<'_>>) {
        let name = element.name();
        if BLOCKS.contains(&name) {
            self.flush();
        }
        match (name, heading_level(name)) {
            (_, Some(level)) => {
                let inner = |e: ElementRef<'_>| {
                    e.descendent_elements().find_map(|d| d.attr("id").or_else(|| d.attr("name"))).map(str::to_owned)
                };
                // Sphinx gives the id to the section that the heading opens.
                let section = |e: ElementRef<'_>| {
                    let parent = ElementRef::wrap(e.parent()?)?;
                    let opens = parent.child_elements().next() == Some(e);
                    let name = parent.value().name();
                    (opens && matches!(name, "section" | "div")).then(|| parent.attr("id").map(str::to_owned))?
                };
                let own = element.attr("id").map(str::to_owned);
                let id = own.or_else(|| node.and_then(inner)).or_else(|| node.and_then(section));
                self.heading = Some((level, id));
            }
            ("pre", _) => self.preformatted += 1,
            ("br", _) => self.text.push('\n'),
            ("img", _) => {
                if let Some(alt) = element.attr("alt") {
                    self.text.push(' ');
                    self.text.push_str(alt);
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "td" | "th" => self.text.push_str(" | "),
            "pre" => {
                self.flush();
                self.preformatted = self.preformatted.saturating_sub(1);
            }
            _ if heading_level(name).is_some() => self.end_heading(),
            _ if BLOCKS.contains(&name) => self.flush(),
            _ => {}
        }
    }

    fn words(&mut self, text: &str) {
        if self.preformatted > 0 {
            self.text.push_str(text);
            return;
        }
        // White space between words is one space, whatever it was.
        let needs_space = |s: &str| !s.is_empty() && !s.ends_with([' ', '\n']);
        if text.starts_with(char::is_whitespace) && needs_space(&self.text) {
            self.text.push(' ');
        }
        for (i, word) in text.split_whitespace().enumerate() {
            if i > 0 {
                self.text.push(' ');
            }
            self.text.push_str(word);
        }
        if text.ends_with(char::is_whitespace) && needs_space(&self.text) {
            self.text.push(' ');
        }
    }

    fn end_heading(&mut self) {
        let text = std::mem::take(&mut self.text);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        // Generators put a link to the heading inside it, shown as one of these.
        let text = text.trim_end_matches(['#', '¶', '\u{200b}', '🔗', ' ']).to_owned();
        let Some((level, anchor)) = self.heading.take() else { return };
        if text.is_empty() {
            return;
        }
        if level == 1 && self.title.is_none() {
            self.title = Some(text.clone());
        }
        self.outline.heading(level, &text, anchor);
    }

    fn flush(&mut self) {
        if self.heading.is_none() {
            let text = std::mem::take(&mut self.text);
            self.outline.paragraph(text.trim_end_matches([' ', '|']));
        }
    }
}

fn heading_level(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h', digit @ b'1'..=b'6'] => Some(digit - b'0'),
        _ => None,
    }
}

fn is_unseen(element: &Element, at_body: bool) -> bool {
    let role = element.attr("role").unwrap_or_default();
    UNSEEN.contains(&element.name())
        // A page's header is a banner; an article's header holds its title.
        || (at_body && element.name() == "header")
        || element.attr("data-cloze-ignore").is_some()
        || element.attr("hidden").is_some()
        || element.attr("aria-hidden") == Some("true")
        || matches!(role, "navigation" | "search" | "banner" | "contentinfo" | "complementary" | "menu")
        || element.classes().any(|c| matches!(c, "headerlink" | "hash-link" | "sr-only" | "visually-hidden"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    fn outcome(text: &str) -> Outcome {
        extract(text, &Context { source: "a.html", ..Context::default() })
    }

    fn page(text: &str) -> Document {
        match outcome(text).expect("readable").0 {
            Extracted::Page(p) => *p,
            Extracted::LeftOut(reason) => panic!("left out: {reason}"),
        }
    }

    #[test]
    fn only_the_content_is_read() {
        let p = page(
            "<html lang=de><head><title>T | Site</title><style>x</style></head><body><nav>menu</nav><header>banner</header>\
             <main><header><h1>Title</h1></header><p>One <b>two</b>\n three</p><script>no()</script>\
             <div data-cloze-ignore>not this</div><h2 id=s>Sec<a class=headerlink href=#s>¶</a></h2><pre>a\n  b</pre></main>\
             <footer>foot</footer></body></html>",
        );
        assert_eq!((p.title.as_str(), p.lang.as_deref()), ("Title", Some("de")));
        let got: Vec<_> = p.sections.iter().map(|s| (s.anchor.as_deref(), s.text.as_str())).collect();
        assert_eq!(got, [(None, "One two three"), (Some("s"), "a\n  b")]);
    }

    #[test]
    fn the_anchor_of_a_section_is_its_headings() {
        let p = page("<main><h1>T</h1><section id=one><h2>One</h2><p>x</p></section></main>");
        assert_eq!(p.sections[0].anchor.as_deref(), Some("one"));
    }

    #[test]
    fn a_page_can_keep_itself_out() {
        let text = "<meta name=robots content='noindex, follow'><p>x</p>";
        assert!(matches!(outcome(text), Ok((Extracted::LeftOut(_), _))));
    }

    #[test]
    fn deep_nesting_is_refused_at_once() {
        let deep = "<div>".repeat(100_000);
        assert!(outcome(&deep).expect_err("too deep").contains("100000 levels"));
        let unclosed = "<li>x<p>y".repeat(5_000);
        assert!(outcome(&unclosed).is_ok(), "elements that may stay open are not nesting");
    }

    #[test]
    fn mdbook_and_tables_are_read() {
        let p = page(
            "<main><h1 id=a><a class=header href=#a>A</a></h1><table><tr><th>x</th><th>y</th></tr><tr><td>1</td><td>2</td></tr></table></main>",
        );
        assert_eq!((p.title.as_str(), p.sections[0].text.as_str()), ("A", "x | y\n\n1 | 2"));
    }
}
