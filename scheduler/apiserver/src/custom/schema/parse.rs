//! Reading a schema, and everything that is wrong with it. The words are Kubernetes'.

use serde_json::{Map, Value};

use super::super::format::Format;
use super::super::rules;
use super::{Checks, Kind, Limit, Schema};
use crate::cel::{Listing, Pattern};
use crate::field::{Path, Problems};

/// Most places of one schema; the largest real ones, of service meshes and cluster managers, have some 6,000.
const PLACES_MAX: usize = 20_000;
/// Most values of an `enum`.
const ENUM_MAX: usize = 2_000;
/// Deepest schema. Bodies end at 128 levels, of which a place takes two.
const LEVELS_MAX: usize = 50;
/// Most rules of one schema; each is compiled when the definition comes into force.
const RULES_MAX: usize = 500;

/// Where a place is, which decides what it may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    Root,
    Structure,
    /// Within `allOf`, `anyOf`, `oneOf` or `not`: only values are judged there.
    Logic,
}

/// Reads the schema of a version.
pub(crate) fn parse(json: &Value, path: &Path, problems: &mut Problems) -> Schema {
    let mut parser = Parser { problems, places: 0, rules: 0 };
    let mut schema = parser.place(json, path, Position::Root, 0);
    schema.embedded = true;
    rules::compile(&mut schema, json, path, parser.problems);
    schema
}

struct Parser<'p> {
    problems: &'p mut Problems,
    places: usize,
    rules: usize,
}

/// What a schema may not say at all.
const FORBIDDEN: [(&str, &str); 7] = [
    ("$ref", "$ref is not supported"),
    ("definitions", "definitions is not supported"),
    ("dependencies", "dependencies is not supported"),
    ("patternProperties", "patternProperties is not supported"),
    ("additionalItems", "additionalItems is not supported"),
    ("id", "id is not supported"),
    ("$schema", "$schema is not supported"),
];

/// What only the structure may say.
const STRUCTURAL: [&str; 12] = [
    "type",
    "default",
    "title",
    "description",
    "nullable",
    "additionalProperties",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-map-type",
];

