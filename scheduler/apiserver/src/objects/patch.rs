//! The three forms of patch that clients compute themselves.

use api::Resource;
use serde_json::Value;

use super::stamp;
use crate::kinds::Subresource;
use crate::limits::{DEPTH_MAX, OBJECT_BYTES_MAX};
use crate::status::Status;
use crate::{strategic, value};

/// A change to an object.
#[derive(Debug, Clone)]
pub enum Patch {
    /// JSON merge patch, RFC 7386.
    Merge(Value),
    /// JSON patch, RFC 6902.
    Json(Value),
    /// Kubernetes' strategic merge patch.
    Strategic(Value),
}

/// Most operations of a JSON patch, as in Kubernetes.
const OPERATIONS_MAX: usize = 10_000;
/// Most operations of a JSON patch that copy or move: each copy may double the object, each of them its depth.
const COPIES_MAX: usize = 100;

impl Patch {
    /// What the patch makes of an object.
    pub(crate) fn apply(&self, resource: &Resource, part: Subresource, current: &Value) -> Result<Value, Status> {
        let mut object = current.clone();
        match self {
            Self::Merge(patch) => {
                require_object(patch)?;
                json_patch::merge(&mut object, patch);
            }
            Self::Json(patch) => apply_json(patch, &mut object)?,
            Self::Strategic(patch) if part == Subresource::Scale => {
                // A Scale has no lists, so that both forms mean the same.
                require_object(patch)?;
                json_patch::merge(&mut object, patch);
            }
            Self::Strategic(patch) => {
                require_object(patch)?;
                strategic::apply(resource, &mut object, patch).map_err(Status::bad_request)?;
            }
        }
        require_shallow(&object)?;
        value::strip_nulls(&mut object);
        Ok(object)
    }
}

/// Everything that walks an object recurses, down to its drop.
fn require_shallow(object: &Value) -> Result<(), Status> {
    if stamp::is_shallow(object, DEPTH_MAX - 1) {
        return Ok(());
    }
    Err(Status::bad_request(format!("the patched object is nested deeper than {DEPTH_MAX} levels")))
}

fn require_object(patch: &Value) -> Result<(), Status> {
    if patch.is_object() {
        return Ok(());
    }
    Err(Status::bad_request("the patch must be a JSON object; a list is a JSON patch (application/json-patch+json)"))
}

fn apply_json(patch: &Value, object: &mut Value) -> Result<(), Status> {
    let operations: json_patch::Patch = serde_path_to_error::deserialize(patch)
        .map_err(|error| Status::bad_request(format!("the JSON patch is not understood: {error}")))?;
    if operations.len() > OPERATIONS_MAX {
        let message =
            format!("The allowed maximum operations in a JSON patch is {OPERATIONS_MAX}, got {}", operations.len());
        return Err(Status::too_large(message));
    }
    let copies = operations.iter().filter(|operation| relocates(operation)).count();
    if copies > COPIES_MAX {
        let message = format!("a JSON patch may copy and move at most {COPIES_MAX} times, got {copies}");
        return Err(Status::too_large(message));
    }
    if operations.iter().any(|operation| operation.path().count() > DEPTH_MAX) {
        return Err(Status::bad_request(format!("a path of the JSON patch is deeper than {DEPTH_MAX} levels")));
    }
    for operation in operations.0 {
        // One at a time, so that size and depth are known to stay bounded: copies of copies grow exponentially. The
        // depth comes first, because measuring the size recurses. What else adds is as shallow as bodies and paths are.
        json_patch::patch(object, std::slice::from_ref(&operation)).map_err(|error| json_failure(&error))?;
        if !relocates(&operation) {
            continue;
        }
        require_shallow(object)?;
        if object.to_string().len() > OBJECT_BYTES_MAX {
            return Err(Status::too_large("the patched object is too large"));
        }
    }
    Ok(())
}

/// Whether an operation puts what is in the object elsewhere in it.
fn relocates(operation: &json_patch::PatchOperation) -> bool {
    use json_patch::PatchOperation::{Add, Copy, Move, Remove, Replace, Test};
    match operation {
        Copy(_) | Move(_) => true,
        Add(_) | Remove(_) | Replace(_) | Test(_) => false,
    }
}

