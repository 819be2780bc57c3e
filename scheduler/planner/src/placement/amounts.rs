//! Amounts of resources: what a Pod needs, what a Node has, what is taken.

use std::collections::BTreeMap;

use api::core::{Container, Node, PodSpec, ResourceRequirements};
use api::{Quantity, quantity};

const CPU: &str = "cpu";
const MEMORY: &str = "memory";
const PODS: &str = "pods";

/// Amounts by resource. Processor and memory are fields because every Pod is measured by them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Amounts<'a> {
    pub cpu_millis: i64,
    pub memory_bytes: i64,
    pub pods: i64,
    /// Ephemeral storage, huge pages, devices.
    pub others: BTreeMap<&'a str, i64>,
}

type Quantities = BTreeMap<String, Quantity>;

impl<'a> Amounts<'a> {
    fn of(quantities: &'a Quantities) -> Self {
        let mut amounts = Self::default();
        for (name, Quantity(text)) in quantities {
            match name.as_str() {
                CPU => amounts.cpu_millis = quantity::parse_millis(text).unwrap_or(0),
                MEMORY => amounts.memory_bytes = quantity::parse_bytes(text).unwrap_or(0),
                PODS => amounts.pods = quantity::parse_bytes(text).unwrap_or(0),
                other => {
                    amounts.others.insert(other, quantity::parse_bytes(text).unwrap_or(0));
                }
            }
        }
        amounts
    }

    /// What a Node offers to Pods.
    pub(super) fn allocatable(node: &'a Node) -> Self {
        let status = node.status.as_ref();
        let offered = status.and_then(|status| status.allocatable.as_ref().or(status.capacity.as_ref()));
        offered.map(Self::of).unwrap_or_default()
    }

    /// What a Pod reserves (C26): the larger of its initialization's worst moment and its running
    /// life, sidecars being part of both, plus the overhead of its runtime (KEP-753).
    pub(super) fn of_pod(spec: &'a PodSpec) -> Self {
        let mut running = Self::default();
        for container in &spec.containers {
            running.add(&Self::requested(container.resources.as_ref()));
        }
        let mut sidecars = Self::default();
        let mut starting = Self::default();
        for container in spec.init_containers.iter().flatten() {
            let own = Self::requested(container.resources.as_ref());
            if is_sidecar(container) {
                sidecars.add(&own);
                starting.raise_to(&sidecars);
            } else {
                let mut moment = sidecars.clone();
                moment.add(&own);
                starting.raise_to(&moment);
            }
        }
        running.add(&sidecars);
        running.raise_to(&starting);
        running.replace_by(&Self::requested(spec.resources.as_ref()), spec.resources.as_ref());
        if let Some(overhead) = &spec.overhead {
            running.add(&Self::of(overhead));
        }
        running.pods = 1;
        running
    }

    /// Requests; what has only a limit requests it.
    fn requested(resources: Option<&'a ResourceRequirements>) -> Self {
        let Some(resources) = resources else { return Self::default() };
        let mut amounts = resources.requests.as_ref().map(Self::of).unwrap_or_default();
        if let Some(limits) = &resources.limits {
            let is_requested = |name: &str| resources.requests.as_ref().is_some_and(|r| r.contains_key(name));
            let limits = Self::of(limits);
            if !is_requested(CPU) {
                amounts.cpu_millis = limits.cpu_millis;
            }
            if !is_requested(MEMORY) {
                amounts.memory_bytes = limits.memory_bytes;
            }
            for (name, amount) in limits.others {
                amounts.others.entry(name).or_insert(amount);
            }
        }
        amounts
    }

    /// What the Pod states as a whole wins over the sum of its containers.
    fn replace_by(&mut self, whole: &Self, stated: Option<&'a ResourceRequirements>) {
        let Some(stated) = stated else { return };
        let is_stated = |name: &str| {
            [&stated.requests, &stated.limits].into_iter().flatten().any(|amounts| amounts.contains_key(name))
        };
        if is_stated(CPU) {
            self.cpu_millis = whole.cpu_millis;
        }
        if is_stated(MEMORY) {
            self.memory_bytes = whole.memory_bytes;
        }
        self.others.extend(whole.others.iter().map(|(name, amount)| (*name, *amount)));
    }

