//! The merge patch (RFC 7386) that makes one object of another.

use serde_json::{Map, Value};

/// What must be merged into `from` to make it `to`; an empty object if they are alike.
///
/// Members of `to` that are null cannot be said in a merge patch; they are left out, as JSON's own members are never
/// null in Kubernetes' objects.
pub(crate) fn difference(from: &Value, to: &Value) -> Value {
    let (Value::Object(from), Value::Object(to)) = (from, to) else { return to.clone() };
    let mut patch = Map::new();
    for (key, value) in to {
        match from.get(key) {
            Some(before) if before == value => {}
            Some(before @ Value::Object(_)) if value.is_object() => {
                patch.insert(key.clone(), difference(before, value));
            }
            _ => {
                patch.insert(key.clone(), value.clone());
            }
        }
    }
    for key in from.keys().filter(|key| !to.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    Value::Object(patch)
}

/// Whether a patch changes nothing.
pub(crate) fn is_empty(patch: &Value) -> bool {
    patch.as_object().is_some_and(Map::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i8>().prop_map(Value::from),
            "[a-c]".prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[a-d]", inner, 0..4).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn merging_the_difference_makes_one_of_the_other(from in value(), to in value()) {
            let mut merged = from.clone();
            json_patch::merge(&mut merged, &difference(&from, &to));
            prop_assert_eq!(merged, to);
        }

        #[test]
        fn alike_objects_differ_in_nothing(one in prop::collection::btree_map("[a-d]", value(), 0..4)) {
            let one: Value = one.into_iter().collect();
            prop_assert!(is_empty(&difference(&one, &one)));
        }
    }

    #[test]
    fn what_is_gone_becomes_null_and_lists_are_whole() {
        let (from, to) = (json!({"a": {"b": 1, "c": [1, 2]}, "d": 1}), json!({"a": {"b": 1, "c": [2]}}));
        assert_eq!(difference(&from, &to), json!({"a": {"c": [2]}, "d": null}));
    }
}
