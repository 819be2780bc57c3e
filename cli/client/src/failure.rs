//! How a command ends: the exit codes scripts rely on.
//!
//! 0 is success, 1 a failure (the cluster refuses, nothing is found, time is up), 2 a command line that means nothing.
//! `plan` has its own: 1 tells of differences, and 2 of a failure.

use thiserror::Error;

/// Ended as asked.
pub const OK: u8 = 0;
/// Refused, not found, or not in time.
pub const FAILED: u8 = 1;
/// The command line means nothing.
pub const USAGE: u8 = 2;

/// A command line that parses and yet means nothing.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct Usage(String);

/// An end whose reason has been told already.
#[derive(Debug, Error)]
#[error("ended with code {0}")]
pub struct Told(pub u8);

/// The error of a command line that means nothing; `how` tells what it should be.
pub(crate) fn usage(how: impl Into<String>) -> anyhow::Error {
    Usage(how.into()).into()
}

/// The exit code for an error, and whether its text is still to be told.
#[must_use]
pub fn exit_code(error: &anyhow::Error) -> (u8, bool) {
    if is_broken_pipe(error) {
        // Whoever read the output has seen enough.
        return (OK, false);
    }
    match error.downcast_ref::<Told>() {
        Some(Told(code)) => (*code, false),
        None if error.downcast_ref::<Usage>().is_some() => (USAGE, true),
        None => (FAILED, true),
    }
}

/// Whether a command ended because nobody reads its output any more, as in `insula logs web | head`.
#[must_use]
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>()).next();
    io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Goes through all and tells of each failure, so that one does not hide the next.
#[derive(Default)]
pub(crate) struct Failures {
    told: bool,
    first: Option<anyhow::Error>,
}

impl Failures {
    /// Keeps the first failure, and tells of it when a second comes.
    pub(crate) fn note<T>(&mut self, result: anyhow::Result<T>) -> Option<T> {
        let error = match result {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        match self.first.take() {
            None if !self.told && !is_broken_pipe(&error) => self.first = Some(error),
            None if is_broken_pipe(&error) => self.first = Some(error),
            first => {
                first.iter().for_each(crate::say::error);
                crate::say::error(&error);
                self.told = true;
            }
        }
        None
    }

    /// The one failure, or that all were told.
    pub(crate) fn end(self) -> anyhow::Result<()> {
        match self.first {
            Some(error) => Err(error),
            None if self.told => Err(Told(FAILED).into()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_can_tell_how_a_command_ended() {
        let pipe = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        assert_eq!(exit_code(&anyhow::Error::from(pipe).context("writing")), (OK, false));
        assert_eq!(exit_code(&usage("say which").context("get")), (USAGE, true));
        assert_eq!(exit_code(&Told(1).into()), (FAILED, false));
        assert_eq!(exit_code(&anyhow::anyhow!("no")), (FAILED, true));
    }

    #[test]
    fn failures_are_all_told() {
        let mut none = Failures::default();
        assert_eq!(none.note(Ok(3)), Some(3));
        assert!(none.end().is_ok());
        let mut one = Failures::default();
        assert_eq!(one.note::<()>(Err(anyhow::anyhow!("a"))), None);
        assert_eq!(one.end().expect_err("failed").to_string(), "a");
        let mut two = Failures::default();
        let _first = two.note::<()>(Err(anyhow::anyhow!("a")));
        let _second = two.note::<()>(Err(anyhow::anyhow!("b")));
        assert!(two.end().expect_err("failed").is::<Told>());
    }
}
