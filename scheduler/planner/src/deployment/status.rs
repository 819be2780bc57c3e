//! The status of a Deployment: counts, and the conditions that `kubectl rollout status` and
//! `kubectl wait` look at.
//!
//! The deadline (C54) counts from the last progress: the update time of the Progressing condition.

use api::apps::{DeploymentCondition, DeploymentStatus};
use api::resource::DEPLOYMENTS;
use jiff::Timestamp;

use super::condition::{self, AVAILABLE, PROGRESSING, Says};
use super::rollout::{Progress, Rollout};
use crate::replicaset::REPLICA_FAILURE;
use crate::{Part, Plan, object};

/// Zero is written as absence, as Kubernetes does.
fn nonzero(count: i32) -> Option<i32> {
    (count != 0).then_some(count)
}

impl Rollout<'_> {
    /// Whether every replica is of the new revision and available, and none is left over.
    pub(super) fn is_complete(&self) -> bool {
        let total = self.sum(|set| set.pods.active);
        let updated = self.new.as_ref().map_or(0, |new| new.pods.active);
        let available = self.sum(|set| set.pods.available);
        self.new.is_some() && [total, updated, available].iter().all(|count| *count == self.replicas)
    }

    /// Writes the status if it changed, and asks to be woken when time alone changes it.
    pub(super) fn write_status(&self, progress: &Progress, plan: &mut Plan) {
        let old = self.deployment.status.as_ref();
        let mut new = self.counts();
        if *progress == Progress::Collision {
            new.collision_count = Some(new.collision_count.unwrap_or(0).saturating_add(1));
        }
        let mut conditions = old.and_then(|status| status.conditions.clone()).unwrap_or_default();
        self.set_available(&mut conditions, &new);
        self.set_progressing(&mut conditions, &new, progress);
        self.set_replica_failure(&mut conditions);
        if let Some(deadline) = self.deadline_of(&conditions) {
            plan.wake(deadline);
        }
        for at in self.sets().filter_map(|set| set.pods.next_available) {
            plan.wake(at);
        }
        new.conditions = Some(conditions);
        if let Some(patch) = object::status_change(old, &new) {
            plan.actions.push(object::patch(&DEPLOYMENTS, &self.deployment.metadata, Part::Status, patch));
        }
    }

    fn counts(&self) -> DeploymentStatus {
        let available = self.sum(|set| set.pods.available);
        // Kubernetes counts what is asked for, so that replicas not yet created are unavailable too.
        let wanted = self.sum(|set| set.wanted);
        DeploymentStatus {
            replicas: nonzero(self.sum(|set| set.pods.active)),
            updated_replicas: nonzero(self.new.as_ref().map_or(0, |new| new.pods.active)),
            ready_replicas: nonzero(self.sum(|set| set.pods.ready)),
            available_replicas: nonzero(available),
            unavailable_replicas: nonzero((wanted - available).max(0)),
            terminating_replicas: nonzero(self.sum(|set| set.pods.terminating)),
            observed_generation: self.deployment.metadata.generation,
            collision_count: self.deployment.status.as_ref().and_then(|status| status.collision_count),
            conditions: None,
        }
    }

    /// What a ReplicaSet says of Pods that are refused, the new one before the old.
    fn set_replica_failure(&self, conditions: &mut Vec<DeploymentCondition>) {
        let failure = self.new.iter().chain(&self.old).find_map(|set| {
            let found = set.set.status.as_ref()?.conditions.as_ref()?.iter();
            found.into_iter().find(|condition| condition.type_.as_deref() == Some(REPLICA_FAILURE))
        });
        match failure {
            Some(failure) => {
                let message = failure.message.as_deref().unwrap_or_default();
                let says = Says { type_: REPLICA_FAILURE, status: "True", reason: "FailedCreate", message };
                condition::set(conditions, says, self.snapshot.now);
            }
            None => conditions.retain(|condition| condition.type_.as_deref() != Some(REPLICA_FAILURE)),
        }
    }

    fn set_available(&self, conditions: &mut Vec<DeploymentCondition>, counts: &DeploymentStatus) {
        let is_available = counts.available_replicas.unwrap_or(0) >= self.available_min();
        let (status, reason, message) = if is_available {
            ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        } else {
            ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        };
        condition::set(conditions, Says { type_: AVAILABLE, status, reason, message }, self.snapshot.now);
    }

    fn set_progressing(
        &self,
        conditions: &mut Vec<DeploymentCondition>,
        counts: &DeploymentStatus,
        progress: &Progress,
    ) {
        let now = self.snapshot.now;
        if self.deadline_seconds().is_none() {
            conditions.retain(|condition| condition.type_.as_deref() != Some(PROGRESSING));
            return;
        }
        let says = |status, reason, message| Says { type_: PROGRESSING, status, reason, message };
        let current = condition::find(conditions, PROGRESSING);
        let reason = condition::reason(current).to_owned();
        if self.is_paused {
            // The clock stands still: resuming starts it anew.
            if reason != "ProgressDeadlineExceeded" {
                condition::set(conditions, says("Unknown", "DeploymentPaused", "Deployment is paused"), now);
            }
            return;
        }
        if reason == "DeploymentPaused" {
            condition::set(conditions, says("Unknown", "DeploymentResumed", "Deployment is resumed"), now);
        }
        let found = match (&self.new, reason.as_str(), progress) {
            (Some(new), "", Progress::Counts) => Progress::Found(new.name().to_owned()),
            _ => progress.clone(),
        };
        match &found {
            Progress::Created(set) => {
                let message = format!("Created new replica set \"{set}\"");
                condition::renew(conditions, says("True", "NewReplicaSetCreated", &message), now);
            }
            Progress::Found(set) => {
                let message = format!("Found new replica set \"{set}\"");
                condition::renew(conditions, says("True", "FoundNewReplicaSet", &message), now);
            }
            Progress::Counts | Progress::Collision | Progress::Creating => {
                self.set_progress_of_counts(conditions, counts, &reason);
            }
        }
    }

    fn set_progress_of_counts(
        &self,
        conditions: &mut Vec<DeploymentCondition>,
        counts: &DeploymentStatus,
        reason: &str,
    ) {
        let now = self.snapshot.now;
        let says = |status, reason, message| Says { type_: PROGRESSING, status, reason, message };
        let is_settled = counts.replicas == counts.updated_replicas && reason == "NewReplicaSetAvailable";
        if is_settled {
            return;
        }
        let subject = match &self.new {
            Some(new) => format!("ReplicaSet \"{}\"", new.name()),
            None => format!("Deployment \"{}\"", self.name.name),
        };
        if self.is_complete() {
            let message = format!("{subject} has successfully progressed.");
            condition::set(conditions, says("True", "NewReplicaSetAvailable", &message), now);
        } else if self.has_progressed(counts) {
            let message = format!("{subject} is progressing.");
            condition::renew(conditions, says("True", "ReplicaSetUpdated", &message), now);
        } else if self.deadline_of(conditions).is_some_and(|deadline| deadline <= now) {
            let message = format!("{subject} has timed out progressing.");
            condition::set(conditions, says("False", "ProgressDeadlineExceeded", &message), now);
        }
    }

    /// More new replicas, fewer old ones, or more that serve than at the last look.
    fn has_progressed(&self, counts: &DeploymentStatus) -> bool {
        let empty = DeploymentStatus::default();
        let before = self.deployment.status.as_ref().unwrap_or(&empty);
        let n = |count: Option<i32>| count.unwrap_or(0);
        let outdated = |status: &DeploymentStatus| n(status.replicas).saturating_sub(n(status.updated_replicas));
        n(counts.updated_replicas) > n(before.updated_replicas)
            || outdated(counts) < outdated(before)
            || n(counts.ready_replicas) > n(before.ready_replicas)
            || n(counts.available_replicas) > n(before.available_replicas)
    }

    fn deadline_seconds(&self) -> Option<i32> {
        self.spec.progress_deadline_seconds.filter(|seconds| *seconds != i32::MAX)
    }

    /// When the rollout counts as stuck; `None` while nothing is in progress.
    fn deadline_of(&self, conditions: &[DeploymentCondition]) -> Option<Timestamp> {
        let condition = condition::find(conditions, PROGRESSING)?;
        let is_idle = matches!(
            condition::reason(Some(condition)),
            "NewReplicaSetAvailable" | "ProgressDeadlineExceeded" | "DeploymentPaused"
        );
        if is_idle {
            return None;
        }
        let since = condition.last_update_time.as_ref()?.0;
        Some(object::after_seconds(since, self.deadline_seconds()?.into()))
    }
}
