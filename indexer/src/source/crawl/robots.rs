//! Rules of a site for robots: `robots.txt` (RFC 9309), `X-Robots-Tag` and its equivalents in pages.

use std::time::Duration;

/// Name of this robot in `robots.txt` and in `X-Robots-Tag`.
pub(super) const NAME: &str = "cloze";
/// How much of a robots.txt is read, in bytes; RFC 9309 asks for no less.
pub(super) const LONGEST: u64 = 512 << 10;
/// Maximum delay that a site gets; with more, a crawl would not end.
const LONGEST_DELAY: Duration = Duration::from_secs(10);

/// The rules of one robots.txt that are about this robot.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Robots {
    rules: Vec<(bool, String)>,
    delay: Option<Duration>,
}

/// The rules for one name.
#[derive(Default)]
struct Group {
    is_there: bool,
    robots: Robots,
}

impl Robots {
    /// Reads a robots.txt. Groups of this robot's name count; those of `*` if there are none.
    pub(super) fn parse(text: &str) -> Self {
        let (mut own, mut all) = (Group::default(), Group::default());
        let (mut is_own, mut is_all, mut in_names) = (false, false, false);
        for line in text.trim_start_matches('\u{feff}').lines() {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else { continue };
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            if key == "user-agent" {
                if !in_names {
                    (is_own, is_all, in_names) = (false, false, true);
                }
                is_own |= is_named(value);
                is_all |= value == "*";
                own.is_there |= is_own;
                all.is_there |= is_all;
                continue;
            }
            let is_rule = matches!(key.as_str(), "allow" | "disallow" | "crawl-delay");
            in_names &= !is_rule;
            for group in [(is_own, &mut own), (is_all, &mut all)].into_iter().filter_map(|(on, g)| on.then_some(g)) {
                group.robots.add(&key, value);
            }
        }
        if own.is_there { own.robots } else { all.robots }
    }

    fn add(&mut self, key: &str, value: &str) {
        match key {
            // An empty rule says nothing.
            "allow" | "disallow" if !value.is_empty() => self.rules.push((key == "allow", normal(value))),
            "crawl-delay" => {
                let delay = value.parse().ok().and_then(|s: f64| Duration::try_from_secs_f64(s).ok());
                self.delay = delay.map(|d| d.min(LONGEST_DELAY)).or(self.delay);
            }
            _ => {}
        }
    }

    /// Whether a path with its query may be requested: the longest matching rule decides; of two equally long ones,
    /// the one that allows.
    pub(super) fn allows(&self, path: &str) -> bool {
        let path = normal(path);
        let matching = self.rules.iter().filter(|(_, pattern)| matches(pattern, &path));
        matching.max_by_key(|(allow, pattern)| (pattern.len(), *allow)).is_none_or(|(allow, _)| *allow)
    }

    /// How long to wait between two requests, if the site says.
    pub(super) fn delay(&self) -> Option<Duration> {
        self.delay
    }
}

/// Whether a `User-agent` line names this robot: what follows the name, such as a version, does not count.
fn is_named(value: &str) -> bool {
    let end = value.find(|c: char| !c.is_ascii_alphabetic() && c != '-' && c != '_').unwrap_or(value.len());
    value[..end].eq_ignore_ascii_case(NAME)
}

/// `*` stands for anything, `$` at the end for the end.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, to_end) = pattern.strip_suffix('$').map_or((pattern, false), |p| (p, true));
    let mut parts = pattern.split('*');
    let Some(mut rest) = path.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut has_star = false;
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        has_star = true;
        // The last part has to be at the end, and the first place of any other leaves the most for the rest.
        if to_end && parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    !to_end || (rest.is_empty() && !has_star) || (has_star && rest.is_empty())
}

