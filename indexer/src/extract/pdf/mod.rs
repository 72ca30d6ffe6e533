//! PDF: the text layer. Each page is one or more sections, with the anchor `page=N` that viewers understand.

mod bookmarks;
mod glyphs;
mod layout;
mod sections;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    time::Duration,
};

use hayro_interpret::hayro_syntax::{
    DecryptionError, LoadPdfError, Pdf,
    object::{Dict, String as PdfString},
};
use serde_json::{Map, Value};

use super::{Context, Outcome, assemble, own_title};
use crate::document::{Extracted, Outline, front_matter::FrontMatter};

use bookmarks::Bookmark;
use layout::Line;

/// Time limit per file. The slowest manual of a thousand pages takes a few seconds.
const LONGEST: Duration = Duration::from_secs(120);
/// Stack size of the reading thread: files may nest their drawings.
const STACK: usize = 64 << 20;
/// Maximum number of pages.
const PAGES: usize = 20_000;
/// Minimum number of characters on all pages together; with fewer, the pages are scans.
const FEWEST: usize = 20;

/// The content of a file.
#[derive(Debug, Default)]
struct Book {
    title: Option<String>,
    author: Option<String>,
    lang: Option<String>,
    bookmarks: Vec<Bookmark>,
    pages: Vec<Vec<Line>>,
    /// Characters that their font does not identify.
    unknown: usize,
}

/// Reads a file in a thread of its own, so that damage in the file ends nothing else.
///
/// # Errors
/// A sentence for the report: not a PDF, password-protected, without text, or too slow to read.
pub(super) fn extract(bytes: &[u8], context: &Context<'_>) -> Outcome {
    let top = &bytes[..bytes.len().min(1024)];
    if !top.windows(5).any(|w| w == b"%PDF-") {
        return Err("the file has no %PDF- at the top; expected a PDF file".into());
    }
    let mut book = watched(bytes.to_vec())?;
    let known: usize = book.pages.iter().flatten().map(|line| line.text.len()).sum();
    if known < FEWEST.max(book.unknown) {
        return Err(match book.unknown {
            0 => format!(
                "none of the pages ({}) has text, perhaps because they are scanned; run OCR first",
                book.pages.len()
            ),
            _ => "the fonts do not name their characters; expected a PDF with text that can be copied".into(),
        });
    }
    let empty = book.pages.iter().filter(|page| page.is_empty()).count();
    let warning = (empty > book.pages.len() / 2).then(|| format!("{empty} of {} pages have no text", book.pages.len()));
    layout::drop_running_heads(&mut book.pages);
    let mut page = assemble(&front(&book), None, Outline::default(), context);
    page.sections = sections::sections(&book.pages, &book.bookmarks, &page.title);
    Ok((Extracted::Page(Box::new(page)), warning.into_iter().collect()))
}

fn front(book: &Book) -> FrontMatter {
    let values = [("title", &book.title), ("author", &book.author), ("lang", &book.lang)];
    let values = values.into_iter().filter_map(|(k, v)| Some((k.to_owned(), Value::from(v.clone()?))));
    FrontMatter::from_object(values.collect::<Map<_, _>>())
}

