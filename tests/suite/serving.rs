//! The HTTP service: through the app without a socket, and through the program.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use actix_web::{App, http::StatusCode, test as web};
use cloze_server::{ServerConfig, State, app, configure};
use serde_json::Value;

use crate::{
    running::{Reply, Server},
    site::{Site, stderr},
};

fn site() -> Site {
    let site = Site::with(&[
        ("install.md", "# Installing\n\nUnpack the archive and run the set-up program.\n"),
        ("remove.md", "# Removing\n\nDelete the folder; nothing else is left behind.\n"),
    ]);
    site.build();
    site
}

/// Status and JSON of `GET path`.
async fn get(state: &State, path: &str) -> (StatusCode, Value) {
    let app = web::init_service(App::new().wrap(app::security_headers()).configure(configure(state.clone()))).await;
    let response = web::call_service(&app, web::TestRequest::get().uri(path).to_request()).await;
    let status = response.status();
    assert!(response.headers().contains_key("content-security-policy"), "{path}");
    let body = web::read_body(response).await;
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn state(site: &Site) -> State {
    State::new(site.engine(), &ServerConfig { max_in_flight: 8, ..ServerConfig::default() }).unwrap()
}

#[actix_web::test]
async fn a_search_is_answered() {
    let state = state(&site());
    let (status, answer) = get(&state, "/search?q=how+do+I+set+it+up&limit=1&explain=true").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer["hits"][0]["id"], "install.md");
    assert_eq!((&answer["generation"], &answer["degraded"]), (&"000001".into(), &Value::Null));
    assert!(answer["hits"][0]["explain"]["semantic"]["rank"].is_u64());
    assert_eq!(get(&state, "/health").await.1["status"], "ok");
    assert_eq!(get(&state, "/ready").await.1["pages"], 2);
}

#[actix_web::test]
async fn a_search_that_was_made_before_is_answered_alike() {
    let state = state(&site());
    let answer = async |path: &str| {
        let (status, mut answer) = get(&state, path).await;
        assert_eq!(status, StatusCode::OK);
        assert!(answer["took_ms"].take().as_f64().is_some_and(|ms| ms >= 0.0));
        answer
    };
    let first = answer("/search?q=set+it+up").await;
    assert_eq!(answer("/search?q=set+it+up").await, first);
    for other in [
        "min_score=0.99",
        "offset=1",
        "mode=keyword",
        "explain=true&semantic_weight=0.9",
        "explain=true",
        "highlight=none",
    ] {
        let path = format!("/search?q=set+it+up&{other}");
        assert_eq!(answer(&path).await, answer(&path).await);
        assert_ne!(answer(&path).await, first, "{other} asks for something else");
    }
}

#[actix_web::test]
async fn mistakes_get_typed_errors() {
    let state = state(&site());
    let long = format!("/search?q={}", "a".repeat(10_000));
    for (path, status, code) in [
        ("/search", 400, "query_missing"),
        ("/search?q=", 400, "query_empty"),
        ("/search?q=%00%07", 400, "query_empty"),
        (long.as_str(), 400, "query_too_long"),
        ("/search?q=%ED%A0%80", 400, "invalid_encoding"),
        ("/search?q=a&q=b", 400, "repeated_parameter"),
        ("/search?q=a&colour=red", 400, "unknown_parameter"),
        ("/search?q=a&limit=0", 400, "invalid_parameter"),
        ("/search?q=a&limit=ten", 400, "invalid_parameter"),
        ("/search?q=a&offset=999&limit=2", 400, "invalid_parameter"),
        ("/search?q=a&mode=magic", 400, "invalid_parameter"),
        ("/search?q=a&semantic_weight=2", 400, "invalid_parameter"),
        ("/search?q=a&explain=maybe", 400, "invalid_parameter"),
        ("/nothing/here", 404, "not_found"),
    ] {
        let (got, body) = get(&state, path).await;
        assert_eq!((got.as_u16(), body["error"]["code"].as_str()), (status, Some(code)), "{:.60}: {body}", path);
        assert!(!body["error"]["message"].as_str().unwrap().contains('/'), "no path of the machine: {body}");
    }
    assert_eq!(get(&state, &long).await.1["error"]["limit"], 2500);
}

#[actix_web::test]
async fn control_characters_and_odd_text_are_searched() {
    let state = state(&site());
    for query in ["a%00b", "%F0%9F%98%80", "%22%22%22", "a:b:c", "-", "%2B%2B%2B", "%E2%80%AE%D7%A9", "*%3F~%5E(("] {
        assert_eq!(get(&state, &format!("/search?q=x{query}")).await.0, StatusCode::OK, "{query}");
    }
}

