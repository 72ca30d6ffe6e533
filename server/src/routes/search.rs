//! `GET /search`.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use cloze_query::{Answer, EncoderChoice, Highlight, Mode, Request, request::DEFAULT_LIMIT};

use super::run;
use crate::{
    State,
    error::{ApiError, ErrorBody},
    params::Params,
};

const PARAMETERS: [&str; 13] = [
    "q",
    "limit",
    "offset",
    "mode",
    "semantic_weight",
    "min_score",
    "encoder",
    "prefix",
    "highlight",
    "explain",
    "filter",
    "facets",
    "count",
];

/// Searches pages by meaning and by words.
#[utoipa::path(
    get,
    path = "/search",
    tag = "search",
    params(
        ("q" = String, Query, min_length = 1, max_length = 2500, description = "The query, 1 to 2,500 characters; may contain \"phrases\", -exclusions and field:value. If it has more than 512 characters or contains log lines, the server searches for its most significant words: see condensed_query in the answer"),
        ("limit" = Option<usize>, Query, minimum = 1, maximum = 100, description = "Number of pages; 10 if absent"),
        ("offset" = Option<usize>, Query, minimum = 0, maximum = 999, description = "Number of pages to skip; offset + limit is at most 1,000"),
        ("mode" = Option<Mode>, Query, description = "The legs to search; hybrid if absent"),
        ("min_score" = Option<f32>, Query, minimum = 0, maximum = 1, description = "Smallest score of a listed page, 0 to 1; the list ends anyway where pages are much less probable than the best"),
        ("semantic_weight" = Option<f32>, Query, minimum = 0, maximum = 1, description = "Share of the semantic leg, 0 to 1; the engine chooses it if absent"),
        ("encoder" = Option<EncoderChoice>, Query, description = "The source of the query's vector; auto if absent. auto uses the model, and uses its lookup table while the user still types the last word or when the request would wait for the model"),
        ("prefix" = Option<bool>, Query, description = "Whether the user still types the last word"),
        ("highlight" = Option<Highlight>, Query, description = "The matches to mark in snippets; keyword if absent"),
        ("explain" = Option<bool>, Query, description = "Whether every hit explains its score"),
        ("filter" = Option<Vec<String>>, Query, description = "key:value (repeatable); pages must have one of the values of each key"),
        ("facets" = Option<String>, Query, description = "Metadata keys to count values of, separated by commas"),
        ("count" = Option<bool>, Query, description = "Whether analytics count this search; if absent, they count it unless prefix or offset is set"),
    ),
    responses(
        (status = 200, body = Answer, description = "The pages, the best first"),
        (status = 400, body = ErrorBody, description = "A parameter is invalid"),
        (status = 401, body = ErrorBody, description = "The request requires a key"),
        (status = 403, body = ErrorBody, description = "The key does not allow the request"),
    ),
    security((), ("key" = [])),
)]
pub(crate) async fn get(http: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    let params = Params::parse(http.query_string(), &PARAMETERS)?;
    let request = read(&params)?;
    let engine = state.engine();
    // A partial query, or a later page of the list, is not a search of its own. A client that asks while
    // the reader types, such as the widget, says which of its requests is the final one.
    let is_meant = params.value("count", "true or false")?.unwrap_or(!request.prefix);
    let is_counted = is_meant && request.offset() == 0;
    let answer = match engine.remembered(&request) {
        Some(answer) => Arc::new(answer),
        None => {
            let waiting = engine.wait();
            let work = move || {
                drop(waiting);
                Ok(engine.answer(&request)?)
            };
            let (answer, timings) = run(&state.in_flight, state.timeout, work).await?;
            state.metrics.phases(&timings);
            answer
        }
    };
    state.metrics.answer(answer.no_match);
    if let Some(analytics) = state.analytics.as_ref().filter(|_| is_counted) {
        analytics.search(&answer);
    }
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-cache")).json(&*answer))
}

fn read(params: &Params) -> Result<Request, ApiError> {
    let q = params.query()?;
    let whole = "a whole number";
    let limit = params.value("limit", whole)?.unwrap_or(DEFAULT_LIMIT);
    let offset = params.value("offset", whole)?.unwrap_or(0);
    let weight = params.value("semantic_weight", "a number from 0 to 1")?;
    let least = params.value("min_score", "a number from 0 to 1")?;
    let truth = |name| params.value::<bool>(name, "true or false").map(|v| v.unwrap_or(false));
    let mut request = Request::new(q)?.page(offset, limit)?.semantic_weight(weight)?.min_score(least)?;
    request.mode = params.text("mode").map_or(Ok(Mode::default()), Mode::parse)?;
    request.highlight = params.text("highlight").map_or(Ok(Highlight::default()), Highlight::parse)?;
    request.encoder = params.text("encoder").map_or(Ok(EncoderChoice::default()), EncoderChoice::parse)?;
    request.explain = truth("explain")?;
    request.prefix = truth("prefix")?;
    request.filters = params.filters()?;
    let facets = params.text("facets").unwrap_or_default();
    request.facets = facets.split(',').map(|k| k.trim().to_lowercase()).filter(|k| !k.is_empty()).collect();
    Ok(request)
}
