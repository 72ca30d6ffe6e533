//! What happens to every request before and after its handler: who asks, whether they may, how long
//! it took.

use std::time::Instant;

use actix_web::{
    Error, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::{
        ConnectionType, Method, StatusCode,
        header::{HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web,
};
use tracing::Instrument;

use crate::{State, app, error::ApiError, keys::Scope};

/// Names a request in the answer and in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest name that is taken over from a client or a proxy.
const LONGEST_ID: usize = 64;
/// Most bytes of an address and its headers together: four times the longest query, percent-encoded.
const LONGEST_HEAD: usize = 32 << 10;

/// Facts about an address, known before its handler runs.
struct Route {
    /// As it is named in the figures.
    name: &'static str,
    scope: Scope,
    /// Whether it costs work. Costly addresses are limited for each client.
    is_limited: bool,
}

/// The routes that are not public; the list in `app` names the handlers.
fn route(path: &str) -> Route {
    let (name, scope, is_limited) = match path {
        "/search" => ("/search", Scope::Search, true),
        "/suggest" => ("/suggest", Scope::Search, true),
        "/v1/embeddings" => ("/v1/embeddings", Scope::Search, true),
        "/fill-mask" => ("/fill-mask", Scope::Search, true),
        "/score" => ("/score", Scope::Search, true),
        "/click" => ("/click", Scope::Public, true),
        "/metrics" => ("/metrics", Scope::Observe, false),
        "/admin/reload" => ("/admin/reload", Scope::Admin, true),
        "/admin/analytics" => ("/admin/analytics", Scope::Admin, true),
        "/health" => ("/health", Scope::Public, false),
        "/ready" => ("/ready", Scope::Public, false),
        path if path.starts_with("/admin") => ("other", Scope::Admin, true),
        _ => ("other", Scope::Public, false),
    };
    Route { name, scope, is_limited }
}

/// Whether each client may ask for this only so often.
pub(crate) fn is_limited(path: &str) -> bool {
    route(path).is_limited
}

/// Names, counts and logs every request that is HTTP at all, whatever becomes of it further in.
///
/// # Errors
/// If something further in failed instead of answering; the error has an answer with the same headers.
pub async fn observe(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let Some(state) = request.app_data::<web::Data<State>>().cloned() else {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    };
    let id = request_id(request.headers());
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let method = request.method().clone();
    // A browser that asks whether it may ask is not a search.
    let name = if method == Method::OPTIONS { "preflight" } else { route(request.path()).name };
    let request_id = id.to_str().unwrap_or_default().to_owned();
    // At the level of errors, so that every logged error has it.
    let span = tracing::error_span!("request", request_id);
    let answer = next.call(request).instrument(span).await;
    let status = answer.as_ref().map_or_else(|e| e.as_response_error().status_code(), ServiceResponse::status);
    let took = started.elapsed();
    state.metrics.request(name, status.as_u16(), took);
    // Neither the query nor the client's address: logs are kept, and read by others.
    tracing::info!(
        target: "cloze_server::access",
        request_id,
        %method,
        route = name,
        status = status.as_u16(),
        took_ms = (took.as_secs_f64() * 1e4).round() / 10.0,
    );
    match answer {
        Ok(mut response) => {
            response.headers_mut().insert(REQUEST_ID, id);
            if state.is_ending() {
                // A client that keeps its connection would ask here again.
                response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
            }
            Ok(response.map_into_boxed_body())
        }
        Err(error) => Err(dressed(error, id)),
    }
}

/// An answer for an error that no other layer has answered, with the headers that every answer carries.
fn dressed(error: Error, id: HeaderValue) -> Error {
    let mut response = error.error_response();
    let headers = response.headers_mut();
    for (name, value) in app::SECURITY_HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.insert(REQUEST_ID, id);
    InternalError::from_response(error, response).into()
}

/// Lets a request through to its handler, or answers in its place.
///
/// # Errors
/// If the handler failed instead of answering. A refusal is an answer.
pub async fn admit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match request.app_data::<web::Data<State>>().map_or(Ok(()), |state| check(state, &request)) {
        Ok(()) => next.call(request).await.map(ServiceResponse::map_into_boxed_body),
        Err(refusal) => Ok(request.into_response(refusal.error_response())),
    }
}

fn check(state: &State, request: &ServiceRequest) -> Result<(), ApiError> {
    let route = route(request.path());
    // Before the key is looked at, so that keys cannot be tried out by the million.
    if let Some(limit) = state.rate_limit.as_ref().filter(|_| route.is_limited) {
        limit.check(state.proxies.client(request.peer_addr(), request.headers()))?;
    }
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers + request.uri().path().len() + request.query_string().len() > LONGEST_HEAD {
        let message = format!("the address and the headers have more than {LONGEST_HEAD} bytes");
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Err(ApiError::new(status, "head_too_large", message).with("limit", LONGEST_HEAD));
    }
    // A browser asks without a key whether it may ask with one.
    if request.method() == Method::OPTIONS {
        return Ok(());
    }
    state.keys.check(route.scope, request.headers())
}

/// The name that a proxy gave the request, or a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let is_plain = |v: &&HeaderValue| {
        v.len() <= LONGEST_ID && !v.is_empty() && v.as_bytes().iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
    };
    let new = || HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()).ok();
    let given = headers.get(&REQUEST_ID).filter(is_plain).cloned();
    given.or_else(new).unwrap_or_else(|| HeaderValue::from_static("none"))
}
