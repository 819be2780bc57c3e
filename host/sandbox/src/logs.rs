//! What guests print: handed on in whole lines, so that those of instances at work at once do not mix.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use crate::settings::{LOG_CHUNK_BYTES_MAX, LOG_LINE_BYTES_MAX};

/// Which of the guest's two outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error, where panics are told.
    Stderr,
}

/// What a guest's standard streams are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stdio {
    /// Its input is empty, its output goes to the workload's [`LogSink`].
    #[default]
    Logged,
    /// Those of this process, byte for byte: for a program that runs one command and nothing else.
    Inherited,
}

/// Where a workload's output goes.
pub trait LogSink: Send + Sync + 'static {
    /// Takes what a guest printed, which need not be text, from any thread: whole lines of one instance, unless one is
    /// longer than 16 KiB. A line that an instance did not end is ended for it when it is gone.
    ///
    /// It must not block: it runs on the request path. A sink that cannot keep up drops and counts.
    fn write(&self, stream: Stream, bytes: &[u8]);
}

/// Discards everything.
impl LogSink for () {
    fn write(&self, _: Stream, _: &[u8]) {}
}

/// What one instance prints.
pub(crate) struct Printed {
    sink: Arc<dyn LogSink>,
    /// Lines that were begun.
    stdout: Mutex<Vec<u8>>,
    stderr: Mutex<Vec<u8>>,
}

impl Printed {
    pub(crate) fn new(sink: Arc<dyn LogSink>) -> Arc<Self> {
        Arc::new(Self { sink, stdout: Mutex::default(), stderr: Mutex::default() })
    }

    fn write(&self, stream: Stream, bytes: &[u8]) {
        let mut begun = self.begun(stream).lock().unwrap_or_else(PoisonError::into_inner);
        whole_lines(&mut begun, bytes, |lines| self.sink.write(stream, lines));
    }

    fn begun(&self, stream: Stream) -> &Mutex<Vec<u8>> {
        match stream {
            Stream::Stdout => &self.stdout,
            Stream::Stderr => &self.stderr,
        }
    }
}

impl Drop for Printed {
    fn drop(&mut self) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let begun = std::mem::take(&mut *self.begun(stream).lock().unwrap_or_else(PoisonError::into_inner));
            if !begun.is_empty() {
                self.sink.write(stream, &[&begun, &b"\n"[..]].concat());
            }
        }
    }
}

/// Hands on the whole lines of what was begun with `bytes` after it, and leaves the rest; a line that becomes too long is
/// handed on in pieces.
fn whole_lines(begun: &mut Vec<u8>, bytes: &[u8], mut hand_on: impl FnMut(&[u8])) {
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    let (lines, rest) = bytes.split_at(end);
    if begun.is_empty() && !lines.is_empty() {
        hand_on(lines);
    } else if !lines.is_empty() {
        begun.extend_from_slice(lines);
        hand_on(&std::mem::take(begun));
    }
    if begun.len() + rest.len() > LOG_LINE_BYTES_MAX {
        hand_on(&[&std::mem::take(begun), rest].concat());
    } else {
        begun.extend_from_slice(rest);
    }
}

/// One output of one instance.
#[derive(Clone)]
pub(crate) struct Output {
    pub(crate) printed: Arc<Printed>,
    pub(crate) stream: Stream,
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.printed.write(self.stream, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(LOG_CHUNK_BYTES_MAX)
    }
}

impl AsyncWrite for Output {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let taken = bytes.len().min(LOG_CHUNK_BYTES_MAX);
        self.printed.write(self.stream, &bytes[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_handed_on_when_they_are_whole_or_too_long() {
        let long = "x".repeat(LOG_LINE_BYTES_MAX);
        for (printed, handed_on, left) in [
            (vec!["one\ntwo\n"], vec!["one\ntwo\n"], ""),
            (vec!["a", "b", "c\nd"], vec!["abc\n"], "d"),
            (vec!["a\nb", "\n", ""], vec!["a\n", "b\n"], ""),
            (vec![&long, "y", "z"], vec![&format!("{long}y")], "z"),
        ] {
            let (mut begun, mut seen) = (Vec::new(), Vec::new());
            for piece in &printed {
                whole_lines(&mut begun, piece.as_bytes(), |lines| seen.push(lines.to_vec()));
            }
            let seen: Vec<&str> = seen.iter().map(|lines| std::str::from_utf8(lines).unwrap()).collect();
            assert_eq!((seen, begun.as_slice()), (handed_on, left.as_bytes()));
        }
    }
}
