//! The block of settings at the top of a page: YAML between `---`, or TOML between `+++`.

use cloze_index::Metadata;
use serde_json::{Map, Value};

/// What a page says about itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct FrontMatter {
    values: Map<String, Value>,
}

/// Keys that say how a page is shown, not what it is about; they do not become metadata.
const NOT_METADATA: [&str; 9] =
    ["title", "description", "summary", "permalink", "url", "slug", "lang", "language", "search"];

/// Splits a page into front matter and body. A block that cannot be read is given back as a warning,
/// and is not part of the body.
pub(crate) fn split(text: &str) -> (FrontMatter, &str, Option<String>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (fence, is_toml) in [("---", false), ("+++", true)] {
        let Some((block, body)) = block(text, fence) else { continue };
        let parsed = if is_toml {
            toml::from_str::<Map<String, Value>>(block).map_err(|e| e.message().to_owned())
        } else if block.trim().is_empty() {
            Ok(Map::new())
        } else {
            // `no` is a language and `y` a tag, not truth values as in YAML 1.1.
            let options = serde_saphyr::options! { strict_booleans: true };
            serde_saphyr::from_str_with_options::<Map<String, Value>>(block, options)
                .map_err(|e| first_line(&e.to_string()))
        };
        return match parsed {
            Ok(values) => (FrontMatter { values: lower_keys(values) }, body, None),
            Err(e) => (loose(block), body, Some(format!("front matter read line by line ({e})"))),
        };
    }
    (FrontMatter::default(), text, None)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn block<'a>(text: &'a str, fence: &str) -> Option<(&'a str, &'a str)> {
    let rest = text.strip_prefix(fence)?;
    let rest = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n'))?;
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == fence {
            return Some((&rest[..at], &rest[at + line.len()..]));
        }
        at += line.len();
    }
    None
}

/// `key: value` lines of a block that is not valid: better than losing the title of the page.
fn loose(block: &str) -> FrontMatter {
    let lines = block.lines().filter(|l| !l.starts_with([' ', '\t', '#', '-']));
    let pairs = lines.filter_map(|l| l.split_once(':')).map(|(k, v)| {
        let v = v.trim().trim_matches(['"', '\'']);
        (k.trim().to_lowercase(), if v == "true" { Value::Bool(true) } else { Value::String(v.to_owned()) })
    });
    FrontMatter { values: pairs.filter(|(k, _)| !k.is_empty()).collect() }
}

fn lower_keys(values: Map<String, Value>) -> Map<String, Value> {
    values.into_iter().map(|(k, v)| (k.to_lowercase(), v)).collect()
}

impl FrontMatter {
    /// Reads a record that is a JSON object already.
    pub(crate) fn from_object(values: Map<String, Value>) -> Self {
        Self { values }
    }

    /// A value as text, if it is a scalar and not empty.
    pub(crate) fn text(&self, keys: &[&str]) -> Option<String> {
        keys.iter().find_map(|k| scalar(self.values.get(*k)?)).filter(|t| !t.trim().is_empty())
    }

    fn is_true(&self, key: &str) -> bool {
        match self.values.get(key) {
            Some(Value::Bool(b)) => *b,
            Some(Value::String(s)) => matches!(s.to_lowercase().as_str(), "true" | "yes"),
            _ => false,
        }
    }

    /// Why the page is not to be found, if its author says so.
    pub(crate) fn left_out(&self) -> Option<String> {
        for key in ["draft", "noindex", "unlisted"] {
            if self.is_true(key) {
                return Some(format!("{key}: true"));
            }
        }
        for key in ["published", "index"] {
            if self.values.get(key) == Some(&Value::Bool(false)) {
                return Some(format!("{key}: false"));
            }
        }
        let excluded = match self.values.get("search") {
            Some(Value::String(s)) => s == "exclude" || s == "false",
            Some(Value::Bool(b)) => !b,
            Some(Value::Object(o)) => o.get("exclude") == Some(&Value::Bool(true)),
            _ => false,
        };
        if excluded {
            return Some("search: exclude".into());
        }
        if self.text(&["robots"]).is_some_and(|r| r.to_lowercase().contains("noindex")) {
            return Some("robots: noindex".into());
        }
        if self.text(&["redirect_to", "redirect"]).is_some() {
            return Some("redirects elsewhere".into());
        }
        None
    }

    /// Everything that can be filtered by: scalars and lists of scalars, as text.
    pub(crate) fn metadata(&self) -> Metadata {
        let mut metadata = Metadata::new();
        for (key, value) in self.values.iter().filter(|(k, _)| !NOT_METADATA.contains(&k.as_str())) {
            let values: Vec<String> = match value {
                Value::Array(items) => items.iter().filter_map(scalar).collect(),
                Value::Object(object) => {
                    let text = Value::Object(object.clone()).to_string();
                    vec![text]
                }
                other => scalar(other).into_iter().collect(),
            };
            if !values.is_empty() {
                metadata.insert(key.clone(), values);
            }
        }
        metadata
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_and_toml_are_read_and_removed() {
        let (f, body, warning) = split("\u{feff}---\r\ntitle: A: b\r\n---\r\nText");
        assert_eq!((f.text(&["title"]).as_deref(), body), (Some("A: b"), "Text"), "{warning:?}");
        let (f, body, _) = split("+++\ntitle = \"T\"\ntags = [\"a\", \"b\"]\n+++\nText");
        assert_eq!((f.text(&["title"]).as_deref(), body), (Some("T"), "Text"));
        assert_eq!(f.metadata()["tags"], ["a", "b"]);
    }

    #[test]
    fn a_broken_block_keeps_the_title_and_warns() {
        let (f, body, warning) = split("---\ntitle: \"Half\nbad: [1, 2\n---\nText");
        assert!(warning.is_some());
        assert_eq!((f.text(&["title"]).as_deref(), body), (Some("Half"), "Text"));
    }

    #[test]
    fn a_rule_is_not_front_matter() {
        let text = "---\n\nNo end";
        assert_eq!(split(text).1, text);
    }

    #[test]
    fn authors_can_keep_a_page_out() {
        for block in
            ["draft: true", "noindex: true", "search: exclude", "search:\n  exclude: true", "robots: noindex, nofollow"]
        {
            let text = format!("---\n{block}\n---\n");
            assert!(split(&text).0.left_out().is_some(), "{block}");
        }
        assert_eq!(split("---\ndraft: false\nsearch: true\n---\n").0.left_out(), None);
    }
}