impl Parser<'_> {
    fn place(&mut self, json: &Value, path: &Path, at: Position, level: usize) -> Schema {
        let mut schema = Schema::default();
        let Some(said) = json.as_object() else {
            self.problems.invalid(path, json, "must be a schema");
            return schema;
        };
        self.places += 1;
        if self.places > PLACES_MAX || level > LEVELS_MAX {
            if self.places == PLACES_MAX + 1 || level > LEVELS_MAX {
                let why = format!("a schema may have at most {PLACES_MAX} places and {LEVELS_MAX} levels");
                self.problems.forbidden(path, why);
            }
            return schema;
        }
        for (name, why) in FORBIDDEN {
            if said.contains_key(name) {
                self.problems.forbidden(&path.child(name), why);
            }
        }
        if flag(said, "uniqueItems") {
            let why = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
            self.problems.forbidden(&path.child("uniqueItems"), why);
        }
        if at == Position::Logic {
            self.forbid_structure(said, path);
        } else {
            self.structure(said, path, at, &mut schema);
        }
        schema.checks = self.checks(said, path, &schema, level);
        self.children(said, path, at, level, &mut schema);
        if at != Position::Logic {
            self.listing(said, path, &mut schema);
        }
        self.count_rules(said, path);
        schema
    }

    fn forbid_structure(&mut self, said: &Map<String, Value>, path: &Path) {
        // `anyOf: [{type: integer}, {type: string}]` is how generators say int-or-string.
        for name in STRUCTURAL.iter().filter(|name| **name != "type" || said.len() > 1) {
            if said.contains_key(*name) {
                let word = if *name == "default" { "undefined" } else { "empty" };
                self.problems.forbidden(&path.child(name), format!("must be {word} to be structural"));
            }
        }
    }

    fn structure(&mut self, said: &Map<String, Value>, path: &Path, at: Position, schema: &mut Schema) {
        schema.nullable = flag(said, "nullable");
        schema.embedded = flag(said, "x-kubernetes-embedded-resource");
        schema.int_or_string = flag(said, "x-kubernetes-int-or-string");
        schema.preserves = flag(said, "x-kubernetes-preserve-unknown-fields");
        schema.atomic = said.get("x-kubernetes-map-type").is_some_and(|map_type| map_type == "atomic");
        schema.default = said.get("default").cloned();
        if said.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(false)) {
            let path = path.child("x-kubernetes-preserve-unknown-fields");
            self.problems.invalid(&path, false, "must be true or undefined");
        }
        let named = said.get("type").and_then(Value::as_str).unwrap_or_default();
        schema.kind = Kind::parse(named);
        let of_type = path.child("type");
        match (named, schema.kind) {
            ("", _) if at == Position::Root => self.problems.required(&of_type, "must not be empty at the root"),
            ("", _) if !schema.int_or_string && !schema.preserves => {
                self.problems.required(&of_type, "must not be empty for specified object fields");
            }
            ("", _) => {}
            (_, _) if schema.int_or_string => {
                self.problems.invalid(&of_type, named, "must be empty if x-kubernetes-int-or-string is true");
            }
            (_, Some(Kind::Object)) => {}
            (_, _) if at == Position::Root => {
                self.problems.invalid(&of_type, named, "must be object at the root");
            }
            (_, _) if schema.embedded => {
                self.problems.invalid(&of_type, named, "must be object if x-kubernetes-embedded-resource is true");
            }
            (_, None) => {
                let kinds = ["array", "boolean", "integer", "number", "object", "string"];
                self.problems.not_supported(&of_type, named, &kinds);
            }
            _ => {}
        }
        if at == Position::Root && schema.nullable {
            self.problems.forbidden(&path.child("nullable"), "nullable cannot be set to true at the root");
        }
    }

    fn children(&mut self, said: &Map<String, Value>, path: &Path, at: Position, level: usize, schema: &mut Schema) {
        let inner = if at == Position::Logic { Position::Logic } else { Position::Structure };
        if let Some(properties) = said.get("properties").and_then(Value::as_object) {
            for (name, json) in properties {
                let path = path.child("properties").key(name);
                // The server knows metadata; a schema may only judge the names.
                if at == Position::Root && name == "metadata" {
                    self.metadata(json, &path);
                    continue;
                }
                let place = self.place(json, &path, inner, level + 1);
                schema.properties.insert(name.clone(), place);
            }
        }
        match said.get("additionalProperties") {
            Some(Value::Bool(true)) => {
                schema.additional = Some(Box::new(Schema { preserves: true, ..Schema::default() }));
            }
            Some(json @ Value::Object(_)) if at != Position::Logic => {
                let path = path.child("additionalProperties");
                if at == Position::Root {
                    self.problems.forbidden(&path, "must not be used at the root");
                }
                schema.additional = Some(Box::new(self.place(json, &path, inner, level + 1)));
            }
            _ => {}
        }
        if schema.additional.is_some() && !schema.properties.is_empty() {
            let why = "additionalProperties and properties are mutual exclusive";
            self.problems.forbidden(&path.child("additionalProperties"), why);
        }
        match said.get("items") {
            Some(Value::Array(_)) => {
                self.problems.forbidden(&path.child("items"), "items must be a schema object and not an array");
            }
            Some(json) => schema.items = Some(Box::new(self.place(json, &path.child("items"), inner, level + 1))),
            None if schema.kind == Some(Kind::Array) => {
                self.problems.required(&path.child("items"), "must be specified");
            }
            None => {}
        }
    }

    fn metadata(&mut self, json: &Value, path: &Path) {
        let properties = json.get("properties").and_then(Value::as_object);
        let extra = properties.is_some_and(|all| all.keys().any(|name| name != "name" && name != "generateName"));
        if extra {
            let why =
                "must not specify anything other than name and generateName, but metadata is implicitly specified";
            self.problems.forbidden(path, why);
        }
    }

    fn checks(&mut self, said: &Map<String, Value>, path: &Path, schema: &Schema, level: usize) -> Checks {
        let number = |name: &str| said.get(name).and_then(Value::as_number).cloned();
        let count = |name: &str| said.get(name).and_then(Value::as_u64);
        let limit =
            |name: &str, exclusive: &str| number(name).map(|value| Limit { value, exclusive: flag(said, exclusive) });
        let mut checks = Checks {
            required: texts(said, "required"),
            one_of_values: said.get("enum").and_then(Value::as_array).cloned().unwrap_or_default(),
            minimum: limit("minimum", "exclusiveMinimum"),
            maximum: limit("maximum", "exclusiveMaximum"),
            multiple_of: number("multipleOf"),
            least: count("minLength").or(count("minItems")).or(count("minProperties")),
            most: count("maxLength").or(count("maxItems")).or(count("maxProperties")),
            format: said.get("format").and_then(Value::as_str).and_then(Format::parse),
            ..Checks::default()
        };
        if checks.one_of_values.len() > ENUM_MAX {
            self.problems.too_many(&path.child("enum"), checks.one_of_values.len(), ENUM_MAX);
        }
        if let Some(pattern) = said.get("pattern").and_then(Value::as_str) {
            match Pattern::new(pattern) {
                Ok(pattern) => checks.pattern = Some(pattern),
                Err(why) => self.problems.invalid(&path.child("pattern"), pattern, why),
            }
        }
        // `anyOf: [{type: integer}, {type: string}]` is implied by int-or-string.
        let is_implied = |list: &[Value]| schema.int_or_string && list.iter().all(|one| one.get("type").is_some());
        let mut logic = |name: &str, into: &mut Vec<Schema>| {
            let Some(list) = said.get(name).and_then(Value::as_array) else { return };
            if name == "anyOf" && is_implied(list) {
                return;
            }
            for (at, json) in list.iter().enumerate() {
                into.push(self.place(json, &path.child(name).index(at), Position::Logic, level + 1));
            }
        };
        logic("allOf", &mut checks.all_of);
        logic("anyOf", &mut checks.any_of);
        logic("oneOf", &mut checks.one_of);
        if let Some(json) = said.get("not") {
            checks.not = Some(Box::new(self.place(json, &path.child("not"), Position::Logic, level + 1)));
        }
        checks
    }

    fn listing(&mut self, said: &Map<String, Value>, path: &Path, schema: &mut Schema) {
        let list_type = said.get("x-kubernetes-list-type").and_then(Value::as_str);
        let keys = texts(said, "x-kubernetes-list-map-keys");
        let (of_type, of_keys) = (path.child("x-kubernetes-list-type"), path.child("x-kubernetes-list-map-keys"));
        if list_type.is_some() && schema.kind != Some(Kind::Array) {
            self.problems.invalid(
                &path.child("type"),
                schema.kind.map(Kind::name),
                "must be array if x-kubernetes-list-type is specified",
            );
        }
        schema.listing = match list_type {
            None | Some("atomic") => Listing::Atomic,
            Some("set") => Listing::Set,
            Some("map") => {
                if keys.is_empty() {
                    self.problems.required(&of_keys, "must not be empty if x-kubernetes-list-type is map");
                }
                let items = schema.items.as_deref();
                for (at, key) in keys.iter().enumerate() {
                    let path = of_keys.index(at);
                    match items.and_then(|items| items.properties.get(key)) {
                        None => self.problems.invalid(&path, key, "entries must all be names of item properties"),
                        Some(found) if matches!(found.kind, Some(Kind::Object | Kind::Array)) => {
                            self.problems.invalid(
                                &path,
                                key,
                                "must be a scalar type if parent array's x-kubernetes-list-type is map",
                            );
                        }
                        Some(found) => {
                            let required = items.is_some_and(|items| items.checks.required.contains(key));
                            if !required && found.default.is_none() {
                                let why = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
                                self.problems.required(&path, why);
                            }
                        }
                    }
                }
                Listing::Map(keys)
            }
            Some(other) => {
                self.problems.not_supported(&of_type, other, &["atomic", "map", "set"]);
                Listing::Atomic
            }
        };
        if let Some(map_type) = said.get("x-kubernetes-map-type").and_then(Value::as_str)
            && !matches!(map_type, "atomic" | "granular")
        {
            self.problems.not_supported(&path.child("x-kubernetes-map-type"), map_type, &["atomic", "granular"]);
        }
    }

    fn count_rules(&mut self, said: &Map<String, Value>, path: &Path) {
        let here = said.get("x-kubernetes-validations").and_then(Value::as_array).map_or(0, Vec::len);
        self.rules += here;
        if here > 0 && self.rules > RULES_MAX {
            self.problems.too_many(&path.child("x-kubernetes-validations"), self.rules, RULES_MAX);
        }
    }
}

fn flag(said: &Map<String, Value>, name: &str) -> bool {
    said.get(name).and_then(Value::as_bool).unwrap_or(false)
}

fn texts(said: &Map<String, Value>, name: &str) -> Vec<String> {
    let list = said.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
