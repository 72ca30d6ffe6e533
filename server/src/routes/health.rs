//! `GET /health`: the process lives. `GET /ready`: it can answer.

use actix_web::{HttpResponse, web};
use serde_json::json;

use crate::State;

pub(crate) async fn health() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

pub(crate) async fn ready(state: web::Data<State>) -> HttpResponse {
    let engine = state.engine();
    let manifest = engine.generation().manifest();
    HttpResponse::Ok().json(json!({
        "status": "ready",
        "generation": manifest.generation,
        "pages": manifest.counts.pages,
        "passages": manifest.counts.passages,
        "model": manifest.model["name"],
        "degraded": engine.degraded(),
        "reload_error": state.reload_error(),
    }))
}
