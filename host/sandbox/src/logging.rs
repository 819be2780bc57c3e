//! `wasi:logging` 0.1.0-draft: each message becomes one line of the workload's output.

use wasmtime::component::{HasData, Linker};

use crate::guest::Guest;
use crate::logs::{LogSink, Stream};

mod bindings {
    wasmtime::component::bindgen!({ path: "../../sdk/wit", world: "insula:sdk/logging", imports: { default: trappable } });
}

use bindings::wasi::logging::logging::{self, Level};

/// One instance's way to its log.
pub(crate) struct View<'a>(pub(crate) &'a dyn LogSink);

struct Has;

impl HasData for Has {
    type Data<'a> = View<'a>;
}

pub(crate) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    logging::add_to_linker::<_, Has>(linker, Guest::logging)
}

impl logging::Host for View<'_> {
    fn log(&mut self, level: Level, context: String, message: String) -> wasmtime::Result<()> {
        let stream = match level {
            Level::Trace | Level::Debug | Level::Info => Stream::Stdout,
            Level::Warn | Level::Error | Level::Critical => Stream::Stderr,
        };
        self.0.write(stream, line(level, &context, &message).as_bytes());
        Ok(())
    }
}

/// `INFO context: message`, on one line whatever the guest put into it.
fn line(level: Level, context: &str, message: &str) -> String {
    let word = match level {
        Level::Trace => "TRACE",
        Level::Debug => "DEBUG",
        Level::Info => "INFO",
        Level::Warn => "WARN",
        Level::Error => "ERROR",
        Level::Critical => "CRITICAL",
    };
    let mut line = format!("{word} ");
    if !context.is_empty() {
        push(&mut line, context);
        line.push_str(": ");
    }
    push(&mut line, message);
    line.push('\n');
    line
}

/// Line breaks are told as `\n` and `\r`, so that no message can pass for another; the rest is the log's to escape.
fn push(line: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            c => line.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // F49
    #[test]
    fn a_message_is_one_line() {
        assert_eq!(line(Level::Info, "db", "ready"), "INFO db: ready\n");
        assert_eq!(line(Level::Critical, "", "a\r\nERROR forged"), "CRITICAL a\\r\\nERROR forged\n");
        assert_eq!(line(Level::Warn, "a\nb", ""), "WARN a\\nb: \n");
    }
}
