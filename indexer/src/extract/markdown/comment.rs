//! Comments that readers never see: those of HTML, MDX, Obsidian, and templates. They may hold anything, including
//! code and empty lines, so they are removed first.

use std::borrow::Cow;

/// Start and end marks of comments.
const FORMS: [(&str, &str); 8] = [
    ("<!--", "-->"),
    ("{/*", "*/}"),
    ("{{/*", "*/}}"),
    ("%%", "%%"),
    ("{% comment %}", "{% endcomment %}"),
    ("{{< comment >}}", "{{< /comment >}}"),
    ("{{% comment %}}", "{{% /comment %}}"),
    ("{::comment}", "{:/comment}"),
];

/// Goes through the lines of a page from the top.
pub(super) struct Comments {
    /// End mark of the open comment.
    open: Option<&'static str>,
    /// The last end of each form in the page.
    last: [Option<usize>; FORMS.len()],
}

impl Comments {
    pub(super) fn of(text: &str) -> Self {
        Self { open: None, last: FORMS.map(|(_, end)| text.rfind(end)) }
    }

    /// Whether a comment is open at the beginning of the next line.
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// The next line without comments; it ends at `end` in the page.
    pub(super) fn strip<'l>(&mut self, line: &'l str, end: usize) -> Cow<'l, str> {
        if self.open.is_none() && !FORMS.iter().any(|(begin, _)| line.contains(begin)) {
            return Cow::Borrowed(line);
        }
        let (mut out, mut at) = (String::with_capacity(line.len()), 0);
        let start = end - line.len();
        let last_here = line.rfind("%%");
        loop {
            if let Some(close) = self.open {
                let Some(length) = line[at..].find(close) else { break };
                at += length + close.len();
                self.open = None;
            }
            let is_comment = |form: usize, at: usize| self.ends(form, &line[..at], start, last_here);
            let Some((begin, form)) = begin(line, at, is_comment) else {
                out.push_str(&line[at..]);
                break;
            };
            out.push_str(&line[at..begin]);
            if let Some((id, length)) = anchor(&line[begin..]).filter(|_| line.starts_with('#')) {
                out.push_str(&format!("{{#{id}}}"));
                at = begin + length;
            } else {
                at = begin + FORMS[form].0.len();
                self.open = Some(FORMS[form].1);
            }
        }
        if self.open.is_some() && line.ends_with('\n') {
            out.push('\n');
        }
        Cow::Owned(out)
    }

    /// Whether a comment that would begin after `before` ends somewhere. The line begins at `start` in the page and
    /// has its last per cent signs at `last_here`.
    fn ends(&self, form: usize, before: &str, start: usize, last_here: Option<usize>) -> bool {
        let (begin, _) = FORMS[form];
        let inside = before.len() + begin.len();
        let is_later = self.last[form].is_some_and(|last| last >= start + inside);
        if begin != "%%" {
            return is_later;
        }
        // Two per cent signs open a comment only where a text may begin. They reach past their line only at its
        // beginning.
        let is_first = before.bytes().all(|b| matches!(b, b' ' | b'\t'));
        is_later && is_first || before.ends_with([' ', '\t']) && last_here.is_some_and(|last| last >= inside)
    }
}

/// The start of the next comment, and its form.
fn begin(line: &str, from: usize, is_comment: impl Fn(usize, usize) -> bool) -> Option<(usize, usize)> {
    let mut at = from;
    while let Some(next) = line[at..].find(['<', '{', '%', '`']) {
        at += next;
        let rest = &line[at..];
        if rest.starts_with('`') {
            at += super::inline::code_span(rest).unwrap_or(rest.len() - rest.trim_start_matches('`').len());
            continue;
        }
        let form = FORMS.iter().position(|(begin, _)| rest.starts_with(begin));
        if let Some(form) = form.filter(|&form| is_comment(form, at)) {
            return Some((at, form));
        }
        at += 1;
    }
    None
}

/// The anchor that some sites put in a comment at the end of a heading, and the length of the comment.
fn anchor(text: &str) -> Option<(&str, usize)> {
    let (comment, after) = text.strip_prefix("{/*")?.split_once("*/}")?;
    let id = comment.trim();
    let is_anchor = !id.is_empty() && id.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    (is_anchor && after.trim().is_empty()).then_some((id, text.len() - after.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(text: &str) -> String {
        let (mut comments, mut end) = (Comments::of(text), 0);
        let strip = |line: &str| {
            end += line.len();
            comments.strip(line, end).into_owned()
        };
        text.split_inclusive('\n').map(strip).collect()
    }

    #[test]
    fn comments_go_with_all_that_is_in_them() {
        for (text, rest) in [
            ("a <!-- b --> c {/* d */} e %%f%% g", "a  c  e  g"),
            ("a <!-- b\n```\n\nc --> d\n", "a \n\n\n d\n"),
            ("%%\nb\n%%\nc", "\n\n\nc"),
            ("{% comment %}\nb{% endcomment %}c", "\nc"),
            ("## Use it {/*use-it*/}\n", "## Use it {#use-it}\n"),
            ("## Use it {/* use it */}\n", "## Use it \n"),
        ] {
            assert_eq!(stripped(text), rest, "{text}");
        }
    }

    #[test]
    fn what_does_not_end_or_is_code_is_no_comment() {
        for text in ["a <!-- b\nc", "100%% or 50%% of it", "a %% b\nc %% d", "`<!-- x -->` and ``{/* y */}``", "5 %% 3"]
        {
            assert_eq!(stripped(text), text);
        }
    }
}
