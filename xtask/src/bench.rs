//! Measures: builds in release and runs the benches of package `tests`, with the peer fetched beside them.

use anyhow::Result;

use crate::process::{cargo, run};
use crate::{clients, guests};

/// Runs the measurements whose name contains `only`.
pub(crate) fn run_all(only: Option<&str>) -> Result<()> {
    if only.is_none_or(|only| only == "store") {
        store()?;
    }
    if only == Some("store") {
        return Ok(());
    }
    let guests = guests::build()?;
    let wasmtime = clients::fetch_wasmtime()?;
    run(&mut cargo(&["build", "--release", "--locked", "--package", "insula"]))?;
    let mut bench = cargo(&["run", "--release", "--locked", "--package", "tests", "--bin", "bench", "--"]);
    bench.args(only).env("INSULA_GUESTS", guests).env("INSULA_PEER_WASMTIME", wasmtime);
    // Backtraces cost wasmtime a third of its speed, ours and the peer's alike.
    run(bench.env("RUST_BACKTRACE", "0"))
}

/// What the store's own tests leave out because it measures, or takes minutes: a large store opens, ten thousand bits flip.
fn store() -> Result<()> {
    run(&mut cargo(&["test", "--release", "--locked", "--package", "store", "--lib", "--", "--ignored", "--nocapture"]))
}
