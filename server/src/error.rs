//! Errors as clients see them.
//!
//! `{"error": {"code": "...", "message": "...", "parameter": ..., "limit": ...}}`: the code is
//! stable, the message is for people. Nothing of the machine's inside is ever told.

use std::time::Duration;

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// When a client that was turned away should come back.
const SOON: Duration = Duration::from_secs(1);

/// An answer that is an error.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    details: Vec<(&'static str, Value)>,
    retry_after: Option<Duration>,
}

/// An error on the wire.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    error: ErrorObject,
}

/// The fault.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct ErrorObject {
    /// For programs; it stays the same from version to version.
    code: &'static str,
    /// For people.
    message: String,
    /// More for programs, such as `parameter` and `limit`.
    #[serde(flatten)]
    #[schema(additional_properties, value_type = Object)]
    details: Map<String, Value>,
}

impl ApiError {
    /// An error with a stable code and a sentence for people.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), details: Vec::new(), retry_after: None }
    }

    /// Adds a detail for programs.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.details.push((key, value.into()));
        self
    }

    /// 400: a parameter is wrong.
    #[must_use]
    pub fn parameter(code: &'static str, parameter: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message).with("parameter", parameter)
    }

    /// 400: a body is not as expected.
    #[must_use]
    pub fn body(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_body", message)
    }

    /// 401: no key was given where one is needed.
    #[must_use]
    pub fn unauthorized() -> Self {
        let message = "this request requires a key; send the header Authorization: Bearer KEY";
        Self::new(StatusCode::UNAUTHORIZED, "key_missing", message)
    }

    /// 403: this may not be done.
    #[must_use]
    pub fn forbidden(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    /// 404: nothing is counted.
    #[must_use]
    pub fn not_counted() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "analytics_off",
            "the server does not count searches; start it with --analytics",
        )
    }

    /// 408: a request did not come to its end.
    #[must_use]
    pub fn too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", "the request did not arrive in time")
    }

    /// 429: too much from one client, which may go on after `wait`.
    #[must_use]
    pub fn too_many(wait: Duration) -> Self {
        let message = "too many requests from this address; wait for the time in Retry-After";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", message).after(wait)
    }

    /// 503: too much at once.
    #[must_use]
    pub fn busy() -> Self {
        let message = "too many requests at once; try again in a moment";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message).after(SOON)
    }

    /// 503: an answer took too long.
    #[must_use]
    pub fn timeout() -> Self {
        let message = "the request took too long; try again in a moment";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", message).after(SOON)
    }

    /// 503: the machines that hold the index do not answer.
    #[must_use]
    pub fn unreachable() -> Self {
        let message = "the index does not answer; try again in a moment";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "index_unreachable", message).after(SOON)
    }

    /// 503: the server ends soon.
    #[must_use]
    pub fn ending() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ending", "the server ends soon; ask another one")
    }

    /// 503: the model predicts no masked tokens.
    #[must_use]
    pub fn no_mask_model() -> Self {
        let message = "the model of this server cannot predict masked tokens";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "no_mask_model", message)
    }

    /// 503: the server answers by words alone.
    #[must_use]
    pub fn no_model() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "no_model", "this server runs without a model")
    }

    fn after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// 500: something failed inside; the details go to the log.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the request failed; the server's log shows the reason",
        )
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.status, self.code, self.message)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if let Some(wait) = self.retry_after {
            response.insert_header(("Retry-After", wait.as_secs_f64().ceil().to_string()));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.insert_header(("WWW-Authenticate", "Bearer"));
        }
        let details = self.details.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        let error = ErrorObject { code: self.code, message: self.message.clone(), details };
        response.json(ErrorBody { error })
    }
}

impl From<cloze_query::Error> for ApiError {
    fn from(error: cloze_query::Error) -> Self {
        use cloze_query::Error as E;
        let message = error.to_string();
        match error {
            E::EmptyQuery { parameter } => Self::parameter("query_empty", parameter, message),
            E::QueryTooLong { limit, .. } => Self::parameter("query_too_long", "q", message).with("limit", limit),
            E::Parameter { parameter, .. } => Self::parameter("invalid_parameter", parameter, message),
            other if other.is_unreachable() => {
                tracing::error!(error = %other, "the index did not answer");
                Self::unreachable()
            }
            other => {
                tracing::error!(error = %other, "search failed");
                Self::internal()
            }
        }
    }
}
