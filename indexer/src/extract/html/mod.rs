//! HTML: the main content, without navigation, scripts and styles, cut at its headings and entries.
//!
//! ```text
//! text -> tree -> shape (how much, where) -> pieces -> without boilerplate -> outline
//! ```

mod anchors;
mod boilerplate;
mod calls;
mod elements;
mod entries;
mod furniture;
mod head;
mod labels;
mod links;
mod listing;
mod lists;
mod name;
mod names;
mod nesting;
mod open;
mod outline;
mod own_links;
mod piece;
mod places;
mod reader;
mod root;
mod scopes;
mod shape;
mod summaries;
mod unseen;
mod words;

use std::collections::HashSet;

use scraper::{ElementRef, Html};

pub use boilerplate::Sketch;
pub(super) use names::of_entry as names_of_entry;

use super::{Context, Outcome, assemble, template};
use crate::document::{Extracted, front_matter};
use nesting::{DEEPEST, nesting};
use piece::Piece;
use shape::Shape;

pub(super) fn extract(text: &str, context: &Context<'_>) -> Outcome {
    let (front, body, warning) = front_matter::split(text);
    if let Some(reason) = front.left_out() {
        return Ok((Extracted::LeftOut(reason), Vec::new()));
    }
    let html = parse(body)?;
    if let Some(reason) = head::left_out(&html) {
        return Ok((Extracted::LeftOut(reason), Vec::new()));
    }
    let pieces = boilerplate::remove(pieces(root::content(&html), Some(context.source)), context.repeated);
    let own_title = piece::title(&pieces, head::title(&html));
    let mut page = assemble(&front, own_title, outline::outline(entries::join_tiny(labels::to_text(pieces))), context);
    page.lang = page.lang.or_else(|| html.root_element().attr("lang").map(str::to_owned));
    Ok((Extracted::Page(Box::new(page)), warning.into_iter().collect()))
}

/// The sketch of a page, for the search for repetition; `None` if the page is unreadable.
pub fn sketch(text: &str) -> Sketch {
    let (_, body, _) = front_matter::split(text);
    let Ok(html) = parse(body) else { return Sketch::default() };
    let template = head::select(&html, "body").first().map(|b| boilerplate::template(*b)).unwrap_or_default();
    let blocks = boilerplate::candidates(&pieces(root::content(&html), Some("")));
    Sketch { template, blocks, canonical: head::canonical(&html) }
}

/// Text of a piece of HTML, one block each; this reads the HTML within Markdown.
pub(super) fn blocks(fragment: &str) -> Vec<String> {
    if nesting(fragment) > DEEPEST {
        return Vec::new();
    }
    let html = Html::parse_fragment(fragment);
    let sections = outline::outline(pieces(html.root_element(), None)).finish("");
    sections.into_iter().flat_map(|s| s.headings.into_iter().chain([s.text])).filter(|t| !t.is_empty()).collect()
}

fn parse(text: &str) -> Result<Html, String> {
    let deepest = nesting(text);
    if deepest > DEEPEST {
        return Err(format!("the HTML is nested {deepest} levels deep; expected at most {DEEPEST}"));
    }
    if text.contains("{%") {
        return Ok(Html::parse_document(&template::strip_liquid(text)));
    }
    Ok(Html::parse_document(text))
}

/// The pieces of a page of this name, or of a part of one.
fn pieces(root: ElementRef<'_>, page: Option<&str>) -> Vec<Piece> {
    let at_body = page.is_some() && root.value().name() == "body";
    let shape = Shape::of(root, at_body, page.unwrap_or_default());
    let pieces = reader::read(root, &shape, at_body);
    match page {
        Some(_) if listing::is_listing(root) => pieces.into_iter().map(Piece::listed).collect(),
        Some(_) => summaries::remove(without_page_turning(pieces)),
        None => pieces,
    }
}

