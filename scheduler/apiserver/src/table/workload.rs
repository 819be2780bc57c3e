//! What owns Pods: Deployments and ReplicaSets.

use jiff::Timestamp;
use serde_json::Value;

use super::{AGE, Column, NAME, Printer, age, integer, read, selector, text};

pub(super) const CONTAINERS: Column = text("Containers", "Names of each container in the template.").wide();
pub(super) const IMAGES: Column = text("Images", "Images referenced by each container in the template.").wide();
pub(super) const SELECTOR: Column = text("Selector", "Labels of the Pods that are counted.").wide();

pub(super) static DEPLOYMENT: Printer = Printer {
    columns: &[
        NAME,
        text("Ready", "Number of the pod with ready state, of all that are wanted."),
        integer("Up-to-date", "Pods made from the latest template."),
        integer("Available", "Pods that have been ready for long enough."),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ],
    cells: deployment,
};

pub(super) static REPLICA_SET: Printer = Printer {
    columns: &[
        NAME,
        integer("Desired", "Pods that are wanted."),
        integer("Current", "Pods that exist."),
        integer("Ready", "Pods that are ready."),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ],
    cells: replica_set,
};

fn deployment(object: &Value, now: Timestamp) -> Vec<Value> {
    let ready = format!("{}/{}", read::number(object, "/status/readyReplicas"), read::number(object, "/spec/replicas"));
    let cells = [
        read::name(object),
        ready.into(),
        read::number(object, "/status/updatedReplicas").into(),
        read::number(object, "/status/availableReplicas").into(),
        age::of(object, now),
    ];
    cells.into_iter().chain(template(&object["spec"])).collect()
}

fn replica_set(object: &Value, now: Timestamp) -> Vec<Value> {
    let cells = [
        read::name(object),
        read::number(object, "/spec/replicas").into(),
        read::number(object, "/status/replicas").into(),
        read::number(object, "/status/readyReplicas").into(),
        age::of(object, now),
    ];
    cells.into_iter().chain(template(&object["spec"])).collect()
}

/// The cells of containers, images and selector, from a spec.
pub(super) fn template(spec: &Value) -> [Value; 3] {
    let containers = read::list(spec, "/template/spec/containers");
    [
        read::joined(containers, "/name").into(),
        read::joined(containers, "/image").into(),
        selector::of(&spec["selector"]).into(),
    ]
}
