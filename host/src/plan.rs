//! What to do next about one Pod, from what is wanted and what is there.
//!
//! Pure and level-triggered: planning again after a step was taken goes on from there, and a Pod that is
//! as it should be yields no step. Time arrives as `now`; what only time changes comes back as
//! [`Step::WakeAt`].

use std::fmt;

use jiff::Timestamp;

use crate::pod::restart;
use crate::pod::spec::Refusal;
use crate::pod::state::State;

/// What the control plane wants of a Pod.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    /// No host routes to it any more: drain it, end it, say so.
    pub(crate) stop: bool,
    /// In the order of the spec.
    pub(crate) containers: Vec<WantedContainer<'a>>,
}

/// What the control plane wants of a container.
#[derive(Debug)]
pub(crate) struct WantedContainer<'a> {
    /// Why it cannot run here, whatever its code.
    pub(crate) refusal: Option<&'a Refusal>,
    /// Key of its compiled code, or why there is none.
    pub(crate) code: Result<&'a str, Refusal>,
}

/// What is there of a Pod.
#[derive(Debug)]
pub(crate) struct Present<'a> {
    pub(crate) stage: Stage,
    pub(crate) has_address: bool,
    /// In the order of the spec.
    pub(crate) containers: Vec<PresentContainer<'a>>,
}

/// What is there of a container.
#[derive(Debug)]
pub(crate) struct PresentContainer<'a> {
    pub(crate) state: &'a State,
    /// Key of the code it runs, if it runs.
    pub(crate) code: Option<&'a str>,
}

/// How far a Pod is on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It takes requests.
    Live,
    /// It takes none; those in flight may end until then.
    Draining {
        /// When patience ends.
        deadline: Timestamp,
        /// Requests still in flight.
        in_flight: usize,
    },
    /// It has ended; only its last status is still of interest.
    Stopped,
}

/// How compiled code is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CodeState {
    /// Nobody asked for it.
    Unknown,
    /// On its way from the control plane or from disk.
    Coming,
    /// Mapped.
    Loaded,
    /// It did not come; the next attempt is at that time.
    Failed(Refusal, Timestamp),
}

/// One thing to do. Containers are named by their place in the spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Begin to keep the Pod.
    Admit,
    /// Find it an address.
    TakeAddress,
    /// Fetch and map code.
    Load { key: String },
    /// Say why the container does not run yet.
    Wait { container: usize, refusal: Refusal },
    /// Start it.
    Start { container: usize },
    /// Start it anew, with other code.
    Replace { container: usize },
    /// Refuse new requests and let those in flight end.
    Drain,
    /// End it and say so.
    Close,
    /// End it at once and forget it.
    Remove,
    /// Plan again then.
    WakeAt(Timestamp),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admit => f.write_str("admit"),
            Self::TakeAddress => f.write_str("take an address"),
            Self::Load { key } => write!(f, "load code {key}"),
            Self::Wait { container, refusal } => write!(f, "container {container} waits: {}", refusal.reason),
            Self::Start { container } => write!(f, "start container {container}"),
            Self::Replace { container } => write!(f, "replace container {container}"),
            Self::Drain => f.write_str("drain"),
            Self::Close => f.write_str("close"),
            Self::Remove => f.write_str("remove"),
            Self::WakeAt(at) => write!(f, "wake at {at}"),
        }
    }
}

