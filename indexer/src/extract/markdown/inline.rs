//! Inline markup unknown to Markdown itself: tags of templates and components, attribute lists, wiki links,
//! highlights, keys, emoji names, ids of blocks. Words stay; code spans and formulas stay unchanged.

use super::{
    attributes::{self, Attributes},
    dialect::Dialect,
    directive,
    jsx::{self, Tag},
    shortcode::Tags,
    words,
};

/// Maximum distance to the end of a code span, a formula or a mark, in bytes.
const FARTHEST: usize = 4096;
/// Elements that never wrap text, even alone on a line.
const KEPT: [&str; 12] =
    ["script", "style", "pre", "svg", "table", "thead", "tbody", "tr", "td", "th", "textarea", "iframe"];

/// The text of some lines without such markup.
pub(super) fn clean(text: &str, dialect: Dialect) -> String {
    let mut cleaner = Cleaner {
        text,
        at: 0,
        out: String::with_capacity(text.len()),
        dialect,
        tags: Tags::new(text, dialect.has_liquid),
        no_tag_before: 0,
    };
    while cleaner.at < text.len() {
        cleaner.step();
    }
    cleaner.out
}

/// Length of a code span at the start of a text.
pub(super) fn code_span(text: &str) -> Option<usize> {
    let rest = text.trim_start_matches('`');
    let ticks = text.len() - rest.len();
    let mut at = ticks;
    let end = paragraph_end(text);
    // Many ticks may reach beyond the search distance.
    while let Some(next) = text.get(at..end).and_then(|rest| rest.find('`')) {
        let run = text[at + next..].len() - text[at + next..].trim_start_matches('`').len();
        at += next + run;
        if run == ticks {
            return Some(at);
        }
    }
    None
}

/// The end of the current paragraph, within the search distance.
fn paragraph_end(text: &str) -> usize {
    let end = text.floor_char_boundary(FARTHEST);
    text[..end].find("\n\n").unwrap_or(end)
}

struct Cleaner<'t> {
    text: &'t str,
    at: usize,
    out: String,
    dialect: Dialect,
    tags: Tags<'t>,
    /// No unknown tag or expression ends before this place.
    no_tag_before: usize,
}

impl<'t> Cleaner<'t> {
    fn step(&mut self) {
        let rest = &self.text[self.at..];
        let is_mark = |b: u8| b"\\`{<=:+^#[!$]".contains(&b);
        match rest.bytes().position(is_mark) {
            Some(0) => {}
            plain => {
                self.copy(plain.unwrap_or(rest.len()));
                return;
            }
        }
        let length = match rest.as_bytes()[0] {
            b'\\' => self.copy(1 + rest[1..].chars().next().map_or(0, char::len_utf8)),
            b'`' => self.copy(code_span(rest).unwrap_or_else(|| run(rest, '`'))),
            b'$' => formula(rest).and_then(|n| self.copy(n)),
            b'{' => self.braces(rest),
            b'<' => self.angle(rest),
            b'=' => self.pair(rest, "=="),
            b'^' => self.pair(rest, "^^").or_else(|| self.block_id(rest)),
            b'+' => self.keys(rest),
            b':' => self.emoji(rest),
            b'#' => self.tag(rest),
            b'[' => self.wiki_link(rest),
            b'!' => self.embed(rest),
            _ => None,
        };
        if length.is_none() {
            // If a run of marks begins nothing, none of its marks does.
            let first = char::from(rest.as_bytes()[0]);
            self.copy(if matches!(first, '=' | '^' | '+' | ':' | '$') { run(rest, first) } else { 1 });
        }
    }

    /// Takes what is next as it is.
    fn copy(&mut self, length: usize) -> Option<()> {
        self.out.push_str(&self.text[self.at..self.at + length]);
        self.skip(length)
    }

    /// Passes by what is next: it was markup.
    fn skip(&mut self, length: usize) -> Option<()> {
        self.at += length;
        Some(())
    }

    fn before(&self) -> Option<char> {
        self.text[..self.at].chars().next_back()
    }

