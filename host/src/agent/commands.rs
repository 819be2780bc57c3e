//! Containers that run to an end: commands (`wasi:cli/run`), started, waited for, and what their end means.

use std::time::Duration;

use jiff::Timestamp;
use sandbox::{Failure, Workload};

use super::core::{Core, Event};
use super::pods::{Progress, Resumed};
use crate::desired::Uid;
use crate::logs::Place;
use crate::pod::state::{KILLED, LOST, State};

/// Exit code of a command that trapped, as a process reports SIGABRT.
const ABORTED: i32 = 134;

/// Wait before a command is tried again for which there was no room.
const BUSY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    pub(super) code: i32,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

impl End {
    pub(super) fn new(code: i32, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into() }
    }

    /// What a run came to; none if somebody else ended it, and says why.
    fn of(ran: Result<i32, Failure>) -> Option<Self> {
        let failure = match ran {
            Ok(0) => return Some(Self::new(0, "Completed", "")),
            Ok(code) => return Some(Self::new(code, "Error", "")),
            Err(failure) => failure,
        };
        let message = failure.to_string();
        match failure {
            Failure::Closed | Failure::Killed => None,
            Failure::Memory { .. } => Some(Self::new(KILLED, "OOMKilled", message)),
            Failure::Trap { .. } => Some(Self::new(ABORTED, "Error", message)),
            _ => Some(Self::new(ABORTED, "Error", message)),
        }
    }
}

impl Core {
    /// Runs a command on a request runtime, and tells the core how it ended.
    pub(super) fn run_command(&self, uid: &Uid, container: usize, run: u64, workload: Workload) {
        let (uid, events) = (uid.clone(), self.context.events.clone());
        self.spawn_on_requests(run, async move {
            // One for which there is no room has not begun, so it has not failed either.
            let ran = loop {
                match workload.run().await {
                    Err(Failure::Busy) => tokio::time::sleep(BUSY_AGAIN_AFTER).await,
                    ran => break ran,
                }
            };
            let Some(end) = End::of(ran) else { return };
            if events.send(Event::Ended { uid, container, run, end }).await.is_err() {
                tracing::trace!("the agent has ended");
            }
        });
    }

    /// A command has come to its end.
    pub(super) async fn ended(&mut self, uid: &Uid, container: usize, run: u64, end: End) {
        // One that drains is told to stop, and its commands may still come to an end of their own.
        let Some(pod) = self.pods.get(uid).filter(|pod| pod.progress != Progress::Stopped) else { return };
        let Some((spec, kept)) = pod.spec.containers.get(container).zip(pod.containers.get(container)) else { return };
        if kept.runs != run || !kept.life.is_running() {
            return;
        }
        let place = Place { uid: uid.clone(), container: spec.name.as_str().into() };
        self.end(uid, container, end, Timestamp::now());
        let again =
            self.pods.get(uid).is_some_and(|pod| !matches!(pod.containers[container].life.state, State::Ended(_)));
        if again {
            self.context.logs.restarted(place).await;
        }
    }

    /// A command that ran when this host went down is gone with it, other than what answers requests: nothing of it
    /// is left to come back to.
    pub(super) fn lost(&mut self, uid: &Uid, container: usize, was: Resumed, now: Timestamp) {
        let Some(pod) = self.pods.get_mut(uid) else { return };
        pod.containers[container].life.state = State::Running { started_at: was.started_at };
        self.end(uid, container, End::new(LOST, "Unknown", "it ran when the host was restarted"), now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_as_containers_tell_it() {
        let backtrace = sandbox::Backtrace::of_functions(&["f"]);
        let trap = Failure::Trap { message: "unreachable".to_owned(), backtrace };
        for (ran, expected) in [
            (Ok(0), Some((0, "Completed", ""))),
            (Ok(3), Some((3, "Error", ""))),
            (Err(trap), Some((ABORTED, "Error", "the guest trapped: unreachable"))),
            (Err(Failure::Busy), Some((ABORTED, "Error", "there was no room for another instance for too long"))),
            (Err(Failure::Killed), None),
            (Err(Failure::Closed), None),
        ] {
            let end = End::of(ran.clone());
            assert_eq!(end.as_ref().map(|end| (end.code, end.reason, end.message.as_str())), expected, "{ran:?}");
        }
        assert_eq!(End::of(Err(Failure::Memory { limit_bytes: 1 })).expect("is an end").reason, "OOMKilled");
    }
}
