//! Markup of a template that the site shows as it is: between `{% raw %}` and `{% endraw %}`, and in Hugo's
//! `{{</* … */>}}`. Generators replace their templates before they read Markdown, so this holds inside code too.

use std::borrow::Cow;

/// Start and end marks, and the marks that the reader sees in their place.
type Form = [&'static str; 4];

const FORMS: [Form; 3] =
    [["{% raw %}", "{% endraw %}", "", ""], ["{{</*", "*/>}}", "{{<", ">}}"], ["{{%/*", "*/%}}", "{{%", "%}}"]];
/// Stand-ins for the braces of such markup, from Unicode's private use area.
const BRACES: [(char, char); 2] = [('{', '\u{f6b1}'), ('}', '\u{f6b2}')];

/// The text without those marks, with stand-ins for the braces between them; see [`show`].
pub(super) fn hide(text: &str) -> Cow<'_, str> {
    let is_taken = || BRACES.iter().any(|(_, other)| text.contains(*other));
    if !FORMS.iter().any(|form| text.contains(form[0].trim_end_matches(" raw %}"))) || is_taken() {
        return Cow::Borrowed(text);
    }
    let text = plain_raw(text);
    let (mut out, mut rest) = (String::with_capacity(text.len()), &*text);
    while let Some((at, form)) = next(rest) {
        let [begin, end, left, right] = form;
        let inner = &rest[at + begin.len()..];
        let Some(length) = inner.find(end) else { break };
        out.push_str(&rest[..at]);
        [left, &inner[..length], right].iter().for_each(|part| out.extend(part.chars().map(stand_in)));
        rest = &inner[length + end.len()..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The text with its braces again.
pub(super) fn show(text: String) -> String {
    match text.contains(BRACES.map(|(_, other)| other)) {
        true => text.chars().map(|c| BRACES.iter().find(|(_, other)| *other == c).map_or(c, |(own, _)| *own)).collect(),
        false => text,
    }
}

fn stand_in(c: char) -> char {
    BRACES.iter().find(|(own, _)| *own == c).map_or(c, |(_, other)| *other)
}

/// The first form of a text.
fn next(text: &str) -> Option<(usize, Form)> {
    FORMS.iter().filter_map(|form| Some((text.find(form[0])?, *form))).min_by_key(|(at, _)| *at)
}

/// Liquid's tags with one spelling: `{%- raw -%}` is `{% raw %}`.
fn plain_raw(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find("{%") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let inner = rest[2..].trim_start_matches(['-', ' ']);
        let word = ["endraw", "raw"].into_iter().find(|word| inner.starts_with(word));
        let after = word.and_then(|word| inner[word.len()..].trim_start_matches(['-', ' ']).strip_prefix("%}"));
        match (word, after) {
            (Some(word), Some(after)) => {
                out.push_str(&format!("{{% {word} %}}"));
                rest = after;
            }
            _ => {
                out.push_str("{%");
                rest = &rest[2..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_that_is_shown_survives_what_removes_markup() {
        for (text, shown) in [
            ("a {% raw %}{{ page.x }} {% if y %}{% endraw %} b", "a {{ page.x }} {% if y %} b"),
            ("{%- raw -%}{{ x }}{%-endraw%}", "{{ x }}"),
            ("`{{</* tab \"x\" */>}}` {{%/* y */%}}", "`{{< tab \"x\" >}}` {{% y %}}"),
            ("{% raw %} without an end {{ x }}", "{% raw %} without an end {{ x }}"),
            ("{% include raw %} {{< x >}}", "{% include raw %} {{< x >}}"),
        ] {
            let hidden = hide(text).into_owned();
            assert_eq!(show(hidden.clone()), shown);
            assert_eq!(hidden.contains("{%") || hidden.contains("{{"), shown == text, "{hidden}");
        }
    }
}
