//! reStructuredText: sections, and the entries that Sphinx's domains describe. Directives and roles leave their
//! words.

mod directive;
mod entry;
mod explicit;
mod heading;
mod id;
mod inline;
mod line;
mod reader;
mod section;
mod substitution;
mod table;

use super::{Context, Outcome, assemble};
use crate::document::{Extracted, front_matter::FrontMatter};
use reader::Reader;

pub(super) fn extract(text: &str, context: &Context<'_>) -> Outcome {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader::new(text);
    reader.read();
    if reader.kept_out {
        return Ok((Extracted::LeftOut(":nosearch:".into()), Vec::new()));
    }
    let front = FrontMatter::from_object(reader.meta);
    if let Some(reason) = front.left_out() {
        return Ok((Extracted::LeftOut(reason), Vec::new()));
    }
    let page = assemble(&front, reader.title, reader.outline, context);
    Ok((Extracted::Page(Box::new(page)), Vec::new()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    fn page(text: &str) -> Document {
        match extract(text, &Context { source: "a.rst", ..Context::default() }).expect("readable").0 {
            Extracted::Page(p) => *p,
            Extracted::LeftOut(reason) => panic!("left out: {reason}"),
        }
    }

    fn shape(text: &str) -> Vec<(String, String, String)> {
        let anchor = |a: Option<String>| a.unwrap_or_else(|| "-".into());
        page(text).sections.into_iter().map(|s| (s.headings.join(">"), anchor(s.anchor), s.text)).collect()
    }

    fn text(source: &str) -> String {
        page(source).sections.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join("\n\n")
    }

    fn expect(source: &str, expected: &[(&str, &str, &str)]) {
        let got = shape(source);
        let got: Vec<_> = got.iter().map(|(h, a, t)| (h.as_str(), a.as_str(), t.as_str())).collect();
        assert_eq!(got, expected, "{source}");
    }

    #[test]
    fn adornments_make_levels_in_their_order() {
        let p = page(
            "=====\nTitle\n=====\n\nIntro.\n\nOne\n===\n\nA.\n\nTwo\n---\n\nB.\n\n.. _Own name:\n\nThree\n=====\n\nC.\n",
        );
        assert_eq!(p.title, "Title");
        let got: Vec<_> = p.sections.iter().map(|s| (s.headings.join(">"), s.anchor.as_deref())).collect();
        let expected = [("", None), ("One", Some("one")), ("One>Two", Some("two")), ("Three", Some("own-name"))];
        assert_eq!(got, expected.map(|(h, a)| (h.to_owned(), a)));
    }

    #[test]
    fn entries_nest_and_the_text_behind_them_belongs_to_the_section() {
        let source = "Kettle\n======\n\n.. module:: kettle\n\nParts\n-----\n\n.. class:: Lid(size)\n\n   Covers.\n\n   \
                      .. method:: lift(height) -> None\n      :async:\n\n      Lets *steam* out.\n\n   Fits well.\n\n\
                      .. c:macro:: MAX_LIDS\n\nAfter all.\n";
        expect(
            source,
            &[
                ("Parts>kettle.Lid", "kettle.Lid", "Lid(size)\n\nCovers."),
                ("Parts>kettle.Lid>Lid.lift", "kettle.Lid.lift", "lift(height) -> None\n\nLets steam out."),
                ("Parts>kettle.Lid", "kettle.Lid", "Fits well."),
                ("Parts>MAX_LIDS", "c.MAX_LIDS", "MAX_LIDS"),
                ("Parts", "parts", "After all."),
            ],
        );
    }

    #[test]
    fn each_signature_has_its_address_and_the_first_has_the_text() {
        let source = "T\n=\n\n.. currentmodule:: kettle\n\n.. function:: pour(cup)\n              fill(cup, level)\n\n   Fills.\n";
        expect(
            source,
            &[
                ("kettle.fill", "kettle.fill", "fill(cup, level)"),
                ("kettle.pour", "kettle.pour", "pour(cup)\n\nfill(cup, level)\n\nFills."),
            ],
        );
    }

    #[test]
    fn terms_of_a_glossary_have_addresses() {
        let source = "Words\n=====\n\n.. glossary::\n   :sorted:\n\n   crema\n   the foam\n      Foam on top.\n\n      More.\n\n   puck\n      Spent grounds.\n\nEnd.\n";
        expect(
            source,
            &[
                ("crema", "term-crema", ""),
                ("the foam", "term-the-foam", "Foam on top.\n\nMore."),
                ("puck", "term-puck", "Spent grounds."),
                ("", "-", "End."),
            ],
        );
    }

    #[test]
    fn directives_leave_their_text() {
        let source = "T\n=\n\n.. note:: Mind\n   the gap.\n\n   * one\n   * two\n     more\n\n.. code-block:: console\n   :caption: x\n\n   \
                      $ a\n     b\n\n.. versionadded:: 2.1\n   By us.\n\nRun::\n\n    c :not:`x`\n\n.. image:: a.png\n   :alt: A cup\n\n\
                      .. figure:: b.png\n\n   A pot.\n\n.. |x| replace:: twice\n\n|x| read.\n\n.. tab:: Linux\n\n   apt\n\nSee `here`_.\n\n.. _here: https://x.y\n";
        let expected = "Mind the gap.\n\none\n\ntwo more\n\n$ a\n  b\n\nAdded in version 2.1: By us.\n\nRun:\n\n\
                        c :not:`x`\n\nA cup\n\nA pot.\n\ntwice read.\n\nLinux\n\napt\n\nSee here.";
        assert_eq!(text(source), expected);
    }

    #[test]
    fn what_is_not_text_goes() {
        let source = ":orphan:\n\nT\n=\n\n.. a comment\n   of two lines\n\n..\n   another\n\n.. toctree::\n   :maxdepth: 2\n\n   a/b\n   c\n\n\
                      .. include:: x.rst\n\n.. raw:: html\n\n   <b>\n\n.. [1] A footnote.\n\n----------\n\n| verse one\n| verse two\n\n\
                      :param cup: The cup.\n:returns: Nothing.\n\n.. default-role:: any\n\n>>> 1 + 1\n2\n";
        let expected =
            "A footnote.\n\nverse one\nverse two\n\nparam cup: The cup.\n\nreturns: Nothing.\n\n>>> 1 + 1\n2";
        assert_eq!(text(source), expected);
    }

    #[test]
    fn tables_keep_their_cells() {
        let source = "T\n=\n\n.. list-table:: Cups\n   :header-rows: 1\n\n   * - Size\n     - Name\n   * - *S*\n     - small\n\n+---+---+\n| a | b |\n+---+---+\n\n==  ==\nc   d\n==  ==\n";
        assert_eq!(text(source), "Cups\n\nSize | Name\n\nS | small\n\na | b\n\nc | d");
    }

    #[test]
    fn a_page_can_keep_itself_out() {
        for text in [":nosearch:\n\nT\n=\n", ".. meta::\n   :robots: noindex\n\nT\n=\n"] {
            let outcome = extract(text, &Context::default());
            assert!(matches!(outcome, Ok((Extracted::LeftOut(_), _))), "{text}");
        }
    }

    #[test]
    fn repeated_titles_and_footnotes_are_counted_as_docutils_does() {
        // `id1` belongs to the reference, `id2` to the section, `id3` to the section with the same name as its
        // target.
        let source = "T\n=\n\nOne\n---\n\nx [1]_\n\nOne\n---\n\ny\n\n.. _two:\n\nTwo\n---\n\n`Site <https://a.b>`_\n\n\
                      Site\n----\n\nz\n\n.. _One: https://a.b\n\nOne\n---\n\nw\n";
        let anchors: Vec<_> = shape(source).into_iter().map(|(_, a, _)| a).collect();
        assert_eq!(anchors, ["one", "id2", "two", "id4", "id6"]);
    }

    #[test]
    fn hostile_pages_are_read_to_their_end() {
        let deep: String = (0..20_000).map(|i| format!("{}* x\n", " ".repeat(i % 5000))).collect();
        let entries: String = (0..3000).map(|i| format!("{}.. class:: C\n\n", " ".repeat(i))).collect();
        for source in [
            deep,
            entries,
            "* ".repeat(200_000),
            "*a ".repeat(200_000),
            "`a ".repeat(200_000),
            "``a ".repeat(200_000),
            "*a ".repeat(200_000) + "b*",
            ":a:`b ".repeat(200_000) + "`",
            ":a:`".repeat(200_000),
            "|a ".repeat(200_000),
            "[a".repeat(200_000),
            "=====  =====\n".repeat(50_000),
            "== ==\nx\n".repeat(50_000),
            "+---+\n".repeat(50_000),
            ".. note::\n".repeat(50_000),
            "x::\n\n".repeat(50_000),
            ".. |a| replace:: |a||a|\n".repeat(20_000),
            format!("{}\n{}\n", "a".repeat(500_000), "=".repeat(500_000)),
            format!("{}\n{}", "a".repeat(100_000), "\n=\nb\n-\n".repeat(20_000)),
            ".. _a:\n".repeat(50_000),
            "a_".repeat(200_000),
            ":a".repeat(200_000),
            ".. x:: y\n   :z:\n".repeat(50_000),
        ] {
            assert!(extract(&source, &Context::default()).is_ok());
        }
    }

    #[test]
    fn no_page_makes_it_panic() {
        let sample = include_str!("sample.rst");
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move |below: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed % below.max(1) as u64) as usize
        };
        let pieces = [
            ":", "`", "``", "*", "|", "_", "\n", "\n\n", "   ", ".. ", "::", "ä", "名", "+-", "= =", "\\", "[", "]_",
            "\t",
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
