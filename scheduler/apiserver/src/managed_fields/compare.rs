//! What differs between two values, field by field.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::element::Element;
use super::place::{Place, Sharing};
use super::set::Set;

/// The fields that a change has touched.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Changes {
    /// They were not there.
    pub(crate) added: Set,
    /// They had another value.
    pub(crate) modified: Set,
    /// They are gone.
    pub(crate) removed: Set,
}

/// Compares two objects; an absent one has no fields.
///
/// A member or element that holds others is a field of its own, too, because someone brought it in and someone may take
/// it away; not so a member that is always there, such as `spec`.
pub(crate) fn compare(place: Place<'_>, old: Option<&Value>, new: Option<&Value>) -> Changes {
    let mut changes = Changes::default();
    changes.inside(place, place.sharing_of(old, new), old, new);
    changes
}

type Pair<'a> = (Option<&'a Value>, Option<&'a Value>);

impl Changes {
    /// Whether any field has a value it did not have.
    pub(crate) fn sets(&self) -> Set {
        let mut set = self.added.clone();
        set.extend(&self.modified);
        set
    }

    /// One field, whose element in the parent is known.
    fn field(&mut self, element: Element, place: Place<'_>, (old, new): Pair<'_>, stands_alone: bool) {
        if old == new {
            return;
        }
        let sharing = place.sharing_of(old, new);
        let mut inner = Self::default();
        let is_whole = sharing == Sharing::Whole || !inner.inside(place, sharing, old, new);
        if is_whole {
            inner = Self::default();
        }
        self.modified.put(element.clone(), is_whole && old.is_some() && new.is_some(), inner.modified);
        self.removed.put(element.clone(), new.is_none(), inner.removed);
        self.added.put(element, old.is_none() && (is_whole || stands_alone), inner.added);
    }

    /// The inside of a value that is shared. False if it cannot be told apart, so that it counts as one.
    fn inside(&mut self, place: Place<'_>, sharing: Sharing, old: Option<&Value>, new: Option<&Value>) -> bool {
        match sharing {
            Sharing::Whole => false,
            Sharing::Fields | Sharing::Members => {
                self.members(place, old.and_then(Value::as_object), new.and_then(Value::as_object));
                true
            }
            Sharing::Keyed | Sharing::Distinct => match (grouped(place, old), grouped(place, new)) {
                (Some(old), Some(new)) => {
                    self.elements(place.element(), &old, &new);
                    true
                }
                _ => false,
            },
        }
    }

    fn members(&mut self, place: Place<'_>, old: Option<&Map<String, Value>>, new: Option<&Map<String, Value>>) {
        let of = |map: Option<&Map<String, Value>>, name: &str| map.is_some_and(|map| map.contains_key(name));
        let added = new.into_iter().flat_map(Map::keys).filter(|name| !of(old, name));
        for name in old.into_iter().flat_map(Map::keys).chain(added) {
            let pair = (old.and_then(|map| map.get(name)), new.and_then(|map| map.get(name)));
            self.field(Element::field(name), place.member(name), pair, !place.always_has(name));
        }
    }

    fn elements(&mut self, place: Place<'_>, old: &Groups<'_>, new: &Groups<'_>) {
        let all: BTreeSet<&Element> = old.keys().chain(new.keys()).collect();
        for element in all {
            let (old, new) = (old.get(element), new.get(element));
            const NONE: &Vec<&Value> = &Vec::new();
            self.element(place, element, old.unwrap_or(NONE), new.unwrap_or(NONE));
        }
    }

    /// The elements with the same keys: one at most, unless a list that may not has duplicates. Those count as one.
    fn element(&mut self, place: Place<'_>, element: &Element, old: &[&Value], new: &[&Value]) {
        match (old, new) {
            ([] | [_], [] | [_]) => {
                self.field(element.clone(), place, (old.first().copied(), new.first().copied()), true);
            }
            ([_, _, ..], [_, _, ..]) => self.modified.put(element.clone(), old != new, Set::default()),
            ([_, _, ..], _) => {
                self.field(element.clone(), place, (None, new.first().copied()), true);
                self.removed.put(element.clone(), true, Set::default());
            }
            (_, [_, _, ..]) => {
                self.field(element.clone(), place, (old.first().copied(), None), true);
                self.added.put(element.clone(), true, Set::default());
            }
        }
    }
}

/// The elements of a list by what tells them apart; more than one where a list has duplicates.
type Groups<'a> = BTreeMap<Element, Vec<&'a Value>>;

fn grouped<'a>(place: Place<'_>, list: Option<&'a Value>) -> Option<Groups<'a>> {
    let list = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut groups = Groups::new();
    for (element, value) in place.identify_all(list)? {
        groups.entry(element).or_default().push(value);
    }
    Some(groups)
}

#[cfg(test)]
mod tests {
    use api::resource::PODS;
    use serde_json::json;

    use super::*;

    fn check(old: &Value, new: &Value, expected: [&[&str]; 3]) {
        let pod = |spec: &Value| json!({"spec": spec});
        let changes = compare(Place::of(&PODS), Some(&pod(old)), Some(&pod(new)));
        let found = [changes.added.paths(), changes.modified.paths(), changes.removed.paths()];
        assert_eq!(
            found,
            expected.map(|paths| paths.iter().map(|path| format!(".spec{path}")).collect::<Vec<_>>()),
            "{old} -> {new}"
        );
    }

    #[test]
    fn changes_are_found_field_by_field() {
        let one = json!({"containers": [{"name": "a", "image": "x", "args": ["1"]}]});
        check(&one, &one, [&[], &[], &[]]);
        check(
            &one,
            &json!({"containers": [{"name": "b", "image": "x"}, {"name": "a", "image": "y", "args": ["1", "2"]}]}),
            [
                &[".containers[name=\"b\"].image", ".containers[name=\"b\"].name", ".containers[name=\"b\"]"],
                &[".containers[name=\"a\"].args", ".containers[name=\"a\"].image"],
                &[],
            ],
        );
        check(
            &one,
            &json!({"securityContext": {}, "nodeSelector": {"a": "b"}}),
            [
                &[".nodeSelector", ".securityContext"],
                &[],
                &[
                    ".containers[name=\"a\"].args",
                    ".containers[name=\"a\"].image",
                    ".containers[name=\"a\"].name",
                    ".containers[name=\"a\"]",
                    ".containers",
                ],
            ],
        );
    }

    #[test]
    fn duplicates_count_as_one() {
        let env = |values: &[&str]| {
            let env: Vec<Value> = values.iter().map(|value| json!({"name": "A", "value": value})).collect();
            json!({"containers": [{"name": "a", "env": env}]})
        };
        let item = ".containers[name=\"a\"].env[name=\"A\"]";
        let (name, value) = (format!("{item}.name"), format!("{item}.value"));
        check(&env(&["1", "2"]), &env(&["1", "2"]), [&[], &[], &[]]);
        check(&env(&["1", "2"]), &env(&["1", "3"]), [&[], &[item], &[]]);
        check(&env(&["1", "2"]), &env(&["1"]), [&[&name, &value, item], &[], &[item]]);
        check(&env(&["1"]), &env(&["1", "2"]), [&[item], &[], &[&name, &value, item]]);
    }

    #[test]
    fn a_list_that_cannot_be_told_apart_is_one_value() {
        check(
            &json!({"containers": [{"image": "x"}]}),
            &json!({"containers": [{"image": "y"}]}),
            [&[], &[".containers"], &[]],
        );
    }
}
