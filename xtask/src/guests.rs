//! Builds the guest components of `samples/`, a workspace of its own for target wasm32-wasip2.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{cargo, root, run, target_dir};

const TARGET: &str = "wasm32-wasip2";

/// Builds every guest and returns the folder the `.wasm` files are in.
pub(crate) fn build() -> Result<PathBuf> {
    ensure_target()?;
    run(&mut in_samples(&["build", "--release", "--quiet", "--locked", "--target", TARGET]))
        .context("building the guests of samples/")?;
    // One with debug information, for what backtraces tell.
    run(&mut in_samples(&["build", "--profile", "lines", "-p", "trap", "--quiet", "--locked", "--target", TARGET]))
        .context("building a guest with debug information")?;
    Ok(out().join(TARGET).join("release"))
}

/// Guests are code too: their format and lints.
pub(crate) fn lint() -> Result<()> {
    run(&mut in_samples(&["fmt", "--all", "--check"]))?;
    let lint = ["clippy", "--release", "--quiet", "--locked", "--target", TARGET, "--", "--deny", "warnings"];
    run(&mut in_samples(&lint))
}

fn out() -> PathBuf {
    target_dir().join("guests")
}

fn in_samples(args: &[&str]) -> Command {
    let mut command = cargo(args);
    // The host's flags are not the guests'.
    command.current_dir(root().join("samples")).env("CARGO_TARGET_DIR", out()).env_remove("RUSTFLAGS");
    command
}

/// Adds the target to the toolchain if it is missing.
fn ensure_target() -> Result<()> {
    let mut probe = Command::new("rustc");
    probe.args(["--print", "target-libdir", "--target", TARGET]).current_dir(root());
    let installed = probe.output().is_ok_and(|output| {
        output.status.success() && PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
    });
    if installed {
        return Ok(());
    }
    run(Command::new("rustup").args(["target", "add", TARGET]).current_dir(root()))
        .with_context(|| format!("guests need the target {TARGET}; add it with `rustup target add {TARGET}`"))
}
