//! Template markup that generators would replace: Jekyll's Liquid, mdBook's directives, MDX.
//!
//! The text inside stays, the markup goes. Documentation of a template language shows the same
//! braces as content, so only what is known to be markup is touched.

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

/// `{{ site.… }}`, `{{ page.… }}`, `{{ include.… }}`, `{{ content }}`: only Jekyll's own roots.
fn find_output(text: &str) -> Option<usize> {
    let roots = ["site.", "page.", "include.", "content ", "content}", "'", "\"", "jekyll."];
    text.match_indices("{{").map(|(at, _)| at).find(|&at| {
        let inner = text[at + 2..].trim_start_matches(['-', ' ']);
        roots.iter().any(|r| inner.starts_with(r))
    })
}

/// The value of an include's `content` or `text` argument: what its reader would see.
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

/// Removes mdBook's `{{#include …}}` and its like, a line at a time, also inside code.
pub(super) fn strip_mdbook(text: &str) -> String {
    if !text.contains("{{#") {
        return text.to_owned();
    }
    let is_directive = |line: &str| {
        let line = line.trim();
        line.starts_with("{{#") && line.ends_with("}}") && line.matches("{{").count() == 1
    };
    let mut out = String::with_capacity(text.len());
    text.split_inclusive('\n').filter(|line| !is_directive(line)).for_each(|line| out.push_str(line));
    out
}

/// Removes MDX's `import` and `export` lines and its `{/* comments */}`, outside of code.
/// A comment at the end of a heading is the heading's anchor in some sites: it becomes `{#anchor}`.
pub(super) fn strip_mdx(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut fence: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        let marker = ["```", "~~~"].into_iter().find(|m| trimmed.starts_with(m));
        match (fence, marker) {
            (None, Some(m)) => fence = Some(m),
            (Some(open), Some(m)) if open == m => fence = None,
            _ => {}
        }
        if fence.is_some() {
            out.push_str(line);
        } else if !is_module_line(line) {
            out.push_str(&comments(line));
        }
    }
    out
}

/// A line of JavaScript, not a sentence that begins with the same word.
fn is_module_line(line: &str) -> bool {
    let end = line.trim_end().trim_end_matches(';');
    let imports = line.starts_with("import ") && end.ends_with(['\'', '"']);
    let exports = ["export const ", "export default ", "export function ", "export {"];
    imports || (exports.iter().any(|s| line.starts_with(s)) && line.contains(['=', '(', '{']))
}

fn comments(line: &str) -> String {
    let Some((before, rest)) = line.split_once("{/*") else { return line.to_owned() };
    let Some((comment, after)) = rest.split_once("*/}") else { return line.to_owned() };
    let anchor = comment.trim();
    let is_anchor = before.starts_with('#')
        && after.trim().is_empty()
        && !anchor.is_empty()
        && anchor.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    if is_anchor { format!("{before}{{#{anchor}}}{after}") } else { format!("{before}{}", comments(after)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn liquid_goes_and_its_text_stays() {
        let text = "a {% include note.html content=\"Keep <b>this</b>.\" %} b {{ site.url }} c {{ value }} {% raw %}d";
        assert_eq!(strip_liquid(text), "a \n\nKeep <b>this</b>.\n\n b  c {{ value }} d");
        assert_eq!(strip_liquid("open {% only"), "open {% only");
    }

    #[test]
    fn includes_of_mdbook_go() {
        assert_eq!(strip_mdbook("a\n{{#include x.rs}}\nb {{#if}} c\n"), "a\nb {{#if}} c\n");
    }

    #[test]
    fn mdx_comments_become_anchors_of_headings() {
        let text = "import A from 'a'\n## Use it {/*use-it*/}\nx {/* note */}y\n```js\nimport B from 'b'\n```\n";
        let prose = "import \"things\" from the old site first\n";
        assert_eq!(strip_mdx(prose), prose);
        assert_eq!(strip_mdx(text), "## Use it {#use-it}\nx y\n```js\nimport B from 'b'\n```\n");
    }
}
