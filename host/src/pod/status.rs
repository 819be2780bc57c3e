//! The `PodStatus` that clients read, made from what this host knows.
//!
//! Pure. A condition keeps the time of its last transition while its status stays the same. `qosClass`
//! and whatever others have written are the API's.

use std::net::IpAddr;

use api::core::{
    ContainerState, ContainerStateRunning, ContainerStateTerminated, ContainerStateWaiting, ContainerStatus, HostIP,
    PodCondition, PodIP, PodStatus,
};
use api::meta::Time;
use jiff::Timestamp;

use super::spec::{Container, RestartPolicy, Spec};
use super::state::{Exit, Life, State};

/// What a status is made of.
pub(crate) struct View<'a> {
    pub(crate) uid: &'a str,
    pub(crate) spec: &'a Spec,
    /// One for each container of the spec, in order.
    pub(crate) containers: &'a [ContainerView<'a>],
    pub(crate) host_ip: IpAddr,
    pub(crate) pod_ip: Option<IpAddr>,
    pub(crate) started_at: Timestamp,
    /// Every container has ended because the Pod was told to stop.
    pub(crate) stopped: bool,
}

/// What a container's status is made of.
pub(crate) struct ContainerView<'a> {
    pub(crate) life: &'a Life,
    /// Digest of the manifest, if the image was resolved.
    pub(crate) digest: &'a str,
}

/// Makes the status; `previous` are the conditions of the last one.
pub(crate) fn of(view: &View<'_>, previous: &[PodCondition], now: Timestamp) -> PodStatus {
    let pairs = || view.spec.containers.iter().zip(view.containers);
    let phase = if view.stopped { stopped_phase(view.containers) } else { phase(view) };
    PodStatus {
        phase: Some(phase.to_owned()),
        conditions: Some(conditions(view, phase, previous, now)),
        container_statuses: Some(pairs().map(|(spec, container)| container_status(view, spec, container)).collect()),
        host_ip: Some(view.host_ip.to_string()),
        host_ips: Some(vec![HostIP { ip: view.host_ip.to_string() }]),
        pod_ip: view.pod_ip.map(|ip| ip.to_string()),
        pod_ips: view.pod_ip.map(|ip| vec![PodIP { ip: ip.to_string() }]),
        start_time: Some(Time(view.started_at)),
        observed_generation: view.spec.generation,
        ..PodStatus::default()
    }
}

