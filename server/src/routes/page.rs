//! The search page and the widget, compiled into the program.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, AcceptEncoding, Encoding, Header},
};

use crate::assets::{self, Asset};

/// Browsers ask again after a few minutes, and are told in a few bytes that nothing has changed.
const CACHED: &str = "public, max-age=300";

fn serve(request: &HttpRequest, asset: &Asset) -> HttpResponse {
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    let is_known = known.is_some_and(|tags| tags.contains(asset.tag.as_str()));
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((header::CACHE_CONTROL, CACHED))
        .insert_header((header::ETAG, asset.tag.as_str()))
        .insert_header((header::VARY, "Accept-Encoding"));
    if is_known {
        return response.finish();
    }
    response.content_type(asset.kind);
    if takes_gzip(request) {
        return response.insert_header((header::CONTENT_ENCODING, "gzip")).body(asset.gzip.clone());
    }
    response.body(asset.body.clone())
}

fn takes_gzip(request: &HttpRequest) -> bool {
    let accepted = AcceptEncoding::parse(request).ok();
    let offered = [Encoding::gzip(), Encoding::identity()];
    accepted.and_then(|accepted| accepted.negotiate(offered.iter())) == Some(Encoding::gzip())
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

/// Any page may load the widget; CORS decides which requests it may send.
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
