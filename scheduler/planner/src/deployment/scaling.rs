//! Changing the size of a Deployment, also in the middle of a rollout: every ReplicaSet in
//! proportion (C55), so that a broken revision does not get all the new replicas.

use api::label;

use super::rollout::{Rollout, Set};

impl Rollout<'_> {
    /// Whether the Deployment's size has changed since its ReplicaSets were last sized.
    pub(super) fn is_scaling(&self) -> bool {
        let resized =
            |set: &Set<'_>| set.number(label::DESIRED_REPLICAS).is_some_and(|desired| desired != self.replicas);
        let active = || self.sets().filter(|set| set.wanted > 0);
        // Recreate stops the old ones first; then only one is left to be sized.
        (!self.is_recreate || active().count() == 1) && active().any(resized)
    }

    /// Takes one step towards the wanted size.
    pub(super) fn scale(&mut self) {
        if self.scale_the_only() || self.retire_old() || self.is_recreate {
            return;
        }
        let allowed = if self.replicas > 0 { self.replicas_max() } else { 0 };
        let present = self.sum(|set| set.wanted);
        let to_add = allowed - present;
        if to_add > 0 && self.has_surplus() {
            return;
        }
        self.scale_in_proportion(to_add);
        if to_add < 0 {
            self.keep_floor();
        }
        let size = self.size_annotations();
        for set in self.sets_mut().filter(|set| set.wanted > 0) {
            set.annotations.extend(size.iter().cloned());
        }
    }

    /// With one ReplicaSet that has replicas, or none, the size is simply its size.
    fn scale_the_only(&mut self) -> bool {
        let (replicas, surplus) = (self.replicas, self.has_surplus());
        let size = self.size_annotations();
        let active = self.sets().filter(|set| set.wanted > 0).count();
        let only = match active {
            0 => self.new.as_mut().or_else(|| self.old.last_mut()),
            1 => self.sets_mut().find(|set| set.wanted > 0),
            _ => return false,
        };
        if let Some(set) = only
            && (set.wanted >= replicas || !surplus)
        {
            set.wanted = replicas;
            set.annotations.extend(size);
        }
        true
    }

    /// A new ReplicaSet that is complete needs no old ones beside it.
    fn retire_old(&mut self) -> bool {
        let replicas = self.replicas;
        let is_saturated = self.new.as_ref().is_some_and(|new| {
            new.wanted == replicas
                && new.number(label::DESIRED_REPLICAS) == Some(replicas)
                && new.pods.available == replicas
        });
        if is_saturated {
            self.old.iter_mut().for_each(|old| old.wanted = 0);
        }
        is_saturated
    }

    /// Whether Pods remain to be stopped from an earlier step. Growing beside them would break the
    /// surge; they go within one round.
    fn has_surplus(&self) -> bool {
        self.sets().any(|set| set.pods.active > set.wanted)
    }

    /// Largest first; of equals the newest grows first and the oldest shrinks first.
    fn scale_in_proportion(&mut self, to_add: i32) {
        let (replicas, allowed) = (self.replicas, self.replicas_max());
        let total = self.deployment.status.as_ref().and_then(|status| status.replicas).unwrap_or(0);
        let mut sets: Vec<_> = self.sets_mut().filter(|set| set.wanted > 0).collect();
        if to_add > 0 {
            sets.reverse();
        }
        sets.sort_by_key(|set| std::cmp::Reverse(set.wanted));
        let mut added = 0;
        for set in &mut sets {
            let share = share_of(set, replicas, allowed, total);
            let left = to_add - added;
            let share = if to_add > 0 { share.clamp(0, left.max(0)) } else { share.clamp(left.min(0), 0) };
            set.wanted += share;
            added += share;
        }
        if let Some(first) = sets.first_mut() {
            first.wanted = first.wanted.saturating_add(to_add - added).max(0);
        }
    }

    /// Rounding must not take an available replica below the floor while an unavailable one is kept.
    fn keep_floor(&mut self) {
        let floor = self.available_min();
        let stays = self.sum(Set::available);
        let had = self.sum(Set::available_before);
        let mut missing = floor.min(had) - stays;
        let mut given = 0;
        for set in self.sets_mut() {
            let back = (set.available_before() - set.available()).clamp(0, missing.max(0));
            set.wanted += back;
            missing -= back;
            given += back;
        }
        for set in self.sets_mut() {
            let cut = (set.wanted - set.pods.available).clamp(0, given);
            set.wanted -= cut;
            given -= cut;
        }
    }
}

impl Set<'_> {
    /// Available replicas that would have stayed before the decision.
    fn available_before(&self) -> i32 {
        let asked = self.set.spec.replicas.unwrap_or(1).max(0);
        self.pods.available.min(asked)
    }
}

/// How much a ReplicaSet grows (or shrinks, negative) when its Deployment's bound becomes `allowed`.
fn share_of(set: &Set<'_>, replicas: i32, allowed: i32, total: i32) -> i32 {
    if replicas == 0 {
        return -set.wanted;
    }
    let before = set.number(label::MAX_REPLICAS).filter(|max| *max > 0).unwrap_or(total);
    if before <= 0 {
        return 0;
    }
    let product = i64::from(set.wanted) * i64::from(allowed);
    let rounded = (2 * product + i64::from(before)) / (2 * i64::from(before));
    i32::try_from(rounded).unwrap_or(i32::MAX) - set.wanted
}
