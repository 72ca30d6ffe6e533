//! Sitemaps: lists of addresses, and lists of such lists (sitemaps.org).

use std::io::{BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use quick_xml::{
    Reader,
    escape::resolve_predefined_entity,
    events::{BytesRef, Event},
};

/// The largest sitemap, decompressed, in bytes; the protocol allows no larger one.
pub(super) const LARGEST: u64 = 50 << 20;
/// The longest address that is taken from a sitemap, in bytes.
const LONGEST: usize = 2048;

/// The content of a sitemap.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sitemap {
    /// Pages.
    Pages(Vec<String>),
    /// Other sitemaps.
    Index(Vec<String>),
}

/// Reads a sitemap, compressed or not; at most `most` addresses. `None` if the bytes are no sitemap.
///
/// # Errors
/// A sentence: the place of the XML fault, or that the sitemap is too large. Earlier entries are not used.
pub(super) fn read(bytes: &[u8], most: usize) -> Option<Result<Sitemap, String>> {
    let plain: Box<dyn Read + '_> = match bytes.starts_with(&[0x1f, 0x8b]) {
        true => Box::new(MultiGzDecoder::new(bytes)),
        false => Box::new(bytes),
    };
    let mut reader = Reader::from_reader(BufReader::new(plain.take(LARGEST + 1)));
    let is_index = loop {
        match reader.read_event_into(&mut Vec::new()) {
            Ok(Event::Start(tag)) => match tag.local_name().as_ref() {
                "urlset" => break false,
                "sitemapindex" => break true,
                _ => return None,
            },
            // An empty root is valid.
            Ok(Event::Empty(tag)) => match tag.local_name().as_ref() {
                "urlset" => return Some(Ok(Sitemap::Pages(Vec::new()))),
                "sitemapindex" => return Some(Ok(Sitemap::Index(Vec::new()))),
                _ => return None,
            },
            Ok(Event::Eof) | Err(_) => return None,
            Ok(_) => {}
        }
    };
    let listed = addresses(&mut reader, most);
    Some(listed.map(|all| if is_index { Sitemap::Index(all) } else { Sitemap::Pages(all) }))
}

/// The text of each `<loc>` of an entry; those of images and videos are in elements of their own.
fn addresses<R: std::io::BufRead>(reader: &mut Reader<R>, most: usize) -> Result<Vec<String>, String> {
    let (mut found, mut open, mut depth, mut buffer) = (Vec::new(), None::<String>, 1usize, Vec::new());
    while found.len() < most {
        buffer.clear();
        let at = reader.buffer_position();
        if at > LARGEST {
            return Err(format!("the sitemap has more than {LARGEST} bytes"));
        }
        match reader.read_event_into(&mut buffer).map_err(|e| format!("invalid XML at byte {at} ({e})"))? {
            Event::Start(tag) => {
                depth += 1;
                if depth == 3 && tag.local_name().as_ref() == "loc" {
                    open = Some(String::new());
                }
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                let address = open.take().map(|text| text.trim().to_owned());
                found.extend(address.filter(|a| !a.is_empty() && a.len() <= LONGEST));
                if depth == 0 {
                    break;
                }
            }
            Event::Text(text) => add(&mut open, &text),
            Event::CData(text) => add(&mut open, &text),
            Event::GeneralRef(reference) => add(&mut open, &resolve(&reference)),
            Event::Eof => return Err("the sitemap is truncated".into()),
            _ => {}
        }
    }
    Ok(found)
}

fn add(open: &mut Option<String>, text: &str) {
    if let Some(address) = open.as_mut().filter(|a| a.len() <= LONGEST) {
        address.push_str(text);
    }
}

/// The replacement for an entity. Only the entities of XML itself and character numbers are known.
fn resolve(reference: &BytesRef<'_>) -> String {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return character.into();
    }
    resolve_predefined_entity(reference).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const HEAD: &str = "<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>";

    fn pages(xml: &[u8]) -> Vec<String> {
        match read(xml, 100) {
            Some(Ok(Sitemap::Pages(pages))) => pages,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn addresses_are_read_with_their_entities() {
        let xml = format!(
            "{HEAD}<url>\n<loc> https://e.org/a?b=1&amp;c=2 </loc><lastmod>2024</lastmod></url>\
             <url><loc><![CDATA[https://e.org/b]]></loc><image:image><image:loc>https://e.org/i.png</image:loc></image:image></url>\
             <url><loc>https://e.org/&#x75;&#776;</loc></url></urlset>"
        );
        let expected = ["https://e.org/a?b=1&c=2", "https://e.org/b", "https://e.org/u\u{308}"];
        assert_eq!(pages(xml.as_bytes()), expected);
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(xml.as_bytes()).expect("packed");
        assert_eq!(pages(&gz.finish().expect("packed")), expected);
        assert_eq!(read(xml.as_bytes(), 1), Some(Ok(Sitemap::Pages(vec![expected[0].into()]))));
    }

    #[test]
    fn what_is_no_sitemap_is_told_from_what_is_broken() {
        for other in ["<!doctype html><html><p>x</p></html>", "text", "", "{\"a\": 1}", "<rss><channel/></rss>"] {
            assert_eq!(read(other.as_bytes(), 9), None, "{other}");
        }
        let index = b"<sitemapindex><sitemap><loc>https://e.org/1.xml</loc></sitemap></sitemapindex>";
        assert_eq!(read(index, 9), Some(Ok(Sitemap::Index(vec!["https://e.org/1.xml".into()]))));
        for broken in [format!("{HEAD}<url><loc>https://e.org/"), format!("{HEAD}<url></loc></url></urlset>")] {
            assert!(matches!(read(broken.as_bytes(), 9), Some(Err(_))), "{broken}");
        }
    }

    #[test]
    fn a_bomb_is_let_be() {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(format!("{HEAD}<url><loc>").as_bytes()).expect("packed");
        (0..60).for_each(|_| gz.write_all(&vec![b' '; 1 << 20]).expect("packed"));
        assert!(matches!(read(&gz.finish().expect("packed"), 9), Some(Err(_))));
        let laughs = "<!DOCTYPE urlset [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;\">]><urlset><url><loc>https://e.org/&b;</loc></url></urlset>";
        assert_eq!(pages(laughs.as_bytes()), ["https://e.org/"]);
    }
}
