//! The routes put together; tests call the same function without a socket.

use actix_web::{HttpResponse, ResponseError, http::StatusCode, middleware::DefaultHeaders, web};

use crate::{State, error::ApiError, routes};

/// Longest body that is read, in bytes. No route takes one yet.
const MAX_BODY: usize = 64 << 10;

/// Adds every route to an app.
pub fn routes(state: State) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        config
            .app_data(web::Data::new(state))
            .app_data(web::PayloadConfig::new(MAX_BODY))
            .service(resource("/search", routes::search::get))
            .service(resource("/health", routes::health::health))
            .service(resource("/ready", routes::health::ready))
            .service(resource("/", routes::page::html))
            .service(resource("/page.css", routes::page::css))
            .service(resource("/page.js", routes::page::js))
            .service(resource("/favicon.ico", routes::page::favicon))
            .default_service(web::to(not_found));
    }
}

/// A resource that is read only.
fn resource<F, Args>(path: &str, handler: F) -> actix_web::Resource
where
    F: actix_web::Handler<Args> + Clone,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    web::resource(path.to_owned())
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(not_allowed))
}

async fn not_found() -> HttpResponse {
    ApiError::new(StatusCode::NOT_FOUND, "not_found", "there is nothing at this address").error_response()
}

async fn not_allowed() -> HttpResponse {
    let error = ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this address is only read");
    let mut response = error.error_response();
    response
        .headers_mut()
        .insert(actix_web::http::header::ALLOW, actix_web::http::header::HeaderValue::from_static("GET, HEAD"));
    response
}

/// Headers that every answer carries.
#[must_use]
pub fn security_headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add(("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'"))
        .add(("X-Content-Type-Options", "nosniff"))
        .add(("Referrer-Policy", "same-origin"))
}
