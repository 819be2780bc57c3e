//! The table of kinds: what every resource is called, what it can do, and what its objects must be.
//!
//! A kind is a row. There is no code per kind outside the rows' functions (defaults, validation),
//! so a new kind is a new row here and a file of rules under `kinds/`.

mod config;
mod container;
mod cron_job;
mod deployment;
mod endpoint_slice;
mod env;
mod event;
mod job;
mod lease;
mod meta;
mod namespace;
mod node;
mod pod;
mod pod_spec;
mod probe;
mod replica_set;
mod resources;
mod secret;
mod service;
mod service_account;
mod unacted;
mod volumes;

use api::{Resource, resource};
use serde_json::Value;

use crate::field::Problems;
use crate::status::Status;

pub(crate) use self::meta::{check_meta, check_meta_update};
pub(crate) use self::service::{keep_addresses, needs_node_ports};
pub(crate) use self::unacted::warnings;

/// A part of an object with a URL of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subresource {
    /// The object itself; its `status` is kept as it was.
    Main,
    /// Its `status`; everything else is kept as it was.
    Status,
    /// `autoscaling/v1 Scale`: the number of replicas.
    Scale,
    /// A Namespace's `spec.finalizers`: the last step of its deletion.
    Finalize,
    /// A Pod's assignment to a Node (create only).
    Binding,
    /// A polite deletion of a Pod (create only).
    Eviction,
    /// A Pod's logs (get only).
    Log,
    /// Debug containers; listed, because clients look for it, and refused.
    EphemeralContainers,
}

impl Subresource {
    /// Name in URLs; empty for the object itself.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Main => "",
            Self::Status => "status",
            Self::Scale => "scale",
            Self::Finalize => "finalize",
            Self::Binding => "binding",
            Self::Eviction => "eviction",
            Self::Log => "log",
            Self::EphemeralContainers => "ephemeralcontainers",
        }
    }
}

/// Which rule names of a kind follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameRule {
    /// RFC 1123 subdomain.
    Subdomain,
    /// RFC 1123 label.
    Label,
    /// RFC 1035 label.
    Label1035,
}

/// Whether `metadata.generation` counts changes of the desired state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generation {
    /// It rises when anything but metadata and status changes.
    Counts,
    /// The kind has none.
    None,
}

/// One row of the table.
pub(crate) struct Kind {
    pub(crate) resource: &'static Resource,
    /// Name for one, `pod`.
    pub(crate) singular: &'static str,
    /// What kubectl users type, `po`.
    pub(crate) short_names: &'static [&'static str],
    /// Groups of kinds, `all`.
    pub(crate) categories: &'static [&'static str],
    /// Parts with URLs of their own.
    pub(crate) subresources: &'static [Subresource],
    pub(crate) name_rule: NameRule,
    pub(crate) generation: Generation,
    /// Field selectors besides `metadata.name` and `metadata.namespace`: label and default.
    pub(crate) fields: &'static [(&'static str, &'static str)],
    /// Fills in what the user left out. Must not trust shapes: it runs before decoding.
    pub(crate) defaults: fn(&mut Value),
    /// What a new object starts with that only the server may set; runs on create, before `defaults`.
    pub(crate) prepare: fn(&mut Value),
    /// Decodes the object and finds everything wrong with it.
    pub(crate) validate: fn(&Value, &mut Problems) -> Result<(), Status>,
    /// What may not change from the old object (first) to the new.
    pub(crate) validate_update: fn(&Value, &Value, &mut Problems),
    /// Fields that are stored but not acted on yet: path and a value that needs no warning.
    pub(crate) unacted: &'static [unacted::Unacted],
}

impl Kind {
    /// Whether the kind has this subresource.
    pub(crate) fn has(&self, subresource: Subresource) -> bool {
        subresource == Subresource::Main || self.subresources.contains(&subresource)
    }
}

/// The row of a resource.
pub(crate) fn of(resource: &Resource) -> &'static Kind {
    // The table has a row for every entry of `api::resource::ALL`; a test holds them together.
    ROWS.iter().find(|kind| kind.resource == resource).unwrap_or(&ROWS[0])
}

