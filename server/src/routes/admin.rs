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
    /// The generation that answers now.
    generation: String,
    /// Whether it is another one than before.
    changed: bool,
    /// Why the newest generation on disk was not taken up, if it was not.
    reload_error: Option<String>,
}

/// Takes up the newest generation at once, instead of within a quarter of a second.
#[utoipa::path(
    post,
    path = "/admin/reload",
    tag = "administration",
    responses(
        (status = 200, body = Reloaded, description = "The generation that answers now"),
        (status = 401, body = ErrorBody, description = "The admin key is needed"),
        (status = 403, body = ErrorBody, description = "Not the admin key, or there is none"),
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

/// Counts of queries, and of queries without results.
#[utoipa::path(
    get,
    path = "/admin/analytics",
    tag = "administration",
    responses(
        (status = 200, body = Report, description = "Sums and the most frequent queries"),
        (status = 401, body = ErrorBody, description = "The admin key is needed"),
        (status = 403, body = ErrorBody, description = "Not the admin key, or there is none"),
        (status = 404, body = ErrorBody, description = "Nothing is counted: the server was started without --analytics"),
    ),
    security(("key" = [])),
)]
pub(crate) async fn analytics(state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    match &state.analytics {
        Some(analytics) => Ok(HttpResponse::Ok().json(analytics.report())),
        None => Err(ApiError::not_counted()),
    }
}
