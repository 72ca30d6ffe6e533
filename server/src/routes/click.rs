//! `POST /click`: a result was opened. The widget reports it where the page's owner wants that.

use actix_web::{HttpRequest, HttpResponse, web};
use cloze_query::Request;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    State, body,
    error::{ApiError, ErrorBody},
};

/// An opened result.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
pub(crate) struct Click {
    /// The query.
    #[schema(min_length = 1, max_length = 2500)]
    query: String,
    /// The opened address; not stored.
    #[serde(rename = "url")]
    _url: Option<String>,
    /// Its position in the list, from 1; not stored.
    #[serde(rename = "position")]
    _position: Option<u32>,
}

/// Counts an opened result, if the server runs with `--analytics`.
#[utoipa::path(
    post,
    path = "/click",
    tag = "search",
    request_body(content = Click, content_type = "text/plain", description = "JSON, sent as plain text so that a beacon needs no CORS preflight"),
    responses(
        (status = 204, description = "The server accepted the report; it counts the result if it runs with --analytics"),
        (status = 400, body = ErrorBody, description = "The body is not the expected JSON object, or the query is empty or too long"),
        (status = 413, body = ErrorBody, description = "The body is too large"),
    ),
)]
pub(crate) async fn post(
    http: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> Result<HttpResponse, ApiError> {
    let click: Click = body::parse(&body::bytes(&http, payload, body::MAX_CLICK).await?)?;
    let request = Request::new(&click.query)?;
    if let Some(analytics) = &state.analytics {
        analytics.click(request.query());
    }
    Ok(HttpResponse::NoContent().finish())
}
