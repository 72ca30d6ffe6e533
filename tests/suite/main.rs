//! Journeys across the crates: one binary, one fixture type.
//!
//! Tests that need the reference data beside the checkout (`../shared`) say so and are skipped
//! where it is absent.
#![allow(missing_docs, clippy::unwrap_used)]

mod abuse;
mod answers;
mod asks;
mod bad_input;
mod building;
mod churn;
mod circles;
mod cluster;
mod corrections;
mod crawling;
mod damage;
mod embeddings;
mod encoder;
mod evaluation;
mod families;
mod filters;
mod freshness;
mod full_disk;
mod highlighting;
mod hub;
mod judged;
mod kills;
mod languages;
mod lookups;
mod masks;
mod mutations;
mod operating;
mod plain_files;
mod predicting;
mod provisioning;
mod public;
mod reference;
mod relay;
mod reload;
mod rights;
mod running;
mod searching;
mod serving;
mod site;
mod site_server;
mod sites;
mod structure;
mod subjects;
mod suggesting;
mod support;
mod tables;
mod titles;
mod training;
mod trust;
mod words;
