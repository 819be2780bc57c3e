//! An applied object laid over the live one, and what a manager gave up taken away.
//!
//! Both know nothing of managers; they are told what to take.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::element::Element;
use super::place::{Place, Sharing};
use super::set::Set;

/// Lays `applied`, whose elements can be told apart, over `live`.
///
/// Elements of shared lists stand in the order of `applied`; those that only `live` has keep their place among them.
pub(crate) fn merge(place: Place<'_>, live: &Value, applied: &Value) -> Value {
    match (place.sharing_of(Some(live), Some(applied)), live, applied) {
        // Nothing said about what has members says nothing about them.
        (Sharing::Fields | Sharing::Members | Sharing::Keyed | Sharing::Distinct, _, Value::Null) => live.clone(),
        (Sharing::Fields | Sharing::Members, Value::Object(live), Value::Object(applied)) => {
            Value::Object(merge_members(place, live, applied))
        }
        (Sharing::Keyed | Sharing::Distinct, Value::Array(live), Value::Array(applied)) => {
            merge_elements(place, live, applied)
        }
        _ => applied.clone(),
    }
}

fn merge_members(place: Place<'_>, live: &Map<String, Value>, applied: &Map<String, Value>) -> Map<String, Value> {
    let mut merged = live.clone();
    for (name, value) in applied {
        let value = match live.get(name) {
            Some(live) => merge(place.member(name), live, value),
            None => value.clone(),
        };
        merged.insert(name.clone(), value);
    }
    merged
}

fn merge_elements(place: Place<'_>, live: &[Value], applied: &[Value]) -> Value {
    let (Some(live), Some(applied)) = (place.identify_all(live), place.identify_all(applied)) else {
        return applied.into();
    };
    // Of duplicates in the live list none is better than the others, so that all give way.
    let mut in_live: BTreeMap<&Element, Option<&Value>> = BTreeMap::new();
    for (element, value) in &live {
        in_live.entry(element).and_modify(|same| *same = None).or_insert(Some(value));
    }
    let in_applied: BTreeSet<&Element> = applied.iter().map(|(element, _)| element).collect();
    let joined = |(element, value): &(Element, &Value)| match in_live.get(element) {
        Some(Some(live)) => merge(place.element(), live, value),
        Some(None) | None => (*value).clone(),
    };
    let mut shared =
        applied.iter().map(|(element, _)| element).filter(|element| in_live.contains_key(element)).peekable();
    let mut rest = applied.iter();
    let mut merged = Vec::with_capacity(live.len() + applied.len());
    for (element, value) in &live {
        if !in_applied.contains(element) {
            merged.push((*value).clone());
        } else if shared.next_if_eq(&element).is_some() {
            // With what is new before it.
            let end = rest.as_slice().iter().position(|(other, _)| other == element).map_or(0, |at| at + 1);
            merged.extend(rest.by_ref().take(end).map(&joined));
        }
    }
    merged.extend(rest.map(joined));
    Value::Array(merged)
}

/// Takes what is in `last` and not in `kept` out of `value`. A field that the schema names is in a set, too, when
/// something inside it is.
///
/// What the server has filled in goes with the object it is in (a probe's defaults with the probe), and stays in a map
/// or list of which others may have parts (the revision among annotations): there structured-merge-diff would drop what
/// nobody manages, but its cluster has nothing of that sort.
pub(crate) fn prune(place: Place<'_>, value: &mut Value, last: &Set, kept: &Set) {
    match (place.sharing(), value) {
        (Sharing::Fields | Sharing::Members, Value::Object(members)) => members.retain(|name, value| {
            let element = Element::field(name);
            prune_one(place.member(name), place.names(name), value, (last, kept), &element)
        }),
        (Sharing::Keyed | Sharing::Distinct, Value::Array(elements)) => elements.retain_mut(|value| {
            let Ok(element) = place.identify(value) else { return true };
            prune_one(place.element(), false, value, (last, kept), &element)
        }),
        _ => {}
    }
}

/// Prunes one field; false if it goes as a whole.
fn prune_one(place: Place<'_>, named: bool, value: &mut Value, (last, kept): (&Set, &Set), element: &Element) -> bool {
    let Some(last) = last.get(element) else { return true };
    let kept = kept.get(element);
    let is_kept = kept.is_some_and(|kept| kept.owned || (named && !kept.below.is_empty()));
    let goes = (last.owned || named) && !is_kept;
    let is_open = named && matches!(place.sharing(), Sharing::Members | Sharing::Keyed | Sharing::Distinct);
    if goes && !is_open {
        return false;
    }
    let nothing = Set::default();
    prune(place, value, &last.below, kept.map_or(&nothing, |kept| &kept.below));
    !goes || !is_empty(value)
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}

