//! Pods: how many containers are ready, what the Pod is doing, and how often it began anew.
//!
//! The status column is not `status.phase`: it is the most telling reason found in the containers, as
//! people know it from kubectl (`CrashLoopBackOff`, `Init:1/2`, `Terminating`).

use api::{Resource, resource};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::read::{self, NONE};
use super::{AGE, Column, NAME, Printer, age, text};

const COLUMNS: &[Column] = &[
    NAME,
    text("Ready", "The containers that are ready, of all that should be."),
    text("Status", "What the Pod is doing, or why it is not running."),
    text("Restarts", "How often containers were restarted, and when last."),
    AGE,
    text("IP", "The address of the Pod.").wide(),
    text("Node", "The Node the Pod is assigned to.").wide(),
    text("Nominated Node", "The Node that is being cleared for the Pod.").wide(),
    text("Readiness Gates", "The conditions that hold, of all that readiness asks for.").wide(),
];

pub(super) static PRINTER: Printer = Printer { columns: COLUMNS, cells };

fn cells(pod: &Value, now: Timestamp) -> Vec<Value> {
    let state = State::of(pod);
    let ip = read::list(pod, "/status/podIPs").first().map_or(NONE, |ip| read::text_or(ip, "/ip", NONE));
    vec![
        read::name(pod),
        format!("{}/{}", state.ready, state.containers).into(),
        state.reason.as_str().into(),
        state.restarts_text(now).into(),
        age::of(pod, now),
        read::text_or(pod, "/status/podIP", ip).into(),
        read::text_or(pod, "/spec/nodeName", NONE).into(),
        read::text_or(pod, "/status/nominatedNodeName", NONE).into(),
        gates(pod).into(),
    ]
}

/// What clients show dimmed: a Pod that has ended. Other kinds do not end.
pub(super) fn completion(resource: &Resource, object: &Value) -> Option<Value> {
    if *resource != resource::PODS {
        return None;
    }
    let (reason, message) = match read::text(object, "/status/phase") {
        "Succeeded" => ("Succeeded", "The pod has completed successfully."),
        "Failed" => ("Failed", "The pod failed."),
        _ => return None,
    };
    Some(json!({"type": "Completed", "status": "True", "reason": reason, "message": message}))
}

fn gates(pod: &Value) -> String {
    let gates = read::list(pod, "/spec/readinessGates");
    if gates.is_empty() {
        return NONE.to_owned();
    }
    let open = gates.iter().filter(|gate| read::holds(pod, read::text(gate, "/conditionType"))).count();
    format!("{open}/{}", gates.len())
}

/// What the containers of a Pod say together.
struct State<'p> {
    containers: usize,
    ready: usize,
    reason: String,
    restarts: i64,
    /// RFC 3339 in UTC, so that the order of text is the order of time.
    restarted_at: &'p str,
}

impl<'p> State<'p> {
    fn of(pod: &'p Value) -> Self {
        let sidecars = read::list(pod, "/spec/initContainers").iter().filter(|container| is_sidecar(container)).count();
        let mut state = Self {
            containers: read::list(pod, "/spec/containers").len() + sidecars,
            ready: 0,
            reason: own_reason(pod),
            restarts: 0,
            restarted_at: "",
        };
        let sidecar_state = state.read_init(pod);
        if sidecar_state.initialized || read::holds(pod, "Initialized") {
            (state.restarts, state.restarted_at) = (sidecar_state.restarts, sidecar_state.restarted_at);
            state.read_containers(pod);
        }
        state.read_deletion(pod);
        state
    }

