//! Markdown: CommonMark with tables, footnotes, formulas and heading attributes, in the dialects of site generators.
//! Cloze recognises their markup by its structure, not by the generator: [`dialect`] turns it into plain Markdown,
//! and [`reader`] turns that into sections. Code stays unchanged.
//!
//! A page goes through these stages: `verbatim` sets aside markup that is shown as it is; `indented` opens blocks of indented content; `lines` separates code from text;
//! `comment` drops hidden comments; `directive` reads lines that are markup as a whole; `inline` takes markup out of
//! text, with `shortcode` for tags of templates, `jsx` for components, `attributes` for lists in braces, and `words`
//! for the words in the arguments of a tag.

mod attributes;
mod comment;
mod dialect;
mod directive;
mod indented;
mod inline;
mod jsx;
mod lines;
mod plain;
mod reader;
mod shortcode;
mod verbatim;
mod words;

use super::{Context, Outcome, assemble};
use crate::document::{Extracted, front_matter};
use dialect::Dialect;
pub(in crate::extract) use reader::Reader;

pub(super) fn extract(text: &str, context: &Context<'_>) -> Outcome {
    let (front, body, warning) = front_matter::split(text);
    if let Some(reason) = front.left_out() {
        return Ok((Extracted::LeftOut(reason), Vec::new()));
    }
    let body = plain::without_includes(body);
    let has_liquid = front.text(&["render_with_liquid"]).as_deref() != Some("false");
    let body = if has_liquid { verbatim::hide(&body) } else { body };
    let dialect = Dialect::of(context.source, &body, has_liquid).on(context.url_style);
    let body = verbatim::show(plain::plain(&body, dialect));
    let (title, outline) = Reader::read(&body, context.url_style);
    let page = assemble(&front, title, outline, context);
    Ok((Extracted::Page(Box::new(page)), warning.into_iter().collect()))
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
    fn what_a_template_would_show_is_text() {
        let p = page(
            "# T\n\n{% raw %}Write `{{ page.title }}`.{% endraw %}\n\n```html\n{% raw %}{% if x %}{% endraw %}\n```\n\nUse {{</* tab */>}}.\n",
        );
        assert_eq!(p.sections[0].text, "Write {{ page.title }}.\n\n{% if x %}\n\nUse {{< tab >}}.");
    }

    #[test]
    fn the_label_of_a_block_of_code_is_text() {
        for info in ["js [config.js]", "js{1,3} title=\"config.js\"", "js filename=\"config.js\" {2}"] {
            let p = page(&format!("# T\n\n```{info}\nlet a = [1];\n```\n\n```js {{1}}\nb\n```\n"));
            assert_eq!(p.sections[0].text, "config.js\n\nlet a = [1];\n\nb", "{info}");
        }
    }

    #[test]
    fn lists_of_links_are_told_from_text() {
        let list = "- [A](a.md)\n- [B](b.md)\n- [C](c.md)\n- [D](d.md)\n";
        let p =
            page(&format!("# T\n\nText with [a link](x.md) in it.\n\n{list}\n## Next\n\n- [E](e.md)\n- [F](f.md)\n"));
        let got: Vec<_> = p.sections.iter().map(|s| (s.text.lines().next().unwrap_or_default(), s.is_links)).collect();
        assert_eq!(got, [("Text with a link in it.", false), ("A", true), ("E", true)]);
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
    fn the_first_of_several_parts_keeps_its_address() {
        for text in ["About films.\n\n## One\n\nText.\n\n## Two\n\nText.\n", "## One\n\nText.\n\n## Two\n\nText.\n"] {
            let p = page(text);
            assert_eq!(p.title, "a-page");
            let anchors: Vec<_> = p.sections.iter().filter_map(|s| s.anchor.as_deref()).collect();
            assert_eq!(anchors, ["one", "two"], "{text}");
        }
        assert_eq!(page("## The only one\n\nText.\n\n### Part\n\nText.\n").title, "The only one");
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

    /// All dialects on one page.
    const DIALECTS: &str = "import A from 'a'\n\n# T {#t}\n\n!!! note \"One\"\n    a\n\n=== \"Two\"\n\n    ```sh\n    !!! code {{< x >}}\n    ```\n\n\
        :::tip[Three]\nb\n:::\n\n<Tabs items={[1]}>\n<Tab label=\"Four\">c</Tab>\n</Tabs>\n\n{/* no */} <!-- no\nno --> d\n\n\
        {{< tab \"Five\" >}}\ne {{% x %}}f{{% /x %}}\n{{< /tab >}}\n\n{% include a.html content=\"Six\" %} {{ site.x }}\n\n\
        [[g#h|Seven]] ![[no]] %%no%% ==i== ++j++ :kk: `==l==` $m_n$ ^no-1\n\n> [!tip] Eight\n> o\n\n## P\n{: #q .r }\n\n\
        *[S]: t\n\n--8<-- \"no\"\n\n[[toc]]\n\nu\n:   v[^1]\n\n[^1]: w {{< highlight x >}}\n\n$$\nx\n$$\n";

    #[test]
    fn every_dialect_keeps_its_words() {
        let p = page(DIALECTS);
        let text = p.sections.iter().map(|s| format!("{:?} {}\n", s.headings, s.text)).collect::<String>();
        for words in [
            "One",
            "Two",
            "!!! code {{< x >}}",
            "Three",
            "Four",
            "Five",
            "Six",
            "Seven",
            "==l==",
            "m_n",
            "Eight\n\no",
            "S: t",
            "u\n\nv",
        ] {
            assert!(text.contains(words), "{words:?} in {text}");
        }
        for markup in ["no", "import", "[[", ":::", "Tabs", "%%", "{", "note", "toc", ":kk:", "[!"] {
            let outside = text.replace("!!! code {{< x >}}", "");
            assert!(!outside.contains(markup), "{markup:?} in {text}");
        }
        assert_eq!(p.sections.last().and_then(|s| s.anchor.as_deref()), Some("q"));
    }

    #[test]
    fn damaged_markup_is_read_all_the_same() {
        let mut state = 11u64;
        let mut random = |n: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % n
        };
        let pieces: Vec<&str> = DIALECTS.split_inclusive([' ', '\n']).collect();
        for round in 0..3000 {
            let mut text: Vec<&str> = pieces.clone();
            for _ in 0..1 + round % 12 {
                let (at, other) = (random(text.len()), random(pieces.len()));
                match random(3) {
                    0 => text[at] = pieces[other],
                    1 => drop(text.remove(at)),
                    _ => text.insert(at, ["{", "`", "<", "é", "==", "\"", "\t", "\n\n", "%%", "$"][random(10)]),
                }
            }
            let text = text.concat();
            let p = page(&text);
            let size: usize = p.sections.iter().map(|s| s.text.len()).sum();
            assert!(size <= 2 * text.len(), "{text}");
        }
    }

    #[test]
    fn marks_without_an_end_take_time_in_proportion() {
        // A search for one of these to the end of the page each time would take hours.
        for mark in [
            "<!-- ", "{{< a ", "{% b ", "<A {", "<A \"", "{x ", " %%c", "==d ", "`` e ", "$f ", "[[g ", " ++h", ":i",
            "{#j} ", "^^k ",
        ] {
            let text = format!("import A from 'a'\n\nz {}\n", mark.repeat((1 << 20) / mark.len()));
            assert!(!page(&text).sections.is_empty(), "{mark}");
        }
    }

    #[test]
    fn references_of_a_generator_show_their_text() {
        let p = page("See [`Model`][pkg.Model] and [this one][]; not a[row][column], [x] or $(echo a=$b).\n");
        assert_eq!(p.sections[0].text, "See Model and this one; not a[row][column], [x] or $(echo a=$b).");
    }
}
