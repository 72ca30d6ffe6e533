//! Words of a paragraph without macros, references and emphasis.

use std::collections::{BTreeMap, HashMap};

/// Maximum length of markup within words.
const LONGEST_NAME: usize = 40;
/// Maximum length of a reference.
const LONGEST_REFERENCE: usize = 500;

/// The words of a text after attribute replacement.
pub(super) fn words(text: &str) -> String {
    let mut scan = Scan { text, ..Scan::default() };
    while scan.at < text.len() {
        if !scan.closing() && !scan.step() {
            scan.plain();
        }
    }
    scan.out
}

/// A text, read from left to right.
#[derive(Default)]
pub(super) struct Scan<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    pub(super) out: String,
    /// The end of open markup, the length of its closing mark, and its replacement.
    pub(super) closings: BTreeMap<usize, (usize, &'static str)>,
    /// The end of an open delimiter, so that it does not open again before then.
    busy: HashMap<&'static str, usize>,
}

impl<'t> Scan<'t> {
    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub(super) fn before(&self) -> Option<char> {
        self.text[..self.at].chars().next_back()
    }

    fn plain(&mut self) {
        let Some(c) = self.rest().chars().next() else { return };
        self.out.push(c);
        self.at += c.len_utf8();
    }

    fn closing(&mut self) -> bool {
        while let Some((&at, &(len, shown))) = self.closings.first_key_value().filter(|(at, _)| **at <= self.at) {
            self.closings.remove(&at);
            if at + len > self.at {
                self.at = at + len;
                self.out.push_str(shown);
                return true;
            }
        }
        false
    }

    fn step(&mut self) -> bool {
        match self.rest().as_bytes()[0] {
            b'\\' => self.escape(),
            b'`' => self.mono(),
            b'*' => self.quoted("**", "*"),
            b'_' => self.quoted("__", "_"),
            b'#' => self.quoted("##", "#"),
            b'+' => self.passed("+++") || self.passed("++") || self.passed("+"),
            b'$' => self.passed("$$"),
            b'^' => self.constrained("^", true),
            b'~' => self.constrained("~", true),
            b'"' => self.curly("\"`", "`\""),
            b'\'' => self.curly("'`", "`'"),
            b'<' => self.reference(),
            b'[' => self.bracket(),
            b'(' => self.index_term(),
            b'{' => self.unknown_link(),
            b if b.is_ascii_alphabetic() => self.url() || self.inline_macro(),
            _ => false,
        }
    }

    fn escape(&mut self) -> bool {
        let next = self.rest()[1..].chars().next();
        if !next.is_some_and(|c| {
            matches!(c, '*' | '_' | '`' | '#' | '+' | '{' | '<' | '[' | '^' | '~' | '\\' | '(' | '"' | '\'')
        }) {
            return false;
        }
        self.at += 1;
        self.plain();
        true
    }

    fn mono(&mut self) -> bool {
        // Literal content: `+text+`.
        if self.rest().starts_with("`+")
            && let Some(end) = self.find("+`", self.at + 2)
        {
            self.out.push_str(&self.text[self.at + 2..end]);
            self.at = end + 2;
            return true;
        }
        self.quoted("``", "`")
    }

    fn quoted(&mut self, double: &'static str, single: &'static str) -> bool {
        (self.rest().starts_with(double) && self.constrained(double, true)) || self.constrained(single, false)
    }

