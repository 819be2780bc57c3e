//! Doing what a plan says: every action is one guarded write through the API's own object semantics.
//!
//! Actions start in order and run side by side, so that a plan of five hundred Pods shares a few disk
//! syncs instead of waiting for five hundred. A refusal is an answer: the next plan is made from what is
//! then there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use api::NamespacedName;
use api::resource::{PODS, find_kind};
use apiserver::{Change, DeleteOptions, Objects, Patch, Propagation, Status, Subresource, WriteOptions};
use futures::StreamExt;
use planner::{Action, Guard, ObjectRef, Part};
use store::Revision;

use super::refusals::Refusals;
use crate::events::{About, Events, Happening};

/// Writes under way at once: the store commits so many with one sync, and more would only queue.
const AT_ONCE: usize = 256;

/// Who owns numbers of replicas that an autoscaler wrote.
const AUTOSCALER: &str = "horizontal-pod-autoscaler";

/// What became of a plan.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Done {
    /// The view must show this before the next decision.
    pub(super) revision: Option<Revision>,
    /// A step was refused.
    pub(super) refused: bool,
    /// A step was refused because a guard of the writer did not hold.
    pub(super) fenced: bool,
}

/// Writes what controllers plan.
#[derive(Clone)]
pub(crate) struct Hands {
    objects: Objects,
    events: Events,
    refusals: Arc<Mutex<Refusals>>,
}

/// One write and what to tell if it is done.
struct Step {
    action: Action,
    events: Vec<Action>,
}

impl Hands {
    pub(crate) fn new(objects: Objects, events: Events) -> Self {
        Self { objects, events, refusals: Arc::default() }
    }

    /// Applies actions; returns when all have been answered.
    pub(super) async fn apply(&self, controller: &'static str, actions: Vec<Action>) -> Done {
        let (steps, leading) = steps(actions);
        leading.into_iter().for_each(|event| self.tell(controller, event));
        let steps: Vec<_> = steps.into_iter().map(|step| (owner_of(&step.action), step)).collect();
        let (steps, waiting) = self.split(steps);
        let take = |(owner, step): (Option<About>, Step)| async move { (owner, self.take(controller, step).await) };
        let results: Vec<_> = futures::stream::iter(steps).map(take).buffered(AT_ONCE).collect().await;
        let mut done = Done { refused: waiting > 0, ..Done::default() };
        let mut wrote = false;
        let mut owners: BTreeMap<About, Option<String>> = BTreeMap::new();
        for (owner, result) in results {
            let why = result.as_ref().err().filter(|status| is_final(status)).map(|status| status.message.clone());
            if let Some(told) = owner.map(|owner| owners.entry(owner).or_default()) {
                *told = told.take().or(why);
            }
            match result {
                Ok(()) => wrote = true,
                Err(status) => {
                    done.refused = true;
                    done.fenced |= status.is_fenced();
                }
            }
        }
        owners.into_iter().for_each(|(owner, refused)| self.settle(controller, owner, refused));
        if wrote {
            // Not what the answers carry: a deleted object's version is that of its life.
            done.revision = Some(self.objects.store().revision().await);
        }
        done
    }

    /// Whose wishes were refused, and why.
    pub(super) fn refused(&self) -> Arc<BTreeMap<String, String>> {
        Arc::new(self.refusals.lock().unwrap_or_else(PoisonError::into_inner).reasons())
    }

    /// The steps that may be tried, and how many wait because their owners were refused a moment ago.
    fn split(&self, steps: Vec<(Option<About>, Step)>) -> (Vec<(Option<About>, Step)>, usize) {
        let (refusals, now) = (self.refusals.lock().unwrap_or_else(PoisonError::into_inner), Instant::now());
        let may_try = |owner: &Option<About>| owner.as_ref().is_none_or(|owner| refusals.may_try(&owner.uid, now));
        let (steps, waiting): (Vec<_>, Vec<_>) = steps.into_iter().partition(|(owner, _)| may_try(owner));
        (steps, waiting.len())
    }