/// Does nothing: for rows without a rule.
fn nothing(_: &mut Value) {}

/// Drops the status a user brought along: a controller writes it.
fn without_status(object: &mut Value) {
    if let Some(map) = object.as_object_mut() {
        map.shift_remove("status");
    }
}

/// Anything may change: for rows without a rule.
fn mutable(_: &Value, _: &Value, _: &mut Problems) {}

/// Decodes an object, or says which field has a value of the wrong type.
fn decode<'a, T: serde::Deserialize<'a>>(resource: &Resource, object: &'a Value) -> Result<T, Status> {
    serde_path_to_error::deserialize(object).map_err(|error| {
        let (path, why) = (error.path().to_string(), error.inner().to_string());
        let message = format!(
            "{} in version \"{}\" cannot be handled as a {}: {path}: {why}",
            resource.kind, resource.version, resource.kind
        );
        let cause = crate::status::Cause { reason: "FieldValueTypeInvalid", message: why, field: path };
        Status::bad_fields(message, vec![cause])
    })
}

use Subresource::{Binding, EphemeralContainers, Eviction, Finalize, Log, Scale, Status as StatusPart};

/// The rows, in the order of `api::resource::ALL`.
pub(crate) static ROWS: [Kind; 14] = [
    Kind {
        resource: &resource::NAMESPACES,
        singular: "namespace",
        short_names: &["ns"],
        categories: &[],
        subresources: &[Finalize, StatusPart],
        name_rule: NameRule::Label,
        generation: Generation::None,
        fields: &[("status.phase", ""), ("name", "")],
        defaults: namespace::defaults,
        prepare: namespace::prepare,
        validate: namespace::validate,
        validate_update: mutable,
        unacted: &[],
    },
    Kind {
        resource: &resource::NODES,
        singular: "node",
        short_names: &["no"],
        categories: &[],
        subresources: &[StatusPart],
        name_rule: NameRule::Subdomain,
        generation: Generation::None,
        fields: &[("spec.unschedulable", "false")],
        defaults: nothing,
        prepare: nothing,
        validate: node::validate,
        validate_update: node::validate_update,
        unacted: unacted::NODE,
    },
    Kind {
        resource: &resource::PODS,
        singular: "pod",
        short_names: &["po"],
        categories: &["all"],
        subresources: &[Binding, EphemeralContainers, Eviction, Log, StatusPart],
        name_rule: NameRule::Subdomain,
        generation: Generation::Counts,
        fields: &[
            ("spec.nodeName", ""),
            ("spec.restartPolicy", ""),
            ("spec.schedulerName", ""),
            ("spec.serviceAccountName", ""),
            ("spec.hostNetwork", "false"),
            ("status.phase", ""),
            ("status.podIP", ""),
            ("status.nominatedNodeName", ""),
        ],
        defaults: pod::defaults,
        prepare: pod::prepare,
        validate: pod::validate,
        validate_update: pod::validate_update,
        unacted: unacted::POD,
    },
    Kind {
        resource: &resource::SERVICES,
        singular: "service",
        short_names: &["svc"],
        categories: &["all"],
        subresources: &[StatusPart],
        name_rule: NameRule::Label1035,
        generation: Generation::None,
        fields: &[("spec.clusterIP", ""), ("spec.type", "")],
        defaults: service::defaults,
        prepare: service::prepare,
        validate: service::validate,
        validate_update: service::validate_update,
        unacted: unacted::SERVICE,
    },
    Kind {
        resource: &resource::CONFIG_MAPS,
        singular: "configmap",
        short_names: &["cm"],
        categories: &[],
        subresources: &[],
        name_rule: NameRule::Subdomain,
        generation: Generation::None,
        fields: &[],
        defaults: nothing,
        prepare: nothing,
        validate: config::validate,
        validate_update: config::validate_update,
        unacted: &[],
    },
    Kind {
        resource: &resource::SECRETS,
        singular: "secret",
        short_names: &[],
        categories: &[],
        subresources: &[],
        name_rule: NameRule::Subdomain,
        generation: Generation::None,
        fields: &[("type", "")],
        defaults: secret::defaults,
        prepare: nothing,
        validate: secret::validate,
        validate_update: secret::validate_update,
        unacted: &[],
    },
    Kind {
        resource: &resource::SERVICE_ACCOUNTS,
        singular: "serviceaccount",
        short_names: &["sa"],
        categories: &[],
        subresources: &[],
        name_rule: NameRule::Subdomain,
        generation: Generation::None,
        fields: &[],
        defaults: nothing,
        prepare: nothing,
        validate: service_account::validate,
        validate_update: mutable,
        unacted: unacted::SERVICE_ACCOUNT,
    },
    Kind {
        resource: &resource::EVENTS,
        singular: "event",
        short_names: &["ev"],
        categories: &[],
        subresources: &[],
        name_rule: NameRule::Subdomain,
        generation: Generation::None,
        fields: event::FIELDS,
        defaults: nothing,
        prepare: nothing,
        validate: event::validate,
        validate_update: mutable,
        unacted: &[],
    },
    Kind {
        resource: &resource::DEPLOYMENTS,
        singular: "deployment",
        short_names: &["deploy"],
        categories: &["all"],
        subresources: &[Scale, StatusPart],
        name_rule: NameRule::Subdomain,
        generation: Generation::Counts,
        fields: &[],
        defaults: deployment::defaults,
        prepare: without_status,
        validate: deployment::validate,
        validate_update: deployment::validate_update,
        unacted: unacted::TEMPLATED,
    },
    Kind {
        resource: &resource::REPLICA_SETS,
        singular: "replicaset",
        short_names: &["rs"],
        categories: &["all"],
        subresources: &[Scale, StatusPart],
        name_rule: NameRule::Subdomain,
        generation: Generation::Counts,
        fields: &[("status.replicas", "0")],
        defaults: replica_set::defaults,
        prepare: without_status,
        validate: replica_set::validate,
        validate_update: replica_set::validate_update,
        unacted: unacted::TEMPLATED,
    },
    Kind {
        resource: &resource::JOBS,
        singular: "job",
        short_names: &[],
        categories: &["all"],
        subresources: &[StatusPart],
        name_rule: NameRule::Subdomain,
        generation: Generation::Counts,
        fields: &[("status.successful", "0")],
        defaults: job::defaults,
        prepare: job::prepare,
        validate: job::validate,
        validate_update: job::validate_update,
        unacted: unacted::JOB,
    },
    Kind {
        resource: &resource::CRON_JOBS,
        singular: "cronjob",
        short_names: &["cj"],
        categories: &["all"],
        subresources: &[StatusPart],
        name_rule: NameRule::Subdomain,
        generation: Generation::Counts,
        fields: &[],
        defaults: cron_job::defaults,
        prepare: without_status,
        validate: cron_job::validate,
        validate_update: mutable,
        unacted: unacted::CRON_JOB,
    },
    Kind {
        resource: &resource::ENDPOINT_SLICES,
        singular: "endpointslice",
        short_names: &[],
        categories: &[],
        subresources: &[],
        name_rule: NameRule::Subdomain,
        generation: Generation::Counts,
        fields: &[],
        defaults: endpoint_slice::defaults,
        prepare: nothing,
        validate: endpoint_slice::validate,
        validate_update: endpoint_slice::validate_update,
        unacted: &[],
    },
    Kind {
        resource: &resource::LEASES,
        singular: "lease",
        short_names: &[],
        categories: &[],
        subresources: &[],
        name_rule: NameRule::Subdomain,
        generation: Generation::None,
        fields: &[],
        defaults: nothing,
        prepare: nothing,
        validate: lease::validate,
        validate_update: mutable,
        unacted: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resource_has_its_row() {
        for (kind, resource) in ROWS.iter().zip(resource::ALL) {
            assert_eq!(kind.resource, resource);
            assert_eq!(of(resource).resource, resource);
        }
    }
}
