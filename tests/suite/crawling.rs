//! Sites by their address: a local server plays one, with its faults.

use std::io::Write;

use cloze_index::Generation;
use serde_json::Value;

use crate::{
    site::{Site, sources, stderr},
    site_server::{Reply, Server, page},
};

/// Names of the pages that the index has.
fn pages(site: &Site) -> Vec<String> {
    let generation = Generation::open(&site.index()).unwrap();
    let mut names: Vec<String> = generation.pages().unwrap().into_iter().map(|p| p.source).collect();
    names.sort();
    names
}

/// Addresses that hits of the index lead to.
fn addresses(site: &Site) -> Vec<String> {
    let generation = Generation::open(&site.index()).unwrap();
    let mut urls: Vec<String> = generation.ids().map(|id| generation.passage(id).unwrap().url).collect();
    urls.sort();
    urls
}

fn reason<'a>(report: &'a Value, list: &str, source: &str) -> &'a str {
    let all = report[list].as_array().unwrap();
    let found = all.iter().find(|skip| skip["source"] == source);
    found.unwrap_or_else(|| panic!("no {source} in {list}: {report}"))["reason"].as_str().unwrap()
}

#[test]
fn a_site_is_followed_below_its_start() {
    let server = Server::with(&[
        ("/docs/", &page("Start", &["a.html", "b/?page=2#part", "../blog/", "/docs/gone", "pic.png", "mailto:x@y.z"])),
        ("/docs/a.html", &page("Alpha", &["./", "http://127.0.0.1:9/docs/x", "b/./c/../"])),
        ("/docs/b/?page=2", &page("Beta", &["d.md"])),
        ("/docs/b/", &page("Bare", &[])),
        ("/blog/", &page("Blog", &[])),
    ]);
    server.raw(
        "/docs/b/d.md",
        200,
        &[("Content-Type", "text/markdown; charset=utf-8")],
        b"# Delta\n\nAll about delta.\n",
    );
    let site = Site::new();
    let (code, report) = server.build(&site, "/docs/", &[]);
    assert_eq!((code, report["pages"].as_u64()), (0, Some(5)), "{report}");
    assert_eq!(pages(&site), ["docs/", "docs/a.html", "docs/b/", "docs/b/?page=2", "docs/b/d.md"]);
    assert!(addresses(&site).contains(&server.url("/docs/b/?page=2")), "{:?}", addresses(&site));
    assert!(reason(&report, "left_out", "docs/gone").contains("404"));
    let log = server.log.lock().unwrap().join("\n");
    assert!(log.contains("user-agent: cloze/") && log.contains("token: cloze"), "{log}");
    let asked = server.asked();
    assert_eq!(asked.len(), 6, "each address once, and nothing outside: {asked:?}");
}

#[test]
fn a_second_run_fetches_only_what_changed() {
    let server = Server::with(&[
        ("/", &page("Start", &["a", "b", "c"])),
        ("/a", &page("Alpha", &[])),
        ("/b", &page("Beta", &[])),
        ("/c", &page("Gamma", &[])),
    ]);
    let site = Site::new();
    let (_, first) = server.build(&site, "/", &[]);
    assert_eq!((first["crawled"]["fetched"].as_u64(), first["encoded"].as_u64()), (Some(4), Some(4)), "{first}");
    server.page("/b", &page("Better", &[]));
    server.replies.lock().unwrap().remove("/c");
    server.asked();
    let (code, second) = server.build(&site, "/", &[]);
    let crawled = &second["crawled"];
    assert_eq!([&crawled["fetched"], &crawled["unchanged"], &crawled["gone"]], [1, 2, 1], "{second}");
    assert_eq!((code, second["encoded"].as_u64(), second["removed"].as_u64()), (0, Some(1), Some(2)));
    assert_eq!(server.asked().len(), 4);
    assert_eq!(pages(&site), ["/", "a", "b"]);
    assert!(reason(&second, "left_out", "c").contains("404"));
    let (_, third) = server.build(&site, "/", &[]);
    assert_eq!((third["unchanged"].as_bool(), third["crawled"]["fetched"].as_u64()), (Some(true), Some(0)), "{third}");
}