/// The phase, by the kubelet's rules.
fn phase(view: &View<'_>) -> &'static str {
    let (mut waiting, mut running, mut failed) = (false, false, false);
    for container in view.containers {
        match &container.life.state {
            State::Waiting(_) if container.life.last.is_none() => waiting = true,
            State::Waiting(_) | State::BackingOff { .. } | State::Running { .. } => running = true,
            State::Ended(exit) => failed |= exit.code != 0,
        }
    }
    match (waiting, running) {
        (true, _) => "Pending",
        (false, true) => "Running",
        (false, false) if view.spec.restart_policy == RestartPolicy::Always => "Running",
        (false, false) if failed => "Failed",
        (false, false) => "Succeeded",
    }
}

/// A stopped Pod has failed only if a container ended badly by itself.
fn stopped_phase(containers: &[ContainerView<'_>]) -> &'static str {
    let failed = |c: &ContainerView<'_>| matches!(&c.life.state, State::Ended(exit) if exit.code != 0);
    if containers.iter().any(failed) { "Failed" } else { "Succeeded" }
}

fn conditions(view: &View<'_>, phase: &str, previous: &[PodCondition], now: Timestamp) -> Vec<PodCondition> {
    let unready: Vec<&str> = view
        .spec
        .containers
        .iter()
        .zip(view.containers)
        .filter(|(_, container)| !container.life.ready)
        .map(|(spec, _)| spec.name.as_str())
        .collect();
    let over = matches!(phase, "Succeeded" | "Failed");
    let (reason, message) = match (over, unready.is_empty()) {
        (true, _) => (Some("PodCompleted"), None),
        (false, true) => (None, None),
        (false, false) => {
            (Some("ContainersNotReady"), Some(format!("containers with unready status: [{}]", unready.join(" "))))
        }
    };
    let ready = !over && unready.is_empty();
    let yes = |type_: &'static str| (type_, true, None, None);
    [
        ("PodReadyToStartContainers", view.pod_ip.is_some() && !over, None, None),
        yes("Initialized"),
        ("Ready", ready, reason, message.clone()),
        ("ContainersReady", ready, reason, message),
        yes("PodScheduled"),
    ]
    .into_iter()
    .map(|(type_, status, reason, message)| {
        let status = if status { "True" } else { "False" };
        let before = previous.iter().find(|c| c.type_ == type_);
        let since = before.filter(|c| c.status == status).and_then(|c| c.last_transition_time.clone());
        PodCondition {
            type_: type_.to_owned(),
            status: status.to_owned(),
            reason: reason.map(str::to_owned),
            message,
            last_transition_time: Some(since.unwrap_or(Time(now))),
            observed_generation: view.spec.generation,
            ..PodCondition::default()
        }
    })
    .collect()
}

fn container_status(view: &View<'_>, spec: &Container, container: &ContainerView<'_>) -> ContainerStatus {
    let life = container.life;
    let id = |restarts: u32| format!("wasm://{}/{}/{restarts}", view.uid, spec.name);
    let ran = life.is_running() || matches!(life.state, State::Ended(_));
    let state = match &life.state {
        State::Waiting(refusal) => waiting(&refusal.reason, refusal.message.clone()),
        State::Running { started_at } => ContainerState {
            running: Some(ContainerStateRunning { started_at: Some(Time(*started_at)) }),
            ..ContainerState::default()
        },
        State::BackingOff { until } => {
            let delay = life.last.as_ref().map_or(0, |exit| until.duration_since(exit.finished_at).as_secs());
            let Spec { name, namespace, .. } = view.spec;
            let text = format!(
                "back-off {delay}s restarting failed container={} pod={name}_{namespace}({})",
                spec.name, view.uid
            );
            waiting("CrashLoopBackOff", text)
        }
        State::Ended(exit) => terminated(exit, id(life.restarts)),
    };
    let backing_off = matches!(life.state, State::BackingOff { .. });
    let before = if backing_off { life.restarts } else { life.restarts.saturating_sub(1) };
    let ended = life.last.as_ref().map(|exit| terminated(exit, id(before)));
    ContainerStatus {
        name: spec.name.clone(),
        image: spec.image.clone(),
        image_id: image_id(&spec.image, container.digest),
        container_id: (ran || life.last.is_some()).then(|| id(life.restarts)),
        ready: life.ready,
        started: Some(life.started),
        restart_count: i32::try_from(life.restarts).unwrap_or(i32::MAX),
        state: Some(state),
        last_state: Some(ended.unwrap_or_default()),
        ..ContainerStatus::default()
    }
}

fn waiting(reason: &str, message: String) -> ContainerState {
    let message = Some(message).filter(|m| !m.is_empty());
    ContainerState {
        waiting: Some(ContainerStateWaiting { reason: Some(reason.to_owned()), message }),
        ..ContainerState::default()
    }
}

fn terminated(exit: &Exit, container_id: String) -> ContainerState {
    ContainerState {
        terminated: Some(ContainerStateTerminated {
            container_id: Some(container_id),
            exit_code: exit.code,
            reason: Some(exit.reason.clone()),
            message: Some(exit.message.clone()).filter(|m| !m.is_empty()),
            started_at: exit.started_at.map(Time),
            finished_at: Some(Time(exit.finished_at)),
            signal: None,
        }),
        ..ContainerState::default()
    }
}

/// `NAME@sha256:...`: the image's name without tag or digest, and what it was resolved to.
fn image_id(image: &str, digest: &str) -> String {
    if digest.is_empty() {
        return String::new();
    }
    let name = image.split_once('@').map_or(image, |(name, _)| name);
    let name = match name.rsplit_once(':') {
        // A colon before the last slash belongs to the registry's port.
        Some((before, tag)) if !tag.contains('/') => before,
        _ => name,
    };
    format!("{name}@{digest}")
}

#[cfg(test)]
mod tests;
