//! The search page, compiled into the program.

use actix_web::HttpResponse;

const DAY: &str = "public, max-age=3600";

fn file(kind: &'static str, body: &'static str) -> HttpResponse {
    HttpResponse::Ok().content_type(kind).insert_header(("Cache-Control", DAY)).body(body)
}

pub(crate) async fn html() -> HttpResponse {
    file("text/html; charset=utf-8", include_str!("../page/index.html"))
}

pub(crate) async fn css() -> HttpResponse {
    file("text/css; charset=utf-8", include_str!("../page/page.css"))
}

pub(crate) async fn js() -> HttpResponse {
    file("text/javascript; charset=utf-8", include_str!("../page/page.js"))
}

/// There is none; saying so keeps the browser's console clean.
pub(crate) async fn favicon() -> HttpResponse {
    HttpResponse::NoContent().finish()
}
