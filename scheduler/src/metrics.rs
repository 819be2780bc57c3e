//! What the server counts, in Prometheus' text form. Named from the glossary.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// Content type of [`Metrics::text`].
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfController {
    controller: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfJoin {
    outcome: &'static str,
}

/// 100 µs to 3 s: from a plan without a write to a plan behind a slow disk.
fn turn_histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.0001, 2.0, 16))
}

/// The server's counters. None of them is read by a decision.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Mutex<Registry>,
    turns: Family<OfController, Histogram, fn() -> Histogram>,
    joins: Family<OfJoin, Counter>,
    sessions: Gauge,
    statuses: Counter,
    store_revision: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let metrics = Self {
            registry: Mutex::default(),
            turns: Family::new_with_constructor(turn_histogram),
            joins: Family::default(),
            sessions: Gauge::default(),
            statuses: Counter::default(),
            store_revision: Gauge::default(),
        };
        {
            let mut registry = metrics.registry.lock().unwrap_or_else(PoisonError::into_inner);
            let about = "Time of one turn of a controller: decide, commit, see the commit";
            registry.register("insula_controller_turn_seconds", about, metrics.turns.clone());
            registry.register("insula_joins", "Hosts that asked to join, by outcome", metrics.joins.clone());
            registry.register("insula_sessions", "Open sessions of hosts", metrics.sessions.clone());
            registry.register("insula_pod_statuses", "Pod statuses committed for hosts", metrics.statuses.clone());
            let about = "Revision of the store; its rate is that of commits";
            registry.register("insula_store_revision", about, metrics.store_revision.clone());
        }
        metrics
    }

    /// Adds what is counted elsewhere.
    pub(crate) fn collect(&self, collector: Box<dyn Collector>) {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner).register_collector(collector);
    }

    pub(crate) fn planned(&self, controller: &'static str, took: Duration) {
        self.turns.get_or_create(&OfController { controller }).observe(took.as_secs_f64());
    }

    pub(crate) fn joined(&self, outcome: &'static str) {
        self.joins.get_or_create(&OfJoin { outcome }).inc();
    }

    pub(crate) fn statuses_committed(&self, count: usize) {
        self.statuses.inc_by(count as u64);
    }

    pub(crate) fn session_began(&self) {
        self.sessions.inc();
    }

    pub(crate) fn session_ended(&self) {
        self.sessions.dec();
    }

    /// Everything, as text.
    pub(crate) fn text(&self, store_revision: u64) -> String {
        self.store_revision.set(i64::try_from(store_revision).unwrap_or(i64::MAX));
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        if prometheus_client::encoding::text::encode(&mut text, &registry).is_err() {
            tracing::error!("metrics do not encode");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_told() {
        let metrics = Metrics::new();
        metrics.planned("deployment", Duration::from_millis(3));
        metrics.joined("used");
        metrics.session_began();
        let text = metrics.text(7);
        for line in [
            "insula_controller_turn_seconds_count{controller=\"deployment\"} 1",
            "insula_joins_total{outcome=\"used\"} 1",
            "insula_sessions 1",
            "insula_store_revision 7",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
