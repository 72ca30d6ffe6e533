//! Turns the events of the Markdown parser into sections.

use pulldown_cmark::{BrokenLink, CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};

use crate::{
    document::{Outline, anchor::Anchors},
    extract::{
        html,
        link_list::{Line, in_section},
    },
    source::urls::UrlStyle,
};

/// Address and title of a target that only the generator knows.
const NOWHERE: CowStr<'_> = CowStr::Borrowed("");

/// Letters and digits of the current paragraph.
#[derive(Debug, Default)]
struct Links {
    letters: usize,
    linked: usize,
    begins_with_link: bool,
    is_open: bool,
}

impl Links {
    fn count(&mut self, text: &str) {
        let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
        self.begins_with_link |= self.letters == 0 && letters > 0 && self.is_open;
        self.letters += letters;
        self.linked += if self.is_open { letters } else { 0 };
    }

    /// Ends the paragraph.
    fn take(&mut self) -> Line {
        let Self { letters, linked, begins_with_link, .. } = std::mem::take(self);
        Line::of(letters, linked, begins_with_link)
    }
}

/// Collects sections from the events of a Markdown parser.
#[derive(Default)]
pub(in crate::extract) struct Reader {
    pub(in crate::extract) outline: Outline,
    anchors: Anchors,
    /// Text of the first level-1 heading.
    pub(in crate::extract) title: Option<String>,
    /// The current paragraph, table row or heading.
    text: String,
    links: Links,
    /// Paragraphs since the last heading, each with its share of links.
    blocks: Vec<(String, Line)>,
    /// The current raw HTML.
    html: String,
    heading: Option<(u8, Option<String>)>,
}

impl Reader {
    /// Reads plain Markdown. Returns the text of the first level-1 heading, and the sections.
    pub(super) fn read(text: &str, style: UrlStyle) -> (Option<String>, Outline) {
        let mut reader = Self { anchors: Anchors::new(style), ..Self::default() };
        reader.add(text);
        (reader.title, reader.outline)
    }

    /// Reads self-contained Markdown: nothing that it opens reaches into the next text.
    pub(in crate::extract) fn add(&mut self, text: &str) {
        let resolve = |link: BrokenLink<'_>| is_reference(text, &link).then_some((NOWHERE, NOWHERE));
        Parser::new_with_broken_link_callback(text, options(), Some(resolve)).for_each(|event| self.event(event));
        self.flush();
        self.flush_blocks();
    }

