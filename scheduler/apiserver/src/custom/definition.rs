//! A CustomResourceDefinition: what it must be, and the rows it makes.

use std::sync::Arc;

use api::resource::{Resource, Scope, intern};
use api::{name, version};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::check::check_default;
use super::schema::{self, Kind as Type, Schema};
use super::{Column, Custom, JsonPath, ScalePaths};
use crate::field::{Path, Problems};
use crate::kinds::{Defined, Kind, Subresource, custom_row};
use crate::status::Status;
use crate::value;

/// Most versions, columns and selectable fields of a definition.
const VERSIONS_MAX: usize = 50;
const COLUMNS_MAX: usize = 100;
/// As in Kubernetes.
const SELECTABLE_MAX: usize = 8;

/// The rules of the row of CustomResourceDefinitions itself.
pub(crate) mod kind_rules {
    use super::{Path, Problems, Status, Value, json, value};

    /// A new definition has a status of its own.
    pub(crate) fn prepare(object: &mut Value) {
        if let Some(map) = object.as_object_mut() {
            map.shift_remove("status");
        }
    }

    /// Fills in what follows from the kind, and takes note of the version that is stored from now on.
    pub(crate) fn defaults(object: &mut Value) {
        let kind = value::text(object, &["spec", "names", "kind"]).to_owned();
        if let Some(names) = value::existing(object, &["spec", "names"]).filter(|_| !kind.is_empty()) {
            value::default(names, "singular", kind.to_lowercase());
            value::default(names, "listKind", format!("{kind}List"));
        }
        if let Some(spec) = value::existing(object, &["spec"]) {
            value::default(spec, "conversion", json!({"strategy": "None"}));
        }
        let stored: Vec<String> = versions(object).filter(|v| v["storage"] == true).map(name_of).collect();
        let Some(map) = object.as_object_mut() else { return };
        let status = map.entry("status").or_insert_with(|| json!({}));
        let Some(status) = status.as_object_mut() else { return };
        status.entry("conditions").or_insert_with(|| json!([]));
        status.entry("acceptedNames").or_insert_with(|| json!({"plural": "", "kind": ""}));
        let known = status.entry("storedVersions").or_insert_with(|| json!([]));
        let Some(known) = known.as_array_mut() else { return };
        for name in stored {
            if !known.iter().any(|found| *found == name.as_str()) {
                known.push(json!(name));
            }
        }
    }

    /// Finds everything that is wrong.
    pub(crate) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
        crate::kinds::typed_as::<api::extensions::CustomResourceDefinition>(object, problems)?;
        super::validate(object, problems);
        Ok(())
    }

    /// What may not change.
    pub(crate) fn validate_update(old: &Value, new: &Value, problems: &mut Problems) {
        let was_established = super::super::names::holds(old, "Established");
        let fixed: &[&[&str]] = &[&["spec", "group"], &["spec", "names", "plural"]];
        let established: &[&[&str]] = &[&["spec", "scope"], &["spec", "names", "kind"]];
        let all = fixed.iter().chain(established.iter().filter(|_| was_established));
        for path in all {
            let (before, after) = (value::at(old, path), value::at(new, path));
            if before != after {
                let place = path[1..].iter().fold(Path::new(path[0]), |place, key| place.child(key));
                problems.invalid(&place, after, "field is immutable");
            }
        }
        let names: Vec<String> = versions(new).map(name_of).collect();
        let stored = new["status"]["storedVersions"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for (at, stored) in stored.enumerate().filter(|(_, stored)| !names.iter().any(|name| name == stored)) {
            let path = Path::new("status").child("storedVersions").index(at);
            let why = format!(
                "missing from spec.versions; {stored} was previously a storage version, and must remain in \
                 spec.versions until a storage migration ensures no data remains persisted in {stored} and removes \
                 {stored} from status.storedVersions"
            );
            problems.invalid(&path, stored, why);
        }
    }

    fn versions(object: &Value) -> impl Iterator<Item = &Value> {
        object["spec"]["versions"].as_array().into_iter().flatten()
    }

    fn name_of(version: &Value) -> String {
        version["name"].as_str().unwrap_or_default().to_owned()
    }
}