/// Paths and patterns are compared with what need not be encoded decoded, and the rest encoded in one way.
fn normal(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut out = String::with_capacity(path.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let encoded = (byte == b'%').then(|| path.get(at + 1..at + 3)).flatten();
        let byte = match encoded.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(decoded) => {
                at += 3;
                if !decoded.is_ascii_alphanumeric() && !b"-._~".contains(&decoded) {
                    out.push_str(&format!("%{decoded:02X}"));
                    continue;
                }
                decoded
            }
            None => {
                at += 1;
                byte
            }
        };
        if byte.is_ascii_graphic() {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Directives of a page for robots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Directives {
    /// The page is not to be found.
    pub(super) noindex: bool,
    /// Its links are not to be followed.
    pub(super) nofollow: bool,
}

impl Directives {
    /// Adds a list of directives, such as `noindex, nofollow`.
    pub(super) fn add(&mut self, list: &str) {
        for word in list.split(',').map(|w| w.trim().to_ascii_lowercase()) {
            self.noindex |= word == "noindex" || word == "none";
            self.nofollow |= word == "nofollow" || word == "none";
        }
    }

    /// Adds the value of an `X-Robots-Tag`, which may be about another robot: `name: noindex`.
    pub(super) fn add_header(&mut self, value: &str) {
        match value.split_once(':') {
            Some((name, list)) if name.trim().eq_ignore_ascii_case(NAME) => self.add(list),
            // A directive with a value of its own, such as `unavailable_after: …`, or another robot's name.
            Some((name, _)) if !name.contains(',') && !name.contains('=') && !is_directive(name) => {}
            _ => self.add(value),
        }
    }
}

fn is_directive(name: &str) -> bool {
    let name = name.trim().to_ascii_lowercase();
    name == "unavailable_after" || name.starts_with("max-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_rule_decides() {
        let robots = Robots::parse(
            "User-agent: *\nDisallow: /private/\nAllow: /private/open\nDisallow: /*.php$\nDisallow: /a*b*c\nDisallow: /ü\nAllow: /same\nDisallow: /same\n",
        );
        for (path, allowed) in [
            ("/", true),
            ("/private/x", false),
            ("/private/open/x", true),
            ("/x.php", false),
            ("/x.php?y", true),
            ("/x.php.php", false),
            ("/aXbYc", false),
            ("/acb", true),
            ("/%C3%BC/x", false),
            ("/%70rivate/x", false),
            ("/same", true),
        ] {
            assert_eq!(robots.allows(path), allowed, "{path}");
        }
        assert!(Robots::default().allows("/x"));
    }

    #[test]
    fn a_group_of_ones_own_counts_alone() {
        let text = "User-agent: *\nDisallow: /\n\nUser-agent: other\nuser-AGENT: Cloze/1.0 # us\nDisallow: /no\nCrawl-delay: 2.5\n\nUser-agent: clozebot\nDisallow: /never\n";
        let robots = Robots::parse(text);
        assert!(robots.allows("/yes") && !robots.allows("/no") && robots.allows("/never"));
        assert_eq!(robots.delay(), Some(Duration::from_millis(2500)));
        assert_eq!(Robots::parse("User-agent: *\nCrawl-delay: 86400").delay(), Some(LONGEST_DELAY));
        assert!(Robots::parse("User-agent: *\nDisallow: /\nUser-agent: cloze\nDisallow:\n").allows("/x"));
        assert!(Robots::parse("<html>not found</html>").allows("/x"));
    }

    #[test]
    fn headers_are_for_all_or_for_one() {
        let of = |values: &[&str]| {
            let mut directives = Directives::default();
            values.iter().for_each(|v| directives.add_header(v));
            (directives.noindex, directives.nofollow)
        };
        assert_eq!(of(&["NOINDEX"]), (true, false));
        assert_eq!(of(&["max-snippet:-1, nofollow"]), (false, true));
        assert_eq!(of(&["none"]), (true, true));
        assert_eq!(of(&["googlebot: noindex"]), (false, false));
        assert_eq!(of(&["googlebot: noindex", "cloze: nofollow"]), (false, true));
        assert_eq!(of(&["unavailable_after: 25 Jun 2010 15:00:00 PST"]), (false, false));
    }
}
