//! `POST /fill-mask` and `POST /score`.

use actix_web::{App, http::StatusCode, test as web};
use cloze_server::{ServerConfig, State, configure};
use serde_json::{Value, json};

use crate::site::Site;

fn site() -> Site {
    let site = Site::with(&[("a.md", "# Cities\n\nBerlin is a city.\n")]);
    site.build();
    site
}

async fn post(site: &Site, path: &str, body: Value) -> (StatusCode, Value) {
    let state = State::new(site.engine(), &ServerConfig::default()).unwrap();
    let app = web::init_service(App::new().configure(configure(state))).await;
    let response = web::call_service(&app, web::TestRequest::post().uri(path).set_json(body).to_request()).await;
    let status = response.status();
    (status, web::read_body_json(response).await)
}

#[actix_web::test]
async fn blanks_are_filled_over_http() {
    let site = site();
    let body = json!({"text": "He was born in the [MASK] of Berlin.", "top_k": 3, "targets": ["city", "teapot"]});
    let (status, answer) = post(&site, "/fill-mask", body).await;
    assert_eq!(status, StatusCode::OK);
    let blank = &answer["blanks"][0];
    assert_eq!(blank["predictions"].as_array().unwrap().len(), 3);
    assert!(blank["targets"][0]["probability"].as_f64() > blank["targets"][1]["probability"].as_f64());
    assert_eq!(blank["targets"][1]["tokens"].as_array().unwrap().len(), 2);
    assert!(!answer["filled"][0]["text"].as_str().unwrap().contains("[MASK]"));
}

#[actix_web::test]
async fn texts_are_scored_over_http() {
    let site = site();
    let sum = async |text: &str| {
        post(&site, "/score", json!({"text": text})).await.1["pseudo_log_likelihood"].as_f64().unwrap()
    };
    assert!(sum("He lives in the city.").await > sum("He lives city in the.").await);
}

#[actix_web::test]
async fn what_cannot_be_predicted_is_the_clients_mistake() {
    let site = site();
    for (path, body, code) in [
        ("/fill-mask", json!({"text": "no blank"}), "invalid_text"),
        ("/fill-mask", json!({"text": "[MASK] ".repeat(200)}), "invalid_text"),
        ("/fill-mask", json!({"text": format!("[MASK] {}", "word ".repeat(1000))}), "invalid_text"),
        ("/fill-mask", json!({"text": "a [MASK]", "targets": ["two words"]}), "invalid_target"),
        ("/fill-mask", json!({"text": "a [MASK]", "top_k": 0}), "invalid_parameter"),
        ("/fill-mask", json!({"text": "a [MASK]", "topk": 1}), "invalid_body"),
        ("/fill-mask", json!({}), "invalid_body"),
        ("/score", json!({"text": ""}), "invalid_text"),
        ("/score", json!({"text": "word ".repeat(1000)}), "invalid_text"),
    ] {
        let (status, answer) = post(&site, path, body.clone()).await;
        assert_eq!((status, answer["error"]["code"].as_str().unwrap()), (StatusCode::BAD_REQUEST, code), "{body}");
    }
}
