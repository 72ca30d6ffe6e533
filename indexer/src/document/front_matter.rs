//! The block of settings at the top of a page: YAML between `---`, TOML between `+++`, a JSON object, or lines of
//! `Key: value` up to an empty line (MultiMarkdown).

use cloze_index::Metadata;
use serde_json::{Map, Value};

/// The metadata of a page.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct FrontMatter {
    values: Map<String, Value>,
}

/// Keys that concern the display of a page, not its subject; they do not become metadata.
const NOT_METADATA: [&str; 9] =
    ["title", "description", "summary", "permalink", "url", "slug", "lang", "language", "search"];

/// Keys that exclude a page from the search when their value is true.
const KEPT_OUT: [&str; 3] = ["draft", "noindex", "unlisted"];

/// Lines without a fence need at least one of these keys: other lines with a colon are text.
const HEADERS: [&str; 6] = ["title", "author", "authors", "date", "template", "tags"];
/// Maximum number of lines without a fence.
const MOST_HEADERS: usize = 40;

/// Splits a page into front matter and body. An unreadable block becomes a warning, and is not part of the body.
pub(crate) fn split(text: &str) -> (FrontMatter, &str, Option<String>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (fence, is_toml) in [("---", false), ("+++", true)] {
        let Some((block, body)) = block(text, fence) else { continue };
        let parsed = if is_toml {
            toml::from_str::<Map<String, Value>>(block).map_err(|e| e.message().to_owned())
        } else if block.trim().is_empty() {
            Ok(Map::new())
        } else {
            // `no` is a language and `y` a tag; they are not truth values as in YAML 1.1.
            let options = serde_saphyr::options! { strict_booleans: true };
            serde_saphyr::from_str_with_options::<Map<String, Value>>(block, options)
                .map_err(|e| first_line(&e.to_string()))
        };
        return match parsed {
            Ok(values) => (FrontMatter { values: lower_keys(values) }, body, None),
            Err(e) => {
                (loose(block), body, Some(format!("the front matter is invalid and was read line by line ({e})")))
            }
        };
    }
    let (values, body) = json(text).or_else(|| headers(text)).unwrap_or((Map::new(), text));
    (FrontMatter { values: lower_keys(values) }, body, None)
}

/// A JSON object at the top, whose last line ends with it.
fn json(text: &str) -> Option<(Map<String, Value>, &str)> {
    let inner = text.strip_prefix('{')?.trim_start();
    if !inner.starts_with('"') {
        return None;
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter();
    let object: Map<String, Value> = values.next()?.ok()?;
    let body = text[values.byte_offset()..].trim_start_matches([' ', '\t', '\r']);
    Some((object, body.strip_prefix('\n').or_else(|| body.is_empty().then_some(body))?))
}

/// Lines of `Key: value` up to the first empty line, at least one of them with a known key. An indented line
/// continues the value above it.
fn headers(text: &str) -> Option<(Map<String, Value>, &str)> {
    let mut values = Map::new();
    let mut last = String::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        if line.trim().is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            let Some(Value::String(value)) = values.get_mut(&last) else { return None };
            [" ", line.trim()].iter().for_each(|part| value.push_str(part));
            continue;
        }
        let (key, value) = line.split_once(':').filter(|(key, _)| is_header(key))?;
        last = key.to_lowercase();
        values.insert(last.clone(), Value::String(value.trim().to_owned()));
        if values.len() > MOST_HEADERS {
            return None;
        }
    }
    HEADERS.iter().any(|key| values.contains_key(*key)).then(|| (values, &text[at..]))
}

/// A word, perhaps two, without markup.
fn is_header(key: &str) -> bool {
    let is_kept = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ' ');
    key.starts_with(|c: char| c.is_ascii_alphabetic()) && key.chars().all(is_kept) && key.split(' ').count() <= 2
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn block<'a>(text: &'a str, fence: &str) -> Option<(&'a str, &'a str)> {
    let rest = text.strip_prefix(fence)?.trim_start_matches([' ', '\t', '\r']);
    let rest = rest.strip_prefix('\n')?;
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        // YAML may also end with `...`.
        if line.trim_end() == fence || fence == "---" && line.trim_end() == "..." {
            return Some((&rest[..at], &rest[at + line.len()..]));
        }
        at += line.len();
    }
    None
}

/// Reads `key: value` lines of an invalid block. This is better than losing the title of the page, or showing a
/// hidden page.
fn loose(block: &str) -> FrontMatter {
    let mut values = Map::new();
    let mut last = String::new();
    let is_pair = |line: &&str| !line.trim_start().starts_with(['#', '-']) && line.contains([':', '=']);
    let depth = |line: &str| line.len() - line.trim_start().len();
    // The whole block may be indented.
    let outermost = block.lines().filter(is_pair).map(depth).min().unwrap_or_default();
    for line in block.lines().filter(is_pair) {
        let Some((key, value)) = line.split_once([':', '=']) else { continue };
        let value = plain(value);
        let key = key.trim().trim_matches(['"', '\'']).to_lowercase();
        let is_true = truth(&Value::String(value.to_owned())) == Some(true);
        if depth(line) == outermost {
            last.clone_from(&key);
            let value = if key == "search" && excludes(value) { "exclude" } else { value };
            values.insert(key, Value::String(value.to_owned()));
        } else if last == "search" && key == "exclude" && is_true {
            values.insert("search".into(), Value::String("exclude".into()));
        } else if KEPT_OUT.contains(&key.as_str()) && is_true {
            // The owner of the key is unknown: one page too few is better than one too many.
            values.insert(key, Value::Bool(true));
        }
    }
    FrontMatter { values }
}