    /// Drops an opening delimiter if a closing one exists; within words only if it is unconstrained.
    fn constrained(&mut self, delimiter: &'static str, is_free: bool) -> bool {
        let from = self.at + delimiter.len();
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let opens = is_free || !self.before().is_some_and(|c| is_word(c) || matches!(c, ';' | ':' | '}' | '\\'));
        let content = &self.text[from.min(self.text.len())..];
        let busy = self.busy.get(delimiter).is_some_and(|until| self.at < *until);
        if !opens || busy || content.starts_with(char::is_whitespace) {
            return false;
        }
        let is_short = is_free && delimiter.len() == 1;
        let is_end = |at: &usize| {
            let after = content[at + delimiter.len()..].chars().next();
            let inside = &content[..*at];
            let is_spaced = inside.is_empty() || inside.ends_with(char::is_whitespace);
            // Superscripts and subscripts contain no spaces.
            let is_refused = if is_short { inside.contains(' ') } else { !is_free && after.is_some_and(is_word) };
            !is_spaced && !is_refused
        };
        let limit = if is_short { content.floor_char_boundary(LONGEST_NAME) } else { content.len() };
        let end = content[..limit].match_indices(delimiter).map(|(at, _)| at).find(is_end);
        let Some(end) = end.map(|end| from + end) else {
            if limit == content.len() {
                self.busy.insert(delimiter, usize::MAX);
            }
            return false;
        };
        self.busy.insert(delimiter, end + delimiter.len());
        self.closings.insert(end, (delimiter.len(), ""));
        self.at = from;
        true
    }

    /// Literal text, copied unchanged.
    fn passed(&mut self, delimiter: &'static str) -> bool {
        let is_single = delimiter.len() == 1;
        let opens = !is_single || !self.before().is_some_and(char::is_alphanumeric);
        if !self.rest().starts_with(delimiter) || !opens {
            return false;
        }
        let from = self.at + delimiter.len();
        let Some(end) = self.find(delimiter, from) else { return false };
        let content = &self.text[from..end];
        let after = self.text[end + delimiter.len()..].chars().next();
        let spaced = content.starts_with(char::is_whitespace) || content.ends_with(char::is_whitespace);
        if content.is_empty() || is_single && (spaced || after.is_some_and(char::is_alphanumeric)) {
            return false;
        }
        self.out.push_str(content);
        self.at = end + delimiter.len();
        true
    }

    /// Looks for a text nearby, for markup that may turn out invalid.
    pub(super) fn find_near(&self, what: &str, from: usize) -> Option<usize> {
        let rest = self.text.get(from..)?;
        rest[..rest.floor_char_boundary(LONGEST_REFERENCE)].find(what).map(|at| from + at)
    }

    /// The next place of a text. A search for an absent text happens only once.
    pub(super) fn find(&mut self, what: &'static str, from: usize) -> Option<usize> {
        let gone = self.busy.get(what) == Some(&usize::MAX);
        let found = if gone { None } else { self.text[from..].find(what).map(|at| from + at) };
        if found.is_none() {
            self.busy.insert(what, usize::MAX);
        }
        found
    }

    fn curly(&mut self, open: &'static str, close: &'static str) -> bool {
        if !self.rest().starts_with(open) {
            return false;
        }
        let Some(end) = self.find(close, self.at + 2) else { return false };
        self.out.push_str(&open[..1]);
        self.closings.insert(end, (1, ""));
        self.at += 2;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_leaves_the_words() {
        for (text, expected) in [
            ("*bold* and _soft_ and `code`, **b**old", "bold and soft and code, bold"),
            ("*bold with `code` in it*", "bold with code in it"),
            ("see link:a.html[the *site*] or https://a.b/c_d_e[here^, window=_blank].", "see the site or here."),
            ("plain https://a.b/c_d_e stays", "plain https://a.b/c_d_e stays"),
            ("<<drain-tap,the tap>> or <<drain-tap>> or xref:a.adoc#b_c[]", "the tap or drain tap or b c"),
            ("press kbd:[Ctrl+C], menu:File[Save]", "press Ctrl+C, File > Save"),
            ("a fact.footnote:[From a book.]", "a fact. (From a book.)"),
            ("`+*not bold*+` and +++<u>x</u>+++", "*not bold* and <u>x</u>"),
            ("snake_case_name and 2 * 3 * 4 and a_b", "snake_case_name and 2 * 3 * 4 and a_b"),
            ("linkgit:git-add[1] and [[here]]this ((term))(((hidden)))", "git-add(1) and this term"),
            ("[.lead]#marked# and \\*kept*", "marked and *kept*"),
            ("\"`quoted`\" and image:a.png[A cup,200]", "\"quoted\" and A cup"),
            ("H~2~O and x^2^", "H2O and x2"),
            ("{url-site}/a_b[the page^] at /cups/{id}", "the page at /cups/{id}"),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }
}
