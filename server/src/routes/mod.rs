//! One resource a file.

use std::time::Duration;

use actix_web::{rt::time::timeout, web};

use crate::{error::ApiError, limits::InFlight};

pub(crate) mod admin;
pub(crate) mod click;
pub(crate) mod embeddings;
pub(crate) mod health;
pub(crate) mod metrics;
pub(crate) mod openapi;
pub(crate) mod page;
pub(crate) mod predict;
pub(crate) mod search;
pub(crate) mod site;
pub(crate) mod suggest;

/// Runs work off the async threads, where there is a place for it and when it is its turn; the client waits for at most `longest`.
async fn run<T: Send + 'static>(
    places: &InFlight,
    longest: Duration,
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let place = places.enter()?;
    // Log lines of the work carry the request's id.
    let span = tracing::Span::current();
    let work = async {
        let turn = places.turn().await;
        // Both are kept until the work is done, also when the client has been told that it took too long.
        web::block(move || {
            let _kept = (place, turn);
            span.in_scope(work)
        })
        .await
    };
    match timeout(longest, work).await {
        Ok(Ok(result)) => result,
        Ok(Err(error)) => {
            tracing::error!(%error, "cannot start work on a request");
            Err(ApiError::internal())
        }
        Err(_) => {
            tracing::warn!(longest_ms = longest.as_millis() as u64, "a request took too long");
            Err(ApiError::timeout())
        }
    }
}
