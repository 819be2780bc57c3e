//! One step from the old ReplicaSets to the new one, within the bounds.
//!
//! Order, as in Kubernetes: grow the new; else shrink the old, unhealthy replicas first. The floor
//! holds because a shrinking ReplicaSet stops its unavailable Pods first, so that of `available`
//! Pods `min(available, wanted)` stay.

use super::rollout::{Progress, Rollout, Set};

impl Rollout<'_> {
    /// Old and new side by side, within surge and unavailable.
    pub(super) fn roll(&mut self, progress: Progress) -> Progress {
        if !self.grow_new() && !self.shrink_old() && self.is_complete() {
            self.clean_up();
        }
        progress
    }

    /// No Pod of a new revision before the last old one is gone, terminating ones included.
    pub(super) fn recreate(&mut self, progress: Progress) -> Progress {
        let mut is_waiting = false;
        for old in &mut self.old {
            is_waiting |= old.wanted > 0 || old.pods.running > 0;
            old.wanted = 0;
        }
        if is_waiting {
            return progress;
        }
        if self.new.is_none() {
            return self.create_new();
        }
        if !self.grow_new() && self.is_complete() {
            self.clean_up();
        }
        progress
    }

    /// How many replicas the new ReplicaSet may have, given how many it asks for now.
    pub(super) fn replicas_of_new(&self, wanted: i32) -> i32 {
        if self.is_recreate || wanted >= self.replicas {
            return self.replicas;
        }
        let occupied = self.sum(Set::occupied);
        let room = (self.replicas_max() - occupied).max(0);
        wanted + room.min(self.replicas - wanted)
    }

    fn grow_new(&mut self) -> bool {
        let Some(wanted) = self.new.as_ref().map(|new| new.wanted) else { return false };
        let target = self.replicas_of_new(wanted);
        if let Some(new) = &mut self.new {
            new.wanted = target;
        }
        target != wanted
    }

    fn shrink_old(&mut self) -> bool {
        let old = self.old.iter().map(|set| set.wanted).fold(0, i32::saturating_add);
        let new_available = self.new.as_ref().map_or(0, |new| new.available());
        let removable = old.saturating_add(new_available) - self.available_min();
        if old == 0 || removable <= 0 {
            return false;
        }
        self.drop_unhealthy(removable) | self.drop_available()
    }

    /// Replicas that serve nobody go first; they hold up the rollout and nothing else.
    fn drop_unhealthy(&mut self, removable: i32) -> bool {
        let mut left = removable;
        for old in &mut self.old {
            let cut = (old.wanted - old.available()).clamp(0, left.max(0));
            old.wanted -= cut;
            left -= cut;
        }
        left != removable
    }

    /// As many as leave the floor standing.
    fn drop_available(&mut self) -> bool {
        let available = self.sum(Set::available);
        let surplus = (available - self.available_min()).max(0);
        let mut left = surplus;
        for old in &mut self.old {
            let cut = old.wanted.min(left);
            old.wanted -= cut;
            left -= cut;
        }
        left != surplus
    }
}