#[actix_web::test]
async fn other_methods_are_refused() {
    let app = web::init_service(App::new().configure(configure(state(&site())))).await;
    let response = web::call_service(&app, web::TestRequest::post().uri("/search?q=a").to_request()).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers().get("allow").unwrap(), "GET, HEAD");
}

#[actix_web::test]
async fn the_page_needs_nothing_from_elsewhere() {
    let app = web::init_service(App::new().configure(configure(state(&site())))).await;
    for (path, kind) in [
        ("/", "text/html"),
        ("/page.css", "text/css"),
        ("/page.js", "text/javascript"),
        ("/widget.js", "text/javascript"),
        ("/docs", "text/html"),
        ("/docs.css", "text/css"),
        ("/docs.js", "text/javascript"),
    ] {
        let response = web::call_service(&app, web::TestRequest::get().uri(path).to_request()).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert!(response.headers().get("content-type").unwrap().to_str().unwrap().starts_with(kind));
        let text = String::from_utf8(web::read_body(response).await.to_vec()).unwrap();
        assert!(!text.contains("https://") && !text.contains("innerHTML") && !text.contains("style=\""), "{path}");
    }
}

/// A search that takes some milliseconds.
fn long_search() -> String {
    let words = "set up archive folder program ".repeat(17);
    format!("/search?q={}", words.trim_end().replace(' ', "+"))
}

#[test]
fn the_program_serves_and_ends_gracefully() {
    let site = site();
    let mut server = Server::start(&site, &["--site", "docs"]);
    assert_eq!(server.get("/search?q=delete").unwrap().json()["hits"][0]["id"], "remove.md");
    let source = server.get("/site/remove.md").unwrap();
    assert!(source.header("content-type").unwrap().starts_with("text/plain") && source.body.contains("# Removing"));
    assert_eq!(server.get("/site/../index/CURRENT").unwrap().status, 404, "nothing outside of the folder");
    // Requests in flight finish although the signal comes first.
    let begun: Vec<TcpStream> = (0..16)
        .map(|_| {
            let mut stream = TcpStream::connect(&server.address).unwrap();
            write!(stream, "GET {} HTTP/1.1\r\nHost: x\r\n\r\n", long_search()).unwrap();
            stream
        })
        .collect();
    std::thread::sleep(Duration::from_millis(30));
    let pid = server.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    for mut stream in begun {
        let mut answer = [0; 15];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200 OK");
    }
    assert!(server.child.wait().unwrap().success());
}

#[test]
fn a_port_in_use_is_named() {
    let site = site();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = site.run("server", &["--listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    let error = stderr(&output);
    assert!(error.contains(&format!("cannot listen on {address}; choose another address with --listen")), "{error}");
}

#[test]
fn a_server_without_an_index_says_what_to_do() {
    let site = Site::new();
    let error = stderr(&site.run("server", &[]));
    assert!(error.contains("there is no index in") && error.contains("indexer build"), "{error}");
}

#[test]
fn too_many_searches_at_once_are_refused_not_queued() {
    let site = site();
    std::fs::write(site.root().join("cloze.toml"), "[server]\nmax_in_flight = 1\n").unwrap();
    let server = Server::start(&site, &[]);
    let path = long_search();
    let replies: Vec<Reply> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| server.get(&path).unwrap())).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    let refused: Vec<&Reply> = replies.iter().filter(|r| r.status == 503).collect();
    assert!(!refused.is_empty() && refused.len() < 16, "{} of 16", refused.len());
    assert!(refused.iter().all(|r| r.code() == "busy" && r.header("retry-after") == Some("1")));
    assert_eq!(server.get("/search?q=x").unwrap().status, 200, "it recovers at once");
}

#[actix_web::test]
async fn filters_and_facets_are_parameters() {
    let site = Site::with(&[
        ("a.md", "---\nkind: guide\n---\n# Apples\n\nText.\n"),
        ("b.md", "---\nkind: blog\n---\n# Apples and pears\n\nText.\n"),
    ]);
    site.build();
    let state = state(&site);
    let (status, answer) = get(&state, "/search?q=apples&filter=kind:guide&facets=kind").await;
    assert_eq!((status, answer["hits"].as_array().unwrap().len()), (StatusCode::OK, 1));
    assert_eq!(answer["facets"]["kind"]["guide"], 1);
    let (_, both) = get(&state, "/search?q=apples&filter=kind:guide&filter=kind:blog").await;
    assert_eq!(both["hits"].as_array().unwrap().len(), 2, "OR within a key");
    assert_eq!(get(&state, "/search?q=apples&filter=kind").await.1["error"]["code"], "invalid_parameter");
}
