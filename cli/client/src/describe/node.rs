//! The page of a Node: whether it is well, what it has, and what is taken.

use serde_json::Value;

use super::{Page, Subject, conditions, heading, pairs, workload};
use crate::value::{flag, items, members, plain, text};

pub(super) fn write(page: &mut Page, subject: &Subject<'_>) {
    let node = subject.object;
    heading(page, node, subject.now);
    page.list(0, "Taints", items(node, "/spec/taints").map(taint).collect());
    page.field(
        0,
        "Unschedulable",
        if flag(node, "/spec/unschedulable") { "true; `insula uncordon` lets Pods in" } else { "false" },
    );
    conditions(page, node);
    let addresses =
        items(node, "/status/addresses").map(|one| format!("{}: {}", text(one, "/type"), text(one, "/address")));
    page.list(0, "Addresses", addresses.collect());
    page.some(0, "Pod CIDR", text(node, "/spec/podCIDR"));
    page.list(0, "Capacity", pairs(node, "/status/capacity"));
    page.list(0, "Allocatable", pairs(node, "/status/allocatable"));
    page.heading(0, "System Info");
    members(node, "/status/nodeInfo").for_each(|(key, value)| page.some(1, key, plain(value)));
    page.heading(0, "Requested");
    let running: Vec<&Value> = subject.related.iter().filter(|pod| !is_over(pod)).collect();
    let rows = ["cpu", "memory"].map(|resource| requested(node, &running, resource));
    page.table(["Resource", "Requests", "Of allocatable"], rows.to_vec());
    workload::pods(page, subject.related);
}

/// `key=value:NoSchedule`
pub(crate) fn taint(taint: &Value) -> String {
    let value = text(taint, "/value");
    let value = if value.is_empty() { String::new() } else { format!("={value}") };
    format!("{}{value}:{}", text(taint, "/key"), text(taint, "/effect"))
}

fn is_over(pod: &Value) -> bool {
    matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
}

fn requested(node: &Value, pods: &[&Value], resource: &str) -> Vec<String> {
    let of = |object: &Value, at: &str| {
        let quantity = object.pointer(at)?.get(resource).map(plain)?;
        api::quantity::parse_millis(&quantity).ok()
    };
    let containers = pods.iter().flat_map(|pod| items(pod, "/spec/containers"));
    let sum: i64 = containers.filter_map(|container| of(container, "/resources/requests")).sum();
    let all = of(node, "/status/allocatable").unwrap_or(0);
    let share = if all > 0 { format!("{}%", sum.saturating_mul(100) / all) } else { "?".to_owned() };
    let shown = match resource {
        "cpu" => format!("{sum}m"),
        _ => format!("{}Mi", sum / 1000 / (1 << 20)),
    };
    vec![resource.to_owned(), shown, share]
}