fn validate(object: &Value, problems: &mut Problems) {
    let spec = &object["spec"];
    let path = Path::new("spec");
    let (group, plural) = (value::text(spec, &["group"]), value::text(spec, &["names", "plural"]));
    check_group(object, group, &path, problems);
    check_names(&spec["names"], &path.child("names"), problems);
    let wanted = format!("{plural}.{group}");
    if value::text(object, &["metadata", "name"]) != wanted {
        let name = Path::new("metadata").child("name");
        problems.invalid(
            &name,
            value::text(object, &["metadata", "name"]),
            "must be spec.names.plural+\".\"+spec.group",
        );
    }
    match value::text(spec, &["scope"]) {
        "Namespaced" | "Cluster" => {}
        "" => problems.required(&path.child("scope"), ""),
        other => problems.not_supported(&path.child("scope"), other, &["Cluster", "Namespaced"]),
    }
    match value::text(spec, &["conversion", "strategy"]) {
        "None" | "" => {}
        "Webhook" => {
            let why = "conversion by webhook is not served; use the strategy None";
            problems.forbidden(&path.child("conversion").child("strategy"), why);
        }
        other => problems.not_supported(&path.child("conversion").child("strategy"), other, &["None", "Webhook"]),
    }
    if spec["preserveUnknownFields"] == true {
        let why =
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
        problems.invalid(&path.child("preserveUnknownFields"), true, why);
    }
    check_versions(spec, &path.child("versions"), problems);
}

fn check_group(object: &Value, group: &str, path: &Path, problems: &mut Problems) {
    let path = path.child("group");
    if group.is_empty() {
        problems.required(&path, "");
        return;
    }
    problems.check(&path, group, name::check_subdomain(group));
    if !group.contains('.') {
        problems.invalid(&path, group, "should be a domain with at least one dot");
    }
    let is_protected =
        ["k8s.io", "kubernetes.io"].iter().any(|own| group == *own || group.ends_with(&format!(".{own}")));
    let approval = object["metadata"]["annotations"]["api-approved.kubernetes.io"].as_str().unwrap_or_default();
    if is_protected && approval.is_empty() {
        let path = Path::new("metadata").child("annotations").key("api-approved.kubernetes.io");
        problems.required(&path, "protected groups must have approval annotation \"api-approved.kubernetes.io\", see https://github.com/kubernetes/enhancements/pull/1111");
    }
}

fn check_names(names: &Value, path: &Path, problems: &mut Problems) {
    let text = |key: &str| value::text(names, &[key]);
    for key in ["plural", "singular", "kind", "listKind"] {
        let (found, path) = (text(key), path.child(key));
        if found.is_empty() {
            problems.required(&path, "");
        } else {
            let lower = found.to_lowercase();
            let is_kind = key == "kind" || key == "listKind";
            problems.check(&path, found, name::check_label_1035(if is_kind { &lower } else { found }));
        }
    }
    if !text("kind").is_empty() && text("kind") == text("listKind") {
        problems.invalid(&path.child("listKind"), text("listKind"), "kind and listKind may not be the same");
    }
    for key in ["shortNames", "categories"] {
        for (at, found) in names[key].as_array().into_iter().flatten().filter_map(Value::as_str).enumerate() {
            problems.check(&path.child(key).index(at), found, name::check_label_1035(found));
        }
    }
}

fn check_versions(spec: &Value, path: &Path, problems: &mut Problems) {
    let versions = spec["versions"].as_array().map_or(&[][..], Vec::as_slice);
    if versions.is_empty() {
        problems.required(path, "must have exactly one version marked as storage version");
        return;
    }
    if versions.len() > VERSIONS_MAX {
        problems.too_many(path, versions.len(), VERSIONS_MAX);
        return;
    }
    if versions.iter().filter(|version| version["storage"] == true).count() != 1 {
        problems.invalid(path, names_of(versions), "must have exactly one version marked as storage version");
    }
    for (at, version) in versions.iter().enumerate() {
        let (name, path) = (value::text(version, &["name"]), path.index(at));
        problems.check(&path.child("name"), name, name::check_label_1035(name));
        if names_of(&versions[..at]).contains(&name.to_owned()) {
            problems.duplicate(&path.child("name"), name);
        }
        drop(Version::read(version, &path, problems));
    }
}

fn names_of(versions: &[Value]) -> Vec<String> {
    versions.iter().map(|version| value::text(version, &["name"]).to_owned()).collect()
}

