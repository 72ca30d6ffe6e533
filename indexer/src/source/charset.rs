//! Turns bytes into text: detects the encoding of a file.
//!
//! The order is that of browsers: the byte order mark, the HTTP header, the declaration in the page, detection. Only
//! valid UTF-8 comes before a declaration: hardly any text of another encoding is valid UTF-8 by accident, and wrong
//! declarations are common. Nothing is replaced: a file that no encoding fits is skipped.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{DecoderResult, Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE};

/// Bytes at the beginning of a page that are looked at for a declaration. Browsers look at 1024; a long comment
/// or a script before the declaration is common enough.
const HEAD: usize = 4096;
/// One in so many units of UTF-16 without a mark is at least a space, a line end or another ASCII character.
const ASCII_UNITS: usize = 64;
/// Detected text has at most one control character in this many characters.
const CONTROLS: usize = 50;
/// Country domains from which the detector expects the encodings of a language (BCP 47, without its region).
const DOMAINS: [(&str, &str); 18] = [
    ("ja", "jp"),
    ("zh-tw", "tw"),
    ("zh-hant", "tw"),
    ("zh", "cn"),
    ("ko", "kr"),
    ("ru", "ru"),
    ("uk", "ua"),
    ("bg", "bg"),
    ("el", "gr"),
    ("he", "il"),
    ("tr", "tr"),
    ("pl", "pl"),
    ("cs", "cz"),
    ("sk", "sk"),
    ("hu", "hu"),
    ("th", "th"),
    ("vi", "vn"),
    ("ar", "eg"),
];

/// Facts about the encoding of a file besides its bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'a> {
    /// `charset` of the HTTP header that it came with.
    pub http: Option<&'a str>,
    /// Whether its beginning may declare an encoding, as that of HTML may.
    pub is_markup: bool,
}

/// The text of a file, without a byte order mark.
///
/// # Errors
/// A sentence for the report: which encoding does not fit, and at which byte; or that the file is no text.
pub fn decode(bytes: Vec<u8>, hints: Hints<'_>) -> Result<String, String> {
    if bytes.starts_with(&[0xff, 0xfe, 0, 0]) || bytes.starts_with(&[0, 0, 0xfe, 0xff]) {
        return Err("UTF-32 is not supported; expected UTF-8".into());
    }
    if let Some((encoding, mark)) = Encoding::for_bom(&bytes) {
        return strict(encoding, &bytes[mark..]).map(Cow::into_owned).ok_or_else(|| misfit(encoding, &bytes));
    }
    if let Some(at) = bytes.iter().position(|b| *b == 0) {
        return utf16(&bytes).ok_or_else(|| format!("the file is binary (byte {at} is zero); expected text"));
    }
    if has_escapes(&bytes)
        && let Some(text) = strict(ISO_2022_JP, &bytes)
    {
        return Ok(text.into_owned());
    }
    String::from_utf8(bytes).or_else(|e| legacy(e.as_bytes(), hints))
}

/// Text that is not UTF-8: as declared, else as detected.
fn legacy(bytes: &[u8], hints: Hints<'_>) -> Result<String, String> {
    let head = Head::of(if hints.is_markup { bytes } else { &[] });
    let declared = hints.http.and_then(|label| Encoding::for_label(label.as_bytes())).or_else(|| head.declared());
    let declared = declared.filter(|e| *e != UTF_8);
    if let Some(text) = declared.and_then(|e| strict(e, bytes)) {
        return Ok(text.into_owned());
    }
    let misfit = misfit(declared.unwrap_or(UTF_8), bytes);
    if is_mostly_utf8(bytes) {
        return Err(misfit);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let detected = detector.guess(head.domain().map(str::as_bytes), Utf8Detection::Deny);
    match strict(detected, bytes).filter(|text| is_plausible(text)) {
        Some(text) => Ok(text.into_owned()),
        None => Err(misfit),
    }
}

fn strict<'b>(encoding: &'static Encoding, bytes: &'b [u8]) -> Option<Cow<'b, str>> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes)
}

/// Says where an encoding does not fit.
fn misfit(encoding: &'static Encoding, bytes: &[u8]) -> String {
    let at = first_misfit(encoding, bytes);
    let line = bytes[..at].iter().filter(|b| **b == b'\n').count() + 1;
    format!("invalid {} at byte {at}, line {line}", encoding.name())
}

