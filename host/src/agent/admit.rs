//! Pods come and are told anew: what is read from their object, and what is taken up from before.

use std::collections::BTreeSet;
use std::net::IpAddr;

use api::core::{ContainerStatus, Pod as ApiPod, PodCondition, PodStatus};
use jiff::Timestamp;
use protocol::v1::PodAssignment;

use super::core::Core;
use super::pods::{Container, Pod, Progress, Resumed, Told as ToldStatus};
use super::usage::Told;
use crate::desired::Uid;
use crate::local::Slot;
use crate::pod::spec::{RestartPolicy, Spec};
use crate::pod::state::{Exit, LOST, Life, State};
use crate::up::events::{About, Kind};

impl Core {
    /// A Pod that is kept already was told anew.
    pub(super) fn refresh(&mut self, uid: &Uid, in_snapshot: bool) {
        let Some(assignment) = self.desired.pods.get(uid) else { return };
        let Some(pod) = self.pods.get_mut(uid) else { return };
        let object = parse(assignment);
        let spec = Spec::of(&object);
        // The containers of a Pod never change in number or name; should they, the new ones start from nothing.
        pod.containers.resize_with(spec.containers.len(), Container::default);
        pod.spec = spec;
        pod.sources_changed = true;
        if pod.progress == Progress::Live {
            // What a component exports may have become known, and with it who answers ports that none declares.
            pod.slot.set(pod.targets(assignment));
        }
        if pod.spec.over {
            // The API's word is the last: it may say more than this host knows, such as who evicted the Pod.
            let stopped = pod.told.as_ref().is_some_and(|told| told.stopped);
            pod.told =
                object.status.as_ref().and_then(|status| ToldStatus::new(status, stopped, true)).or(pod.told.take());
        } else if in_snapshot && !holds(object.status.as_ref(), pod.told.as_ref()) {
            // The API has lost what it was told, or never heard it.
            if let Some(message) = pod.message(uid) {
                self.context.up.lock().statuses.put(uid.clone(), message);
                self.context.up.ring();
            }
        }
        self.use_codes(uid);
        self.bind(uid);
    }

    /// Begins to keep a Pod.
    pub(super) fn admit(&mut self, uid: &Uid, now: Timestamp) {
        let Some(assignment) = self.desired.pods.get(uid) else { return };
        let object = parse(assignment);
        let spec = Spec::of(&object);
        let memory = self.memories.remove(uid);
        let remembered: Option<PodStatus> =
            memory.as_ref().and_then(|memory| serde_json::from_slice(&memory.status_json).ok());
        // What this host remembers is newer than what the API was told; only it says what ran on this boot.
        let same_boot = remembered.is_some() && !self.rebooted;
        let before = remembered.or_else(|| object.status.clone());
        let was = |name: &str| {
            before.as_ref().and_then(|status| status.container_statuses.as_ref()?.iter().find(|c| c.name == name))
        };
        let ip = before.as_ref().and_then(|status| status.pod_ip.as_ref()?.parse().ok());
        let containers: Vec<Container> = spec
            .containers
            .iter()
            .map(|container| {
                let resumed = |was| resume(was, same_boot, spec.restart_policy, now);
                was(&container.name).map_or_else(Container::default, resumed)
            })
            .collect();
        let ended = spec.over || memory.is_some_and(|memory| memory.stopped);
        let told = before.as_ref().and_then(|status| ToldStatus::new(status, false, ended));
        let slot = Slot::new(uid.clone(), &spec.namespace, &spec.name, self.meters.stirred.clone());
        self.warn_of_left_out(&slot, &spec);
        let pod = Pod {
            slot,
            progress: if ended { Progress::Stopped } else { Progress::Live },
            ip: None,
            started_at: before.as_ref().and_then(|s| s.start_time.as_ref()).map_or(now, |time| time.0),
            containers,
            codes: BTreeSet::new(),
            bound: Vec::new(),
            ended: tokio_util::sync::CancellationToken::new(),
            told,
            sources_changed: false,
            usage: Told::default(),
            spec,
        };
        self.pods.insert(uid.clone(), pod);
        match ip {
            // It had ended, and this host only learns it now.
            Some(ip) if ended => self.ips.release(ip, uid, now),
            ip => self.keep_address(uid, ip),
        }
        self.use_codes(uid);
    }

