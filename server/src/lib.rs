//! The HTTP service and the search page.
//!
//! [`app`] puts the routes together, for the program and for tests alike; `routes` holds one
//! resource a file; `assets` what browsers load; [`error`] is the error as a client sees it when something
//! is wrong. Before a handler runs, `access` has asked `clients` who it is, `limits` whether that is
//! not too much and `keys` whether it is allowed; `params` reads addresses strictly, `body`
//! bodies. `reload` takes
//! up new generations; `metrics` and `analytics` count.

pub mod access;
mod analytics;
pub mod app;
mod assets;
mod body;
pub mod cli;
pub mod clients;
pub mod config;
pub mod error;
pub mod keys;
mod limits;
mod metrics;
mod params;
mod reload;
mod routes;
pub mod run;
pub mod state;
mod tls;

pub use app::routes as configure;
pub use config::ServerConfig;
pub use state::State;