    /// Takes note of what became of an owner's objects; a refusal is told once for all of them.
    fn settle(&self, controller: &'static str, owner: About, refused: Option<String>) {
        {
            let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
            match &refused {
                Some(why) => refusals.refused(&owner.uid, why, Instant::now()),
                None => refusals.taken(&owner.uid),
            }
        }
        let Some(why) = refused else { return };
        self.events.record(Happening {
            about: owner,
            kind: "Warning",
            reason: "FailedCreate".to_owned(),
            message: format!("Error creating: {why}"),
            component: controller,
            host: String::new(),
            count: 1,
        });
    }

    async fn take(&self, controller: &'static str, step: Step) -> Result<(), Status> {
        let line = step.action.to_string();
        match self.write(step.action).await {
            Ok(()) => {
                tracing::info!(controller, "{line}");
                step.events.into_iter().for_each(|event| self.tell(controller, event));
                Ok(())
            }
            // What was to be deleted is gone, what was to be changed no longer concerns us.
            Err(status) if !is_final(&status) && !status.is_fenced() => {
                tracing::debug!(controller, %status, "refused: {line}");
                Err(status)
            }
            Err(status) => {
                tracing::warn!(controller, %status, "refused: {line}");
                Err(status)
            }
        }
    }

    async fn write(&self, action: Action) -> Result<(), Status> {
        match action {
            Action::Create { resource, namespace, object, guard } => {
                let objects = match guard {
                    Some(guard) => self.objects.guarded(unchanged(&guard)?),
                    None => self.objects.clone(),
                };
                objects.create(resource, &namespace, object, WriteOptions::default()).await?;
            }
            Action::Patch { resource, name, uid, resource_version, part, patch } => {
                // C9: the number is theirs who scale, whoever wrote the rest.
                let field_manager = (part == Part::Scale).then(|| AUTOSCALER.to_owned());
                let part = subresource(part);
                let options =
                    WriteOptions { uid: Some(uid), resource_version, field_manager, ..WriteOptions::default() };
                let patch = Patch::Merge(patch);
                self.objects.patch(resource, &name.namespace, &name.name, part, patch, options).await?;
            }
            Action::Together { changes } => {
                self.objects.patch_together(changes.into_iter().map(change).collect()).await?;
            }
            Action::Bind { pod, uid, node, resource_version } => {
                let resource_version = Some(resource_version);
                let options = WriteOptions { uid: Some(uid), resource_version, ..WriteOptions::default() };
                self.objects.bind(&pod.namespace, &pod.name, &node, options).await?;
            }
            Action::Delete { resource, name, uid, resource_version, grace_seconds, propagation } => {
                let propagation = propagation.map(propagation_of).transpose()?;
                let options = DeleteOptions {
                    uid: Some(uid),
                    resource_version,
                    grace_seconds,
                    propagation,
                    ..DeleteOptions::default()
                };
                self.objects.delete(resource, &name.namespace, &name.name, options).await?;
            }
            Action::Event { .. } => {}
        }
        Ok(())
    }

    fn tell(&self, controller: &'static str, event: Action) {
        if let Action::Event { about, kind, reason, message } = event {
            let ObjectRef { resource, name, uid } = about;
            self.events.record(Happening {
                about: About { resource, name, uid },
                kind: kind.as_str(),
                reason: reason.to_owned(),
                message,
                component: controller,
                host: String::new(),
                count: 1,
            });
        }
    }
}

/// Whether a refusal is an answer, and not only the news that someone else was first.
fn is_final(status: &Status) -> bool {
    !(status.is_not_found() || status.is_conflict() || status.is_already_exists() || status.is_fenced())
}

/// Who wishes what is to be created.
fn owner_of(action: &Action) -> Option<About> {
    let Action::Create { namespace, object, .. } = action else { return None };
    let owners = object.pointer("/metadata/ownerReferences")?.as_array()?;
    let owner = owners.iter().find(|owner| owner["controller"] == true)?;
    let text = |key: &str| owner[key].as_str();
    let group = text("apiVersion")?.rsplit_once('/').map_or("", |(group, _)| group);
    let resource = find_kind(group, text("kind")?)?;
    let name = NamespacedName::new(if resource.is_namespaced() { namespace } else { "" }, text("name")?);
    Some(About { resource, name, uid: text("uid")?.to_owned() })
}

