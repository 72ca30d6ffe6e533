//! `GET /metrics`.

use actix_web::{HttpResponse, web};

use crate::{
    State,
    error::{ApiError, ErrorBody},
};

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Returns metrics for Prometheus: requests, latencies by route and phase, searches in flight, caches, index.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operation",
    responses(
        (status = 200, body = String, content_type = "application/openmetrics-text", description = "Metrics in the OpenMetrics text format"),
        (status = 401, body = ErrorBody, description = "The server has an admin key, and the request requires it"),
        (status = 403, body = ErrorBody, description = "The key is not the admin key"),
    ),
    security((), ("key" = [])),
)]
pub(crate) async fn get(state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    let text = state.metrics.render(&state).map_err(|_| ApiError::internal())?;
    Ok(HttpResponse::Ok().content_type(OPENMETRICS).body(text))
}