    pub(super) fn add(&mut self, more: &Self) {
        self.cpu_millis = self.cpu_millis.saturating_add(more.cpu_millis);
        self.memory_bytes = self.memory_bytes.saturating_add(more.memory_bytes);
        self.pods = self.pods.saturating_add(more.pods);
        for (name, amount) in &more.others {
            let sum = self.others.entry(name).or_default();
            *sum = sum.saturating_add(*amount);
        }
    }

    fn raise_to(&mut self, floor: &Self) {
        self.cpu_millis = self.cpu_millis.max(floor.cpu_millis);
        self.memory_bytes = self.memory_bytes.max(floor.memory_bytes);
        for (name, amount) in &floor.others {
            let most = self.others.entry(name).or_default();
            *most = (*most).max(*amount);
        }
    }

    /// What of `wanted` does not fit into `self` beside `used`.
    pub(super) fn lacks(&self, used: &Self, wanted: &Amounts<'a>) -> Vec<&'a str> {
        let mut lacking = Vec::new();
        if used.pods.saturating_add(wanted.pods) > self.pods {
            lacking.push(PODS);
        }
        if exceeds(wanted.cpu_millis, used.cpu_millis, self.cpu_millis) {
            lacking.push(CPU);
        }
        if exceeds(wanted.memory_bytes, used.memory_bytes, self.memory_bytes) {
            lacking.push(MEMORY);
        }
        for (name, amount) in &wanted.others {
            let of = |amounts: &Self| amounts.others.get(name).copied().unwrap_or(0);
            if exceeds(*amount, of(used), of(self)) {
                lacking.push(name);
            }
        }
        lacking
    }
}

/// Who asks for nothing fits even where nothing is left.
fn exceeds(wanted: i64, used: i64, offered: i64) -> bool {
    wanted > 0 && used.saturating_add(wanted) > offered
}

fn is_sidecar(container: &Container) -> bool {
    container.restart_policy.as_deref() == Some("Always")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(spec: serde_json::Value) -> (i64, i64) {
        let spec: PodSpec = serde_json::from_value(spec).expect("a Pod spec");
        let amounts = Amounts::of_pod(&spec);
        (amounts.cpu_millis, amounts.memory_bytes)
    }

    fn container(cpu: &str, memory: &str) -> serde_json::Value {
        serde_json::json!({"name": "c", "resources": {"requests": {"cpu": cpu, "memory": memory}}})
    }

    fn sidecar(cpu: &str, memory: &str) -> serde_json::Value {
        let mut sidecar = container(cpu, memory);
        sidecar["restartPolicy"] = "Always".into();
        sidecar
    }

    // C26
    #[test]
    fn a_pod_needs_the_worst_of_starting_and_running() {
        use serde_json::json;
        let app = [container("1", "100"), container("500m", "50")];
        assert_eq!(check(json!({"containers": app})), (1500, 150));
        assert_eq!(check(json!({"containers": app, "initContainers": [container("2", "10")]})), (2000, 150));
        let staged = [sidecar("1", "10"), container("2", "10"), sidecar("1", "500")];
        assert_eq!(check(json!({"containers": app, "initContainers": staged})), (3500, 660));
        let late = [container("3", "10"), sidecar("1", "1")];
        assert_eq!(check(json!({"containers": app, "initContainers": late})), (3000, 151));
        assert_eq!(check(json!({"containers": app, "overhead": {"cpu": "100m"}})), (1600, 150));
        assert_eq!(check(json!({"containers": app, "resources": {"requests": {"cpu": "9"}}})), (9000, 150));
    }

    #[test]
    fn a_limit_alone_is_a_request() {
        let limited = serde_json::json!({"name": "c", "resources": {"limits": {"cpu": "2", "memory": "1Ki"}}});
        assert_eq!(check(serde_json::json!({"containers": [limited]})), (2000, 1024));
    }
}
