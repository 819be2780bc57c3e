//! Steps as data: what a plan asks the shell to do.

use std::fmt;

use api::{NamespacedName, Resource};
use jiff::Timestamp;
use serde_json::Value;

use crate::{Scalings, Snapshot};

/// What one controller wants done, in order, and when to ask it again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// Steps, in the order in which they must be applied.
    pub actions: Vec<Action>,
    /// When time alone changes the decision; `None` if only a change can.
    pub wake_at: Option<Timestamp>,
    /// What autoscalers are to remember until the next plan; `None` to keep what they do.
    pub scalings: Option<Scalings>,
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Create an object. Its UID and timestamps are the API's to give.
    Create {
        /// What to create.
        resource: &'static Resource,
        /// Where; empty for cluster-scoped resources.
        namespace: String,
        /// The whole object, with `apiVersion`, `kind` and a name.
        object: Value,
        /// Created only while this object is unchanged: the owner whose wish it is.
        guard: Option<Guard>,
    },
    /// Change an object with a merge patch (RFC 7386).
    Patch {
        /// Which resource.
        resource: &'static Resource,
        /// Which object.
        name: NamespacedName,
        /// Its UID, a precondition: a namesake is another thing.
        uid: String,
        /// A precondition, if the decision depends on all of the object.
        resource_version: Option<String>,
        /// Which subresource is written.
        part: Part,
        /// The patch.
        patch: Value,
    },
    /// Change several objects, all of them or none: for what must not be counted twice, or never, if the
    /// shell dies in between.
    Together {
        /// The changes; no object occurs twice.
        changes: Vec<Change>,
    },
    /// Assign a Pod to a Node.
    Bind {
        /// The Pod.
        pod: NamespacedName,
        /// Its UID, a precondition.
        uid: String,
        /// The Node's name.
        node: String,
        /// The Pod's version, a precondition.
        resource_version: String,
    },
    /// Delete an object.
    Delete {
        /// Which resource.
        resource: &'static Resource,
        /// Which object.
        name: NamespacedName,
        /// Its UID, a precondition.
        uid: String,
        /// A precondition, if the decision depends on all of the object.
        resource_version: Option<String>,
        /// Grace; `None` for the object's own, `Some(0)` to remove it at once.
        grace_seconds: Option<i64>,
        /// `Foreground`, `Background` or `Orphan`; `None` for the resource's default.
        propagation: Option<&'static str>,
    },
    /// Tell the users. Follows the step it tells of.
    Event {
        /// Whom it is about.
        about: ObjectRef,
        /// How alarming it is.
        kind: EventKind,
        /// One CamelCase word, `ScalingReplicaSet`.
        reason: &'static str,
        /// One sentence.
        message: String,
    },
}

/// One of several changes made together: a merge patch of an object that is as the decision saw it.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Which resource.
    pub resource: &'static Resource,
    /// Which object.
    pub name: NamespacedName,
    /// Its UID, a precondition.
    pub uid: String,
    /// Its version, a precondition.
    pub resource_version: String,
    /// Which subresource is written.
    pub part: Part,
    /// The patch.
    pub patch: Value,
}

/// An object that must be unchanged for a step to be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// Which resource.
    pub resource: &'static Resource,
    /// Which object.
    pub name: NamespacedName,
    /// The version it must have.
    pub resource_version: String,
}

/// Which subresource a patch writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Metadata and spec.
    Main,
    /// `status`.
    Status,
    /// `scale`: the patch holds `spec.replicas`.
    Scale,
    /// `finalize` of a Namespace: the patch holds `spec.finalizers`.
    Finalize,
}

/// Whom an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRef {
    /// Which resource.
    pub resource: &'static Resource,
    /// Which object.
    pub name: NamespacedName,
    /// Its UID.
    pub uid: String,
}

/// How alarming an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// Things go as wished.
    Normal,
    /// Someone should look.
    Warning,
}

impl EventKind {
    /// The `type` of a Kubernetes Event.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }
}

impl Plan {
    /// Asks to be called again at `at`, or earlier.
    pub(crate) fn wake(&mut self, at: Timestamp) {
        self.wake_at = Some(self.wake_at.map_or(at, |earlier| earlier.min(at)));
    }

    /// Asks to be called again when the silence of a host that has not dialled yet begins to count.
    pub(crate) fn wake_at_end_of_grace(&mut self, snapshot: &Snapshot) {
        if let Some(at) = snapshot.next_grace_end() {
            self.wake(at);
        }
    }

    /// Whether nothing is to be done now.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.actions.is_empty()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for action in &self.actions {
            writeln!(f, "{action}")?;
        }
        match self.wake_at {
            Some(at) => writeln!(f, "wake at {at}"),
            None => Ok(()),
        }
    }
}

/// Bytes of a patch that are shown: enough to see what it is about, too little to flood a log.
const PATCH_SHOWN_BYTES_MAX: usize = 256;

/// A patch, or its beginning.
struct Short<'a>(&'a Value);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        if text.len() <= PATCH_SHOWN_BYTES_MAX {
            return f.write_str(&text);
        }
        let end = text.floor_char_boundary(PATCH_SHOWN_BYTES_MAX);
        write!(f, "{}... {} bytes", &text[..end], text.len())
    }
}

fn show_patch(
    f: &mut fmt::Formatter<'_>,
    resource: &Resource,
    part: Part,
    name: &NamespacedName,
    patch: &Value,
) -> fmt::Result {
    let part = match part {
        Part::Main => "",
        Part::Status => "/status",
        Part::Scale => "/scale",
        Part::Finalize => "/finalize",
    };
    write!(f, "patch {}{part} {name} {}", resource.qualified(), Short(patch))
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { resource, namespace, object, .. } => {
                let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("?");
                write!(f, "create {} {}", resource.qualified(), NamespacedName::new(namespace.as_str(), name))
            }
            Self::Patch { resource, name, part, patch, .. } => show_patch(f, resource, *part, name, patch),
            Self::Together { changes } => {
                for (at, change) in changes.iter().enumerate() {
                    f.write_str(if at == 0 { "" } else { " and " })?;
                    show_patch(f, change.resource, change.part, &change.name, &change.patch)?;
                }
                Ok(())
            }
            Self::Bind { pod, node, .. } => write!(f, "bind {pod} to {node}"),
            Self::Delete { resource, name, grace_seconds, propagation, .. } => {
                write!(f, "delete {} {name}", resource.qualified())?;
                if let Some(grace) = grace_seconds {
                    write!(f, " grace={grace}s")?;
                }
                propagation.map_or(Ok(()), |how| write!(f, " {how}"))
            }
            Self::Event { about, kind, reason, message } => {
                let kind = kind.as_str();
                write!(f, "event {kind} {reason} {} {}: {message}", about.resource.qualified(), about.name)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_large_patch_is_shown_by_its_beginning() {
        let show = |length: usize| Short(&json!({"a": "\u{e9}".repeat(length)})).to_string();
        assert_eq!(show(1), "{\"a\":\"\u{e9}\"}");
        let large = show(10_000);
        assert!(large.ends_with("... 20008 bytes"), "{large}");
        assert!(large.len() < PATCH_SHOWN_BYTES_MAX + 20, "{large}");
    }
}
