//! `GET /suggest`.

use actix_web::{HttpRequest, HttpResponse, web};
use cloze_query::suggest::{DEFAULT_SUGGESTIONS, Suggestions};

use super::run;
use crate::{
    State,
    error::{ApiError, ErrorBody},
    params::Params,
};

/// Completes a partial query.
#[utoipa::path(
    get,
    path = "/suggest",
    tag = "search",
    params(
        ("q" = String, Query, min_length = 1, max_length = 512, description = "The partial query, 1 to 512 characters"),
        ("limit" = Option<usize>, Query, minimum = 1, maximum = 20, description = "Number of suggestions; 6 if absent"),
    ),
    responses(
        (status = 200, body = Suggestions, description = "Titles, headings and words, the most probable first"),
        (status = 400, body = ErrorBody, description = "A parameter is invalid"),
        (status = 401, body = ErrorBody, description = "The request requires a key"),
        (status = 403, body = ErrorBody, description = "The key does not allow the request"),
    ),
    security((), ("key" = [])),
)]
pub(crate) async fn get(http: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    let params = Params::parse(http.query_string(), &["q", "limit"])?;
    let q = params.query()?.to_owned();
    let limit = params.value("limit", "a whole number")?.unwrap_or(DEFAULT_SUGGESTIONS);
    let engine = state.engine();
    let suggestions = run(&state.in_flight, state.timeout, move || Ok(engine.suggest(&q, limit)?)).await?;
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-cache")).json(suggestions))
}
