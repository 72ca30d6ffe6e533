//! `GET /openapi.json`: the interface, described by the handlers themselves.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Content, Ref, RefOr, ResponseBuilder, Schema,
        path::{Operation, PathItem},
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::{admin, click, embeddings, health, metrics, predict, search, suggest};
use crate::access;

/// The description.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Cloze",
        description = "Search by meaning and by words. Errors have a stable code: {\"error\": {\"code\": …, \"message\": …}}.",
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
    modifiers(&Security, &Limits),
)]
struct Description;

struct Security;

impl Modify for Security {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        openapi.components.get_or_insert_default().add_security_scheme("key", scheme);
    }
}

/// What limits every address may answer, whatever its handler does.
struct Limits;

impl Modify for Limits {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        for (path, item) in &mut openapi.paths.paths {
            let is_limited = access::is_limited(path);
            let has_places = is_limited && !matches!(path.as_str(), "/click" | "/admin/analytics");
            let PathItem { get, post, .. } = item;
            for operation in get.iter_mut().chain(post) {
                if operation.request_body.is_some() {
                    add(operation, "408", "The body did not arrive within 20 seconds");
                }
                if is_limited {
                    add(operation, "429", "Too many requests from this client; see Retry-After");
                }
                add(operation, "431", "The address and the headers are too long");
                add(operation, "500", "The request failed; the server's log shows the reason");
                if has_places {
                    add(operation, "503", "Too many requests at once, or the request took too long; see Retry-After");
                }
            }
        }
    }
}

/// Adds an error, unless the handler says more about it.
fn add(operation: &mut Operation, status: &str, description: &str) {
    let schema: RefOr<Schema> = RefOr::Ref(Ref::from_schema_name("ErrorBody"));
    let content = Content::new(Some(schema));
    let response = ResponseBuilder::new().description(description).content("application/json", content).build();
    operation.responses.responses.entry(status.to_owned()).or_insert(RefOr::T(response));
}

/// It does not change while the program runs.
static JSON: LazyLock<String> = LazyLock::new(|| Description::openapi().to_json().unwrap_or_default());

pub(crate) async fn get() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").insert_header(("Cache-Control", "no-cache")).body(JSON.as_str())
}