#[cfg(test)]
mod tests {
    use api::resource::PODS;
    use serde_json::json;

    use super::*;

    fn names(list: &[&str]) -> Value {
        let containers: Vec<Value> = list.iter().map(|name| json!({"name": name})).collect();
        json!({"spec": {"containers": containers}})
    }

    #[test]
    fn elements_stand_in_the_order_that_was_applied() {
        for (live, applied, expected) in [
            (&["a", "b", "c"][..], &["a", "b", "c"][..], &["a", "b", "c"][..]),
            (&["a", "b", "c"], &["c", "a"], &["b", "c", "a"]),
            (&["a", "b"], &["c"], &["a", "b", "c"]),
            (&["a", "b"], &["c", "a"], &["c", "a", "b"]),
            (&["a", "b", "c"], &["b", "d", "c"], &["a", "b", "d", "c"]),
            (&["x", "a", "y", "b", "z"], &["b", "n", "a"], &["x", "y", "b", "z", "n", "a"]),
            (&[], &["a"], &["a"]),
            (&["a"], &[], &["a"]),
        ] {
            let merged = merge(Place::of(&PODS), &names(live), &names(applied));
            assert_eq!(merged, names(expected), "{live:?} + {applied:?}");
        }
    }

    #[test]
    fn values_are_merged_as_the_schema_shares_them() {
        let live = json!({
            "metadata": {"labels": {"a": "1", "b": "2"}, "finalizers": ["x", "y"]},
            "spec": {"nodeSelector": {"a": "1"}, "containers": [{"name": "a", "image": "x", "args": ["1", "2"]}]},
        });
        let applied = json!({
            "metadata": {"labels": {"b": "3", "c": "4"}, "finalizers": ["z", "y"], "annotations": null},
            "spec": {"nodeSelector": {"b": "2"}, "containers": [{"name": "a", "args": ["3"], "tty": true}]},
        });
        let expected = json!({
            "metadata": {"labels": {"a": "1", "b": "3", "c": "4"}, "finalizers": ["x", "z", "y"], "annotations": null},
            "spec": {
                "nodeSelector": {"b": "2"},
                "containers": [{"name": "a", "image": "x", "args": ["3"], "tty": true}],
            },
        });
        assert_eq!(merge(Place::of(&PODS), &live, &applied), expected);
        let silent = json!({"metadata": {"labels": null, "finalizers": null}, "spec": null});
        assert_eq!(merge(Place::of(&PODS), &live, &silent), live);
    }

    #[test]
    fn only_what_was_given_up_goes() {
        let set = |value: Value| Set::decode(&value).expect("a set");
        let mut pod = json!({
            "metadata": {"labels": {"a": "1", "b": "2"}, "annotations": {"ours": "1", "the server's": "2"}},
            "spec": {"containers": [{"name": "a", "image": "x", "livenessProbe": {"httpGet": {"path": "/"}, "periodSeconds": 3}}, {"name": "b"}]},
        });
        let last = set(json!({
            "f:metadata": {"f:labels": {"f:a": {}, "f:b": {}}, "f:annotations": {"f:ours": {}}},
            "f:spec": {"f:containers": {
                "k:{\"name\":\"a\"}": {".": {}, "f:name": {}, "f:image": {}, "f:livenessProbe": {"f:httpGet": {"f:path": {}}}},
                "k:{\"name\":\"b\"}": {".": {}, "f:name": {}},
            }},
        }));
        let kept = set(json!({
            "f:metadata": {"f:labels": {"f:b": {}}},
            "f:spec": {"f:containers": {
                "k:{\"name\":\"a\"}": {".": {}, "f:name": {}, "f:image": {}},
                "k:{\"name\":\"b\"}": {"f:image": {}},
            }},
        }));
        prune(Place::of(&PODS), &mut pod, &last, &kept);
        assert_eq!(
            pod,
            json!({
                "metadata": {"labels": {"b": "2"}, "annotations": {"the server's": "2"}},
                "spec": {"containers": [{"name": "a", "image": "x"}]},
            }),
            "with a probe go its defaults, and an element whose managers are gone goes whatever others set in it"
        );
    }
}
