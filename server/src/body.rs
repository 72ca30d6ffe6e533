//! Bodies of requests, read with a limit and a time.

use std::time::Duration;

use actix_web::{
    HttpMessage, HttpRequest,
    http::{StatusCode, header},
    rt::time::timeout,
    web,
};
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// Longest body that is read, in bytes: 256 texts of a few thousand characters.
pub(crate) const MAX_BODY: usize = 1 << 20;
/// Longest report of a click.
pub(crate) const MAX_CLICK: usize = 40 << 10;
/// Longest time for a body to arrive.
const LONGEST: Duration = Duration::from_secs(20);

/// Reads a body of at most `limit` bytes; a client that sends it too slowly is told so and let go.
pub(crate) async fn bytes(http: &HttpRequest, payload: web::Payload, limit: usize) -> Result<web::Bytes, ApiError> {
    let too_large = || {
        let message = format!("the body has more than {limit} bytes");
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message).with("limit", limit)
    };
    let announced = http.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    match timeout(LONGEST, payload.to_bytes_limited(limit)).await {
        Ok(Ok(Ok(bytes))) => Ok(bytes),
        Ok(Ok(Err(error))) => Err(ApiError::body(error.to_string())),
        Ok(Err(_)) => Err(too_large()),
        Err(_) => Err(ApiError::too_slow()),
    }
}

/// Reads a body that must be JSON and say so.
pub(crate) async fn json<T: DeserializeOwned>(http: &HttpRequest, payload: web::Payload) -> Result<T, ApiError> {
    if http.content_type() != "application/json" {
        let message = "the body must be JSON, with the content type application/json";
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message));
    }
    parse(&bytes(http, payload, MAX_BODY).await?)
}

/// Reads JSON.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(bytes).map_err(|error| ApiError::body(error.to_string()))
}
