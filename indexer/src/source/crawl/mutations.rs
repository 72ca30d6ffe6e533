//! What a server sends, damaged and hostile: its robots.txt, sitemaps, headers, and the tags of its pages.
//!
//! The long form, under `CLOZE_SOAK=1`, takes `CLOZE_SOAK_SECONDS` (600 if unset).

use std::{
    io::Write,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use url::Url;

use super::{
    address,
    fetch::{charset, media_type},
    links,
    robots::{Directives, Robots},
    sitemap::{self, Sitemap},
};

/// Mutations in the short form.
const SHORT: usize = 3000;
/// Largest input in bytes.
const LARGEST: usize = 1 << 15;
/// Maximum number of addresses to take from a sitemap.
const MOST: usize = 100;

const ROBOTS: &str = "User-agent: *\nDisallow: /a*b$\nAllow: /a/%7Eb\nCrawl-delay: 1.5\n\nUser-agent: cloze/1\nDisallow: /x # y\nSitemap: https://h.example/s.xml\n";
const SITEMAP: &str = "<?xml version='1.0'?><urlset xmlns='x'><url><loc>https://h.example/a?b=1&amp;c=2</loc></url><url><loc><![CDATA[https://h.example/b]]></loc><image:image><image:loc>c</image:loc></image:image></url></urlset>";
const HEADER: &str = "text/html; x=y; charset=\"utf-8\", cloze: noindex, unavailable_after: 25 Jun 2030, nofollow; /docs/../a%2e%2e/?b#c";
const PAGE: &str = "<base href='/docs/'><link rel=canonical href='/a?b=1&amp;c=2'><meta name=robots content='noindex'><meta http-equiv=refresh content='0; url=there.html'><a href=one.html rel=nofollow>1</a><script>'<a href=x>'</script><area href=two>";

const SYNTAX: [&str; 28] = [
    "user-agent:",
    "disallow:",
    "*",
    "$",
    "%",
    "%zz",
    "#",
    ":",
    ";",
    "=",
    "\"",
    "<url>",
    "</url>",
    "<loc>",
    "</loc>",
    "<sitemapindex>",
    "<![CDATA[",
    "&#x110000;",
    "&x;",
    "<!DOCTYPE a [<!ENTITY b \"c\">]>",
    "<a href='",
    "<script>",
    "<!--",
    "../",
    "//h:99999/",
    "http://[::1",
    "\u{feff}",
    "\0",
];

/// Numbers that only look random.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    /// The document with bytes changed, cut and inserted, and pieces of syntax inserted once or often.
    fn mutate(&mut self, document: &str) -> Vec<u8> {
        let mut bytes = document.as_bytes().to_vec();
        for _ in 0..=self.below(6) {
            let at = self.below(bytes.len() + 1);
            let to = (at + self.below(48)).min(bytes.len());
            let times = if self.below(3) == 0 { 1 + self.below(900) } else { 1 };
            match self.below(5) {
                0 if at < bytes.len() => bytes[at] = self.below(256) as u8,
                1 => drop(bytes.drain(at..to)),
                2 => drop(bytes.splice(at..at, bytes[at..to].to_vec())),
                _ => drop(bytes.splice(at..at, SYNTAX[self.below(SYNTAX.len())].repeat(times).into_bytes())),
            }
            bytes.truncate(LARGEST);
        }
        bytes
    }
}

fn read_robots(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let robots = Robots::parse(&text);
    assert!(robots.delay().is_none_or(|delay| delay <= Duration::from_secs(10)));
    for path in ["/", "/a/b", "/x?y=%7E", &text] {
        robots.allows(path);
    }
}

fn read_sitemap(bytes: &[u8]) {
    let mut zipped = GzEncoder::new(Vec::new(), Compression::fast());
    zipped.write_all(bytes).expect("memory takes it");
    let zipped = zipped.finish().expect("memory takes it");
    let half = &zipped[..zipped.len() / 2];
    for bytes in [bytes, &zipped, half] {
        if let Some(Ok(Sitemap::Pages(all) | Sitemap::Index(all))) = sitemap::read(bytes, MOST) {
            assert!(all.len() <= MOST && all.iter().all(|address| address.len() <= LARGEST));
        }
    }
}

fn read_header(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let base = Url::parse("https://h.example/docs/").expect("an address");
    Directives::default().add_header(&text);
    media_type(&text);
    charset(&text);
    for part in text.split([';', ',', ' ']) {
        let url = address::normal(&base, part);
        assert!(url.is_none_or(|url| url.fragment().is_none() && url.username().is_empty()), "{part}");
    }
}

/// A document of a kind, and its parser.
type Subject = (&'static str, fn(&[u8]));

fn read_page(bytes: &[u8]) {
    let said = links::read(&String::from_utf8_lossy(bytes));
    assert!(said.links.len() <= LARGEST);
}

#[test]
fn the_parsers_of_a_crawl_survive_every_mutation() {
    let subjects: [Subject; 4] =
        [(ROBOTS, read_robots), (SITEMAP, read_sitemap), (HEADER, read_header), (PAGE, read_page)];
    let soak = std::env::var_os("CLOZE_SOAK").is_some();
    let seconds = std::env::var("CLOZE_SOAK_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(600);
    let until = Instant::now() + Duration::from_secs(seconds);
    let (mut random, mut mutations) = (Random(1), 0);
    while if soak { Instant::now() < until } else { mutations < SHORT } {
        let (document, read) = subjects[mutations % subjects.len()];
        read(&random.mutate(document));
        mutations += 1;
    }
    println!("{mutations} mutations");
}
