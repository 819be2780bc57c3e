//! A set of fields, as `fieldsV1` writes it: a tree whose nodes are in the set or only lead to others that are.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::{Map, Value, json};

use super::element::Element;

/// A set of fields. Holds no node that is neither in the set nor leads to one that is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Set {
    nodes: BTreeMap<Element, Node>,
}

/// One field of a set, or of the way to others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Node {
    /// Whether the field itself is in the set.
    pub(crate) owned: bool,
    /// What of its inside is.
    pub(crate) below: Set,
}

/// How `fieldsV1` says that a field is in the set, where something of its inside is, too.
const SELF: &str = ".";

impl Set {
    /// Whether no field is in the set.
    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Adds a field (if it is `owned`) and what is below it.
    pub(crate) fn put(&mut self, element: Element, owned: bool, below: Self) {
        if !owned && below.is_empty() {
            return;
        }
        match self.nodes.entry(element) {
            Entry::Vacant(place) => {
                place.insert(Node { owned, below });
            }
            Entry::Occupied(mut node) => {
                node.get_mut().owned |= owned;
                node.get_mut().below.extend(&below);
            }
        }
    }

    /// The node of a step.
    pub(crate) fn get(&self, element: &Element) -> Option<&Node> {
        self.nodes.get(element)
    }

    /// Adds the fields of another set.
    pub(crate) fn extend(&mut self, other: &Self) {
        for (element, node) in &other.nodes {
            let own = self.nodes.entry(element.clone()).or_default();
            own.owned |= node.owned;
            own.below.extend(&node.below);
        }
    }

    /// Removes the fields of another set. What is below a field goes only if the other set has it, too.
    pub(crate) fn subtract(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        self.nodes.retain(|element, node| {
            if let Some(other) = other.nodes.get(element) {
                node.owned &= !other.owned;
                node.below.subtract(&other.below);
            }
            node.owned || !node.below.is_empty()
        });
    }

    /// The fields that are in both.
    pub(crate) fn intersection(&self, other: &Self) -> Self {
        let mut both = Self::default();
        for (element, node) in &self.nodes {
            if let Some(other) = other.nodes.get(element) {
                both.put(element.clone(), node.owned && other.owned, node.below.intersection(&other.below));
            }
        }
        both
    }

    /// Removes one field, and not what is below it.
    pub(crate) fn remove(&mut self, path: &[&str]) {
        let mut one = Self::default();
        for (at, name) in path.iter().rev().enumerate() {
            let mut outer = Self::default();
            outer.put(Element::field(name), at == 0, one);
            one = outer;
        }
        self.subtract(&one);
    }

    /// Keeps the members of the root that `keep` wants, with all that is below them.
    pub(crate) fn retain_members(&mut self, keep: impl Fn(&str) -> bool) {
        self.nodes.retain(|element, _| matches!(element, Element::Field(name) if keep(name)));
    }

    /// The paths of its fields, as messages show them.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.collect_paths("", &mut paths);
        paths
    }

    fn collect_paths(&self, parent: &str, paths: &mut Vec<String>) {
        for (element, node) in &self.nodes {
            let path = format!("{parent}{element}");
            node.below.collect_paths(&path, paths);
            if node.owned {
                paths.push(path);
            }
        }
    }

    /// The set as `fieldsV1`.
    pub(crate) fn encode(&self) -> Value {
        let mut members = Map::new();
        for (element, node) in &self.nodes {
            let mut below = node.below.encode();
            if let (true, false, Some(inside)) = (node.owned, node.below.is_empty(), below.as_object_mut()) {
                inside.shift_insert(0, SELF.to_owned(), json!({}));
            }
            members.insert(element.encode(), below);
        }
        Value::Object(members)
    }

    /// Reads `fieldsV1`; `None` if it is none. As deep as the value, whose depth is bounded.
    pub(crate) fn decode(value: &Value) -> Option<Self> {
        let mut set = Self::default();
        for (key, value) in value.as_object()? {
            if key == SELF {
                continue;
            }
            let inside = value.as_object()?;
            let owned = inside.is_empty() || inside.contains_key(SELF);
            set.put(Element::parse(key)?, owned, Self::decode(value)?);
        }
        Some(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(value: &Value) -> Set {
        Set::decode(value).unwrap_or_else(|| panic!("{value} is not a set"))
    }

    #[test]
    fn sets_are_written_as_they_are_read() {
        let fields = json!({
            "f:metadata": {"f:labels": {".": {}, "f:app": {}}, "f:finalizers": {"v:\"a/b\"": {}}},
            "f:spec": {"f:containers": {"k:{\"name\":\"web\"}": {".": {}, "f:image": {}}}, "f:replicas": {}},
        });
        assert_eq!(set(&fields).encode().to_string().len(), fields.to_string().len());
        assert_eq!(set(&fields).encode(), fields);
        assert_eq!(
            set(&fields).paths(),
            [
                ".metadata.finalizers[=\"a/b\"]",
                ".metadata.labels.app",
                ".metadata.labels",
                ".spec.containers[name=\"web\"].image",
                ".spec.containers[name=\"web\"]",
                ".spec.replicas"
            ]
        );
        for bad in [json!([]), json!({"spec": {}}), json!({"f:spec": 1}), json!({"f:spec": {"x": {}}})] {
            assert_eq!(Set::decode(&bad), None, "{bad}");
        }
    }

    #[test]
    fn algebra_is_by_path_and_leaves_no_empty_ways() {
        let all = set(&json!({"f:a": {".": {}, "f:b": {}}, "f:c": {"f:d": {}}}));
        let some = set(&json!({"f:a": {}, "f:c": {"f:d": {}, "f:e": {}}}));
        let mut rest = all.clone();
        rest.subtract(&some);
        assert_eq!(rest.encode(), json!({"f:a": {"f:b": {}}}), "what is below stays");
        assert_eq!(all.intersection(&some).encode(), json!({"f:a": {}, "f:c": {"f:d": {}}}));
        let mut union = rest;
        union.extend(&some);
        assert_eq!(union.encode(), json!({"f:a": {".": {}, "f:b": {}}, "f:c": {"f:d": {}, "f:e": {}}}));
        union.remove(&["c", "d"]);
        union.remove(&["a"]);
        assert_eq!(union.encode(), json!({"f:a": {"f:b": {}}, "f:c": {"f:e": {}}}));
        union.retain_members(|name| name == "c");
        assert_eq!(union.encode(), json!({"f:c": {"f:e": {}}}));
    }
}