/// One version, read.
pub(crate) struct Version {
    schema: Schema,
    columns: Vec<Column>,
    selectable: Vec<JsonPath>,
    has_status: bool,
    scale: Option<ScalePaths>,
}

impl Version {
    /// Reads a version, and finds everything that is wrong with it.
    fn read(json: &Value, path: &Path, problems: &mut Problems) -> Self {
        let of_schema = path.child("schema").child("openAPIV3Schema");
        let schema = match &json["schema"]["openAPIV3Schema"] {
            Value::Object(_) => schema::parse(&json["schema"]["openAPIV3Schema"], &of_schema, problems),
            _ => {
                problems.required(&of_schema, "schemas are required");
                Schema::default()
            }
        };
        check_defaults(&schema, &of_schema, problems);
        let subresources = path.child("subresources");
        let scale = json["subresources"].get("scale").filter(|scale| scale.is_object());
        Self {
            columns: columns(&json["additionalPrinterColumns"], &path.child("additionalPrinterColumns"), problems),
            selectable: selectable(json, &schema, &path.child("selectableFields"), problems),
            has_status: json["subresources"].get("status").is_some_and(Value::is_object),
            scale: scale.and_then(|scale| scale_paths(scale, &subresources.child("scale"), problems)),
            schema,
        }
    }
}

fn check_defaults(schema: &Schema, path: &Path, problems: &mut Problems) {
    check_default(schema, &path.child("default"), problems);
    for (name, property) in &schema.properties {
        check_defaults(property, &path.child("properties").key(name), problems);
    }
    if let Some(values) = &schema.additional {
        check_defaults(values, &path.child("additionalProperties"), problems);
    }
    if let Some(items) = &schema.items {
        check_defaults(items, &path.child("items"), problems);
    }
}

fn columns(json: &Value, path: &Path, problems: &mut Problems) -> Vec<Column> {
    let list = json.as_array().map_or(&[][..], Vec::as_slice);
    if list.len() > COLUMNS_MAX {
        problems.too_many(path, list.len(), COLUMNS_MAX);
        return Vec::new();
    }
    let mut columns = Vec::new();
    for (at, json) in list.iter().enumerate() {
        let (text, path) = (|key: &str| value::text(json, &[key]), path.index(at));
        if text("name").is_empty() {
            problems.required(&path.child("name"), "");
        }
        let kinds = ["boolean", "date", "integer", "number", "string"];
        match text("type") {
            "" => problems.required(&path.child("type"), "must be one of boolean,date,integer,number,string"),
            kind if kinds.contains(&kind) => {}
            other => problems.invalid(&path.child("type"), other, "must be one of boolean,date,integer,number,string"),
        }
        match JsonPath::parse(text("jsonPath")) {
            Ok(found) => columns.push(Column {
                name: text("name").to_owned(),
                kind: text("type").to_owned(),
                format: text("format").to_owned(),
                description: text("description").to_owned(),
                priority: json["priority"].as_i64().unwrap_or(0),
                path: found,
            }),
            Err(why) => problems.invalid(&path.child("jsonPath"), text("jsonPath"), why),
        }
    }
    columns
}

fn selectable(json: &Value, schema: &Schema, path: &Path, problems: &mut Problems) -> Vec<JsonPath> {
    let list = json["selectableFields"].as_array().map_or(&[][..], Vec::as_slice);
    if list.len() > SELECTABLE_MAX {
        problems.too_many(path, list.len(), SELECTABLE_MAX);
        return Vec::new();
    }
    let mut fields = Vec::new();
    for (at, json) in list.iter().enumerate() {
        let (text, path) = (value::text(json, &["jsonPath"]), path.index(at).child("jsonPath"));
        match JsonPath::parse(text) {
            Ok(found) if found.is_plain() && is_selectable(schema, &found.fields()) => fields.push(found),
            Ok(_) => {
                let why = "is an invalid path: must be a path of fields that the schema has, to a string, an integer or a boolean, and not in metadata";
                problems.invalid(&path, text, why);
            }
            Err(why) => problems.invalid(&path, text, why),
        }
    }
    fields
}

fn is_selectable(schema: &Schema, fields: &[&str]) -> bool {
    if fields.first() == Some(&"metadata") {
        return false;
    }
    let found = fields.iter().try_fold(schema, |schema, name| schema.properties.get(*name));
    found.is_some_and(|schema| matches!(schema.kind, Some(Type::Text | Type::Integer | Type::Boolean)))
}