#[test]
fn a_page_that_fails_keeps_its_last_good_version() {
    let names = ["stall", "error", "drop", "endless", "robots"];
    let server = Server::with(&[("/", &page("Start", &names))]);
    names.iter().for_each(|name| server.page(&format!("/{name}"), &page(name, &["deep"])));
    server.page("/deep", &page("Deep", &[]));
    let site = Site::new();
    let args = ["--timeout", "1", "--max-file-bytes", "100000"];
    assert_eq!(server.build(&site, "/", &args).1["pages"], 7);
    server.set("/stall", Reply::Stall);
    server.raw("/error", 500, &[], b"sorry");
    server.set("/drop", Reply::Drop);
    server.set("/endless", Reply::Endless);
    let (code, report) = server.build(&site, "/", &args);
    assert_eq!((code, report["pages"].as_u64(), report["unchanged"].as_bool()), (3, Some(7), Some(true)), "{report}");
    assert_eq!(report["crawled"]["kept"], 4);
    for (name, why) in
        [("stall", "in time"), ("error", "HTTP 500"), ("drop", "no response"), ("endless", "100000 bytes")]
    {
        let reason = reason(&report, "skipped", name);
        assert!(reason.contains(why) && reason.ends_with("the last good version is kept"), "{name}: {reason}");
    }
    // One that was never good is missing, and nothing else is.
    let fresh = Site::new();
    let (code, report) = server.build(&fresh, "/", &args);
    assert_eq!((code, report["pages"].as_u64(), sources(&report, "skipped").len()), (3, Some(3), 4), "{report}");
}

#[test]
fn a_server_that_is_down_takes_nothing_away() {
    let server = Server::with(&[("/", &page("Start", &["a"])), ("/a", &page("Alpha", &[]))]);
    let site = Site::new();
    server.build(&site, "/", &[]);
    for broken in ["/robots.txt", "/"] {
        server.raw(broken, 503, &[], b"");
        let (code, report) = server.build(&site, "/", &[]);
        assert_eq!(
            (code, report["pages"].as_u64(), report["crawled"]["kept"].as_u64()),
            (3, Some(2), Some(if broken == "/" { 1 } else { 2 })),
            "{report}"
        );
        server.replies.lock().unwrap().remove("/robots.txt");
    }
    let nothing = Site::new();
    let output = server.run(&nothing, "/", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("HTTP 503"), "{}", stderr(&output));
    // TLS is spoken to a server that does not speak it.
    let bad = format!("https://127.0.0.1:{}/", server.port);
    let output = nothing.run("indexer", &["build", &bad, "--json"]);
    assert!(output.status.code() == Some(1) && stderr(&output).contains("no response"), "{}", stderr(&output));
}

#[test]
fn what_a_site_keeps_from_robots_stays_out() {
    let server = Server::with(&[
        ("/", &page("Start", &["private/a", "header", "meta", "other", "nofollow", "open"])),
        ("/private/a", &page("Private", &[])),
        ("/meta", "<meta name=robots content='none'><h1>Secret</h1><a href=behind-meta>x</a>"),
        ("/nofollow", &format!("{}<a rel=nofollow href=behind-link>x</a>", page("Kept", &[]))),
        ("/open", &page("Open", &[])),
        ("/behind-meta", &page("Behind", &[])),
        ("/behind-link", &page("Behind", &[])),
    ]);
    let html = ("Content-Type", "text/html");
    server.raw("/robots.txt", 200, &[], b"User-agent: *\nDisallow: /\n\nUser-agent: cloze\nDisallow: /private\n");
    server.raw("/header", 200, &[html, ("X-Robots-Tag", "cloze: noindex"), ("ETag", "\"h\"")], b"<h1>Secret</h1>");
    server.raw("/other", 200, &[html, ("X-Robots-Tag", "otherbot: noindex")], page("Other", &[]).as_bytes());
    let site = Site::new();
    let (code, report) = server.build(&site, "/", &[]);
    assert_eq!((code, pages(&site)), (0, ["/", "nofollow", "open", "other"].map(str::to_owned).to_vec()), "{report}");
    assert_eq!(reason(&report, "left_out", "private/a"), "disallowed by robots.txt");
    assert_eq!(reason(&report, "left_out", "header"), "robots: noindex");
    assert_eq!(reason(&report, "left_out", "meta"), "robots: noindex");
    let asked = server.asked();
    assert!(!asked.iter().any(|p| p.starts_with("/private") || p.starts_with("/behind")), "{asked:?}");
    // The header counts too when the server only says that nothing changed.
    server.raw("/header", 304, &[], b"");
    server.build(&site, "/", &[]);
    assert!(!pages(&site).contains(&"header".to_owned()));
}

