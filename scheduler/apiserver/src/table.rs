//! `meta.k8s.io/v1 Table`: the columns that `kubectl get` shows.
//!
//! The server renders, so that a client needs no knowledge of kinds. A kind is a [`Printer`]: its columns
//! and one function from object to cells. Columns of priority 1 are those of `-o wide`. Time is given,
//! so that a table is a function of its input. A kind without a printer has a name and an age.

mod age;
mod autoscaler;
mod batch;
mod budget;
mod config;
mod event;
mod ingress;
mod measured;
mod network;
mod node;
mod pod;
mod policy;
mod rbac;
mod read;
mod selector;
mod storage;
mod workload;

#[cfg(test)]
mod tests;

use api::{Resource, resource};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::custom::cells;
use crate::kinds::Kind;

/// What each row carries of its object: `?includeObject=`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum IncludeObject {
    /// Nothing.
    None,
    /// Its metadata, as `PartialObjectMetadata`.
    #[default]
    Metadata,
    /// All of it.
    Object,
}

impl IncludeObject {
    /// Reads the query parameter; an absent one means [`IncludeObject::Metadata`].
    ///
    /// # Errors
    /// A sentence that names the three values.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "" | "Metadata" => Ok(Self::Metadata),
            "None" => Ok(Self::None),
            "Object" => Ok(Self::Object),
            other => Err(format!("includeObject must be None, Metadata or Object, not {other:?}")),
        }
    }
}

/// How one kind is shown.
struct Printer {
    columns: &'static [Column],
    cells: fn(&Value, Timestamp) -> Vec<Value>,
}

/// One column; `type` and `format` are those of OpenAPI.
struct Column {
    name: &'static str,
    kind: &'static str,
    format: &'static str,
    priority: u8,
    description: &'static str,
}

/// A column of text.
const fn text(name: &'static str, description: &'static str) -> Column {
    Column { name, kind: "string", format: "", priority: 0, description }
}

/// A column of yes and no.
const fn boolean(name: &'static str, description: &'static str) -> Column {
    Column { name, kind: "boolean", format: "", priority: 0, description }
}

/// A column of whole numbers.
const fn integer(name: &'static str, description: &'static str) -> Column {
    Column { name, kind: "integer", format: "", priority: 0, description }
}

impl Column {
    /// Shown with `-o wide` only.
    const fn wide(mut self) -> Self {
        self.priority = 1;
        self
    }

    /// Holds the object's name.
    const fn identifies(mut self) -> Self {
        self.format = "name";
        self
    }
}

/// The first column of nearly every kind.
const NAME: Column = text("Name", "Name must be unique within a namespace.").identifies();
/// The time since `creationTimestamp`.
const AGE: Column = text("Age", "The time since the object was created.");

static ANY: Printer =
    Printer { columns: &[NAME, AGE], cells: |object, now| vec![read::name(object), age::of(object, now)] };

