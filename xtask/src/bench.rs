//! Measures: builds in release and runs the benches of package `tests`, with the peers fetched beside them.

use anyhow::Result;

use crate::process::{cargo, run};
use crate::{clients, guests, languages};

/// Benches with guests in other languages.
const OF_LANGUAGES: [&str; 2] = ["javascript", "cold"];

/// Runs the measurements whose name contains `only`.
pub(crate) fn run_all(only: Option<&str>) -> Result<()> {
    let wanted = |name: &str| only.is_none_or(|only| name.contains(only));
    if wanted("store") {
        store()?;
    }
    if only == Some("store") {
        return Ok(());
    }
    let guests = guests::build()?;
    run(&mut cargo(&["build", "--release", "--locked", "--package", "insula"]))?;
    let mut bench = cargo(&["run", "--release", "--locked", "--package", "tests", "--bin", "bench", "--"]);
    bench.args(only).env("INSULA_GUESTS", guests).env("INSULA_PEER_WASMTIME", clients::fetch_wasmtime()?);
    if OF_LANGUAGES.into_iter().any(wanted) {
        languages::build()?;
        bench.env("INSULA_PEER_WORKERD", clients::fetch_workerd()?);
    }
    // Backtraces cost wasmtime a third of its speed, ours and the peer's alike.
    run(bench.env("RUST_BACKTRACE", "0"))
}

/// What the store's own tests leave out because it measures, or takes minutes: a large store opens, ten thousand bits flip.
fn store() -> Result<()> {
    run(&mut cargo(&["test", "--release", "--locked", "--package", "store", "--lib", "--", "--ignored", "--nocapture"]))
}
