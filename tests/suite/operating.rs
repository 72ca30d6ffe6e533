//! What whoever runs a server sees: figures, analytics, reload, logs, the interface's description.

use std::{fs, process::Stdio};

use serde_json::Value;

use crate::{running::Server, site::Site};

const ADMIN: &str = "admin-key-0123456789";

fn site() -> Site {
    let site = Site::with(&[("a.md", "# Apples\n\nApples keep for months.\n"), ("b.md", "# Pears\n\nPears do not.\n")]);
    site.build();
    site
}

fn start(site: &Site, args: &[&str]) -> Server {
    let mut command = site.command("server", args);
    command.env("CLOZE_ADMIN_KEY", ADMIN);
    Server::of(command)
}

fn admin(server: &Server, method: &str, path: &str) -> crate::running::Reply {
    server.send(method, path, &[("Authorization", &format!("Bearer {ADMIN}"))], "").unwrap()
}

/// The value of a line of figures.
fn figure(text: &str, line: &str) -> f64 {
    let found = text.lines().find(|l| l.starts_with(line)).unwrap_or_else(|| panic!("no {line} in {text}"));
    found.rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
fn figures_count_what_happened() {
    let site = site();
    let server = start(&site, &[]);
    let searches =
        ["/search?q=apples", "/search?q=apples&limit=5", "/search?q=apples", "/search?q=", "/search?q=zzqxv"];
    for path in searches.into_iter().chain(["/suggest?q=a", "/nothing"]) {
        server.get(path).unwrap();
    }
    let reply = admin(&server, "GET", "/metrics");
    assert!(reply.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    let text = &reply.body;
    assert!(text.ends_with("# EOF\n"));
    assert_eq!(figure(text, "cloze_requests_total{route=\"/search\",status=\"200\"}"), 4.0);
    assert_eq!(figure(text, "cloze_requests_total{route=\"/search\",status=\"400\"}"), 1.0);
    assert_eq!(figure(text, "cloze_requests_total{route=\"other\",status=\"404\"}"), 1.0, "no made-up routes");
    assert_eq!(figure(text, "cloze_searches_without_match_total"), 1.0);
    assert_eq!(figure(text, "cloze_vector_cache_hits_total"), 1.0, "apples with another limit");
    assert_eq!(figure(text, "cloze_answer_cache_hits_total"), 1.0, "the same search again");
    assert_eq!(figure(text, "cloze_answer_cache_misses_total"), 3.0);
    assert_eq!(figure(text, "cloze_pages"), 2.0);
    for phase in ["encode", "semantic", "lexical", "fuse", "present"] {
        let line = format!("cloze_search_phase_duration_seconds_count{{phase=\"{phase}\"}}");
        assert_eq!(figure(text, &line), 3.0, "{phase}");
    }
    assert!(text.contains("generation=\"000001\"") && text.contains("model=\"all-MiniLM-L6-v2\""));
}

#[test]
fn analytics_outlive_the_server() {
    let site = site();
    let state = site.root().join("state");
    let args = ["--analytics", "--state-dir", state.to_str().unwrap()];
    let mut server = start(&site, &args);
    for path in [
        "/search?q=Apples",
        "/search?q=apples",
        "/search?q=app&prefix=true",
        "/search?q=apples&offset=10",
        "/search?q=pears&count=false",
        "/search?q=zzqxv&prefix=true&count=true",
    ] {
        assert_eq!(server.get(path).unwrap().status, 200, "{path}");
    }
    let click = r#"{"query": "apples", "url": "/a", "position": 1}"#;
    assert_eq!(server.send("POST", "/click", &[("Content-Type", "text/plain")], click).unwrap().status, 204);
    assert_eq!(server.send("POST", "/click", &[], "{}").unwrap().code(), "invalid_body");
    assert_eq!(server.get("/search?q=a&count=maybe").unwrap().code(), "invalid_parameter");
    assert!(server.end());
    let server = start(&site, &args);
    let report = admin(&server, "GET", "/admin/analytics").json();
    assert_eq!((&report["searches"], &report["without_match"], &report["clicks"]), (&3.into(), &1.into(), &1.into()));
    let top = &report["top_queries"][0];
    assert_eq!((&top["query"], &top["searches"], &top["clicks"]), (&"apples".into(), &2.into(), &1.into()), "{report}");
    assert_eq!(report["top_without_match"][0]["query"], "zzqxv");
    assert_eq!(report["click_through"], 1.0 / 3.0);
    (0..9).for_each(|_| drop(server.send("POST", "/click", &[], click).unwrap()));
    assert_eq!(admin(&server, "GET", "/admin/analytics").json()["click_through"], 1.0, "never more");
    let kept = fs::read_to_string(state.join("analytics.json")).unwrap();
    assert!(!kept.contains("127.0.0.1"), "no addresses: {kept}");
}

#[test]
fn nothing_is_counted_unless_asked_for() {
    let site = site();
    let server = start(&site, &[]);
    assert_eq!(admin(&server, "GET", "/admin/analytics").code(), "analytics_off");
    assert_eq!(server.send("POST", "/click", &[], r#"{"query": "x"}"#).unwrap().status, 204);
}

#[test]
fn a_reload_can_be_asked_for() {
    let site = site();
    let server = start(&site, &[]);
    site.write("c.md", "# Cherries\n\nCherries are red.\n");
    site.build();
    let reloaded = admin(&server, "POST", "/admin/reload").json();
    assert_eq!((&reloaded["generation"], &reloaded["reload_error"]), (&"000002".into(), &Value::Null), "{reloaded}");
    assert_eq!(server.get("/search?q=cherries").unwrap().json()["generation"], "000002");
}

#[test]
fn the_log_can_be_read_by_programs_and_tells_no_secrets() {
    let site = site();
    let log = site.root().join("log");
    let mut command = site.command("server", &["--log-format", "json"]);
    command.stderr(Stdio::from(fs::File::create(&log).unwrap()));
    let mut server = Server::with_log(command);
    server.get("/search?q=a+secret+question").unwrap();
    assert!(server.end());
    let log = fs::read_to_string(&log).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let access = lines.iter().find(|l| l["route"] == "/search").unwrap_or_else(|| panic!("{log}"));
    assert_eq!((&access["status"], &access["method"]), (&200.into(), &"GET".into()));
    assert_eq!(access["request_id"].as_str().unwrap().len(), 36);
    assert!(!log.contains("secret") && !access.to_string().contains("127.0.0.1"), "no query, no address: {log}");
}

#[test]
fn what_went_wrong_is_logged_with_the_name_of_its_request() {
    let site = site();
    fs::write(site.root().join("cloze.toml"), "[server]\ntimeout_ms = 0\n").unwrap();
    let server = start(&site, &["--log-format", "json"]);
    let words = "apples pears keep months ".repeat(20);
    let path = format!("/search?q={}", words.trim_end().replace(' ', "+"));
    let reply = server.send("GET", &path, &[("X-Request-Id", "from-the-proxy-7")], "").unwrap();
    assert_eq!((reply.status, reply.code().as_str()), (503, "timeout"));
    let log = server.log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let line = lines.iter().find(|line| line["level"] == "WARN").unwrap_or_else(|| panic!("{log}"));
    assert_eq!(line["span"]["request_id"], "from-the-proxy-7", "{line}");
    assert!(!log.contains("apples"), "not even then the query: {log}");
}

#[test]
fn the_interface_describes_itself() {
    let site = site();
    let server = start(&site, &[]);
    let description = server.get("/openapi.json").unwrap().json();
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1"), "{}", description["openapi"]);
    let paths = description["paths"].as_object().unwrap();
    for path in [
        "/search",
        "/suggest",
        "/click",
        "/v1/embeddings",
        "/health",
        "/ready",
        "/metrics",
        "/admin/reload",
        "/admin/analytics",
    ] {
        assert!(paths.contains_key(path), "{path}");
    }
    let statuses = |path: &str, method: &str| {
        let responses = paths[path][method]["responses"].as_object().unwrap();
        responses.keys().map(|status| status.parse().unwrap()).collect::<Vec<u16>>()
    };
    assert_eq!(statuses("/search", "get"), [200, 400, 401, 403, 429, 431, 500, 503]);
    assert_eq!(statuses("/click", "post"), [204, 400, 408, 413, 429, 431, 500]);
    assert_eq!(statuses("/v1/embeddings", "post"), [200, 400, 401, 403, 408, 413, 415, 429, 431, 500, 503]);
    assert_eq!(statuses("/admin/reload", "post"), [200, 401, 403, 429, 431, 500, 503]);
    assert_eq!(statuses("/admin/analytics", "get"), [200, 401, 403, 404, 429, 431, 500]);
    assert_eq!(statuses("/metrics", "get"), [200, 401, 403, 431, 500]);
    let schemas = description["components"]["schemas"].as_object().unwrap();
    for name in ["Answer", "Hit", "Snippet", "Suggestions", "Embeddings", "ErrorBody"] {
        assert!(schemas.contains_key(name), "{name}");
    }
    assert!(description["components"]["securitySchemes"]["key"]["scheme"] == "bearer");
    let parameters = paths["/search"]["get"]["parameters"].as_array().unwrap();
    assert!(parameters.iter().all(|p| p["required"] == (p["name"] == "q")), "{parameters:?}");
}
