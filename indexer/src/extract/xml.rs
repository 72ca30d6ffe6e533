//! XML, one event at a time: names without their prefix, text with its references resolved.

use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event, attributes::Attribute},
};

/// One step through a file.
#[derive(Debug)]
pub(super) enum Step<'a> {
    /// Start of an element. An empty element has both a start and an end.
    Open(Element<'a>),
    /// End of an element with this name.
    Close(String),
    /// Text, or part of it.
    Text(String),
}

/// An element's name and attributes.
#[derive(Debug)]
pub(super) struct Element<'a>(BytesStart<'a>);

impl Element<'_> {
    /// Its name, without the prefix.
    pub(super) fn name(&self) -> String {
        self.0.local_name().as_ref().to_owned()
    }

    /// The value of an attribute, regardless of its prefix.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let found = |a: &Attribute<'_>| a.key.local_name().as_ref() == name;
        let attribute = self.0.attributes().with_checks(false).flatten().find(found)?;
        Some(attribute.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned())
    }
}

/// Goes through a file from top to bottom. It does not expand entities that the file itself declares.
///
/// # Errors
/// A sentence: the place where the file is not well formed.
pub(super) fn walk(text: &str, mut step: impl FnMut(Step<'_>)) -> Result<(), String> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    reader.config_mut().check_end_names = false;
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => return Ok(()),
            Ok(Event::Start(e) | Event::Empty(e)) => step(Step::Open(Element(e))),
            Ok(Event::End(e)) => step(Step::Close(e.local_name().as_ref().to_owned())),
            Ok(Event::Text(t)) => step(Step::Text(t.xml10_content().into_owned())),
            Ok(Event::CData(t)) => step(Step::Text(t.xml10_content().into_owned())),
            Ok(Event::GeneralRef(r)) => step(Step::Text(referred(&r.xml10_content()))),
            Ok(_) => {}
            Err(e) => return Err(format!("not well-formed XML at byte {} ({e})", reader.error_position())),
        }
    }
}

/// The meaning of `&amp;`, `&#8211;` and `&#x2013;`.
fn referred(name: &str) -> String {
    let number = match name.strip_prefix("#x").or_else(|| name.strip_prefix("#X")) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => name.strip_prefix('#').and_then(|n| n.parse().ok()),
    };
    match (number, name) {
        (Some(n), _) => char::from_u32(n).map(String::from).unwrap_or_default(),
        (_, "amp") => "&".into(),
        (_, "lt") => "<".into(),
        (_, "gt") => ">".into(),
        (_, "quot") => "\"".into(),
        (_, "apos") => "'".into(),
        _ => " ".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_prefix_and_references_are_resolved() {
        let mut seen = String::new();
        walk("<a:b c:d='1 &amp; 2'><e/>x &lt;&#x2013;&#33; <![CDATA[<y>]]></a:b>", |step| match step {
            Step::Open(e) => seen.push_str(&format!("({}{}", e.name(), e.attribute("d").unwrap_or_default())),
            Step::Close(name) => seen.push_str(&format!(" {name})")),
            Step::Text(text) => seen.push_str(&text),
        })
        .expect("well formed");
        assert_eq!(seen, "(b1 & 2(e e)x <–! <y> b)");
    }

    #[test]
    fn a_broken_file_says_where() {
        assert!(walk("<a><b", |_| {}).expect_err("broken").contains("byte"));
    }
}
