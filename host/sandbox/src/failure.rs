//! Why a request got no answer, or only part of one.

use std::fmt::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use wasmtime::{Error, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::link::Code;
use crate::settings::{FRAMES_MAX, TRAP_TEXT_BYTES_MAX};
use crate::symbols;

/// Why a request failed. The guest's other requests, and other guests, are not affected.
///
/// It can be told to another process, but for the file in which the lines of its backtrace are: see
/// [`Failure::with_lines_of`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// The guest trapped or exited.
    Trap {
        /// What happened, on one line.
        message: String,
        /// Where.
        backtrace: Backtrace,
    },
    /// The guest took too long.
    Deadline {
        /// What it was allowed.
        timeout: Duration,
    },
    /// The guest could not start within the workload's memory.
    Memory {
        /// The workload's limit.
        limit_bytes: u64,
    },
    /// There was no room for it in time: no slot, or no memory of the host's.
    Busy,
    /// The guest ended without an answer.
    NoResponse,
    /// The component has no such export.
    NoEntry,
    /// The guest answered with an error of `wasi:http`.
    Guest {
        /// The error's name.
        code: String,
    },
    /// The request cannot be given to a guest.
    Request {
        /// What is wrong with it.
        message: String,
    },
    /// The workload was closed.
    Closed,
    /// The workload was killed while it answered.
    Killed,
}

impl Failure {
    /// The HTTP status that says this best.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Trap { .. } | Self::NoResponse | Self::NoEntry | Self::Guest { .. } => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::Deadline { .. } => StatusCode::GATEWAY_TIMEOUT,
            Self::Memory { .. } | Self::Busy | Self::Closed | Self::Killed => StatusCode::SERVICE_UNAVAILABLE,
            Self::Request { .. } => StatusCode::BAD_REQUEST,
        }
    }

    /// One word for it, for headers and metrics.
    #[must_use]
    pub fn cause(&self) -> &'static str {
        match self {
            Self::Trap { .. } => "trap",
            Self::Deadline { .. } => "deadline",
            Self::Memory { .. } => "memory",
            Self::Busy => "overloaded",
            Self::NoResponse => "no-response",
            Self::NoEntry => "no-entry",
            Self::Guest { .. } => "guest-error",
            Self::Request { .. } => "bad-request",
            Self::Closed => "gone",
            Self::Killed => "killed",
        }
    }

    /// The same failure, as it was told by another process that ran this code and may say anything: its texts are one
    /// bounded line each, and its backtrace finds its lines in the code.
    #[must_use]
    pub fn with_lines_of(mut self, code: &Code) -> Self {
        let clean = |text: &mut String| *text = bounded(one_line(text));
        match &mut self {
            Self::Trap { message, backtrace } => {
                clean(message);
                backtrace.frames.truncate(FRAMES_MAX);
                for frame in &mut backtrace.frames {
                    clean(&mut frame.function);
                    frame.line = None;
                }
                backtrace.code = code.path().clone();
            }
            Self::Guest { code: text } | Self::Request { message: text } => clean(text),
            _ => {}
        }
        self
    }

    /// What an error out of the guest means. `memory_refused` says that it was refused memory before; `code` is the file
    /// of its code.
    pub(crate) fn of_guest(error: &Error, memory_refused: Option<u64>, code: &Arc<Path>) -> Self {
        let mut message = match error.downcast_ref::<I32Exit>() {
            Some(I32Exit(status)) => format!("the guest exited with status {status}"),
            None => error.root_cause().to_string(),
        };
        if let Some(limit_bytes) = memory_refused {
            message.push_str(&format!(" (after it was refused memory beyond {limit_bytes} bytes)"));
        }
        let frames = error.downcast_ref::<WasmBacktrace>().map(frames).unwrap_or_default();
        Self::Trap { message: bounded(one_line(&message)), backtrace: Backtrace { frames, code: code.clone() } }
    }
}

/// Where a guest trapped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backtrace {
    frames: Vec<Frame>,
    /// The file of its code, which has its lines too.
    #[serde(skip, default = "nowhere")]
    code: Arc<Path>,
}

fn nowhere() -> Arc<Path> {
    Path::new("").into()
}

/// One function of a backtrace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// What it is called, as far as the component's names tell.
    pub function: String,
    /// `file:line`, if they were looked up and are known.
    pub line: Option<String>,
    /// Bytes from the start of the component.
    offset: Option<u32>,
}

