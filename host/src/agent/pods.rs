//! A Pod as the agent keeps it: its extract, its containers' lives, and what runs them.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use api::core::{PodCondition, PodStatus};
use bytes::Bytes;
use jiff::Timestamp;
use protocol::v1::{Artifact, PodAssignment};
use tokio_util::sync::CancellationToken;

use super::usage;
use crate::desired::Uid;
use crate::desired::file::Memory;
use crate::local::{Slot, Target};
use crate::plan::{Present, PresentContainer, Stage, Wanted, WantedContainer};
use crate::pod::spec::{self, Refusal, Spec};
use crate::pod::state::{Life, State};
use crate::pod::status::{self, ContainerView, View};
use crate::runner::Runner;

/// One Pod.
pub(super) struct Pod {
    pub(super) slot: Arc<Slot>,
    pub(super) spec: Spec,
    pub(super) progress: Progress,
    pub(super) ip: Option<IpAddr>,
    pub(super) started_at: Timestamp,
    pub(super) containers: Vec<Container>,
    /// Keys of the code its containers want.
    pub(super) codes: BTreeSet<String>,
    /// Ports at which its address is bound.
    pub(super) bound: Vec<u16>,
    /// Cancelled when it has ended, for what still goes on in containers that were replaced.
    pub(super) ended: CancellationToken,
    pub(super) told: Option<Told>,
    /// What its volumes are made from may have changed.
    pub(super) sources_changed: bool,
    /// What was last told of what it uses.
    pub(super) usage: usage::Told,
}

/// The last status.
pub(super) struct Told {
    /// A v1 PodStatus; kept as text, which is a tenth of the size, and read when it is needed.
    pub(super) json: Bytes,
    /// It said that the Pod has stopped because it was told to.
    pub(super) stopped: bool,
    /// The Pod has ended, and nothing about it changes any more but `stopped`.
    pub(super) last: bool,
}

impl Told {
    pub(super) fn new(status: &PodStatus, stopped: bool, last: bool) -> Option<Self> {
        let json = serde_json::to_vec(status);
        let json = json.inspect_err(|error| tracing::error!(%error, "a status does not serialise")).ok()?;
        Some(Self { json: json.into(), stopped, last })
    }

    /// The conditions in it: a new status keeps the times of those that did not change.
    fn conditions(&self) -> Vec<PodCondition> {
        let status = serde_json::from_slice::<PodStatus>(&self.json).ok();
        status.and_then(|status| status.conditions).unwrap_or_default()
    }
}

/// How far it is on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Live,
    Draining { deadline: Timestamp },
    Stopped,
}

/// One container.
#[derive(Default)]
pub(super) struct Container {
    pub(super) life: Life,
    pub(super) running: Option<Running>,
    /// How often it was started by this process; a verdict about an earlier run does not count.
    pub(super) runs: u64,
    /// What it was before the host restarted, until it runs again.
    pub(super) resumed: Option<Resumed>,
}

/// What runs a container.
pub(super) struct Running {
    pub(super) code: String,
    pub(super) runner: Runner,
    pub(super) probes: CancellationToken,
    pub(super) meter: usage::Meter,
}

/// A container that ran when the host went down: coming back is no restart, and does not unready it (C32).
#[derive(Debug, Clone, Copy)]
pub(super) struct Resumed {
    pub(super) started_at: Timestamp,
    pub(super) started: bool,
    pub(super) ready: bool,
}

impl Container {
    pub(super) fn stop_probes(&mut self) {
        if let Some(running) = &self.running {
            running.probes.cancel();
        }
    }

    /// Takes what runs it away, which refuses new requests and goes on with those inside.
    pub(super) fn take_down(&mut self) -> Option<Runner> {
        self.stop_probes();
        let runner = self.running.take()?.runner;
        runner.close();
        Some(runner)
    }

    /// Ends what runs it, and the requests inside with it.
    pub(super) fn kill(&mut self) {
        if let Some(runner) = self.take_down() {
            runner.kill();
        }
    }
}

impl Pod {
    pub(super) fn stop_probes(&mut self) {
        self.containers.iter_mut().for_each(Container::stop_probes);
    }

    /// What runs its containers, as requests see it.
    pub(super) fn targets(&self, assignment: &PodAssignment) -> Vec<Target> {
        let mut rest = true;
        let target = |(spec, container): (&spec::Container, &Container)| Target {
            // Requests at a library's port are the front's.
            ports: if is_library(artifact_of(assignment, &spec.name)) { Vec::new() } else { spec.ports.clone() },
            answers_rest: may_answer_rest(spec, artifact_of(assignment, &spec.name)) && std::mem::take(&mut rest),
            answerer: container
                .running
                .as_ref()
                .filter(|_| !is_library(artifact_of(assignment, &spec.name)))
                .and_then(|running| running.runner.answerer(self.ip)),
        };
        self.spec.containers.iter().zip(&self.containers).map(target).collect()
    }