fn watched(bytes: Vec<u8>) -> Result<Book, String> {
    let stop = Arc::new(AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel();
    let inner = stop.clone();
    let work = move || {
        // After the time limit, the channel has no receiver any more.
        let _ = sender.send(read(bytes, &inner));
    };
    let thread = std::thread::Builder::new().name("pdf".into()).stack_size(STACK).spawn(work);
    thread.map_err(|e| format!("cannot start a thread ({e})"))?;
    match receiver.recv_timeout(LONGEST) {
        Ok(book) => book,
        Err(RecvTimeoutError::Timeout) => {
            stop.store(true, Ordering::Relaxed);
            Err(format!("the file takes longer than {} seconds to read", LONGEST.as_secs()))
        }
        Err(RecvTimeoutError::Disconnected) => Err("the file is too damaged or too complex to read".into()),
    }
}

fn read(bytes: Vec<u8>, stop: &AtomicBool) -> Result<Book, String> {
    let pdf = Pdf::new(bytes).map_err(|e| match e {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => {
            "the file is protected by a password".to_owned()
        }
        LoadPdfError::Decryption(_) => "the encryption is not supported".to_owned(),
        LoadPdfError::Invalid => "the file is damaged; expected a PDF file with pages".to_owned(),
    })?;
    let pages = pdf.pages().len();
    if pages > PAGES {
        return Err(format!("the file has {pages} pages; expected at most {PAGES}"));
    }
    let mut book = Book { bookmarks: bookmarks::read(&pdf), ..Book::default() };
    for page in glyphs::pages(&pdf, stop) {
        book.unknown += page.unknown;
        book.pages.push(layout::lines(page.glyphs));
    }
    let metadata = pdf.metadata();
    let property = |value: &Option<Box<[u8]>>| value.as_ref().map(|v| text(v)).filter(|t| !t.is_empty());
    book.title = property(&metadata.title).filter(|t| own_title::is_plausible(t));
    book.author = property(&metadata.author);
    let catalog = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id());
    book.lang = catalog.and_then(|c| c.get::<PdfString<'_>>("Lang")).map(|l| text(&l)).filter(|l| !l.is_empty());
    Ok(book)
}

/// A text string: UTF-16 or UTF-8 with a mark, or else PDFDocEncoding (ISO 32000-1, annex D.2).
fn text(bytes: &[u8]) -> String {
    /// 0x80 to 0x9E.
    const HIGH: &str = "•†‡…—–ƒ⁄‹›−‰„“”‘’‚™\u{fb01}\u{fb02}ŁŒŠŸŽıłœšž";
    let wide = |from: fn([u8; 2]) -> u16| {
        let units = bytes[2..].chunks_exact(2).map(|pair| from([pair[0], pair[1]]));
        char::decode_utf16(units).filter_map(Result::ok).collect::<String>()
    };
    let single = |byte: &u8| match byte {
        0x80..=0x9E => HIGH.chars().nth(usize::from(byte - 0x80)),
        0xA0 => Some('€'),
        byte => Some(char::from(*byte)),
    };
    let text: String = match bytes {
        [0xFE, 0xFF, ..] => wide(u16::from_be_bytes),
        [0xFF, 0xFE, ..] => wide(u16::from_le_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        // Many programs write UTF-8 without a byte order mark.
        _ => str::from_utf8(bytes).map_or_else(|_| bytes.iter().filter_map(single).collect(), str::to_owned),
    };
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{super::archive::tests::mutations, *};
    use crate::document::Document;

    /// A file with these pages, each a content stream, and with these additional objects: 1 is the catalog, 2 the
    /// page tree, 3 the font, followed by the pages with their streams.
    fn file(pages: &[&str], catalog: &str, more: &str) -> Vec<u8> {
        let kids: Vec<_> = (0..pages.len()).map(|i| format!("{} 0 R", 10 + 2 * i)).collect();
        let mut objects = format!(
            "1 0 obj <</Type/Catalog/Pages 2 0 R{catalog}>> endobj\n2 0 obj <</Type/Pages/Count {}/Kids[{}]>> endobj\n\
             3 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>> endobj\n{more}",
            pages.len(),
            kids.join(" ")
        );
        for (i, page) in pages.iter().enumerate() {
            let (at, stream) = (10 + 2 * i, 11 + 2 * i);
            objects.push_str(&format!(
                "{at} 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F 3 0 R>>>>/Contents {stream} 0 R>> endobj\n\
                 {stream} 0 obj <</Length {}>> stream\n{page}\nendstream endobj\n",
                page.len()
            ));
        }
        let body = format!("%PDF-1.4\n{objects}");
        let last = 9 + 2 * pages.len();
        let at = |n: usize| body.find(&format!("\n{n} 0 obj")).map(|at| at + 1);
        let entry = |n: usize| at(n).map_or("0000000000 65535 f \n".into(), |at| format!("{at:010} 00000 n \n"));
        let table: String = (0..=last).map(entry).collect();
        let (count, start) = (last + 1, body.len());
        format!(
            "{body}xref\n0 {count}\n{table}trailer <</Size {count}/Root 1 0 R/Info 4 0 R>>\nstartxref\n{start}\n%%EOF\n"
        )
        .into_bytes()
    }

    /// Lines of text from the top of a page, 14 points apart; an empty one is a gap.
    fn lines(lines: &[&str]) -> String {
        let show = |line: &&str| format!("({line}) Tj 0 -14 Td ");
        format!("BT /F 12 Tf 50 700 Td {} ET", lines.iter().map(show).collect::<String>())
    }

    fn outcome(bytes: &[u8]) -> Outcome {
        extract(bytes, &Context { source: "a/tea.pdf", ..Context::default() })
    }

    fn page(bytes: &[u8]) -> (Document, Vec<String>) {
        match outcome(bytes).expect("readable") {
            (Extracted::Page(page), warnings) => (*page, warnings),
            (Extracted::LeftOut(reason), _) => panic!("left out: {reason}"),
        }
    }

    const INFO: &str = "4 0 obj <</Title(On Tea)/Author(Ann)>> endobj\n";
    const LONG: &str = "A line of text that goes on to the edge of the page, as";

    #[test]
    fn pages_are_sections_and_lines_are_joined() {
        let one = lines(&[LONG, "most lines do when they are set by a pro-", "gram; a well-known way.", "", "Next."]);
        let (p, warnings) = page(&file(&[&one, &lines(&["Second page of the text."])], "/Lang(en)", INFO));
        assert_eq!((p.title.as_str(), p.lang.as_deref(), warnings.len()), ("On Tea", Some("en"), 0));
        assert_eq!(p.metadata["author"], ["Ann"]);
        let got: Vec<_> = p.sections.iter().map(|s| (s.anchor.as_deref(), s.text.as_str())).collect();
        let first = format!("{LONG} most lines do when they are set by a program; a well-known way.\n\nNext.");
        assert_eq!(got, [(Some("page=1"), first.as_str()), (Some("page=2"), "Second page of the text.")]);
    }

    #[test]
    fn bookmarks_are_headings() {
        let outline = "5 0 obj <</First 6 0 R/Last 8 0 R>> endobj\n\
            6 0 obj <</Title(Brewing)/Dest[10 0 R/Fit]/First 7 0 R/Next 8 0 R>> endobj\n\
            7 0 obj <</Title(Water)/A<</S/GoTo/D(w)>>>> endobj\n8 0 obj <</Title(Pots)/Dest[12 0 R/Fit]/Next 6 0 R>> endobj\n\
            9 0 obj <</Names[(w)[10 0 R/Fit]]>> endobj\n";
        let one = lines(&["1 Brewing", "It begins.", "1.1 Water", "Hot water."]);
        let two = lines(&["Still about water.", "2 Pots", "Of clay."]);
        let bytes = file(&[&one, &two], "/Outlines 5 0 R/Names<</Dests 9 0 R>>", &format!("{INFO}{outline}"));
        let got: Vec<_> = page(&bytes).0.sections;
        let got: Vec<_> =
            got.iter().map(|s| (s.headings.join(">"), s.anchor.as_deref().unwrap_or(""), s.text.as_str())).collect();
        assert_eq!(
            got,
            [
                ("Brewing".into(), "page=1", "It begins."),
                ("Brewing>Water".into(), "page=1", "Hot water."),
                ("Brewing>Water".into(), "page=2", "Still about water."),
                ("Pots".into(), "page=2", "Of clay."),
            ]
        );
    }

    #[test]
    fn spaces_come_from_gaps() {
        let text = "BT /F 10 Tf 50 700 Td [(Kettle)-280(and)-40(s)-300(pots)] TJ ET \
                    BT /F 10 Tf 2 Tc 50 650 Td (SPACED OUT) Tj ET";
        assert_eq!(page(&file(&[text], "", INFO)).0.sections[0].text, "Kettle ands pots\n\nSPACED OUT");
    }

    #[test]
    fn accents_join_their_letters() {
        // A diaeresis is 3.33 points wide here, and a u 5.56.
        let text = "BT /F 10 Tf 50 700 Td [(Der Tee f)(\\250)445(ur alle ist hei\\337)] TJ ET";
        assert_eq!(page(&file(&[text], "", INFO)).0.sections[0].text, "Der Tee für alle ist heiß");
    }

    #[test]
    fn dots_to_a_page_number_go() {
        let text = lines(&["1.2 Kettles........ 7", "Pots . . . . . . . . . . 12", "And so on... and on."]);
        assert_eq!(page(&file(&[&text], "", INFO)).0.sections[0].text, "1.2 Kettles 7\nPots 12\nAnd so on... and on.");
    }

    #[test]
    fn heads_and_numbers_of_pages_go() {
        let texts: Vec<_> = (1..=5)
            .map(|n| {
                format!(
                    "BT /F 9 Tf 50 770 Td (The Tea Book {n}) Tj ET {} BT /F 9 Tf 300 20 Td ({n}) Tj ET",
                    lines(&["Words of a page."])
                )
            })
            .collect();
        let texts: Vec<_> = texts.iter().map(String::as_str).collect();
        let (p, _) = page(&file(&texts, "", INFO));
        assert!(p.sections.iter().all(|s| s.text == "Words of a page."), "{:?}", p.sections);
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (bytes, why) in [
            (b"plain".to_vec(), "no %PDF-"),
            (b"%PDF-1.4\nnothing".to_vec(), "damaged"),
            (file(&["0 0 m 10 10 l S"], "", INFO), "none of the pages (1) has text"),
        ] {
            let error = outcome(&bytes).expect_err(why);
            assert!(error.contains(why), "{error}");
        }
        let locked = "trailer <</Encrypt<</Filter/Standard/V 1/R 2/P -4/O(12345678901234567890123456789012)\
            /U(12345678901234567890123456789012)>>/ID[(a)(a)]";
        let bytes = String::from_utf8(file(&[&lines(&["x"])], "", INFO)).expect("text").replace("trailer <<", locked);
        assert_eq!(outcome(bytes.as_bytes()), Err("the file is protected by a password".into()));
    }

    #[test]
    fn a_file_without_a_title_has_its_name() {
        let info = "4 0 obj <</Title(Microsoft Word - tea.doc)>> endobj\n";
        assert_eq!(page(&file(&[&lines(&["Enough words for a text."])], "", info)).0.title, "tea");
    }

    #[test]
    fn text_strings_are_decoded() {
        for (bytes, expected) in [
            (&b"\xFE\xFF\0T\0\xE9"[..], "Té"),
            (b"\xFF\xFET\0\xE9\0", "Té"),
            (b"\xEF\xBB\xBFT\xC3\xA9", "Té"),
            (b"T\xC3\xA9", "Té"),
            (b"T\xE9 \x80\r\nx", "Té • x"),
        ] {
            assert_eq!(text(bytes), expected);
        }
    }

    #[test]
    fn damaged_files_are_refused_or_read_never_fatal() {
        let text = lines(&["A first line of text.", "And a second."]);
        let bytes = file(
            &[&text, &text],
            "/Outlines 5 0 R",
            "5 0 obj <</First 6 0 R>> endobj\n6 0 obj <</Title(A)/Dest[10 0 R]>> endobj\n",
        );
        let mut refused = 0;
        mutations(&bytes, 400, |bytes| refused += usize::from(outcome(bytes).is_err()));
        assert!(refused > 0, "nothing was broken");
    }
}
