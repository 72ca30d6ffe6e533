//! The search page and the widget, compiled into the program.

use actix_web::{HttpRequest, HttpResponse, http::header};

use crate::assets::{self, Asset};

/// Browsers ask again after a few minutes, and are told in a few bytes that nothing has changed.
const CACHED: &str = "public, max-age=300";

fn serve(request: &HttpRequest, asset: &Asset) -> HttpResponse {
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    let mut response = match known {
        Some(tags) if tags.contains(asset.tag.as_str()) => HttpResponse::NotModified(),
        _ => HttpResponse::Ok(),
    };
    response.insert_header((header::CACHE_CONTROL, CACHED)).insert_header((header::ETAG, asset.tag.as_str()));
    if known.is_some_and(|tags| tags.contains(asset.tag.as_str())) {
        return response.finish();
    }
    response.content_type(asset.kind).body(asset.body)
}

pub(crate) async fn html(request: HttpRequest) -> HttpResponse {
    serve(&request, &assets::HTML)
}

pub(crate) async fn css(request: HttpRequest) -> HttpResponse {
    serve(&request, &assets::CSS)
}

pub(crate) async fn js(request: HttpRequest) -> HttpResponse {
    serve(&request, &assets::JS)
}

/// What `openapi.json` says, for reading.
pub(crate) async fn docs_html(request: HttpRequest) -> HttpResponse {
    serve(&request, &assets::DOCS_HTML)
}

pub(crate) async fn docs_css(request: HttpRequest) -> HttpResponse {
    serve(&request, &assets::DOCS_CSS)
}

pub(crate) async fn docs_js(request: HttpRequest) -> HttpResponse {
    serve(&request, &assets::DOCS_JS)
}

/// The widget may be loaded by any page; what it may then ask is another matter (CORS).
pub(crate) async fn widget(request: HttpRequest) -> HttpResponse {
    let mut response = serve(&request, &assets::WIDGET);
    let anywhere = header::HeaderValue::from_static("cross-origin");
    response.headers_mut().insert(header::HeaderName::from_static("cross-origin-resource-policy"), anywhere);
    response
}

/// There is none; saying so keeps the browser's console clean.
pub(crate) async fn favicon() -> HttpResponse {
    HttpResponse::NoContent().finish()
}
