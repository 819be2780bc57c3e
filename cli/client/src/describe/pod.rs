//! The page of a Pod: where it runs, what its containers do, and why they do not.

use jiff::Timestamp;
use serde_json::Value;

use super::{Page, Subject, conditions, heading};
use crate::time::since;
use crate::value::{flag, items, members, name, number, plain, text};

pub(super) fn write(page: &mut Page, subject: &Subject<'_>) {
    let pod = subject.object;
    heading(page, pod, subject.now);
    page.some(0, "Node", text(pod, "/spec/nodeName"));
    page.field(0, "Status", status(pod));
    page.some(0, "Reason", text(pod, "/status/reason"));
    page.some(0, "Message", text(pod, "/status/message"));
    page.some(0, "IP", text(pod, "/status/podIP"));
    page.some(0, "Runtime Class", text(pod, "/spec/runtimeClassName"));
    page.some(0, "Priority Class", text(pod, "/spec/priorityClassName"));
    page.some(0, "Service Account", text(pod, "/spec/serviceAccountName"));
    page.some(0, "Controlled By", controller(pod));
    containers(page, pod, ("Init Containers", "/spec/initContainers", "/status/initContainerStatuses"), subject.now);
    containers(page, pod, ("Containers", "/spec/containers", "/status/containerStatuses"), subject.now);
    conditions(page, pod);
    volumes(page, pod);
    page.some(0, "QoS Class", text(pod, "/status/qosClass"));
    let selector = super::pairs(pod, "/spec/nodeSelector");
    page.list(0, "Node-Selectors", selector);
    page.list(0, "Tolerations", items(pod, "/spec/tolerations").map(toleration).collect());
}

fn status(pod: &Value) -> String {
    match text(pod, "/metadata/deletionTimestamp") {
        "" => text(pod, "/status/phase").to_owned(),
        _ => format!("Terminating ({} s of grace)", number(pod, "/metadata/deletionGracePeriodSeconds")),
    }
}

/// `ReplicaSet/web-1`
pub(super) fn controller(object: &Value) -> String {
    let owner = items(object, "/metadata/ownerReferences").find(|owner| flag(owner, "/controller"));
    owner.map(|owner| format!("{}/{}", text(owner, "/kind"), text(owner, "/name"))).unwrap_or_default()
}

fn containers(page: &mut Page, pod: &Value, (title, specs, statuses): (&str, &str, &str), now: Timestamp) {
    if items(pod, specs).next().is_none() {
        return;
    }
    page.heading(0, title);
    for spec in items(pod, specs) {
        let own = text(spec, "/name");
        page.heading(1, own);
        template(page, 2, spec);
        if let Some(status) = items(pod, statuses).find(|status| text(status, "/name") == own) {
            page.some(2, "Image ID", text(status, "/imageID"));
            state(page, "State", &status["state"], now);
            state(page, "Last State", &status["lastState"], now);
            page.field(2, "Ready", if flag(status, "/ready") { "True" } else { "False" });
            page.field(2, "Restart Count", number(status, "/restartCount").to_string());
        }
        environment(page, 2, spec);
        mounts(page, 2, spec);
    }
}

/// What a template says of a container, wherever it stands.
pub(super) fn template(page: &mut Page, level: usize, spec: &Value) {
    page.field(level, "Image", text(spec, "/image"));
    let ports = items(spec, "/ports").map(|port| {
        let protocol = if text(port, "/protocol").is_empty() { "TCP" } else { text(port, "/protocol") };
        let name = if name_of(port).is_empty() { String::new() } else { format!(" ({})", name_of(port)) };
        format!("{}/{protocol}{name}", number(port, "/containerPort"))
    });
    page.some(level, "Ports", ports.collect::<Vec<_>>().join(", "));
    for (title, at) in [("Command", "/command"), ("Args", "/args")] {
        page.some(level, title, items(spec, at).map(plain).collect::<Vec<_>>().join(" "));
    }
    for (title, at) in [("Limits", "/resources/limits"), ("Requests", "/resources/requests")] {
        page.some(level, title, super::pairs(spec, at).join(", "));
    }
    for (title, at) in [("Liveness", "/livenessProbe"), ("Readiness", "/readinessProbe"), ("Startup", "/startupProbe")]
    {
        page.some(level, title, spec.pointer(at).map(probe).unwrap_or_default());
    }
}

fn name_of(port: &Value) -> &str {
    text(port, "/name")
}

fn probe(probe: &Value) -> String {
    let what = if let Some(http) = probe.get("httpGet") {
        format!("http-get {}:{}", plain(&http["port"]), text(http, "/path"))
    } else if let Some(socket) = probe.get("tcpSocket") {
        format!("tcp-socket {}", plain(&socket["port"]))
    } else if let Some(grpc) = probe.get("grpc") {
        format!("grpc {}", plain(&grpc["port"]))
    } else {
        format!("exec {}", items(probe, "/exec/command").map(plain).collect::<Vec<_>>().join(" "))
    };
    let or = |at: &str, usual: i64| probe.pointer(at).and_then(Value::as_i64).unwrap_or(usual);
    format!(
        "{what} delay={}s timeout={}s period={}s #success={} #failure={}",
        or("/initialDelaySeconds", 0),
        or("/timeoutSeconds", 1),
        or("/periodSeconds", 10),
        or("/successThreshold", 1),
        or("/failureThreshold", 3)
    )
}

