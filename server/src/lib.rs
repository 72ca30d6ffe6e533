//! The HTTP service and the search page.
//!
//! [`app`] puts the routes together, for the program and for tests alike; `routes` holds one
//! resource a file; [`error`] says what a client is told when something is wrong; `limits` keeps
//! one client from taking everything; `params` reads addresses strictly; `reload` takes up new generations.

pub mod app;
pub mod cli;
pub mod config;
pub mod error;
mod limits;
mod params;
mod reload;
mod routes;
pub mod run;
pub mod state;

pub use app::routes as configure;
pub use config::ServerConfig;
pub use state::State;
