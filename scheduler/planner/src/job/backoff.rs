//! When failed Pods may be replaced: Kubernetes' numbers, 10 s after the first failure and twice as long
//! after each further one, up to six minutes. A success begins anew.
//!
//! It is read off the failed Pods that are still there, so a leader that has just begun waits as its
//! predecessor did. Who deletes the failed Pods shortens the wait; the limit counts what was, not what is left.

use std::time::Duration;

use api::core::{ContainerStatus, Pod};
use jiff::Timestamp;

use super::failure_policy::Meaning;
use super::look::{Look, State, Worker};
use crate::{object, pod};

const FIRST: Duration = Duration::from_secs(10);
const LAST: Duration = Duration::from_secs(360);
/// Doublings until the longest wait is reached.
const DOUBLINGS_MAX: u32 = 6;

impl Look<'_> {
    /// When new Pods may be made again; `None` for now.
    pub(super) fn retry_at(&self) -> Option<Timestamp> {
        let succeeded = self.in_state(State::Succeeded).map(|worker| ended_at(worker.pod)).max();
        let recent = |(at, _): &(Timestamp, Meaning)| Some(*at) >= succeeded;
        let failures = || failures(self, self.workers.iter()).filter(recent);
        let counted = failures().filter(|(_, meaning)| *meaning != Meaning::Nothing).count();
        self.wait(failures().map(|(at, _)| at).max()?, counted)
    }

    /// The same for one index of a Job that counts failures by index.
    pub(super) fn retry_index_at(&self, index: i32) -> Option<Timestamp> {
        let counted = usize::try_from(self.failures_of(index)).unwrap_or(0);
        self.wait(failures(self, self.of_index(index)).map(|(at, _)| at).max()?, counted)
    }

    fn wait(&self, last: Timestamp, failures: usize) -> Option<Timestamp> {
        let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX).min(DOUBLINGS_MAX);
        let at = object::after(last, FIRST.saturating_mul(1 << doublings).min(LAST));
        (at > self.snapshot.now).then_some(at)
    }
}

/// When those of `workers` failed that did, and what the policy makes of it. What it forgives makes no wait longer, and
/// is waited for all the same: a Pod that fails at once would be made again at once, for ever.
fn failures<'w>(
    look: &'w Look<'_>,
    workers: impl Iterator<Item = &'w Worker<'w>>,
) -> impl Iterator<Item = (Timestamp, Meaning)> {
    let failed = workers.filter(|worker| worker.state == State::Failed);
    failed.map(|worker| (ended_at(worker.pod), look.meaning(worker.pod)))
}

/// When a Pod ended, as well as it tells.
fn ended_at(pod: &Pod) -> Timestamp {
    let status = pod.status.as_ref();
    let containers = status.and_then(|status| status.container_statuses.as_deref()).unwrap_or_default();
    let end =
        |container: &ContainerStatus| container.state.as_ref()?.terminated.as_ref()?.finished_at.as_ref().map(|t| t.0);
    let ended = containers.iter().filter_map(end).max();
    ended.unwrap_or_else(|| pod::failed_at(pod))
}
