//! What a Pod uses: itself, and what its containers request and are limited to.

use std::collections::{BTreeMap, BTreeSet};

use super::{Amounts, parse};
use crate::Quantity;
use crate::core::{Container, Pod, PodSpec, ResourceRequirements};

/// Which of the two lists of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Requests,
    Limits,
}

/// The sums of a Pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// What it requests, by resource.
    pub requests: Amounts,
    /// What it is limited to.
    pub limits: Amounts,
}

/// What a Pod requests and is limited to as a whole: the larger of its worst moment of initialization and its running
/// life, sidecars being part of both, plus the overhead of its runtime (KEP-753).
#[must_use]
pub fn totals(spec: &PodSpec) -> Totals {
    Totals { requests: total(spec, Side::Requests), limits: total(spec, Side::Limits) }
}

fn total(spec: &PodSpec, side: Side) -> Amounts {
    let mut running = Amounts::new();
    spec.containers.iter().for_each(|container| add(&mut running, &of(container, side)));
    let (mut sidecars, mut starting) = (Amounts::new(), Amounts::new());
    for container in spec.init_containers.iter().flatten() {
        let own = of(container, side);
        if container.restart_policy.as_deref() == Some("Always") {
            add(&mut sidecars, &own);
            raise(&mut starting, &sidecars);
        } else {
            let mut moment = sidecars.clone();
            add(&mut moment, &own);
            raise(&mut starting, &moment);
        }
    }
    add(&mut running, &sidecars);
    raise(&mut running, &starting);
    // What a Pod states as a whole wins over the sum of its containers.
    running.extend(listed(spec.resources.as_ref(), side));
    let overhead = amounts(spec.overhead.as_ref());
    // No limit stays no limit.
    let is_bound = |name: &str| side == Side::Requests || running.contains_key(name);
    let overhead = overhead.into_iter().filter(|(name, _)| is_bound(name)).collect();
    add(&mut running, &overhead);
    running
}

fn of(container: &Container, side: Side) -> Amounts {
    listed(container.resources.as_ref(), side)
}

fn listed(resources: Option<&ResourceRequirements>, side: Side) -> Amounts {
    let list = |resources: &'_ ResourceRequirements| match side {
        Side::Requests => amounts(resources.requests.as_ref()),
        Side::Limits => amounts(resources.limits.as_ref()),
    };
    resources.map(list).unwrap_or_default()
}

fn amounts(list: Option<&BTreeMap<String, Quantity>>) -> Amounts {
    let parsed = list.into_iter().flatten().map(|(name, Quantity(text))| (name.clone(), parse(name, text)));
    parsed.map(|(name, amount)| (name, amount.unwrap_or(0))).collect()
}

fn add(sum: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        let found = sum.entry(name.clone()).or_default();
        *found = found.saturating_add(*amount);
    }
}

fn raise(most: &mut Amounts, floor: &Amounts) {
    for (name, amount) in floor {
        let found = most.entry(name.clone()).or_default();
        *found = (*found).max(*amount);
    }
}

/// Whether a Pod has ended: then it uses nothing, but it is still there to be counted.
pub(super) fn is_finished(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    matches!(phase, Some("Succeeded" | "Failed"))
}

/// See [`super::usage`].
pub(super) fn usage(pod: &Pod) -> Amounts {
    let mut used = Amounts::from([(super::count_name(&crate::resource::PODS), 1)]);
    if is_finished(pod) {
        return used;
    }
    used.insert("pods".to_owned(), 1);
    if let Some(spec) = &pod.spec {
        used.extend(by_name(&totals(spec)));
    }
    used
}

/// Sums by every name a quota gives them: `cpu` and `requests.cpu` are the same.
fn by_name(totals: &Totals) -> Amounts {
    let mut named = Amounts::new();
    for (name, amount) in &totals.requests {
        named.insert(format!("requests.{name}"), *amount);
        if matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-") {
            named.insert(name.clone(), *amount);
        }
    }
    named.extend(totals.limits.iter().map(|(name, amount)| (format!("limits.{name}"), *amount)));
    named
}

/// What a quota that bounds these names needs every container to say.
const NEEDED: [&str; 6] = ["cpu", "limits.cpu", "limits.memory", "memory", "requests.cpu", "requests.memory"];

/// Which containers leave out what a quota bounds, by the name it has there: without it the quota could not count.
#[must_use]
pub fn missing<'a>(pod: &'a Pod, hard: &'a Amounts) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut missing: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let Some(spec) = &pod.spec else { return missing };
    let whole = by_name(&Totals {
        requests: listed(spec.resources.as_ref(), Side::Requests),
        limits: listed(spec.resources.as_ref(), Side::Limits),
    });
    let needed: Vec<&str> = hard.keys().map(String::as_str).filter(|name| NEEDED.contains(name)).collect();
    for container in spec.containers.iter().chain(spec.init_containers.iter().flatten()) {
        let said = by_name(&Totals { requests: of(container, Side::Requests), limits: of(container, Side::Limits) });
        for name in needed.iter().filter(|name| !said.contains_key(**name) && !whole.contains_key(**name)) {
            missing.entry(name).or_default().insert(&container.name);
        }
    }
    missing
}
