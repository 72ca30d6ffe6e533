//! A public server: keys, origins, rates, and the secrets it keeps.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
};

use flate2::read::GzDecoder;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};

use crate::{
    running::{Reply, Server},
    site::Site,
    support::fixture,
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
    assert!(error.contains("CLOZE_SEARCH_KEY has 5 characters; expected at least 16"), "{error}");
    for (args, part) in [
        (&["--cors-origin", "docs.example.org"][..], "expected * or scheme://host[:port]"),
        (&["--cors-origin", "https://docs.example.org/path"][..], "expected * or scheme://host[:port]"),
        (&["--trusted-proxy", "proxy"][..], "invalid trusted proxy \"proxy\"; expected an IP address or a network"),
        (&["--tls-certificate", "a.pem"][..], "--tls-key"),
        (&["--tls-certificate", "a.pem", "--tls-key", "b.pem"][..], "cannot read the PEM file a.pem"),
        (&["--analytics", "--state-dir", "docs/a.md"][..], "cannot start threads or use the state directory"),
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
fn what_a_client_makes_up_does_not_give_it_another_address() {
    let site = site();
    let server =
        Server::start(&site, &["--rate-limit", "60", "--trusted-proxy", "127.0.0.1", "--trusted-proxy", "10.0.0.0/8"]);
    // The proxy appends the address of its caller to the client's own header.
    let ask = |i: usize| {
        let forwarded = format!("9.9.{}.{}, 1.2.3.4, 10.0.0.7", i / 250, i % 250);
        server.send("GET", "/search?q=apples", &[("X-Forwarded-For", &forwarded)], "").unwrap().status
    };
    assert!((0..40).map(ask).any(|status| status == 429), "all of them are 1.2.3.4");
    let server = Server::start(&site, &["--rate-limit", "60"]);
    let ask = |i: usize| {
        let forwarded = format!("9.9.9.{i}");
        server.send("GET", "/search?q=apples", &[("X-Forwarded-For", &forwarded)], "").unwrap().status
    };
    assert!((0..40).map(ask).any(|status| status == 429), "without a trusted proxy the header counts for nothing");
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
fn refusals_carry_them_too_and_pages_of_listed_origins_can_read_them() {
    const ORIGIN: &str = "https://docs.example.org";
    let site = site();
    let mut command = site.command("server", &["--cors-origin", ORIGIN, "--rate-limit", "60"]);
    let server = Server::of({
        command.env("CLOZE_SEARCH_KEY", SEARCH);
        command
    });
    let large = format!(r#"{{"query": "{}"}}"#, "x".repeat(50_000));
    let long = "x".repeat(40_000);
    let with_key = format!("Bearer {SEARCH}");
    let key = ("Authorization", with_key.as_str());
    let json = ("Content-Type", "application/json");
    for (method, path, headers, body, status, code) in [
        ("GET", "/search?q=apples", &[][..], "", 401, "key_missing"),
        ("GET", "/search", &[key][..], "", 400, "query_missing"),
        ("GET", "/admin/reload", &[][..], "", 403, "admin_disabled"),
        ("GET", "/nothing", &[][..], "", 404, "not_found"),
        ("PUT", "/search", &[key][..], "", 405, "method_not_allowed"),
        ("POST", "/click", &[][..], large.as_str(), 413, "body_too_large"),
        ("POST", "/v1/embeddings", &[key][..], "{}", 415, "unsupported_media_type"),
        ("POST", "/v1/embeddings", &[key, json][..], "{", 400, "invalid_body"),
        ("GET", "/health", &[("X-Long", long.as_str())][..], "", 431, "head_too_large"),
    ] {
        let reply = server.send(method, path, &[headers, &[("Origin", ORIGIN)]].concat(), body).unwrap();
        assert_eq!((reply.status, reply.code().as_str()), (status, code), "{method} {path}: {}", reply.body);
        assert_carried(&reply, path);
        assert_eq!(reply.header("access-control-allow-origin"), Some(ORIGIN), "{method} {path}");
    }
    let refused = (0..40).map(|_| server.send("GET", "/search?q=x", &[("Origin", ORIGIN)], "").unwrap());
    let refused = refused.into_iter().find(|reply| reply.status == 429).expect("a refusal");
    assert_carried(&refused, "429");
    assert_eq!(refused.header("access-control-allow-origin"), Some(ORIGIN));
    // A preflight that is refused by the layer of CORS itself.
    let other = [("Origin", "https://evil.example.org"), ("Access-Control-Request-Method", "GET")];
    let preflight = server.send("OPTIONS", "/search", &other, "").unwrap();
    assert!(preflight.status == 400 && preflight.header("access-control-allow-origin").is_none(), "{}", preflight.head);
    assert_carried(&preflight, "preflight");
}

fn assert_carried(reply: &Reply, what: &str) {
    assert_eq!(reply.header("x-request-id").map(str::len), Some(36), "{what}: {}", reply.head);
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{what}");
    assert_eq!(reply.header("x-frame-options"), Some("DENY"), "{what}");
    assert!(reply.header("content-security-policy").unwrap().starts_with("default-src 'self'"), "{what}");
}

/// The server refuses bytes that are not HTTP, and oversized requests, before any handler sees them.
#[test]
fn heads_are_bounded() {
    let server = Server::start(&site(), &[]);
    let many: String = (0..120).map(|i| format!("X-{i}: x\r\n")).collect();
    let huge = format!("X: {}\r\n", "x".repeat(200_000));
    for headers in [many, huge] {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        // It hangs up as soon as it has seen enough.
        write!(stream, "GET /health HTTP/1.1\r\nHost: x\r\n{headers}\r\n").ok();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok();
        let reply = Reply::read(&answer);
        assert!([0, 431].contains(&reply.status), "{}", reply.head);
    }
    assert_eq!(server.get("/health").unwrap().status, 200);
}

#[test]
fn no_answer_tells_where_things_are() {
    let site = site();
    std::fs::create_dir(site.root().join("state")).unwrap();
    let mut command = site.command("server", &["--site", "docs", "--analytics", "--state-dir", "state"]);
    let server = Server::of({
        command.env("CLOZE_ADMIN_KEY", ADMIN);
        command
    });
    let current = site.index().join("CURRENT");
    for damage in ["000009 nothing\n", "../../etc/passwd x\n", "rubbish", ""] {
        std::fs::write(&current, damage).unwrap();
        let ready = server.wait_until("the error", |ready| ready["reload_error"].is_string());
        let error = ready["reload_error"].as_str().unwrap();
        assert!(error.ends_with("the log shows the reason") && !error.contains(['/', '\\']), "{error}");
        for path in [
            "/ready",
            "/health",
            "/",
            "/docs",
            "/openapi.json",
            "/nothing",
            "/site/",
            "/site/nothing",
            "/site/..%2f..%2fetc",
            "/site/a.md/b",
            "/site/%00",
            "/search?q=apples&explain=true",
            "/search?q=%ff",
            "/suggest?q=",
            "/%2e%2e/%2e%2e/etc/passwd",
        ] {
            assert_secret(&site, &server.get(path).unwrap(), path);
        }
        for path in ["/metrics", "/admin/analytics", "/admin/nothing"] {
            assert_secret(&site, &get(&server, path, ADMIN), path);
        }
        let key = format!("Bearer {ADMIN}");
        let reloaded = server.send("POST", "/admin/reload", &[("Authorization", &key)], "").unwrap();
        assert!(reloaded.json()["reload_error"].is_string(), "{}", reloaded.body);
        assert_secret(&site, &reloaded, "/admin/reload");
    }
    assert!(server.log().contains(site.index().to_str().unwrap()), "the log does: {}", server.log());
}

/// Nothing of the machine's folders in an answer.
fn assert_secret(site: &Site, reply: &Reply, path: &str) {
    let home = std::env::var("HOME").unwrap_or_else(|_| "/root".into());
    for secret in [site.root().to_str().unwrap(), home.as_str(), env!("CARGO_MANIFEST_DIR"), "generations/", "os error"]
    {
        let text = format!("{}\n{}", reply.head, reply.body);
        assert!(!text.contains(secret), "{path} tells {secret}: {text}");
    }
}

#[test]
fn the_widget_is_sent_in_14_kilobytes() {
    let server = Server::start(&site(), &[]);
    let plain = server.get("/widget.js").unwrap();
    let encoding = |reply: &Reply| reply.header("content-encoding").map(str::to_owned);
    assert!(encoding(&plain).is_none() && plain.header("vary").unwrap().contains("Accept-Encoding"));
    let packed = server.send("GET", "/widget.js", &[("Accept-Encoding", "br, gzip;q=0.8")], "").unwrap();
    assert!(encoding(&packed).as_deref() == Some("gzip") && packed.header("vary").unwrap().contains("Accept-Encoding"));
    assert!(packed.bytes.len() <= 14 << 10, "{} bytes", packed.bytes.len());
    let mut text = String::new();
    GzDecoder::new(packed.bytes.as_slice()).read_to_string(&mut text).unwrap();
    assert!(text == plain.body && text.contains("customElements.define"));
    let refused = server.send("GET", "/widget.js", &[("Accept-Encoding", "gzip;q=0")], "").unwrap();
    assert_eq!(encoding(&refused), None);
}

#[test]
fn https_is_spoken_with_a_certificate() {
    let site = site();
    let (certificate, key) = (fixture("tls/certificate.pem"), fixture("tls/key.pem"));
    let args = ["--tls-certificate", certificate.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let server = Server::start(&site, &args);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&certificate).unwrap()).unwrap();
    let client = Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth());
    let name = ServerName::try_from("localhost").unwrap();
    let socket = TcpStream::connect(&server.address).unwrap();
    let mut stream = StreamOwned::new(ClientConnection::new(client, name).unwrap(), socket);
    write!(stream, "GET /search?q=apples HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let reply = Reply::read(&answer);
    assert_eq!(reply.status, 200, "{}", reply.head);
    assert!(reply.body.contains("\"title\":\"Apples\""), "{}", reply.body);
    assert!(stream.conn.protocol_version().is_some_and(|version| version == rustls::ProtocolVersion::TLSv1_3));
    assert_ne!(server.get("/health").map_or(0, |reply| reply.status), 200, "no plain HTTP on that port");
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
