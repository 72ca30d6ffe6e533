//! Escapes of roff: their replacement, or nothing for those that only affect typesetting.

use std::collections::HashMap;

/// Maximum number of bytes that all strings of a page may add, however often it uses them.
const EXPANDED: usize = 1 << 20;
/// Maximum length of a string that a page defines, in bytes.
const LONGEST_STRING: usize = 1000;

/// Characters by their two-letter names, from the lists of groff_char(7) and mandoc_char(7).
const CHARACTERS: &[(&str, &str)] = &[
    ("bu", "•"),
    ("em", "—"),
    ("en", "–"),
    ("hy", "-"),
    ("mi", "-"),
    ("-", "-"),
    ("pl", "+"),
    ("aq", "'"),
    ("dq", "\""),
    ("oq", "‘"),
    ("cq", "’"),
    ("lq", "“"),
    ("rq", "”"),
    ("Bq", "„"),
    ("bq", "‚"),
    ("Fo", "«"),
    ("Fc", "»"),
    ("rs", "\\"),
    ("sl", "/"),
    ("ti", "~"),
    ("ha", "^"),
    ("ga", "`"),
    ("aa", "´"),
    ("at", "@"),
    ("sh", "#"),
    ("Do", "$"),
    ("ba", "|"),
    ("bv", "|"),
    ("or", "|"),
    ("br", "|"),
    ("ul", "_"),
    ("ru", "_"),
    ("lB", "["),
    ("rB", "]"),
    ("lC", "{"),
    ("rC", "}"),
    ("la", "⟨"),
    ("ra", "⟩"),
    ("co", "©"),
    ("rg", "®"),
    ("tm", "™"),
    ("de", "°"),
    ("mu", "×"),
    ("di", "÷"),
    ("+-", "±"),
    ("<=", "≤"),
    (">=", "≥"),
    ("!=", "≠"),
    ("==", "≡"),
    ("~~", "≈"),
    ("->", "→"),
    ("<-", "←"),
    ("ua", "↑"),
    ("da", "↓"),
    ("rA", "⇒"),
    ("lA", "⇐"),
    ("if", "∞"),
    ("es", "∅"),
    ("mo", "∈"),
    ("sc", "§"),
    ("ps", "¶"),
    ("dg", "†"),
    ("dd", "‡"),
    ("12", "½"),
    ("14", "¼"),
    ("34", "¾"),
    ("ct", "¢"),
    ("Po", "£"),
    ("Ye", "¥"),
    ("Eu", "€"),
    ("eu", "€"),
    ("ss", "ß"),
    ("ae", "æ"),
    ("AE", "Æ"),
    ("oe", "œ"),
    ("OE", "Œ"),
    ("/o", "ø"),
    ("/O", "Ø"),
    ("oa", "å"),
    ("oA", "Å"),
    (":a", "ä"),
    (":e", "ë"),
    (":i", "ï"),
    (":o", "ö"),
    (":u", "ü"),
    (":y", "ÿ"),
    (":A", "Ä"),
    (":O", "Ö"),
    (":U", "Ü"),
    ("'a", "á"),
    ("'e", "é"),
    ("'i", "í"),
    ("'o", "ó"),
    ("'u", "ú"),
    ("'y", "ý"),
    ("'A", "Á"),
    ("'E", "É"),
    ("`a", "à"),
    ("`e", "è"),
    ("`i", "ì"),
    ("`o", "ò"),
    ("`u", "ù"),
    ("^a", "â"),
    ("^e", "ê"),
    ("^i", "î"),
    ("^o", "ô"),
    ("^u", "û"),
    ("~n", "ñ"),
    ("~a", "ã"),
    ("~o", "õ"),
    ("~N", "Ñ"),
    (",c", "ç"),
    (",C", "Ç"),
    ("/l", "ł"),
    ("/L", "Ł"),
    ("vs", "š"),
    ("vz", "ž"),
    ("vc", "č"),
    ("*a", "α"),
    ("*b", "β"),
    ("*g", "γ"),
    ("*d", "δ"),
    ("*e", "ε"),
    ("*l", "λ"),
    ("*m", "μ"),
    ("*p", "π"),
    ("*s", "σ"),
    ("*W", "Ω"),
    ("mc", "µ"),
    ("fi", "fi"),
    ("fl", "fl"),
    ("ff", "ff"),
    ("Fi", "ffi"),
    ("Fl", "ffl"),
    ("OK", "✓"),
    ("sq", "□"),
    ("ci", "○"),
    ("lh", "☜"),
    ("rh", "☞"),
    ("fm", "′"),
];

/// Turns raw text into visible text, with the strings that the page defined.
pub(super) struct Escapes {
    strings: HashMap<String, String>,
    left: usize,
}

impl Default for Escapes {
    fn default() -> Self {
        let known = [
            ("R", "®"),
            ("Tm", "™"),
            ("lq", "“"),
            ("rq", "”"),
            ("Aq", "'"),
            ("Lt", "<"),
            ("Gt", ">"),
            ("Le", "≤"),
            ("Ge", "≥"),
            ("Am", "&"),
            ("Ba", "|"),
            ("Pm", "±"),
            ("Ne", "≠"),
        ];
        Self { strings: known.map(|(k, v)| (k.into(), v.into())).into(), left: EXPANDED }
    }
}

impl Escapes {
    /// Sets the value of a string, with escapes resolved.
    pub(super) fn define(&mut self, name: &str, value: &str) {
        let mut value = self.text(value);
        value.truncate(value.floor_char_boundary(LONGEST_STRING));
        self.strings.insert(name.to_owned(), value);
    }

