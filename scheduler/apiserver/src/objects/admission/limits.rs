//! LimitRanges: what a container gets that asks for nothing, and what nobody may ask for. Pure.

use std::collections::{BTreeMap, BTreeSet};

use api::core::{Container, LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod, ResourceRequirements};
use api::{Quantity, quantity, quota};
use serde_json::{Value, json};

use crate::value;

type List = BTreeMap<String, Quantity>;

/// Where a Pod tells what it was given, in Kubernetes' words.
const NOTE: &str = "kubernetes.io/limit-ranger";

/// Fills in requests and limits that a Pod's containers leave out.
pub(super) fn give_defaults(range: &LimitRange, pod: &mut Value) {
    let items = range.spec.iter().flat_map(|spec| &spec.limits).filter(|item| item.type_ == "Container");
    let (mut requests, mut limits) = (List::new(), List::new());
    for item in items {
        requests.extend(item.default_request.clone().unwrap_or_default());
        limits.extend(item.default.clone().unwrap_or_default());
    }
    if requests.is_empty() && limits.is_empty() {
        return;
    }
    let mut notes = Vec::new();
    for (list, word) in [("containers", "container"), ("initContainers", "init container")] {
        for container in value::elements(pod, &["spec", list]) {
            let name = value::text(container, &["name"]).to_owned();
            for (field, defaults, what) in [("requests", &requests, "request"), ("limits", &limits, "limit")] {
                let given = fill(container, field, defaults);
                if !given.is_empty() {
                    notes.push(format!("{} {what} for {word} {name}", given.join(", ")));
                }
            }
        }
    }
    if notes.is_empty() {
        return;
    }
    if let Some(annotations) = value::map(pod, &["metadata", "annotations"]) {
        annotations.insert(NOTE.to_owned(), json!(format!("LimitRanger plugin set: {}", notes.join("; "))));
    }
}

/// Fills one list of a container; returns what was filled in.
fn fill<'a>(container: &mut Value, field: &str, defaults: &'a List) -> Vec<&'a str> {
    let mut given = Vec::new();
    if defaults.is_empty() {
        return given;
    }
    let Some(list) = value::map(container, &["resources", field]) else { return given };
    for (name, Quantity(amount)) in defaults {
        if !list.contains_key(name) {
            list.insert(name.clone(), json!(amount));
            given.push(name.as_str());
        }
    }
    given
}

/// What of several things is broken, in one sentence.
pub(super) fn verdict(broken: impl Iterator<Item = String>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    let broken: Vec<String> = broken.filter(|why| seen.insert(why.clone())).collect();
    match broken.as_slice() {
        [] => Ok(()),
        [one] => Err(one.clone()),
        several => Err(format!("[{}]", several.join(", "))),
    }
}

/// What one asks for.
struct Wish<'a> {
    /// `Container`, `Pod`, `PersistentVolumeClaim`.
    of: &'a str,
    requests: List,
    limits: List,
}

impl<'a> Wish<'a> {
    fn of_container(container: &Container) -> Self {
        let resources = container.resources.clone().unwrap_or_default();
        let ResourceRequirements { requests, limits, .. } = resources;
        Self { of: "Container", requests: requests.unwrap_or_default(), limits: limits.unwrap_or_default() }
    }
}

/// What a Pod asks for that a range does not allow.
pub(super) fn of_pod(range: &LimitRange, pod: &Pod) -> Vec<String> {
    let Some(spec) = &pod.spec else { return Vec::new() };
    let mut broken = Vec::new();
    for item in range.spec.iter().flat_map(|spec| &spec.limits) {
        match item.type_.as_str() {
            "Container" => {
                for container in spec.containers.iter().chain(spec.init_containers.iter().flatten()) {
                    judge(item, &Wish::of_container(container), &mut broken);
                }
            }
            "Pod" => {
                let totals = quota::totals(spec);
                let list = |amounts: quota::Amounts| {
                    amounts.into_iter().map(|(name, sum)| (name.clone(), Quantity(quota::show(&name, sum)))).collect()
                };
                judge(
                    item,
                    &Wish { of: "Pod", requests: list(totals.requests), limits: list(totals.limits) },
                    &mut broken,
                );
            }
            _ => {}
        }
    }
    broken
}

