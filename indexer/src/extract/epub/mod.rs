//! EPUB: a book is one page; its chapters, in reading order, are the outermost headings.

mod package;

use serde_json::{Map, Value};

use super::{Context, Outcome, archive::Archive, assemble, html};
use crate::document::{Document, Extracted, Outline, Section, front_matter::FrontMatter};

use package::{Chapter, Package};

/// Reads a book. The anchor of a section is the file of its chapter, then `#` and the id of its heading:
/// `text/two.xhtml#water`, like the book's own links.
///
/// # Errors
/// A sentence for the report: not a book, damaged, or protected against reading.
pub(super) fn extract(bytes: &[u8], context: &Context<'_>) -> Outcome {
    let mut archive = Archive::open(bytes)?;
    let package = Package::read(&mut archive)?;
    let (mut sections, mut warnings) = (Vec::new(), Vec::new());
    for chapter in &package.chapters {
        match read(&mut archive, chapter, context) {
            Ok(Some(page)) => add(&package, chapter, page, &mut sections),
            Ok(None) => {}
            Err(reason) => warnings.push(format!("{}: {reason}", chapter.path)),
        }
    }
    if sections.is_empty() && !warnings.is_empty() {
        return Err(warnings.remove(0));
    }
    let mut page = assemble(&front(&package), None, Outline::default(), context);
    page.sections = sections;
    Ok((Extracted::Page(Box::new(page)), warnings))
}

/// A chapter, read as HTML.
fn read(archive: &mut Archive<'_>, chapter: &Chapter, context: &Context<'_>) -> Result<Option<Document>, String> {
    let text = archive.text(&chapter.path)?.ok_or("the file is not in the archive")?;
    let inner = Context { source: &chapter.path, navigation_title: None, ..context.clone() };
    match html::extract(&text, &inner)?.0 {
        Extracted::Page(page) => Ok(Some(*page)),
        Extracted::LeftOut(_) => Ok(None),
    }
}

fn add(package: &Package, chapter: &Chapter, page: Document, sections: &mut Vec<Section>) {
    let heading = heading(package, chapter, &page);
    for section in page.sections {
        let headings: Vec<String> = heading.iter().cloned().chain(section.headings).collect();
        if section.text.is_empty() && headings.is_empty() {
            continue;
        }
        let anchor = match section.anchor {
            Some(id) => format!("{}#{id}", chapter.reference),
            None => chapter.reference.clone(),
        };
        let Section { text, names, is_links, .. } = section;
        sections.push(Section { headings, anchor: Some(anchor), text, names, is_links });
    }
}