/// Drops the lines that link to neighbouring pages, or down to the text of the page.
fn without_page_turning(mut pieces: Vec<Piece>) -> Vec<Piece> {
    let leads_on = |p: &Piece| matches!(p, Piece::Block(b) if b.leads_on());
    // Some pages state the purpose of their links only at one end.
    let lines: HashSet<u64> = pieces.iter().filter(|p| leads_on(p)).filter_map(boilerplate::key).collect();
    let mut is_before_text = true;
    pieces.retain(|p| {
        let leads_down = matches!(p, Piece::Block(b) if b.leads_down());
        is_before_text &= leads_down || !matches!(p, Piece::Heading { .. } | Piece::Block(_));
        let turns = leads_on(p) || boilerplate::key(p).is_some_and(|k| lines.contains(&k));
        !(turns || (leads_down && is_before_text))
    });
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Document, Section};

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

    #[test]
    fn code_that_shows_a_call_is_an_entry_if_its_address_says_so() {
        let found = sections(
            "<main><h1>file</h1><section id=fs><h2>Filesystem</h2><div id=glob><pre>file(GLOB &lt;out&gt;)</pre></div>\
             <p>Lists files.</p><div id=example><pre>file(COPY a)</pre></div></section></main>",
        );
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].0.as_deref(), found[0].1.as_str()), (Some("glob"), "Filesystem > file(GLOB)"));
        assert!(found[0].2.contains("Lists files.") && found[0].2.contains("file(COPY a)"));
    }

    #[test]
    fn a_line_that_begins_with_an_anchor_and_links_to_it_is_an_entry() {
        for (line, expected) in [
            ("<p><a id='v:take'>take</a> :: Int -&gt; Tea <a href='#v:take'>#</a></p>", "v:take: take :: Int -> Tea"),
            (
                "<table><tr><td><p>(<a name='(def._pour)'></a><span><a href='#%28def._pour%29'>pour</a></span> cup) → <a href=c.html>cup?</a></p></td></tr></table>",
                "(def._pour): (pour cup) → cup?",
            ),
            ("<p>See <a id=x href='#x'>this</a> and that.</p>", ": T"),
            ("<p><a id=up href='#down'>down</a> there</p><p id=down>here</p>", ": T"),
        ] {
            let text = format!("<main><h1>T</h1>{line}<p>What it does, in a sentence of some length.</p></main>");
            let found = anchors(&text);
            assert_eq!(
                found.last().map(|f| f.trim_end_matches(": ")),
                Some(expected.trim_end_matches(": T")),
                "{line}: {found:?}"
            );
        }
    }

    #[test]
    fn a_row_that_links_to_itself_is_an_entry_that_ends_with_it() {
        let row = |id: &str, text: &str| {
            format!("<tr><td><a id={id} href='#{id}'><code>TEA_{id}</code></a></td><td>{text}</td></tr>")
        };
        let (hot, cold) = ("The water has boiled in the kettle.", "Nobody has put the kettle on so far.");
        let text = format!(
            "<main><h1>T</h1><h2 id=m>Members</h2><table>{}{}</table><p>After the table comes more.</p></main>",
            row("HOT", hot),
            row("COLD", cold)
        );
        let found = sections(&text);
        assert_eq!((found[0].0.as_deref(), found[0].1.as_str()), (Some("HOT"), "Members > TEA_HOT"), "{found:?}");
        assert_eq!((found[1].0.as_deref(), found[1].1.as_str()), (Some("COLD"), "Members > TEA_COLD"), "{found:?}");
        assert!(found[1].2.contains("so far") && !found[1].2.contains("After"), "{found:?}");
    }

    #[test]
    fn a_heading_below_other_parts_is_not_the_title() {
        let text = format!(
            "<title>Tea.Pot</title><main><p>Tea.Pot</p><h3 id=d>Description</h3><p>{}</p><h1 id=api>Documentation</h1><p>x</p></main>",
            "Pours it. ".repeat(9)
        );
        assert_eq!(page(&text).title, "Tea.Pot");
        assert_eq!(anchors(&text).last().map(String::as_str), Some("api: Documentation"));
    }

    #[test]
    fn preformatted_text_has_entries_at_anchors_that_say_their_own_name() {
        let tag = |name: &str| format!("*<a name=\"{name}\"></a><b>{name}</b>*");
        let text = format!(
            "<h1>Help</h1><pre>Opening words of this page.\n\n1. Undo commands\t{}\nHow the commands are undone.\n\n\
             \t{} {}\n:u[ndo]\tUndo one change.\n\t{}\tSet in 3.1: no name.\nSee <b>other</b> words.</pre>",
            tag("undo-commands"),
            tag(":u"),
            tag(":undo"),
            tag("3.1")
        );
        let found = sections(&text);
        let places: Vec<_> = found.iter().map(|s| s.0.as_deref()).collect();
        assert_eq!(places, [None, Some("undo-commands"), Some(":u"), Some(":undo")], "{found:?}");
        assert!(found[1].2.starts_with("1. Undo commands\t*undo-commands*\nHow"), "{found:?}");
        assert!(found[3].2.contains("Undo one change.") && found[3].2.contains("3.1"), "{found:?}");
    }

    fn sections(text: &str) -> Vec<(Option<String>, String, String)> {
        let show = |s: Section| (s.anchor, s.headings.join(" > "), s.text);
        page(text).sections.into_iter().map(show).collect()
    }

    fn anchors(text: &str) -> Vec<String> {
        sections(text).into_iter().map(|s| format!("{}: {}", s.0.unwrap_or_default(), s.1)).collect()
    }

    #[test]
    fn entries_of_definition_lists_are_sections_with_their_parents() {
        let text = "<main><h1>kettle</h1><section id=waiting><span id=w></span><h2>Waiting<a href='#waiting'>¶</a></h2><p>Steam.</p>\
             <dl><dt id=kettle.Lid>class <span>Lid</span><a href='#kettle.Lid'>¶</a></dt><dd><p>Covers the opening of it.</p>\
             <dl><dt id=kettle.Lid.lift>lift()</dt><dd><p>Raises the cover by a finger.</p></dd></dl></dd></dl><p>After.</p></section></main>";
        assert_eq!(
            anchors(text),
            [
                "waiting: Waiting",
                "kettle.Lid: Waiting > class kettle.Lid",
                "kettle.Lid.lift: Waiting > class kettle.Lid > kettle.Lid.lift()",
                "waiting: Waiting"
            ]
        );
    }

    #[test]
    fn headings_find_their_addresses_wherever_generators_put_them() {
        for (html, expected) in [
            (
                "<section id=a><span class=r><a href='s.html'>source</a></span><a href='#a'></a><h4>N</h4></section>",
                "a: N",
            ),
            ("<div id=a><div class=titlepage><div><h2>N<a id=x class=indexterm></a></h2></div></div></div>", "a: N"),
            ("<div><a name=a></a><h2>N</h2></div>", "a: N"),
            ("<h2><a id=a></a>N</h2>", "a: N"),
            ("<div><h2>N</h2><a name=a></a><pre>code</pre></div>", "a: N"),
            ("<h2 id=a>N</h2><p><a href=x rel=alternate hreflang=de>Deutsch</a></p>", "a: N"),
            ("<a id=a name=a></a>\n<h2><span><a href='#a'>&#9670;</a></span>N</h2>", "a: N"),
            ("<div data-section-id=a id=a><div><h2>N</h2></div></div>", "a: N"),
            ("<ul><li><section id='a(int)'><h3>N</h3></section></li></ul>", "a(int): N"),
            ("<div><h2>N</h2><a id=a href='#N'><svg></svg></a></div>", "a: N"),
            ("<details id=a><summary>N</summary>Body of the box that opens.</details>", "a: N"),
            ("<span id=a><a href='#a'></a><code>N: u8</code></span><div>Body that says more.</div>", "a: N: u8"),
            (
                "<p><a href='#a'>N</a></p><div class=highlight id=a><div><pre>N(x)</pre></div></div><p>Body that says more.</p>",
                "a: N(x)",
            ),
            (
                "<p><a href='#a%20b'>up</a></p><a name='a b'></a><div><b><a href='#a%20b'>A</a></b> [id]</div><pre>Body that says more.</pre>",
                "a b: A [id]",
            ),
            (
                "<div id=menu><form><b>Find</b></form></div><a name=a></a><p><b>Name</b></p><p>Body that says more.</p>",
                "a: Name",
            ),
            ("<dl><dd><span id=index-a></span></dd><dt>A</dt><dd>Body that says more.</dd></dl>", "index-a: A"),
        ] {
            let text =
                format!("<main><h1>T</h1><p>Text that begins the page and is long enough.</p>{html}<p>end</p></main>");
            assert_eq!(anchors(&text)[1], expected, "{html}");
        }
    }

    #[test]
    fn a_box_around_the_page_is_no_address() {
        let text = "<title>P</title><body><div id=__next><div id=content><h2>One</h2><p>x</p><h2 id=b>Two</h2><p>y</p></div></div></body>";
        assert_eq!(anchors(text), [": One", "b: Two"]);
    }

    #[test]
    fn what_follows_a_box_belongs_to_the_heading_above_it() {
        let text = "<main><h1>T</h1><div id=s><h2>S</h2><p>one</p><div class=tip><h3>Tip</h3><p>two</p></div><p>three</p></div></main>";
        let got: Vec<_> = sections(text).into_iter().map(|s| format!("{} {}", s.1, s.2)).collect();
        assert_eq!(got, ["S one", "S > Tip two", "S three"]);
    }

    #[test]
    fn a_note_with_a_heading_of_the_same_level_leaves_its_section_alone() {
        let text = "<main><h1>T</h1><div id=s><div class=titlepage><h3>S</h3></div><p>one</p><div class=tip><h3>Tip</h3><p>two</p></div>\
             <p>three</p><div id=u><div><h4>U</h4></div><p>four</p></div></div><div id=v><div><h3>V</h3></div><p>five</p></div></main>";
        assert_eq!(anchors(text), ["s: S", "s: S > Tip", "s: S", "u: S > U", "v: V"]);
    }

    #[test]
    fn lists_of_links_are_told_from_text() {
        let text = "<main><h1>T</h1><p>About it, with <a href=x>one link</a>.</p><ul><li><a href=a>First</a></li><li><a href=b>Second</a></li>\
             <li><a href=c>Third</a></li><li><a href=d>Fourth</a></li></ul></main>";
        let flags: Vec<bool> = page(text).sections.iter().map(|s| s.is_links).collect();
        assert_eq!(flags, [false, true]);
    }

    #[test]
    fn the_first_of_several_parts_is_not_the_title() {
        let parts = "<main><h1 id=a>A</h1><p>x</p><h1 id=b>B</h1><p>y</p></main>";
        let p = page(&format!("<title>Guide | Site</title>{parts}"));
        assert_eq!(p.title, "Guide | Site");
        assert_eq!(anchors(&format!("<title>Guide</title>{parts}")), ["a: A", "b: B"]);
        assert_eq!(page(&format!("<title>A | Site</title>{parts}")).title, "A");
        let logo = "<title>Guide</title><body><div><h1>Site</h1></div><div><h1>Guide</h1><p>Much text about kettles and tea.</p></div>";
        assert_eq!(page(logo).title, "Guide");
    }

    #[test]
    fn the_title_of_a_table_begins_no_section() {
        let text = "<main><h1>T</h1><p>Text that begins the page.</p><h2 id=s>S</h2><div><a id=t></a><p class=title><b>Table 1. Cups</b></p><table><tr><td>1</td></tr></table></div><p>After.</p></main>";
        assert_eq!(anchors(text), [": ", "s: S"]);
    }

    #[test]
    fn a_redirect_is_no_page() {
        let text = "<meta http-equiv=Refresh content='0; URL=new.html'><p>moved</p>";
        assert!(matches!(outcome(text), Ok((Extracted::LeftOut(r), _)) if r == "redirects to new.html"));
        assert!(matches!(outcome("<meta http-equiv=refresh content=300><p>clock</p>"), Ok((Extracted::Page(_), _))));
    }

    #[test]
    fn what_the_site_repeats_is_left_out() {
        let text = "<body><div class=bar><p>We value your privacy.</p></div><div class=content><h1>T</h1><p>Citric acid dissolves lime, and so does vinegar.</p>\
             <p>Was this page helpful?</p></div></body>";
        let repeated = sketch(text).blocks;
        let context = Context { source: "a.html", repeated: &repeated[..], ..Context::default() };
        let other = text.replace(
            "Citric acid dissolves lime, and so does vinegar.",
            "Another text, of which the site has only this one.",
        );
        let Ok((Extracted::Page(p), _)) = extract(&other, &context) else { panic!("a page") };
        assert_eq!(p.sections[0].text, "Another text, of which the site has only this one.");
    }
}