/// A failed `test` and a missing path are answered 422, as Kubernetes does.
fn json_failure(error: &json_patch::PatchError) -> Status {
    let message = format!("the server rejected our request due to an error in our request: {error}");
    Status::new(http::StatusCode::UNPROCESSABLE_ENTITY, "Invalid", message)
}

#[cfg(test)]
mod tests {
    use api::resource::PODS;
    use serde_json::json;

    use super::*;

    fn apply(patch: &Patch, object: &Value) -> Result<Value, u16> {
        patch.apply(&PODS, Subresource::Main, object).map_err(|status| status.code)
    }

    #[test]
    fn each_form_does_what_its_standard_says() {
        let object = json!({"a": {"b": 1, "c": 2}, "l": [1, 2]});
        let merged = apply(&Patch::Merge(json!({"a": {"b": null}, "l": [3]})), &object);
        assert_eq!(merged, Ok(json!({"a": {"c": 2}, "l": [3]})));
        let operations = json!([{"op": "test", "path": "/a/b", "value": 1}, {"op": "add", "path": "/l/-", "value": 3}]);
        assert_eq!(apply(&Patch::Json(operations), &object).map(|o| o["l"].clone()), Ok(json!([1, 2, 3])));
    }

    #[test]
    fn bad_patches_are_refused() {
        let object = json!({"a": [1]});
        assert_eq!(apply(&Patch::Merge(json!([])), &object), Err(400));
        assert_eq!(apply(&Patch::Json(json!({"a": 1})), &object), Err(400));
        assert_eq!(apply(&Patch::Json(json!([{"op": "eat", "path": "/a"}])), &object), Err(400));
        assert_eq!(apply(&Patch::Json(json!([{"op": "remove", "path": "/b"}])), &object), Err(422));
        assert_eq!(apply(&Patch::Json(json!([{"op": "test", "path": "/a/0", "value": 2}])), &object), Err(422));
    }

    #[test]
    fn copies_and_moves_do_not_deepen_an_object_without_bound() {
        const STEPS: usize = 119;
        let nested = (0..STEPS).fold(json!([]), |inner, _| json!([inner]));
        let add = |to: &str| json!({"op": "add", "path": format!("/{to}"), "value": nested});
        let innermost = |of: &str| format!("/{of}{}/-", "/0".repeat(STEPS));
        let patched = |operations: Vec<Value>| apply(&Patch::Json(Value::Array(operations)), &json!({}));

        let copy = json!({"op": "copy", "from": "/a", "path": innermost("a")});
        let copies = std::iter::once(add("a")).chain(std::iter::repeat_n(copy, 12)).collect();
        assert_eq!(patched(copies), Err(400), "each copy doubles the depth");

        let inward = json!({"op": "move", "from": "/a", "path": innermost("b")});
        let back = json!({"op": "move", "from": "/b", "path": "/a"});
        let round = [add("b"), inward, back];
        let moves = std::iter::once(add("a")).chain((0..30).flat_map(|_| round.clone())).collect();
        assert_eq!(patched(moves), Err(400), "each round adds to the depth");

        let deeper = json!({"op": "add", "path": innermost("a"), "value": nested});
        assert_eq!(patched(vec![add("a"), deeper]), Err(400), "adding deepens, too");
        let far = json!({"op": "add", "path": format!("/a{}", "/0".repeat(DEPTH_MAX)), "value": 1});
        assert_eq!(patched(vec![far]), Err(400), "no path needs so many steps");
        let still = json!({"op": "move", "from": "/a", "path": "/a"});
        assert_eq!(patched(vec![still; COPIES_MAX + 1]), Err(413), "moves are counted");
    }

    #[test]
    fn copies_of_copies_stay_bounded() {
        let copy = json!({"op": "copy", "from": "/a", "path": "/a/-"});
        let bomb = Value::Array(vec![copy; 60]);
        assert_eq!(apply(&Patch::Json(bomb), &json!({"a": ["x".repeat(1000)]})), Err(413));
    }
}
