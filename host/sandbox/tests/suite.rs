//! Real guests in a real engine: what a workload is promised, and what hostile guests cannot do.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers of tests too")]

mod suite {
    pub(crate) mod guests;
    pub(crate) mod harness;
    pub(crate) mod memory;

    mod blobs;
    mod bodies;
    mod bounds;
    mod commands;
    mod deadlines;
    mod files;
    mod hello;
    mod isolation;
    mod keyvalue;
    mod logging;
    mod many;
    mod messages;
    mod outgoing;
    mod reuse;
    mod sockets;
    mod traps;
}
