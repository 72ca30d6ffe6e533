//! `POST /v1/embeddings`: the vectors themselves, as OpenAI's clients ask for them.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use cloze_models::{Encoder, TextKind};
use rayon::{ThreadPool, prelude::*};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::run;
use crate::{
    State, body,
    error::{ApiError, ErrorBody},
};

/// Texts in one request.
const MOST_TEXTS: usize = 256;
/// Longest time for all of them.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Texts to encode.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
pub(crate) struct EmbeddingsRequest {
    /// One text, or a list of 1 to 256 texts.
    input: Input,
    /// Name of a model. The server always uses the index's model, whatever the name.
    #[schema(example = "all-MiniLM-L6-v2")]
    model: Option<String>,
    /// Format of the numbers.
    #[serde(default)]
    encoding_format: EncodingFormat,
    /// If present, must be the model's dimension.
    dimensions: Option<usize>,
    /// Whether the texts are passages or queries; some models treat them differently.
    #[serde(default)]
    input_type: InputType,
    /// Accepted and ignored.
    #[serde(rename = "user")]
    _user: Option<String>,
}

/// One text or several.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(untagged, expecting = "a text or a list of texts (token ids are not supported)")]
enum Input {
    /// One text.
    One(String),
    /// Several texts.
    Many(Vec<String>),
}

/// Format of the numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum EncodingFormat {
    /// As JSON numbers.
    #[default]
    Float,
    /// As base64 of little-endian 32-bit floats.
    Base64,
}

/// Role of the texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum InputType {
    /// Passages of documents.
    #[default]
    Passage,
    /// Queries.
    Query,
}

/// The vectors.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Embeddings {
    /// `list`.
    object: &'static str,
    /// One vector for each text, in the order of the texts.
    data: Vec<Embedding>,
    /// The model that made the vectors.
    model: String,
    /// Number of encoded tokens.
    usage: Usage,
}

/// One vector.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct Embedding {
    /// `embedding`.
    object: &'static str,
    /// Index of its text, from 0.
    index: usize,
    /// A unit vector.
    embedding: Numbers,
}

/// Numbers, or the numbers as base64.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
enum Numbers {
    /// JSON numbers.
    Float(Vec<f32>),
    /// Base64 of little-endian 32-bit floats.
    Base64(String),
}

/// Number of encoded tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
struct Usage {
    /// Tokens of all texts, including the model's special tokens.
    prompt_tokens: usize,
    /// The same number.
    total_tokens: usize,
}

/// Encodes texts as vectors.
#[utoipa::path(
    post,
    path = "/v1/embeddings",
    tag = "model",
    request_body = EmbeddingsRequest,
    responses(
        (status = 200, body = Embeddings, description = "A unit vector for each text"),
        (status = 400, body = ErrorBody, description = "The body is invalid, or a text is longer than the model's limit"),
        (status = 401, body = ErrorBody, description = "The request requires a key"),
        (status = 403, body = ErrorBody, description = "The key does not allow the request"),
        (status = 413, body = ErrorBody, description = "The body is too large"),
        (status = 415, body = ErrorBody, description = "The body is not JSON"),
        (status = 503, body = ErrorBody, description = "The server has no model, or received too many requests at once, or took too long; see Retry-After"),
    ),
    security((), ("key" = [])),
)]
pub(crate) async fn post(
    http: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> Result<HttpResponse, ApiError> {
    let request: EmbeddingsRequest = body::json(&http, payload).await?;
    let (engine, threads) = (state.engine(), state.embeddings.threads.clone());
    let answer = run(&state.embeddings.places, TIMEOUT, move || match engine.encoder() {
        Some(encoder) => embed(encoder, &threads, request),
        None => Err(ApiError::no_model()),
    });
    Ok(HttpResponse::Ok().json(answer.await?))
}

fn embed(encoder: &Encoder, threads: &ThreadPool, request: EmbeddingsRequest) -> Result<Embeddings, ApiError> {
    let texts = match request.input {
        Input::One(text) => vec![text],
        Input::Many(texts) => texts,
    };
    check(encoder, &texts, request.dimensions)?;
    let kind = match request.input_type {
        InputType::Passage => TextKind::Passage,
        InputType::Query => TextKind::Query,
    };
    let encode = || texts.par_iter().map(|text| encoder.encode(kind, text)).collect::<Result<Vec<_>, _>>();
    let encoded = threads.install(encode).map_err(|error| {
        tracing::error!(%error, "cannot encode the texts");
        ApiError::internal()
    })?;
    let limit = encoder.tokenizer().max_tokens();
    if let Some(index) = encoded.iter().position(|e| e.cut > 0) {
        let message = format!("input[{index}] is too long; the model's limit is {limit} tokens");
        return Err(ApiError::parameter("input_too_long", "input", message).with("limit", limit).with("index", index));
    }
    let prompt_tokens = encoded.iter().map(|e| e.tokens).sum();
    let number = |(index, vector): (usize, Vec<f32>)| {
        let embedding = match request.encoding_format {
            EncodingFormat::Float => Numbers::Float(vector),
            EncodingFormat::Base64 => Numbers::Base64(base64(&vector)),
        };
        Embedding { object: "embedding", index, embedding }
    };
    Ok(Embeddings {
        object: "list",
        data: encoded.into_iter().map(|e| e.vector).enumerate().map(number).collect(),
        model: encoder.record().name.clone(),
        usage: Usage { prompt_tokens, total_tokens: prompt_tokens },
    })
}

fn check(encoder: &Encoder, texts: &[String], dimensions: Option<usize>) -> Result<(), ApiError> {
    if texts.is_empty() || texts.len() > MOST_TEXTS {
        let message = format!("input has {} texts; expected 1 to {MOST_TEXTS}", texts.len());
        return Err(ApiError::parameter("invalid_parameter", "input", message).with("limit", MOST_TEXTS));
    }
    let dimension = encoder.record().dimension;
    match dimensions.filter(|d| *d != dimension) {
        None => Ok(()),
        Some(found) => {
            let message = format!("dimensions is {found}; expected {dimension}, the model's dimension");
            Err(ApiError::parameter("invalid_parameter", "dimensions", message))
        }
    }
}

fn base64(vector: &[f32]) -> String {
    BASE64_STANDARD.encode(vector.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>())
}
