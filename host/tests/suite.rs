//! A real agent, real guests and a pretended control plane, which speak the real protocol over a pipe.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, helpers of tests too")]

mod suite {
    pub(crate) mod guests;
    pub(crate) mod harness;
    pub(crate) mod plane;

    mod certificates;
    mod code;
    mod fail_static;
    mod lifecycle;
    mod logs;
    mod many;
    mod probes;
    mod routing;
    mod usage;
}
