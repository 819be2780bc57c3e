//! The life of one container: waiting, running, backing off, ended; and what moves it.
//!
//! Readiness never restarts and liveness never touches readiness of others (C43). While a startup probe
//! has not passed, the container counts as neither started nor ready (C42).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::probe::{Kind, Probes, Verdict};
use super::restart::Backoff;
use super::spec::{Refusal, RestartPolicy};

/// Exit code of a container that was killed, as containers report SIGKILL.
pub(crate) const KILLED: i32 = 137;
/// Exit code of a container whose start failed, as containerd reports it.
pub(crate) const START_FAILED: i32 = 128;
/// Exit code of a container that was there when the machine went down, as the kubelet reports it.
pub(crate) const LOST: i32 = 255;

/// How a container ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Exit {
    pub(crate) code: i32,
    pub(crate) reason: String,
    pub(crate) message: String,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) finished_at: Timestamp,
}

/// Where a container is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// It has not started, for this reason.
    Waiting(Refusal),
    /// It answers.
    Running { started_at: Timestamp },
    /// It ended and starts again at this time.
    BackingOff { until: Timestamp },
    /// It ended for good.
    Ended(Exit),
}

/// A container's life so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) state: State,
    pub(crate) last: Option<Exit>,
    pub(crate) restarts: u32,
    /// The startup probe has passed, or there is none.
    pub(crate) started: bool,
    /// It should get requests.
    pub(crate) ready: bool,
    backoff: Backoff,
}

/// What a verdict changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing.
    None,
    /// The status.
    Status,
    /// The container has to end, for this reason.
    Kill(String),
}

impl Default for Life {
    fn default() -> Self {
        Self {
            state: State::Waiting(Refusal::new("ContainerCreating", "")),
            last: None,
            restarts: 0,
            started: false,
            ready: false,
            backoff: Backoff::default(),
        }
    }
}

impl Life {
    /// A life taken up again after the host's restart: what was known of it still holds.
    pub(crate) fn resumed(restarts: u32, last: Option<Exit>) -> Self {
        Self { restarts, last, ..Self::default() }
    }

    pub(crate) fn is_running(&self) -> bool {
        matches!(self.state, State::Running { .. })
    }

    pub(crate) fn started_at(&self) -> Option<Timestamp> {
        match self.state {
            State::Running { started_at } => Some(started_at),
            _ => None,
        }
    }

    /// It cannot start yet; returns whether that is news.
    pub(crate) fn wait(&mut self, refusal: Refusal) -> bool {
        let state = State::Waiting(refusal);
        let news = self.state != state;
        (self.state, self.started, self.ready) = (state, false, false);
        news
    }

    /// It runs. A start after an end is a restart.
    pub(crate) fn start(&mut self, now: Timestamp, probes: &Probes) {
        if matches!(self.state, State::BackingOff { .. }) {
            self.restarts = self.restarts.saturating_add(1);
        }
        self.state = State::Running { started_at: now };
        self.started = probes.startup.is_none();
        self.ready = self.started && probes.readiness.is_none();
    }

    /// It comes back after a restart of the host and is what it was.
    pub(crate) fn resume(&mut self, started_at: Timestamp, started: bool, ready: bool) {
        self.state = State::Running { started_at };
        self.started |= started;
        self.ready |= ready;
    }

    /// It ended, or did not come up.
    pub(crate) fn end(&mut self, exit: Exit, policy: RestartPolicy) {
        let again = match policy {
            RestartPolicy::Always => true,
            RestartPolicy::OnFailure => exit.code != 0,
            RestartPolicy::Never => false,
        };
        // A failed start from back-off is a restart that was tried.
        if matches!(self.state, State::BackingOff { .. }) {
            self.restarts = self.restarts.saturating_add(1);
        }
        (self.started, self.ready) = (false, false);
        if again {
            let until = self.backoff.ended(self.started_at(), exit.finished_at);
            (self.state, self.last) = (State::BackingOff { until }, Some(exit));
        } else {
            self.state = State::Ended(exit);
        }
    }

    /// It ends because it is to run other code, and starts with that at once.
    pub(crate) fn replace(&mut self, now: Timestamp) {
        let exit = Exit {
            code: 0,
            reason: "Completed".to_owned(),
            message: "the image was changed".to_owned(),
            started_at: self.started_at(),
            finished_at: now,
        };
        (self.started, self.ready) = (false, false);
        (self.state, self.last) = (State::BackingOff { until: now }, Some(exit));
    }

    /// The Pod was told to stop and this container has ended with it.
    pub(crate) fn stop(&mut self, now: Timestamp) {
        (self.started, self.ready) = (false, false);
        let exit = match (&self.state, &self.last) {
            (State::Running { started_at }, _) => Exit {
                code: 0,
                reason: "Completed".to_owned(),
                message: String::new(),
                started_at: Some(*started_at),
                finished_at: now,
            },
            (State::BackingOff { .. }, Some(last)) => last.clone(),
            (State::BackingOff { .. } | State::Waiting(_) | State::Ended(_), _) => return,
        };
        self.state = State::Ended(exit);
    }

