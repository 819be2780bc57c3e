//! The numbers of a DaemonSet, which `kubectl rollout status` and `kubectl get` look at.

use api::apps::DaemonSetStatus;

use super::collisions;
use super::look::{Daemon, Look, Stand};
use super::steps::speaker;
use crate::object;

impl Look<'_> {
    pub(super) fn status(&self) -> DaemonSetStatus {
        let wanted: Vec<_> = self.posts.iter().filter(|post| post.stand == Stand::Wanted).collect();
        let speakers: Vec<_> = wanted.iter().filter_map(|post| speaker(post)).collect();
        let count = |is_counted: &dyn Fn(&Daemon<'_>) -> bool| {
            object::count(speakers.iter().filter(|daemon| is_counted(daemon)).count())
        };
        let misplaced = self.posts.iter().filter(|post| post.stand != Stand::Wanted && !post.daemons.is_empty());
        let (desired, available) = (object::count(wanted.len()), count(&|daemon| daemon.is_available()));
        DaemonSetStatus {
            desired_number_scheduled: desired,
            current_number_scheduled: object::count(speakers.len()),
            number_misscheduled: object::count(misplaced.count()),
            number_ready: count(&|daemon| daemon.is_ready()),
            number_available: nonzero(available),
            number_unavailable: nonzero(desired - available),
            updated_number_scheduled: nonzero(count(&|daemon| daemon.is_new)),
            observed_generation: self.set.metadata.generation,
            collision_count: Some(collisions(self.set)).filter(|count| *count > 0),
            conditions: self.set.status.as_ref().and_then(|status| status.conditions.clone()),
        }
    }
}

/// Zero is written as absence, as Kubernetes does.
fn nonzero(count: i32) -> Option<i32> {
    (count != 0).then_some(count)
}
