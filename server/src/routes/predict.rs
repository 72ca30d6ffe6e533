//! `POST /fill-mask` and `POST /score`: the masked-language model itself.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use cloze_query::{
    Engine, Error,
    predict::{self, FillAnswer, FillRequest, ScoreAnswer, ScoreRequest},
};

use super::run;
use crate::{
    State, body,
    error::{ApiError, ErrorBody},
};

/// Longest time for one text: every token of it may take a run of the model.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Fills the blanks of a text.
#[utoipa::path(
    post,
    path = "/fill-mask",
    tag = "model",
    request_body = FillRequest,
    responses(
        (status = 200, body = FillAnswer, description = "Predictions for every blank, and the most probable filled texts"),
        (status = 400, body = ErrorBody, description = "The text has no blank or too many blanks, the text is too long, or a target is not a word"),
        (status = 401, body = ErrorBody, description = "The request requires a key"),
        (status = 403, body = ErrorBody, description = "The key does not allow the request"),
        (status = 413, body = ErrorBody, description = "The body is too large"),
        (status = 415, body = ErrorBody, description = "The body is not JSON"),
        (status = 503, body = ErrorBody, description = "The server's model cannot predict masked tokens, or the server received too many requests at once"),
    ),
    security((), ("key" = [])),
)]
pub(crate) async fn fill(
    http: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> Result<HttpResponse, ApiError> {
    let request: FillRequest = body::json(&http, payload).await?;
    let engine = state.engine();
    let work = move || predict::fill_text(mask_model(&engine)?, &request).map_err(refused);
    Ok(HttpResponse::Ok().json(run(&state.embeddings.places, TIMEOUT, work).await?))
}

/// Returns the probability of a text, token by token.
#[utoipa::path(
    post,
    path = "/score",
    tag = "model",
    request_body = ScoreRequest,
    responses(
        (status = 200, body = ScoreAnswer, description = "The logarithm of every token's probability, and the sum"),
        (status = 400, body = ErrorBody, description = "The text is empty, or longer than the model's limit"),
        (status = 401, body = ErrorBody, description = "The request requires a key"),
        (status = 403, body = ErrorBody, description = "The key does not allow the request"),
        (status = 413, body = ErrorBody, description = "The body is too large"),
        (status = 415, body = ErrorBody, description = "The body is not JSON"),
        (status = 503, body = ErrorBody, description = "The server's model cannot predict masked tokens, or the server received too many requests at once"),
    ),
    security((), ("key" = [])),
)]
pub(crate) async fn score(
    http: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> Result<HttpResponse, ApiError> {
    let request: ScoreRequest = body::json(&http, payload).await?;
    let (engine, threads) = (state.engine(), state.embeddings.threads.clone());
    let work = move || {
        let model = mask_model(&engine)?;
        threads.install(|| predict::score_text(model, &request.text)).map_err(refused)
    };
    Ok(HttpResponse::Ok().json(run(&state.embeddings.places, TIMEOUT, work).await?))
}

fn mask_model(engine: &Engine) -> Result<&cloze_models::mask::MaskModel, ApiError> {
    engine.mask_model().ok_or_else(ApiError::no_mask_model)
}

/// Tells the client its own mistakes; logs ours.
fn refused(error: Error) -> ApiError {
    match &error {
        Error::Parameter { parameter, .. } => ApiError::parameter("invalid_parameter", parameter, error.to_string()),
        Error::Model(cloze_models::Error::BadText { .. }) => {
            ApiError::parameter("invalid_text", "text", error.to_string())
        }
        Error::Model(cloze_models::Error::BadTarget { .. }) => {
            ApiError::parameter("invalid_target", "targets", error.to_string())
        }
        _ => {
            tracing::error!(%error, "cannot predict the tokens of a text");
            ApiError::internal()
        }
    }
}
