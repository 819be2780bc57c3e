//! What a webhook is shown, and what its answer means: `AdmissionReview` of `admission.k8s.io/v1`. Pure.

use std::collections::BTreeMap;

use api::Resource;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Manner;
use crate::body::{self, Encoding};
use crate::custom::set_version;
use crate::kinds::Subresource;
use crate::limits::{AUDIT_ANNOTATIONS_MAX, QUOTED_MAX, WARNINGS_MAX};
use crate::objects::Patch;
use crate::policy::{Attempt, Operation};
use crate::status::Status;
use crate::value;

const API_VERSION: &str = "admission.k8s.io/v1";
const KIND: &str = "AdmissionReview";
/// Longest warning, in characters, and longest note for the audit log. Kubernetes cuts warnings, too.
const WARNING_CHARS_MAX: usize = 256;
const ANNOTATION_CHARS_MAX: usize = 1024;
/// What a patch must leave alone: it says which object this is.
const IDENTITY: [&[&str]; 5] =
    [&["apiVersion"], &["kind"], &["metadata", "name"], &["metadata", "namespace"], &["metadata", "uid"]];

/// What an answer says.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) allowed: bool,
    /// Why not; null if it does not say.
    pub(super) status: Value,
    /// A JSON patch.
    pub(super) patch: Option<Value>,
    pub(super) warnings: Vec<String>,
    pub(super) annotations: BTreeMap<String, String>,
}

/// The question; in another version than the one that is written, if one is wanted.
pub(super) fn ask(attempt: &Attempt<'_>, version: Option<&Resource>, uid: &str) -> Value {
    let mut request = attempt.request();
    if let Some(version) = version {
        request["kind"]["version"] = json!(version.version);
        request["resource"]["version"] = json!(version.version);
    }
    request["uid"] = json!(uid);
    request["object"] = shown(attempt.object, version);
    request["oldObject"] = shown(attempt.old, version);
    json!({"kind": KIND, "apiVersion": API_VERSION, "request": request})
}

