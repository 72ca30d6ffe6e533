//! Markdown: CommonMark with tables, footnotes and heading attributes; MDX, Jekyll and mdBook noise tolerated.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::{Context, Outcome, assemble, html, template};
use crate::document::{Extracted, Outline, anchor::Anchors, front_matter};

pub(super) fn extract(text: &str, context: &Context<'_>) -> Outcome {
    let (front, body, warning) = front_matter::split(text);
    if let Some(reason) = front.left_out() {
        return Ok((Extracted::LeftOut(reason), Vec::new()));
    }
    let mut body = template::strip_mdx(&template::strip_mdbook(body));
    if body.contains("{%") && front.text(&["render_with_liquid"]).as_deref() != Some("false") {
        body = template::strip_liquid(&body);
    }
    let mut reader = Reader { anchors: Anchors::new(context.url_style), ..Reader::default() };
    Parser::new_ext(&body, options()).for_each(|event| reader.event(event));
    reader.flush();
    let page = assemble(&front, reader.title, reader.outline, context);
    Ok((Extracted::Page(Box::new(page)), warning.into_iter().collect()))
}

fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_GFM
}

#[derive(Default)]
struct Reader {
    outline: Outline,
    anchors: Anchors,
    /// Text of the first level-1 heading.
    title: Option<String>,
    /// Paragraph, table row or heading being read.
    text: String,
    /// Raw HTML being read.
    html: String,
    heading: Option<(u8, Option<String>)>,
}

impl Reader {
    fn event(&mut self, event: Event<'_>) {
        if !matches!(event, Event::Html(_) | Event::InlineHtml(_)) && !self.html.is_empty() && self.heading.is_none() {
            self.flush_html();
        }
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(t) | Event::Code(t) | Event::InlineMath(t) | Event::DisplayMath(t) => self.text.push_str(&t),
            Event::Html(t) => self.html.push_str(&t),
            // A tag between words is not a word; `<br>` still separates two.
            Event::InlineHtml(t) if t.starts_with("<br") => self.text.push('\n'),
            Event::SoftBreak => self.text.push(' '),
            Event::HardBreak | Event::Rule => self.text.push('\n'),
            Event::InlineHtml(_) | Event::FootnoteReference(_) | Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { level, id, .. } => {
                self.flush();
                self.heading = Some((level as u8, id.map(|i| i.into_string())));
            }
            Tag::CodeBlock(_) | Tag::Item | Tag::Paragraph | Tag::TableHead | Tag::TableRow | Tag::BlockQuote(_) => {
                self.flush()
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => self.end_heading(),
            TagEnd::TableCell => self.text.push_str(" | "),
            TagEnd::CodeBlock | TagEnd::Item | TagEnd::Paragraph | TagEnd::TableHead | TagEnd::TableRow => self.flush(),
            TagEnd::HtmlBlock => self.flush_html(),
            _ => {}
        }
    }

    fn end_heading(&mut self) {
        let text = std::mem::take(&mut self.text).split_whitespace().collect::<Vec<_>>().join(" ");
        let Some((level, explicit)) = self.heading.take() else { return };
        self.html.clear();
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
        let text = text.trim_end_matches([' ', '|']);
        // Liquid and admonition markers that stand alone say nothing.
        if !(text.starts_with("[!") && text.ends_with(']')) {
            self.outline.paragraph(text);
        }
    }

    fn flush_html(&mut self) {
        if !self.html.is_empty() {
            let html = std::mem::take(&mut self.html);
            html::blocks(&html).iter().for_each(|b| self.outline.paragraph(b));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    fn page(text: &str) -> Document {
        let context = Context { source: "guide/a-page.md", ..Context::default() };
        match extract(text, &context).expect("readable").0 {
            Extracted::Page(p) => *p,
            Extracted::LeftOut(reason) => panic!("left out: {reason}"),
        }
    }

    #[test]
    fn headings_make_sections_with_anchors() {
        let p = page("Intro.\n\n# T\n\n## A `b`\n\nOne.\n\n### C\n\nTwo\nlines.\n\n## A `b`\n\nThree.\n");
        assert_eq!(p.title, "T");
        let got: Vec<_> =
            p.sections.iter().map(|s| (s.headings.join(">"), s.anchor.as_deref(), s.text.as_str())).collect();
        assert_eq!(
            got,
            [
                (String::new(), None, "Intro."),
                ("A b".into(), Some("a-b"), "One."),
                ("A b>C".into(), Some("c"), "Two lines."),
                ("A b".into(), Some("a-b-1"), "Three."),
            ]
        );
    }

    #[test]
    fn a_title_is_found_wherever_it_is() {
        assert_eq!(page("---\ntitle: F\n---\n# H").title, "F");
        assert_eq!(page("## Second level only\n\nx").title, "Second level only");
        assert_eq!(page("no heading").title, "a-page");
    }

    #[test]
    fn tables_lists_code_and_html_keep_their_words() {
        let p = page(
            "| a | b |\n|---|---|\n| c | d |\n\n- one\n- two\n\n```sh\nrun --fast\n```\n\n<div>in <b>html</b></div>\n",
        );
        let text = &p.sections[0].text;
        for words in ["a | b", "c | d", "one", "two", "run --fast", "in html"] {
            assert!(text.contains(words), "{words:?} in {text:?}");
        }
        assert!(!text.contains('<'), "{text:?}");
    }

    #[test]
    fn explicit_anchors_win() {
        assert_eq!(page("## A {#mine}\nx").sections[0].anchor, None, "the only heading is the title");
        assert_eq!(page("# T\n## A {#mine}\nx").sections[0].anchor.as_deref(), Some("mine"));
        assert_eq!(page("# T\n## A {/*mine*/}\nx").sections[0].anchor.as_deref(), Some("mine"));
    }
}
