//! `autoscaling/v1 Scale`: the one number autoscalers and `kubectl scale` care about.

use api::Resource;
use serde_json::{Value, json};

use super::modify::{MakePart, Target};
use crate::custom::{JsonPath, ScalePaths};
use crate::field::{Path, Problems};
use crate::kinds::Kind;
use crate::status::Status;
use crate::value;

/// Its version.
pub(super) const API_VERSION: &str = "autoscaling/v1";
/// Its kind.
pub(super) const KIND: &str = "Scale";

/// The Scale of an object.
pub(crate) fn of(kind: &Kind, object: &Value) -> Result<Value, Status> {
    let resource = kind.resource;
    let (replicas, status, selector) = match kind.custom.as_ref().and_then(|custom| custom.scale.as_ref()) {
        Some(paths) => custom_numbers(paths, object)?,
        None => {
            let number = |path: &[&str]| value::at(object, path).and_then(Value::as_i64).unwrap_or(0);
            (number(&["spec", "replicas"]), number(&["status", "replicas"]), selector_text(resource, object)?)
        }
    };
    let meta = |key: &str| value::at(object, &["metadata", key]).cloned().unwrap_or_default();
    let mut scale = json!({
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {
            "name": meta("name"),
            "namespace": meta("namespace"),
            "uid": meta("uid"),
            "resourceVersion": meta("resourceVersion"),
            "creationTimestamp": meta("creationTimestamp"),
        },
        "spec": {"replicas": replicas},
        "status": {"replicas": status, "selector": selector},
    });
    value::strip_nulls(&mut scale);
    Ok(scale)
}

/// The numbers of a custom object, where its definition says they are.
fn custom_numbers(paths: &ScalePaths, object: &Value) -> Result<(i64, i64, String), Status> {
    let at = |path: &JsonPath| path.find(object).first().copied().cloned();
    let replicas = at(&paths.replicas).and_then(|found| found.as_i64()).ok_or_else(|| {
        Status::internal(format!("the spec replicas field \".{}\" does not exist", paths.replicas.label()))
    })?;
    let status = at(&paths.status).and_then(|found| found.as_i64()).unwrap_or(0);
    let selector = paths.selector.as_ref().and_then(at).and_then(|found| found.as_str().map(str::to_owned));
    Ok((replicas, status, selector.unwrap_or_default()))
}

/// The selector in the form of URLs.
fn selector_text(resource: &Resource, object: &Value) -> Result<String, Status> {
    let Some(selector) = value::at(object, &["spec", "selector"]) else { return Ok(String::new()) };
    let selector: api::meta::LabelSelector = serde_json::from_value(selector.clone())
        .map_err(|error| Status::internal(format!("selector of a stored {}: {error}", resource.kind)))?;
    let labels = selector.match_labels.unwrap_or_default();
    let mut parts: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    for expression in selector.match_expressions.unwrap_or_default() {
        let (key, values) = (expression.key, expression.values.unwrap_or_default().join(","));
        parts.push(match expression.operator.as_str() {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key,
        });
    }
    Ok(parts.join(","))
}

/// The object with the replicas of the Scale that `make` makes of its present Scale.
pub(super) fn apply(target: &Target<'_>, current: &Value, make: &MakePart<'_>) -> Result<Value, Status> {
    let wanted = make(&of(target.kind, current)?)?;
    for (key, expected) in [("kind", KIND), ("apiVersion", API_VERSION)] {
        let found = value::text(&wanted, &[key]);
        if !found.is_empty() && found != expected {
            return Err(Status::bad_request(format!("{key} of a scale must be {expected}, not {found}")));
        }
    }
    let replicas = replicas_of(target, &wanted)?;
    let mut object = current.clone();
    let custom = target.kind.custom.as_ref().and_then(|custom| custom.scale.as_ref());
    let fields = custom.map_or_else(|| vec!["spec", "replicas"], |paths| paths.replicas.fields());
    if let Some((last, parents)) = fields.split_last()
        && let Some(parent) = value::map(&mut object, parents)
    {
        parent.insert((*last).to_owned(), json!(replicas));
    }
    for key in ["resourceVersion", "uid", "name", "namespace"] {
        let sent = value::at(&wanted, &["metadata", key]).cloned().unwrap_or_default();
        value::set_meta(&mut object, key, sent);
    }
    Ok(object)
}

/// What a Scale to be applied says about the object: only what it says.
pub(super) fn to_object(target: &Target<'_>, scale: &Value) -> Result<Value, Status> {
    let mut object = json!({"metadata": scale.get("metadata").cloned().unwrap_or_else(|| json!({}))});
    if value::at(scale, &["spec", "replicas"]).is_some() {
        object["spec"] = json!({"replicas": replicas_of(target, scale)?});
    }
    Ok(object)
}

fn replicas_of(target: &Target<'_>, scale: &Value) -> Result<i64, Status> {
    let path = Path::new("spec").child("replicas");
    let mut problems = Problems::default();
    match value::at(scale, &["spec", "replicas"]) {
        None | Some(Value::Null) => return Ok(0),
        Some(found) => match found.as_i64() {
            Some(replicas) if (0..=i64::from(i32::MAX)).contains(&replicas) => return Ok(replicas),
            Some(_) => problems.invalid(&path, found, "must be greater than or equal to 0"),
            None => problems.invalid(&path, found, "must be a whole number"),
        },
    }
    Err(Status::invalid(target.kind.resource, target.name, &problems))
}