    /// Reads the init containers up to the first that has not ended well.
    fn read_init(&mut self, pod: &'p Value) -> Sidecars<'p> {
        let specs = read::list(pod, "/spec/initContainers");
        let mut sidecars = Sidecars { initialized: true, restarts: 0, restarted_at: "" };
        for (at, status) in read::list(pod, "/status/initContainerStatuses").iter().enumerate() {
            let name = read::text(status, "/name");
            let is_sidecar = specs.iter().any(|spec| read::text(spec, "/name") == name && is_sidecar(spec));
            add_restarts(status, &mut self.restarts, &mut self.restarted_at);
            if is_sidecar {
                add_restarts(status, &mut sidecars.restarts, &mut sidecars.restarted_at);
            }
            let terminated = status.pointer("/state/terminated");
            if terminated.is_some_and(|end| read::number(end, "/exitCode") == 0) {
                continue;
            }
            if is_sidecar && read::flag(status, "/started") {
                self.ready += usize::from(read::flag(status, "/ready"));
                continue;
            }
            let waiting = read::text(status, "/state/waiting/reason");
            self.reason = match terminated {
                Some(end) => format!("Init:{}", ending(end)),
                None if !waiting.is_empty() && waiting != "PodInitializing" => format!("Init:{waiting}"),
                None => format!("Init:{at}/{}", specs.len()),
            };
            sidecars.initialized = false;
            break;
        }
        sidecars
    }

    /// Reads the containers, last to first, so that the first one with a reason has the last word.
    fn read_containers(&mut self, pod: &'p Value) {
        let mut is_running = false;
        for status in read::list(pod, "/status/containerStatuses").iter().rev() {
            add_restarts(status, &mut self.restarts, &mut self.restarted_at);
            let waiting = read::text(status, "/state/waiting/reason");
            if !waiting.is_empty() {
                waiting.clone_into(&mut self.reason);
            } else if let Some(end) = status.pointer("/state/terminated") {
                self.reason = ending(end);
            } else if read::flag(status, "/ready") && status.pointer("/state/running").is_some() {
                is_running = true;
                self.ready += 1;
            }
        }
        if self.reason == "Completed" && is_running {
            self.reason = if read::holds(pod, "Ready") { "Running" } else { "NotReady" }.to_owned();
        }
    }

    fn read_deletion(&mut self, pod: &Value) {
        let is_terminal = matches!(read::text(pod, "/status/phase"), "Succeeded" | "Failed");
        if read::text(pod, "/metadata/deletionTimestamp").is_empty() {
            return;
        }
        if read::text(pod, "/status/reason") == "NodeLost" {
            "Unknown".clone_into(&mut self.reason);
        } else if !is_terminal {
            "Terminating".clone_into(&mut self.reason);
        }
    }

    fn restarts_text(&self, now: Timestamp) -> String {
        match (self.restarts, self.restarted_at) {
            (0, _) => "0".to_owned(),
            (restarts, "") => restarts.to_string(),
            (restarts, at) => format!("{restarts} ({} ago)", age::since(at, now)),
        }
    }
}

/// What the init containers that keep running say; the others' restarts stop counting once they are done.
struct Sidecars<'p> {
    initialized: bool,
    restarts: i64,
    restarted_at: &'p str,
}

/// What the Pod says of itself, before its containers are asked.
fn own_reason(pod: &Value) -> String {
    let gated = read::condition(pod, "PodScheduled").map(|condition| read::text(condition, "/reason"));
    if gated == Some("SchedulingGated") {
        return "SchedulingGated".to_owned();
    }
    read::text_or(pod, "/status/reason", read::text(pod, "/status/phase")).to_owned()
}

/// An init container that is restarted always is a sidecar.
fn is_sidecar(container: &Value) -> bool {
    read::text(container, "/restartPolicy") == "Always"
}

fn add_restarts<'p>(status: &'p Value, restarts: &mut i64, restarted_at: &mut &'p str) {
    *restarts += read::number(status, "/restartCount");
    *restarted_at = (*restarted_at).max(read::text(status, "/lastState/terminated/finishedAt"));
}

/// How a container ended, in a word.
fn ending(end: &Value) -> String {
    match (read::text(end, "/reason"), read::number(end, "/signal")) {
        ("", 0) => format!("ExitCode:{}", read::number(end, "/exitCode")),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_owned(),
    }
}
