//! Doing what a plan says: every action is one guarded write through the API's own object semantics.
//!
//! Actions start in order and run side by side, so that a plan of five hundred Pods shares a few disk
//! syncs instead of waiting for five hundred. A refusal is an answer: the next plan is made from what is
//! then there.

use api::resource::PODS;
use apiserver::{DeleteOptions, Objects, Patch, Propagation, Status, Subresource, WriteOptions};
use futures::StreamExt;
use planner::{Action, Guard, ObjectRef, Part};
use store::Revision;

use crate::events::{About, Events, Happening};

/// Writes under way at once: the store commits so many with one sync, and more would only queue.
const AT_ONCE: usize = 256;

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
}

/// One write and what to tell if it is done.
struct Step {
    action: Action,
    events: Vec<Action>,
}

impl Hands {
    pub(crate) fn new(objects: Objects, events: Events) -> Self {
        Self { objects, events }
    }

    /// Applies actions; returns when all have been answered.
    pub(super) async fn apply(&self, controller: &'static str, actions: Vec<Action>) -> Done {
        let (steps, leading) = steps(actions);
        leading.into_iter().for_each(|event| self.tell(controller, event));
        let take = |step| self.take(controller, step);
        let results: Vec<_> = futures::stream::iter(steps).map(take).buffered(AT_ONCE).collect().await;
        let mut done = Done::default();
        let mut wrote = false;
        for result in results {
            match result {
                Ok(()) => wrote = true,
                Err(status) => {
                    done.refused = true;
                    done.fenced |= status.is_fenced();
                }
            }
        }
        if wrote {
            // Not what the answers carry: a deleted object's version is that of its life.
            done.revision = Some(self.objects.store().revision().await);
        }
        done
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
            Err(status) if status.is_not_found() || status.is_conflict() || status.is_already_exists() => {
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
                let part = match part {
                    Part::Main => Subresource::Main,
                    Part::Status => Subresource::Status,
                    Part::Finalize => Subresource::Finalize,
                };
                let options = WriteOptions { uid: Some(uid), resource_version, ..WriteOptions::default() };
                let patch = Patch::Merge(patch);
                self.objects.patch(resource, &name.namespace, &name.name, part, patch, options).await?;
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
    use api::NamespacedName;
    use planner::EventKind;

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
}
