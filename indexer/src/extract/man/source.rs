//! The lines of a roff file: comments, definitions and branches resolved, escapes turned into text.

use std::collections::VecDeque;

use super::escape::Escapes;

/// One line of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// Words. Those that end in a continuation mark continue without a space.
    Text(String, bool),
    /// A macro or request with its arguments.
    Macro(String, Vec<Argument>),
}

/// An argument of a macro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Argument {
    pub(super) text: String,
    /// In quotes, or after a zero-width mark: never the name of a macro, nor punctuation.
    pub(super) is_quoted: bool,
}

/// The part to skip.
enum Skip {
    Nothing,
    /// The body of a definition, up to the line that ends it.
    Definition(String),
    /// A branch not chosen, up to its closing brace.
    Branch(usize),
}

struct Reader {
    escapes: Escapes,
    skip: Skip,
    /// Whether the other branches of the open `.ie`s apply.
    others: Vec<bool>,
    lines: Vec<Line>,
}

/// Reads a file.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut reader = Reader { escapes: Escapes::default(), skip: Skip::Nothing, others: Vec::new(), lines: Vec::new() };
    let mut joined = String::new();
    for line in text.lines() {
        joined.push_str(line);
        // A single backslash at the end joins the next line.
        if trailing_backslashes(&joined) % 2 == 1 && !joined.ends_with("\\{\\") {
            joined.pop();
            continue;
        }
        reader.line(&joined);
        joined.clear();
    }
    reader.line(&joined);
    reader.lines
}

fn trailing_backslashes(line: &str) -> usize {
    line.len() - line.trim_end_matches('\\').len()
}

impl Reader {
    fn line(&mut self, line: &str) {
        match &mut self.skip {
            Skip::Definition(end) => {
                if line.strip_prefix('.').is_some_and(|l| l.trim() == end) {
                    self.skip = Skip::Nothing;
                }
                return;
            }
            Skip::Branch(depth) => {
                *depth = (*depth + line.matches("\\{").count()).saturating_sub(line.matches("\\}").count());
                if *depth == 0 {
                    self.skip = Skip::Nothing;
                }
                return;
            }
            Skip::Nothing => {}
        }
        let mut rest = without_comment(line).to_owned();
        // Each branch leaves a shorter line.
        while let Some(next) = self.branch(&rest) {
            rest = next;
            if rest.is_empty() {
                return;
            }
        }
        // A line with only a comment is not an empty line, which would end the paragraph.
        if !rest.is_empty() || line.is_empty() {
            self.resolved(&rest);
        }
    }

    /// The rest of the line if it is a branch: nothing if the branch does not apply.
    fn branch(&mut self, line: &str) -> Option<String> {
        let (name, rest) = request(line)?;
        let (is_taken, rest) = match name {
            "if" => self.condition(rest),
            "ie" => {
                let (is_taken, rest) = self.condition(rest);
                self.others.push(!is_taken);
                (is_taken, rest)
            }
            "el" => (self.others.pop().unwrap_or(false), rest),
            _ => return None,
        };
        let rest = rest.trim_start();
        if is_taken {
            return Some(rest.strip_prefix("\\{").unwrap_or(rest).trim_end_matches('\\').trim_start().to_owned());
        }
        let depth = rest.matches("\\{").count().saturating_sub(rest.matches("\\}").count());
        if depth > 0 {
            self.skip = Skip::Branch(depth);
        }
        Some(String::new())
    }