    /// The text of a line or an argument.
    pub(super) fn text(&mut self, raw: &str) -> String {
        let mut out = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(at) = rest.find('\\') {
            out.push_str(&rest[..at]);
            rest = self.escape(&rest[at + 1..], &mut out);
        }
        out.push_str(rest);
        out
    }

    /// Resolves the text after a backslash; returns the text behind that.
    fn escape<'t>(&mut self, text: &'t str, out: &mut String) -> &'t str {
        let Some(kind) = text.chars().next() else { return "" };
        let rest = &text[kind.len_utf8()..];
        match kind {
            '(' | '[' | 'C' => {
                let (name, rest) = if kind == '[' || kind == '(' { named(text) } else { quoted(rest) };
                out.push_str(&character(name));
                rest
            }
            '*' => {
                let (name, rest) = named(rest);
                self.expand(name, out);
                rest
            }
            'f' | 'n' | 'k' | 'm' | 'M' | 'F' | 'g' | 'Y' | 'V' | '$' => named(rest).1,
            's' => size(rest),
            'h' | 'v' | 'w' | 'l' | 'L' | 'D' | 'x' | 'X' | 'S' | 'H' | 'R' | 'b' | 'A' | 'B' | 'Z' => quoted(rest).1,
            'N' => {
                let (number, rest) = quoted(rest);
                out.extend(number.parse().ok().and_then(char::from_u32));
                rest
            }
            // Overstruck characters: an accent and its letter.
            'o' => {
                let (inner, rest) = quoted(rest);
                out.push_str(inner);
                rest
            }
            'e' | '\\' => push(out, "\\", rest),
            '-' => push(out, "-", rest),
            ' ' | '~' | '0' => push(out, " ", rest),
            't' => push(out, "\t", rest),
            '\'' => push(out, "'", rest),
            '`' => push(out, "`", rest),
            '&' | '|' | '^' | '%' | ':' | ')' | '/' | ',' | '!' | '?' | '{' | '}' | 'c' | 'd' | 'u' | 'r' | 'p'
            | 'a' | 'z' | 'E' => rest,
            other => {
                out.push(other);
                rest
            }
        }
    }

    fn expand(&mut self, name: &str, out: &mut String) {
        if let Some(value) = self.strings.get(name)
            && value.len() <= self.left
        {
            self.left -= value.len();
            out.push_str(value);
        }
    }
}

fn push<'t>(out: &mut String, text: &str, rest: &'t str) -> &'t str {
    out.push_str(text);
    rest
}

/// A name of one letter, of two after `(`, or of any length in brackets; and the text behind it.
fn named(text: &str) -> (&str, &str) {
    let to = |from: usize, count: usize| {
        let end = text[from..].char_indices().nth(count).map_or(text.len(), |(at, _)| from + at);
        (&text[from..end], &text[end..])
    };
    match text.as_bytes().first() {
        Some(b'(') => to(1, 2),
        Some(b'[') => text[1..].split_once(']').unwrap_or((&text[1..], "")),
        Some(b'+' | b'-') if text.len() > 1 => to(1, 1),
        Some(_) => to(0, 1),
        None => ("", ""),
    }
}

/// The text between two delimiters of any kind.
fn quoted(text: &str) -> (&str, &str) {
    let Some(mark) = text.chars().next() else { return ("", "") };
    let inner = &text[mark.len_utf8()..];
    inner.split_once(mark).unwrap_or(("", inner))
}

/// The text after a size: `+1`, `-1`, `0`, `10`, `(12`, `[12]` or `'12'`.
fn size(text: &str) -> &str {
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    match rest.as_bytes() {
        [b'(' | b'[', ..] => named(rest).1,
        [b'\'', ..] => quoted(rest).1,
        // Two digits are a size only from 10 to 39.
        [b'1'..=b'3', b'0'..=b'9', ..] if rest == text => &rest[2..],
        [b'0'..=b'9', ..] => &rest[1..],
        _ => rest,
    }
}

fn character(name: &str) -> String {
    if let Some((_, text)) = CHARACTERS.iter().find(|(n, _)| *n == name) {
        return (*text).to_owned();
    }
    // `u0041_0301` is a letter with a combining mark.
    if let Some(codes) = name.strip_prefix('u') {
        let character = |code: &str| u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
        return codes.split('_').filter_map(character).collect();
    }
    let code = name.strip_prefix("char").and_then(|n| n.parse().ok()).and_then(char::from_u32);
    code.map(String::from).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved_or_removed() {
        let mut escapes = Escapes::default();
        escapes.define("xy", "X\\fBY");
        for (raw, text) in [
            ("\\fBbold\\fR \\f(CWcode\\fP \\f[CBI]x\\f[]", "bold code x"),
            ("a\\-b\\(hyc\\[em]d\\(bu", "a-b-c—d•"),
            ("\\s-1SMALL\\s0 \\s+2a\\s10b\\s(12c\\s[12]d", "SMALL abcd"),
            ("\\e\\\\ \\&.x\\|y\\ z\\~w\\0", "\\\\ .xy z w "),
            ("\\*(xy\\*[xy]\\*q\\*R", "XYXY®"),
            ("\\h'1n'a\\w|b|c\\N'65'\\o'e`'", "acAe`"),
            ("\\[u00E9]\\[u0065_0301]\\[char65]\\(:u\\C'em'", "ée\u{301}Aü—"),
            ("\\n(.gx\\n+iy\\$1z\\m[red]r\\m[]", "xyzr"),
            ("end\\", "end"),
            ("\\", ""),
            ("\\(", ""),
            ("\\[", ""),
            ("\\f", ""),
            ("\\h'", ""),
            ("\\é\\(é", "é"),
        ] {
            assert_eq!(escapes.text(raw), text, "{raw}");
        }
    }
}
