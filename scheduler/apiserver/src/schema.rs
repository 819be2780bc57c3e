//! What every field of every known kind is: its JSON name and type, its protobuf number, how patches merge it.
//!
//! One table serves `protobuf`, `strategic` and `openapi`, so that they cannot disagree. It holds more
//! kinds than the cluster serves, because a kind costs nothing here. The table is data made by
//! `xtask/schemas/generate.py` from Kubernetes' own schemas and is never edited by hand. Defaults and
//! validation are not here: they are decisions of the apiserver, not facts about the wire.

mod field;
#[rustfmt::skip]
mod generated;
mod measured;
mod text;

pub(crate) use field::{Field, Listing, Patch};
pub(crate) use text::Descriptions;

use field::f;

/// What a JSON value at some place is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// A string.
    Text,
    /// Base64 in a string.
    Bytes,
    /// `true` or `false`.
    Bool,
    /// A 32-bit integer.
    Int32,
    /// A 64-bit integer.
    Int64,
    /// RFC 3339 with seconds.
    Time,
    /// RFC 3339 with microseconds.
    MicroTime,
    /// `100m`, `64Mi`; a number is accepted too.
    Quantity,
    /// A port or a percentage: an integer or a string.
    IntOrString,
    /// Anything: what a plugin or a later version defines.
    Json,
    /// An object with fields of its own.
    Object(&'static Type),
    /// A list of one shape.
    List(&'static Shape),
    /// A list that protobuf holds in a message of its own, as field 1.
    Wrapped(&'static Shape),
    /// An object with free keys.
    Map(&'static Shape),
}

/// A named type of the schemas.
#[derive(Debug)]
pub(crate) struct Type {
    /// `io.k8s.api.core.v1.PodSpec`
    pub(crate) name: &'static str,
    /// Whether server-side apply owns it as one value.
    pub(crate) atomic: bool,
    /// Its fields, by name.
    pub(crate) fields: &'static [Field],
    /// Messages whose fields JSON holds in this type itself.
    pub(crate) inlined: &'static [Inlined],
}

/// A protobuf message that JSON does not nest, such as `VolumeSource` in `Volume`.
#[derive(Debug)]
pub(crate) struct Inlined {
    /// The field number of the message.
    pub(crate) tag: u32,
    /// What the message holds.
    pub(crate) schema: &'static Type,
}

/// A kind and the type of its objects.
#[derive(Debug)]
pub(crate) struct Kind {
    /// API group; empty for the core group.
    pub(crate) group: &'static str,
    /// API version.
    pub(crate) version: &'static str,
    /// Kind in CamelCase.
    pub(crate) kind: &'static str,
    /// Its type.
    pub(crate) schema: &'static Type,
}

/// A type is itself alone.
impl PartialEq for Type {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Type {
    /// The field with this JSON name.
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The field with this protobuf number.
    pub(crate) fn field_tagged(&self, tag: u32) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.tag == tag && tag != 0)
    }
}

/// Kinds that clients send under any group version, because every group registers them.
const EVERYWHERE: [&str; 2] = ["DeleteOptions", "Status"];

/// The type of a kind, if the table knows it.
pub(crate) fn find(group: &str, version: &str, kind: &str) -> Option<&'static Type> {
    let (group, version) = if EVERYWHERE.contains(&kind) { ("", "v1") } else { (group, version) };
    let known = kinds().find(|k| k.group == group && k.version == version && k.kind == kind);
    known.map(|k| k.schema)
}

/// The type with a name, if an object of some kind has it for its metadata.
pub(crate) fn named(name: &str) -> Option<&'static Type> {
    let metadata = generated::KINDS.iter().filter_map(|kind| match kind.schema.field("metadata")?.shape {
        Shape::Object(schema) => Some(schema),
        _ => None,
    });
    metadata.into_iter().find(|schema| schema.name == name)
}

/// Every kind of the table, by group, version and kind.
pub(crate) fn kinds() -> impl Iterator<Item = &'static Kind> {
    generated::KINDS.iter().chain(&measured::KINDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_served_resource_is_in_the_table() {
        for resource in api::resource::ALL {
            let found = find(resource.group, resource.version, resource.kind);
            assert!(found.is_some_and(|schema| schema.field("metadata").is_some()), "{resource:?}");
        }
    }

    #[test]
    fn what_clients_send_around_objects_is_in_the_table() {
        for (group, kind) in [
            ("", "DeleteOptions"),
            ("apps", "DeleteOptions"),
            ("", "Status"),
            ("", "Binding"),
            ("autoscaling", "Scale"),
            ("policy", "Eviction"),
            ("events.k8s.io", "Event"),
            ("authorization.k8s.io", "SelfSubjectAccessReview"),
            ("authorization.k8s.io", "SelfSubjectRulesReview"),
            ("authentication.k8s.io", "SelfSubjectReview"),
            ("authentication.k8s.io", "TokenRequest"),
            ("batch", "Job"),
            ("batch", "CronJob"),
            ("networking.k8s.io", "Ingress"),
            ("rbac.authorization.k8s.io", "ClusterRole"),
        ] {
            assert!(find(group, "v1", kind).is_some(), "{group} {kind}");
        }
        assert!(find("autoscaling", "v2", "HorizontalPodAutoscaler").is_some());
        assert!(find("example.com", "v1", "Widget").is_none());
    }

    #[test]
    fn names_and_numbers_are_unique_within_a_type() {
        let mut seen = std::collections::BTreeMap::new();
        kinds().for_each(|kind| visit(kind.schema, &mut seen));
        assert!(seen.len() > 400, "{}", seen.len());
        for schema in seen.values() {
            let mut names: Vec<_> = schema.fields.iter().map(|field| field.name).collect();
            let mut tags: Vec<_> = schema.fields.iter().map(|field| field.tag).filter(|tag| *tag != 0).collect();
            tags.extend(schema.inlined.iter().map(|inlined| inlined.tag));
            let (name_count, tag_count) = (names.len(), tags.len());
            names.sort_unstable();
            names.dedup();
            tags.sort_unstable();
            tags.dedup();
            assert_eq!((names.len(), tags.len()), (name_count, tag_count), "{}", schema.name);
        }
    }

    fn visit(schema: &'static Type, seen: &mut std::collections::BTreeMap<&'static str, &'static Type>) {
        if seen.insert(schema.name, schema).is_some() {
            return;
        }
        schema.fields.iter().filter_map(|field| field.shape.object()).for_each(|inner| visit(inner, seen));
        schema.inlined.iter().for_each(|inlined| visit(inlined.schema, seen));
    }
}
