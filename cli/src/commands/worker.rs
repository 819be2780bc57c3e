//! `insula worker`: the process in which the guests of one isolated Pod run.
//!
//! It gets sockets and code from the host that starts it, and locks itself before it answers anything. It must come here
//! with one thread and nothing open: no log, no TLS, no event loop of the ordinary commands.

use anyhow::{Context, Result};

pub(crate) fn run() -> Result<()> {
    host::work().context("an isolated worker, which a host starts and nobody else")
}