fn scale_paths(json: &Value, path: &Path, problems: &mut Problems) -> Option<ScalePaths> {
    let mut read = |key: &str, roots: &[&str]| {
        let (text, path) = (value::text(json, &[key]), path.child(key));
        if text.is_empty() {
            return None;
        }
        let found = JsonPath::parse(text).ok().filter(JsonPath::is_plain);
        let starts = |found: &JsonPath| {
            roots.iter().any(|root| found.fields().first() == Some(root)) && found.fields().len() > 1
        };
        match found {
            Some(found) if starts(&found) => Some(found),
            _ => {
                let why = format!(
                    "should be a json path under {}",
                    roots.iter().map(|root| format!(".{root}")).collect::<Vec<_>>().join(" or ")
                );
                problems.invalid(&path, text, why);
                None
            }
        }
    };
    let replicas = read("specReplicasPath", &["spec"]);
    let status = read("statusReplicasPath", &["status"]);
    let selector = read("labelSelectorPath", &["spec", "status"]);
    for (key, found) in [("specReplicasPath", &replicas), ("statusReplicasPath", &status)] {
        if found.is_none() && value::text(json, &[key]).is_empty() {
            problems.required(&path.child(key), "");
        }
    }
    Some(ScalePaths { replicas: replicas?, status: status?, selector })
}

/// A definition, read: the rows it makes.
pub(crate) struct Definition;

impl Definition {
    /// The rows of a definition that was found valid.
    ///
    /// # Errors
    /// Why it can have none, for its conditions.
    pub(crate) fn rows(object: &Value, gone: &CancellationToken) -> Result<Defined, String> {
        let mut problems = Problems::default();
        let spec = &object["spec"];
        let versions = spec["versions"].as_array().map_or(&[][..], Vec::as_slice);
        let storage = versions.iter().find(|version| version["storage"] == true).ok_or("no version is stored")?;
        let storage = resource(spec, storage).map_err(|full| full.to_string())?;
        let (mut served, mut stored) = (Vec::new(), None);
        for json in versions {
            let version = Version::read(json, &Path::new("spec").child("versions"), &mut problems);
            let own = resource(spec, json).map_err(|full| full.to_string())?;
            let custom = Custom {
                definition: value::text(object, &["metadata", "name"]).to_owned(),
                storage,
                schema: Arc::new(version.schema),
                published: Arc::new(json["schema"]["openAPIV3Schema"].clone()),
                columns: version.columns,
                selectable: version.selectable,
                scale: version.scale,
                gone: gone.clone(),
            };
            let row = Arc::new(row(spec, own, custom, version.has_status).map_err(|full| full.to_string())?);
            if std::ptr::eq(own, storage) {
                stored = Some(row.clone());
            }
            if json["served"] == true {
                served.push(row);
            }
        }
        if !problems.is_empty() {
            return Err(problems.summary());
        }
        served.sort_by(|a, b| version::order(a.resource.version, b.resource.version));
        Ok(Defined { served, storage: stored.ok_or("no version is stored")? })
    }
}

fn resource(spec: &Value, version: &Value) -> Result<&'static Resource, intern::Full> {
    intern::resource(&intern::Wanted {
        group: value::text(spec, &["group"]),
        version: value::text(version, &["name"]),
        kind: value::text(spec, &["names", "kind"]),
        plural: value::text(spec, &["names", "plural"]),
        scope: if spec["scope"] == "Cluster" { Scope::Cluster } else { Scope::Namespaced },
    })
}

fn row(spec: &Value, resource: &'static Resource, custom: Custom, has_status: bool) -> Result<Kind, intern::Full> {
    let texts = |key: &str| -> Vec<String> {
        let list = spec["names"][key].as_array();
        list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let subresources: &'static [Subresource] = match (has_status, custom.scale.is_some()) {
        (true, true) => &[Subresource::Scale, Subresource::Status],
        (true, false) => &[Subresource::Status],
        (false, true) => &[Subresource::Scale],
        (false, false) => &[],
    };
    let names = custom_row::Names {
        singular: intern::text(value::text(spec, &["names", "singular"]))?,
        short: intern::list(&texts("shortNames"))?,
        categories: intern::list(&texts("categories"))?,
    };
    Ok(custom_row::make(resource, names, subresources, custom))
}
