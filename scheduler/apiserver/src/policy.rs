//! ValidatingAdmissionPolicies: expressions that every write must satisfy, whoever writes.
//!
//! Policies and bindings are compiled once, when they are stored, into a snapshot that writes read; a cluster without
//! policies pays for one look. The judgement is made where objects are written ([`crate::objects`]), so it holds for
//! control loops as for REST. Policies never apply to the kinds of `admissionregistration.k8s.io`, so one that
//! refuses everything can still be mended.
//!
//! What is not here: `authorizer` in expressions, audit annotations, and CONNECT (streams into Pods).

mod compile;
mod follow;
mod judge;
mod matching;

use std::sync::{Arc, Mutex, PoisonError, RwLock};

pub(crate) use compile::{validate_binding, validate_policy};
pub(crate) use follow::Follower;
pub(crate) use judge::{Attempt, Operation, judge};

use crate::cel::Program;
use crate::status::Status;
use matching::Matcher;

/// Group of the kinds that no policy applies to.
const ADMISSION: &str = "admissionregistration.k8s.io";

/// Who writes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Author {
    /// Name.
    pub name: String,
    /// Groups.
    pub groups: Vec<String>,
}

/// Words for the writer of an accepted object. Cheap to clone; clones share.
#[derive(Debug, Clone, Default)]
pub struct Remarks(Arc<Mutex<Vec<String>>>);

impl Remarks {
    fn add(&self, remark: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(remark);
    }

    /// What was said.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The policies in force. Cheap to clone; clones share.
#[derive(Clone, Default)]
pub(crate) struct Policies(Arc<RwLock<Arc<Vec<Bound>>>>);

impl Policies {
    fn all(&self) -> Arc<Vec<Bound>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many are in force.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.all().len()
    }

    fn replace(&self, all: Vec<Bound>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(all);
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
