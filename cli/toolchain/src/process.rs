//! Runs a tool, and lets nothing of it outlive the caller: whoever drops the future has ended the tool and all that it
//! has started.

use std::io;
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use crate::error::Error;
use crate::recipe::Step;

/// What a tool may tell on its standard output; cargo tells a line for each crate.
const OUTPUT_BYTES_MAX: u64 = 64 << 20;

/// What becomes of a tool's standard output.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// It is for people, and goes where their messages go: standard error.
    Shown,
    /// It is for this program.
    Read,
}

/// Runs a step in `dir` to its end, which must be a success, and returns what was read.
pub(crate) async fn run(step: &Step, dir: &Path, output: Output) -> Result<Vec<u8>, Error> {
    let started = start(step, dir, output);
    let mut child = started.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => missing(step),
        _ => Error::File { path: step.program.clone(), error },
    })?;
    let mut group = Group::of(&child);
    let mut read = Vec::new();
    let failed = |error| Error::File { path: step.program.clone(), error };
    if let Some(stdout) = child.stdout.take() {
        stdout.take(OUTPUT_BYTES_MAX).read_to_end(&mut read).await.map_err(failed)?;
    }
    let status = child.wait().await.map_err(failed)?;
    // It is gone, and its number may be another's.
    group.0 = None;
    if status.success() { Ok(read) } else { Err(Error::Failed { command: step.shown(), status: status.to_string() }) }
}

/// Whether a step starts and succeeds, silently; and what it printed.
pub(crate) async fn probe(step: &Step, dir: &Path) -> Option<String> {
    let output = command(step, dir).stdin(Stdio::null()).kill_on_drop(true).output().await.ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn start(step: &Step, dir: &Path, output: Output) -> io::Result<tokio::process::Child> {
    let stdout = match output {
        Output::Shown => Stdio::from(io::stderr()),
        Output::Read => Stdio::piped(),
    };
    command(step, dir).stdin(Stdio::null()).stdout(stdout).process_group(0).kill_on_drop(true).spawn()
}

fn command(step: &Step, dir: &Path) -> Command {
    let mut command = Command::new(&step.program);
    command.args(&step.args).current_dir(dir).envs(step.env.iter().map(|(name, value)| (name, value)));
    for name in step.without {
        command.env_remove(name);
    }
    command
}

fn missing(step: &Step) -> Error {
    let tool = step.program.display().to_string();
    let (needed_for, mend) = match tool.as_str() {
        "cargo" | "rustc" => ("components in Rust", "install Rust with rustup, https://rustup.rs"),
        "python3" => (
            "the pinned tools of every language but Rust, which are packages of Python",
            "on Debian `apt-get install python3 python3-pip` adds it",
        ),
        _ => ("this project", "remove the folder it should be in, and it is fetched again"),
    };
    Error::NoTool { tool, needed_for: needed_for.to_owned(), mend: mend.to_owned() }
}

/// A process with all that it has started.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &tokio::process::Child) -> Self {
        Self(child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // One that has just ended by itself cannot be killed, and need not be.
            let _killed = kill_process_group(leader, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn what_fails_is_told_with_its_command_line() {
        let here = Path::new(".");
        let failed = run(&Step::new("sh", &["-c", "exit 3"]), here, Output::Read).await;
        assert!(
            matches!(failed, Err(Error::Failed { command, status }) if command == "sh -c exit 3" && status.contains('3'))
        );
        let missing = run(&Step::new("/nowhere/zig", &[]), here, Output::Read).await;
        assert!(matches!(missing, Err(Error::NoTool { .. })));
        let read = run(&Step::new("sh", &["-c", "printf $A"]).env("A", "b"), here, Output::Read).await;
        assert_eq!(read.expect("succeeds"), b"b");
    }

    #[tokio::test]
    async fn nothing_outlives_a_build_that_is_given_up() {
        let dir = tempfile::tempdir().expect("a directory");
        // A child of the tool holds a pipe open for as long as it lives.
        let step = Step::new("sh", &["-c", "mkfifo held; (exec 3<>held; echo up > started; sleep 600) & wait"]);
        {
            let mut running = std::pin::pin!(run(&step, dir.path(), Output::Read));
            let started = async {
                while std::fs::read_to_string(dir.path().join("started")).unwrap_or_default().is_empty() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            tokio::select! {
                ended = &mut running => assert!(ended.is_err(), "it cannot end by itself"),
                () = started => {}
            }
        }
        // Nobody holds the pipe any more, so opening it for writing alone finds no reader.
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        let gone = || {
            let mut options = std::fs::OpenOptions::new();
            std::os::unix::fs::OpenOptionsExt::custom_flags(options.write(true), 0o4000)
                .open(dir.path().join("held"))
                .is_err()
        };
        while !gone() {
            assert!(std::time::Instant::now() < deadline, "the child of the tool lives on");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
