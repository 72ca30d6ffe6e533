//! Macros, references and anchors within a paragraph.

use super::inline::Scan;

/// Maximum length of the target of a macro.
const LONGEST_TARGET: usize = 500;
const LONGEST_NAME: usize = 40;

/// Macros that work without a target.
const WITHOUT_TARGET: [&str; 10] =
    ["footnote", "footnoteref", "indexterm", "indexterm2", "pass", "stem", "latexmath", "asciimath", "kbd", "btn"];

impl Scan<'_> {
    /// `<<id,text>>`, and the number of a callout.
    pub(super) fn reference(&mut self) -> bool {
        if !self.rest().starts_with("<<") {
            return false;
        }
        let Some(end) = self.find_near(">>", self.at + 2) else { return false };
        let content = &self.text[self.at + 2..end];
        if content.is_empty() || content.starts_with(' ') || content.contains("<<") {
            return false;
        }
        match content.split_once(',') {
            Some((target, _)) => {
                self.at += 2 + target.len() + 1;
                self.at += self.rest().len() - self.rest().trim_start().len();
                self.closings.insert(end, (2, ""));
            }
            None => {
                self.out.push_str(&named(content));
                self.at = end + 2;
            }
        }
        true
    }

    /// `[[id]]`, `[[[entry]]]` and the role of `[.role]#text#`.
    pub(super) fn bracket(&mut self) -> bool {
        let rest = self.rest();
        let head = &rest[..rest.floor_char_boundary(LONGEST_TARGET)];
        if rest.starts_with("[[") {
            let close = if rest.starts_with("[[[") { "]]]" } else { "]]" };
            let Some(end) = head.find(close).filter(|end| !head[..*end].contains(' ')) else { return false };
            self.at += end + close.len();
            self.at += self.rest().len() - self.rest().trim_start().len();
            return true;
        }
        let Some(end) = head.find(']') else { return false };
        let after = &rest[end + 1..];
        let is_role = after.starts_with(['#', '*', '_', '`'])
            && !after[1..].starts_with(' ')
            && end > 1
            && !head[..end].contains(' ');
        if is_role && self.before() != Some('\\') && !self.before().is_some_and(char::is_alphanumeric) {
            self.at += end + 1;
            return true;
        }
        false
    }

    /// `((term))` is text, `(((term)))` is not.
    pub(super) fn index_term(&mut self) -> bool {
        if !self.rest().starts_with("((") {
            return false;
        }
        let is_hidden = self.rest().starts_with("(((");
        let close = if is_hidden { ")))" } else { "))" };
        let Some(end) = self.find_near(close, self.at + close.len()) else { return false };
        if is_hidden {
            self.at = end + 3;
            self.at += usize::from(self.rest().starts_with(' ') && self.out.ends_with(' '));
        } else if self.text[self.at + 2..end].contains(['(', '\n']) {
            return false;
        } else {
            self.closings.insert(end, (2, ""));
            self.at += 2;
        }
        true
    }

    pub(super) fn url(&mut self) -> bool {
        const SCHEMES: [&str; 6] = ["https://", "http://", "ftp://", "irc://", "link:", "mailto:"];
        let rest = self.rest();
        let Some(scheme) = SCHEMES.iter().find(|s| rest.starts_with(**s)) else { return false };
        if self.before().is_some_and(char::is_alphanumeric) {
            return false;
        }
        let is_url = scheme.ends_with('/');
        let head = if is_url { rest } else { &rest[..rest.floor_char_boundary(LONGEST_TARGET)] };
        let end = head.find(|c: char| c.is_whitespace() || matches!(c, '[' | '<' | '>' | ']')).unwrap_or(head.len());
        let url = &rest[..end];
        let target = url.strip_prefix("link:").or(url.strip_prefix("mailto:")).unwrap_or(url);
        if rest[end..].starts_with('[') && self.labelled(end, target) {
            return true;
        }
        if is_url {
            self.out.push_str(url);
            self.at += end;
            // Markup does not end within an address.
            self.closings.retain(|at, _| *at >= self.at);
        }
        is_url
    }

    /// `{site}/page[text]`, whose attribute is defined elsewhere.
    pub(super) fn unknown_link(&mut self) -> bool {
        let rest = self.rest();
        let head = &rest[..rest.floor_char_boundary(LONGEST_TARGET)];
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let Some(name) = head.find('}').filter(|end| *end > 1 && head[1..*end].chars().all(is_name)) else {
            return false;
        };
        let open = head.find(|c: char| c.is_whitespace() || c == '[').filter(|open| *open > name);
        match open.filter(|open| head[*open..].starts_with('[') && !head[*open..].starts_with("[]")) {
            Some(open) => self.labelled(open, &head[..open]),
            None => false,
        }
    }

    /// `name:target[text]`.
    pub(super) fn inline_macro(&mut self) -> bool {
        let rest = self.rest();
        if self.before().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-') {
            return false;
        }
        let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        let Some(end) = rest.bytes().take(LONGEST_NAME).position(|b| !is_name(b)) else { return false };
        if !rest[end..].starts_with(':') || rest[end + 1..].starts_with([':', ' ']) {
            return false;
        }
        let name = &rest[..end];
        let target = rest[end + 1..].bytes().take(LONGEST_TARGET).position(|b| b == b'[' || b.is_ascii_whitespace());
        let Some(target) = target.map(|len| &rest[end + 1..end + 1 + len]) else { return false };
        let open = end + 1 + target.len();
        if !rest[open..].starts_with('[') || target.is_empty() && !WITHOUT_TARGET.contains(&name) {
            return false;
        }
        self.macro_text(name, target, open)
    }

    pub(super) fn macro_text(&mut self, name: &str, target: &str, open: usize) -> bool {
        let Some(close) = self.close_bracket(self.at + open + 1) else { return false };
        let text = &self.text[self.at + open + 1..close];
        match name {
            "xref" => return self.labelled(open, &named(target)),
            "footnote" | "footnoteref" => {
                let skipped = if name == "footnote" { 0 } else { text.find(',').map_or(text.len(), |at| at + 1) };
                if text.len() > skipped {
                    self.out.push_str(" (");
                    self.closings.insert(close, (1, ")"));
                    self.at += open + 1 + skipped;
                    return true;
                }
            }
            "indexterm" | "anchor" => {}
            "image" | "icon" => self.out.push_str(text.split(',').next().unwrap_or_default().trim_matches('"')),
            "pass" | "stem" | "latexmath" | "asciimath" | "kbd" | "btn" | "indexterm2" => self.out.push_str(text),
            "menu" => self.out.push_str(&format!("{target} > {text}")),
            _ if text.is_empty() => self.out.push_str(target),
            _ if text.bytes().all(|b| b.is_ascii_digit()) => self.out.push_str(&format!("{target}({text})")),
            _ => return self.labelled(open, target),
        }
        self.at = close + 1;
        self.closings.retain(|at, _| *at >= self.at);
        true
    }

    /// Position of the closing bracket.
    pub(super) fn close_bracket(&mut self, from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            let found = self.find("]", at)?;
            if !self.text[..found].ends_with('\\') {
                return Some(found);
            }
            at = found + 1;
        }
    }

    /// Moves to the bracketed text that opens here, which remains markup; if it is empty, the target replaces it.
    pub(super) fn labelled(&mut self, open: usize, target: &str) -> bool {
        let from = self.at + open + 1;
        let Some(close) = self.close_bracket(from) else { return false };
        let text = &self.text[from..close];
        let label = match text.split_once(',') {
            Some((label, rest)) if rest.contains('=') => label,
            _ => text,
        };
        let quoted = text.strip_prefix('"').and_then(|t| t.split('"').next());
        let (label, skipped) = quoted.map_or((label, 0), |quoted| (quoted, 1));
        if label.is_empty() || label.contains('=') && !label.contains(' ') {
            self.out.push_str(target);
            self.at = close + 1;
        } else {
            self.at = from + skipped;
            let end = from + skipped + label.trim_end_matches('^').len();
            self.closings.retain(|at, _| *at < from || *at > close || *at < end);
            self.closings.insert(end, (close + 1 - end, ""));
        }
        true
    }
}

/// Words of a target: readers see a title made of the same words.
fn named(target: &str) -> String {
    let id = target.rsplit('#').find(|p| !p.is_empty()).unwrap_or(target);
    let id = id.rsplit([':', '/']).next().unwrap_or(id).trim_end_matches(".adoc");
    id.replace(['_', '-'], " ").trim().to_owned()
}