/// Each write with the events that follow it; events before the first write stand alone.
fn steps(actions: Vec<Action>) -> (Vec<Step>, Vec<Action>) {
    let (mut steps, mut leading) = (Vec::<Step>::new(), Vec::new());
    for action in actions {
        match (&action, steps.last_mut()) {
            (Action::Event { .. }, Some(step)) => step.events.push(action),
            (Action::Event { .. }, None) => leading.push(action),
            _ => steps.push(Step { action, events: Vec::new() }),
        }
    }
    (steps, leading)
}

fn subresource(part: Part) -> Subresource {
    match part {
        Part::Main => Subresource::Main,
        Part::Status => Subresource::Status,
        Part::Scale => Subresource::Scale,
        Part::Finalize => Subresource::Finalize,
    }
}

fn change(change: planner::Change) -> Change {
    let planner::Change { resource, name, uid, resource_version, part, patch } = change;
    Change {
        resource,
        namespace: name.namespace,
        name: name.name,
        uid,
        resource_version,
        part: subresource(part),
        patch: Patch::Merge(patch),
    }
}

fn unchanged(guard: &Guard) -> Result<store::Guard, Status> {
    let revision = guard
        .resource_version
        .parse()
        .map_err(|_| Status::internal(format!("{} is not a resource version", guard.resource_version)))?;
    Ok(store::Guard::ModRevision { key: guard.resource.key(&guard.name.namespace, &guard.name.name), revision })
}

fn propagation_of(word: &str) -> Result<Propagation, Status> {
    Propagation::parse(word).ok_or_else(|| Status::internal(format!("{word:?} is not a propagation policy")))
}

/// Removes a Pod whose host says that it has stopped.
pub(crate) async fn remove_stopped(objects: &Objects, namespace: &str, name: &str, uid: &str) -> Result<(), Status> {
    let options = DeleteOptions { uid: Some(uid.to_owned()), grace_seconds: Some(0), ..DeleteOptions::default() };
    objects.delete(&PODS, namespace, name, options).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use planner::EventKind;
    use serde_json::json;

    #[test]
    fn events_follow_the_step_they_tell_of() {
        let event = |reason| Action::Event {
            about: ObjectRef { resource: &PODS, name: NamespacedName::new("n", "p"), uid: "u".to_owned() },
            kind: EventKind::Normal,
            reason,
            message: String::new(),
        };
        let write = |name: &str| Action::Bind {
            pod: NamespacedName::new("n", name),
            uid: String::new(),
            node: String::new(),
            resource_version: "1".to_owned(),
        };
        let (steps, leading) = steps(vec![event("a"), write("p"), event("b"), event("c"), write("q")]);
        assert_eq!(leading.len(), 1);
        assert_eq!(steps.iter().map(|s| s.events.len()).collect::<Vec<_>>(), [2, 0]);
    }

    #[test]
    fn who_wishes_an_object_is_told_of_its_refusal() {
        let create = |owner: serde_json::Value| Action::Create {
            resource: &PODS,
            namespace: "n".to_owned(),
            object: json!({"metadata": {"name": "p", "ownerReferences": [owner]}}),
            guard: None,
        };
        let owner =
            json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "u", "controller": true});
        let found = owner_of(&create(owner)).expect("has an owner");
        assert_eq!((found.resource.kind, found.name.to_string(), &*found.uid), ("ReplicaSet", "n/web".to_owned(), "u"));
        assert_eq!(owner_of(&create(json!({"kind": "ReplicaSet", "name": "web", "uid": "u"}))), None, "no manager");
        for (status, wanted) in [
            (Status::forbidden(&PODS, "p", "no"), true),
            (Status::not_found(&PODS, "p"), false),
            (Status::fenced("k"), false),
        ] {
            assert_eq!(is_final(&status), wanted, "{status}");
        }
    }
}
