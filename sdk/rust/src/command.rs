//! What `#[main]` runs: a command (`wasi:cli/run`), to its end.

use std::process::ExitCode;

/// Runs `command` to its end. An error is told on stderr with its causes, and the exit code is 1.
pub(crate) fn run<F, E>(command: impl FnOnce() -> F) -> ExitCode
where
    F: Future<Output = Result<(), E>>,
    E: std::fmt::Display,
{
    match wstd::runtime::block_on(command()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "where a command says why it failed")]
fn tell(error: &str) {
    eprintln!("Error: {error}");
}
