//! The fields that an applied object claims: everything it says.

use serde_json::Value;

use super::element::Element;
use super::place::{Place, Sharing};
use super::set::Set;
use crate::limits::PROBLEMS_MAX;

/// The fields of an applied object, or everything that keeps it from being applied.
///
/// # Errors
/// Sentences that begin with a path, in the words of structured-merge-diff: a field the schema does not have, an
/// element that cannot be told apart, or that is there twice.
pub(crate) fn claims(place: Place<'_>, object: &Value) -> Result<Set, Vec<String>> {
    let mut walk = Walk { path: Vec::new(), problems: Vec::new() };
    let (_, set) = walk.value(place, object);
    if walk.problems.is_empty() { Ok(set) } else { Err(walk.problems) }
}

struct Walk {
    path: Vec<Element>,
    problems: Vec<String>,
}

impl Walk {
    /// Whether a value is one field, and the fields inside it.
    fn value(&mut self, place: Place<'_>, value: &Value) -> (bool, Set) {
        match (place.sharing(), value) {
            (Sharing::Fields | Sharing::Members, Value::Object(members)) => {
                let mut set = Set::default();
                for (name, value) in members {
                    self.member(place, name, value, &mut set);
                }
                (members.is_empty(), set)
            }
            (Sharing::Keyed | Sharing::Distinct, Value::Array(elements)) => {
                let mut set = Set::default();
                for (at, element) in elements.iter().enumerate() {
                    self.element(place, at, element, &mut set);
                }
                (false, set)
            }
            _ => (true, Set::default()),
        }
    }

    fn member(&mut self, place: Place<'_>, name: &str, value: &Value, set: &mut Set) {
        let element = Element::field(name);
        self.path.push(element.clone());
        let named = place.names(name);
        if place.sharing() == Sharing::Fields && !named {
            self.problem("field not declared in schema");
        } else {
            let (is_whole, below) = self.value(place.member(name), value);
            set.put(element, is_whole || !named, below);
        }
        self.path.pop();
    }

    fn element(&mut self, place: Place<'_>, at: usize, value: &Value, set: &mut Set) {
        let element = match place.identify(value) {
            Ok(element) => element,
            Err(why) => return self.problem(&format!("element {at}: {why}")),
        };
        if set.get(&element).is_some() {
            return self.problem(&format!("duplicate entries for key {element}"));
        }
        self.path.push(element.clone());
        let (_, below) = self.value(place.element(), value);
        set.put(element, true, below);
        self.path.pop();
    }

    fn problem(&mut self, what: &str) {
        if self.problems.len() < PROBLEMS_MAX {
            let path: String = self.path.iter().map(Element::to_string).collect();
            self.problems.push(format!("{path}: {what}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use api::resource::PODS;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_claims_what_it_says() {
        let pod = json!({
            "metadata": {"labels": {"app": "web"}, "annotations": {}, "finalizers": ["a/b"]},
            "spec": {
                "nodeSelector": {"a": "b"},
                "containers": [{"name": "web", "ports": [{"containerPort": 80}], "env": [], "image": null}],
            },
        });
        let set = claims(Place::of(&PODS), &pod).expect("is applicable");
        let expected = json!({
            "f:metadata": {"f:annotations": {}, "f:finalizers": {"v:\"a/b\"": {}}, "f:labels": {"f:app": {}}},
            "f:spec": {
                "f:containers": {"k:{\"name\":\"web\"}": {
                    ".": {},
                    "f:image": {},
                    "f:name": {},
                    "f:ports": {"k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}},
                }},
                "f:nodeSelector": {},
            },
        });
        assert_eq!(set.encode(), expected);
    }

    #[test]
    fn what_cannot_be_shared_is_refused_all_at_once() {
        let pod = json!({
            "metadata": {"label": {}},
            "spec": {"containers": [{"name": "a"}, {"name": "a"}, {"image": "x"}, {"name": "b", "port": 1}]},
        });
        assert_eq!(
            claims(Place::of(&PODS), &pod).map(drop),
            Err(vec![
                ".metadata.label: field not declared in schema".to_owned(),
                ".spec.containers: duplicate entries for key [name=\"a\"]".to_owned(),
                ".spec.containers: element 2: associative list with keys has an element that omits key field \"name\" \
                 (and doesn't have default value)"
                    .to_owned(),
                ".spec.containers[name=\"b\"].port: field not declared in schema".to_owned(),
            ])
        );
    }
}
