//! Events.

use jiff::Timestamp;
use serde_json::Value;

use super::{Printer, age, integer, read, text};

pub(super) static PRINTER: Printer = Printer {
    columns: &[
        text("Last Seen", "The time since it happened last."),
        text("Type", "Normal or Warning."),
        text("Reason", "The reason, in a word for machines."),
        text("Object", "The object it is about."),
        text("Subobject", "The part of the object it is about.").wide(),
        text("Source", "Who reports it.").wide(),
        text("Message", "What happened, for people."),
        text("First Seen", "The time since it happened first.").wide(),
        integer("Count", "How often it happened.").wide(),
        text("Name", "Name must be unique within a namespace.").identifies().wide(),
    ],
    cells,
};

fn cells(event: &Value, now: Timestamp) -> Vec<Value> {
    let first = read::text_or(event, "/firstTimestamp", read::text(event, "/eventTime"));
    let last = read::text_or(event, "/lastTimestamp", first);
    let last = read::text_or(event, "/series/lastObservedTime", last);
    let count = match event.get("series") {
        Some(series) if !series.is_null() => read::number(series, "/count"),
        _ => read::number(event, "/count").max(1),
    };
    vec![
        age::since(last, now).into(),
        read::text(event, "/type").into(),
        read::text(event, "/reason").into(),
        about(event).into(),
        read::text(event, "/involvedObject/fieldPath").into(),
        source(event).into(),
        read::text(event, "/message").trim().into(),
        age::since(first, now).into(),
        count.into(),
        read::name(event),
    ]
}

fn about(event: &Value) -> String {
    let kind = read::text(event, "/involvedObject/kind").to_lowercase();
    match read::text(event, "/involvedObject/name") {
        "" => kind,
        name => format!("{kind}/{name}"),
    }
}

fn source(event: &Value) -> String {
    let component = read::text_or(event, "/source/component", read::text(event, "/reportingComponent"));
    match read::text_or(event, "/source/host", read::text(event, "/reportingInstance")) {
        "" => component.to_owned(),
        instance => format!("{component}, {instance}"),
    }
}
