//! The paths of one document: what can be done at which URL, and with which kinds.

use serde_json::{Map, Value, json};

use super::parameters::{self, DELETE, LIST, LOG, PATCH, Query, READ, WRITE};
use super::schemas::Schemas;
use crate::discovery::{Row, Sub};
use crate::schema;

const JSON: &str = "application/json";
const PATCHES: [&str; 3] =
    ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"];
/// For built kinds alone: clients send what is listed here.
const STRATEGIC: &str = "application/strategic-merge-patch+json";

/// A group, version and kind.
#[derive(Clone, Copy)]
struct Gvk<'k> {
    group: &'k str,
    version: &'k str,
    kind: &'k str,
}

/// Adds the paths of a resource and its subresources.
pub(super) fn add(paths: &mut Map<String, Value>, schemas: &mut Schemas<'_>, row: &Row) {
    let root = if row.group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{}/{}", row.group, row.version) };
    let collection = match row.namespaced {
        true => format!("{root}/namespaces/{{namespace}}/{}", row.plural),
        false => format!("{root}/{}", row.plural),
    };
    let own = Gvk { group: row.group, version: row.version, kind: row.kind };
    let mut draw = Draw { schemas };
    let has = |verb: &str| row.verbs.contains(&verb);
    let mut at_collection = Vec::new();
    if has("create") {
        at_collection.push(("post", draw.write("post", own)));
    }
    if has("list") {
        at_collection.push(("get", draw.list(own)));
    }
    if has("deletecollection") {
        at_collection.push(("delete", draw.delete("deletecollection", own)));
    }
    if row.namespaced && has("list") {
        insert(paths, format!("{root}/{}", row.plural), vec![("get", draw.list(own))]);
    }
    insert(paths, collection.clone(), at_collection);
    if has("get") {
        let item = format!("{collection}/{{name}}");
        let mut operations = vec![("get", draw.read(own))];
        if has("update") {
            operations.push(("put", draw.write("put", own)));
            operations.push(("patch", draw.patch(own)));
            operations.push(("delete", draw.delete("delete", own)));
        }
        insert(paths, item.clone(), operations);
        for sub in &row.subresources {
            insert(paths, format!("{item}/{}", sub.name), draw.subresource(sub));
        }
    }
}

fn insert(paths: &mut Map<String, Value>, path: String, operations: Vec<(&'static str, Value)>) {
    let mut entry: Map<_, _> = operations.into_iter().map(|(method, drawn)| (method.to_owned(), drawn)).collect();
    entry.insert("parameters".to_owned(), parameters::path(&path));
    paths.insert(path, entry.into());
}

/// Draws operations, adding the schemas they name.
struct Draw<'s, 'd> {
    schemas: &'s mut Schemas<'d>,
}

impl Draw<'_, '_> {
    fn read(&mut self, of: Gvk<'_>) -> Value {
        let answer = self.schema(of);
        operation("get", of, READ, &answer)
    }

    fn list(&mut self, of: Gvk<'_>) -> Value {
        let list = format!("{}List", of.kind);
        let answer = self.schema(Gvk { kind: &list, ..of });
        operation("list", of, LIST, &answer)
    }

    fn write(&mut self, action: &str, of: Gvk<'_>) -> Value {
        let object = self.schema(of);
        let mut drawn = operation(action, of, WRITE, &object);
        drawn["requestBody"] = json!({"required": true, "content": {JSON: {"schema": object}}});
        drawn
    }

    fn patch(&mut self, of: Gvk<'_>) -> Value {
        let answer = self.schema(of);
        let mut drawn = operation("patch", of, PATCH, &answer);
        let body = |form: &str| (form.to_owned(), json!({"schema": {"type": "object"}}));
        let is_built = schema::find(of.group, of.version, of.kind).is_some();
        let content: Map<_, _> = PATCHES.into_iter().chain(is_built.then_some(STRATEGIC)).map(body).collect();
        drawn["requestBody"] = json!({"required": true, "content": content});
        drawn
    }

    fn delete(&mut self, action: &str, of: Gvk<'_>) -> Value {
        let status = self.schema(Gvk { group: "", version: "v1", kind: "Status" });
        let options = self.schema(Gvk { group: "", version: "v1", kind: "DeleteOptions" });
        let mut drawn = operation(action, of, DELETE, &status);
        drawn["requestBody"] = json!({"content": {JSON: {"schema": options}}});
        drawn
    }

    fn subresource(&mut self, sub: &Sub) -> Vec<(&'static str, Value)> {
        let of = Gvk { group: sub.group, version: sub.version, kind: sub.kind };
        if sub.name == "log" {
            let text = operation("connect", of, LOG, &json!({"type": "string"}));
            return vec![("get", text)];
        }
        let draw = |verb: &&str| match *verb {
            "get" => Some(("get", self.read(of))),
            "create" => Some(("post", self.write("post", of))),
            "update" => Some(("put", self.write("put", of))),
            "patch" => Some(("patch", self.patch(of))),
            _ => None,
        };
        sub.verbs.iter().filter_map(draw).collect()
    }

    fn schema(&mut self, of: Gvk<'_>) -> Value {
        match schema::find(of.group, of.version, of.kind) {
            Some(schema) => self.schemas.add(schema),
            None => {
                let custom = self.schemas.add_custom(of.group, of.version, of.kind);
                custom.unwrap_or_else(|| json!({"type": "object"}))
            }
        }
    }
}

fn operation(action: &str, of: Gvk<'_>, parameters: &[Query], answer: &Value) -> Value {
    json!({
        "parameters": parameters::query(parameters),
        "responses": {"200": {"description": "OK", "content": {JSON: {"schema": answer}}}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": {"group": of.group, "version": of.version, "kind": of.kind},
    })
}
