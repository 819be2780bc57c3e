//! The schemas of one document: every type that its resources reach.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::kinds::Customs;
use crate::schema::{self, Descriptions, Field, Listing, Patch, Shape, Type};

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";
const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";
const INT_OR_STRING: &str = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";

/// The reference to a named schema.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// `com.example.v1.Widget`, as Kubernetes names it.
fn custom_name(group: &str, version: &str, kind: &str) -> String {
    let reversed: Vec<_> = group.rsplit('.').collect();
    format!("{}.{version}.{kind}", reversed.join("."))
}

/// Collects the schemas that a document needs.
pub(super) struct Schemas<'d> {
    descriptions: &'d Descriptions,
    customs: &'d Customs,
    found: BTreeMap<String, Value>,
}

impl<'d> Schemas<'d> {
    pub(super) fn new(descriptions: &'d Descriptions, customs: &'d Customs) -> Self {
        Self { descriptions, customs, found: BTreeMap::new() }
    }

    /// Adds a type and all it reaches; returns the reference to it.
    pub(super) fn add(&mut self, schema: &'static Type) -> Value {
        if !self.found.contains_key(schema.name) {
            // Present before it is drawn, because types may contain themselves.
            self.found.insert(schema.name.to_owned(), Value::Null);
            let drawn = self.object(schema);
            self.found.insert(schema.name.to_owned(), drawn);
        }
        reference(schema.name)
    }

    /// Adds the schema of a custom kind, or of a list of it, as its definition has it; `None` if there is none.
    pub(super) fn add_custom(&mut self, group: &str, version: &str, kind: &str) -> Option<Value> {
        let is_it = |wanted: &str| {
            self.customs
                .rows()
                .find(|row| (row.resource.group, row.resource.version, row.resource.kind) == (group, version, wanted))
        };
        let gvk = json!([{"group": group, "version": version, "kind": kind}]);
        let (row, is_list) = match (is_it(kind), kind.strip_suffix("List").and_then(is_it)) {
            (Some(row), _) => (row.clone(), false),
            (None, Some(row)) => (row.clone(), true),
            (None, None) => return None,
        };
        let name = custom_name(group, version, kind);
        if self.found.contains_key(&name) {
            return Some(reference(&name));
        }
        let own = if is_list {
            let items = json!({"type": "array", "items": self.add_custom(group, version, row.resource.kind)});
            json!({"type": "object", "required": ["items"], "properties": {"items": items}})
        } else {
            row.custom.as_ref().map_or_else(|| json!({"type": "object"}), |custom| (*custom.published).clone())
        };
        let mut drawn = own;
        let metadata = if is_list { "ListMeta" } else { "ObjectMeta" };
        let metadata = schema::named(&format!("{META}.{metadata}")).map(|schema| self.add(schema));
        if let Some(properties) = crate::value::map(&mut drawn, &["properties"]) {
            for field in ["apiVersion", "kind"] {
                properties.entry(field).or_insert_with(|| json!({"type": "string"}));
            }
            if let Some(metadata) = metadata {
                properties.insert("metadata".to_owned(), json!({"allOf": [metadata]}));
            }
        }
        drawn["x-kubernetes-group-version-kind"] = gvk;
        self.found.insert(name.clone(), drawn);
        Some(reference(&name))
    }

    /// Everything added, by name.
    pub(super) fn into_value(self) -> Value {
        Value::Object(self.found.into_iter().collect())
    }

    fn object(&mut self, schema: &'static Type) -> Value {
        let mut drawn = json!({"type": "object"});
        self.describe(&mut drawn, schema.name);
        let required: Vec<_> = schema.fields.iter().filter(|field| field.required).map(|field| field.name).collect();
        if !required.is_empty() {
            drawn["required"] = required.into();
        }
        let properties: Map<_, _> =
            schema.fields.iter().map(|field| (field.name.to_owned(), self.property(schema, field))).collect();
        if !properties.is_empty() {
            drawn["properties"] = properties.into();
        }
        if schema.atomic {
            drawn["x-kubernetes-map-type"] = "atomic".into();
        }
        let kinds: Vec<_> = schema::kinds().filter(|kind| std::ptr::eq(kind.schema, schema)).collect();
        if !kinds.is_empty() {
            let gvk = |kind: &&schema::Kind| json!({"group": kind.group, "version": kind.version, "kind": kind.kind});
            drawn["x-kubernetes-group-version-kind"] = kinds.iter().map(gvk).collect();
        }
        drawn
    }

