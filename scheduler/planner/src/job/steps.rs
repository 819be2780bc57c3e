//! Making Pods, and clearing away those that are not wanted.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use api::resource::{JOBS, PODS};

use super::Planner;
use super::indexes::{self, Indexes};
use super::look::{self, Look, State, Worker};
use crate::{EventKind, creation, object, pod};

impl<'a> Planner<'a> {
    /// The next step of a Job whose status says all there is to say.
    pub(super) fn step(&mut self, look: &Look<'a>) {
        let verdict = look.standing_verdict();
        self.release_kept(look, verdict.is_some());
        // Whoever has no finalizer was judged before.
        let judged: Vec<_> = look.in_state(State::Active).filter(|worker| !worker.is_uncounted).cloned().collect();
        judged.iter().for_each(|worker| self.delete(look, worker));
        match verdict {
            // These end with the Job, and count as its failures.
            Some(verdict) if !verdict.is_success => look.active().for_each(|worker| self.delete(look, worker)),
            Some(_) => look.active().for_each(|worker| self.unpin(worker.pod)),
            None if look.is_suspended() => look.active().for_each(|worker| self.unpin(worker.pod)),
            None => self.adjust(look, object::count(judged.len())),
        }
    }

    /// Lets go of failed Pods that were kept to tell their successors.
    fn release_kept(&mut self, look: &Look<'a>, is_over: bool) {
        let done = look.done_indexes();
        let rank = |worker: &Worker<'_>| (look.failures_up_to(worker), object::created(&worker.pod.metadata));
        let knows = |other: &Worker<'_>, kept: &Worker<'_>| match other.is_kept {
            true => (rank(other), other.name) > (rank(kept), kept.name),
            false => other.is_uncounted && look::failures_before(other.pod) >= look.failures_up_to(kept),
        };
        let told = |kept: &Worker<'_>, index: i32| {
            look.of_index(index).any(|other| other.name != kept.name && knows(other, kept))
        };
        for kept in look.workers.iter().filter(|worker| worker.is_kept) {
            let is_needed = kept
                .index
                .is_some_and(|index| !done.contains(&index) && Some(index) < look.completions() && !told(kept, index));
            if is_over || !is_needed {
                self.unpin(kept.pod);
            }
        }
    }

    fn adjust(&mut self, look: &Look<'a>, judged: i32) {
        let surplus = if look.is_indexed() { look.surplus_indexed() } else { look.surplus() };
        if !surplus.is_empty() {
            surplus.iter().for_each(|worker| self.unpin(worker.pod));
            return;
        }
        let active = object::count(look.active().count());
        let leaving = object::count(look.in_state(State::Leaving).count());
        let missing = look.wanted() - active - judged - leaving;
        let batch = creation::batch(missing, active);
        if batch <= 0 {
            return;
        }
        if look.spec.backoff_limit_per_index.is_none()
            && let Some(at) = look.retry_at()
        {
            self.plan.wake(at);
            return;
        }
        let count = usize::try_from(batch).unwrap_or(0);
        if look.is_indexed() {
            for index in self.pending_indexes(look, count) {
                self.create(look, Some(index));
            }
        } else {
            (0..count).for_each(|_| self.create(look, None));
        }
    }

    /// The first indexes that nobody works on and that may be tried now.
    fn pending_indexes(&mut self, look: &Look<'a>, count: usize) -> Vec<i32> {
        let mut taken = look.done_indexes();
        let at_work = look.in_state(State::Active).chain(look.in_state(State::Leaving));
        taken.extend(at_work.filter_map(|worker| worker.index));
        let is_per_index = look.spec.backoff_limit_per_index.is_some();
        let mut pending = Vec::new();
        for index in (0..look.completions().unwrap_or(0)).filter(|index| !taken.contains(index)) {
            if pending.len() >= count {
                break;
            }
            // Asked only if it matters: it looks at all Pods.
            match is_per_index.then(|| look.retry_index_at(index)).flatten() {
                Some(at) => self.plan.wake(at),
                None => pending.push(index),
            }
        }
        pending
    }

    fn create(&mut self, look: &Look<'a>, index: Option<i32>) {
        if self.is_full() {
            return;
        }
        let meta = &look.job.metadata;
        let namespace = &look.name.namespace;
        let base = look.base_name(index);
        let name = self.names.draw(self.snapshot, namespace, &base, object::uid(meta));
        let manifest = look.manifest(&look.spec.template, index);
        self.plan.actions.push(creation::pod(namespace, &name, manifest, Some(object::guard(&JOBS, meta))));
        self.tell(look, "SuccessfulCreate", format!("Created pod: {name}"));
    }

    fn delete(&mut self, look: &Look<'a>, worker: &Worker<'_>) {
        if self.is_full() {
            return;
        }
        self.plan.actions.push(object::delete(&PODS, &worker.pod.metadata));
        self.tell(look, "SuccessfulDelete", format!("Deleted pod: {}", worker.name.name));
    }

    fn tell(&mut self, look: &Look<'a>, reason: &'static str, message: String) {
        let event = object::event(&JOBS, &look.job.metadata, EventKind::Normal, reason, message);
        self.plan.actions.push(event);
    }
}

