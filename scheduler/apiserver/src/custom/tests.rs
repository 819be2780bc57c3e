//! Schemas: what they refuse in definitions, and what they make of objects.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::check::check;
use super::reshape;
use super::schema::{Schema, parse};
use crate::field::{Path, Problems};

fn read(json: &Value) -> (Schema, Vec<String>) {
    let mut problems = Problems::default();
    let schema = parse(json, &Path::new("schema"), &mut problems);
    (schema, problems.list().iter().map(ToString::to_string).collect())
}

/// A schema with one field `f` in its spec.
fn field(json: &Value) -> Value {
    json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {"f": json}}}})
}

/// Everything wrong with a value of a field.
fn problems(schema: &Value, value: &Value) -> Vec<String> {
    let (schema, wrong) = read(&field(schema));
    assert_eq!(wrong, Vec::<String>::new());
    let object = json!({"apiVersion": "example.com/v1", "kind": "W", "metadata": {"name": "a"}, "spec": {"f": value}});
    let mut problems = Problems::default();
    check(&schema, &object, &Path::new(""), &mut problems);
    problems.list().iter().map(ToString::to_string).collect()
}

#[test]
fn values_are_held_against_their_schema_in_kubernetes_words() {
    for (schema, value, wanted) in [
        (json!({"type": "integer"}), json!("x"), r#""string": spec.f in body must be of type integer: "string""#),
        (json!({"type": "integer", "minimum": 1}), json!(0), "0: spec.f in body should be greater than or equal to 1"),
        (
            json!({"type": "integer", "maximum": 5, "exclusiveMaximum": true}),
            json!(5),
            "5: spec.f in body should be less than 5",
        ),
        (
            json!({"type": "string", "minLength": 2}),
            json!("a"),
            r#""a": spec.f in body should be at least 2 chars long"#,
        ),
        (
            json!({"type": "string", "pattern": "^[a-z]+$"}),
            json!("A"),
            r#""A": spec.f in body should match '^[a-z]+$'"#,
        ),
        (
            json!({"type": "string", "format": "date-time"}),
            json!("now"),
            r#""now": spec.f in body must be of type date-time: "now""#,
        ),
        (json!({"type": "integer", "multipleOf": 5}), json!(7), "7: spec.f in body should be a multiple of 5"),
        (
            json!({"type": "string", "anyOf": [{"minLength": 3}, {"enum": ["a"]}]}),
            json!("b"),
            r#""string": spec.f in body must validate at least one schema (anyOf)"#,
        ),
        (
            json!({"type": "integer", "not": {"enum": [4]}}),
            json!(4),
            r#""integer": spec.f in body must not validate the schema (not)"#,
        ),
        (
            json!({"x-kubernetes-int-or-string": true}),
            json!(true),
            r#""boolean": spec.f in body must be of type integer,string: "boolean""#,
        ),
    ] {
        assert_eq!(problems(&schema, &value), [format!("spec.f: Invalid value: {wanted}")], "{schema} {value}");
    }
}

#[test]
fn sizes_and_choices_have_words_of_their_own_and_what_fits_has_none() {
    for (schema, value, wanted) in [
        (json!({"type": "string", "maxLength": 2}), json!("abc"), "spec.f: Too long: may not be more than 2 bytes"),
        (
            json!({"type": "string", "enum": ["a", "b"]}),
            json!("c"),
            r#"spec.f: Unsupported value: "c": supported values: "a", "b""#,
        ),
        (
            json!({"type": "array", "maxItems": 1, "items": {"type": "string"}}),
            json!(["a", "b"]),
            "spec.f: Too many: 2: must have at most 1 items",
        ),
        (
            json!({"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}),
            json!(["a", "a"]),
            r#"spec.f[1]: Duplicate value: "a""#,
        ),
        (
            json!({"type": "object", "required": ["x"], "properties": {"x": {"type": "string"}}}),
            json!({}),
            "spec.f.x: Required value",
        ),
    ] {
        assert_eq!(problems(&schema, &value), [wanted], "{schema} {value}");
    }
    for (schema, value) in [
        (json!({"type": "string", "nullable": true}), json!(null)),
        (json!({"type": "number"}), json!(1)),
        (json!({"type": "integer"}), json!(1.0)),
        (json!({"x-kubernetes-int-or-string": true}), json!("50%")),
        (json!({"type": "object", "additionalProperties": {"type": "integer"}}), json!({"a": 1})),
        (json!({"type": "string", "oneOf": [{"enum": ["a"]}, {"enum": ["b"]}]}), json!("a")),
    ] {
        assert_eq!(problems(&schema, &value), Vec::<String>::new(), "{schema} {value}");
    }
}

#[test]
fn schemas_that_are_not_structural_are_refused_all_at_once() {
    let (_, wrong) = read(&json!({"type": "object", "properties": {"spec": {"properties": {
        "a": {"type": "array"},
        "b": {"type": "string", "uniqueItems": true, "pattern": "("},
        "c": {"$ref": "#/x", "type": "object"},
        "d": {"type": "string", "anyOf": [{"type": "string", "description": "x"}]},
        "e": {"type": "array", "items": {"type": "object"}, "x-kubernetes-list-type": "map"},
        "g": {"type": "object", "properties": {"x": {"type": "string"}}, "additionalProperties": {"type": "string"}},
        "h": {"type": "thing"},
    }}}}));
    let all = wrong.join("\n");
    for part in [
        "schema.properties[spec].type: Required value: must not be empty for specified object fields",
        "properties[a].items: Required value: must be specified",
        "properties[b].uniqueItems: Forbidden: uniqueItems cannot be set to true",
        "properties[b].pattern: Invalid value",
        "properties[c].$ref: Forbidden: $ref is not supported",
        "properties[d].anyOf[0].type: Forbidden: must be empty to be structural",
        "properties[e].x-kubernetes-list-map-keys: Required value",
        "properties[g].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive",
        "properties[h].type: Unsupported value: \"thing\"",
    ] {
        assert!(all.contains(part), "{part} in\n{all}");
    }
    assert!(read(&json!({"type": "string"})).1[0].contains("must be object at the root"));
}

#[test]
fn large_schemas_are_refused_and_do_no_harm() {
    let nest = |inner, _| json!({"type": "object", "properties": {"a": inner}});
    let deep = (0..60).fold(json!({"type": "string"}), nest);
    assert!(read(&deep).1.iter().any(|why| why.contains("levels")));
    let values: Vec<_> = (0..3_000).collect();
    assert!(read(&field(&json!({"type": "integer", "enum": values}))).1.iter().any(|why| why.contains("Too many")));
}

#[test]
fn unknown_fields_go_and_defaults_come() {
    let inner = json!({"type": "object", "properties": {"p": {"type": "string", "default": "TCP"}}});
    let (schema, wrong) = read(&json!({"type": "object", "properties": {
        "spec": {"type": "object", "default": {}, "properties": {
            "size": {"type": "integer", "default": 1},
            "mode": {"type": "string", "nullable": true},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            "list": {"type": "array", "items": inner},
        }},
    }}));
    assert_eq!(wrong, Vec::<String>::new());
    let mut object = json!({
        "apiVersion": "v1", "kind": "W", "metadata": {"name": "a", "colour": 1}, "extra": 1,
        "spec": {"size": null, "mode": null, "x": 1, "free": {"any": {"thing": 1}}, "list": [{"q": 1}]},
    });
    reshape::drop_nulls(&schema, &mut object);
    assert_eq!(reshape::prune(&schema, &mut object), ["metadata.colour", "extra", "spec.x", "spec.list[0].q"]);
    reshape::fill(&schema, &mut object);
    let wanted = json!({"mode": null, "free": {"any": {"thing": 1}}, "list": [{"p": "TCP"}], "size": 1});
    assert_eq!(object["spec"], wanted);
    let mut bare = json!({"metadata": {"name": "a"}});
    reshape::fill(&schema, &mut bare);
    assert_eq!(bare["spec"], json!({"size": 1}));
}

/// A small schema and an object that may or may not follow it.
fn schema_and_object() -> impl Strategy<Value = (Value, Value)> {
    let leaf = prop_oneof![
        Just(json!({"type": "string", "default": "x"})),
        Just(json!({"type": "integer"})),
        Just(json!({"type": "boolean", "nullable": true})),
        Just(json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})),
    ];
    let schema = leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::btree_map("[a-d]", inner.clone(), 0..4)
                .prop_map(|properties| json!({"type": "object", "properties": properties, "default": {}})),
            inner.clone().prop_map(|items| json!({"type": "array", "items": items})),
            inner.prop_map(|values| json!({"type": "object", "additionalProperties": values})),
        ]
    });
    let value = prop_oneof![Just(json!(null)), Just(json!(1)), Just(json!("s")), Just(json!(true))];
    let object = value.prop_recursive(5, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-e]", inner, 0..4).prop_map(|map| json!(map)),
        ]
    });
    let schema = prop::collection::btree_map("[a-d]", schema, 0..4).prop_map(
        |properties| json!({"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}),
    );
    (schema, object)
}

proptest! {
    #[test]
    fn pruning_and_filling_in_are_idempotent_and_agree((schema, spec) in schema_and_object()) {
        let (schema, _) = read(&schema);
        let mut object = json!({"apiVersion": "v1", "kind": "W", "metadata": {"name": "a"}, "spec": spec});
        reshape::drop_nulls(&schema, &mut object);
        reshape::prune(&schema, &mut object);
        let once = object.clone();
        prop_assert!(reshape::prune(&schema, &mut object).is_empty());
        prop_assert_eq!(&object, &once);
        reshape::fill(&schema, &mut object);
        let filled = object.clone();
        reshape::fill(&schema, &mut object);
        prop_assert_eq!(&object, &filled);
        prop_assert!(reshape::prune(&schema, &mut object).is_empty(), "defaults bring nothing unknown");
    }
}