/// What a claim asks for that a range does not allow.
pub(super) fn of_claim(range: &LimitRange, claim: &PersistentVolumeClaim) -> Vec<String> {
    let requests = claim.spec.as_ref().and_then(|spec| spec.resources.as_ref()?.requests.clone()).unwrap_or_default();
    let wish = Wish { of: "PersistentVolumeClaim", requests, limits: List::new() };
    let mut broken = Vec::new();
    for item in range.spec.iter().flat_map(|spec| &spec.limits).filter(|item| item.type_ == wish.of) {
        for (name, bound) in item.min.iter().flatten() {
            broken.extend(below(&wish, name, bound));
        }
        for (name, bound) in item.max.iter().flatten() {
            broken.extend(beyond(&wish.requests, "request", &wish, name, bound));
        }
    }
    broken
}

fn judge(item: &LimitRangeItem, wish: &Wish<'_>, broken: &mut Vec<String>) {
    for (name, bound) in item.min.iter().flatten() {
        broken.extend(below(wish, name, bound));
    }
    for (name, bound) in item.max.iter().flatten() {
        let own = beyond(&wish.limits, "limit", wish, name, bound);
        let requested =
            || beyond(&wish.requests, "request", wish, name, bound).filter(|_| wish.requests.contains_key(name));
        broken.extend(own.or_else(requested));
    }
    for (name, bound) in item.max_limit_request_ratio.iter().flatten() {
        broken.extend(steep(wish, name, bound));
    }
}

fn amount(name: &str, Quantity(text): &Quantity) -> i64 {
    quota::parse(name, text).unwrap_or(0)
}

fn below(wish: &Wish<'_>, name: &str, bound: &Quantity) -> Option<String> {
    let lead = format!("minimum {name} usage per {} is {}", wish.of, bound.0);
    let least = amount(name, bound);
    let Some(request) = wish.requests.get(name) else { return Some(format!("{lead}.  No request is specified")) };
    if amount(name, request) < least {
        return Some(format!("{lead}, but request is {}", request.0));
    }
    let limit = wish.limits.get(name).filter(|limit| amount(name, limit) < least)?;
    Some(format!("{lead}, but limit is {}", limit.0))
}

fn beyond(list: &List, what: &str, wish: &Wish<'_>, name: &str, bound: &Quantity) -> Option<String> {
    let lead = format!("maximum {name} usage per {} is {}", wish.of, bound.0);
    let Some(found) = list.get(name) else { return Some(format!("{lead}.  No {what} is specified")) };
    (amount(name, found) > amount(name, bound)).then(|| format!("{lead}, but {what} is {}", found.0))
}

fn steep(wish: &Wish<'_>, name: &str, bound: &Quantity) -> Option<String> {
    let lead = format!("{name} max limit to request ratio per {} is {}", wish.of, bound.0);
    let read = |list: &List| list.get(name).map(|found| amount(name, found)).filter(|amount| *amount > 0);
    let Some(request) = read(&wish.requests) else {
        return Some(format!("{lead}, but no request is specified or request is 0"));
    };
    let Some(limit) = read(&wish.limits) else {
        return Some(format!("{lead}, but no limit is specified or limit is 0"));
    };
    let most = quantity::parse_millis(&bound.0).unwrap_or(i64::MAX);
    let is_steep = i128::from(limit) * 1000 > i128::from(most) * i128::from(request);
    is_steep.then(|| {
        // Six digits after the point, as there; in whole numbers, because these are amounts and not measurements.
        let millionths = i128::from(limit) * 1_000_000 / i128::from(request);
        format!("{lead}, but provided ratio is {}.{:06}", millionths / 1_000_000, millionths % 1_000_000)
    })
}