    fn event(&mut self, event: Event<'_>) {
        if !matches!(event, Event::Html(_) | Event::InlineHtml(_)) && !self.html.is_empty() && self.heading.is_none() {
            self.flush_html();
        }
        if let Event::Text(text) | Event::Code(text) = &event {
            self.links.count(text);
        }
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(t) | Event::Code(t) | Event::DisplayMath(t) => self.text.push_str(&t),
            Event::InlineMath(t) if is_formula(&t) => self.text.push_str(&t),
            // Two shell variables, or two prices.
            Event::InlineMath(t) => ["$", &t, "$"].iter().for_each(|part| self.text.push_str(part)),
            Event::Html(t) => self.html.push_str(&t),
            // A tag between words is not a word; `<br>` still separates two.
            Event::InlineHtml(t) if t.starts_with("<br") => self.text.push('\n'),
            // The title of a callout ends with its line.
            Event::SoftBreak if self.text.starts_with("[!") && !self.text.contains('\n') => self.text.push_str("\n\n"),
            Event::SoftBreak => self.text.push(' '),
            Event::HardBreak | Event::Rule => self.text.push('\n'),
            Event::InlineHtml(_) | Event::FootnoteReference(_) | Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { level, id, .. } => {
                self.flush();
                self.flush_blocks();
                self.heading = Some((level as u8, id.map(|i| i.into_string())));
            }
            Tag::CodeBlock(kind) => {
                self.flush();
                if let CodeBlockKind::Fenced(info) = kind {
                    self.block(label(&info).unwrap_or_default(), Line::Text);
                }
            }
            Tag::Item | Tag::Paragraph | Tag::TableHead | Tag::TableRow | Tag::BlockQuote(_) => self.flush(),
            Tag::DefinitionListTitle | Tag::DefinitionListDefinition => self.flush(),
            Tag::Link { .. } => self.links.is_open = true,
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => self.end_heading(),
            TagEnd::TableCell => self.text.push_str(" | "),
            TagEnd::CodeBlock | TagEnd::Item | TagEnd::Paragraph | TagEnd::TableHead | TagEnd::TableRow => self.flush(),
            TagEnd::DefinitionListTitle | TagEnd::DefinitionListDefinition => self.flush(),
            TagEnd::HtmlBlock => self.flush_html(),
            TagEnd::Link => self.links.is_open = false,
            _ => {}
        }
    }

    fn end_heading(&mut self) {
        let text = std::mem::take(&mut self.text).split_whitespace().collect::<Vec<_>>().join(" ");
        let Some((level, explicit)) = self.heading.take() else { return };
        self.html.clear();
        self.links = Links::default();
        let anchor = explicit.unwrap_or_else(|| self.anchors.next(&text));
        if text.is_empty() {
            return;
        }
        if level == 1 && self.title.is_none() {
            self.title = Some(text.clone());
        }
        self.outline.heading(level, &text, Some(anchor));
    }

    fn flush(&mut self) {
        if self.heading.is_some() {
            return;
        }
        self.flush_html();
        let text = std::mem::take(&mut self.text);
        let line = self.links.take();
        self.block(without_callout(text.trim_end_matches([' ', '|'])), line);
    }

    fn block(&mut self, text: &str, line: Line) {
        if !text.trim().is_empty() {
            self.blocks.push((text.to_owned(), line));
        }
    }

    fn flush_blocks(&mut self) {
        let blocks = std::mem::take(&mut self.blocks);
        let lines: Vec<Line> = blocks.iter().map(|(_, line)| *line).collect();
        for ((text, _), is_list) in blocks.iter().zip(in_section(&lines)) {
            match is_list {
                true => self.outline.link(text),
                false => self.outline.paragraph(text),
            }
        }
    }

    fn flush_html(&mut self) {
        if !self.html.is_empty() {
            let html = std::mem::take(&mut self.html);
            html::blocks(&html).iter().for_each(|b| self.block(b, Line::Text));
        }
    }
}

/// The label of a block of code: the name of a tab or of a file, ```` ```js [config.js] ````, `title="config.js"`.
fn label(info: &str) -> Option<&str> {
    let (_, rest) = info.trim().split_once([' ', '\t'])?;
    let quoted = ["title=\"", "title='", "filename=\""].into_iter().find_map(|key| {
        let value = rest.split_once(key)?.1;
        value.split_once(['"', '\'']).map(|(value, _)| value)
    });
    let bracketed = || rest.trim_start().strip_prefix('[')?.split_once(']').map(|(label, _)| label);
    quoted.or_else(bracketed).map(str::trim).filter(|label| label.contains(char::is_alphanumeric))
}

fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_GFM
        | Options::ENABLE_MATH
        | Options::ENABLE_DEFINITION_LIST
}

/// Whether brackets are a reference to an object that the generator defines, `[text][package.Class]`: then only the
/// text is visible. `a[i][j]` is not a reference.
fn is_reference(text: &str, link: &BrokenLink<'_>) -> bool {
    let is_full = matches!(link.link_type, LinkType::Reference | LinkType::Collapsed);
    let is_apart = !text[..link.span.start].ends_with(|c: char| c.is_alphanumeric() || matches!(c, ']' | '_' | ')'));
    is_full && is_apart && link.reference.len() > 2
}

/// Whether the text between dollar signs is mathematics.
fn is_formula(text: &str) -> bool {
    // `$(command …)` is shell syntax.
    let command = text.strip_prefix('(').and_then(|rest| rest.split_once(' '));
    if command.is_some_and(|(name, _)| name.len() > 2 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')) {
        return false;
    }
    text.chars().count() <= 2 || text.contains(['\\', '^', '_', '{', '=', '+', '<', '>'])
}

/// The text of a callout without its mark, `[!note]-`; the parser has already removed GitHub's own marks.
fn without_callout(text: &str) -> &str {
    let rest = text.strip_prefix("[!").and_then(|rest| rest.split_once(']'));
    let is_kind = |kind: &str| kind.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '|' | ' '));
    rest.filter(|(kind, _)| is_kind(kind)).map_or(text, |(_, rest)| rest.trim_start_matches(['+', '-', ' ']))
}
