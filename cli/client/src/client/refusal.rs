//! What a server says when it does not do as asked: Kubernetes' `Status`, OCI's errors, or bare text.

use std::fmt;

use http::StatusCode;
use serde_json::Value;

use crate::value::{items, text};

/// A refusal in the server's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP's status.
    pub status: StatusCode,
    /// Kubernetes' reason, `NotFound`; empty if the server gives none.
    pub reason: String,
    /// The sentence.
    pub message: String,
    /// Fields and what is wrong with each, where the sentence does not say it already.
    pub causes: Vec<String>,
    /// How to mend it, if we know.
    pub hint: String,
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        if !self.reason.is_empty() {
            write!(f, " ({})", self.reason)?;
        }
        for cause in &self.causes {
            write!(f, "\n  {cause}")?;
        }
        if !self.hint.is_empty() {
            write!(f, "; {}", self.hint)?;
        }
        Ok(())
    }
}

impl Refusal {
    /// Reads the body of an answer that is no success.
    #[must_use]
    pub fn parse(status: StatusCode, body: &[u8]) -> Self {
        let parsed: Value = serde_json::from_slice(body).unwrap_or_default();
        let message = match (text(&parsed, "/message"), text(&parsed, "/errors/0/message")) {
            ("", "") => format!("{status}: {}", String::from_utf8_lossy(body).trim()),
            ("", oci) => oci.to_owned(),
            (message, _) => message.to_owned(),
        };
        let causes = causes(&parsed, &message);
        let hint = hint(&parsed);
        Self { status, reason: text(&parsed, "/reason").to_owned(), message, causes, hint }
    }

    /// The refusal of a connection that was to be taken over.
    pub(crate) fn of_status(status: &kube::core::Status) -> Self {
        let code = StatusCode::from_u16(status.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (reason, message) = (status.reason.clone(), status.message.clone());
        Self { status: code, reason, message, causes: Vec::new(), hint: String::new() }
    }

    /// The refusal an error is, if it is one.
    #[must_use]
    pub fn of(error: &anyhow::Error) -> Option<&Self> {
        error.downcast_ref()
    }

    /// Whether the error says that there is no such object.
    #[must_use]
    pub fn is_not_found(error: &anyhow::Error) -> bool {
        Self::of(error).is_some_and(|refusal| refusal.status == StatusCode::NOT_FOUND)
    }
}

/// The causes that the sentence leaves out.
fn causes(status: &Value, message: &str) -> Vec<String> {
    let all = items(status, "/details/causes").filter(|cause| !message.contains(text(cause, "/message")));
    let told = all.map(|cause| match text(cause, "/field") {
        "" => text(cause, "/message").to_owned(),
        field => format!("{field}: {}", text(cause, "/message")),
    });
    told.collect()
}

fn hint(status: &Value) -> String {
    let (reason, kind, name) = (text(status, "/reason"), text(status, "/details/kind"), text(status, "/details/name"));
    match (reason, kind) {
        ("NotFound", "namespaces") => format!("`insula create namespace {name}` makes it"),
        ("Unauthorized", _) => "the kubeconfig's credentials are not this cluster's".to_owned(),
        ("Forbidden", _) => "`insula auth can-i --list` tells what you may do".to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn refusals_are_told_in_the_servers_words() {
        for (body, wanted) in [
            (json!({"message": "pods \"x\" not found", "reason": "NotFound", "details": {"kind": "pods", "name": "x"}}).to_string(),
             "pods \"x\" not found (NotFound)"),
            (json!({"message": "namespaces \"x\" not found", "reason": "NotFound", "details": {"kind": "namespaces", "name": "x"}}).to_string(),
             "namespaces \"x\" not found (NotFound); `insula create namespace x` makes it"),
            (json!({"errors": [{"message": "blob unknown"}]}).to_string(), "blob unknown"),
            ("gone away".to_owned(), "404 Not Found: gone away"),
            (json!({"message": "it is invalid: a", "reason": "Invalid", "details": {"causes": [
                {"field": "spec.x", "message": "a"}, {"field": "spec.y", "message": "b"}]}}).to_string(),
             "it is invalid: a (Invalid)\n  spec.y: b"),
        ] {
            assert_eq!(Refusal::parse(StatusCode::NOT_FOUND, body.as_bytes()).to_string(), wanted);
        }
    }
}