/// Bytes before the first that is not of an encoding.
fn first_misfit(encoding: &'static Encoding, bytes: &[u8]) -> usize {
    if encoding == UTF_8 {
        return std::str::from_utf8(bytes).map_or_else(|e| e.valid_up_to(), |_| bytes.len());
    }
    let mut decoder = encoding.new_decoder_with_bom_removal();
    let (mut out, mut at) = ([0; 4096], 0);
    loop {
        let (result, read, _) = decoder.decode_to_utf8_without_replacement(&bytes[at..], &mut out, true);
        at += read;
        match result {
            DecoderResult::InputEmpty => return at,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(bad, after) => return at.saturating_sub(usize::from(bad) + usize::from(after)),
        }
    }
}

/// UTF-16 without a byte order mark: zeros stand in every second place only, and nothing is malformed.
fn utf16(bytes: &[u8]) -> Option<String> {
    let zeros = |from: usize| bytes.iter().skip(from).step_by(2).filter(|b| **b == 0).count();
    let encoding = match (zeros(0), zeros(1)) {
        (0, little) if little * ASCII_UNITS >= bytes.len() / 2 => UTF_16LE,
        (big, 0) if big * ASCII_UNITS >= bytes.len() / 2 => UTF_16BE,
        _ => return None,
    };
    strict(encoding, bytes).filter(|text| is_plausible(text)).map(Cow::into_owned)
}

/// Whether there is an escape sequence with which ISO-2022-JP begins Japanese; all of its bytes are ASCII.
fn has_escapes(bytes: &[u8]) -> bool {
    bytes.is_ascii() && bytes.windows(3).any(|w| matches!(w, b"\x1b$B" | b"\x1b$@"))
}

/// Whether most of the non-ASCII bytes are valid UTF-8: then the file is damaged UTF-8.
fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > 0 && good >= bad
}

/// Whether undeclared text is really text: it has none of the control characters that single-byte encodings have
/// where others have letters, and few of the old ones.
fn is_plausible(text: &str) -> bool {
    let is_space = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{c}' | '\u{1b}');
    let old = text.bytes().filter(|b| b.is_ascii_control() && !is_space(char::from(*b))).count();
    old * CONTROLS <= text.len() && !text.chars().any(|c| matches!(c, '\u{80}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}'))
}

/// The beginning of a page, in lower case.
struct Head(String);

impl Head {
    fn of(bytes: &[u8]) -> Self {
        Self(bytes[..bytes.len().min(HEAD)].iter().map(|b| char::from(b.to_ascii_lowercase())).collect())
    }

    /// The encoding in `<meta charset>`, `<meta http-equiv>` or the XML declaration.
    fn declared(&self) -> Option<&'static Encoding> {
        let xml = self.0.trim_start().strip_prefix("<?xml").and_then(|rest| rest.split_once("?>"));
        let label = self.meta().or_else(|| value(xml?.0, "encoding"))?;
        let encoding = Encoding::for_label(label.as_bytes())?;
        // A declaration that could be read as ASCII is not one of UTF-16, whatever it says.
        Some(encoding.output_encoding())
    }

    fn meta(&self) -> Option<&str> {
        let mut rest = self.0.as_str();
        while let Some(at) = rest.find("<meta").into_iter().chain(rest.find("<!--")).min() {
            rest = &rest[at..];
            if rest.starts_with("<!--") {
                rest = &rest[rest.find("-->")?..];
                continue;
            }
            let tag = &rest[..rest.find('>').unwrap_or(rest.len())];
            if let Some(label) = value(tag, "charset") {
                return Some(label);
            }
            rest = &rest[tag.len()..];
        }
        None
    }

    /// The country domain of the page's language.
    fn domain(&self) -> Option<&'static str> {
        let tag = self.0.split_once("<html")?.1.split('>').next()?;
        let lang = value(tag, "lang")?;
        let is_of = |name: &str| lang.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
        DOMAINS.iter().find(|(name, _)| is_of(name)).map(|(_, domain)| *domain)
    }
}