    /// A template's tag, an attribute list, an expression.
    fn braces(&mut self, rest: &'t str) -> Option<()> {
        if let Some((length, words)) = self.tags.at(self.at) {
            words::put(&words, &mut self.out);
            return self.skip(length);
        }
        if let Some(list) = attributes::parse(rest)
            && let Some(length) = self.attributes(rest, list)
        {
            return self.skip(length);
        }
        let may = self.dialect.is_mdx && self.at >= self.no_tag_before && !rest.starts_with("{#");
        if !may || self.out.ends_with(|c: char| c.is_alphanumeric() || "}_^$/.".contains(c)) {
            return None;
        }
        match jsx::balanced(rest) {
            Ok(length) => {
                self.out.push_str(jsx::shown(&rest[..length]));
                self.skip(length)
            }
            Err(far) => {
                self.no_tag_before = self.at + far;
                None
            }
        }
    }

    /// Length of a valid attribute list; a heading keeps its id.
    fn attributes(&mut self, rest: &str, list: Attributes<'_>) -> Option<usize> {
        let after = &rest[list.length..];
        let is_at_end = after.trim_start_matches([' ', '\t']).starts_with(['\n', '\r']) || after.trim().is_empty();
        if is_at_end && let Some(length) = self.attributes_at_end(after, list) {
            return Some(length);
        }
        let closes = |c: char| matches!(c, ')' | ']' | '*' | '_' | '`' | '"' | '>' | '=' | '^');
        let follows = self.out.ends_with(closes);
        (list.is_marked || follows || is_at_end && list.is_named).then_some(list.length)
    }

    /// Length of an attribute list at the end of a line: alone on it, or after a heading.
    fn attributes_at_end(&mut self, after: &str, list: Attributes<'_>) -> Option<usize> {
        let line_start = self.out.rfind('\n').map_or(0, |at| at + 1);
        let line = &self.out[line_start..];
        if line.trim().is_empty() {
            self.name_heading_above(list.id);
            return Some(list.length);
        }
        let below = after.split_once('\n').map_or("", |(_, below)| below);
        let is_heading =
            line.trim_start_matches(['>', ' ']).starts_with('#') || below.starts_with("==") || below.starts_with("--");
        if !is_heading {
            return None;
        }
        if let Some(id) = list.id {
            let kept = self.out.trim_end_matches([' ', '\t']).len();
            self.out.truncate(kept);
            self.out.push_str(&format!(" {{#{id}}}"));
        }
        Some(list.length)
    }

    /// A list on a line of its own belongs to the heading on the line above it.
    fn name_heading_above(&mut self, id: Option<&str>) {
        let kept = self.out.trim_end_matches([' ', '\t']);
        let Some(above) = kept.strip_suffix('\n') else { return };
        let start = above.rfind('\n').map_or(0, |at| at + 1);
        if let Some(id) = id.filter(|_| above[start..].starts_with('#')) {
            let end = above.trim_end().len();
            self.out.truncate(end);
            self.out.push_str(&format!(" {{#{id}}}\n"));
        }
    }

    /// A tag of a component, or of a wrapper around Markdown.
    fn angle(&mut self, rest: &'t str) -> Option<()> {
        if self.at < self.no_tag_before {
            return None;
        }
        match jsx::tag(rest) {
            Ok(tag) if self.is_wrapper(&tag, &rest[tag.length..]) => {
                words::put(&tag.words(), &mut self.out);
                self.skip(tag.length)
            }
            // Copied unchanged, so that nothing within its attributes counts as markup.
            Ok(tag) if !tag.has_expression => self.copy(tag.length),
            Ok(_) => None,
            Err(far) => {
                self.no_tag_before = self.no_tag_before.max(self.at + far);
                None
            }
        }
    }

    fn is_wrapper(&self, tag: &Tag<'_>, after: &str) -> bool {
        if tag.is_component() || tag.has_markdown || self.dialect.is_mdx && (tag.has_expression || tag.name.is_empty())
        {
            return true;
        }
        let line = self.out.trim_end_matches([' ', '\t']);
        let is_alone = (line.is_empty() || line.ends_with('\n'))
            && after.trim_start_matches([' ', '\t']).starts_with(['\n', '\r', '<']);
        self.dialect.is_mdx && is_alone && !KEPT.contains(&tag.name.to_ascii_lowercase().as_str())
    }

