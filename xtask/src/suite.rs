//! The whole suite, in the order in which failures are cheapest.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::process::{cargo, run, succeeds, target_dir};
use crate::{clients, demo, guests, languages};

/// Tells the tests to write down what the API returns, and where.
const RETURNED: &str = "INSULA_RETURNED";

/// One step of the suite.
struct Step {
    name: &'static str,
    run: fn() -> Result<()>,
}

const STEPS: [Step; 10] = [
    Step { name: "fmt", run: || run(&mut cargo(&["fmt", "--all", "--check"])) },
    Step { name: "guests", run: || guests::build().map(drop) },
    Step { name: "languages", run: || languages::build().map(drop) },
    Step { name: "clients", run: || clients::fetch_all().map(drop) },
    Step {
        name: "clippy",
        run: || {
            guests::lint()?;
            run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"]))
        },
    },
    // End to end tests start the binary, so it is built before them.
    Step { name: "build", run: || run(&mut cargo(&["build", "--workspace", "--locked"])) },
    Step { name: "tests", run: tests },
    // Of what the tests wrote down in the run before, also where this step runs alone.
    Step { name: "schemas", run: || clients::judge(&returned()) },
    Step { name: "docs", run: docs },
    Step { name: "demo", run: || demo::run_demo(true, true) },
];

/// Runs the steps whose name contains `only`.
pub(crate) fn run_all(only: Option<&str>) -> Result<()> {
    for step in STEPS.iter().filter(|step| only.is_none_or(|only| step.name.contains(only))) {
        println!("==> {}", step.name);
        let begin = Instant::now();
        (step.run)().with_context(|| format!("step `{}`", step.name))?;
        println!("<== {} ({} s)", step.name, begin.elapsed().as_secs());
    }
    Ok(())
}

/// nextest where it is installed (a process per test, and a time limit for each), else cargo's own runner. End to end
/// tests run one after another: each starts a cluster, and some of what they assert is said in seconds.
fn tests() -> Result<()> {
    let returned = returned();
    if returned.exists() {
        std::fs::remove_dir_all(&returned)?;
    }
    std::fs::create_dir_all(&returned)?;
    if succeeds(&mut cargo(&["nextest", "--version"])) {
        return run(cargo(&["nextest", "run", "--workspace", "--locked", "--no-fail-fast"]).env(RETURNED, returned));
    }
    let test = |more: &[&str]| run(cargo(&["test", "--locked", "--no-fail-fast"]).args(more).env(RETURNED, &returned));
    test(&["--workspace", "--exclude", "tests", "--lib", "--bins", "--tests"])?;
    test(&["--package", "tests", "--", "--test-threads", "1"])
}

/// Where the tests write down what the API returned, for the next step to judge.
fn returned() -> PathBuf {
    target_dir().join("returned")
}

fn docs() -> Result<()> {
    run(&mut cargo(&["test", "--workspace", "--locked", "--doc", "--quiet"]))?;
    let mut doc: Command = cargo(&["doc", "--workspace", "--no-deps", "--locked", "--quiet"]);
    run(doc.env("RUSTDOCFLAGS", "--deny warnings"))
}