/// The steps that bring one Pod closer to what is wanted.
pub(crate) fn plan(
    wanted: Option<&Wanted<'_>>,
    present: Option<&Present<'_>>,
    now: Timestamp,
    code: &dyn Fn(&str) -> CodeState,
) -> Vec<Step> {
    let (wanted, present) = match (wanted, present) {
        (None, None) => return Vec::new(),
        (None, Some(_)) => return vec![Step::Remove],
        (Some(_), None) => return vec![Step::Admit],
        (Some(wanted), Some(present)) => (wanted, present),
    };
    match present.stage {
        Stage::Stopped => Vec::new(),
        Stage::Draining { deadline, in_flight } if in_flight == 0 || deadline <= now => vec![Step::Close],
        Stage::Draining { deadline, .. } => vec![Step::WakeAt(deadline)],
        Stage::Live if wanted.stop => vec![Step::Drain],
        Stage::Live if !present.has_address => vec![Step::TakeAddress],
        Stage::Live => {
            let mut steps = Vec::new();
            for (at, (wanted, present)) in wanted.containers.iter().zip(&present.containers).enumerate() {
                plan_container(at, wanted, present, now, code, &mut steps);
            }
            steps
        }
    }
}

fn plan_container(
    at: usize,
    wanted: &WantedContainer<'_>,
    present: &PresentContainer<'_>,
    now: Timestamp,
    code: &dyn Fn(&str) -> CodeState,
    steps: &mut Vec<Step>,
) {
    match present.state {
        State::Ended(_) => return,
        // A wait longer than any there is means that the clock was set back.
        State::BackingOff { until } if now < *until && until.duration_since(now) <= restart::LONGEST => {
            steps.push(Step::WakeAt(*until));
            return;
        }
        State::Running { .. } => {
            // A new image that is not there yet leaves the old one running.
            let other = wanted.code.as_ref().is_ok_and(|key| present.code.is_some_and(|running| running != *key));
            if !other || wanted.refusal.is_some() {
                return;
            }
        }
        State::Waiting(_) | State::BackingOff { .. } => {}
    }
    let running = matches!(present.state, State::Running { .. });
    let mut wait = |refusal: &Refusal| {
        let same = matches!(present.state, State::Waiting(known) if known == refusal);
        if !running && !same {
            steps.push(Step::Wait { container: at, refusal: refusal.clone() });
        }
    };
    let key = match (wanted.refusal, &wanted.code) {
        (Some(refusal), _) | (None, Err(refusal)) => return wait(refusal),
        (None, Ok(key)) => *key,
    };
    match code(key) {
        CodeState::Loaded if running => steps.push(Step::Replace { container: at }),
        CodeState::Loaded => steps.push(Step::Start { container: at }),
        CodeState::Coming => {}
        CodeState::Unknown => steps.push(Step::Load { key: key.to_owned() }),
        CodeState::Failed(refusal, retry_at) => {
            wait(&refusal);
            if retry_at <= now {
                steps.push(Step::Load { key: key.to_owned() });
            } else {
                steps.push(Step::WakeAt(retry_at));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pod::state::Exit;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn waiting(reason: &str) -> State {
        State::Waiting(Refusal::new(reason, ""))
    }

    fn running() -> State {
        State::Running { started_at: at(0) }
    }

    fn wants(code: Result<&str, Refusal>) -> Wanted<'_> {
        Wanted { stop: false, containers: vec![WantedContainer { refusal: None, code }] }
    }

    fn live<'a>(state: &'a State, code: Option<&'a str>) -> Present<'a> {
        Present { stage: Stage::Live, has_address: true, containers: vec![PresentContainer { state, code }] }
    }

    /// Code `k` is loaded, `c` is coming, `f` failed and is tried again at 20, `g` was due at 5, others are unknown.
    fn codes(key: &str) -> CodeState {
        match key {
            "k" => CodeState::Loaded,
            "c" => CodeState::Coming,
            "f" => CodeState::Failed(Refusal::new("ErrImagePull", ""), at(20)),
            "g" => CodeState::Failed(Refusal::new("ErrImagePull", ""), at(5)),
            _ => CodeState::Unknown,
        }
    }

    fn check(wanted: Option<&Wanted<'_>>, present: Option<&Present<'_>>, steps: &str) {
        let planned = plan(wanted, present, at(10), &codes);
        let said: Vec<String> = planned.iter().map(Step::to_string).collect();
        assert_eq!(said.join("; "), steps, "{wanted:?} {present:?}");
    }

    #[test]
    fn a_container_starts_once_its_code_is_there() {
        let creating = waiting("ContainerCreating");
        check(Some(&wants(Ok("k"))), None, "admit");
        check(Some(&wants(Ok("k"))), Some(&live(&creating, None)), "start container 0");
        check(Some(&wants(Ok("c"))), Some(&live(&creating, None)), "");
        check(Some(&wants(Ok("x"))), Some(&live(&creating, None)), "load code x");
        check(
            Some(&wants(Ok("f"))),
            Some(&live(&creating, None)),
            "container 0 waits: ErrImagePull; wake at 1970-01-01T00:00:20Z",
        );
        check(Some(&wants(Ok("g"))), Some(&live(&waiting("ErrImagePull"), None)), "load code g");
        check(Some(&wants(Ok("k"))), Some(&live(&running(), Some("k"))), "");
        let nowhere = Present { has_address: false, ..live(&creating, None) };
        check(Some(&wants(Ok("k"))), Some(&nowhere), "take an address");
    }

    #[test]
    fn what_hinders_it_is_said_once() {
        let missing = || wants(Err(Refusal::new("ErrImagePull", "")));
        check(Some(&missing()), Some(&live(&waiting("ContainerCreating"), None)), "container 0 waits: ErrImagePull");
        check(Some(&missing()), Some(&live(&waiting("ErrImagePull"), None)), "");
        let refusal = Refusal::new("UnsupportedProbe", "");
        let mut refused = wants(Ok("k"));
        refused.containers[0].refusal = Some(&refusal);
        check(Some(&refused), Some(&live(&waiting("ContainerCreating"), None)), "container 0 waits: UnsupportedProbe");
    }

    #[test]
    fn a_new_image_replaces_only_when_it_is_loaded() {
        check(Some(&wants(Ok("k"))), Some(&live(&running(), Some("old"))), "replace container 0");
        check(Some(&wants(Ok("c"))), Some(&live(&running(), Some("old"))), "");
        check(Some(&wants(Ok("f"))), Some(&live(&running(), Some("old"))), "wake at 1970-01-01T00:00:20Z");
        check(Some(&wants(Err(Refusal::new("ErrImagePull", "")))), Some(&live(&running(), Some("old"))), "");
    }

    // C40
    #[test]
    fn back_off_is_waited_out() {
        let early = State::BackingOff { until: at(20) };
        check(Some(&wants(Ok("k"))), Some(&live(&early, None)), "wake at 1970-01-01T00:00:20Z");
        let due = State::BackingOff { until: at(10) };
        check(Some(&wants(Ok("k"))), Some(&live(&due, None)), "start container 0");
        let exit =
            Exit { code: 1, reason: String::new(), message: String::new(), started_at: None, finished_at: at(1) };
        check(Some(&wants(Ok("k"))), Some(&live(&State::Ended(exit), None)), "");
    }

    // C44
    #[test]
    fn stopping_drains_first_and_never_longer_than_its_grace() {
        let state = running();
        let stop = Wanted { stop: true, ..wants(Ok("k")) };
        let draining = |in_flight, deadline| Present {
            stage: Stage::Draining { deadline: at(deadline), in_flight },
            ..live(&state, Some("k"))
        };
        check(Some(&stop), None, "admit");
        check(Some(&stop), Some(&live(&state, Some("k"))), "drain");
        check(Some(&stop), Some(&draining(3, 40)), "wake at 1970-01-01T00:00:40Z");
        check(Some(&stop), Some(&draining(0, 40)), "close");
        check(Some(&stop), Some(&draining(3, 10)), "close");
        check(Some(&stop), Some(&Present { stage: Stage::Stopped, ..live(&state, None) }), "");
        check(None, Some(&draining(3, 40)), "remove");
        check(None, None, "");
    }
}
