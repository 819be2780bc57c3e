//! The Events at the end of a page.

use serde_json::Value;

use super::{Page, Subject};
use crate::time::since;
use crate::value::{number, text};

pub(super) fn write(page: &mut Page, subject: &Subject<'_>) {
    if subject.events.is_empty() {
        return page.field(0, "Events", "<none>");
    }
    page.heading(0, "Events");
    let rows = subject.events.iter().map(|event| {
        let from = [text(event, "/source/component"), text(event, "/reportingComponent")];
        let from = from.into_iter().find(|from| !from.is_empty()).unwrap_or_default();
        let (kind, reason, message) = (text(event, "/type"), text(event, "/reason"), text(event, "/message"));
        vec![kind.to_owned(), reason.to_owned(), age(event, subject), from.to_owned(), message.trim().to_owned()]
    });
    page.table(["Type", "Reason", "Age", "From", "Message"], rows.collect());
}

/// When it happened last, and how often since when.
fn age(event: &Value, subject: &Subject<'_>) -> String {
    let last = since(last(event), subject.now);
    let count = number(event, "/count").max(number(event, "/series/count"));
    match count {
        0 | 1 => last,
        count => format!("{last} (x{count} over {})", since(first(event), subject.now)),
    }
}

/// The moment an Event happened last, in any of the forms Events have had.
pub(crate) fn last(event: &Value) -> &str {
    let places = ["/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"];
    places.into_iter().map(|at| text(event, at)).find(|moment| !moment.is_empty()).unwrap_or_default()
}

fn first(event: &Value) -> &str {
    let places = ["/firstTimestamp", "/eventTime", "/metadata/creationTimestamp"];
    places.into_iter().map(|at| text(event, at)).find(|moment| !moment.is_empty()).unwrap_or_default()
}