/// The value behind `name=`, with or without quotes.
fn value<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let values = tag.match_indices(name).filter_map(|(at, _)| tag[at + name.len()..].trim_start().strip_prefix('='));
    let value = values.map(|v| v.trim_start().trim_start_matches(['"', '\''])).find(|v| !v.is_empty())?;
    let end =
        value.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '/' | '?')).unwrap_or(value.len());
    Some(&value[..end]).filter(|v| !v.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKUP: Hints<'_> = Hints { http: None, is_markup: true };

    fn bytes(encoding: &str, text: &str) -> Vec<u8> {
        match encoding {
            "utf-16le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "utf-16be" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            label => {
                let (bytes, _, is_lossy) = Encoding::for_label(label.as_bytes()).expect("a label").encode(text);
                assert!(!is_lossy, "{label} has not all of {text}");
                bytes.into_owned()
            }
        }
    }

    #[test]
    fn valid_utf8_stays_as_it_is() {
        for text in ["", "plain\r\n", "Käse 安装 🦀", "<meta charset=\"windows-1251\">Käse"] {
            assert_eq!(decode(text.as_bytes().to_vec(), MARKUP).as_deref(), Ok(text));
            assert_eq!(decode(format!("\u{feff}{text}").into_bytes(), MARKUP).as_deref(), Ok(text), "with a mark");
        }
    }

    #[test]
    fn a_declaration_is_followed() {
        for (label, text) in [
            ("windows-1251", "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=windows-1251\">Чай"),
            ("shift_jis", "<META CHARSET = 'Shift_JIS' >急須"),
            ("iso-8859-2", "<!-- <meta charset=big5> --><meta charset=iso-8859-2>źródło"),
            ("euc-kr", "<?xml version=\"1.0\" encoding=\"euc-kr\"?>차"),
            ("gb18030", "<meta charset=gb18030>茶𠀀"),
        ] {
            assert_eq!(decode(bytes(label, text), MARKUP).as_deref(), Ok(text));
        }
        let hints = Hints { http: Some("KOI8-R"), is_markup: true };
        let text = "<meta charset=\"windows-1251\">Чай";
        assert_eq!(decode(bytes("koi8-r", text), hints).as_deref(), Ok(text), "the header comes first");
    }

    #[test]
    fn utf16_is_read_with_a_mark_and_without() {
        let text = "A samovar\nis an urn. 茶\n";
        for label in ["utf-16le", "utf-16be"] {
            assert_eq!(decode(bytes(label, text), Hints::default()).as_deref(), Ok(text), "{label}");
            let marked = bytes(label, &format!("\u{feff}{text}"));
            assert_eq!(decode(marked, Hints::default()).as_deref(), Ok(text), "{label}");
        }
    }

    #[test]
    fn what_nobody_declares_is_detected() {
        for (label, text) in [
            ("windows-1251", "Чайник ставят на плиту и ждут, пока вода закипит."),
            ("shift_jis", "お湯を注いで一分待ちます。急須を温めておきます。"),
            ("euc-kr", "주전자에 물을 붓고 끓을 때까지 기다립니다."),
            ("iso-2022-jp", "お湯を注いで一分待ちます。"),
            ("windows-1252", "Une tasse généreuse, servie très chaude à la fenêtre."),
        ] {
            assert_eq!(decode(bytes(label, text), Hints::default()).as_deref(), Ok(text), "{label}");
        }
    }

    #[test]
    fn what_no_encoding_fits_is_skipped_with_its_place() {
        for (bytes, reason) in [
            (&b"K\xc3\xa4se\n\xc3\xa4b\xff"[..], "invalid UTF-8 at byte 9, line 2"),
            (b"\xef\xbb\xbfab\xff", "invalid UTF-8 at byte 5, line 1"),
            (b"<meta charset=euc-kr>\nab\xff\x81", "invalid EUC-KR at byte 24, line 2"),
            (b"\xff\xfea\0\x00\xd8b\0", "invalid UTF-16LE at byte 4, line 1"),
            (b"PK\x03\x04\0\0\x01", "the file is binary (byte 4 is zero); expected text"),
            (b"\xff\xfe\0\0a\0\0\0", "UTF-32 is not supported; expected UTF-8"),
        ] {
            assert_eq!(decode(bytes.to_vec(), MARKUP), Err(reason.to_owned()));
        }
    }

    #[test]
    fn noise_is_no_text() {
        let mut state = 1u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % 255 + 1
        };
        let noise: Vec<u8> = (0..2000).map(|_| random() as u8).collect();
        assert!(decode(noise, MARKUP).is_err_and(|reason| reason.starts_with("invalid UTF-8 at byte ")));
    }

    #[test]
    fn arbitrary_bytes_are_read_or_refused() {
        let mut state = 7u64;
        for round in 0..3000 {
            let mut random = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) as usize
            };
            let mut text = bytes("windows-1251", "<html lang=ru><meta charset=windows-1251>Чайник кипит\n");
            for _ in 0..1 + round % 9 {
                let at = random() % text.len();
                match random() % 3 {
                    0 => text[at] = random() as u8,
                    1 => drop(text.drain(at..text.len().min(at + 3))),
                    _ => text.insert(at, b"\0\xff\xfe\x1b$<"[random() % 6]),
                }
            }
            let is_utf8 = std::str::from_utf8(&text).is_ok_and(|t| !t.contains(['\0', '\u{1b}']));
            let decoded = decode(text.clone(), MARKUP);
            assert!(!is_utf8 || decoded.is_ok_and(|t| t.as_bytes() == text), "{text:?}");
        }
    }
}
