//! `GET /search`.

use actix_web::{HttpRequest, HttpResponse, rt::time::timeout, web};
use cloze_query::{Highlight, Mode, Request, request::DEFAULT_LIMIT};

use crate::{State, error::ApiError, params::Params};

const PARAMETERS: [&str; 10] =
    ["q", "limit", "offset", "mode", "semantic_weight", "prefix", "highlight", "explain", "filter", "facets"];

pub(crate) async fn get(http: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    let request = read(http.query_string())?;
    let place = state.in_flight.enter()?;
    let engine = state.engine();
    // The place is kept until the work is done, also when the client has been told that it took too long.
    let work = web::block(move || {
        let _place = place;
        engine.search(&request)
    });
    match timeout(state.timeout, work).await {
        Ok(Ok(answer)) => Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-cache")).json(answer?)),
        Ok(Err(error)) => {
            tracing::error!(%error, "a search did not run");
            Err(ApiError::internal())
        }
        Err(_) => Err(ApiError::timeout()),
    }
}

fn read(query: &str) -> Result<Request, ApiError> {
    let params = Params::parse(query, &PARAMETERS)?;
    let q = params.text("q").ok_or_else(|| {
        ApiError::parameter("query_missing", "q", "there is no parameter q; expected the words to search for")
    })?;
    let whole = "a whole number";
    let limit = params.value("limit", whole)?.unwrap_or(DEFAULT_LIMIT);
    let offset = params.value("offset", whole)?.unwrap_or(0);
    let weight = params.value("semantic_weight", "a number from 0 to 1")?;
    let truth = |name| params.value::<bool>(name, "true or false").map(|v| v.unwrap_or(false));
    let mut request = Request::new(q)?.page(offset, limit)?.semantic_weight(weight)?;
    request.mode = params.text("mode").map_or(Ok(Mode::default()), Mode::parse)?;
    request.highlight = params.text("highlight").map_or(Ok(Highlight::default()), Highlight::parse)?;
    request.explain = truth("explain")?;
    request.prefix = truth("prefix")?;
    request.filters = params.filters()?;
    let facets = params.text("facets").unwrap_or_default();
    request.facets = facets.split(',').map(|k| k.trim().to_lowercase()).filter(|k| !k.is_empty()).collect();
    Ok(request)
}
