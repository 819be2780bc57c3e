//! What bounds and ranks Pods: quotas, limit ranges, and the classes of priority and runtime.

use jiff::Timestamp;
use serde_json::Value;

use super::read::UNKNOWN;
use super::{AGE, NAME, Printer, age, boolean, integer, read, text};

pub(super) static RESOURCE_QUOTA: Printer = Printer {
    columns: &[
        NAME,
        text("Request", "What is used of what may be requested and counted."),
        text("Limit", "What is used of what may be limited to."),
        AGE,
    ],
    cells: resource_quota,
};

pub(super) static LIMIT_RANGE: Printer = Printer {
    columns: &[NAME, text("Created At", "When it was created.")],
    cells: |object, _| vec![read::name(object), read::text_or(object, "/metadata/creationTimestamp", UNKNOWN).into()],
};

pub(super) static PRIORITY_CLASS: Printer = Printer {
    columns: &[
        NAME,
        integer("Value", "The priority of its Pods."),
        boolean("Global-Default", "Whether Pods without a class are of this one."),
        AGE,
        text("PreemptionPolicy", "Whether its Pods may evict others."),
    ],
    cells: |object, now| {
        vec![
            read::name(object),
            read::number(object, "/value").into(),
            read::flag(object, "/globalDefault").into(),
            age::of(object, now),
            read::text_or(object, "/preemptionPolicy", "PreemptLowerPriority").into(),
        ]
    },
};

pub(super) static RUNTIME_CLASS: Printer = Printer {
    columns: &[NAME, text("Handler", "What runs its Pods."), AGE],
    cells: |object, now| vec![read::name(object), read::text(object, "/handler").into(), age::of(object, now)],
};

/// `pods: 1/10, requests.cpu: 0/2` and, apart, what is limited.
fn resource_quota(object: &Value, now: Timestamp) -> Vec<Value> {
    let (mut requests, mut limits) = (Vec::new(), Vec::new());
    let mut hard: Vec<_> = object.pointer("/status/hard").and_then(Value::as_object).into_iter().flatten().collect();
    hard.sort_by_key(|(name, _)| *name);
    for (name, bound) in hard {
        let used = object.pointer("/status/used").and_then(|used| used.get(name)).and_then(Value::as_str);
        let line = format!("{name}: {}/{}", used.unwrap_or("0"), bound.as_str().unwrap_or_default());
        if name.starts_with("limits.") { limits.push(line) } else { requests.push(line) }
    }
    vec![read::name(object), requests.join(", ").into(), limits.join(", ").into(), age::of(object, now)]
}
