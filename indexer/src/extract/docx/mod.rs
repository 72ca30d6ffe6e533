//! DOCX: the text of a Word document, with the headings that its styles name.

mod body;
mod styles;

use std::collections::HashMap;

use serde_json::Map;

use super::{
    Context, Outcome,
    archive::{Archive, resolve},
    assemble, own_title, xml,
};
use crate::document::{Extracted, front_matter::FrontMatter};

use styles::Styles;

/// Reads a document, without comments, deleted text, hidden text and tables of contents.
///
/// # Errors
/// A sentence for the report: not a Word document, damaged, or password-protected.
pub(super) fn extract(bytes: &[u8], context: &Context<'_>) -> Outcome {
    let mut archive = Archive::open(bytes)?;
    let parts = related(&mut archive, "")?;
    let main = parts.get("officeDocument").map_or("word/document.xml", String::as_str);
    let Some(document) = archive.text(main)? else {
        return Err(format!("the archive has no {main}; expected a Word document"));
    };
    let beside = related(&mut archive, main)?;
    let styles = Styles::read(&part(&mut archive, &beside, "styles")?)?;
    let mut notes = body::notes(&part(&mut archive, &beside, "footnotes")?, "footnote")?;
    notes.extend(body::notes(&part(&mut archive, &beside, "endnotes")?, "endnote")?);
    let read = body::read(&document, &styles, &notes)?;
    let front = properties(&part(&mut archive, &parts, "core-properties")?, read.title.is_some())?;
    let page = assemble(&front, read.title, read.outline, context);
    Ok((Extracted::Page(Box::new(page)), Vec::new()))
}

/// Text of an optional part.
fn part(archive: &mut Archive<'_>, related: &HashMap<String, String>, kind: &str) -> Result<String, String> {
    match related.get(kind) {
        Some(name) => Ok(archive.text(name)?.unwrap_or_default()),
        None => Ok(String::new()),
    }
}

/// Related files of a file, by relationship type: ECMA-376 part 2, relationships. An empty name is the package.
fn related(archive: &mut Archive<'_>, name: &str) -> Result<HashMap<String, String>, String> {
    let (folder, file) = name.rsplit_once('/').map_or((String::new(), name), |(f, n)| (format!("{f}/"), n));
    let list = archive.text(&format!("{folder}_rels/{file}.rels"))?.unwrap_or_default();
    let mut related = HashMap::new();
    xml::walk(&list, |step| {
        let xml::Step::Open(element) = step else { return };
        let (Some(kind), Some(target)) = (element.attribute("Type"), element.attribute("Target")) else { return };
        let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
        related.entry(kind).or_insert_with(|| resolve(name, &target));
    })?;
    Ok(related)
}

/// Title, language, author and keywords from `docProps/core.xml`. A title in the text takes precedence.
fn properties(text: &str, is_titled: bool) -> Result<FrontMatter, String> {
    let mut values: Map<String, serde_json::Value> = Map::new();
    let (mut at, mut so_far) = (String::new(), String::new());
    xml::walk(text, |step| match step {
        xml::Step::Open(element) => (at, so_far) = (element.name(), String::new()),
        xml::Step::Text(text) => so_far.push_str(&text),
        xml::Step::Close(_) => {
            let value = std::mem::take(&mut so_far);
            let key = match std::mem::take(&mut at).as_str() {
                _ if value.trim().is_empty() => return,
                "title" if !is_titled && own_title::is_plausible(&value) => "title",
                "keywords" => "keywords",
                "creator" => "author",
                "language" => "lang",
                _ => return,
            };
            values.insert(key.to_owned(), value.trim().into());
        }
    })?;
    Ok(FrontMatter::from_object(values))
}

#[cfg(test)]
mod tests {
    use super::{
        super::archive::tests::{mutations, packed},
        *,
    };
    use crate::document::Document;

    const RELATIONS: &str = r#"<Relationships><Relationship Id="1" Type="http://x/officeDocument" Target="word/document.xml"/>
        <Relationship Id="2" Type="http://x/core-properties" Target="docProps/core.xml"/></Relationships>"#;
    const BESIDE: &str = r#"<Relationships><Relationship Id="1" Type="http://x/styles" Target="styles.xml"/>
        <Relationship Id="2" Type="http://x/footnotes" Target="footnotes.xml"/></Relationships>"#;
    const STYLES: &str = r#"<w:styles>
        <w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>
        <w:style w:styleId="Kapitel"><w:name w:val="Kapitel"/><w:basedOn w:val="berschrift1"/></w:style>
        <w:style w:styleId="Tief"><w:name w:val="Tief"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>
        <w:style w:styleId="Titel"><w:name w:val="Title"/></w:style>
        <w:style w:styleId="Verzeichnis1"><w:name w:val="toc 1"/></w:style></w:styles>"#;
    const NOTES: &str = r#"<w:footnotes><w:footnote w:type="separator" w:id="0"><w:p><w:r><w:t>line</w:t></w:r></w:p></w:footnote>
        <w:footnote w:id="2"><w:p><w:r><w:t>A note.</w:t></w:r></w:p></w:footnote></w:footnotes>"#;
    const CORE: &str =
        "<c><dc:title>Other</dc:title><dc:creator>Ann &amp; Bo</dc:creator><dc:language>de</dc:language></c>";

