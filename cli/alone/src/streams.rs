//! What a server prints, on the terminal: its own lines, and why a request of its failed.

use std::io::Write as _;

use sandbox::{Failure, LogSink, Reports, Stream};

/// Shows everything at once. A terminal that does not keep up slows the guest down, which is right for one person
/// looking at one component, and wrong on a host.
pub(crate) struct Shown;

impl LogSink for Shown {
    fn write(&self, stream: Stream, bytes: &[u8]) {
        let written = match stream {
            Stream::Stdout => std::io::stdout().lock().write_all(bytes),
            Stream::Stderr => std::io::stderr().lock().write_all(bytes),
        };
        // Nobody looks any more, and requests are answered all the same.
        drop(written);
    }
}

impl Reports for Shown {
    fn failed(&self, failure: &Failure) {
        drop(std::io::stderr().lock().write_all(told(failure).as_bytes()));
    }
}

/// A failure with the guest's backtrace.
fn told(failure: &Failure) -> String {
    let mut text = format!("{failure}\n");
    if let Failure::Trap { backtrace, .. } = failure {
        text.extend(backtrace.located().iter().map(|frame| format!("  at {frame}\n")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use sandbox::Backtrace;

    #[test]
    fn a_trap_is_told_with_where_it_happened() {
        let backtrace = Backtrace::of_functions(&["inner", "outer"]);
        let failure = Failure::Trap { message: "unreachable".to_owned(), backtrace };
        assert_eq!(told(&failure), "the guest trapped: unreachable\n  at inner\n  at outer\n");
    }
}
