//! Figures for Prometheus.

use std::{sync::atomic::AtomicU64, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
        info::Info,
    },
    registry::{Registry, Unit},
};

use cloze_query::Timings;

use crate::State;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PhaseLabels {
    phase: &'static str,
}

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// Counters of requests.
#[derive(Clone)]
pub(crate) struct Metrics {
    requests: Family<RequestLabels, Counter>,
    durations: Histograms<RouteLabels>,
    phases: Histograms<PhaseLabels>,
    unmatched: Counter,
}

/// From a quarter of a millisecond to eight seconds, each twice the one before.
fn histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.000_25, 2.0, 16))
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            requests: Family::default(),
            durations: Family::new_with_constructor(histogram),
            phases: Family::new_with_constructor(histogram),
            unmatched: Counter::default(),
        }
    }

    /// Counts an answered request. `route` is a pattern, never a path from a client.
    pub(crate) fn request(&self, route: &'static str, status: u16, took: Duration) {
        self.requests.get_or_create(&RequestLabels { route, status }).inc();
        self.durations.get_or_create(&RouteLabels { route }).observe(took.as_secs_f64());
    }

    /// Counts the phases of a search.
    pub(crate) fn phases(&self, timings: &Timings) {
        let phases = [
            ("encode", timings.encode),
            ("semantic", timings.semantic),
            ("lexical", timings.lexical),
            ("fuse", Some(timings.fuse)),
            ("present", Some(timings.present)),
        ];
        for (phase, took) in phases {
            if let Some(took) = took {
                self.phases.get_or_create(&PhaseLabels { phase }).observe(took.as_secs_f64());
            }
        }
    }

    /// Counts an answer to a search, new or remembered.
    pub(crate) fn answer(&self, no_match: bool) {
        if no_match {
            self.unmatched.inc();
        }
    }

    /// Everything in the text format of OpenMetrics.
    pub(crate) fn render(&self, state: &State) -> Result<String, std::fmt::Error> {
        let mut registry = Registry::with_prefix("cloze");
        registry.register("requests", "Answered requests", self.requests.clone());
        let seconds = "Time from a request to its answer";
        registry.register_with_unit("request_duration", seconds, Unit::Seconds, self.durations.clone());
        let phases = "Time for each phase of a search";
        registry.register_with_unit("search_phase_duration", phases, Unit::Seconds, self.phases.clone());
        registry.register("searches_without_match", "Searches without results", self.unmatched.clone());
        let engine = state.engine();
        let manifest = engine.generation().manifest();
        let gauge = |registry: &mut Registry, name: &str, help: &str, value: f64| {
            let gauge = Gauge::<f64, AtomicU64>::default();
            gauge.set(value);
            registry.register(name, help, gauge);
        };
        gauge(&mut registry, "searches_in_flight", "Running and waiting searches", state.in_flight.now() as f64);
        gauge(&mut registry, "pages", "Pages in the live generation", manifest.counts.pages as f64);
        gauge(&mut registry, "passages", "Passages in the live generation", manifest.counts.passages as f64);
        let stale = f64::from(u8::from(state.reload_error().is_some()));
        gauge(&mut registry, "reload_failed", "1 if the server could not open the newest generation, else 0", stale);
        let (vectors, answers) = (engine.vector_cache_counts(), engine.answer_cache_counts());
        let caches = [
            ("vector_cache_hits", "Queries with a cached vector", vectors.0),
            ("vector_cache_misses", "Queries without a cached vector", vectors.1),
            ("answer_cache_hits", "Searches with a cached answer", answers.0),
            ("answer_cache_misses", "Searches without a cached answer", answers.1),
        ];
        for (name, help, value) in caches {
            let counter: Counter = Counter::default();
            counter.inc_by(value);
            registry.register(name, help, counter);
        }
        let model = manifest.model["name"].as_str().unwrap_or_default().to_owned();
        let labels = vec![("generation", manifest.generation.clone()), ("model", model)];
        registry.register("index", "The live generation and its model", Info::new(labels));
        let mut text = String::new();
        encode(&mut text, &registry)?;
        Ok(text)
    }
}
