//! The routes put together; tests call the same functions without a socket.

use actix_cors::Cors;
use actix_web::{
    HttpResponse, ResponseError,
    http::{
        Method, StatusCode,
        header::{self, HeaderName},
    },
    middleware::DefaultHeaders,
    web,
};

use crate::{State, error::ApiError, routes};

/// How long a browser remembers that it may ask, in seconds.
const CORS_MAX_AGE: usize = 3600;

/// Adds every route to an app.
pub fn routes(state: State) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        config
            .app_data(web::Data::new(state))
            .service(read("/search", routes::search::get))
            .service(read("/suggest", routes::suggest::get))
            .service(write("/v1/embeddings", routes::embeddings::post))
            .service(write("/fill-mask", routes::predict::fill))
            .service(write("/score", routes::predict::score))
            .service(write("/click", routes::click::post))
            .service(read("/health", routes::health::health))
            .service(read("/ready", routes::health::ready))
            .service(read("/metrics", routes::metrics::get))
            .service(read("/openapi.json", routes::openapi::get))
            .service(write("/admin/reload", routes::admin::reload))
            .service(read("/admin/analytics", routes::admin::analytics))
            .service(read("/", routes::page::html))
            .service(read("/page.css", routes::page::css))
            .service(read("/page.js", routes::page::js))
            .service(read("/widget.js", routes::page::widget))
            .service(read("/docs", routes::page::docs_html))
            .service(read("/docs.css", routes::page::docs_css))
            .service(read("/docs.js", routes::page::docs_js))
            .service(read("/favicon.ico", routes::page::favicon))
            .default_service(web::to(not_found));
    }
}

/// A resource that is read.
fn read<F, Args>(path: &str, handler: F) -> actix_web::Resource
where
    F: actix_web::Handler<Args> + Clone,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    web::resource(path.to_owned())
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(|| not_allowed("GET, HEAD")))
}

/// A resource that is sent something.
fn write<F, Args>(path: &str, handler: F) -> actix_web::Resource
where
    F: actix_web::Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    web::resource(path.to_owned()).route(web::post().to(handler)).default_service(web::to(|| not_allowed("POST")))
}

async fn not_found() -> HttpResponse {
    ApiError::new(StatusCode::NOT_FOUND, "not_found", "this address does not exist").error_response()
}

async fn not_allowed(allowed: &'static str) -> HttpResponse {
    let message = format!("this address accepts only {allowed}");
    let error = ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message);
    let mut response = error.error_response();
    response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(allowed));
    response
}

/// What browsers are told with every answer.
pub(crate) const SECURITY_HEADERS: [(&str, &str); 4] = [
    ("content-security-policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
];

/// Headers that every answer carries.
#[must_use]
pub fn security_headers() -> DefaultHeaders {
    SECURITY_HEADERS.into_iter().fold(DefaultHeaders::new(), |headers, header| headers.add(header))
}

/// Which pages of other origins may ask: those on the list; none, if there is none.
pub fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allowed_methods([Method::GET, Method::HEAD, Method::POST])
        .allowed_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::ACCEPT])
        .expose_headers([header::RETRY_AFTER, HeaderName::from_static("x-request-id")])
        .max_age(CORS_MAX_AGE);
    match origins.iter().any(|origin| origin == "*") {
        true => cors.allow_any_origin(),
        false => origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin)),
    }
}