    fn property(&mut self, owner: &Type, field: &Field) -> Value {
        let mut drawn = self.shape(field.shape);
        if drawn.get("$ref").is_some() {
            // Nothing may stand beside a `$ref`.
            drawn = json!({"allOf": [drawn]});
        }
        self.describe(&mut drawn, &format!("{}.{}", owner.name, field.name));
        set_patch(&mut drawn, field);
        set_listing(&mut drawn, field);
        drawn
    }

    fn shape(&mut self, shape: Shape) -> Value {
        match shape {
            Shape::Text => json!({"type": "string"}),
            Shape::Bytes => json!({"type": "string", "format": "byte"}),
            Shape::Bool => json!({"type": "boolean"}),
            Shape::Int32 => json!({"type": "integer", "format": "int32"}),
            Shape::Int64 => json!({"type": "integer", "format": "int64"}),
            Shape::Time => self.named(&format!("{META}.Time"), || json!({"type": "string", "format": "date-time"})),
            Shape::MicroTime => {
                self.named(&format!("{META}.MicroTime"), || json!({"type": "string", "format": "date-time"}))
            }
            Shape::Quantity => self.named(QUANTITY, || json!({"oneOf": [{"type": "string"}, {"type": "number"}]})),
            Shape::IntOrString => self.named(
                INT_OR_STRING,
                || json!({"oneOf": [{"type": "integer"}, {"type": "string"}], "format": "int-or-string"}),
            ),
            Shape::Json => json!({"type": "object"}),
            Shape::Object(schema) => self.add(schema),
            Shape::List(element) | Shape::Wrapped(element) => json!({"type": "array", "items": self.shape(*element)}),
            Shape::Map(value) => json!({"type": "object", "additionalProperties": self.shape(*value)}),
        }
    }

    fn named(&mut self, name: &str, draw: impl FnOnce() -> Value) -> Value {
        self.found.entry(name.to_owned()).or_insert_with(draw);
        reference(name)
    }

    fn describe(&self, drawn: &mut Value, place: &str) {
        let text = self.descriptions.get(place);
        if !text.is_empty() {
            drawn["description"] = text.into();
        }
    }
}

/// How `kubectl apply` computes its patches.
fn set_patch(drawn: &mut Value, field: &Field) {
    let strategy = match field.patch {
        Patch::Ordinary => None,
        Patch::Replace => Some("replace"),
        Patch::Merge | Patch::MergeBy(_) => Some("merge"),
    };
    let retains = field.retains_keys.then_some("retainKeys");
    let strategies: Vec<_> = strategy.into_iter().chain(retains).collect();
    if !strategies.is_empty() {
        drawn["x-kubernetes-patch-strategy"] = strategies.join(",").into();
    }
    if let Patch::MergeBy(key) = field.patch {
        drawn["x-kubernetes-patch-merge-key"] = key.into();
    }
}

/// How server-side apply tells elements apart.
fn set_listing(drawn: &mut Value, field: &Field) {
    let is_list = matches!(field.shape, Shape::List(_) | Shape::Wrapped(_));
    match field.listing {
        Listing::Unmarked => {}
        Listing::Atomic if is_list => drawn["x-kubernetes-list-type"] = "atomic".into(),
        Listing::Atomic => drawn["x-kubernetes-map-type"] = "atomic".into(),
        Listing::Set => drawn["x-kubernetes-list-type"] = "set".into(),
        Listing::Keyed(keys) => {
            drawn["x-kubernetes-list-type"] = "map".into();
            drawn["x-kubernetes-list-map-keys"] = keys.into();
        }
    }
}
