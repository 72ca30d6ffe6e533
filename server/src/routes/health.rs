//! `GET /health`: the process lives. `GET /ready`: it can answer.

use actix_web::{HttpResponse, ResponseError, web};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    State,
    error::{ApiError, ErrorBody},
};

/// What answers.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Ready {
    /// `ready`.
    status: &'static str,
    /// The generation of the index that answers.
    generation: String,
    /// Pages in it.
    pages: u64,
    /// Passages in it.
    passages: u64,
    /// The model that it was made with.
    model: Option<String>,
    /// Why only words are answered, if that is so.
    degraded: Option<String>,
    /// Why the newest generation on disk was not taken up, if it was not.
    reload_error: Option<String>,
}

/// Whether the process lives.
#[utoipa::path(get, path = "/health", tag = "operation", responses((status = 200, description = "It does")))]
pub(crate) async fn health() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

/// Whether it can answer, and from what.
#[utoipa::path(get, path = "/ready", tag = "operation", responses(
    (status = 200, body = Ready, description = "It can"),
    (status = 503, body = ErrorBody, description = "The machines that hold the index do not answer"),
))]
pub(crate) async fn ready(state: web::Data<State>) -> HttpResponse {
    if state.is_unreachable() {
        return ApiError::unreachable().error_response();
    }
    let engine = state.engine();
    let manifest = engine.generation().manifest();
    HttpResponse::Ok().json(Ready {
        status: "ready",
        generation: manifest.generation.clone(),
        pages: manifest.counts.pages,
        passages: manifest.counts.passages,
        model: manifest.model["name"].as_str().map(str::to_owned),
        degraded: engine.degraded().map(str::to_owned),
        reload_error: state.reload_error(),
    })
}
