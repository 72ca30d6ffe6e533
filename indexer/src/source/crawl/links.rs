//! The parts of a page that concern robots: its links, its canonical address, whether it may be indexed.
//!
//! Reads tags one after the other and builds no tree, so pages may have any nesting depth.

use std::cell::RefCell;

use html5ever::{
    Attribute,
    tendril::StrTendril,
    tokenizer::{
        BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
        states::{Rawtext, Rcdata, ScriptData},
    },
};

use super::robots::{Directives, NAME};

/// Maximum number of links to read per page.
const MOST_LINKS: usize = 20_000;

/// The content of a page for robots.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// Base address of links.
    pub(super) base: Option<String>,
    /// The canonical address of the page.
    pub(super) canonical: Option<String>,
    /// Its directives for robots.
    pub(super) robots: Directives,
    /// Its links, as written.
    pub(super) links: Vec<String>,
}

/// Reads a page of HTML.
pub(super) fn read(html: &str) -> Said {
    let tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts::default());
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from(html));
    // Nothing in the sink asks the tokenizer to stop.
    let _ = tokenizer.feed(&queue);
    tokenizer.end();
    tokenizer.sink.0.into_inner()
}

#[derive(Default)]
struct Sink(RefCell<Said>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => self.0.borrow_mut().open(&tag),
            _ => TokenSinkResult::Continue,
        }
    }
}

impl Said {
    fn open(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        match &*tag.name {
            "a" | "area" => self.link(tag),
            "base" => self.base = self.base.take().or_else(|| attribute(tag, "href")),
            "link" if has_word(tag, "rel", "canonical") => {
                self.canonical = self.canonical.take().or_else(|| attribute(tag, "href"));
            }
            "meta" => self.meta(tag),
            "title" | "textarea" => return TokenSinkResult::RawData(Rcdata),
            "style" | "xmp" | "iframe" | "noembed" | "noframes" => return TokenSinkResult::RawData(Rawtext),
            "script" => return TokenSinkResult::RawData(ScriptData),
            _ => {}
        }
        TokenSinkResult::Continue
    }

    fn link(&mut self, tag: &Tag) {
        if let Some(href) = attribute(tag, "href")
            && self.links.len() < MOST_LINKS
            && !has_word(tag, "rel", "nofollow")
        {
            self.links.push(href);
        }
    }

    fn meta(&mut self, tag: &Tag) {
        let content = attribute(tag, "content").unwrap_or_default();
        match attribute(tag, "name").map(|name| name.trim().to_ascii_lowercase()).as_deref() {
            Some("robots" | NAME) => self.robots.add(&content),
            _ if has_word(tag, "http-equiv", "refresh") => {
                // `0; url=there`: a page that only redirects.
                let target = content.split_once(';').and_then(|(_, rest)| rest.split_once('='));
                self.links.extend(target.map(|(_, url)| url.trim().trim_matches(['"', '\'']).to_owned()));
            }
            _ => {}
        }
    }
}

fn attribute(tag: &Tag, name: &str) -> Option<String> {
    let is_it = |a: &&Attribute| &*a.name.local == name;
    tag.attrs.iter().find(is_it).map(|a| a.value.to_string())
}

fn has_word(tag: &Tag, name: &str, word: &str) -> bool {
    attribute(tag, name).is_some_and(|value| value.split_ascii_whitespace().any(|w| w.eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_it_leads() {
        let said = read(
            "<head><base href='/docs/'><link rel='stylesheet' href=x.css><link rel='canonical' href='/a?b=1&amp;c=2'>\
             <title><a href=title></title><meta name=ROBOTS content='NoFollow'><script>'<a href=script>'</script>\
             <meta http-equiv=refresh content=\"0; url='there.html'\"></head>\
             <A HREF=one.html>1</A><!-- <a href=comment> --><a rel='noopener nofollow' href=no.html><a name=x>\
             <area href=two.html><a href='three",
        );
        assert_eq!(said.links, ["there.html", "one.html", "two.html"]);
        assert_eq!((said.base.as_deref(), said.canonical.as_deref()), (Some("/docs/"), Some("/a?b=1&c=2")));
        assert_eq!(said.robots, Directives { noindex: false, nofollow: true });
    }

    #[test]
    fn depth_does_not_matter() {
        let deep = format!("{}<a href=deep>", "<div>".repeat(200_000));
        assert_eq!(read(&deep).links, ["deep"]);
        assert_eq!(read(&"<a href=x>".repeat(MOST_LINKS + 5)).links.len(), MOST_LINKS);
    }
}
