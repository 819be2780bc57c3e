//! A write that is about to happen, as admission is told of it. Pure.

use serde_json::{Value, json};

use super::Remarks;
use crate::auth::User;
use crate::kinds::{Kind, Subresource};
use crate::objects::{DeleteOptions, Propagation, WriteOptions};

/// What is done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Create,
    Update,
    Delete,
    /// Somebody connects to it.
    Connect,
}

impl Operation {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
        }
    }
}

/// A write that is about to happen.
#[derive(Clone, Copy)]
pub(crate) struct Attempt<'a> {
    pub(crate) kind: &'a Kind,
    pub(crate) part: Subresource,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) operation: Operation,
    /// What it would become.
    pub(crate) object: Option<&'a Value>,
    /// What it is.
    pub(crate) old: Option<&'a Value>,
    pub(crate) how: How<'a>,
}

/// How it is written, and by whom.
#[derive(Clone, Copy)]
pub(crate) enum How<'a> {
    Write(&'a WriteOptions),
    Delete(&'a DeleteOptions),
}

impl<'a> Attempt<'a> {
    /// Whether it is only tried.
    pub(crate) fn is_dry_run(&self) -> bool {
        match self.how {
            How::Write(options) => options.dry_run,
            How::Delete(options) => options.dry_run,
        }
    }

    /// Who writes; `None` for the control loops.
    pub(crate) fn author(&self) -> Option<&'a User> {
        match self.how {
            How::Write(options) => options.author.as_ref(),
            How::Delete(options) => options.author.as_ref(),
        }
    }

    /// Where to say what the writer should hear.
    pub(crate) fn remarks(&self) -> &'a Remarks {
        match self.how {
            How::Write(options) => &options.remarks,
            How::Delete(options) => &options.remarks,
        }
    }

    /// The request, as expressions and webhooks see it.
    pub(crate) fn request(&self) -> Value {
        let resource = self.kind.resource;
        let kind = self.kind_of_object();
        let named = json!({"group": resource.group, "version": resource.version, "resource": resource.plural});
        let user = match self.author() {
            Some(user) => {
                json!({"username": user.name, "uid": user.uid, "groups": user.groups, "extra": user.extra})
            }
            None => json!({
                "username": "system:insula-controller", "uid": "", "groups": ["system:authenticated"], "extra": {},
            }),
        };
        json!({
            "kind": kind, "requestKind": kind, "resource": named, "requestResource": named,
            "subResource": self.part.name(), "requestSubResource": self.part.name(),
            "name": self.name, "namespace": self.namespace,
            "operation": self.operation.word(), "dryRun": self.is_dry_run(),
            "userInfo": user, "options": self.options(),
        })
    }

    /// Some parts are objects of kinds of their own.
    fn kind_of_object(&self) -> Value {
        let resource = self.kind.resource;
        let (group, version, kind) = match self.part {
            Subresource::Scale => ("autoscaling", "v1", "Scale"),
            Subresource::Binding => ("", "v1", "Binding"),
            Subresource::Eviction => ("policy", "v1", "Eviction"),
            Subresource::Exec => ("", "v1", "PodExecOptions"),
            Subresource::Attach => ("", "v1", "PodAttachOptions"),
            Subresource::PortForward => ("", "v1", "PodPortForwardOptions"),
            _ => (resource.group, resource.version, resource.kind),
        };
        json!({"group": group, "version": version, "kind": kind})
    }

    fn options(&self) -> Value {
        let kind = match self.operation {
            Operation::Create => "CreateOptions",
            Operation::Update => "UpdateOptions",
            Operation::Delete => "DeleteOptions",
            Operation::Connect => return Value::Null,
        };
        let mut options = json!({"apiVersion": "meta.k8s.io/v1", "kind": kind});
        if self.is_dry_run() {
            options["dryRun"] = json!(["All"]);
        }
        match self.how {
            How::Write(WriteOptions { field_manager: Some(manager), .. }) => options["fieldManager"] = json!(manager),
            How::Delete(how) if self.operation == Operation::Delete => tell(how, &mut options),
            How::Write(_) | How::Delete(_) => {}
        }
        options
    }
}

/// Says how something is deleted, in the words of `DeleteOptions`.
pub(crate) fn tell(how: &DeleteOptions, options: &mut Value) {
    if let Some(seconds) = how.grace_seconds {
        options["gracePeriodSeconds"] = json!(seconds);
    }
    if let Some(propagation) = how.propagation {
        options["propagationPolicy"] = json!(match propagation {
            Propagation::Background => "Background",
            Propagation::Foreground => "Foreground",
            Propagation::Orphan => "Orphan",
        });
    }
    for (key, wanted) in [("uid", &how.uid), ("resourceVersion", &how.resource_version)] {
        if let Some(wanted) = wanted {
            options["preconditions"][key] = json!(wanted);
        }
    }
}