    /// Whether a condition holds on a terminal, and the text after it. An unknown condition does not hold.
    fn condition<'t>(&mut self, text: &'t str) -> (bool, &'t str) {
        let text = text.trim_start();
        let (negated, text) = text.strip_prefix('!').map_or((false, text), |t| (true, t));
        let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'));
        if let Some(quote) = quote {
            let mut parts = text[1..].splitn(3, quote);
            let (one, other, rest) = (parts.next(), parts.next(), parts.next());
            let is_same = self.escapes.text(one.unwrap_or_default()) == self.escapes.text(other.unwrap_or_default());
            return (is_same != negated, rest.unwrap_or_default());
        }
        let end = text.find([' ', '\t']).or_else(|| text.find("\\{")).unwrap_or(text.len());
        let holds = matches!(&text[..end], "n" | "\\n(.g" | "\\n[.g]" | "1");
        let is_word = matches!(&text[..end], "d" | "r");
        // `d name` is a condition of two words.
        let rest = if is_word { text[end..].trim_start().split_once(' ').map_or("", |(_, r)| r) } else { &text[end..] };
        (holds != negated, rest)
    }

    fn resolved(&mut self, line: &str) {
        let Some((name, rest)) = request(line) else {
            if !line.starts_with(['.', '\'']) {
                let is_glued = line.ends_with("\\c");
                let text = self.escapes.text(line);
                self.lines.push(Line::Text(text, is_glued));
            }
            return;
        };
        let mut words = rest.split_whitespace();
        match name {
            "de" | "am" | "de1" | "am1" => self.skip = Skip::Definition(words.nth(1).unwrap_or(".").to_owned()),
            "ig" => self.skip = Skip::Definition(words.next().unwrap_or(".").to_owned()),
            "ds" | "as" => {
                let (key, value) = rest.trim_start().split_once([' ', '\t']).unwrap_or((rest.trim(), ""));
                let value = value.trim_start();
                self.escapes.define(key, value.strip_prefix('"').unwrap_or(value));
            }
            _ => {
                let arguments = self.arguments(rest);
                self.lines.push(Line::Macro(name.to_owned(), arguments));
            }
        }
    }

    fn arguments(&mut self, text: &str) -> Vec<Argument> {
        let raw = arguments(text);
        let argument = |(raw, is_quoted): (String, bool)| Argument {
            text: self.escapes.text(&raw),
            is_quoted: is_quoted || raw.starts_with("\\&"),
        };
        raw.into_iter().map(argument).collect()
    }
}

/// Name and rest of a line that begins with a request.
fn request(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix(['.', '\''])?.trim_start_matches([' ', '\t']);
    let rest = rest.trim_start_matches("\\}");
    let end = rest.find([' ', '\t']).or_else(|| rest.find('\\')).unwrap_or(rest.len());
    (end > 0).then(|| (&rest[..end], &rest[end..]))
}

/// A line up to its comment.
fn without_comment(line: &str) -> &str {
    let bytes = line.as_bytes();
    let mut at = 0;
    while at + 1 < bytes.len() {
        match (bytes[at], bytes[at + 1]) {
            (b'\\', b'"' | b'#') => return &line[..at],
            (b'\\', _) => at += 2,
            _ => at += 1,
        }
    }
    line
}

/// Spaces separate arguments; quotes keep them together, and two quotes inside are one.
fn arguments(text: &str) -> Vec<(String, bool)> {
    let mut all = Vec::new();
    let mut rest: VecDeque<char> = text.chars().collect();
    loop {
        while rest.front().is_some_and(|c| matches!(c, ' ' | '\t')) {
            rest.pop_front();
        }
        let Some(&first) = rest.front() else { return all };
        let is_quoted = first == '"';
        if is_quoted {
            rest.pop_front();
        }
        let mut argument = String::new();
        while let Some(c) = rest.pop_front() {
            match c {
                '\\' => {
                    argument.push(c);
                    argument.extend(rest.pop_front());
                }
                '"' if is_quoted && rest.front() == Some(&'"') => argument.extend(rest.pop_front()),
                '"' if is_quoted => break,
                ' ' | '\t' if !is_quoted => break,
                c => argument.push(c),
            }
        }
        all.push((argument, is_quoted));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let show = |line: Line| match line {
            Line::Text(text, _) => text,
            Line::Macro(name, arguments) => {
                let arguments: Vec<_> = arguments.iter().map(|a| a.text.clone()).collect();
                format!(".{name}<{}>", arguments.join("|"))
            }
        };
        lines(text).into_iter().map(show).filter(|l| !l.is_empty()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn arguments_may_be_quoted() {
        assert_eq!(shown(".XX a \"b \"\"c\"\"\" d\\ e \"\" f\\\"gone"), ".XX<a|b \"c\"|d e||f>");
    }

    #[test]
    fn branches_are_those_of_a_terminal() {
        assert_eq!(shown(".if n one\n.if t two\n.if !t three\n.if \\n(.H>23 four"), "one three");
        assert_eq!(shown(".ie t \\{\\\nno\n.if n \\{ no \\}\nno\\}\n.el \\{\\\nyes\n.\\}\nafter"), "yes after");
        assert_eq!(shown(".ie \\n(.g .ds x good\n.el .ds x bad\n\\*x"), "good");
        assert_eq!(shown(".if '\\*(.T'html' no\n.if 'a'a' yes"), "yes");
    }

    #[test]
    fn definitions_are_passed_by() {
        assert_eq!(shown(".de XX\nno\n..\n.ig END\nno\n..\n.END\nyes\n.am YY end\nno\n.end\nmore"), "yes more");
    }

    #[test]
    fn a_backslash_joins_lines() {
        assert_eq!(shown("one \\\ntwo \\e"), "one two \\");
    }
}
