//! Real guests in a real engine: what a workload is promised, and what hostile guests cannot do.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers of tests too")]

mod suite {
    pub(crate) mod guests;
    pub(crate) mod harness;

    mod bodies;
    mod bounds;
    mod deadlines;
    mod hello;
    mod isolation;
    mod outgoing;
    mod reuse;
    mod traps;
}