    /// Ports at which the proxy listens on its address: those it declares, but for those where its own servers do.
    pub(super) fn ports(&self, assignment: &PodAssignment, named: impl Iterator<Item = u16>) -> Vec<u16> {
        let serves = |spec: &&spec::Container| artifact_of(assignment, &spec.name).is_none_or(may_serve_http);
        let (proxied, own): (Vec<_>, Vec<_>) = self.spec.containers.iter().partition(serves);
        let own: BTreeSet<u16> = own.iter().flat_map(|c| c.ports.iter().copied()).collect();
        let declared = proxied.iter().flat_map(|c| c.ports.iter().copied());
        let ports: BTreeSet<u16> = declared.chain(named).filter(|port| !own.contains(port)).collect();
        ports.into_iter().collect()
    }

    pub(super) fn present(&self) -> Present<'_> {
        let in_flight = self.slot.in_flight();
        Present {
            stage: match self.progress {
                Progress::Live => Stage::Live,
                Progress::Draining { deadline } => Stage::Draining { deadline, in_flight },
                Progress::Stopped => Stage::Stopped,
            },
            has_address: self.ip.is_some(),
            containers: self
                .containers
                .iter()
                .map(|container| PresentContainer {
                    state: &container.life.state,
                    code: container.running.as_ref().map(|running| running.code.as_str()),
                })
                .collect(),
        }
    }

    pub(super) fn wanted<'a>(&'a self, assignment: &'a PodAssignment) -> Wanted<'a> {
        Wanted {
            stop: assignment.stop || self.spec.over,
            containers: self
                .spec
                .containers
                .iter()
                .map(|spec| WantedContainer {
                    refusal: spec.refusal.as_ref(),
                    code: code_of(artifact_of(assignment, &spec.name)),
                })
                .collect(),
        }
    }

    /// Coming back after a restart of the host: what was told still holds, so nothing is told anew.
    fn is_resuming(&self) -> bool {
        let waits = |c: &Container| {
            c.resumed.is_some() && matches!(&c.life.state, State::Waiting(why) if why.reason == "ContainerCreating")
        };
        self.containers.iter().any(waits)
    }

    /// The status to tell, if it is news.
    pub(super) fn news(
        &mut self,
        assignment: &PodAssignment,
        host_ip: IpAddr,
        now: Timestamp,
    ) -> Option<protocol::v1::PodStatus> {
        if self.is_resuming() {
            return None;
        }
        let over = self.progress == Progress::Stopped;
        let stopped = over && assignment.stop;
        if let Some(told) = self.told.as_mut().filter(|told| told.last) {
            if told.stopped == stopped {
                return None;
            }
            told.stopped = stopped;
            return self.message(&assignment.uid);
        }
        let before = self.told.as_ref().map(Told::conditions).unwrap_or_default();
        let status = self.status(assignment, host_ip, over, &before, now);
        let told = Told::new(&status, stopped, over)?;
        let same = self.told.as_ref().is_some_and(|before| before.json == told.json && before.stopped == stopped);
        self.told = Some(told);
        if same { None } else { self.message(&assignment.uid) }
    }

    fn status(
        &self,
        assignment: &PodAssignment,
        host_ip: IpAddr,
        over: bool,
        before: &[PodCondition],
        now: Timestamp,
    ) -> PodStatus {
        let mut containers = Vec::with_capacity(self.containers.len());
        for (spec, container) in self.spec.containers.iter().zip(&self.containers) {
            let digest = artifact_of(assignment, &spec.name).map_or("", |artifact| artifact.digest.as_str());
            containers.push(ContainerView { life: &container.life, digest });
        }
        let view = View {
            uid: &assignment.uid,
            spec: &self.spec,
            containers: &containers,
            host_ip,
            pod_ip: self.ip,
            started_at: self.started_at,
            stopped: over,
        };
        status::of(&view, before, now)
    }

    /// The last status as it is sent.
    pub(super) fn message(&self, uid: &str) -> Option<protocol::v1::PodStatus> {
        let told = self.told.as_ref()?;
        Some(protocol::v1::PodStatus {
            uid: uid.to_owned(),
            namespace: self.spec.namespace.clone(),
            name: self.spec.name.clone(),
            status_json: told.json.clone(),
            stopped: told.stopped,
        })
    }

    /// What is worth remembering of it.
    pub(super) fn memory(&self, uid: &Uid) -> Option<Memory> {
        Some(Memory {
            uid: uid.to_string(),
            ip: self.ip.map(|ip| ip.to_string()).unwrap_or_default(),
            status_json: self.told.as_ref()?.json.clone(),
            stopped: self.progress == Progress::Stopped,
        })
    }
}

pub(super) fn artifact_of<'a>(assignment: &'a PodAssignment, container: &str) -> Option<&'a Artifact> {
    assignment.artifacts.iter().find(|artifact| artifact.container == container)
}

/// Whether a container may answer ports that none declares. One that cannot run here, or does not answer HTTP, leaves
/// them to the next.
fn may_answer_rest(container: &spec::Container, artifact: Option<&Artifact>) -> bool {
    container.refusal.is_none() && artifact.is_none_or(may_serve_http)
}

