//! Jekyll's Liquid, which the generator would replace.
//!
//! Text inside stays; markup is removed. Documentation of a template language shows the same braces as content, so
//! this removes only known markup.

/// Removes Liquid tags and outputs, keeping the text of `content="..."` and `text="..."` arguments.
pub(super) fn strip_liquid(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("{%").into_iter().chain(find_output(rest)).min() {
        let is_tag = rest[at..].starts_with("{%");
        let close = if is_tag { "%}" } else { "}}" };
        let Some(length) = rest[at..].find(close) else { break };
        out.push_str(&rest[..at]);
        let inner = &rest[at + 2..at + length];
        if is_tag && let Some((shown, after)) = raw(inner, &rest[at + length + 2..]) {
            out.push_str(shown);
            rest = after;
            continue;
        }
        if is_tag && let Some(kept) = argument(inner) {
            out.push_str("\n\n");
            out.push_str(&kept);
            out.push_str("\n\n");
        }
        rest = &rest[at + length + 2..];
    }
    out.push_str(rest);
    out
}

/// What a site shows as it is after the tag `raw`, and the text behind its end.
fn raw<'t>(tag: &str, after: &'t str) -> Option<(&'t str, &'t str)> {
    let is = |tag: &str, name: &str| tag.trim_matches(['-', ' ']) == name;
    if !is(tag, "raw") {
        return None;
    }
    let mut from = 0;
    while let Some(at) = after[from..].find("{%").map(|at| from + at) {
        let length = after[at..].find("%}")?;
        if is(&after[at + 2..at + length], "endraw") {
            return Some((&after[..at], &after[at + length + 2..]));
        }
        from = at + 2;
    }
    None
}

/// `{{ site.… }}`, `{{ page.… }}`, `{{ include.… }}`, `{{ content }}`: only Jekyll's own roots.
fn find_output(text: &str) -> Option<usize> {
    let roots = ["site.", "page.", "include.", "content ", "content}", "'", "\"", "jekyll."];
    text.match_indices("{{").map(|(at, _)| at).find(|&at| {
        let inner = text[at + 2..].trim_start_matches(['-', ' ']);
        roots.iter().any(|r| inner.starts_with(r))
    })
}

/// The value of an include's `content` or `text` argument: its visible text.
fn argument(tag: &str) -> Option<String> {
    for name in ["content=", "text="] {
        if let Some(at) = tag.find(name) {
            let value = &tag[at + name.len()..];
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            let end = value[1..].rfind(quote)?;
            return Some(value[1..=end].replace("\\\"", "\""));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn liquid_goes_and_its_text_stays() {
        let text = "a {% include note.html content=\"Keep <b>this</b>.\" %} b {{ site.url }} c {{ value }} {% raw %}d";
        assert_eq!(strip_liquid(text), "a \n\nKeep <b>this</b>.\n\n b  c {{ value }} d");
        assert_eq!(strip_liquid("open {% only"), "open {% only");
        let raw = "a {% raw %}{% if x %}{{ page.y }}{% endif %}{%- endraw -%} b {% raw %}c";
        assert_eq!(strip_liquid(raw), "a {% if x %}{{ page.y }}{% endif %} b c");
    }
}
