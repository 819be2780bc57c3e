//! Real guests in a real engine: what a workload is promised, and what hostile guests cannot do.

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