/// The key of a container's code, or why it has none.
fn code_of(artifact: Option<&Artifact>) -> Result<&str, Refusal> {
    let Some(artifact) = artifact else { return Err(Refusal::new("ContainerCreating", "the image is being resolved")) };
    if !artifact.reason.is_empty() {
        return Err(Refusal::new(&artifact.reason, artifact.message.clone()));
    }
    if artifact.code_key.is_empty() {
        return Err(Refusal::new("ContainerCreating", "the component is being compiled"));
    }
    if artifact.linked_into.is_empty() && !may_be_entered(artifact) {
        let message = format!(
            "{} exports {}, and none of what hosts call: {}",
            artifact.image,
            artifact.exports.join(", "),
            ENTRIES.join(", ")
        );
        return Err(Refusal::new("UnsupportedComponent", message));
    }
    Ok(&artifact.code_key)
}

/// Whether a container is there for another one to call, and for nobody else.
fn is_library(artifact: Option<&Artifact>) -> bool {
    artifact.is_some_and(|artifact| !artifact.linked_into.is_empty())
}

/// Whether a component answers HTTP, as far as it is known what it exports.
fn may_serve_http(artifact: &Artifact) -> bool {
    artifact.exports.is_empty() || artifact.exports.iter().any(|export| serves_http(export))
}

/// Whether a host calls anything of a component, as far as it is known what it exports.
fn may_be_entered(artifact: &Artifact) -> bool {
    artifact.exports.is_empty() || artifact.exports.iter().any(|export| is_one_of(&ENTRIES, export))
}

/// What answers requests. Versions of one minor are compatible, so the oldest of each stands for all.
const HANDLERS: [&str; 2] = ["wasi:http/incoming-handler@0.2.0", "wasi:http/handler@0.3.0"];
/// What hosts call.
const ENTRIES: [&str; 5] = [
    HANDLERS[0],
    HANDLERS[1],
    "wasi:cli/run@0.2.0",
    "wasi:cli/run@0.3.0",
    "wasi:messaging/incoming-handler@0.2.0-draft",
];

fn serves_http(export: &str) -> bool {
    is_one_of(&HANDLERS, export)
}

fn is_one_of(known: &[&str], export: &str) -> bool {
    let parse = |text: &str| text.parse::<component::Interface>().ok();
    known.iter().any(|known| matches!((parse(known), parse(export)), (Some(k), Some(e)) if k.satisfied_by(&e)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undeclared_ports_go_to_a_container_that_answers_http() {
        let pod = serde_json::json!({"spec": {"containers": [
            {"name": "well"}, {"name": "refused", "livenessProbe": {"exec": {}}},
        ]}});
        let spec = Spec::of(&serde_json::from_value(pod).expect("is a Pod"));
        let exporting = |export: &str| Artifact { exports: vec![export.to_owned()], ..Artifact::default() };
        let may = |container: usize, artifact: Option<Artifact>| {
            may_answer_rest(&spec.containers[container], artifact.as_ref())
        };
        assert!(may(0, Some(exporting("wasi:http/incoming-handler@0.2.0"))));
        assert!(may(0, None) && may(0, Some(Artifact::default())), "it is not known yet");
        assert!(!may(0, Some(exporting("wasi:cli/run@0.2.0"))));
        assert!(!may(1, Some(exporting("wasi:http/handler@0.3.0"))));
    }

    #[test]
    fn what_no_host_calls_is_refused_with_the_reason() {
        let artifact = |reason: &str, key: &str, exports: &[&str]| Artifact {
            image: "web:v1".to_owned(),
            reason: reason.to_owned(),
            code_key: key.to_owned(),
            exports: exports.iter().map(|e| (*e).to_owned()).collect(),
            ..Artifact::default()
        };
        for (artifact, expected) in [
            (artifact("", "k", &["wasi:http/incoming-handler@0.2.12"]), Ok("k")),
            (artifact("", "k", &["wasi:http/handler@0.3.0"]), Ok("k")),
            (artifact("", "k", &[]), Ok("k")),
            (artifact("", "k", &["wasi:cli/run@0.2.6"]), Ok("k")),
            (artifact("", "k", &["wasi:cli/run@0.3.0"]), Ok("k")),
            (artifact("", "k", &["wasi:messaging/incoming-handler@0.2.0-draft"]), Ok("k")),
            (artifact("", "k", &["a:b/c@0.2.0"]), Err("UnsupportedComponent")),
            (artifact("ErrImagePull", "", &[]), Err("ErrImagePull")),
            (artifact("", "", &[]), Err("ContainerCreating")),
        ] {
            let said = code_of(Some(&artifact)).map_err(|refusal| refusal.reason);
            assert_eq!(said, expected.map_err(str::to_owned), "{artifact:?}");
        }
        assert_eq!(code_of(None).expect_err("waits").reason, "ContainerCreating");
    }
}
