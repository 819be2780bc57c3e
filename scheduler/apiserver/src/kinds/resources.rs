//! Requests and limits.

use std::collections::BTreeMap;

use api::core::ResourceRequirements;
use api::{Quantity, name, quantity};
use serde_json::Value;

use crate::field::{Path, Problems};
use crate::value;

/// A quantity as a whole number of the smallest unit that matters for its resource.
fn amount(resource: &str, quantity: &str) -> Result<i64, String> {
    if resource == "cpu" { quantity::parse_millis(quantity) } else { quantity::parse_bytes(quantity) }
}

/// As [`amount`], of a value that is not decoded yet; `None` if it is no quantity.
pub(super) fn amount_of(resource: &str, quantity: &Value) -> Option<i64> {
    match quantity {
        Value::String(text) => amount(resource, text).ok(),
        Value::Number(number) => amount(resource, &number.to_string()).ok(),
        _ => None,
    }
}

/// Checks names and amounts, and that nothing is requested beyond its limit.
pub(super) fn check(path: &Path, resources: &ResourceRequirements, problems: &mut Problems) {
    let empty = BTreeMap::new();
    let limits = resources.limits.as_ref().unwrap_or(&empty);
    let requests = resources.requests.as_ref().unwrap_or(&empty);
    check_list(&path.child("limits"), limits, problems);
    check_list(&path.child("requests"), requests, problems);
    for (name, request) in requests {
        let Some(limit) = limits.get(name) else { continue };
        if let (Ok(wanted), Ok(most)) = (amount(name, &request.0), amount(name, &limit.0))
            && wanted > most
        {
            let why = format!("must be less than or equal to {name} limit of {}", limit.0);
            problems.invalid(&path.child("requests"), &request.0, why);
        }
    }
    for claim in resources.claims.iter().flatten() {
        problems.forbidden(&path.child("claims"), format!("resource claim {:?}: devices are not served", claim.name));
    }
}

/// Checks a list of resources and amounts.
pub(super) fn check_list(path: &Path, list: &BTreeMap<String, Quantity>, problems: &mut Problems) {
    for (name, quantity) in list {
        let path = path.key(name);
        if !is_known(name) {
            problems.invalid(&path, name, "must be a standard resource type or fully qualified");
        }
        match amount(name, &quantity.0) {
            Err(why) => problems.invalid(&path, &quantity.0, why),
            Ok(found) if found < 0 => problems.invalid(&path, &quantity.0, "must be greater than or equal to 0"),
            Ok(_) => {}
        }
    }
}

fn is_known(resource: &str) -> bool {
    matches!(resource, "cpu" | "memory" | "ephemeral-storage" | "pods" | "storage")
        || resource.starts_with("hugepages-")
        || (resource.contains('/') && name::check_qualified(resource).is_ok())
}

/// Numbers become the text that every reader of quantities expects.
pub(super) fn normalize(resources: &mut Value) {
    for list in ["limits", "requests"] {
        normalize_list(resources, &[list]);
    }
}

/// As [`normalize`], for one list of amounts.
pub(super) fn normalize_list(object: &mut Value, path: &[&str]) {
    let Some(Value::Object(list)) = value::existing(object, path) else { return };
    for quantity in list.values_mut() {
        if let Value::Number(number) = quantity {
            *quantity = Value::String(number.to_string());
        }
    }
}

/// A limit without a request is also the request.
pub(super) fn default_requests(resources: &mut Value) {
    let Some(limits) = resources.get("limits").and_then(Value::as_object).cloned() else { return };
    if let Some(requests) = value::map(resources, &["requests"]) {
        for (name, limit) in limits {
            requests.entry(name).or_insert(limit);
        }
    }
}
