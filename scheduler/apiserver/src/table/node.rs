//! Nodes.

use jiff::Timestamp;
use serde_json::Value;

use super::read::{NONE, UNKNOWN};
use super::{AGE, NAME, Printer, age, read, text};

/// A label `node-role.kubernetes.io/NAME` gives a Node the role NAME.
const ROLE_PREFIX: &str = "node-role.kubernetes.io/";
/// The older form: the role is the label's value.
const ROLE_LABEL: &str = "kubernetes.io/role";

pub(super) static PRINTER: Printer = Printer {
    columns: &[
        NAME,
        text("Status", "The status of the node."),
        text("Roles", "The roles of the node."),
        AGE,
        text("Version", "The version of the host's program."),
        text("Internal-IP", "The address inside the cluster.").wide(),
        text("External-IP", "The address outside the cluster.").wide(),
        text("OS-Image", "The operating system.").wide(),
        text("Kernel-Version", "The version of the kernel.").wide(),
        text("Container-Runtime", "What runs the workloads.").wide(),
    ],
    cells,
};

fn cells(node: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        read::name(node),
        status(node).into(),
        roles(node).into(),
        age::of(node, now),
        read::text(node, "/status/nodeInfo/kubeletVersion").into(),
        address(node, "InternalIP").into(),
        address(node, "ExternalIP").into(),
        read::text_or(node, "/status/nodeInfo/osImage", UNKNOWN).into(),
        read::text_or(node, "/status/nodeInfo/kernelVersion", UNKNOWN).into(),
        read::text_or(node, "/status/nodeInfo/containerRuntimeVersion", UNKNOWN).into(),
    ]
}

fn status(node: &Value) -> String {
    let ready = match read::condition(node, "Ready") {
        Some(_) if read::holds(node, "Ready") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    let cordoned = if read::flag(node, "/spec/unschedulable") { ",SchedulingDisabled" } else { "" };
    format!("{ready}{cordoned}")
}

fn roles(node: &Value) -> String {
    let labels = node.pointer("/metadata/labels").and_then(Value::as_object);
    let role = |(key, value): (&String, &Value)| match key.strip_prefix(ROLE_PREFIX) {
        Some(role) => Some(role.to_owned()),
        None if key == ROLE_LABEL => value.as_str().map(str::to_owned),
        None => None,
    };
    let mut roles: Vec<_> = labels.into_iter().flatten().filter_map(role).filter(|role| !role.is_empty()).collect();
    roles.sort();
    roles.dedup();
    if roles.is_empty() { NONE.to_owned() } else { roles.join(",") }
}

fn address<'n>(node: &'n Value, kind: &str) -> &'n str {
    let found = read::list(node, "/status/addresses").iter().find(|address| read::text(address, "/type") == kind);
    found.map_or(NONE, |address| read::text(address, "/address"))
}
