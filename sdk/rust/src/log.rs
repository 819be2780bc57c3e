//! Structured logs through `wasi:logging`, for the macros of the `log` crate.
//!
//! [`init`] once, then `log::info!(user = id; "listed the shop")`: the level and the target (the module) go as such,
//! the fields as ` key=value` after the message. Without `init`, or below its level, records go nowhere: a component
//! that does not call it does not import `wasi:logging`. What a workload prints is its log as well, with no level.

use std::fmt::Write as _;

use ::log::kv::{self, Key, Value, VisitSource};
use ::log::{Level, LevelFilter, Log, Metadata, Record};

use crate::bindings::logging::wasi::logging::logging;

/// Records of the `log` crate go to the host from now on, those less severe than `least` excepted.
///
/// It may be called for every request: what was set first stays, except for the level.
///
/// ```no_run
/// use log::LevelFilter;
///
/// insula_sdk::log::init(LevelFilter::Info);
/// log::warn!(free_bytes = 12; "the shelf is full");
/// ```
pub fn init(least: LevelFilter) {
    // An error says that there is a logger, which is ours or one the author prefers.
    drop(::log::set_logger(&Host));
    ::log::set_max_level(least);
}

/// Logs one record of the level that the `log` crate lacks.
///
/// ```no_run
/// insula_sdk::log::critical("shop", "the ledger is gone");
/// ```
pub fn critical(target: &str, message: &str) {
    logging::log(logging::Level::Critical, target, message);
}

struct Host;

impl Log for Host {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= ::log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            logging::log(level(record.level()), record.target(), &line(record));
        }
    }

    fn flush(&self) {}
}

fn level(level: Level) -> logging::Level {
    match level {
        Level::Error => logging::Level::Error,
        Level::Warn => logging::Level::Warn,
        Level::Info => logging::Level::Info,
        Level::Debug => logging::Level::Debug,
        Level::Trace => logging::Level::Trace,
    }
}

/// The message and its fields.
fn line(record: &Record<'_>) -> String {
    let mut line = Line(record.args().to_string());
    // Writing to a string does not fail, and a field that cannot be told must not take the message with it.
    drop(record.key_values().visit(&mut line));
    line.0
}

struct Line(String);

impl<'kvs> VisitSource<'kvs> for Line {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let text = value.to_string();
        let bare = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '='));
        let written = if bare { write!(self.0, " {key}={text}") } else { write!(self.0, " {key}={text:?}") };
        Ok(written?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(fields: &[(&str, Value<'_>)]) -> String {
        line(&Record::builder().args(format_args!("listed")).key_values(&fields).build())
    }

    #[test]
    fn fields_follow_the_message() {
        assert_eq!(told(&[("user", Value::from(7)), ("paid", Value::from(true))]), "listed user=7 paid=true");
    }

    #[test]
    fn a_value_that_could_be_taken_for_more_is_quoted() {
        assert_eq!(told(&[("name", Value::from("a b"))]), r#"listed name="a b""#);
        assert_eq!(told(&[("name", Value::from("x=\"\n"))]), r#"listed name="x=\"\n""#);
        assert_eq!(told(&[("name", Value::from(""))]), r#"listed name="""#);
    }
}
