//! `GET /openapi.json`: the interface, described by the handlers themselves.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use super::{admin, click, embeddings, health, metrics, predict, search, suggest};

/// The description.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Cloze",
        description = "Search by meaning and by word. Errors have a stable code: {\"error\": {\"code\": …, \"message\": …}}.",
    ),
    paths(
        search::get,
        suggest::get,
        click::post,
        embeddings::post,
        predict::fill,
        predict::score,
        health::health,
        health::ready,
        metrics::get,
        admin::reload,
        admin::analytics,
    ),
    components(schemas(cloze_query::Mode, cloze_query::Highlight)),
    modifiers(&Security),
)]
struct Description;

struct Security;

impl Modify for Security {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        openapi.components.get_or_insert_default().add_security_scheme("key", scheme);
    }
}

/// It does not change while the program runs.
static JSON: LazyLock<String> = LazyLock::new(|| Description::openapi().to_json().unwrap_or_default());

pub(crate) async fn get() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").insert_header(("Cache-Control", "no-cache")).body(JSON.as_str())
}
