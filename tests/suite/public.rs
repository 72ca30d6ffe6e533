//! A server that anybody can reach: keys, origins, rates, and what it never says.

use crate::{
    running::{Reply, Server},
    site::Site,
};

const SEARCH: &str = "search-key-0123456789";
const ADMIN: &str = "admin-key-0123456789";

fn site() -> Site {
    let site = Site::with(&[("a.md", "# Apples\n\nApples keep for months.\n")]);
    site.build();
    site
}

fn with_keys(site: &Site) -> Server {
    let mut command = site.command("server", &["--analytics"]);
    command.env("CLOZE_SEARCH_KEY", SEARCH).env("CLOZE_ADMIN_KEY", ADMIN);
    Server::of(command)
}

fn get(server: &Server, path: &str, key: &str) -> Reply {
    server.send("GET", path, &[("Authorization", &format!("Bearer {key}"))], "").unwrap()
}

#[test]
fn a_search_key_only_searches() {
    let site = site();
    let server = with_keys(&site);
    let refused = server.get("/search?q=apples").unwrap();
    assert_eq!((refused.status, refused.code().as_str()), (401, "key_missing"));
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    for path in ["/search?q=apples", "/suggest?q=app"] {
        assert_eq!(get(&server, path, SEARCH).status, 200, "{path}");
        assert_eq!(get(&server, path, ADMIN).status, 200, "{path}");
        assert_eq!(get(&server, path, "search-key-012345678").status, 403, "{path}");
    }
    for path in ["/metrics", "/admin/analytics", "/admin/nothing"] {
        assert_eq!(server.get(path).unwrap().status, 401, "{path}");
        assert_eq!(get(&server, path, SEARCH).code(), "key_refused", "{path}");
    }
    assert_eq!(get(&server, "/metrics", ADMIN).status, 200);
    assert_eq!(get(&server, "/admin/nothing", ADMIN).status, 404);
    for path in ["/", "/widget.js", "/health", "/ready", "/openapi.json"] {
        assert_eq!(server.get(path).unwrap().status, 200, "{path} needs no key");
    }
}

#[test]
fn without_an_admin_key_nobody_administrates() {
    let site = site();
    let server = Server::start(&site, &["--analytics"]);
    assert_eq!(server.get("/admin/analytics").unwrap().code(), "admin_disabled");
    assert_eq!(server.send("POST", "/admin/reload", &[], "").unwrap().status, 403);
    assert_eq!(server.get("/metrics").unwrap().status, 200);
}

#[test]
fn short_keys_and_odd_settings_are_refused() {
    let site = site();
    let mut command = site.command("server", &[]);
    let output = command.env("CLOZE_SEARCH_KEY", "short").output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("CLOZE_SEARCH_KEY has 5 characters; expected 16 or more"), "{error}");
    for (args, part) in [
        (&["--cors-origin", "docs.example.org"][..], "expected * or scheme://host[:port]"),
        (&["--cors-origin", "https://docs.example.org/path"][..], "expected * or scheme://host[:port]"),
        (&["--trusted-proxy", "proxy"][..], "trusted proxy \"proxy\": expected an address or a network"),
        (&["--tls-certificate", "a.pem"][..], "--tls-key"),
        (&["--tls-certificate", "a.pem", "--tls-key", "b.pem"][..], "cannot read a.pem as PEM"),
        (&["--analytics", "--state-dir", "docs/a.md"][..], "cannot keep the analytics"),
    ] {
        let output = site.run("server", args);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(part), "{args:?}: {error}");
    }
}

#[test]
fn only_listed_origins_may_ask() {
    let site = site();
    let server = Server::start(&site, &["--cors-origin", "https://docs.example.org"]);
    let ask = |origin: &str| server.send("GET", "/search?q=apples", &[("Origin", origin)], "").unwrap();
    let allowed = ask("https://docs.example.org");
    assert_eq!(allowed.header("access-control-allow-origin"), Some("https://docs.example.org"));
    let other = ask("https://evil.example.org");
    assert_eq!(other.header("access-control-allow-origin"), None, "the browser keeps the answer from the page");
    let preflight = [
        ("Origin", "https://docs.example.org"),
        ("Access-Control-Request-Method", "GET"),
        ("Access-Control-Request-Headers", "authorization"),
    ];
    let preflight = server.send("OPTIONS", "/search?q=apples", &preflight, "").unwrap();
    assert_eq!((preflight.status, preflight.header("access-control-max-age")), (200, Some("3600")));
    let widget = server.get("/widget.js").unwrap();
    assert_eq!(widget.header("cross-origin-resource-policy"), Some("cross-origin"));
}

#[test]
fn one_client_cannot_take_everything() {
    let site = site();
    let server = Server::start(&site, &["--rate-limit", "60", "--trusted-proxy", "127.0.0.1"]);
    let ask = |client: &str| server.send("GET", "/search?q=apples", &[("X-Forwarded-For", client)], "").unwrap();
    let replies: Vec<Reply> = (0..40).map(|_| ask("1.2.3.4")).collect();
    let refused = replies.iter().find(|r| r.status == 429).expect("a refusal");
    assert_eq!(refused.code(), "too_many_requests");
    assert!(refused.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
    assert_eq!(ask("5.6.7.8").status, 200, "others go on");
    assert_eq!(server.get("/health").unwrap().status, 200, "health is not counted");
}

#[test]
fn every_answer_carries_its_headers_and_its_name() {
    let site = site();
    let server = with_keys(&site);
    for path in ["/", "/search?q=apples", "/nothing", "/openapi.json"] {
        let reply = server.get(path).unwrap();
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert!(reply.header("content-security-policy").unwrap().starts_with("default-src 'self'"), "{path}");
        assert_eq!(reply.header("x-request-id").unwrap().len(), 36, "{path}");
    }
    let named = |id: &str| server.send("GET", "/health", &[("X-Request-Id", id)], "").unwrap();
    assert_eq!(named("from-the-proxy-1").header("x-request-id"), Some("from-the-proxy-1"));
    assert_ne!(named("<script>").header("x-request-id"), Some("<script>"));
}

#[test]
fn the_browser_keeps_what_has_not_changed() {
    let site = site();
    let server = Server::start(&site, &[]);
    let first = server.get("/widget.js").unwrap();
    let tag = first.header("etag").unwrap();
    let again = server.send("GET", "/widget.js", &[("If-None-Match", tag)], "").unwrap();
    assert_eq!((again.status, again.body.as_str()), (304, ""));
}