/// A value without its quotes, or without the comment behind it.
fn plain(value: &str) -> &str {
    let value = value.trim();
    for quote in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(quote) {
            return rest.split(quote).next().unwrap_or(rest);
        }
    }
    let comment = value.match_indices('#').find(|(at, _)| value[..*at].ends_with([' ', '\t']) || *at == 0);
    comment.map_or(value, |(at, _)| value[..at].trim_end())
}

/// Whether a map on one line has `exclude: true`.
fn excludes(value: &str) -> bool {
    let mut pairs = value.trim_matches(['{', '}', ' ']).split(',').filter_map(|pair| pair.split_once([':', '=']));
    let is_true = |value: &str| truth(&Value::String(plain(value).to_owned())) == Some(true);
    pairs.any(|(key, value)| key.trim().trim_matches(['"', '\'']) == "exclude" && is_true(value))
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

    /// A truth value in any spelling that site generators accept.
    fn truth(&self, key: &str) -> Option<bool> {
        truth(self.values.get(key)?)
    }

    /// The reason why the author hides the page, if any.
    pub(crate) fn left_out(&self) -> Option<String> {
        for key in KEPT_OUT {
            if self.truth(key) == Some(true) {
                return Some(format!("{key}: true"));
            }
        }
        for key in ["published", "index"] {
            if self.truth(key) == Some(false) {
                return Some(format!("{key}: false"));
            }
        }
        let excluded = match self.values.get("search") {
            Some(Value::String(s)) if s == "exclude" => true,
            Some(Value::Object(o)) => o.get("exclude").and_then(truth) == Some(true),
            Some(value) => truth(value) == Some(false),
            None => false,
        };
        if excluded {
            return Some("search: exclude".into());
        }
        if self.text(&["robots"]).is_some_and(|r| r.to_lowercase().contains("noindex")) {
            return Some("robots: noindex".into());
        }
        if self.text(&["redirect_to"]).is_some() {
            return Some("redirects to another address".into());
        }
        None
    }

    /// All keys usable as filters: scalars and lists of scalars, as text.
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

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(b) => Some(*b),
        Value::String(s) => match s.to_lowercase().as_str() {
            "true" | "yes" | "on" => Some(true),
            "false" | "no" | "off" => Some(false),
            _ => None,
        },
        _ => None,
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
    fn json_and_bare_lines_are_read_and_removed() {
        for (text, title, body) in [
            ("{\n  \"Title\": \"T {a}\",\n  \"tags\": [\"x\"]\n}\nText", Some("T {a}"), "Text"),
            ("\u{feff}+++\ntitle = \"T\"\n+++\nText", Some("T"), "Text"),
            ("--- \ntitle: T\n...\nText", Some("T"), "Text"),
            ("Title: T\nAuthor: A\n    and B\n\nText", Some("T"), "Text"),
        ] {
            let (front, rest, warning) = split(text);
            assert_eq!((front.text(&["title"]).as_deref(), rest, warning), (title, body, None), "{text}");
        }
        for text in [
            "{{< a >}}\n",
            "{\"a\": 1} is JSON\n",
            "{\"a\": \n",
            "Note: this\n\nText",
            "Title: T\nand text\n",
            "{#id}\n",
            "{}\n",
        ] {
            assert_eq!(split(text).1, text);
        }
    }

    #[test]
    fn a_broken_block_keeps_the_title_and_warns() {
        let (f, body, warning) = split("---\ntitle: \"Half\nbad: [1, 2\n---\nText");
        assert!(warning.is_some());
        assert_eq!((f.text(&["title"]).as_deref(), body), (Some("Half"), "Text"));
        let (f, ..) = split("---\ntitle: C# and \"F#\" # a comment\nbad: [1, 2\n---\nText");
        assert_eq!(f.text(&["title"]).as_deref(), Some("C# and \"F#\""));
    }

    #[test]
    fn a_rule_is_not_front_matter() {
        let text = "---\n\nNo end";
        assert_eq!(split(text).1, text);
    }

    #[test]
    fn authors_can_keep_a_page_out() {
        for block in [
            "draft: true",
            "draft: yes",
            "draft: true # later",
            "draft: true\t# later",
            "draft: \"true\" # later",
            "  title: T\n  draft: true",
            "Draft: TRUE",
            "search: {exclude: true} # not yet",
            "published: no",
            "noindex: true",
            "search: exclude",
            "search:\n  exclude: true",
            "robots: noindex, nofollow",
        ] {
            for broken in ["", "\nbad: [1"] {
                let text = format!("---\n{block}{broken}\n---\n");
                assert!(split(&text).0.left_out().is_some(), "{text}");
            }
        }
        assert!(split("+++\ndraft = true # later\nbad = [1\n+++\n").0.left_out().is_some());
        assert_eq!(split("---\ndraft: false # true\nbad: [1\n---\n").0.left_out(), None);
        assert_eq!(split("---\ndraft: false\nsearch: true\n---\n").0.left_out(), None);
    }
}