fn state(page: &mut Page, title: &str, state: &Value, now: Timestamp) {
    let Some((kind, state)) = members(state, "").find(|(_, state)| !state.is_null()) else { return };
    let (reason, message) = (text(state, "/reason"), text(state, "/message"));
    match kind.as_str() {
        "running" => page.field(2, title, format!("Running for {}", since(text(state, "/startedAt"), now))),
        "terminated" => {
            let (code, ended) = (number(state, "/exitCode"), text(state, "/finishedAt"));
            page.field(2, title, format!("Terminated, exit code {code}, {} ago", since(ended, now)));
        }
        _ => page.field(2, title, "Waiting"),
    }
    page.some(3, "Reason", reason);
    page.some(3, "Message", message.trim());
}

fn environment(page: &mut Page, level: usize, spec: &Value) {
    let from = items(spec, "/envFrom").map(|from| {
        let (kind, reference) = match (from.get("configMapRef"), from.get("secretRef")) {
            (Some(reference), _) => ("ConfigMap", reference),
            (None, reference) => ("Secret", reference.unwrap_or(&Value::Null)),
        };
        format!("all of {kind} {}", text(reference, "/name"))
    });
    let all = from.chain(items(spec, "/env").map(variable)).collect::<Vec<_>>();
    if !all.is_empty() {
        page.list(level, "Environment", all);
    }
}

fn variable(variable: &Value) -> String {
    let source = &variable["valueFrom"];
    let of = |kind: &str, at: &str| {
        source.get(at).map(|reference| format!("<{} of {kind} {}>", text(reference, "/key"), text(reference, "/name")))
    };
    let field = source.get("fieldRef").map(|field| format!("<{}>", text(field, "/fieldPath")));
    let resource = source.get("resourceFieldRef").map(|field| format!("<{}>", text(field, "/resource")));
    let from = of("ConfigMap", "configMapKeyRef").or_else(|| of("Secret", "secretKeyRef")).or(field).or(resource);
    format!("{}={}", text(variable, "/name"), from.unwrap_or_else(|| text(variable, "/value").to_owned()))
}

fn mounts(page: &mut Page, level: usize, spec: &Value) {
    let all = items(spec, "/volumeMounts").map(|mount| {
        let mode = if flag(mount, "/readOnly") { "ro" } else { "rw" };
        format!("{} from {} ({mode})", text(mount, "/mountPath"), text(mount, "/name"))
    });
    let all: Vec<String> = all.collect();
    if !all.is_empty() {
        page.list(level, "Mounts", all);
    }
}

fn volumes(page: &mut Page, pod: &Value) {
    let all = items(pod, "/spec/volumes").map(|volume| {
        let source = members(volume, "").find(|(key, _)| *key != "name");
        let (kind, source) = source.map_or(("", &Value::Null), |(kind, source)| (kind.as_str(), source));
        let what = ["/name", "/secretName", "/claimName", "/path"].into_iter().map(|at| text(source, at));
        let what = what.into_iter().find(|what| !what.is_empty()).unwrap_or_default();
        format!("{}: {kind} {what}", name_of(volume)).trim_end().to_owned()
    });
    let all: Vec<String> = all.collect();
    if !all.is_empty() {
        page.list(0, "Volumes", all);
    }
}

fn toleration(toleration: &Value) -> String {
    let key = match (text(toleration, "/key"), text(toleration, "/value")) {
        (key, "") => key.to_owned(),
        (key, value) => format!("{key}={value}"),
    };
    let effect = text(toleration, "/effect");
    let place = if effect.is_empty() { key } else { format!("{key}:{effect}") };
    let seconds = toleration.get("tolerationSeconds").and_then(Value::as_i64);
    let operator = if text(toleration, "/operator") == "Exists" { " op=Exists" } else { "" };
    format!("{place}{operator}{}", seconds.map(|s| format!(" for {s}s")).unwrap_or_default())
}

/// A line for a Pod on another object's page.
pub(super) fn line(pod: &Value) -> Vec<String> {
    let statuses = || items(pod, "/status/containerStatuses");
    let ready = statuses().filter(|status| flag(status, "/ready")).count();
    let waiting = statuses().find_map(|status| status.pointer("/state/waiting/reason")).map(plain);
    vec![
        name(pod).to_owned(),
        format!("{ready}/{}", items(pod, "/spec/containers").count()),
        waiting.unwrap_or_else(|| status(pod)),
        statuses().map(|status| number(status, "/restartCount")).sum::<i64>().to_string(),
        text(pod, "/spec/nodeName").to_owned(),
    ]
}
