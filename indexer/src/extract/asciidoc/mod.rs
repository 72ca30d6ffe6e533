//! AsciiDoc: sections with their ids, and the terms of description lists with an id. Markup is removed; its words
//! stay.

mod attributes;
mod block;
mod entry;
mod id;
mod inline;
mod macros;
mod open_entry;
mod paragraph;
mod reader;
mod section;
mod table;

use serde_json::{Map, Value};

use super::{Context, Outcome, assemble};
use crate::document::{
    Extracted,
    front_matter::{self, FrontMatter},
};
use reader::Reader;

/// Header attributes equivalent to front matter.
const FRONT: [&str; 7] = ["description", "keywords", "lang", "robots", "draft", "noindex", "search"];

pub(super) fn extract(text: &str, context: &Context<'_>) -> Outcome {
    let (mut front, body, warning) = front_matter::split(text);
    if let Some(reason) = front.left_out() {
        return Ok((Extracted::LeftOut(reason), Vec::new()));
    }
    let mut reader = Reader::new(body);
    reader.read();
    if front == FrontMatter::default() {
        let attribute = |name: &str| {
            let value = reader.attributes.get(name).or_else(|| reader.attributes.get(&format!("page-{name}")))?;
            Some((name.to_owned(), Value::String(value.to_owned())))
        };
        front = FrontMatter::from_object(FRONT.into_iter().filter_map(attribute).collect::<Map<_, _>>());
    }
    if let Some(reason) = front.left_out() {
        return Ok((Extracted::LeftOut(reason), Vec::new()));
    }
    let page = assemble(&front, reader.title, reader.outline, context);
    Ok((Extracted::Page(Box::new(page)), warning.into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    fn page(text: &str) -> Document {
        match extract(text, &Context { source: "a.adoc", ..Context::default() }).expect("readable").0 {
            Extracted::Page(p) => *p,
            Extracted::LeftOut(reason) => panic!("left out: {reason}"),
        }
    }

    fn expect(source: &str, expected: &[(&str, &str, &str)]) {
        let sections = page(source).sections;
        let got: Vec<_> = sections
            .iter()
            .map(|s| (s.headings.join(">"), s.anchor.as_deref().unwrap_or("-"), s.text.as_str()))
            .collect();
        let got: Vec<_> = got.iter().map(|(h, a, t)| (h.as_str(), *a, *t)).collect();
        assert_eq!(got, expected, "{source}");
    }

    fn text(source: &str) -> String {
        page(source).sections.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join("\n\n")
    }

    #[test]
    fn sections_have_their_own_ids_or_those_of_asciidoctor() {
        let source = "= Tea urn\nA. Uthor <a@b.c>\nv1.0, 2024\n:toc:\n:urn: The urn\n\nPreamble.\n\n[#descale]\n== Descale {urn}\n\nA.\n\n\
                      [[drain]]\n=== Drain\n\nB.\n\n== Next step\n\nC.\n\n== Next step\n\nD.\n\n== [[own]]Last\n\nE.\n\nSetext\n~~~~~~\n\nF.\n";
        assert_eq!(page(source).title, "Tea urn");
        expect(
            source,
            &[
                ("", "-", "Preamble."),
                ("Descale The urn", "descale", "A."),
                ("Descale The urn>Drain", "drain", "B."),
                ("Next step", "_next_step", "C."),
                ("Next step", "_next_step_2", "D."),
                ("Last", "own", "E."),
                ("Last>Setext", "_setext", "F."),
            ],
        );
    }

    #[test]
    fn terms_with_an_id_are_sections() {
        let source = "= T\n\n== Options\n\n[[opt-a]]a:: First.\n+\nMore of it.\n+\n----\ncode\n----\n\n[[opt-b]]\nb::\n  Second.\nc:: Third.\n\nAfter.\n";
        expect(
            source,
            &[
                ("Options>a", "opt-a", "First.\n\nMore of it.\n\ncode"),
                ("Options>b", "opt-b", "Second."),
                ("Options", "_options", "c\n\nThird.\n\nAfter."),
            ],
        );
    }

    #[test]
    fn blocks_leave_their_text() {
        let source = "= T\n\nNOTE: Mind *it*.\n\n.Listing\n[source,shell]\n----\nrun # <1>\n  more\n----\n<1> Runs.\n\n====\nExample `text`.\n====\n\n\
                      |===\n|a |b\n\n|c\n|d\n|===\n\n* one\n** two\nlines\n. three\n\nimage::a.png[A cup]\n\n[quote]\n____\nSaid.\n____\n\n indented\n   code\n";
        let expected = "Mind it.\n\nListing\n\nrun\n  more\n\nRuns.\n\nExample text.\n\na | b\n\nc | d\n\none\n\ntwo lines\n\nthree\n\nA cup\n\nSaid.\n\nindented\n   code";
        assert_eq!(text(source), expected);
    }

    #[test]
    fn what_is_not_text_goes() {
        let source = "= T\n\n// comment\n////\nlong\n////\ninclude::a.adoc[]\nifdef::x[]\ntoc::[]\nText.\nendif::[]\n\n'''\n<<<\n:a: b\n++++\n<b>\n++++\n[.role]\nLast.\n";
        assert_eq!(text(source), "Text.\n\nLast.");
    }

    #[test]
    fn a_block_that_does_not_end_hides_no_section() {
        let source = "= T\n\n====\n code\n====\n\n== A\n\n____\nx\n\n== B\n\ny\n";
        expect(source, &[("", "-", "code"), ("A", "_a", "x"), ("B", "_b", "y")]);
    }

    #[test]
    fn a_page_can_keep_itself_out() {
        for text in ["---\ndraft: true\n---\n= T\n", "= T\n:page-robots: noindex\n\nx\n"] {
            assert!(matches!(extract(text, &Context::default()), Ok((Extracted::LeftOut(_), _))), "{text}");
        }
    }

    #[test]
    fn hostile_pages_are_read_to_their_end() {
        for source in [
            "*a ".repeat(200_000),
            "`a".repeat(200_000),
            "link:".repeat(200_000),
            "https://[".repeat(100_000),
            "a:b[".repeat(200_000),
            "<<a".repeat(200_000),
            "[[a".repeat(200_000),
            "((a".repeat(200_000),
            "{a".repeat(200_000),
            "<<a".repeat(200_000) + ">>",
            "((a".repeat(200_000) + "))",
            "a:[".repeat(200_000) + "]",
            "[[a".repeat(200_000) + "]]",
            "*a ".repeat(200_000) + "b*",
            "+a ".repeat(200_000),
            "^a".repeat(200_000),
            "#a ".repeat(200_000),
            "\"`".repeat(200_000),
            "a::\n".repeat(50_000),
            "====\n=====\n".repeat(50_000),
            "----\n".repeat(50_001),
            "|===\n|a\n".repeat(50_000),
            "[[a]]b::\n".repeat(20_000),
            "[a]\n".repeat(50_000),
            "== a\n".repeat(20_000),
            "* ".repeat(200_000),
            "footnote:[".repeat(50_000),
            format!("= {}\n{}", "a".repeat(500_000), "== b\n\nc\n\n".repeat(5_000)),
            ":a: x \\\n".repeat(50_000),
        ] {
            assert!(extract(&source, &Context::default()).is_ok());
        }
    }

    #[test]
    fn no_page_makes_it_panic() {
        let sample = include_str!("sample.adoc");
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move |below: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed % below.max(1) as u64) as usize
        };
        let pieces = [
            ":", "`", "*", "_", "#", "\n", "\n\n", "[", "]", "[[", "]]", "<<", ">>", "|===\n", "----\n", "ä", "名",
            "{", "}", "::", "+", "\"`", "link:", "https://", "((", "^", "= ",
        ];
        for _ in 0..2000 {
            let mut chars: Vec<char> = sample.chars().collect();
            for _ in 0..=random(20) {
                let at = random(chars.len());
                match random(3) {
                    0 => drop(chars.drain(at..(at + random(30)).min(chars.len()))),
                    1 => drop(chars.splice(at..at, pieces[random(pieces.len())].chars())),
                    _ => chars.truncate(at.max(1)),
                }
            }
            let text: String = chars.into_iter().collect();
            assert!(extract(&text, &Context::default()).is_ok());
        }
    }
}
