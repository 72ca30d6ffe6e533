//! `POST /v1/embeddings`, as OpenAI's clients ask.

use cloze_models::{Precision, TextKind};

use crate::{
    running::{Reply, Server},
    site::Site,
    support::{cosine, open_default},
};

fn server() -> (Site, Server) {
    let site = Site::with(&[("a.md", "# A\n\nText.\n")]);
    site.build();
    let server = Server::start(&site, &[]);
    (site, server)
}

fn post(server: &Server, body: &str) -> Reply {
    server.send("POST", "/v1/embeddings", &[("Content-Type", "application/json")], body).unwrap()
}

fn floats(value: &serde_json::Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect()
}

#[test]
fn vectors_are_those_of_the_encoder_in_either_format() {
    let (_site, server) = server();
    let encoder = open_default(Precision::Int8);
    let reply = post(&server, r#"{"input": ["one text", "another"], "model": "any"}"#).json();
    assert_eq!((&reply["object"], &reply["data"][1]["index"]), (&"list".into(), &1.into()), "{reply}");
    for (i, text) in ["one text", "another"].into_iter().enumerate() {
        let expected = encoder.encode(TextKind::Passage, text).unwrap();
        let got = floats(&reply["data"][i]["embedding"]);
        assert!(cosine(&got, &expected.vector) > 0.999_999, "{text}");
    }
    let tokens = encoder.encode(TextKind::Passage, "one text").unwrap().tokens
        + encoder.encode(TextKind::Passage, "another").unwrap().tokens;
    assert_eq!(reply["usage"]["prompt_tokens"], tokens);

    let packed = post(&server, r#"{"input": "one text", "encoding_format": "base64"}"#).json();
    let packed = packed["data"][0]["embedding"].as_str().unwrap().to_owned();
    assert_eq!(packed.len(), 384 * 4 / 3 * 4);
    assert_eq!(&packed[..5], &base64_of_first(&floats(&reply["data"][0]["embedding"]))[..5]);
}

/// Base64 of the first three bytes of a vector's first two numbers.
fn base64_of_first(vector: &[f32]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bytes: Vec<u8> = vector[..3].iter().flat_map(|v| v.to_le_bytes()).collect();
    let group = |b: &[u8]| u32::from(b[0]) << 16 | u32::from(b[1]) << 8 | u32::from(b[2]);
    let digits = |g: u32| [18, 12, 6, 0].map(|shift| DIGITS[(g >> shift & 63) as usize] as char);
    bytes.chunks_exact(3).flat_map(|b| digits(group(b))).collect()
}

#[test]
fn what_cannot_be_encoded_is_named() {
    let (_site, server) = server();
    let long = format!(r#"{{"input": ["short", "{}"]}}"#, "word ".repeat(600));
    let many = format!(r#"{{"input": [{}"x"]}}"#, r#""x","#.repeat(256));
    let huge = format!(r#"{{"input": "{}"}}"#, "x".repeat(2 << 20));
    for (body, status, code) in [
        ("", 400, "invalid_body"),
        ("{", 400, "invalid_body"),
        (r#"{"model": "x"}"#, 400, "invalid_body"),
        (r#"{"input": [1, 2]}"#, 400, "invalid_body"),
        (r#"{"input": "x", "encoding_format": "int8"}"#, 400, "invalid_body"),
        (r#"{"input": []}"#, 400, "invalid_parameter"),
        (r#"{"input": "x", "dimensions": 7}"#, 400, "invalid_parameter"),
        (&long, 400, "input_too_long"),
        (&many, 400, "invalid_parameter"),
        (&huge, 413, "body_too_large"),
    ] {
        let reply = post(&server, body);
        assert_eq!((reply.status, reply.code().as_str()), (status, code), "{body:.60} {}", reply.body);
    }
    let plain = server.send("POST", "/v1/embeddings", &[("Content-Type", "text/plain")], "{}").unwrap();
    assert_eq!((plain.status, plain.code().as_str()), (415, "unsupported_media_type"));
    assert_eq!(post(&server, r#"{"input": ""}"#).status, 200, "an empty text has a vector");
    assert_eq!(server.get("/v1/embeddings").unwrap().status, 405);
}

#[test]
fn they_do_not_take_the_places_of_searches() {
    let site = Site::with(&[("a.md", "# A\n\nText.\n")]);
    site.build();
    std::fs::write(site.root().join("cloze.toml"), "[server]\nmax_in_flight = 1\n").unwrap();
    let server = Server::start(&site, &[]);
    let text = format!("\"{}\"", "word ".repeat(150));
    let body = format!(r#"{{"input": [{}]}}"#, vec![text; 48].join(","));
    let replies: Vec<Reply> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| post(&server, &body))).collect();
        while threads.iter().any(|thread| !thread.is_finished()) {
            assert_eq!(server.get("/search?q=text").unwrap().status, 200, "with a single place for searches");
        }
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let refused: Vec<&Reply> = replies.iter().filter(|reply| reply.status == 503).collect();
    assert!(!refused.is_empty() && refused.len() <= 4, "four places of their own; {} of 8 refused", refused.len());
    assert!(refused.iter().all(|reply| reply.code() == "busy" && reply.header("retry-after") == Some("1")));
}
