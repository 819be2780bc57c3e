//! ValidatingAdmissionPolicies: expressions that every write must satisfy, whoever writes.
//!
//! Policies and bindings are compiled once, when they are stored, into a snapshot that writes read; a cluster without
//! policies pays for one look. The judgement is made where objects are written ([`crate::objects`]), so it holds for
//! control loops as for REST. Policies never apply to the kinds of `admissionregistration.k8s.io`, so one that
//! refuses everything can still be mended.
//!
//! Webhooks ([`crate::webhook`]) are followed along with them, and share what says which writes are meant.

mod attempt;
mod compile;
mod follow;
mod judge;
mod matching;
mod rights;
mod stored;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use api::Resource;
use serde_json::Value;
use store::Store;

pub(crate) use attempt::{Attempt, How, Operation, tell as tell_deletion};
pub(crate) use compile::{conditions, validate_binding, validate_policy};
pub(crate) use follow::Follower;
pub(crate) use judge::{is_about_admission, judge, meets, namespace_of, of};
pub(crate) use matching::Matcher;
pub(crate) use rights::authorizer;

use crate::cel::Program;
use crate::limits::{AUDIT_ANNOTATIONS_MAX, WARNINGS_MAX};
use crate::rbac::Access;
use crate::seen::Seen;
use crate::status::Status;

/// Key of the note of what policies would have refused. Kubernetes' name.
const FAILURES: &str = "validation.policy.admission.k8s.io/validation_failure";

/// What admission says of a write: words for the writer, and for the audit log. Cheap to clone; clones share.
#[derive(Debug, Clone, Default)]
pub struct Remarks(Arc<Mutex<Said>>);

#[derive(Debug, Default)]
struct Said {
    warnings: Vec<String>,
    annotations: BTreeMap<String, String>,
    /// Refusals of policies that are only noted.
    failures: Vec<Value>,
}

impl Remarks {
    fn said(&self) -> std::sync::MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Warns the writer, once of the same.
    pub(crate) fn add(&self, warning: String) {
        let warnings = &mut self.said().warnings;
        if warnings.len() < WARNINGS_MAX && !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    /// Takes a note for the audit log.
    pub(crate) fn annotate(&self, key: String, text: String) {
        let annotations = &mut self.said().annotations;
        if annotations.len() < AUDIT_ANNOTATIONS_MAX {
            annotations.insert(key, text);
        }
    }

    /// Notes a refusal of a policy for the audit log.
    fn fail(&self, failure: Value) {
        let failures = &mut self.said().failures;
        if failures.len() < WARNINGS_MAX {
            failures.push(failure);
        }
    }

    /// The warnings.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.said().warnings)
    }

    /// The notes.
    pub(crate) fn take_annotations(&self) -> BTreeMap<String, String> {
        let mut said = self.said();
        let failures = std::mem::take(&mut said.failures);
        let mut annotations = std::mem::take(&mut said.annotations);
        if !failures.is_empty() {
            annotations.insert(FAILURES.to_owned(), Value::Array(failures).to_string());
        }
        annotations
    }
}

/// The policies in force. Cheap to clone; clones share.
#[derive(Clone, Default)]
pub(crate) struct Policies(Arc<InForce>);

#[derive(Default)]
struct InForce {
    bound: RwLock<Arc<Vec<Bound>>>,
    seen: OnceLock<Box<[Seen]>>,
    access: OnceLock<Access>,
}

impl Policies {
    fn all(&self) -> Arc<Vec<Bound>> {
        self.0.bound.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn follow(&self, seen: Box<[Seen]>) {
        // A second follower would follow the same.
        let _first: &[Seen] = self.0.seen.get_or_init(|| seen);
    }

    /// Answers what expressions ask about rights from now on.
    pub(crate) fn decide_by(&self, access: &Access) {
        // There is one access control in a program.
        let _first: &Access = self.0.access.get_or_init(|| access.clone());
    }

    fn access(&self) -> Option<&Access> {
        self.0.access.get()
    }

    /// Waits, for a bounded time, until what was written of a resource counts: for webhooks, too.
    pub(crate) async fn settle(&self, resource: &Resource, store: &dyn Store) {
        let seen = self.0.seen.get().and_then(|all| all.iter().find(|seen| seen.resource == resource));
        if let Some(seen) = seen {
            seen.reach(store.revision().await).await;
        }
    }

    /// How many are in force.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.all().len()
    }

    fn replace(&self, all: Vec<Bound>) {
        *self.0.bound.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(all);
    }
}

/// A policy with one of its bindings.
struct Bound {
    policy: Arc<Policy>,
    binding: Binding,
}

/// A policy, compiled.
struct Policy {
    name: String,
    /// What cannot be evaluated refuses the write; else it is passed over.
    fails: bool,
    matcher: Matcher,
    conditions: Vec<(String, Program)>,
    variables: Vec<(String, Program)>,
    validations: Vec<Validation>,
    /// What is noted in the audit log, by key.
    annotations: Vec<(String, Program)>,
    /// `apiVersion` and `kind` of the parameters.
    param_kind: Option<(String, String)>,
}

/// One expression that must be true.
struct Validation {
    source: String,
    program: Program,
    message: String,
    message_program: Option<Program>,
    reason: Reason,
}

/// What a refusal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    Unauthorized,
    Forbidden,
    Invalid,
    TooLarge,
}

impl Reason {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "" | "Invalid" => Self::Invalid,
            "Unauthorized" => Self::Unauthorized,
            "Forbidden" => Self::Forbidden,
            "RequestEntityTooLarge" => Self::TooLarge,
            _ => return None,
        })
    }

    fn mark(self, status: &mut Status) {
        let (code, reason) = match self {
            Self::Unauthorized => (401, "Unauthorized"),
            Self::Forbidden => (403, "Forbidden"),
            Self::Invalid => (422, "Invalid"),
            Self::TooLarge => (413, "RequestEntityTooLarge"),
        };
        (status.code, status.reason) = (code, reason);
    }
}

/// Where a policy is in force, and what follows from its refusals.
struct Binding {
    name: String,
    denies: bool,
    warns: bool,
    audits: bool,
    matcher: Matcher,
    param: Option<ParamRef>,
}

/// Which objects parameterise a policy.
struct ParamRef {
    name: String,
    namespace: String,
    selector: Option<api::selector::Selector>,
    /// Without a parameter the write is refused; else the policy does not apply.
    must_exist: bool,
}
