//! `/admin/…`: what only the owner may do and see.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::run;
use crate::{
    State,
    analytics::Report,
    error::{ApiError, ErrorBody},
};

/// The outcome of a reload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Reloaded {
    /// The generation that the server uses now.
    generation: String,
    /// Whether the generation changed.
    changed: bool,
    /// The reason why the server could not open the newest generation; null if it could.
    reload_error: Option<String>,
}

/// Switches to the newest generation at once, instead of within a quarter of a second.
#[utoipa::path(
    post,
    path = "/admin/reload",
    tag = "administration",
    responses(
        (status = 200, body = Reloaded, description = "The generation that the server uses now"),
        (status = 401, body = ErrorBody, description = "The request requires the admin key"),
        (status = 403, body = ErrorBody, description = "The key is not the admin key, or the server has no admin key"),
    ),
    security(("key" = [])),
)]
pub(crate) async fn reload(state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    let name = |state: &State| state.engine().generation().manifest().generation.clone();
    let before = name(&state);
    let shared = state.clone();
    run(&state.reloads, state.timeout, move || {
        shared.reload();
        Ok(())
    })
    .await?;
    let generation = name(&state);
    let changed = generation != before;
    Ok(HttpResponse::Ok().json(Reloaded { generation, changed, reload_error: state.reload_error() }))
}

/// Returns counts of queries, and of queries without results.
#[utoipa::path(
    get,
    path = "/admin/analytics",
    tag = "administration",
    responses(
        (status = 200, body = Report, description = "Totals and the most frequent queries"),
        (status = 401, body = ErrorBody, description = "The request requires the admin key"),
        (status = 403, body = ErrorBody, description = "The key is not the admin key, or the server has no admin key"),
        (status = 404, body = ErrorBody, description = "The server runs without --analytics"),
    ),
    security(("key" = [])),
)]
pub(crate) async fn analytics(state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    match &state.analytics {
        Some(analytics) => Ok(HttpResponse::Ok().json(analytics.report())),
        None => Err(ApiError::not_counted()),
    }
}