/// The title of a chapter: its own, or else the one in the table of contents. Many chapters have the title of the
/// book or, for lack of any title, the name of their file.
fn heading(package: &Package, chapter: &Chapter, page: &Document) -> Option<String> {
    let file = chapter.path.rsplit('/').next().unwrap_or_default();
    let is_file = file.strip_prefix(page.title.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let is_own = !is_file && Some(page.title.as_str()) != package.title.as_deref();
    let own = is_own.then(|| page.title.clone());
    own.or_else(|| chapter.label.clone()).filter(|h| page.sections.iter().all(|s| s.headings.first() != Some(h)))
}

fn front(package: &Package) -> FrontMatter {
    let mut values: Map<String, Value> = Map::new();
    let one = [("title", &package.title), ("lang", &package.lang)];
    for (key, value) in one.into_iter().filter_map(|(k, v)| Some((k, v.clone()?))) {
        values.insert(key.into(), value.into());
    }
    for (key, list) in [("author", &package.authors), ("subject", &package.subjects)] {
        if !list.is_empty() {
            values.insert(key.into(), list.clone().into());
        }
    }
    FrontMatter::from_object(values)
}

#[cfg(test)]
mod tests {
    use super::{
        super::archive::tests::{mutations, packed},
        *,
    };

    const CONTAINER: &str = r#"<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>"#;
    const PACKAGE: &str = r##"<package><metadata><dc:title>On Tea</dc:title><dc:creator>Ann&#39;s</dc:creator>
        <dc:creator>Bo</dc:creator><dc:language>en</dc:language></metadata><manifest>
        <item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
        <item id="b" href="text/two%20b.xhtml" media-type="application/xhtml+xml"/>
        <item id="a" href="text/one.xhtml" media-type="application/xhtml+xml"/>
        <item id="c" href="text/one.xhtml#x" media-type="application/xhtml+xml"/>
        <item id="p" href="cover.png" media-type="image/png"/></manifest>
        <spine><itemref idref="n"/><itemref idref="a"/><itemref idref="b"/><itemref idref="c"/><itemref idref="p"/></spine></package>"##;
    const NAV: &str = r##"<html><body><nav epub:type="toc"><a href="text/one.xhtml">One by label</a>
        <a href="text/two%20b.xhtml#x">Two <b>by</b> label</a></nav></body></html>"##;
    const ONE: &str = "<?xml version='1.0'?><html><head><title>On Tea</title></head><body><p>First.</p></body></html>";
    const TWO: &str = "<html><head><title>On Tea</title></head><body><h1>Water</h1><p>Second.</p>\
        <h2 id='hot'>Hot</h2><p>Third.</p></body></html>";

    fn book(more: &[(&str, &[u8])]) -> Vec<u8> {
        let mut files = vec![
            ("mimetype", &b"application/epub+zip"[..]),
            ("META-INF/container.xml", CONTAINER.as_bytes()),
            ("OEBPS/book.opf", PACKAGE.as_bytes()),
            ("OEBPS/nav.xhtml", NAV.as_bytes()),
            ("OEBPS/text/one.xhtml", ONE.as_bytes()),
        ];
        files.extend(more);
        packed(&files)
    }

    fn page(bytes: &[u8]) -> (Document, Vec<String>) {
        match extract(bytes, &Context { source: "tea.epub", ..Context::default() }).expect("readable") {
            (Extracted::Page(page), warnings) => (*page, warnings),
            (Extracted::LeftOut(reason), _) => panic!("left out: {reason}"),
        }
    }

    #[test]
    fn a_book_is_a_page_with_its_chapters_in_reading_order() {
        let (p, warnings) = page(&book(&[("OEBPS/text/two b.xhtml", TWO.as_bytes())]));
        assert_eq!((p.title.as_str(), p.lang.as_deref(), warnings.len()), ("On Tea", Some("en"), 0));
        assert_eq!(p.metadata["author"], ["Ann's", "Bo"]);
        let got: Vec<_> =
            p.sections.iter().map(|s| (s.headings.join(">"), s.anchor.as_deref(), s.text.as_str())).collect();
        assert_eq!(
            got,
            [
                ("One by label".into(), Some("text/one.xhtml"), "First."),
                ("Water".into(), Some("text/two%20b.xhtml"), "Second."),
                ("Water>Hot".into(), Some("text/two%20b.xhtml#hot"), "Third."),
            ]
        );
    }

    #[test]
    fn a_chapter_that_is_missing_is_a_warning() {
        let (p, warnings) = page(&book(&[]));
        assert_eq!(
            (p.sections.len(), warnings.as_slice()),
            (1, &["OEBPS/text/two b.xhtml: the file is not in the archive".to_owned()][..])
        );
    }

    #[test]
    fn a_protected_book_says_so_and_a_hidden_font_does_not_matter() {
        let encrypted = |algorithm: &str, file: &str| {
            let list = format!(
                "<encryption><EncryptedData><EncryptionMethod Algorithm='{algorithm}'/><CipherData>\
                 <CipherReference URI='{file}'/></CipherData></EncryptedData></encryption>"
            );
            book(&[("OEBPS/text/two b.xhtml", TWO.as_bytes()), ("META-INF/encryption.xml", list.as_bytes())])
        };
        let aes = "http://www.w3.org/2001/04/xmlenc#aes128-cbc";
        let refused = extract(&encrypted(aes, "OEBPS/text/one.xhtml"), &Context::default());
        assert!(refused.expect_err("refused").contains("encrypted"));
        assert_eq!(page(&encrypted("http://www.idpf.org/2008/embedding", "OEBPS/font.otf")).0.sections.len(), 3);
    }

    #[test]
    fn an_archive_of_other_things_is_no_book() {
        let error = extract(&packed(&[("a", b"b")]), &Context::default()).expect_err("no book");
        assert!(error.contains("META-INF/container.xml"), "{error}");
    }

    #[test]
    fn damaged_books_are_refused_or_read_never_fatal() {
        let good = book(&[("OEBPS/text/two b.xhtml", TWO.as_bytes())]);
        let mut refused = 0;
        mutations(&good, 400, |bytes| refused += usize::from(extract(bytes, &Context::default()).is_err()));
        assert!(refused > 0, "nothing was broken");
        mutations(PACKAGE.as_bytes(), 400, |package| {
            let files = [
                ("META-INF/container.xml", CONTAINER.as_bytes()),
                ("OEBPS/book.opf", package),
                ("OEBPS/nav.xhtml", NAV.as_bytes()),
                ("OEBPS/text/one.xhtml", ONE.as_bytes()),
            ];
            let _ = extract(&packed(&files), &Context::default());
        });
    }
}
