//! JSON Lines: one record per page.

use cloze_index::Metadata;
use serde_json::{Map, Value};

use super::{Context, Outcome, assemble};
use crate::document::{Extracted, Outline, front_matter::FrontMatter};

/// Keys with a meaning of their own; every other key is metadata.
const KNOWN: [&str; 5] = ["_id", "id", "title", "text", "metadata"];

/// Reads one line: `_id` or `id`, `title`, `text`, `url`; any other key is metadata.
///
/// # Errors
/// A sentence for the report: the fault of the line.
pub fn record(line: &str, context: &Context<'_>) -> Outcome {
    let value: Value = serde_json::from_str(line).map_err(|e| format!("invalid JSON ({e})"))?;
    let Value::Object(mut object) = value else { return Err("expected a JSON object".into()) };
    let text = match object.remove("text") {
        Some(Value::String(text)) => text,
        Some(other) => return Err(format!("\"text\" is {}; expected a string", kind(&other))),
        None => return Err("\"text\" is missing; expected a string".into()),
    };
    let id = ["_id", "id"].into_iter().find_map(|k| object.get(k)).map(|v| match v {
        Value::String(s) if !s.is_empty() => Ok(s.clone()),
        Value::Number(n) => Ok(n.to_string()),
        other => Err(format!("the id is {}; expected a string or a number", kind(other))),
    });
    let id = id.transpose()?.unwrap_or_else(|| context.source.to_owned());
    if let Some(Value::Object(inner)) = object.remove("metadata") {
        for (key, value) in inner {
            object.entry(key).or_insert(value);
        }
    }
    let metadata = metadata(&object);
    let front = FrontMatter::from_object(object);
    if let Some(reason) = front.left_out() {
        return Ok((Extracted::LeftOut(reason), Vec::new()));
    }
    let mut outline = Outline::default();
    text.replace("\r\n", "\n").split("\n\n").for_each(|p| outline.paragraph(p));
    let mut page = assemble(&front, front.text(&["title"]).or(Some(String::new())), outline, context);
    page.url = front.text(&["url"]).unwrap_or_else(|| id.clone());
    page.source = id;
    page.metadata = metadata;
    Ok((Extracted::Page(Box::new(page)), Vec::new()))
}

fn metadata(object: &Map<String, Value>) -> Metadata {
    let rest = object.iter().filter(|(k, _)| !KNOWN.contains(&k.as_str()));
    FrontMatter::from_object(rest.map(|(k, v)| (k.clone(), v.clone())).collect()).metadata()
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "an empty string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(line: &str) -> Result<crate::document::Document, String> {
        match record(line, &Context { source: "f.jsonl:1", ..Context::default() })?.0 {
            Extracted::Page(p) => Ok(*p),
            Extracted::LeftOut(reason) => Err(reason),
        }
    }

    #[test]
    fn a_record_is_a_page() {
        let p = page(
            r#"{"_id": 7, "title": "T", "text": "a\n\nb", "url": "/x", "team": ["red", 2], "metadata": {"k": true}}"#,
        )
        .expect("good");
        assert_eq!((p.source.as_str(), p.title.as_str(), p.url.as_str()), ("7", "T", "/x"));
        assert_eq!(p.sections[0].text, "a\n\nb");
        assert_eq!(
            (&p.metadata["team"][..], &p.metadata["k"][..]),
            (&["red".into(), "2".into()][..], &["true".into()][..])
        );
    }

    #[test]
    fn a_bad_record_says_why() {
        for (line, why) in [
            ("{", "invalid JSON"),
            ("[]", "object"),
            ("{}", "\"text\" is missing"),
            (r#"{"text": 1}"#, "a number"),
            (r#"{"text": "x", "id": []}"#, "an array"),
            (r#"{"text": "x", "draft": true}"#, "draft"),
        ] {
            let error = page(line).expect_err(line);
            assert!(error.contains(why), "{line}: {error}");
        }
    }
}