    /// A Pod that had an address keeps it: the one this host remembers, or else the one the API knows. One that has
    /// ended has given its address back.
    pub(super) fn keep_address(&mut self, uid: &Uid, told: Option<IpAddr>) {
        let memory = self.memories.get(uid);
        let remembered = memory.and_then(|memory| memory.ip.parse::<IpAddr>().ok());
        let Some(ip) = remembered.or(told) else { return };
        if memory.is_some_and(|memory| memory.stopped) || !self.ips.keep(ip, uid) {
            return;
        }
        if let Some(pod) = self.pods.get_mut(uid) {
            pod.ip = Some(ip);
            self.context.local.insert(pod.slot.clone(), Some(ip));
            self.bind(uid);
        }
    }

    /// Tells the codes which of them this Pod wants; one that has ended wants none.
    pub(super) fn use_codes(&mut self, uid: &Uid) {
        let (Some(pod), Some(assignment)) = (self.pods.get_mut(uid), self.desired.pods.get(uid)) else { return };
        let wanted = pod.wanted(assignment);
        let keys = wanted.containers.iter().filter_map(|c| c.code.as_ref().ok().map(|key| (*key).to_owned()));
        let codes = if pod.progress == Progress::Stopped { BTreeSet::new() } else { keys.collect() };
        self.codes.set_uses(uid, &pod.codes, &codes);
        pod.codes = codes;
    }

    fn warn_of_left_out(&self, slot: &Slot, spec: &Spec) {
        if !spec.left_out.is_empty() {
            self.context.up.event(slot.about(), Kind::Warning, "FieldsNotSupported", || {
                format!("the Pod runs without what this version does not support: {}", spec.left_out.join(", "))
            });
        }
    }

    /// Deletes what earlier Pods left behind; called once it is known which Pods there are.
    pub(super) async fn forget_strangers(&mut self) {
        let pods = &self.desired.pods;
        self.memories.retain(|uid, _| pods.contains_key(uid));
        let known = pods.keys().cloned().collect();
        tokio::spawn(self.context.logs.clone().remove_others(known));
        self.remove_other_volumes().await;
    }
}

/// Reads a Pod. One that does not parse becomes one without containers, and its status says so.
pub(super) fn parse(assignment: &PodAssignment) -> ApiPod {
    serde_json::from_slice(&assignment.pod_json).unwrap_or_else(|error| {
        tracing::error!(uid = assignment.uid, %error, "a Pod does not parse");
        ApiPod::default()
    })
}

/// A container that was there before: its restarts and last end are kept. On the same boot it only comes back;
/// after another one it was lost and is restarted, unless its Pod says never (C33).
fn resume(was: &ContainerStatus, same_boot: bool, policy: RestartPolicy, now: Timestamp) -> Container {
    let exit_of = |state: Option<&api::core::ContainerState>| {
        let ended = state?.terminated.as_ref()?;
        Some(Exit {
            code: ended.exit_code,
            reason: ended.reason.clone().unwrap_or_default(),
            message: ended.message.clone().unwrap_or_default(),
            started_at: ended.started_at.as_ref().map(|time| time.0),
            finished_at: ended.finished_at.as_ref().map_or(now, |time| time.0),
        })
    };
    let restarts = u32::try_from(was.restart_count).unwrap_or(0);
    let mut life = Life::resumed(restarts, exit_of(was.last_state.as_ref()));
    let running = was.state.as_ref().and_then(|state| state.running.as_ref());
    let started_at = running.map(|running| running.started_at.as_ref().map_or(now, |time| time.0));
    let mut resumed = None;
    if let Some(exit) = exit_of(was.state.as_ref()) {
        life.state = State::Ended(exit);
    } else if let Some(started_at) = started_at {
        if same_boot {
            resumed = Some(Resumed { started_at, started: was.started == Some(true), ready: was.ready });
        } else {
            let message = "it ran when the host went down".to_owned();
            let reason = "Unknown".to_owned();
            let exit = Exit { code: LOST, reason, message, started_at: Some(started_at), finished_at: now };
            if policy == RestartPolicy::Never {
                life.state = State::Ended(exit);
            } else {
                life.last = Some(exit);
                life.state = State::BackingOff { until: now };
            }
        }
    }
    Container { life, resumed, ..Container::default() }
}

