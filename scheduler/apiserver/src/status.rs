//! `Status`: how the API says no. Clients branch on `reason`, people read `message`.

use api::Resource;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};

use crate::audit::Reason;
use crate::field::{Problem, Problems};

/// A refusal or failure, as Kubernetes words it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Status {
    /// HTTP code.
    pub code: u16,
    /// Machine-readable reason, `NotFound`.
    pub reason: &'static str,
    /// What happened, for people.
    pub message: String,
    /// What it is about. Boxed, because errors travel by value.
    pub details: Option<Box<Details>>,
}

/// What a [`Status`] is about.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// Name of the object.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its group.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// Its plural (or kind, for `Invalid`), as Kubernetes does.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// Its UID.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uid: String,
    /// Every problem, with its field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    /// When to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u32>,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cause {
    /// `FieldValueInvalid`, ...
    pub reason: &'static str,
    /// What is wrong.
    pub message: String,
    /// Path of the field, `spec.ports[0].port`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
}

impl Status {
    /// A refusal without details.
    #[must_use]
    pub fn new(code: StatusCode, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code: code.as_u16(), reason, message: message.into(), details: None }
    }

    fn about(mut self, resource: &Resource, name: &str) -> Self {
        let details = Details {
            name: name.to_owned(),
            group: resource.group.to_owned(),
            kind: resource.plural.to_owned(),
            ..Details::default()
        };
        self.details = Some(Box::new(details));
        self
    }

    /// 404: there is no such object.
    #[must_use]
    pub fn not_found(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", resource.qualified());
        Self::new(StatusCode::NOT_FOUND, "NotFound", message).about(resource, name)
    }

    /// 404: there is no such path.
    #[must_use]
    pub fn no_such_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, "NotFound", "the server could not find the requested resource")
    }

    /// 409: an object of this name exists.
    #[must_use]
    pub fn already_exists(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", resource.qualified());
        Self::new(StatusCode::CONFLICT, "AlreadyExists", message).about(resource, name)
    }

    /// 409: the object is not what the writer thought.
    #[must_use]
    pub fn conflict(resource: &Resource, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", resource.qualified());
        Self::new(StatusCode::CONFLICT, "Conflict", message).about(resource, name)
    }

    /// 409: the resourceVersion the writer named is not the current one.
    #[must_use]
    pub fn modified(resource: &Resource, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(resource, name, why)
    }

    /// 409: others manage fields that an apply would change; a cause for each.
    #[must_use]
    pub fn contested(message: impl Into<String>, causes: Vec<Cause>) -> Self {
        let mut status = Self::new(StatusCode::CONFLICT, "Conflict", message);
        status.details = Some(Box::new(Details { causes, ..Details::default() }));
        status
    }

    /// 422: an apply without a field manager.
    #[must_use]
    pub fn manager_required() -> Self {
        Self::patch_options("fieldManager", "FieldValueRequired", "Required value: is required for apply patch")
    }

    /// 422: a parameter of a patch that makes no sense.
    #[must_use]
    pub fn patch_options(field: &str, reason: &'static str, why: &str) -> Self {
        let message = format!("PatchOptions.meta.k8s.io \"\" is invalid: {field}: {why}");
        let cause = Cause { reason, message: why.to_owned(), field: field.to_owned() };
        let mut status = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", message);
        status.details = Some(Box::new(Details {
            group: "meta.k8s.io".to_owned(),
            kind: "PatchOptions".to_owned(),
            causes: vec![cause],
            ..Details::default()
        }));
        status
    }

    /// 422: the object breaks rules; all of them are named.
    #[must_use]
    pub(crate) fn invalid(resource: &Resource, name: &str, problems: &Problems) -> Self {
        let subject = if resource.group.is_empty() {
            resource.kind.to_owned()
        } else {
            format!("{}.{}", resource.kind, resource.group)
        };
        let message = format!("{subject} \"{name}\" is invalid: {}", problems.summary());
        let mut status = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", message).about(resource, name);
        if let Some(details) = &mut status.details {
            resource.kind.clone_into(&mut details.kind);
            details.causes = problems.list().iter().map(Problem::cause).collect();
        }
        status
    }

    /// 400: the request makes no sense.
    #[must_use]
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// 400 that points at fields.
    #[must_use]
    pub fn bad_fields(message: impl Into<String>, causes: Vec<Cause>) -> Self {
        let mut status = Self::bad_request(message);
        status.details = Some(Box::new(Details { causes, ..Details::default() }));
        status
    }

    /// 401: who are you?
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized")
    }

    /// 403: not allowed.
    #[must_use]
    pub fn forbidden(resource: &Resource, name: &str, why: &str) -> Self {
        let subject = resource.qualified();
        let message = if name.is_empty() {
            format!("{subject} is forbidden: {why}")
        } else {
            format!("{subject} \"{name}\" is forbidden: {why}")
        };
        Self::new(StatusCode::FORBIDDEN, "Forbidden", message).about(resource, name)
    }

    /// 405: the resource has no such verb.
    #[must_use]
    pub fn method_not_allowed(why: impl Into<String>) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", why)
    }

    /// 406: no form the client accepts.
    #[must_use]
    pub fn not_acceptable(accepted: &str) -> Self {
        let message = format!("only the following media types are accepted: {accepted}");
        Self::new(StatusCode::NOT_ACCEPTABLE, "NotAcceptable", message)
    }

    /// 410: that version is gone; list again.
    #[must_use]
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, "Expired", message)
    }

    /// 413: too big.
    #[must_use]
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", message)
    }

    /// 415: a form of body that is not understood.
    #[must_use]
    pub fn unsupported_media_type(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", message)
    }

    /// 429: later, please.
    #[must_use]
    pub fn too_many_requests(message: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", message).retry_after(1)
    }

    /// 429: a disruption budget does not let a Pod go now; `why` names it.
    pub(crate) fn over_budget(why: String, retry_after_seconds: Option<u32>) -> Self {
        let message = "Cannot evict pod as it would violate the pod's disruption budget.";
        let mut status = Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", message);
        let cause = Cause { reason: "DisruptionBudget", message: why, field: String::new() };
        status.details = Some(Box::new(Details { causes: vec![cause], retry_after_seconds, ..Details::default() }));
        status
    }

    /// 500: our fault.
    #[must_use]
    pub fn internal(message: impl Into<String>) -> Self {
        let message = format!("Internal error occurred: {}", message.into());
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message)
    }

    /// 503: not now.
    #[must_use]
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message).retry_after(1)
    }

    /// 504: it took too long, or the server is not there yet.
    #[must_use]
    pub fn timeout(message: impl Into<String>) -> Self {
        Self::new(StatusCode::GATEWAY_TIMEOUT, "Timeout", message).retry_after(1)
    }

    /// 409 of a writer whose extra guard no longer holds: another leader writes now.
    #[must_use]
    pub fn fenced(key: &str) -> Self {
        Self::new(StatusCode::CONFLICT, FENCED, format!("the write was fenced: {key} is not what this writer holds"))
    }

    /// The same about a resource that is called `asked` where it was asked for.
    #[must_use]
    pub(crate) fn renamed(mut self, stored: &Resource, asked: &Resource) -> Self {
        self.message = self.message.replacen(&stored.qualified(), &asked.qualified(), 1);
        if let Some(details) = self.details.as_mut().filter(|details| details.group == stored.group) {
            asked.group.clone_into(&mut details.group);
        }
        self
    }

    /// Whether the writer's extra guard failed: it must stop writing, not retry.
    #[must_use]
    pub fn is_fenced(&self) -> bool {
        self.reason == FENCED
    }

    /// Whether the object does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.code == 404
    }

    /// Whether someone else wrote first, so that reading again and retrying makes sense.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.reason == "Conflict"
    }

    /// Whether an object of this name was already there.
    #[must_use]
    pub fn is_already_exists(&self) -> bool {
        self.reason == "AlreadyExists"
    }

    fn retry_after(mut self, seconds: u32) -> Self {
        self.details.get_or_insert_default().retry_after_seconds = Some(seconds);
        self
    }

    /// The object clients get.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut value = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
        });
        if let (Some(details), Some(map)) = (&self.details, value.as_object_mut()) {
            map.insert("details".to_owned(), json!(details));
        }
        value["code"] = json!(self.code);
        value
    }
}

