//! Measures the nesting depth of a page before anything builds a tree from it.

/// Maximum nesting depth. Browsers stop at 512; pages written by people stay far below.
pub(super) const DEEPEST: usize = 2000;

/// Elements that may stay open, and therefore do not count.
const UNCLOSED: [&str; 28] = [
    "p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "option", "optgroup", "colgroup", "area",
    "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr", "!",
];

/// The maximum nesting depth of the elements.
pub(super) fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0usize);
    for (at, _) in text.match_indices('<') {
        let rest = &text[at + 1..];
        if let Some(closing) = rest.strip_prefix('/') {
            depth = depth.saturating_sub(usize::from(counts(closing)));
        } else if rest.starts_with(|c: char| c.is_ascii_alphabetic()) && counts(rest) {
            let self_closed = rest.find('>').is_some_and(|end| rest[..end].ends_with('/'));
            depth += usize::from(!self_closed);
            deepest = deepest.max(depth);
        }
    }
    deepest
}

fn counts(tag: &str) -> bool {
    let end = tag.bytes().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(tag.len());
    !UNCLOSED.iter().any(|name| tag[..end].eq_ignore_ascii_case(name))
}