fn shown(object: Option<&Value>, version: Option<&Resource>) -> Value {
    let mut object = object.cloned().unwrap_or_default();
    if let Some(version) = version.filter(|_| object.is_object()) {
        set_version(&mut object, version);
    }
    object
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Response {
    uid: String,
    allowed: bool,
    status: Value,
    patch: String,
    patch_type: Option<String>,
    warnings: Vec<String>,
    audit_annotations: BTreeMap<String, String>,
}

/// Reads an answer.
///
/// # Errors
/// Why it is none, in Kubernetes' words.
pub(super) fn read(said: &[u8], uid: &str, manner: Manner) -> Result<Answer, String> {
    let decoded = body::decode(Encoding::Json, said).map_err(|status| format!("its answer: {}", status.message))?;
    let mut review = decoded.value;
    value::strip_nulls(&mut review);
    let (version, kind) = (value::text(&review, &["apiVersion"]), value::text(&review, &["kind"]));
    if (version, kind) != (API_VERSION, KIND) {
        return Err(format!(
            "expected webhook response of {API_VERSION}, Kind={KIND}, got {}, Kind={}",
            cut(version, QUOTED_MAX),
            cut(kind, QUOTED_MAX)
        ));
    }
    let response = review.get("response").ok_or("webhook response was absent")?;
    let response: Response =
        serde_path_to_error::deserialize(response).map_err(|error| format!("its answer: response.{error}"))?;
    if response.uid != uid {
        return Err(format!("expected response.uid={uid:?}, got {:?}", cut(&response.uid, QUOTED_MAX)));
    }
    let patch = patch(&response.patch, response.patch_type.as_deref(), manner)?;
    let warnings = response.warnings.iter().take(WARNINGS_MAX).map(|warning| cut(warning, WARNING_CHARS_MAX));
    let notes = response.audit_annotations.iter().take(AUDIT_ANNOTATIONS_MAX);
    Ok(Answer {
        allowed: response.allowed,
        warnings: warnings.collect(),
        annotations: notes.map(|(key, text)| (cut(key, QUOTED_MAX), cut(text, ANNOTATION_CHARS_MAX))).collect(),
        status: response.status,
        patch,
    })
}

fn patch(encoded: &str, kind: Option<&str>, manner: Manner) -> Result<Option<Value>, String> {
    match (encoded, kind, manner) {
        ("", None, _) => return Ok(None),
        (_, _, Manner::Validating) => return Err("validating webhook may not return response.patch".to_owned()),
        ("", Some(_), _) => return Err("webhook returned response.patchType but not response.patch".to_owned()),
        (_, None, _) => return Err("webhook returned response.patch but not response.patchType".to_owned()),
        (_, Some("JSONPatch"), _) => {}
        (_, Some(other), _) => return Err(format!("unsupported patch type {:?}", cut(other, QUOTED_MAX))),
    }
    let bytes = STANDARD.decode(encoded).map_err(|error| format!("response.patch is not base64: {error}"))?;
    let decoded = body::decode(Encoding::Json, &bytes);
    decoded.map(|decoded| Some(decoded.value)).map_err(|status| format!("response.patch: {}", status.message))
}

/// What a patch makes of an object.
///
/// # Errors
/// Why it does not apply, or may not.
pub(super) fn patched(attempt: &Attempt<'_>, version: Option<&Resource>, patch: Value) -> Result<Value, String> {
    let is_open = matches!(attempt.operation, Operation::Create | Operation::Update)
        && !matches!(attempt.part, Subresource::Binding | Subresource::Eviction);
    let Some(object) = attempt.object.filter(|_| is_open) else {
        return Err("it attempted to modify the object, which is not supported for this operation".to_owned());
    };
    let object = shown(Some(object), version);
    let mut patched =
        Patch::Json(patch).apply(attempt.kind.resource, Subresource::Main, &object).map_err(|s| s.message)?;
    if let Some(path) = IDENTITY.iter().find(|path| value::at(&object, path) != value::at(&patched, path)) {
        return Err(format!("its patch may not change {}", path.join(".")));
    }
    if version.is_some() {
        set_version(&mut patched, attempt.kind.resource);
    }
    Ok(patched)
}

/// Reasons that Kubernetes' clients know. What makes a writer try again is not among them: a webhook would be asked for
/// ever.
const REASONS: [&str; 12] = [
    "BadRequest",
    "Forbidden",
    "Gone",
    "InternalError",
    "Invalid",
    "MethodNotAllowed",
    "NotAcceptable",
    "RequestEntityTooLarge",
    "ServiceUnavailable",
    "TooManyRequests",
    "Unauthorized",
    "UnsupportedMediaType",
];

/// A webhook's refusal, as its client hears it.
pub(super) fn denial(webhook: &str, status: &Value) -> Status {
    let by = format!("admission webhook {webhook:?} denied the request");
    let message = match (value::text(status, &["message"]), value::text(status, &["reason"])) {
        ("", "") => format!("{by} without explanation"),
        ("", why) | (why, _) => format!("{by}: {why}"),
    };
    let said = status["code"].as_u64().and_then(|code| u16::try_from(code).ok());
    let code = said.filter(|code| (400..600).contains(code)).unwrap_or(400);
    let code = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST);
    let reason = REASONS.into_iter().find(|known| status["reason"] == *known).unwrap_or_default();
    Status::new(code, reason, message)
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(response: &Value) -> Vec<u8> {
        json!({"apiVersion": API_VERSION, "kind": KIND, "response": response}).to_string().into_bytes()
    }

    #[test]
    fn an_answer_is_read_with_what_may_be_absent() {
        let answer = read(&said(&json!({"uid": "u", "allowed": true})), "u", Manner::Validating).expect("reads");
        assert!(answer.allowed && answer.patch.is_none() && answer.warnings.is_empty());
        let all = json!({
            "uid": "u", "allowed": false, "status": {"message": "no", "code": 418}, "warnings": ["w".repeat(999)],
            "auditAnnotations": {"k": "v"}, "patch": STANDARD.encode("[]"), "patchType": "JSONPatch",
        });
        let answer = read(&said(&all), "u", Manner::Mutating).expect("reads");
        assert_eq!((answer.allowed, answer.patch), (false, Some(json!([]))));
        assert_eq!(answer.warnings[0].len(), WARNING_CHARS_MAX);
        assert_eq!(answer.annotations["k"], "v");
        let nulls = json!({"uid": "u", "allowed": true, "warnings": null, "patch": null, "auditAnnotations": null});
        assert!(read(&said(&nulls), "u", Manner::Mutating).is_ok(), "null is absent");
    }

    #[test]
    fn what_is_no_answer_is_named() {
        let bad = |response: &Value| read(&said(response), "u", Manner::Mutating).expect_err("is refused");
        assert_eq!(bad(&json!({"uid": "v", "allowed": true})), "expected response.uid=\"u\", got \"v\"");
        assert!(bad(&json!({"uid": "u", "allowed": "yes"})).contains("response.allowed: invalid type"));
        assert!(bad(&json!({"uid": "u", "patch": "W10="})).contains("but not response.patchType"));
        assert!(bad(&json!({"uid": "u", "patchType": "JSONPatch"})).contains("but not response.patch"));
        assert!(bad(&json!({"uid": "u", "patch": "W10=", "patchType": "Merge"})).contains("unsupported patch type"));
        assert!(bad(&json!({"uid": "u", "patch": "!", "patchType": "JSONPatch"})).contains("not base64"));
        let patch = said(&json!({"uid": "u", "patch": "W10=", "patchType": "JSONPatch"}));
        assert!(read(&patch, "u", Manner::Validating).is_err(), "who validates changes nothing");
        for (text, wanted) in [
            ("garbage", "its answer"),
            ("{}", "expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got , Kind="),
            (r#"{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview"}"#, "got admission.k8s.io/v1beta1"),
            (r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}"#, "webhook response was absent"),
        ] {
            let why = read(text.as_bytes(), "u", Manner::Mutating).expect_err("is refused");
            assert!(why.contains(wanted), "{why}");
        }
    }

    #[test]
    fn a_refusal_has_a_code_that_refuses_and_says_who_refused() {
        let told = |status: &Value| {
            let Status { code, reason, message, .. } = denial("w.x.y", status);
            (code, reason, message)
        };
        let by = "admission webhook \"w.x.y\" denied the request";
        assert_eq!(told(&Value::Null), (400, "", format!("{by} without explanation")));
        assert_eq!(told(&json!({"reason": "Forbidden"})), (400, "Forbidden", format!("{by}: Forbidden")));
        assert_eq!(told(&json!({"message": "no", "code": 403})), (403, "", format!("{by}: no")));
        for odd in [json!(200), json!(700), json!(-1), json!("x"), json!(70_000)] {
            assert_eq!(told(&json!({"code": odd})).0, 400, "{odd}");
        }
        assert_eq!(told(&json!({"code": 409, "reason": "AlreadyExists", "message": "m"})).1, "");
    }
}
