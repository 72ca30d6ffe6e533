//! Journeys across the crates: one binary, one fixture a test.
//!
//! Tests that need the reference data beside the checkout (`../shared`) say so and are skipped
//! where it is absent.
#![allow(missing_docs, clippy::unwrap_used)]

mod encoder;
mod support;
