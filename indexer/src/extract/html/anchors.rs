//! Chooses the address of a heading among the anchors around it.

use scraper::{ElementRef, node::Element};

/// The anchor of an element.
pub(super) fn own_id(element: &Element) -> Option<&str> {
    let name = || element.attr("name").filter(|_| element.name() == "a");
    element.attr("id").or_else(name).filter(|id| !id.trim().is_empty())
}

/// The target of a link within the page, if the link itself has no words: `¶`, `#`, an icon.
pub(super) fn permalink<'a>(link: ElementRef<'a>) -> Option<&'a str> {
    let target = link.value().attr("href").filter(|_| link.value().name() == "a")?.strip_prefix('#')?;
    let is_mark = link.text().all(|t| !t.chars().any(char::is_alphanumeric));
    (is_mark && !target.is_empty()).then_some(target)
}

/// The candidate anchors of a heading or an entry.
#[derive(Debug, Clone, Default)]
pub(super) struct Candidates {
    /// Its own.
    pub(super) own: Option<String>,
    /// That of the box that it opens.
    pub(super) outer: Option<String>,
    /// Those of elements inside it.
    pub(super) inner: Vec<String>,
    /// Those of empty elements right before it.
    pub(super) before: Vec<String>,
    /// The target of the mark that readers click for the address.
    pub(super) permalink: Option<String>,
}

impl Candidates {
    /// Whether an anchor is among them.
    pub(super) fn has(&self, anchor: &str) -> bool {
        let mut all = self.own.iter().chain(&self.outer).chain(&self.inner).chain(&self.before);
        all.any(|a| a == anchor)
    }

    /// Chooses the best anchor. Several anchors in one place are often its index terms: the one most like the name
    /// comes first.
    pub(super) fn choose(
        self,
        name: &str,
        exists: impl Fn(&str) -> bool,
        is_used: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let linked = self.permalink.filter(|p| exists(p));
        // The page itself knows best which one it links to.
        let all = self.own.iter().chain(&self.outer).chain(&self.inner).chain(&self.before);
        let used = all.into_iter().find(|a| is_used(a)).cloned();
        let known = linked.or(used).or(self.own).or(self.outer);
        known.or_else(|| most_alike(self.inner, name)).or_else(|| most_alike(self.before, name))
    }
}

fn most_alike(anchors: Vec<String>, name: &str) -> Option<String> {
    let name = plain(name);
    let alike = anchors.iter().position(|a| !name.is_empty() && plain(&unescaped(a)).ends_with(&name));
    anchors.into_iter().nth(alike.unwrap_or(0))
}

/// Letters and digits in lower case.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Without the escapes of generators that write other characters as `_` and four hexadecimal digits.
fn unescaped(anchor: &str) -> String {
    let mut parts = anchor.split('_');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..4).and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
        match code {
            Some(c) => {
                out.push(c);
                out.push_str(&part[4..]);
            }
            None => {
                out.push('_');
                out.push_str(part);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_anchors_the_one_like_the_name_is_taken() {
        let before = ["index-NO_005fAUTO_005fCD", "index-AUTO_005fPUSHD", "index-pushd"].map(str::to_owned).to_vec();
        let candidates = Candidates { before: before.clone(), ..Candidates::default() };
        assert_eq!(
            candidates.clone().choose("AUTO_PUSHD", |_| true, |_| false).as_deref(),
            Some("index-AUTO_005fPUSHD")
        );
        assert_eq!(
            candidates.clone().choose("Something", |_| true, |_| false).as_deref(),
            Some("index-NO_005fAUTO_005fCD")
        );
        assert_eq!(candidates.choose("AUTO_PUSHD", |_| true, |a| a == "index-pushd").as_deref(), Some("index-pushd"));
    }

    #[test]
    fn a_permalink_counts_if_its_anchor_is_there() {
        let own = Candidates { own: Some("a".into()), permalink: Some("b".into()), ..Candidates::default() };
        assert_eq!(own.clone().choose("", |_| true, |_| false).as_deref(), Some("b"));
        assert_eq!(own.choose("", |_| false, |_| false).as_deref(), Some("a"));
    }
}
