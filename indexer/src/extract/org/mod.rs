//! Org: headlines with the ids from the author. Drawers, keywords and emphasis are removed.

mod headline;
mod inline;
mod reader;

use super::{Context, Outcome, assemble};
use crate::document::{
    Extracted,
    front_matter::{self, FrontMatter},
};
use reader::Reader;

pub(super) fn extract(text: &str, context: &Context<'_>) -> Outcome {
    let (mut front, body, warning) = front_matter::split(text);
    let mut reader = Reader::new(body);
    reader.read();
    let title = reader.front.get("title").and_then(|t| t.as_str()).map(str::to_owned);
    if front == FrontMatter::default() {
        front = FrontMatter::from_object(reader.front);
    }
    if let Some(reason) = front.left_out() {
        return Ok((Extracted::LeftOut(reason), Vec::new()));
    }
    let page = assemble(&front, title, reader.outline, context);
    Ok((Extracted::Page(Box::new(page)), warning.into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    fn page(text: &str) -> Document {
        match extract(text, &Context { source: "a.org", ..Context::default() }).expect("readable").0 {
            Extracted::Page(p) => *p,
            Extracted::LeftOut(reason) => panic!("left out: {reason}"),
        }
    }

    #[test]
    fn headlines_make_sections() {
        let source = "#+TITLE: Tea /urn/\n#+TODO: NEXT | GONE\n\nIntro.\n\n* NEXT Descale :care:\nSCHEDULED: <2024-01-01 Mon>\n:PROPERTIES:\n\
                      :CUSTOM_ID: descale\n:END:\nFill *it*\nup.\n** Drain\nB.\n* COMMENT Hidden\nno\n** Below\nno\n* Secret :noexport:\nno\n* Last\nC.\n";
        let p = page(source);
        assert_eq!(p.title, "Tea urn");
        let got: Vec<_> =
            p.sections.iter().map(|s| (s.headings.join(">"), s.anchor.as_deref(), s.text.as_str())).collect();
        let expected = [
            ("", None, "Intro."),
            ("Descale", Some("descale"), "Fill it up."),
            ("Descale>Drain", None, "B."),
            ("Last", None, "C."),
        ];
        assert_eq!(got, expected.map(|(h, a, t)| (h.to_owned(), a, t)));
    }

    #[test]
    fn blocks_leave_their_text() {
        let source = "#+NAME: x\n#+begin_src sh :results none\n  run\n    ,* more\n#+end_src\n# comment\n- [X] one\n- two\n  lines\n1) three\n\n\
                      | a | b |\n|---+---|\n| <l> | |\n| c | d |\n#+BEGIN_QUOTE\nSaid.\n#+END_QUOTE\n: fixed\n:   width\n#+begin_export html\n<b>\n#+end_export\n\
                      :LOGBOOK:\nno\n:END:\nEnd[fn:1].\n\n-----\n[fn:1] A note.\n- tap :: lets out\n";
        let text = &page(source).sections[0].text;
        let expected = "run\n  * more\n\none\n\ntwo lines\n\nthree\n\na | b\n\nc | d\n\nSaid.\n\nfixed\n  width\n\nEnd.\n\nA note.\n\ntap :: lets out";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_page_can_keep_itself_out() {
        assert!(matches!(extract("#+draft: true\n* T\n", &Context::default()), Ok((Extracted::LeftOut(_), _))));
    }

    #[test]
    fn hostile_pages_are_read_to_their_end() {
        for source in [
            (1..2000).map(|i| format!("{} a\n", "*".repeat(i))).collect::<String>(),
            "*a ".repeat(200_000),
            "=a ".repeat(200_000),
            "[[a".repeat(200_000),
            "[fn:".repeat(200_000),
            "<<a".repeat(200_000),
            "@@a".repeat(200_000),
            "[[a".repeat(200_000) + "]]",
            "<<a".repeat(200_000) + ">>",
            "*a ".repeat(200_000) + "b*",
            "* a\n:PROPERTIES:\n".repeat(50_000),
            ":LOGBOOK:\n".repeat(50_000),
            "#+begin_src\n".repeat(50_000),
            "#+todo: a b c d\n".repeat(50_000) + &"* a b\n".repeat(10_000),
            "- ".repeat(200_000),
            "[[a]]".repeat(100_000),
            format!("* {}\n{}", "a".repeat(500_000), "** b\nc\n".repeat(5_000)),
        ] {
            assert!(extract(&source, &Context::default()).is_ok());
        }
    }

    #[test]
    fn no_page_makes_it_panic() {
        let sample = "#+TITLE: Tea\n* TODO [#A] Größe 名 :a:\n:PROPERTIES:\n:CUSTOM_ID: x\n:END:\nText *b* /i/ =c= [[a][b]] [fn:1] <<t>> \\mdash{}.\n\
                      #+begin_src sh\n  run\n#+end_src\n| a | ä |\n- [ ] x :: y\n: fixed\n[fn:1] Note {{{m(x)}}} @@html:b@@\n";
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move |below: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed % below.max(1) as u64) as usize
        };
        let pieces = [
            ":", "=", "*", "/", "_", "\n", "\n\n", "[[", "]]", "][", "[fn:", "#+", ":END:\n", "ä", "名", "|", "<<",
            "@@", "\\", "{{{", "* ",
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
