//! Jupyter notebooks, formats 3 and 4: Markdown, code and the output of the code.

use serde_json::{Map, Value};

use super::{Context, Outcome, assemble, html, markdown};
use crate::document::{Extracted, front_matter::FrontMatter};

/// Maximum number of characters of one output: tables and logs go on, but add little.
const OUTPUT: usize = 2000;
/// Maximum number of characters of all outputs of one cell.
const OUTPUTS: usize = 4000;

/// Reads a notebook, without pictures, and without the cells and outputs that their author marked for removal.
///
/// # Errors
/// A sentence for the report: not JSON, or not a notebook.
pub(super) fn extract(text: &str, context: &Context<'_>) -> Outcome {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let notebook: Value = serde_json::from_str(text).map_err(|e| format!("invalid JSON ({e})"))?;
    let cells = cells(&notebook).ok_or("the file has no cells; expected a Jupyter notebook")?;
    let mut reader = markdown::Reader::default();
    for cell in cells {
        read(cell, &mut reader);
    }
    let front = FrontMatter::from_object(settings(&notebook));
    if let Some(reason) = front.left_out() {
        return Ok((Extracted::LeftOut(reason), Vec::new()));
    }
    let mut page = assemble(&front, reader.title.take(), reader.outline, context);
    for section in page.sections.iter_mut().filter(|s| s.anchor.is_some()) {
        section.anchor = section.headings.last().map(|heading| anchor(heading));
    }
    Ok((Extracted::Page(Box::new(page)), Vec::new()))
}

/// The cells: format 3 stores them in work sheets.
fn cells(notebook: &Value) -> Option<Vec<&Value>> {
    if let Some(cells) = notebook.get("cells").and_then(Value::as_array) {
        return Some(cells.iter().collect());
    }
    let sheets = notebook.get("worksheets")?.as_array()?;
    Some(sheets.iter().filter_map(|sheet| sheet.get("cells")?.as_array()).flatten().collect())
}

