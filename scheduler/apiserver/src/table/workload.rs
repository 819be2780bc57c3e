//! What owns Pods: Deployments, ReplicaSets, StatefulSets, DaemonSets, and what these two were.

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

pub(super) static STATEFUL_SET: Printer = Printer {
    columns: &[NAME, text("Ready", "Pods that are ready, of all that are wanted."), AGE, CONTAINERS, IMAGES],
    cells: stateful_set,
};

pub(super) static DAEMON_SET: Printer = Printer {
    columns: &[
        NAME,
        integer("Desired", "Nodes that should run a Pod."),
        integer("Current", "Nodes that run a Pod and should."),
        integer("Ready", "Nodes whose Pod is ready."),
        integer("Up-to-date", "Nodes whose Pod is made from the latest template."),
        integer("Available", "Nodes whose Pod has been ready for long enough."),
        text("Node Selector", "Labels of the Nodes that should run a Pod."),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ],
    cells: daemon_set,
};

pub(super) static CONTROLLER_REVISION: Printer = Printer {
    columns: &[NAME, text("Controller", "Whose revision it is."), integer("Revision", "The higher, the newer."), AGE],
    cells: controller_revision,
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

fn stateful_set(object: &Value, now: Timestamp) -> Vec<Value> {
    let ready = format!("{}/{}", read::number(object, "/status/readyReplicas"), read::number(object, "/spec/replicas"));
    let [containers, images, _] = template(&object["spec"]);
    vec![read::name(object), ready.into(), age::of(object, now), containers, images]
}

fn daemon_set(object: &Value, now: Timestamp) -> Vec<Value> {
    let counts = [
        "/status/desiredNumberScheduled",
        "/status/currentNumberScheduled",
        "/status/numberReady",
        "/status/updatedNumberScheduled",
        "/status/numberAvailable",
    ];
    let counts = counts.map(|pointer| read::number(object, pointer).into());
    let nodes = selector::labels(object.pointer("/spec/template/spec/nodeSelector"));
    let cells = [read::name(object)].into_iter().chain(counts).chain([nodes.into(), age::of(object, now)]);
    cells.chain(template(&object["spec"])).collect()
}

fn controller_revision(object: &Value, now: Timestamp) -> Vec<Value> {
    let owners = read::list(object, "/metadata/ownerReferences");
    let controller = owners.iter().find(|owner| owner["controller"] == true);
    let controller = controller.map_or_else(
        || read::NONE.to_owned(),
        |owner| {
            let (group, kind) = (read::text(owner, "/apiVersion"), read::text(owner, "/kind").to_lowercase());
            let group = group.rsplit_once('/').map_or("", |(group, _)| group);
            let dot = if group.is_empty() { "" } else { "." };
            format!("{kind}{dot}{group}/{}", read::text(owner, "/name"))
        },
    );
    vec![read::name(object), controller.into(), read::number(object, "/revision").into(), age::of(object, now)]
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
