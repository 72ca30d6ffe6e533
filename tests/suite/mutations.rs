//! Readers on damaged and hostile input: each format begins with a small document that uses much of its syntax, and
//! reads thousands of mutations of it. No mutation may panic, recurse without end, or return text without end.
//!
//! The long form, under `CLOZE_SOAK=1`, runs each format for `CLOZE_SOAK_SECONDS` (600 if unset), or only the one that
//! `CLOZE_SOAK_FORMAT` names.

use std::{
    io::{Cursor, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use cloze_indexer::{
    document::Extracted,
    extract::{self, Context, Format},
};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::kills::Random;

/// Mutations of each format in the short form.
const SHORT: usize = 1500;
/// Largest input in bytes: a mutation can double a document several times.
const LARGEST: usize = 1 << 16;
/// Largest text that a reader may make of a document, in multiples of its size. Headings repeat above each section.
const GROWTH: usize = 400;

/// A format with its document and the pieces of its syntax that mutations insert.
struct Subject {
    format: Format,
    document: &'static str,
    syntax: &'static [&'static str],
}

const MARKDOWN: Subject = Subject {
    format: Format::Markdown,
    document: "---\ntitle: T\ntags: [a, b]\n---\nimport X from './x'\n\n# H {#h}\n\nText *with* [a link](b.md \"t\"), `code` and $m$.\n\n!!! note \"N\"\n    Inside.\n\n=== \"Tab\"\n\n    ```rust\n    fn a() {}\n    ```\n\n:::tip\nTip\n:::\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> [!NOTE]\n> Quote [^1]\n\n[^1]: Foot.\n\n<Tabs><TabItem value=\"x\">In</TabItem></Tabs>\n\n[[wiki|text]] %%hidden%% {{< ref \"x\" >}} {% raw %}x{% endraw %}\n",
    syntax: &[
        "```", "~~~", "# ", "[^", "]: ", "![", "](", "<div>", "{{<", ">}}", "{%", ":::", "!!! ", "=== ", "| ", "> ",
        "---\n", "$$", "    ", "--8<--", "<!--", "\\", "[[", "**", "\t",
    ],
};
const HTML: Subject = Subject {
    format: Format::Html,
    document: "<!doctype html><html lang=en><head><title>T</title><meta name=description content=d></head><body><nav><a href=a>A</a></nav><main id=m><h1>H<a href='#h'>¶</a></h1><p>Text <b>bold</b></p><section id=s><h2>S</h2><dl><dt id=x.y>y()</dt><dd><p>Does.</p><dl><dt id=z>z</dt><dd>Inner.</dd></dl></dd></dl></section><details id=d><summary>More</summary>Body</details><table><tr><td id=t>a</td><td>b</td></tr></table><pre><code>c\n d</code></pre><ul><li><a href=l>L</a></li></ul></main><footer>F</footer></body></html>",
    syntax: &[
        "<div id=a>",
        "</div>",
        "<h2>",
        "<dl>",
        "<dt id=q>",
        "<dd>",
        "<table>",
        "<td>",
        "<a href='#x'>",
        "<a name=n></a>",
        "<pre>",
        "<svg>",
        "<template>",
        "<script>",
        "<!--",
        "&#x10ffff;",
        "&amp",
        "<section hidden>",
        "</body>",
        "<noscript>",
        "<li>",
        "<p style='display:none'>",
    ],
};
const RST: Subject = Subject {
    format: Format::Rst,
    document: "=====\nTitle\n=====\n\n.. _label:\n\nPart\n----\n\nText with :ref:`label`, ``code`` and `link <x>`_.\n\n.. note:: N\n\n   Inside.\n\n.. py:function:: a.b(c)\n   :noindex:\n\n   Does.\n\n+---+---+\n| a | b |\n+---+---+\n\n=== ===\na   b\n=== ===\n1   2\n=== ===\n\n* item\n\n  #. inner\n\n:field: body\n\n.. [1] Foot\n.. |s| replace:: x\n\n::\n\n    code\n",
    syntax: &[
        ".. ", "::\n\n", ":: ", "====\n", "----\n", "+---+\n", "| ", "``", "`", ":ref:`", "   ", "* ", "#. ",
        ".. _a:\n", ".. [1]", "|s|", "..\n",
    ],
};
const ASCIIDOC: Subject = Subject {
    format: Format::AsciiDoc,
    document: "= Title\n:toc:\n:attr: value\n\n[[anchor]]\n== Part\n\nText with {attr}, *bold*, `code`, <<anchor,ref>> and link:x[y].\n\nNOTE: Note.\n\n[source,rust]\n----\nfn a() {}\n----\n\n|===\n|a |b\n\n|1 |2\n|===\n\nterm:: definition\n\n* item\n** inner\n\n====\nexample\n====\n\nifdef::attr[]\nx\nendif::[]\n\ninclude::y.adoc[]\n",
    syntax: &[
        "----\n",
        "====\n",
        "|===\n",
        "****\n",
        "--\n",
        "[[",
        "]]",
        "{attr}",
        ":a: {a}\n",
        ":: ",
        "ifdef::a[]\n",
        "endif::[]\n",
        "include::x[]\n",
        "== ",
        "* ",
        "+\n",
        "|",
        "////\n",
        "pass:[",
        "[source]\n",
    ],
};
const ORG: Subject = Subject {
    format: Format::Org,
    document: "#+TITLE: T\n#+FILETAGS: :a:b:\n* TODO Part :tag:\n:PROPERTIES:\n:CUSTOM_ID: part\n:END:\nText with *bold*, =code= and [[link][text]].\n** Inner\n#+BEGIN_SRC sh\nls\n#+END_SRC\n| a | b |\n|---+---|\n- item\n  1. inner\n# comment\n[fn:1] Foot\n",
    syntax: &[
        "* ",
        "** ",
        ":PROPERTIES:\n",
        ":END:\n",
        "#+BEGIN_SRC\n",
        "#+END_SRC\n",
        "[[",
        "]]",
        "| ",
        "- ",
        "#+",
        "=",
        "~",
        "[fn:",
        "\\\\",
    ],
};
const NOTEBOOK: Subject = Subject {
    format: Format::Notebook,
    document: r##"{"cells":[{"cell_type":"markdown","metadata":{},"source":["# H\n","Text"]},{"cell_type":"code","execution_count":1,"metadata":{},"source":"a = 1","outputs":[{"output_type":"stream","name":"stdout","text":["1\n"]},{"output_type":"execute_result","data":{"text/plain":"2","image/png":"AA=="},"metadata":{}},{"output_type":"error","ename":"E","evalue":"v","traceback":["t"]}]}],"metadata":{"kernelspec":{"language":"python"}},"nbformat":4,"nbformat_minor":5}"##,
    syntax: &["[", "]", "{", "}", "\"", ":", ",", "null", "1e999", "\\u0000", "\"source\":", "\"cells\":["],
};
const MAN: Subject = Subject {
    format: Format::Man,
    document: ".TH KETTLE 1 2026\n.SH NAME\nkettle \\- boils\n.SH OPTIONS\n.TP\n\\fB\\-a\\fR, \\fI\\-\\-all\\fP\nAll of it.\n.IP \"x\" 4\nText\n.SS Part\n.nf\ncode\n.fi\n.de XX\n.B \\\\$1\n..\n.if n .ft B\n.ie t x\n.el y\n.RS\n.PP\nMore \\(bu \\[u2014] \\*(lq\n.RE\n",
    syntax: &[
        ".SH ",
        ".TP\n",
        ".IP ",
        "\\fB",
        "\\fR",
        "\\(",
        "\\[",
        "\\*(",
        ".de X\n",
        "..\n",
        ".if ",
        ".ie ",
        "\\{",
        "\\}",
        ".RS\n",
        ".RE\n",
        "\\",
        "\"",
        ".so x\n",
        ".X\n",
        "\\\"",
        ".Dd\n",
        ".Sh N\n",
        ".It Fl a\n",
        ".Bl -tag\n",
        ".El\n",
    ],
};
const WORD: Subject = Subject {
    format: Format::Docx,
    document: r#"<w:document xmlns:w="x"><w:body><w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:bookmarkStart w:name="b"/><w:r><w:t>H</w:t></w:r></w:p><w:p><w:r><w:t xml:space="preserve">Text </w:t></w:r><w:hyperlink w:anchor="b"><w:r><w:t>link</w:t></w:r></w:hyperlink></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc></w:tr></w:tbl></w:body></w:document>"#,
    syntax: &[
        "<w:p>",
        "</w:p>",
        "<w:tbl>",
        "<w:tc>",
        "<w:t>",
        "</w:t>",
        "&#0;",
        "&x;",
        "<![CDATA[",
        "<!DOCTYPE x [<!ENTITY a \"b\">]>",
        "<w:pStyle w:val=\"Heading9\"/>",
        "<",
        "/>",
    ],
};
const BOOK: Subject = Subject {
    format: Format::Epub,
    document: r#"<package xmlns="x"><metadata><title>B</title><language>en</language></metadata><manifest><item id="c" href="c.xhtml" media-type="application/xhtml+xml"/><item id="n" href="n.xhtml" properties="nav" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="c"/></spine></package>"#,
    syntax: &[
        "<item id=\"c\" href=\"../../x\"/>",
        "<itemref idref=\"c\"/>",
        "<itemref idref=\"z\"/>",
        "<manifest>",
        "</spine>",
        "&",
        "<",
        "href=\"c.xhtml\"",
        "%2e%2e/",
    ],
};
const PORTABLE: Subject = Subject {
    format: Format::Pdf,
    document: "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/Outlines 6 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj\n4 0 obj<</Length 78>>stream\nBT /F 12 Tf 10 100 Td (A kettle boils water for the tea of the guests.) Tj ET\nendstream endobj\n5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>endobj\n6 0 obj<</First 7 0 R>>endobj\n7 0 obj<</Title(A)/Dest[3 0 R/Fit]/Next 7 0 R>>endobj\ntrailer<</Root 1 0 R/Size 8>>\n%%EOF\n",
    syntax: &[
        "1 0 obj",
        "endobj",
        "stream\n",
        "endstream",
        "<<",
        ">>",
        "[",
        "]",
        "/Kids[2 0 R]",
        "/Count 999999999",
        "/Length -1",
        "/Filter/FlateDecode",
        "BT",
        "ET",
        "Tj",
        "Do",
        "q ",
        "Q ",
        "2 0 R",
        "/Next 7 0 R",
        "/Encrypt 1 0 R",
    ],
};

/// A mutation: bytes changed, cut, doubled, moved, or pieces of syntax inserted, once or very often.
fn mutated(subject: &Subject, random: &mut Random) -> Vec<u8> {
    let mut bytes = subject.document.as_bytes().to_vec();
    for _ in 0..=random.below(8) {
        let at = random.below(bytes.len() + 1);
        let to = (at + 1 + random.below(64)).min(bytes.len());
        match random.below(7) {
            0 if at < bytes.len() => bytes[at] = random.below(256) as u8,
            1 => drop(bytes.drain(at..to)),
            2 => {
                let piece = bytes[at..to].to_vec();
                let place = random.below(bytes.len() + 1);
                bytes.splice(place..place, piece);
            }
            3 => bytes.truncate(at.max(1)),
            4 => {
                let piece = subject.syntax[random.below(subject.syntax.len())].repeat(1 + random.below(2000));
                bytes.splice(at..at, piece.into_bytes());
            }
            _ => {
                let piece = subject.syntax[random.below(subject.syntax.len())];
                bytes.splice(at..at, piece.bytes());
            }
        }
        bytes.truncate(LARGEST);
        if bytes.is_empty() {
            bytes.push(b' ');
        }
    }
    bytes
}

/// An archive in which one of the files is the mutation.
fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(CompressionMethod::Stored)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn read(format: Format, bytes: &[u8]) -> extract::Outcome {
    let context = Context { source: "a/page", ..Context::default() };
    let binary = |files: &[(&str, &[u8])]| extract::binary(format, &packed(files), &context);
    match format {
        Format::Docx => binary(&[("word/document.xml", bytes)]),
        Format::Epub => binary(&[
            (
                "META-INF/container.xml",
                b"<container><rootfiles><rootfile full-path=\"p.opf\"/></rootfiles></container>",
            ),
            ("p.opf", bytes),
            ("c.xhtml", b"<html><body><h1 id='a'>C</h1><p>Kettles boil.</p></body></html>"),
            ("n.xhtml", b"<html><body><nav><ol><li><a href='c.xhtml#a'>C</a></li></ol></nav></body></html>"),
        ]),
        Format::Pdf => extract::binary(format, bytes, &context),
        _ => extract::file(format, &String::from_utf8_lossy(bytes), &context),
    }
}

/// Reads mutations; the number of those that became pages.
fn read_mutations(subject: &Subject) -> usize {
    let mut random = Random(subject.format as u64 + 1);
    let soak = std::env::var_os("CLOZE_SOAK").is_some();
    let seconds = std::env::var("CLOZE_SOAK_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(600);
    let until = Instant::now() + Duration::from_secs(seconds);
    let (mut read_ones, mut pages) = (0, 0);
    while if soak { Instant::now() < until } else { read_ones < SHORT } {
        let seed = random.0;
        let bytes = mutated(subject, &mut random);
        let outcome = catch_unwind(AssertUnwindSafe(|| read(subject.format, &bytes)));
        let shown = || format!("{:?}, seed {seed}: {:?}", subject.format, String::from_utf8_lossy(&bytes));
        let outcome = outcome.unwrap_or_else(|_| panic!("the reader panicked: {}", shown()));
        if let Ok((Extracted::Page(page), _)) = outcome {
            pages += 1;
            let text: usize = page.sections.iter().map(|s| s.text.len()).sum();
            assert!(text <= bytes.len() * GROWTH + 4096, "{text} bytes of text: {}", shown());
        }
        read_ones += 1;
    }
    if soak {
        println!("{:?}: {read_ones} mutations, {pages} pages", subject.format);
    }
    pages
}

#[test]
fn readers_survive_every_mutation() {
    let subjects = [MARKDOWN, HTML, RST, ASCIIDOC, ORG, NOTEBOOK, MAN, WORD, BOOK, PORTABLE];
    let only = std::env::var("CLOZE_SOAK_FORMAT").ok();
    let is_chosen = |subject: &Subject| only.as_ref().is_none_or(|name| format!("{:?}", subject.format) == *name);
    for subject in subjects.into_iter().filter(is_chosen) {
        let whole = read(subject.format, subject.document.as_bytes());
        assert!(matches!(whole, Ok((Extracted::Page(_), _))), "{:?}: {whole:?}", subject.format);
        assert!(read_mutations(&subject) > 0, "{:?}", subject.format);
    }
}