/// Title, language and other fields of the notebook's metadata. The programming language of the kernel is not a
/// language of the text.
fn settings(notebook: &Value) -> Map<String, Value> {
    let keys = ["title", "description", "lang", "tags", "author", "draft", "search"];
    let Some(Value::Object(metadata)) = notebook.get("metadata") else { return Map::new() };
    metadata.iter().filter(|(k, _)| keys.contains(&k.as_str())).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// Jupyter's anchor of a heading: its text with dashes for spaces, in its original case, without a number for
/// repeats.
fn anchor(heading: &str) -> String {
    heading.replace(' ', "-")
}

fn read(cell: &Value, reader: &mut markdown::Reader) {
    let removed = |what: &str| {
        let tags = cell.pointer("/metadata/tags").and_then(Value::as_array);
        tags.is_some_and(|tags| tags.iter().any(|t| t.as_str().is_some_and(|t| t.replace('_', "-") == what)))
    };
    let source = joined(cell.get("source").or_else(|| cell.get("input")));
    match cell.get("cell_type").and_then(Value::as_str) {
        _ if removed("remove-cell") => {}
        Some("markdown") => reader.add(&source),
        // Format 3 has heading cells.
        Some("heading") => {
            let level = cell.get("level").and_then(Value::as_u64).unwrap_or(1).clamp(1, 6);
            reader.add(&format!("{} {}", "#".repeat(level as usize), source.replace('\n', " ")));
        }
        Some("code") => {
            if !removed("remove-input") {
                reader.outline.paragraph(&source);
            }
            if !removed("remove-output") {
                outputs(cell, reader);
            }
        }
        _ => {}
    }
}

/// Text that is one string or a list of lines.
fn joined(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(lines)) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

fn outputs(cell: &Value, reader: &mut markdown::Reader) {
    let mut left = OUTPUTS;
    for output in cell.get("outputs").and_then(Value::as_array).into_iter().flatten() {
        let text = output_text(output);
        let text = beginning(text.trim(), OUTPUT.min(left));
        left -= text.chars().count();
        reader.outline.paragraph(text);
    }
}

/// The text of one output. Format 3 stores the kinds side by side, format 4 under `data`.
fn output_text(output: &Value) -> String {
    let data = output.get("data").unwrap_or(output);
    let first = |keys: [&str; 2]| joined(keys.iter().find_map(|k| data.get(*k)));
    let kind = output.get("output_type").and_then(Value::as_str).unwrap_or_default();
    if kind == "stream" {
        return without_colours(&joined(output.get("text")));
    }
    if matches!(kind, "error" | "pyerr") {
        return format!("{}: {}", joined(output.get("ename")), joined(output.get("evalue")));
    }
    let html = first(["text/html", "html"]);
    let plain = first(["text/plain", "text"]);
    // A table reads better from its HTML; other HTML is mostly a widget around the same text.
    if html.contains("<table") || (plain.is_empty() && !html.is_empty()) {
        return html::blocks(beginning(&html, 50 * OUTPUT)).join("\n");
    }
    // `<Figure size 640x480 with 1 Axes>` only names an object.
    if plain.trim_start().starts_with('<') && plain.trim_end().ends_with('>') && plain.lines().count() < 2 {
        return String::new();
    }
    without_colours(&plain)
}

/// At most this many characters, in whole lines if possible.
fn beginning(text: &str, most: usize) -> &str {
    let Some((end, _)) = text.char_indices().nth(most) else { return text };
    let cut = &text[..end];
    cut.rfind('\n').map_or(cut, |line| &cut[..line])
}

/// Text without the escape sequences for terminal colours, and without the overwritten states of a progress bar.
fn without_colours(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split('\n') {
        let shown = line.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default();
        let mut rest = shown;
        while let Some(at) = rest.find("\u{1b}[") {
            out.push_str(&rest[..at]);
            let after = &rest[at + 2..];
            let end = after.find(|c: char| c.is_ascii_alphabetic()).map_or(after.len(), |end| end + 1);
            rest = &after[end..];
        }
        out.push_str(rest);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::archive::tests::mutations, *};
    use crate::document::Document;

    fn page(notebook: &Value) -> Document {
        let context = Context { source: "a/roast.ipynb", ..Context::default() };
        match extract(&notebook.to_string(), &context).expect("readable").0 {
            Extracted::Page(page) => *page,
            Extracted::LeftOut(reason) => panic!("left out: {reason}"),
        }
    }

    fn example() -> Value {
        json!({"nbformat": 4, "metadata": {"language_info": {"name": "python"}}, "cells": [
            {"cell_type": "markdown", "source": ["# Roast `curves`\n", "\n", "## First crack\n", "Beans *pop*."]},
            {"cell_type": "code", "source": "plot(batch)", "outputs": [
                {"output_type": "display_data", "data": {"image/png": "aVZC", "text/plain": "<Figure size 1x1>"}},
                {"output_type": "stream", "text": ["10%\r\u{1b}[31m100%\u{1b}[0m\n", "done"]},
                {"output_type": "execute_result", "data": {"text/plain": "a  b", "text/html":
                    "<table><tr><td>a</td><td>b</td></tr></table>"}},
                {"output_type": "error", "ename": "ValueError", "evalue": "too hot", "traceback": ["x"]}]},
            {"cell_type": "markdown", "source": "```\nnot closed\n"},
            {"cell_type": "code", "metadata": {"tags": ["remove-input"]}, "source": "hidden", "outputs": []},
            {"cell_type": "markdown", "source": "## First crack\nAgain."}]})
    }

    #[test]
    fn cells_are_read_in_order_under_their_headings() {
        let p = page(&example());
        assert_eq!(p.title, "Roast curves");
        let got: Vec<_> = p.sections.iter().map(|s| (s.anchor.as_deref(), s.text.as_str())).collect();
        let first = "Beans pop.\n\nplot(batch)\n\n100%\ndone\n\na | b\n\nValueError: too hot\n\nnot closed";
        assert_eq!(got, [(Some("First-crack"), first), (Some("First-crack"), "Again.")]);
    }

    #[test]
    fn format_three_is_read_too() {
        let p = page(&json!({"nbformat": 3, "metadata": {"name": "n"}, "worksheets": [{"cells": [
            {"cell_type": "heading", "level": 2, "source": ["Green beans"]},
            {"cell_type": "code", "input": ["weigh()"], "outputs": [
                {"output_type": "pyout", "text": ["42 g"], "png": "aVZC"}]}]}]}));
        assert_eq!((p.title.as_str(), p.sections[0].text.as_str()), ("Green beans", "weigh()\n\n42 g"));
    }

    #[test]
    fn outputs_have_an_end() {
        let long = "0123456789\n".repeat(10_000);
        let output = json!({"output_type": "stream", "text": long});
        let p = page(&json!({"cells": [{"cell_type": "code", "source": "x", "outputs": [output, output, output]}]}));
        assert!((3500..4100).contains(&p.sections[0].text.len()), "{}", p.sections[0].text.len());
        assert!(p.sections[0].text.ends_with("0123456789"), "whole lines");
    }

    #[test]
    fn metadata_may_title_a_notebook_or_keep_it_out() {
        assert_eq!(page(&json!({"metadata": {"title": "T"}, "cells": []})).title, "T");
        let draft = json!({"metadata": {"draft": true}, "cells": []}).to_string();
        assert!(matches!(extract(&draft, &Context::default()), Ok((Extracted::LeftOut(_), _))));
    }

    #[test]
    fn what_is_no_notebook_says_so() {
        for (text, why) in [("{", "invalid JSON"), ("{}", "no cells"), ("[1]", "no cells")] {
            assert!(extract(text, &Context::default()).expect_err(text).contains(why));
        }
        assert!(extract(&"[".repeat(100_000), &Context::default()).expect_err("deep").contains("invalid JSON"));
    }

    #[test]
    fn damaged_notebooks_are_refused_or_read_never_fatal() {
        mutations(example().to_string().as_bytes(), 1000, |bytes| {
            let _ = extract(&String::from_utf8_lossy(bytes), &Context::default());
        });
    }
}
