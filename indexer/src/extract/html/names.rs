//! Short names of an entry or a heading: `lift` and `Lid.lift` for `kettle.Lid.lift()`.

use super::calls::called_with;

/// Maximum number of names of a heading.
const MOST: usize = 8;

/// Other names of an entry.
pub(in crate::extract) fn of_entry(shown: &str, anchor: &str) -> Vec<String> {
    let each = parts(shown);
    let bare = each.iter().map(|name| without_parameters(name).to_owned());
    let called = each.iter().filter_map(|name| called(name)).map(str::to_owned);
    tidy(shown, called_with(shown).into_iter().chain(bare).chain(called).chain(below(anchor, shown)))
}

/// Other names of a heading: that of the function whose signature it is.
pub(super) fn of_heading(shown: &str, anchor: Option<&str>) -> Vec<String> {
    let by_anchor = || anchor.filter(|_| shown.contains('(')).and_then(|a| below(a, shown).pop());
    tidy(shown, called_with(shown).into_iter().chain(called(shown).map(str::to_owned).or_else(by_anchor)))
}

/// The names of an entry, which commas separate. Commas between parameters do not count.
fn parts(shown: &str) -> Vec<&str> {
    let (mut parts, mut from, mut depth) = (Vec::new(), 0, 0i32);
    for (at, c) in shown.char_indices() {
        match c {
            '(' | '<' | '[' => depth += 1,
            ')' | '>' | ']' => depth -= 1,
            ',' if depth <= 0 => {
                parts.push(shown[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(shown[from..].trim());
    parts
}

fn tidy(shown: &str, names: impl Iterator<Item = String>) -> Vec<String> {
    let mut tidy: Vec<String> = Vec::new();
    for name in names {
        if name != shown && name.chars().any(char::is_alphanumeric) && !tidy.contains(&name) && tidy.len() < MOST {
            tidy.push(name);
        }
    }
    tidy
}

/// `gap_width (integer)` is `gap_width`, `--onto <base>` is `--onto`, `(foldl proc init)` is `foldl`, and
/// `insertWith :: Ord k => k` is `insertWith`.
fn without_parameters(name: &str) -> &str {
    if let Some(call) = name.strip_prefix('(') {
        return call.split([' ', ')', '\u{a0}']).next().unwrap_or_default();
    }
    let name = name.split(" :: ").next().unwrap_or(name);
    let end = name.match_indices(['(', '<', '[', '=']).map(|(at, _)| at).find(|at| *at > 0).unwrap_or(name.len());
    name[..end].trim_end_matches([' ', ':'])
}

/// The last word before the parameters: `pub fn retain<F>()` is `retain`, `g_array_new ()` is `g_array_new`.
fn called(name: &str) -> Option<&str> {
    let at = name.find('(').filter(|at| *at > 0)?;
    let before = if name[at..].starts_with("()") { name[..at].trim_end() } else { &name[..at] };
    // Between the name and its parameters there may be those of its type.
    let before = before.strip_suffix('>').map_or(Some(before), |b| b.rsplit_once('<').map(|(name, _)| name))?;
    if before.matches('<').count() != before.matches('>').count() {
        return None;
    }
    let word = before.rsplit([' ', '*', '&']).next().filter(|word| !word.is_empty())?;
    word.chars().all(|c| c.is_alphanumeric() || "_.:$!".contains(c)).then_some(word)
}

/// The ends of a qualified anchor, if the last of them is a word of the name: `a.b.c` is `a.b.c`, `b.c` and `c`.
fn below(anchor: &str, shown: &str) -> Vec<String> {
    let starts = anchor.match_indices(['.', ':', '#', '/']).map(|(at, _)| at + 1);
    let starts: Vec<usize> = std::iter::once(0).chain(starts).collect();
    let last = starts.last().map_or("", |at| &anchor[*at..]);
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let is_named = last.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && last.chars().all(is_word)
        && shown.split(|c| !is_word(c)).any(|word| word == last);
    if !is_named || starts.len() < 2 {
        return Vec::new();
    }
    let ends = starts.iter().map(|at| &anchor[*at..]).filter(|e| !e.starts_with(['.', ':', '#', '/']));
    ends.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_by_their_short_names() {
        for (shown, anchor, expected) in [
            ("gap_width (integer)", "SETTING-GAP-WIDTH", &["gap_width"][..]),
            ("kettle.Lid.lift()", "kettle.Lid.lift", &["kettle.Lid.lift", "Lid.lift", "lift"][..]),
            ("class Lid", "kettle.Lid", &["kettle.Lid", "Lid"][..]),
            ("-f, --force <when>", "opt-f", &["-f", "--force"][..]),
            (
                "coroutine a.wait_for(aw, timeout)",
                "a.wait_for",
                &["coroutine a.wait_for", "a.wait_for", "wait_for"][..],
            ),
            ("file(GLOB <variable>)", "command:file(glob)", &["file(GLOB)", "file"][..]),
            ("(string-prefix? s contained) -> boolean?", "def._string-prefix", &["string-prefix?"][..]),
            ("insertWith :: Ord k => (a -> a) -> k -> Map k a", "v:insertWith", &["insertWith", "v:insertWith"][..]),
            ("AUTO_CD (-J)", "index-AUTO_005fCD", &["AUTO_CD"][..]),
        ] {
            assert_eq!(of_entry(shown, anchor), expected, "{shown}");
        }
    }

    #[test]
    fn headings_that_are_signatures_are_found_by_the_function() {
        assert_eq!(of_heading("pub fn retain<F>()", Some("method.retain")), ["retain"]);
        assert_eq!(of_heading("g_array_new ()", Some("g-array-new")), ["g_array_new"]);
        assert_eq!(of_heading("fn map<F: Fn(T)>(f: F)", Some("method.map")), ["map"]);
        assert_eq!(of_heading("fn len(&self) -> usize", None), ["len"]);
        assert!(of_heading("Configure index.html", Some("configure-index.html")).is_empty());
        assert!(of_heading("Installing (optional)", Some("installing")).is_empty());
        assert!(of_heading("What is new in 3.9", Some("new-3.9")).is_empty());
    }
}
