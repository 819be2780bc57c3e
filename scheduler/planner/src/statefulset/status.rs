//! The status of a StatefulSet: what `kubectl rollout status` and `kubectl get` look at.

use api::apps::{StatefulSetCondition, StatefulSetStatus};
use api::meta::Time;
use api::resource::STATEFUL_SETS;

use super::collisions;
use super::look::{Look, Member};
use crate::{Action, EventKind, history, object};

/// Tells that a Pod cannot be made because its name belongs to somebody else's.
const REPLICA_FAILURE: &str = "ReplicaFailure";

impl Look<'_> {
    /// The status, and what to tell the users of its change.
    pub(super) fn status(&self) -> (StatefulSetStatus, Vec<Action>) {
        let update = history::name(self.update);
        let mut status = StatefulSetStatus {
            replicas: object::count(self.members.len()),
            ready_replicas: nonzero(self.count(|member| member.is_ready())),
            available_replicas: Some(self.count(|member| member.is_available())),
            current_replicas: nonzero(self.of_revision(history::name(self.current))),
            updated_replicas: nonzero(self.of_revision(update)),
            current_revision: Some(history::name(self.current).to_owned()),
            update_revision: Some(update.to_owned()),
            observed_generation: self.set.metadata.generation,
            collision_count: Some(collisions(self.set)),
            conditions: self.set.status.as_ref().and_then(|status| status.conditions.clone()),
        };
        if self.is_complete(&status) {
            status.current_revision = status.update_revision.clone();
            status.current_replicas = status.updated_replicas;
        }
        let told = self.set_failure(&mut status);
        (status, told)
    }

    fn count(&self, is_counted: impl Fn(&Member<'_>) -> bool) -> i32 {
        object::count(self.members.values().filter(|member| is_counted(member)).count())
    }

    fn of_revision(&self, revision: &str) -> i32 {
        self.count(|member| !member.is_terminating() && member.revision == revision)
    }

    /// Whether every Pod is of the new revision and ready: then it is the current one.
    fn is_complete(&self, status: &StatefulSetStatus) -> bool {
        let wanted = self.replicas();
        let counts = [status.updated_replicas.unwrap_or(0), status.ready_replicas.unwrap_or(0), status.replicas];
        counts.iter().all(|count| *count == wanted)
    }

    fn set_failure(&self, status: &mut StatefulSetStatus) -> Vec<Action> {
        let taken = self.ordinals().take(self.looked_at()).find(|ordinal| self.is_taken(*ordinal));
        let conditions = status.conditions.get_or_insert_default();
        let at = conditions.iter().position(|condition| condition.type_.as_deref() == Some(REPLICA_FAILURE));
        let mut told = Vec::new();
        match (taken, at) {
            (Some(ordinal), None) => {
                let message = self.taken_message(ordinal);
                let meta = &self.set.metadata;
                told.push(object::event(&STATEFUL_SETS, meta, EventKind::Warning, "FailedCreate", message.clone()));
                conditions.push(StatefulSetCondition {
                    type_: Some(REPLICA_FAILURE.to_owned()),
                    status: Some("True".to_owned()),
                    reason: Some("FailedCreate".to_owned()),
                    message: Some(message),
                    last_transition_time: Some(Time(self.snapshot.now)),
                });
            }
            (None, Some(at)) => drop(conditions.remove(at)),
            _ => {}
        }
        if conditions.is_empty() {
            status.conditions = None;
        }
        told
    }

    /// How many ordinals can have a Pod of their name at all: those of this set and foreign ones.
    fn looked_at(&self) -> usize {
        self.snapshot.pods.len().saturating_add(1)
    }

    fn taken_message(&self, ordinal: i32) -> String {
        let (pod, set) = (self.pod_name(ordinal), &self.name.name);
        format!("create Pod {pod} in StatefulSet {set} failed error: pods \"{pod}\" already exists")
    }
}

/// Zero is written as absence, as Kubernetes does.
fn nonzero(count: i32) -> Option<i32> {
    (count != 0).then_some(count)
}
