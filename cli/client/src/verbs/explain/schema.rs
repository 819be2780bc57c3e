//! Reads the schemas of an OpenAPI v3 document. Pure.

use serde_json::Value;

use crate::value::{items, members, text};

/// References within references; more is a ring.
const REFERENCES_MAX: usize = 16;
/// Deepest level of `--recursive`: kinds of schemas contain themselves.
const DEPTH_MAX: usize = 12;
/// Width of a terminal that a text is broken for.
const WIDTH: usize = 80;

/// A document and its schemas.
#[derive(Clone, Copy)]
pub(super) struct Document<'a>(&'a Value);

impl<'a> Document<'a> {
    pub(super) const fn new(document: &'a Value) -> Self {
        Self(document)
    }

    /// The schema of a kind.
    pub(super) fn of_kind(self, group: &str, version: &str, kind: &str) -> Option<&'a Value> {
        let is =
            |of: &Value| text(of, "/group") == group && text(of, "/version") == version && text(of, "/kind") == kind;
        let mut schemas = members(self.0, "/components/schemas").map(|(_, schema)| schema);
        schemas.find(|schema| items(schema, "/x-kubernetes-group-version-kind").any(is))
    }

    /// The schema itself, behind references, lists and maps.
    fn resolve(self, schema: &'a Value) -> &'a Value {
        let mut schema = schema;
        for _ in 0..REFERENCES_MAX {
            let reference = text(schema, "/$ref");
            let all_of = schema.pointer("/allOf/0").filter(|_| schema.get("properties").is_none());
            let next = match reference.strip_prefix("#/components/schemas/") {
                Some(name) => self.0.pointer("/components/schemas").and_then(|schemas| schemas.get(name)),
                None => all_of
                    .or_else(|| schema.get("items"))
                    .or_else(|| schema.get("additionalProperties").filter(|inner| inner.is_object())),
            };
            match next {
                Some(next) => schema = next,
                None => break,
            }
        }
        schema
    }

    fn properties(self, schema: &'a Value) -> impl Iterator<Item = (&'a String, &'a Value)> {
        members(self.resolve(schema), "/properties")
    }

    /// The schema of a field.
    pub(super) fn field(self, schema: &'a Value, name: &str) -> Option<&'a Value> {
        self.properties(schema).find(|(key, _)| *key == name).map(|(_, schema)| schema)
    }

    /// The names of the fields.
    pub(super) fn fields(self, schema: &'a Value) -> Vec<&'a str> {
        self.properties(schema).map(|(key, _)| key.as_str()).collect()
    }

    /// `[]Container`, `map[string]string`, `integer`
    fn shape(self, schema: &'a Value) -> String {
        if let Some(inner) = schema.get("items") {
            return format!("[]{}", self.shape(inner));
        }
        if let Some(inner) = schema.get("additionalProperties").filter(|inner| inner.is_object()) {
            return format!("map[string]{}", self.shape(inner));
        }
        let reference =
            if text(schema, "/$ref").is_empty() { text(schema, "/allOf/0/$ref") } else { text(schema, "/$ref") };
        let behind = self.resolve(schema);
        if behind.get("properties").is_some() && !reference.is_empty() {
            return reference.rsplit(['.', '/']).next().unwrap_or("Object").to_owned();
        }
        match text(behind, "/type") {
            "" if text(behind, "/format") == "int-or-string" => "IntOrString".to_owned(),
            "" | "object" => "Object".to_owned(),
            kind => kind.to_owned(),
        }
    }

    /// The lines about a schema; `field` is the name under which it stands.
    pub(super) fn page(self, field: Option<&str>, schema: &'a Value, recursive: bool) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(field) = field {
            lines.push(format!("FIELD: {field} <{}>\n", self.shape(schema)));
        }
        lines.push("DESCRIPTION:".to_owned());
        lines.extend(broken(self.description(schema), 4));
        let own = self.resolve(schema);
        let values = items(own, "/enum").map(crate::value::plain).collect::<Vec<_>>().join(", ");
        if !values.is_empty() {
            lines.extend(["ENUM:".to_owned(), format!("    {values}")]);
        }
        if self.properties(schema).next().is_some() {
            lines.push("\nFIELDS:".to_owned());
            self.list(schema, 1, recursive, &mut lines);
        }
        lines
    }

    fn description(self, schema: &'a Value) -> &'a str {
        let own = text(schema, "/description");
        let behind = if own.is_empty() { text(self.resolve(schema), "/description") } else { own };
        if behind.is_empty() { "<empty>" } else { behind }
    }

    fn list(self, schema: &'a Value, level: usize, recursive: bool, lines: &mut Vec<String>) {
        let own = self.resolve(schema);
        let is_required = |name: &str| items(own, "/required").any(|required| required.as_str() == Some(name));
        let mut fields: Vec<_> = self.properties(schema).collect();
        fields.sort_by_key(|(name, _)| name.as_str());
        for (name, field) in fields {
            let required = if is_required(name) { " -required-" } else { "" };
            lines.push(format!("{:indent$}{name}\t<{}>{required}", "", self.shape(field), indent = level * 2));
            if recursive && level < DEPTH_MAX {
                self.list(field, level + 1, true, lines);
            } else if !recursive {
                lines.extend(broken(self.description(field), 4));
                lines.push(String::new());
            }
        }
    }
}

/// The text in lines no wider than a terminal.
fn broken(text: &str, indent: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = " ".repeat(indent);
        for word in paragraph.split_whitespace() {
            if line.len() > indent && line.len() + 1 + word.len() > WIDTH {
                lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            }
            if line.len() > indent {
                line.push(' ');
            }
            line += word;
        }
        lines.push(line.trim_end().to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use serde_json::json;

    fn document() -> Value {
        json!({ "components": { "schemas": {
            "io.k8s.api.Pod": {
                "description": "A Pod is a group of containers.", "type": "object",
                "x-kubernetes-group-version-kind": [{ "group": "", "version": "v1", "kind": "Pod" }],
                "properties": {
                    "spec": { "allOf": [{ "$ref": "#/components/schemas/io.k8s.api.PodSpec" }], "description": "What is wanted." },
                    "kind": { "type": "string" },
                },
                "required": ["spec"],
            },
            "io.k8s.api.PodSpec": { "type": "object", "description": "Behind.", "properties": {
                "nodeSelector": { "type": "object", "additionalProperties": { "type": "string" } },
                "containers": { "type": "array", "items": { "$ref": "#/components/schemas/io.k8s.api.Container" } },
            } },
            "io.k8s.api.Container": { "type": "object", "properties": { "name": { "type": "string", "enum": ["a", "b"] } } },
        } } })
    }

    #[test]
    fn a_kind_and_its_fields_are_explained() {
        let document = document();
        let document = Document::new(&document);
        let pod = document.of_kind("", "v1", "Pod").expect("is there");
        expect![[r"
            DESCRIPTION:
                A Pod is a group of containers.

            FIELDS:
              kind	<string>
                <empty>

              spec	<PodSpec> -required-
                What is wanted.
        "]]
        .assert_eq(&format!("{}\n", document.page(None, pod, false).join("\n").trim_end()));
        let containers = document.field(document.field(pod, "spec").expect("spec"), "containers").expect("containers");
        assert_eq!(document.page(Some("containers"), containers, false)[0], "FIELD: containers <[]Container>\n");
        assert_eq!(document.fields(containers), ["name"]);
        let recursive = document.page(None, pod, true).join("\n");
        assert!(recursive.contains("    containers\t<[]Container>\n      name\t<string>"), "{recursive}");
        assert!(recursive.contains("nodeSelector\t<map[string]string>"), "{recursive}");
        assert!(document.of_kind("apps", "v1", "Pod").is_none());
    }

    #[test]
    fn texts_are_broken_at_words() {
        let lines = broken(&"word ".repeat(40), 4);
        assert!(
            lines.len() > 1 && lines.iter().all(|line| line.len() <= WIDTH && line.starts_with("    word")),
            "{lines:?}"
        );
    }
}
