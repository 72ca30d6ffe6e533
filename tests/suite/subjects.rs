//! A small document of each format, which uses much of its syntax, and the pieces of that syntax.

use cloze_indexer::extract::Format;

/// A format with its document and the pieces of its syntax that mutations insert.
pub struct Subject {
    pub format: Format,
    pub document: &'static str,
    pub syntax: &'static [&'static str],
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

const TABLE: Subject = Subject {
    format: Format::Csv,
    document: "id,title,text,url,lang,team\n1,T,\"A kettle\nboils \"\"water\"\".\",/x,en,red\n2,,Tea for the guests.,,,\"a;b\"\n3,U,Coffee,http://x.y/z,de,blue\n",
    syntax: &["\"", "\"\"", ",", ";", "\t", "\n", "\r\n", "\u{feff}", "text", "id,id", ",\"", "\",", "\0"],
};
const RECORDS: Subject = Subject {
    format: Format::Jsonl,
    document: "{\"_id\": 7, \"title\": \"T\", \"text\": \"A kettle.\\n\\nIt boils.\", \"url\": \"/x\", \"team\": [\"red\", 2], \"metadata\": {\"k\": true}}\n{\"id\": \"b\", \"text\": \"Tea.\", \"draft\": false, \"date\": \"2024-01-01\"}\n",
    syntax: &[
        "{",
        "}",
        "[",
        "]",
        "\"",
        ":",
        ",",
        "null",
        "1e999",
        "\\u0000",
        "\\ud800",
        "\"text\":",
        "\"metadata\":{",
        "\n",
        "-0",
        "\"id\":[]",
    ],
};

/// All of them.
pub const ALL: [Subject; 12] =
    [MARKDOWN, HTML, RST, ASCIIDOC, ORG, NOTEBOOK, MAN, WORD, BOOK, PORTABLE, TABLE, RECORDS];
