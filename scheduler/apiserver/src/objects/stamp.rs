//! The resourceVersion of an object: never stored, stamped when it is read.
//!
//! A stored object starts with `apiVersion`, `kind` and `metadata` ([`crate::value::in_order`]), so
//! a version can be spliced into the stored bytes without decoding them: a watch or a list of ten
//! thousand objects costs copies, not parses.

use api::Resource;
use serde_json::Value;
use store::{Entry, Revision};

use crate::limits::{DEPTH_MAX, OBJECT_BYTES_MAX};
use crate::status::Status;
use crate::value;

/// Sets the version an object was read at.
pub(crate) fn set_version(object: &mut Value, revision: Revision) {
    value::set_meta(object, "resourceVersion", Value::String(revision.to_string()));
}

/// Decodes a stored object and stamps its version.
///
/// # Errors
/// `InternalError` when the stored bytes are not an object: the store is damaged.
pub fn decode_entry(entry: &Entry) -> Result<Value, Status> {
    let mut object: Value = serde_json::from_slice(&entry.value)
        .map_err(|error| Status::internal(format!("{} is not stored as an object: {error}", entry.key)))?;
    set_version(&mut object, entry.mod_revision);
    Ok(object)
}

/// Encodes an object for the store: ordered, without its version, within bounds.
pub(crate) fn encode(resource: &Resource, object: &mut Value) -> Result<Vec<u8>, Status> {
    if let Some(meta) = value::map(object, &["metadata"]) {
        meta.shift_remove("resourceVersion");
    }
    if !is_shallow(object, DEPTH_MAX - 1) {
        return Err(Status::bad_request(format!("the object is nested deeper than {DEPTH_MAX} levels")));
    }
    *object = value::in_order(std::mem::take(object));
    let bytes = serde_json::to_vec(object).map_err(|error| Status::internal(error.to_string()))?;
    if bytes.len() > OBJECT_BYTES_MAX {
        let message = format!("the {} has {} bytes; the limit is {OBJECT_BYTES_MAX}", resource.kind, bytes.len());
        return Err(Status::too_large(message));
    }
    Ok(bytes)
}

/// Whether a value has at most so many levels of objects and lists. Looks no deeper than that.
pub(super) fn is_shallow(value: &Value, levels: usize) -> bool {
    match value {
        Value::Object(map) => levels > 0 && map.values().all(|value| is_shallow(value, levels - 1)),
        Value::Array(list) => levels > 0 && list.iter().all(|value| is_shallow(value, levels - 1)),
        _ => true,
    }
}

/// Where the metadata of a stored object begins; before it there are only `apiVersion` and `kind`.
const METADATA: &[u8] = b"\"metadata\":{";
/// Longest `{"apiVersion":"...","kind":"...",` that is searched.
const HEAD_BYTES_MAX: usize = 256;

/// Appends the JSON of a stored object, stamped with `revision`, to `out`.
pub(crate) fn splice(out: &mut Vec<u8>, stored: &[u8], revision: Revision) {
    match splice_head(out, stored, revision) {
        Some(rest) => out.extend_from_slice(&stored[rest..]),
        None => splice_slowly(out, stored, revision),
    }
}

/// Appends the beginning of a stored object up to its version, and says where in `stored` the rest begins.
/// `None`, and nothing appended, if another program stored it in another order.
pub(crate) fn splice_head(out: &mut Vec<u8>, stored: &[u8], revision: Revision) -> Option<usize> {
    let head = &stored[..stored.len().min(HEAD_BYTES_MAX)];
    let found = head.windows(METADATA.len()).position(|window| window == METADATA);
    let rest = found.map(|at| at + METADATA.len()).filter(|at| stored.get(*at) != Some(&b'}'))?;
    out.extend_from_slice(&stored[..rest]);
    out.extend_from_slice(b"\"resourceVersion\":\"");
    out.extend_from_slice(revision.to_string().as_bytes());
    out.extend_from_slice(b"\",");
    Some(rest)
}

/// For objects another program stored in another order.
fn splice_slowly(out: &mut Vec<u8>, stored: &[u8], revision: Revision) {
    let mut object: Value = serde_json::from_slice(stored).unwrap_or_default();
    set_version(&mut object, revision);
    out.extend_from_slice(object.to_string().as_bytes());
}

#[cfg(test)]
mod tests {
    use api::resource::PODS;
    use serde_json::json;

    use super::*;

    fn spliced(stored: &[u8]) -> Value {
        let mut out = Vec::new();
        splice(&mut out, stored, 7);
        serde_json::from_slice(&out).expect("still JSON")
    }

    #[test]
    fn splicing_equals_stamping() {
        let mut object = json!({
            "spec": {"metadata": {"a": 1}},
            "metadata": {"name": "a", "resourceVersion": "3", "annotations": {"x": "\"metadata\":{"}},
            "kind": "Pod",
            "apiVersion": "v1",
        });
        let stored = encode(&PODS, &mut object).expect("encodes");
        assert!(!String::from_utf8_lossy(&stored).contains("resourceVersion"));
        set_version(&mut object, 7);
        assert_eq!(spliced(&stored), object);
        assert_eq!(spliced(br#"{"spec":{},"kind":"Pod"}"#)["metadata"]["resourceVersion"], "7");
        assert_eq!(spliced(br#"{"metadata":{}}"#)["metadata"]["resourceVersion"], "7");
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let mut deep = json!(1);
        for _ in 0..DEPTH_MAX {
            deep = json!([deep]);
        }
        assert_eq!(encode(&PODS, &mut json!({"spec": deep})).map_err(|s| s.code), Err(400));
        let mut big = json!({"spec": "x".repeat(OBJECT_BYTES_MAX)});
        assert_eq!(encode(&PODS, &mut big).map_err(|s| s.code), Err(413));
    }
}
