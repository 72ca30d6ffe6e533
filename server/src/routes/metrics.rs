//! `GET /metrics`.

use actix_web::{HttpResponse, web};

use crate::{
    State,
    error::{ApiError, ErrorBody},
};

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Figures for Prometheus: requests, latencies by route and phase, searches in flight, cache, index.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operation",
    responses(
        (status = 200, body = String, content_type = "application/openmetrics-text", description = "OpenMetrics text"),
        (status = 401, body = ErrorBody, description = "There is an admin key, and it is needed"),
        (status = 403, body = ErrorBody, description = "Not the admin key"),
    ),
    security((), ("key" = [])),
)]
pub(crate) async fn get(state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    let text = state.metrics.render(&state).map_err(|_| ApiError::internal())?;
    Ok(HttpResponse::Ok().content_type(OPENMETRICS).body(text))
}