/// Whether the API's status says all that was told. It may say more.
fn holds(api: Option<&PodStatus>, told: Option<&ToldStatus>) -> bool {
    let Some(told) = told else { return true };
    let told: Option<PodStatus> = serde_json::from_slice(&told.json).ok();
    let (Some(api), Some(told)) = (api, told) else { return false };
    api.phase == told.phase
        && api.pod_ip == told.pod_ip
        && api.container_statuses == told.container_statuses
        && told.conditions.iter().flatten().all(|condition| {
            let same = |c: &&PodCondition| c.type_ == condition.type_ && c.status == condition.status;
            api.conditions.iter().flatten().any(|c| same(&c))
        })
}

impl Core {
    /// An Event about a Pod that is kept.
    pub(super) fn event_of(&self, uid: &str, kind: Kind, reason: &'static str, message: impl FnOnce() -> String) {
        if let Some(pod) = self.pods.get(uid) {
            let about: About<'_> = pod.slot.about();
            self.context.up.event(about, kind, reason, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pod::probe::Probes;
    use serde_json::{Value, json};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn resumed(status: Value, same_boot: bool) -> Container {
        resumed_by(status, same_boot, RestartPolicy::Always)
    }

    fn resumed_by(status: Value, same_boot: bool, policy: RestartPolicy) -> Container {
        resume(&serde_json::from_value(status).expect("is a status"), same_boot, policy, at(100))
    }

    fn running() -> Value {
        json!({
            "name": "a", "image": "i", "imageID": "", "ready": true, "started": true, "restartCount": 3,
            "state": {"running": {"startedAt": "1970-01-01T00:00:10Z"}},
            "lastState": {"terminated": {"exitCode": 137, "finishedAt": "1970-01-01T00:00:09Z"}},
        })
    }

    // C32
    #[test]
    fn a_restart_of_the_host_is_none_of_its_containers() {
        let mut container = resumed(running(), true);
        let resumed = container.resumed.expect("comes back");
        container.life.start(at(100), &Probes::default());
        container.life.resume(resumed.started_at, resumed.started, resumed.ready);
        assert_eq!(container.life.state, State::Running { started_at: at(10) });
        assert_eq!((container.life.restarts, container.life.ready), (3, true));
        assert_eq!(container.life.last.as_ref().map(|exit| exit.code), Some(137));
    }

    // C33
    #[test]
    fn a_reboot_of_the_machine_is_a_restart_of_all() {
        let mut container = resumed(running(), false);
        assert!(container.resumed.is_none());
        assert_eq!(container.life.last.as_ref().map(|exit| exit.code), Some(LOST));
        container.life.start(at(100), &Probes::default());
        assert_eq!((container.life.restarts, container.life.started_at()), (4, Some(at(100))));
        let never = resumed_by(running(), false, RestartPolicy::Never);
        assert!(matches!(&never.life.state, State::Ended(exit) if exit.code == LOST), "unless that is not wanted");
    }

    #[test]
    fn what_had_ended_stays_ended() {
        let mut ended = running();
        ended["state"] = json!({"terminated": {"exitCode": 1, "reason": "Error"}});
        let container = resumed(ended, true);
        assert!(matches!(&container.life.state, State::Ended(exit) if exit.code == 1));
        let mut waiting = running();
        waiting["state"] = json!({"waiting": {"reason": "CrashLoopBackOff"}});
        assert!(matches!(resumed(waiting, true).life.state, State::Waiting(_)));
    }
}
