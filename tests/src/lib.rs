//! What the end-to-end tests and benches share: real processes, real clients, bounded load.
//!
//! Everything here drives Insula from outside, as a user does: through the `insula` binary, `kubectl`, the
//! Kubernetes API and HTTP. In-process tests of one crate live in that crate.

#![expect(clippy::panic, reason = "a harness fails a test by panicking")]

pub mod client;
pub mod cluster;
pub mod load;
pub mod paths;
pub mod project;
pub mod raw;
pub(crate) mod returned;
pub mod slice;
pub mod wait;

pub use cluster::{Cluster, Role};
pub use load::Load;
pub use wait::{until, within};