    /// `==text==`, `^^text^^`: double marks around text of one paragraph.
    fn pair(&mut self, rest: &str, mark: &str) -> Option<()> {
        let inner = rest.strip_prefix(mark)?;
        if self.before().is_some_and(char::is_alphanumeric)
            || inner.starts_with(|c: char| c.is_whitespace() || mark.contains(c))
        {
            return None;
        }
        let length = inner[..paragraph_end(inner)].find(mark)?;
        let (text, after) = (&inner[..length], &inner[length + mark.len()..]);
        let is_text = !text.is_empty() && !text.ends_with(char::is_whitespace) && !text.contains('`');
        if !is_text || after.starts_with(|c: char| c.is_alphanumeric() || mark.contains(c)) {
            return None;
        }
        // The text inside contains no such mark, so the recursion is no deeper than the number of kinds of marks.
        let cleaned = clean(text, self.dialect);
        self.out.push_str(&cleaned);
        self.skip(length + 2 * mark.len())
    }

    /// `^block-1` at the end of a line.
    fn block_id(&mut self, rest: &str) -> Option<()> {
        let length = directive::block_id(rest)?;
        let is_at_end =
            rest[length..].trim_start_matches([' ', '\t', '\r']).starts_with('\n') || rest[length..].trim().is_empty();
        (is_at_end && self.before().is_none_or(char::is_whitespace)).then(|| self.skip(length))?
    }

    /// `++ctrl+c++`.
    fn keys(&mut self, rest: &str) -> Option<()> {
        let inner = rest.strip_prefix("++").filter(|_| !self.before().is_some_and(char::is_alphanumeric))?;
        let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '"' | '_');
        let end = inner.find("++")?;
        let keys = &inner[..end];
        if keys.is_empty() || !keys.split('+').all(|key| !key.is_empty() && key.chars().all(is_key)) {
            return None;
        }
        self.out.push_str(keys);
        self.skip(end + 4)
    }

    /// `:smile:`.
    fn emoji(&mut self, rest: &str) -> Option<()> {
        let inner = &rest[1..];
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '+');
        let end = inner.find(|c| !is_name(c)).filter(|end| *end > 1)?;
        let (name, after) = (&inner[..end], inner[end..].strip_prefix(':')?);
        // Icons have long names with dashes, and may be part of a path; the port of an address is not an emoji.
        let is_word = |c: char| c.is_alphanumeric() || c == ':' || matches!(c, '/' | '_') && !name.contains('-');
        let is_alone = !self.before().is_some_and(is_word) && !after.starts_with(|c: char| is_word(c) || c == '`');
        if !is_alone || !(name.contains(|c: char| c.is_ascii_lowercase()) || matches!(name, "+1" | "-1")) {
            return None;
        }
        let list = attributes::parse(after).map_or(0, |list| list.length);
        self.skip(end + 2 + list)
    }

    /// `#tea` in a wiki.
    fn tag(&mut self, rest: &str) -> Option<()> {
        let is_tag = self.dialect.is_wiki && self.before().is_none_or(char::is_whitespace);
        let tag = directive::tag(rest).filter(|_| is_tag)?;
        self.out.push_str(tag);
        self.skip(tag.len() + 1)
    }

    /// `[[page]]`, `[[page#heading]]`, `[[page|text]]` or `[[text|page]]`.
    fn wiki_link(&mut self, rest: &str) -> Option<()> {
        let (inner, length) = wiki(rest)?;
        let text = match inner.rsplit_once('|') {
            Some((text, _)) if self.dialect.is_text_first => text.to_owned(),
            Some((_, text)) => text.to_owned(),
            None => inner.trim_start_matches('#').replace("#^", " ").replace('#', " "),
        };
        self.out.push_str(text.trim_end_matches('\\'));
        self.skip(length)
    }

    /// `![[file]]`: its content is elsewhere.
    fn embed(&mut self, rest: &str) -> Option<()> {
        let (_, length) = wiki(&rest[1..])?;
        self.skip(length + 1)
    }
}

