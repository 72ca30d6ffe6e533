//! Titles from the navigation file of a site, for pages without their own.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use serde_json::Value;

/// Titles by path, relative to the folder of the navigation file's pages.
pub(crate) type Titles = HashMap<String, String>;

/// Files that list pages and are not pages themselves.
pub(crate) fn is_navigation(path: &Path) -> bool {
    path.file_name().is_some_and(|n| n == "SUMMARY.md")
}

/// Possible places of a folder's navigation files.
pub(crate) fn places(root: &Path) -> [PathBuf; 3] {
    ["SUMMARY.md", "mkdocs.yml", "../mkdocs.yml"].map(|name| root.join(name))
}

/// Reads `SUMMARY.md` (mdBook) in the folder, or `mkdocs.yml` in the folder or above it.
pub(crate) fn titles(root: &Path) -> Titles {
    let mut titles = Titles::new();
    let [summary, within, above] = places(root);
    if let Ok(text) = std::fs::read_to_string(summary) {
        from_summary(&text, &mut titles);
    }
    for place in [within, above] {
        if let Ok(text) = std::fs::read_to_string(place) {
            // The file may hold tags of unknown plugins; this reads only its `nav` part.
            if let Ok(Value::Object(file)) = serde_saphyr::from_str::<Value>(&nav_block(&text)) {
                from_nav(&file["nav"], &mut titles);
            }
        }
    }
    titles
}

fn from_summary(text: &str, titles: &mut Titles) {
    let mut open: Option<(String, String)> = None;
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => open = Some((dest_url.into_string(), String::new())),
            Event::Text(t) | Event::Code(t) => {
                if let Some((_, title)) = &mut open {
                    title.push_str(&t);
                }
            }
            Event::End(TagEnd::Link) => {
                if let Some((path, title)) = open.take() {
                    titles.insert(path.trim_start_matches("./").to_owned(), title);
                }
            }
            _ => {}
        }
    }
}

fn nav_block(text: &str) -> String {
    let mut lines = text.lines().skip_while(|l| !l.starts_with("nav:"));
    let mut block = String::from(lines.next().unwrap_or("nav: []"));
    for line in lines.take_while(|l| l.is_empty() || l.starts_with([' ', '-', '#', '\t'])) {
        block.push('\n');
        block.push_str(line);
    }
    block
}

fn from_nav(nav: &Value, titles: &mut Titles) {
    match nav {
        Value::Array(items) => items.iter().for_each(|i| from_nav(i, titles)),
        Value::Object(entry) => {
            for (title, target) in entry {
                match target {
                    Value::String(path) => {
                        titles.insert(path.clone(), title.clone());
                    }
                    below => from_nav(below, titles),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_kinds() {
        let mut titles = Titles::new();
        from_summary("# Summary\n\n- [The *first* one](./ch01.md)\n  - [`Two`](a/ch02.md)\n", &mut titles);
        let nav = "site_name: x\nnav:\n  - Home: index.md\n  - Guide:\n    - Set up: guide/setup.md\nplugins: !!python/name:x\n";
        from_nav(&serde_saphyr::from_str::<Value>(&nav_block(nav)).expect("yaml")["nav"], &mut titles);
        let get = |k: &str| titles.get(k).map(String::as_str);
        assert_eq!(get("ch01.md"), Some("The first one"));
        assert_eq!(get("a/ch02.md"), Some("Two"));
        assert_eq!(get("guide/setup.md"), Some("Set up"));
    }
}