    fn file(body: &str) -> Vec<u8> {
        let document = format!("<w:document><w:body>{body}</w:body></w:document>");
        packed(&[
            ("_rels/.rels", RELATIONS.as_bytes()),
            ("word/_rels/document.xml.rels", BESIDE.as_bytes()),
            ("word/document.xml", document.as_bytes()),
            ("word/styles.xml", STYLES.as_bytes()),
            ("word/footnotes.xml", NOTES.as_bytes()),
            ("docProps/core.xml", CORE.as_bytes()),
        ])
    }

    fn page(body: &str) -> Document {
        match extract(&file(body), &Context { source: "a.docx", ..Context::default() }).expect("readable").0 {
            Extracted::Page(page) => *page,
            Extracted::LeftOut(reason) => panic!("left out: {reason}"),
        }
    }

    fn paragraph(style: &str, inner: &str) -> String {
        format!(r#"<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{inner}</w:p>"#)
    }

    fn run(text: &str) -> String {
        format!("<w:r><w:t>{text}</w:t></w:r>")
    }

    #[test]
    fn headings_are_found_by_their_styles_in_any_language() {
        let bookmark = r#"<w:bookmarkStart w:id="1" w:name="_Toc1"/><w:bookmarkStart w:id="2" w:name="brew"/>"#;
        let p = page(
            &[
                paragraph("Titel", &run("Tea")),
                paragraph("Verzeichnis1", &run("Brewing 3")),
                paragraph("", &run("Intro.")),
                bookmark.to_owned(),
                paragraph("Kapitel", &run("Brewing")),
                paragraph("", &format!("{}{}", run("One "), run("two."))),
                paragraph("Tief", &format!("<w:bookmarkStart w:name=\"w\"/>{}", run("Water"))),
                paragraph("", &run("Hot.")),
            ]
            .concat(),
        );
        assert_eq!(
            (p.title.as_str(), p.lang.as_deref(), &p.metadata["author"][0]),
            ("Tea", Some("de"), &"Ann & Bo".to_owned())
        );
        let got: Vec<_> =
            p.sections.iter().map(|s| (s.headings.join(">"), s.anchor.as_deref(), s.text.as_str())).collect();
        assert_eq!(
            got,
            [
                (String::new(), None, "Intro."),
                ("Brewing".into(), Some("brew"), "One two."),
                ("Brewing>Water".into(), Some("w"), "Hot.")
            ]
        );
    }

    #[test]
    fn a_document_without_a_title_line_has_its_property() {
        assert_eq!(page(&paragraph("", &run("x"))).title, "Other");
    }

    #[test]
    fn tables_notes_and_breaks_keep_their_words() {
        let cell = |text: &str| format!("<w:tc>{}</w:tc>", paragraph("", &run(text)));
        let p = page(&format!(
            "<w:tbl><w:tr>{}{}</w:tr><w:tr><w:tc>{}{}</w:tc></w:tr></w:tbl>{}",
            cell("a"),
            cell("b"),
            paragraph("", &run("c")),
            paragraph("", &run("d")),
            paragraph(
                "",
                &format!(r#"{}<w:r><w:tab/><w:t>y</w:t><w:br/><w:footnoteReference w:id="2"/></w:r>"#, run("x"))
            ),
        ));
        assert_eq!(p.sections[0].text, "a | b\n\nc\n\nd\n\nx y\n\nA note.");
    }

    #[test]
    fn what_is_deleted_or_hidden_is_not_read() {
        let p = page(&paragraph(
            "",
            "<w:del><w:r><w:delText>old</w:delText></w:r></w:del><w:moveFrom><w:r><w:t>moved</w:t></w:r></w:moveFrom>\
             <w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:r><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r>\
             <w:r><w:rPr><w:vanish w:val=\"0\"/></w:rPr><w:instrText>PAGE</w:instrText><w:t> seen</w:t></w:r>\
             <mc:AlternateContent><mc:Choice><w:r><w:t> once</w:t></w:r></mc:Choice>\
             <mc:Fallback><w:r><w:t> once</w:t></w:r></mc:Fallback></mc:AlternateContent>",
        ));
        assert_eq!(p.sections[0].text, "new seen once");
    }

    #[test]
    fn deep_nesting_is_read_without_a_stack() {
        let p = page(&format!("{}{}", "<w:tbl><w:tr><w:tc><w:p>".repeat(100_000), run("deep")));
        assert!(p.sections[0].text.contains("deep"));
    }

    #[test]
    fn damaged_files_are_refused_or_read_never_fatal() {
        let good = file(&[paragraph("Kapitel", &run("Brewing")), paragraph("", &run("One."))].concat());
        let mut refused = 0;
        mutations(&good, 400, |bytes| refused += usize::from(extract(bytes, &Context::default()).is_err()));
        assert!(refused > 0, "nothing was broken");
        let body = format!("<w:document><w:body>{}</w:body></w:document>", paragraph("Kapitel", &run("a&amp;b")));
        mutations(body.as_bytes(), 400, |bytes| {
            let bytes = packed(&[("word/document.xml", bytes), ("word/styles.xml", STYLES.as_bytes())]);
            let _ = extract(&bytes, &Context::default());
        });
    }
}
