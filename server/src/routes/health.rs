//! `GET /health`: the process lives. `GET /ready`: it can answer.

use actix_web::{HttpResponse, ResponseError, web};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    State,
    error::{ApiError, ErrorBody},
};

/// The state of the server.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Ready {
    /// `ready`.
    status: &'static str,
    /// The generation that the server uses.
    generation: String,
    /// Number of pages in the index.
    pages: u64,
    /// Number of passages in the index.
    passages: u64,
    /// The model of the index.
    model: Option<String>,
    /// The reason why the server searches by words alone; null if it does not.
    degraded: Option<String>,
    /// The reason why the server could not open the newest generation; null if it could.
    reload_error: Option<String>,
}

/// Answers while the process runs.
#[utoipa::path(get, path = "/health", tag = "operation", responses((status = 200, description = "The process runs")))]
pub(crate) async fn health() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

/// Answers when the server can search, and describes its index.
#[utoipa::path(get, path = "/ready", tag = "operation", responses(
    (status = 200, body = Ready, description = "The server can search"),
    (status = 503, body = ErrorBody, description = "The machines with the index do not answer, or the server ends"),
))]
pub(crate) async fn ready(state: web::Data<State>) -> HttpResponse {
    if state.is_ending() {
        return ApiError::ending().error_response();
    }
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