#[test]
fn a_copy_gives_way_to_the_page_that_it_names() {
    let canonical = |to: &str, title: &str| format!("<link rel=canonical href='{to}'>{}", page(title, &[]));
    let server = Server::with(&[
        ("/", &page("Start", &["copy?print=1", "one", "two", "lost", "abroad"])),
        ("/copy?print=1", &canonical("/true", "True")),
        ("/true", &canonical("/true", "True")),
        ("/one", &canonical("/two", "One")),
        ("/two", &canonical("/one", "Two")),
        ("/lost", &canonical("/nowhere", "Lost")),
        ("/abroad", &canonical("https://example.org/", "Abroad")),
    ]);
    let site = Site::new();
    let (_, report) = server.build(&site, "/", &[]);
    assert_eq!(reason(&report, "left_out", "copy?print=1"), format!("canonical: {}", server.url("/true")));
    assert_eq!(pages(&site), ["/", "abroad", "lost", "one", "true", "two"], "{report}");
}

#[test]
fn redirects_lead_to_one_page_and_never_out() {
    let secret = Server::with(&[("/", &page("Secret", &[]))]);
    let server = Server::start();
    let redirect = |path: &str, to: &str| server.raw(path, 302, &[("Location", to)], b"");
    redirect("/", "/docs/");
    server.page("/docs/", &page("Start", &["old", "new", "circle", "far", "private", "metadata", "up"]));
    redirect("/docs/old", "new");
    server.page("/docs/new", &page("New", &[]));
    redirect("/docs/circle", "circle2");
    redirect("/docs/circle2", "circle");
    (0..9).for_each(|i| redirect(&format!("/docs/far{i}"), &format!("far{}", i + 1)));
    redirect("/docs/far", "far0");
    redirect("/docs/private", &secret.url("/"));
    redirect("/docs/metadata", "http://169.254.169.254/latest/meta-data/");
    redirect("/docs/up", "/blog/");
    let site = Site::new();
    let (code, report) = server.build(&site, "/", &[]);
    assert_eq!((code, pages(&site)), (3, ["docs/", "docs/new"].map(str::to_owned).to_vec()), "{report}");
    assert_eq!(reason(&report, "skipped", "docs/circle"), "redirect loop");
    assert_eq!(reason(&report, "skipped", "docs/far"), "too many redirects");
    for away in ["docs/private", "docs/metadata", "docs/up"] {
        assert!(reason(&report, "left_out", away).contains("not part of the site"), "{report}");
    }
    assert_eq!(secret.log.lock().unwrap().len(), 0, "a host that nobody named is not asked");
    assert_eq!(server.asked().iter().filter(|path| *path == "/docs/new").count(), 1);
    // A host that was named is part of the site.
    let host = format!("127.0.0.1:{}", secret.port);
    let (_, report) = server.build(&site, "/", &["--host", &host]);
    assert_eq!(report["pages"], 3, "{report}");
}

#[test]
fn compressed_pages_are_read_and_bombs_are_not() {
    use flate2::{Compression, write::GzEncoder};
    let gzip = |parts: &mut dyn Iterator<Item = Vec<u8>>| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        parts.for_each(|part| encoder.write_all(&part).unwrap());
        encoder.finish().unwrap()
    };
    let server = Server::with(&[("/", &page("Start", &["packed", "bomb"]))]);
    let headers = [("Content-Type", "text/html"), ("Content-Encoding", "gzip")];
    server.raw("/packed", 200, &headers, &gzip(&mut [page("Packed", &[]).into_bytes()].into_iter()));
    server.raw("/bomb", 200, &headers, &gzip(&mut (0..200).map(|_| vec![b' '; 1 << 20])));
    let site = Site::new();
    let (code, report) = server.build(&site, "/", &["--max-file-bytes", "1000000"]);
    assert_eq!((code, pages(&site)), (3, ["/", "packed"].map(str::to_owned).to_vec()));
    assert!(reason(&report, "skipped", "bomb").contains("more than 1000000 bytes"), "{report}");
    assert!(report["crawled"]["bytes"].as_u64().unwrap() < 1_100_000, "{report}");
}

