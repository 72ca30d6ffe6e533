//! What happens to every request before and after its handler: who asks, whether they may, how long
//! it took.

use std::time::{Duration, Instant};

use actix_web::{
    Error, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue},
    },
    middleware::Next,
    rt::time::timeout,
    web,
};

use crate::{State, error::ApiError, keys::Scope};

/// Names a request in the answer and in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest name that is taken over from a client or a proxy.
const LONGEST_ID: usize = 64;
/// Longest time from a request's head to its answer; more than any handler takes for its work.
const LONGEST: Duration = Duration::from_secs(75);

/// What is known of an address before its handler runs.
struct Route {
    /// As it is named in the figures.
    name: &'static str,
    scope: Scope,
    /// Whether it costs something: what does is limited for each client.
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

/// Lets a request through to its handler, or answers in its place; counts and logs it either way.
///
/// # Errors
/// If the request does not come to its end; what else is wrong is answered.
pub async fn guard(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let Some(state) = request.app_data::<web::Data<State>>().cloned() else {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    };
    let id = request_id(&request);
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let route = route(request.path());
    let method = request.method().clone();
    let mut response = match admit(&state, &route, &request) {
        // A client that sends its body too slowly is told so and let go.
        Ok(()) => match timeout(LONGEST, next.call(request)).await {
            Ok(response) => response?.map_into_boxed_body(),
            Err(_) => {
                state.metrics.request(route.name, StatusCode::REQUEST_TIMEOUT.as_u16(), started.elapsed());
                return Err(ApiError::too_slow().into());
            }
        },
        Err(refusal) => request.into_response(refusal.error_response()),
    };
    response.headers_mut().insert(REQUEST_ID, id.clone());
    let (status, took) = (response.status().as_u16(), started.elapsed());
    state.metrics.request(route.name, status, took);
    // Neither the query nor the client's address: logs are kept, and read by others.
    tracing::info!(
        target: "cloze_server::access",
        request_id = id.to_str().unwrap_or_default(),
        %method,
        route = route.name,
        status,
        took_ms = (took.as_secs_f64() * 1e4).round() / 10.0,
    );
    Ok(response)
}

fn admit(state: &State, route: &Route, request: &ServiceRequest) -> Result<(), ApiError> {
    // Before the key is looked at, so that keys cannot be tried out by the million.
    if let Some(limit) = state.rate_limit.as_ref().filter(|_| route.is_limited) {
        limit.check(state.proxies.client(request.peer_addr(), request.headers()))?;
    }
    // A browser asks without a key whether it may ask with one.
    if request.method() == actix_web::http::Method::OPTIONS {
        return Ok(());
    }
    state.keys.check(route.scope, request.headers())
}

/// The name that a proxy gave the request, or a new one.
fn request_id(request: &ServiceRequest) -> HeaderValue {
    let is_plain = |v: &&HeaderValue| {
        v.len() <= LONGEST_ID && !v.is_empty() && v.as_bytes().iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
    };
    let new = || HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()).ok();
    let given = request.headers().get(&REQUEST_ID).filter(is_plain).cloned();
    given.or_else(new).unwrap_or_else(|| HeaderValue::from_static("none"))
}