/// The text between the brackets of a wiki link, and the length including them. `[[1]](address)` is not such a link.
fn wiki(text: &str) -> Option<(&str, usize)> {
    let inner = text.strip_prefix("[[")?;
    let end = inner.find([']', '[', '\n'])?;
    let after = inner[end..].strip_prefix("]]")?;
    let is_link = end > 0 && !inner.starts_with(char::is_whitespace) && !after.starts_with(['(', '[', ']']);
    is_link.then_some((&inner[..end], end + 4))
}

/// Length of a formula at the start of a text.
fn formula(text: &str) -> Option<usize> {
    let mark = if text.starts_with("$$") { "$$" } else { "$" };
    let inner = &text[mark.len()..];
    let end = inner[..paragraph_end(inner)].find(mark)?;
    let (formula, after) = (&inner[..end], &inner[end + mark.len()..]);
    let is_tight = !formula.starts_with(char::is_whitespace) && !formula.ends_with(char::is_whitespace);
    let is_one =
        mark == "$$" || is_tight && !formula.contains('\n') && !after.starts_with(|c: char| c.is_ascii_digit());
    (is_one && !formula.is_empty()).then_some(end + 2 * mark.len())
}

/// Length of a run of one character at the start of a text.
fn run(text: &str, c: char) -> usize {
    text.len() - text.trim_start_matches(c).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Dialect = Dialect { is_mdx: true, has_liquid: true, is_wiki: true, is_text_first: false };

    #[test]
    fn words_stay_and_markup_goes() {
        for (text, cleaned) in [
            ("See [[French press|the other]] and ![[d.png]].", "See the other and ."),
            ("[[page#part]] | [[a\\|b]]", "page part | b"),
            ("==high *light*== ^^in^^ ++ctrl+c++ :smile: x", "high *light* in ctrl+c  x"),
            ("Turn it. ^block-1\nMore #tea", "Turn it. \nMore tea"),
            ("[a](b){: .c } :octicons-x-16:{ .lg } `x`{.py}", "[a](b)  `x`"),
            ("## A { #a }\n\n## B\n{: #b .c}\n\nC {.c}\n", "## A {#a}\n\n## B {#b}\n\n\nC \n"),
            ("{{< tab \"One\" >}}\nx {{% y %}}z{{% /y %}}\n", "One\n\n\nx z\n"),
            ("<Tabs items={[\"a\"]} b={{a: 1}}>\nx <Badge text=\"new\"/> {' '}{y.z}\n</Tabs>\n", "\nx new  \n\n"),
            ("<div>\n**a**\n</div>\n<a href={b}>c</a>", "\n**a**\n\nc</a>"),
        ] {
            assert_eq!(clean(text, ALL), cleaned, "{text}");
        }
    }

    #[test]
    fn the_wiki_of_a_repository_has_the_text_of_a_link_first() {
        let dialect = Dialect { is_text_first: true, ..Dialect::default() };
        assert_eq!(clean("See [[the other|French-Press]] or [[Home]].", dialect), "See the other or Home.");
    }

    #[test]
    fn what_only_looks_so_stays() {
        for text in [
            "a == b and c==d==e, ==, ====",
            "std::io::x 12:30:45 a:b: :ref:`x`",
            "C++ and i++ or ++j",
            "`{{< x >}} ==a== :smile:` ``a ` {{% x %}}``",
            "$a_{b}^{c}$ and $$x == {y}$$ cost $5",
            "[[1]](a) [[ -f x ]] a^2 x^2^",
            "/users/{id} \\{x}",
            "<pre>\na\n</pre>",
            "<a title=\":x_y:\" href=\"{{x}}\">",
        ] {
            assert_eq!(clean(text, ALL), text);
        }
        let plain = Dialect::default();
        for text in ["{x} {% y %} #z {{ page.a }}", "<div>\n*a*\n</div>"] {
            assert_eq!(clean(text, plain), text);
        }
    }
}