#[test]
fn a_sitemap_lists_the_pages() {
    let server = Server::with(&[
        ("/a?x=1&y=2", &page("Alpha", &["unlisted"])),
        ("/b", &page("Beta", &[])),
        ("/unlisted", &page("Unlisted", &[])),
    ]);
    let list = |locs: &[String]| -> String {
        let urls: String = locs.iter().map(|l| format!("<url><loc>{l}</loc></url>")).collect();
        format!("<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{urls}</urlset>")
    };
    let xml = [("Content-Type", "application/xml")];
    let index = [server.url("/one.xml"), server.url("/two.xml.gz"), "http://169.254.169.254/three.xml".into()];
    let index: String = index.iter().map(|l| format!("<sitemap><loc>{l}</loc></sitemap>")).collect();
    server.raw("/sitemap.xml", 200, &xml, format!("<sitemapindex>{index}</sitemapindex>").as_bytes());
    server.raw("/one.xml", 200, &xml, list(&[server.url("/a?x=1&amp;y=2"), "https://example.org/x".into()]).as_bytes());
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(list(&[server.url("/b"), server.url("/c")]).as_bytes()).unwrap();
    server.raw("/two.xml.gz", 200, &[("Content-Type", "application/gzip")], &packed.finish().unwrap());
    let site = Site::new();
    let (code, report) = server.build(&site, "/sitemap.xml", &[]);
    assert_eq!((code, pages(&site)), (0, ["a?x=1&y=2", "b"].map(str::to_owned).to_vec()), "{report}");
    assert!(reason(&report, "left_out", "c").contains("404"));
    assert!(reason(&report, "warnings", &server.url("/one.xml")).starts_with("1 of its addresses"), "{report}");
    // A list that cannot be had takes no page away; one that is shorter does.
    server.raw("/two.xml.gz", 500, &[], b"");
    let (code, report) = server.build(&site, "/sitemap.xml", &[]);
    assert_eq!((code, pages(&site).len(), report["crawled"]["unchanged"].as_u64()), (3, 2, Some(1)), "{report}");
    server.raw("/two.xml.gz", 200, &xml, list(&[]).as_bytes());
    let (code, report) = server.build(&site, "/sitemap.xml", &[]);
    assert_eq!((code, pages(&site)), (0, vec!["a?x=1&y=2".to_owned()]), "{report}");
    assert_eq!(report["crawled"]["gone"], 1);
}

#[test]
fn a_limit_is_told_and_takes_nothing_away() {
    let server = Server::start();
    for i in 0..12 {
        server.page(&format!("/{i}"), &page(&format!("Page {i}"), &[&format!("{}", i + 1)]));
    }
    let site = Site::new();
    let (code, report) = server.build(&site, "/0", &["--max-depth", "7"]);
    assert_eq!((code, report["pages"].as_u64()), (0, Some(8)), "{report}");
    let (code, report) = server.build(&site, "/0", &["--max-pages", "3"]);
    assert_eq!((code, report["pages"].as_u64(), report["crawled"]["kept"].as_u64()), (3, Some(8), Some(5)), "{report}");
    assert!(reason(&report, "skipped", &server.url("/0")).contains("--max-pages"), "{report}");
    let (code, report) = server.build(&Site::new(), "/0", &["--max-bytes", "1"]);
    assert_eq!((code, report["pages"].as_u64()), (3, Some(1)), "{report}");
    assert!(reason(&report, "skipped", &server.url("/0")).contains("--max-bytes"), "{report}");
}

#[test]
fn a_folder_and_a_site_make_one_index() {
    let server = Server::with(&[("/", &page("Start", &[]))]);
    let site = Site::with(&[("a.md", "# A\n\nText.\n")]);
    let (_, report) = server.build(&site, "/", &["docs"]);
    assert_eq!(report["pages"], 2, "{report}");
    assert_eq!(pages(&site), [format!("127.0.0.1:{}/", server.port), "a.md".to_owned()]);
}

#[test]
fn an_address_that_is_none_is_refused_with_a_sentence() {
    let site = Site::new();
    for (args, why) in [
        (["build", "https://"], "not the address of a site"),
        (["build", "http://[::1"], "not the address of a site"),
        (["watch", "http://127.0.0.1:9/"], "run `indexer build` from time to time"),
    ] {
        let output = site.run("indexer", &args);
        assert!(output.status.code() == Some(1) && stderr(&output).contains(why), "{}", stderr(&output));
    }
}