fn printer(resource: &Resource) -> &'static Printer {
    let printers: &[(&Resource, &'static Printer)] = &[
        (&resource::CUSTOM_RESOURCE_DEFINITIONS, &config::DEFINITION),
        (&resource::VALIDATING_ADMISSION_POLICIES, &config::POLICY),
        (&resource::VALIDATING_ADMISSION_POLICY_BINDINGS, &config::POLICY_BINDING),
        (&resource::PODS, &pod::PRINTER),
        (&resource::DEPLOYMENTS, &workload::DEPLOYMENT),
        (&resource::REPLICA_SETS, &workload::REPLICA_SET),
        (&resource::STATEFUL_SETS, &workload::STATEFUL_SET),
        (&resource::DAEMON_SETS, &workload::DAEMON_SET),
        (&resource::CONTROLLER_REVISIONS, &workload::CONTROLLER_REVISION),
        (&resource::POD_DISRUPTION_BUDGETS, &budget::PRINTER),
        (&resource::JOBS, &batch::JOB),
        (&resource::CRON_JOBS, &batch::CRON_JOB),
        (&resource::SERVICES, &network::SERVICE),
        (&resource::ENDPOINT_SLICES, &network::ENDPOINT_SLICE),
        (&resource::ENDPOINTS, &network::ENDPOINTS),
        (&resource::NODES, &node::PRINTER),
        (&resource::EVENTS, &event::PRINTER),
        (&resource::NAMESPACES, &config::NAMESPACE),
        (&resource::CONFIG_MAPS, &config::CONFIG_MAP),
        (&resource::SECRETS, &config::SECRET),
        (&resource::SERVICE_ACCOUNTS, &config::SERVICE_ACCOUNT),
        (&resource::LEASES, &config::LEASE),
        (&resource::ROLES, &rbac::ROLE),
        (&resource::CLUSTER_ROLES, &rbac::ROLE),
        (&resource::ROLE_BINDINGS, &rbac::BINDING),
        (&resource::CLUSTER_ROLE_BINDINGS, &rbac::BINDING),
        (&resource::HORIZONTAL_POD_AUTOSCALERS, &autoscaler::PRINTER),
        (&resource::NODE_METRICS, &measured::NODE),
        (&resource::POD_METRICS, &measured::POD),
        (&resource::PERSISTENT_VOLUMES, &storage::VOLUME),
        (&resource::PERSISTENT_VOLUME_CLAIMS, &storage::CLAIM),
        (&resource::STORAGE_CLASSES, &storage::STORAGE_CLASS),
        (&resource::RESOURCE_QUOTAS, &policy::RESOURCE_QUOTA),
        (&resource::LIMIT_RANGES, &policy::LIMIT_RANGE),
        (&resource::PRIORITY_CLASSES, &policy::PRIORITY_CLASS),
        (&resource::RUNTIME_CLASSES, &policy::RUNTIME_CLASS),
        (&resource::INGRESSES, &ingress::INGRESS),
        (&resource::INGRESS_CLASSES, &ingress::INGRESS_CLASS),
        (&resource::NETWORK_POLICIES, &ingress::NETWORK_POLICY),
    ];
    printers.iter().find(|(of, _)| *of == resource).map_or(&ANY, |(_, printer)| *printer)
}

/// As [`render`], with the columns of a definition if the kind has one.
pub(crate) fn render_kind(kind: &Kind, objects: &[Value], include: IncludeObject, now: Timestamp) -> Value {
    let Some(custom) = &kind.custom else { return render(kind.resource, objects, include, now) };
    let mut rendered = render(kind.resource, objects, include, now);
    if custom.columns.is_empty() {
        return rendered;
    }
    let columns =
        std::iter::once(definition(&NAME)).chain(custom.columns.iter().map(crate::custom::Column::definition));
    rendered["columnDefinitions"] = columns.collect();
    for (row, object) in crate::value::elements(&mut rendered, &["rows"]).iter_mut().zip(objects) {
        row["cells"] = std::iter::once(read::name(object)).chain(cells(&custom.columns, object, now)).collect();
    }
    rendered
}

/// A time as the age it has; empty if it is none.
pub(crate) fn age_since(text: &str, now: Timestamp) -> String {
    age::since(text, now)
}

/// Renders objects of one resource, or the one object of a watch event. `metadata` is left empty for the
/// caller, who knows whether the table stands for a list, with its `continue`, or for one object.
pub(crate) fn render(resource: &Resource, objects: &[Value], include: IncludeObject, now: Timestamp) -> Value {
    let printer = printer(resource);
    let columns: Vec<_> = printer.columns.iter().map(definition).collect();
    let rows: Vec<_> = objects.iter().map(|object| row(resource, object, include, now)).collect();
    json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {}, "columnDefinitions": columns, "rows": rows})
}

fn definition(column: &Column) -> Value {
    json!({
        "name": column.name,
        "type": column.kind,
        "format": column.format,
        "description": column.description,
        "priority": column.priority,
    })
}

fn row(resource: &Resource, object: &Value, include: IncludeObject, now: Timestamp) -> Value {
    let mut row = json!({"cells": (printer(resource).cells)(object, now)});
    if let Some(condition) = pod::completion(resource, object) {
        row["conditions"] = json!([condition]);
    }
    match include {
        IncludeObject::None => {}
        IncludeObject::Metadata => row["object"] = partial(object),
        IncludeObject::Object => row["object"] = object.clone(),
    }
    row
}

/// The object's metadata alone, in the form the row carries it.
pub(crate) fn partial(object: &Value) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]})
}
