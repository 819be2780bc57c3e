//! The table of kinds: what every resource is called, what it can do, and what its objects must be.
//!
//! A kind is a row. There is no code per kind outside the rows' functions (defaults, validation),
//! so a new kind is a new row here and a file of rules under `kinds/`.

mod autoscaler;
mod bound;
mod catalog;
mod config;
mod container;
mod controller_revision;
mod cron_job;
pub(crate) mod custom_row;
mod daemon_set;
mod deployment;
mod disruption_budget;
mod endpoint_slice;
mod env;
mod event;
mod ingress;
mod ingress_class;
mod job;
mod lease;
mod limit_range;
mod meta;
mod namespace;
mod network_policy;
mod node;
mod persistent_volume;
mod persistent_volume_claim;
mod pod;
mod pod_spec;
mod priority_class;
mod probe;
mod rbac;
mod replica_set;
mod resource_quota;
mod resources;
mod rows;
mod runtime_class;
mod secret;
mod served;
mod service;
mod service_account;
mod stateful_set;
mod storage_class;
mod unacted;
mod volumes;

use api::{GroupVersionKind, Resource, resource};
use serde_json::Value;

use crate::custom::Custom;
use crate::field::Problems;
use crate::status::Status;

pub(crate) use self::catalog::{Customs, Defined, Kinds, Row};
pub(crate) use self::ingress::{check_class_named_once, names_class};
pub(crate) use self::meta::{check_meta, check_meta_update};
pub(crate) use self::rows::ROWS;
pub(crate) use self::served::{Asked, Served, check_header};
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
    /// A token of a ServiceAccount (create only).
    Token,
    /// A command run in a Pod; listed, because clients look for it, and refused.
    Exec,
    /// The input and output of a Pod's process; listed and refused.
    Attach,
    /// Connections to a Pod's ports.
    PortForward,
    /// Requests passed on to a Pod, or to one behind a Service.
    Proxy,
    /// Debug containers; listed, because clients look for it, and refused.
    EphemeralContainers,
}

impl Subresource {
    /// Whether one connects to it: whoever may `create` it, with whatever method.
    #[must_use]
    pub fn is_connect(self) -> bool {
        matches!(self, Self::Exec | Self::Attach | Self::PortForward)
    }

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
            Self::Token => "token",
            Self::Exec => "exec",
            Self::Attach => "attach",
            Self::PortForward => "portforward",
            Self::Proxy => "proxy",
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
    /// Whatever fits into one segment of a path: roles may have colons.
    PathSegment,
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
    /// Whether anything follows from the objects.
    pub(crate) acts: Acts,
    /// Other versions and groups it is served in; the resource's own is the one that is stored.
    pub(crate) also: &'static [Served],
    /// What its CustomResourceDefinition says, if it has one.
    pub(crate) custom: Option<Box<Custom>>,
    /// Where the objects come from.
    pub(crate) origin: Origin,
}

/// Where objects of a kind come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// They are written, and read from the store.
    Stored,
    /// They are measured ([`crate::Measured`]) when somebody asks, and read only.
    Measured,
    /// They follow from others (`endpoints`), and are read only.
    Derived,
}

/// Whether objects of a kind have an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acts {
    /// They do.
    Yes,
    /// A part of what they say has an effect; who writes one is told this sentence.
    Partly(&'static str),
}

impl Kind {
    /// Whether the kind has this subresource.
    pub(crate) fn has(&self, subresource: Subresource) -> bool {
        subresource == Subresource::Main || self.subresources.contains(&subresource)
    }
}

/// The row of a resource of the table; [`Kinds::of`] knows the custom ones too.
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

/// Decodes an object as the type of its kind, for rows without rules of their own.
fn typed<T: GroupVersionKind + serde::de::DeserializeOwned>(object: &Value, _: &mut Problems) -> Result<(), Status> {
    let resource = resource::find_kind(T::GROUP, T::KIND).unwrap_or(&resource::CONFIG_MAPS);
    decode::<T>(resource, object).map(drop)
}

/// Decodes an object for its types, for rules that look at it untyped.
pub(crate) fn typed_as<T: GroupVersionKind + serde::de::DeserializeOwned>(
    object: &Value,
    problems: &mut Problems,
) -> Result<(), Status> {
    typed::<T>(object, problems)
}

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

#[cfg(test)]
mod page;

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
