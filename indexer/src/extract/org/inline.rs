//! Words of a paragraph without links and emphasis.

/// Characters allowed before and after emphasis, besides white space.
const BEFORE: &str = "-—({'\"";
const AFTER: &str = "-—.,:;!?'\")}[\\";
/// Maximum length of a link.
const LONGEST_LINK: usize = 2000;

/// The words of a text.
pub(super) fn words(text: &str) -> String {
    let mut scan = Scan { text, at: 0, out: String::with_capacity(text.len()), gone: Vec::new(), closings: Vec::new() };
    while scan.at < text.len() {
        if !scan.closing() && !scan.step() {
            scan.plain();
        }
    }
    scan.out
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    out: String,
    /// Texts that do not occur again: a search for each fails only once.
    gone: Vec<&'static str>,
    /// The end of open emphasis, and its marker.
    closings: Vec<(usize, u8)>,
}

impl<'t> Scan<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn plain(&mut self) {
        let Some(c) = self.rest().chars().next() else { return };
        self.out.push(c);
        self.at += c.len_utf8();
    }

    fn closing(&mut self) -> bool {
        let count = self.closings.len();
        let at = self.at;
        let is_here = self.closings.iter().any(|(end, _)| *end == at);
        self.closings.retain(|(end, _)| *end > at);
        self.at += usize::from(is_here);
        is_here && count > self.closings.len()
    }

    fn step(&mut self) -> bool {
        let rest = self.rest();
        match rest.as_bytes()[0] {
            b'[' if rest.starts_with("[[") => self.link(),
            b'[' if rest.starts_with("[fn:") => self.footnote(),
            b'<' if rest.starts_with("<<") => self.target(),
            b'@' if rest.starts_with("@@") => self.snippet(),
            b'{' if rest.starts_with("{{{") => self.drop_to("}}}"),
            b'=' | b'~' => self.verbatim(),
            b'*' | b'/' | b'_' | b'+' => self.emphasis(),
            b'\\' => self.entity(),
            _ => false,
        }
    }

    /// Looks for a text nearby, for markup that may turn out invalid.
    fn find_near(&self, what: &str, from: usize) -> Option<usize> {
        let rest = self.text.get(from..)?;
        rest[..rest.floor_char_boundary(LONGEST_LINK)].find(what).map(|at| from + at)
    }

    fn find(&mut self, what: &'static str, from: usize) -> Option<usize> {
        if self.gone.contains(&what) {
            return None;
        }
        let found = self.text[from..].find(what).map(|at| from + at);
        if found.is_none() {
            self.gone.push(what);
        }
        found
    }

    fn drop_to(&mut self, close: &'static str) -> bool {
        let Some(end) = self.find(close, self.at + 2) else { return false };
        self.at = end + close.len();
        true
    }

    /// `[[target][text]]` or `[[target]]`.
    fn link(&mut self) -> bool {
        let Some(end) = self.find_near("]]", self.at + 2) else { return false };
        let content = &self.text[self.at + 2..end];
        if content.contains("[[") {
            return false;
        }
        match content.split_once("][") {
            // The text may contain markup.
            Some((_, text)) => self.out.push_str(text.trim_matches(['=', '~', '*', '/'])),
            None => self.out.push_str(shown(content)),
        }
        self.at = end + 2;
        true
    }

    /// `[fn:1]` refers to a note, `[fn:: text]` is one.
    fn footnote(&mut self) -> bool {
        let Some(end) = self.find("]", self.at) else { return false };
        let note = self.text[self.at + 4..end].split_once(':').map_or("", |(_, note)| note.trim());
        if !note.is_empty() {
            self.out.push_str(" (");
            self.out.push_str(note);
            self.out.push(')');
        }
        self.at = end + 1;
        true
    }

    /// `<<target>>` is removed, `<<<radio>>>` leaves its words.
    fn target(&mut self) -> bool {
        let Some(end) = self.find_near(">>", self.at + 2) else { return false };
        let content = &self.text[self.at + 2..end];
        if content.contains(['\n', ' ']) && !content.starts_with('<') || content.contains("<<") {
            return false;
        }
        self.out.push_str(content.strip_prefix('<').unwrap_or_default());
        self.at = end + 2 + usize::from(content.starts_with('<') && self.text[end + 2..].starts_with('>'));
        true
    }

    /// `@@html:<b>@@` is for one export format.
    fn snippet(&mut self) -> bool {
        let Some(end) = self.find_near("@@", self.at + 2) else { return false };
        let is_snippet = self.text[self.at + 2..end].split_once(':').is_some_and(|(name, _)| !name.contains(' '));
        if is_snippet {
            self.at = end + 2;
        }
        is_snippet
    }

    fn opens(&self) -> bool {
        let before = self.text[..self.at].chars().next_back();
        before.is_none_or(|c| c.is_whitespace() || BEFORE.contains(c) || "*/_+".contains(c))
            && self.rest()[1..].starts_with(|c: char| !c.is_whitespace())
    }

    /// The end of the emphasis that opens here.
    fn close(&mut self, marker: &'static str) -> Option<usize> {
        if self.gone.contains(&marker) {
            return None;
        }
        let from = self.at + 1;
        let is_end = |at: &usize| {
            let after = self.text[at + 1..].chars().next();
            let inside = &self.text[from..*at];
            !inside.is_empty()
                && !inside.ends_with(char::is_whitespace)
                && after.is_none_or(|c| c.is_whitespace() || AFTER.contains(c) || "*/_+".contains(c))
        };
        let found = self.text[from..].match_indices(marker).map(|(at, _)| from + at).find(is_end);
        if found.is_none() {
            self.gone.push(marker);
        }
        found
    }

    fn verbatim(&mut self) -> bool {
        let marker = if self.rest().starts_with('=') { "=" } else { "~" };
        if !self.opens() {
            return false;
        }
        let Some(end) = self.close(marker) else { return false };
        self.out.push_str(&self.text[self.at + 1..end]);
        self.at = end + 1;
        true
    }

    fn emphasis(&mut self) -> bool {
        let marker = self.rest().as_bytes()[0];
        let is_open = self.closings.iter().any(|(_, m)| *m == marker);
        if is_open || !self.opens() {
            return false;
        }
        let name = match marker {
            b'*' => "*",
            b'/' => "/",
            b'_' => "_",
            _ => "+",
        };
        let Some(end) = self.close(name) else { return false };
        self.closings.push((end, marker));
        self.at += 1;
        true
    }

    /// A final `\\` breaks the line; `\name{}` is a character.
    fn entity(&mut self) -> bool {
        const CHARACTERS: [(&str, &str); 8] = [
            ("alpha", "α"),
            ("beta", "β"),
            ("mdash", "—"),
            ("ndash", "–"),
            ("dots", "…"),
            ("rarr", "→"),
            ("larr", "←"),
            ("nbsp", " "),
        ];
        if self.rest().starts_with("\\\\") && self.rest()[2..].trim_start_matches(' ').starts_with(['\n', ' ']) {
            self.out.push('\n');
            self.at += 2;
            return true;
        }
        let found = CHARACTERS.iter().find(|(name, _)| self.rest()[1..].starts_with(name));
        let Some((name, character)) = found else { return false };
        let after = &self.rest()[1 + name.len()..];
        if after.starts_with(char::is_alphanumeric) {
            return false;
        }
        self.out.push_str(character);
        self.at += 1 + name.len() + if after.starts_with("{}") { 2 } else { 0 };
        true
    }
}

/// The visible text of a link without a description.
fn shown(target: &str) -> &str {
    let path = target.strip_prefix("file:").or(target.strip_prefix("id:")).unwrap_or(target);
    path.trim_start_matches(['*', '#'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_leaves_the_words() {
        for (text, expected) in [
            ("*bold /and soft/* =code *x*= ~verb~ _under_ +gone+", "bold and soft code *x* verb under gone"),
            ("see [[https://a.b/c_d][the site]], [[*Heading]] and [[#id]]", "see the site, Heading and id"),
            ("a fact[fn:1] and[fn:: A *note*.] more", "a fact and (A *note*.) more"),
            ("2 * 3 * 4, a/b/c, snake_case_name", "2 * 3 * 4, a/b/c, snake_case_name"),
            ("<<here>>this and <<<radio>>>", "this and radio"),
            ("{{{kbd(C-c)}}} a \\mdash{} b @@html:<b>@@c", " a — b c"),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }
}
