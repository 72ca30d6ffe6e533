//! What a client is told when something is wrong.
//!
//! `{"error": {"code": "...", "message": "...", "parameter": ..., "limit": ...}}`: the code is
//! stable, the message is for people. Nothing of the machine's inside is ever told.

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use serde_json::{Value, json};

/// An answer that is an error.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    details: Vec<(&'static str, Value)>,
}

impl ApiError {
    /// An error with a stable code and a sentence for people.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), details: Vec::new() }
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

    /// 503: too much at once.
    #[must_use]
    pub fn busy() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many requests at once; try again in a moment")
    }

    /// 503: an answer took too long.
    #[must_use]
    pub fn timeout() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", "the search took too long; try again in a moment")
    }

    /// 500: something failed inside; what it was goes to the log.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the search failed; the server's log says why")
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
        let mut error = json!({"code": self.code, "message": self.message});
        for (key, value) in &self.details {
            error[*key] = value.clone();
        }
        let mut response = HttpResponse::build(self.status);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header(("Retry-After", "1"));
        }
        response.json(json!({ "error": error }))
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
            other => {
                tracing::error!(error = %other, "a search failed");
                Self::internal()
            }
        }
    }
}