/// Reason of a write by a leader that is none any more; never leaves the process through REST.
const FENCED: &str = "Fenced";

/// `Status` of a success that has no object to return.
pub(crate) fn success(resource: &Resource, name: &str, uid: &str) -> Value {
    let details = Details {
        name: name.to_owned(),
        group: resource.group.to_owned(),
        kind: resource.plural.to_owned(),
        uid: uid.to_owned(),
        ..Details::default()
    };
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})
}

impl From<store::Error> for Status {
    fn from(error: store::Error) -> Self {
        use store::Error;
        match error {
            Error::Compacted { requested, oldest } => {
                Self::expired(format!("too old resource version: {requested} ({oldest})"))
            }
            Error::Future { requested, current } => {
                let mut status = Self::timeout(format!("Too large resource version: {requested}, current: {current}"));
                let cause = Cause {
                    reason: "ResourceVersionTooLarge",
                    message: "Too large resource version".to_owned(),
                    field: String::new(),
                };
                status.details.get_or_insert_default().causes.push(cause);
                status
            }
            Error::TooLarge { .. } => Self::too_large(format!("the object does not fit into the store: {error}")),
            Error::Full { .. } => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "InsufficientStorage", error.to_string()).retry_after(5)
            }
            Error::Watches { .. } => Self::too_many_requests(error.to_string()),
            Error::Lagged { .. } | Error::Broken { .. } | Error::Closed => {
                Self::unavailable(format!("the store does not answer: {error}"))
            }
            Error::EmptyKey | Error::WrittenTwice { .. } | Error::Tiers { .. } => Self::internal(error.to_string()),
        }
    }
}

impl IntoResponse for Status {
    fn into_response(self) -> Response {
        let code = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (code, self.to_value().to_string()).into_response();
        response.extensions_mut().insert(Reason(self.reason));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(seconds) = self.details.as_ref().and_then(|details| details.retry_after_seconds) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if code == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"insula\""));
        }
        response
    }
}
