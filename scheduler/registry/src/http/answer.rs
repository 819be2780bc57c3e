//! Answers and refusals in the specification's form.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

use crate::{Error, admission, uploads};

/// The specification's error codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    BlobUnknown,
    BlobUploadInvalid,
    BlobUploadUnknown,
    DigestInvalid,
    ManifestBlobUnknown,
    ManifestInvalid,
    ManifestUnknown,
    NameInvalid,
    NameUnknown,
    SizeInvalid,
    TagInvalid,
    TooManyRequests,
    Unsupported,
    Unknown,
}

impl Code {
    fn text(self) -> &'static str {
        match self {
            Self::BlobUnknown => "BLOB_UNKNOWN",
            Self::BlobUploadInvalid => "BLOB_UPLOAD_INVALID",
            Self::BlobUploadUnknown => "BLOB_UPLOAD_UNKNOWN",
            Self::DigestInvalid => "DIGEST_INVALID",
            Self::ManifestBlobUnknown => "MANIFEST_BLOB_UNKNOWN",
            Self::ManifestInvalid => "MANIFEST_INVALID",
            Self::ManifestUnknown => "MANIFEST_UNKNOWN",
            Self::NameInvalid => "NAME_INVALID",
            Self::NameUnknown => "NAME_UNKNOWN",
            Self::SizeInvalid => "SIZE_INVALID",
            Self::TagInvalid => "TAG_INVALID",
            Self::TooManyRequests => "TOOMANYREQUESTS",
            Self::Unsupported => "UNSUPPORTED",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// A refusal: what to tell the client.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    code: Code,
    message: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: Code, message: String) -> Self {
        Self { status, code, message }
    }

    pub(super) fn invalid_digest(message: String) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::DigestInvalid, message)
    }

    pub(super) fn invalid_manifest(message: String) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::ManifestInvalid, message)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({ "errors": [{ "code": self.code.text(), "message": self.message }] });
        (self.status, axum::Json(body)).into_response()
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let is_full = matches!(&error, Error::Io { source, .. }
            if matches!(source.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded));
        let (status, code) = match &error {
            Error::InvalidName(_) => (StatusCode::BAD_REQUEST, Code::NameInvalid),
            Error::Io { .. } if is_full => (StatusCode::INSUFFICIENT_STORAGE, Code::Unknown),
            Error::Damaged { .. } | Error::Io { .. } => (StatusCode::INTERNAL_SERVER_ERROR, Code::Unknown),
        };
        tracing::error!(%error, "the registry failed a request");
        // Paths of this machine are nobody else's business.
        let message = match error {
            Error::Io { source, .. } => format!("the registry's disk: {source}"),
            other => other.to_string(),
        };
        Self::new(status, code, message)
    }
}

impl From<uploads::Refusal> for Problem {
    fn from(refusal: uploads::Refusal) -> Self {
        use uploads::Refusal;
        let (status, code) = match &refusal {
            Refusal::Unknown(_) => (StatusCode::NOT_FOUND, Code::BlobUploadUnknown),
            Refusal::TooMany => (StatusCode::TOO_MANY_REQUESTS, Code::TooManyRequests),
            Refusal::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, Code::SizeInvalid),
            Refusal::Digest { .. } => (StatusCode::BAD_REQUEST, Code::DigestInvalid),
            Refusal::Interrupted(_) => (StatusCode::BAD_REQUEST, Code::BlobUploadInvalid),
            Refusal::Silent => (StatusCode::REQUEST_TIMEOUT, Code::BlobUploadInvalid),
            Refusal::Failed(_) => (StatusCode::INTERNAL_SERVER_ERROR, Code::Unknown),
        };
        match refusal {
            Refusal::Failed(error) => error.into(),
            refusal => Self::new(status, code, refusal.to_string()),
        }
    }
}

impl From<admission::Refusal> for Problem {
    fn from(refusal: admission::Refusal) -> Self {
        use admission::Refusal;
        let (status, code) = match &refusal {
            Refusal::Missing { .. } => (StatusCode::NOT_FOUND, Code::ManifestBlobUnknown),
            Refusal::Size { .. } => (StatusCode::BAD_REQUEST, Code::SizeInvalid),
            Refusal::Wasm(_) | Refusal::Failed(_) => (StatusCode::BAD_REQUEST, Code::ManifestInvalid),
        };
        match refusal {
            Refusal::Failed(error) => error.into(),
            refusal => Self::new(status, code, refusal.to_string()),
        }
    }
}