/// The least useful first: not ready before ready, of equals the newest.
fn by_worth<'a, 'b>(workers: impl Iterator<Item = &'b Worker<'a>>) -> Vec<Worker<'a>>
where
    'a: 'b,
{
    let mut workers: Vec<_> = workers.cloned().collect();
    workers.sort_by_key(|worker| {
        let is_bound = pod::node(worker.pod).is_some();
        (is_bound, worker.is_ready, Reverse(object::created(&worker.pod.metadata)), Reverse(worker.name))
    });
    workers
}

impl<'a> Look<'a> {
    /// How many Pods should run now.
    fn wanted(&self) -> i32 {
        let status = self.job.status.as_ref();
        let succeeded = status.and_then(|status| status.succeeded).unwrap_or(0);
        match self.completions() {
            Some(_) if self.is_indexed() => {
                let open = self.completions().unwrap_or(0) - object::count(self.done_indexes().len());
                open.clamp(0, self.parallelism())
            }
            Some(completions) => completions.saturating_sub(succeeded).clamp(0, self.parallelism()),
            // Once one has said that the work is done, the others finish and none is added.
            None if succeeded > 0 => object::count(self.active().count()).min(self.parallelism()),
            None => self.parallelism(),
        }
    }

    /// Indexes that need no Pod any more.
    fn done_indexes(&self) -> Indexes {
        let status = self.job.status.as_ref();
        let end = self.completions().unwrap_or(0);
        let mut done: BTreeSet<i32> = indexes::parse(status.and_then(|s| s.completed_indexes.as_deref()), end);
        done.extend(indexes::parse(status.and_then(|s| s.failed_indexes.as_deref()), end));
        done
    }

    fn surplus(&self) -> Vec<Worker<'a>> {
        let active = by_worth(self.active());
        let wanted = usize::try_from(self.wanted()).unwrap_or(0);
        let surplus = active.len().saturating_sub(wanted);
        active.into_iter().take(surplus).collect()
    }

    /// Second Pods of an index, Pods of indexes that are done or beyond the end, and then as [`Self::surplus`].
    fn surplus_indexed(&self) -> Vec<Worker<'a>> {
        let done = self.done_indexes();
        let end = self.completions().unwrap_or(0);
        let (mut kept, mut surplus) = (BTreeMap::new(), Vec::new());
        for worker in by_worth(self.active()) {
            match worker.index.filter(|index| *index < end && !done.contains(index)) {
                None => surplus.push(worker),
                // The later in the order is worth more.
                Some(index) => surplus.extend(kept.insert(index, worker)),
            }
        }
        let wanted = usize::try_from(self.wanted()).unwrap_or(0);
        // The highest indexes go first: the lowest are made first.
        let above = kept.len().saturating_sub(wanted);
        surplus.extend(kept.into_values().rev().take(above));
        surplus
    }
}