    /// A probe has spoken.
    pub(crate) fn verdict(&mut self, kind: Kind, verdict: Verdict, probes: &Probes) -> Change {
        if !self.is_running() {
            return Change::None;
        }
        let before = (self.started, self.ready);
        match (kind, verdict) {
            (Kind::Startup, Verdict::Passed) if !self.started => {
                self.started = true;
                self.ready = probes.readiness.is_none();
            }
            (Kind::Readiness, Verdict::Passed) => self.ready = self.started,
            (Kind::Readiness, Verdict::Failed(_)) => self.ready = false,
            (Kind::Startup | Kind::Liveness, Verdict::Failed(why)) => return Change::Kill(why),
            (Kind::Startup | Kind::Liveness, Verdict::Passed) => {}
        }
        if before == (self.started, self.ready) { Change::None } else { Change::Status }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pod::spec::Spec;
    use serde_json::json;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn exit(code: i32, second: i64) -> Exit {
        Exit { code, reason: "Error".into(), message: String::new(), started_at: None, finished_at: at(second) }
    }

    fn probes(which: &[&str]) -> Probes {
        let mut container = json!({"name": "c"});
        for kind in which {
            container[format!("{kind}Probe")] = json!({"httpGet": {"port": 80}});
        }
        let pod = serde_json::from_value(json!({"spec": {"containers": [container]}})).expect("is a Pod");
        Spec::of(&pod).containers[0].probes.clone()
    }

    fn failed() -> Verdict {
        Verdict::Failed("status 500".to_owned())
    }

    // C43
    #[test]
    fn a_container_without_readiness_is_ready_at_start() {
        for (which, started, ready) in [
            (&[][..], true, true),
            (&["liveness"][..], true, true),
            (&["readiness"][..], true, false),
            (&["startup"][..], false, false),
        ] {
            let mut life = Life::default();
            life.start(at(0), &probes(which));
            assert_eq!((life.started, life.ready), (started, ready), "{which:?}");
        }
    }

    // C42
    #[test]
    fn startup_comes_before_readiness() {
        let probes = probes(&["startup", "readiness"]);
        let mut life = Life::default();
        life.start(at(0), &probes);
        assert_eq!(life.verdict(Kind::Readiness, Verdict::Passed, &probes), Change::None);
        assert_eq!(life.verdict(Kind::Startup, Verdict::Passed, &probes), Change::Status);
        assert_eq!((life.started, life.ready), (true, false));
        assert_eq!(life.verdict(Kind::Readiness, Verdict::Passed, &probes), Change::Status);
        assert!(life.ready);
        assert_eq!(life.verdict(Kind::Startup, Verdict::Passed, &probes), Change::None, "a late echo changes nothing");
    }

    // C43
    #[test]
    fn readiness_never_restarts_and_liveness_never_unreadies() {
        let probes = probes(&["readiness", "liveness"]);
        let mut life = Life::default();
        life.start(at(0), &probes);
        life.verdict(Kind::Readiness, Verdict::Passed, &probes);
        assert_eq!(life.verdict(Kind::Liveness, failed(), &probes), Change::Kill("status 500".to_owned()));
        assert!(life.ready, "the verdict itself leaves readiness alone");
        assert_eq!(life.verdict(Kind::Readiness, failed(), &probes), Change::Status);
        assert!(life.is_running() && !life.ready);
    }

    // C40
    #[test]
    fn ends_restart_by_policy_and_are_counted() {
        let mut life = Life::default();
        life.start(at(0), &Probes::default());
        life.end(exit(KILLED, 5), RestartPolicy::Always);
        assert_eq!(life.state, State::BackingOff { until: at(5) });
        life.start(at(5), &Probes::default());
        assert_eq!(life.restarts, 1);
        life.end(exit(KILLED, 6), RestartPolicy::Always);
        assert_eq!(life.state, State::BackingOff { until: at(16) });
        life.end(exit(START_FAILED, 16), RestartPolicy::Always);
        assert_eq!((life.restarts, &life.state), (2, &State::BackingOff { until: at(36) }));
        assert_eq!(life.verdict(Kind::Liveness, failed(), &Probes::default()), Change::None, "nothing runs");
        for (policy, code, again) in [
            (RestartPolicy::Always, 0, true),
            (RestartPolicy::OnFailure, 0, false),
            (RestartPolicy::OnFailure, 1, true),
            (RestartPolicy::Never, 1, false),
        ] {
            let mut life = Life::default();
            life.start(at(0), &Probes::default());
            life.end(exit(code, 1), policy);
            assert_eq!(matches!(life.state, State::BackingOff { .. }), again, "{policy:?} {code}");
        }
    }
}