impl Backtrace {
    /// One of functions alone, for tests of those who tell it.
    #[must_use]
    pub fn of_functions(functions: &[&str]) -> Self {
        let frame = |function: &&str| Frame { function: (*function).to_owned(), line: None, offset: None };
        Self { frames: functions.iter().map(frame).collect(), code: nowhere() }
    }

    /// The functions, innermost first, without their lines.
    #[must_use]
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// The functions with their lines, if the component has debug information. It reads a file: callers on an event
    /// loop move it off.
    #[must_use]
    pub fn located(&self) -> Vec<Frame> {
        let mut frames = self.frames.clone();
        if let Some(table) = symbols::read(&self.code) {
            for frame in &mut frames {
                frame.line = frame.offset.and_then(|offset| table.line(offset)).map(|line| one_line(&line));
            }
        }
        frames
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.line {
            Some(line) => write!(f, "{} ({line})", self.function),
            None => f.write_str(&self.function),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trap { message, .. } => write!(f, "the guest trapped: {message}"),
            Self::Deadline { timeout } => write!(f, "the guest did not finish within {timeout:?}"),
            Self::Memory { limit_bytes } => {
                write!(f, "no memory for another instance within the workload's {limit_bytes} bytes")
            }
            Self::Busy => f.write_str("there was no room for another instance for too long"),
            Self::NoResponse => f.write_str("the guest ended without an answer"),
            Self::NoEntry => f.write_str("the component does not export what it is asked for"),
            Self::Guest { code } => write!(f, "the guest answered with an error: {code}"),
            Self::Request { message } => write!(f, "the request cannot be given to the guest: {message}"),
            Self::Closed => f.write_str("the workload is closed"),
            Self::Killed => f.write_str("the workload was stopped"),
        }
    }
}

impl std::error::Error for Failure {}

/// The library's text has one line for each frame after its first, `0: 0x1a2 - module!function`, with names demangled,
/// which the frames themselves do not have.
fn frames(backtrace: &WasmBacktrace) -> Vec<Frame> {
    // Names are the guest's, and what they stand for may be much longer than they are.
    let mut text = Cut(String::new());
    write!(text, "{backtrace}").unwrap_or_default();
    let Cut(text) = text;
    let names = text.lines().skip(1).map(|line| line.split_once(" - ").map_or(line.trim(), |(_, name)| name));
    let mut bytes_left = TRAP_TEXT_BYTES_MAX;
    let frame = |(name, frame): (&str, &wasmtime::FrameInfo)| {
        let function = one_line(name);
        bytes_left = bytes_left.checked_sub(function.len())?;
        let offset = frame.module_offset().and_then(|offset| u32::try_from(offset).ok());
        Some(Frame { function, line: None, offset })
    };
    names.zip(backtrace.frames()).take(FRAMES_MAX).map_while(frame).collect()
}

/// Text that takes no more than is kept of it.
struct Cut(String);

impl fmt::Write for Cut {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > 2 * TRAP_TEXT_BYTES_MAX {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

/// Control characters of the guest's choosing do not reach logs and terminals.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn bounded(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(TRAP_TEXT_BYTES_MAX));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    // F49
    #[test]
    fn what_a_guest_says_is_one_bounded_line() {
        let error = Error::msg(format!("\x1b[31mred\r\n{}", "é".repeat(TRAP_TEXT_BYTES_MAX)));
        let Failure::Trap { message, .. } = Failure::of_guest(&error, Some(65_536), &Path::new("").into()) else {
            panic!("a trap")
        };
        assert!(message.starts_with(" [31mred  é") && message.len() <= TRAP_TEXT_BYTES_MAX);
    }

    #[test]
    fn a_failure_is_told_to_another_process_as_it_is() {
        for failure in [
            Failure::Trap { message: "boom".to_owned(), backtrace: Backtrace::of_functions(&["f", "g"]) },
            Failure::Deadline { timeout: Duration::from_millis(1_500) },
            Failure::Memory { limit_bytes: u64::MAX },
            Failure::Guest { code: "error".to_owned() },
            Failure::Busy,
        ] {
            let told = serde_json::to_string(&failure).unwrap();
            assert_eq!(serde_json::from_str::<Failure>(&told).unwrap(), failure, "{told}");
        }
    }

    #[test]
    fn exits_and_refused_memory_are_told() {
        let failure = Failure::of_guest(&Error::new(I32Exit(3)), Some(65_536), &Path::new("").into());
        assert_eq!(
            failure.to_string(),
            "the guest trapped: the guest exited with status 3 (after it was refused memory beyond 65536 bytes)"
        );
    }
}
