//! Custom resources: what a CustomResourceDefinition makes of objects.
//!
//! A definition is read once ([`definition`]), into one row of kinds for each of its versions; objects then take the
//! way of all objects, and where a row of the table has functions, a custom one has a [`schema::Schema`]: it prunes,
//! fills in, checks and rules. [`keeper`] follows the definitions that are stored and puts them in force.
//!
//! What is not here: conversion by webhook (refused), and `$ref` in schemas, which Kubernetes refuses too.

mod check;
mod columns;
mod definition;
mod format;
mod keeper;
mod names;
mod path;
mod reshape;
mod rules;
mod schema;

#[cfg(test)]
mod tests;

pub(crate) use columns::{Column, cells};
pub(crate) use definition::kind_rules;
pub(crate) use format::Format;
pub(crate) use keeper::CLEANUP;
pub use keeper::Keeper;
pub(crate) use path::JsonPath;
pub(crate) use schema::{Kind as SchemaKind, Schema};

use std::sync::Arc;

use api::Resource;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::cel::Budget;
use crate::field::{Path, Problems};

/// What a CustomResourceDefinition says of a kind in one version.
pub(crate) struct Custom {
    /// The definition's name, `widgets.example.com`.
    pub(crate) definition: String,
    /// The resource in the version that is stored.
    pub(crate) storage: &'static Resource,
    /// What objects must be.
    pub(crate) schema: Arc<Schema>,
    /// The schema as the definition has it, for clients.
    pub(crate) published: Arc<Value>,
    /// Columns of tables beside the name; none for the age alone.
    pub(crate) columns: Vec<Column>,
    /// Fields that selectors may name, `spec.color`.
    pub(crate) selectable: Vec<JsonPath>,
    /// Where the numbers of a Scale are.
    pub(crate) scale: Option<ScalePaths>,
    /// Cancelled when the definition is gone.
    pub(crate) gone: CancellationToken,
}

/// Where the numbers of a Scale are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ScalePaths {
    pub(crate) replicas: JsonPath,
    pub(crate) status: JsonPath,
    pub(crate) selector: Option<JsonPath>,
}

impl Custom {
    /// Drops what the schema does not know, and nulls that mean nothing.
    pub(crate) fn clean(&self, object: &mut Value) {
        reshape::drop_nulls(&self.schema, object);
        reshape::prune(&self.schema, object);
    }

    /// Fills in what the user left out.
    pub(crate) fn fill(&self, object: &mut Value) {
        reshape::fill(&self.schema, object);
    }

    /// Fields of an object that the schema does not know, by their paths.
    pub(crate) fn unknown(&self, object: &Value) -> Vec<String> {
        let mut object = object.clone();
        reshape::prune(&self.schema, &mut object)
    }

    /// A stored object in a version, as the schema has it now.
    pub(crate) fn present(&self, resource: &Resource, object: &mut Value) {
        set_version(object, resource);
        reshape::prune(&self.schema, object);
        reshape::fill(&self.schema, object);
    }

    /// Finds everything wrong with an object; `old` is what it was.
    pub(crate) fn check(&self, old: Option<&Value>, object: &Value, problems: &mut Problems) {
        check::check(&self.schema, object, &Path::new(""), problems);
        // Rules may trust what the schema says, so they wait until it holds.
        if problems.is_empty() {
            rules::check(&self.schema, object, old, &Budget::default(), problems);
        }
    }
}

/// Sets `apiVersion`.
pub(crate) fn set_version(object: &mut Value, resource: &Resource) {
    if let Some(version) = object.get_mut("apiVersion") {
        *version = json!(resource.api_version());
    }
}

/// Says in a definition's status that its objects are on their way out.
pub(crate) fn tell_terminating(status: &mut Value, now: &str) {
    let message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
    names::set(status, ["Terminating", "True", "InstanceDeletionPending", message], now);
}
