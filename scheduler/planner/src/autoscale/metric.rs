//! What one metric of an autoscaler proposes.
//!
//! CPU and memory are what hosts measured in containers; the one Pods metric is requests in flight. Others come from
//! adapters in Kubernetes, and there are none here.

use std::time::Duration;

use api::autoscaling::{MetricSpec, MetricTarget};
use api::core::{Container, Pod};
use api::label::REQUESTS_IN_FLIGHT;
use api::quantity::{self, of_millis};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::replicas::{Amount, Goal, Group, Proposal, Tolerance, propose};
use super::target::Scaled;
use crate::pod;
use crate::usage::{PodUsage, Span};
use crate::{Snapshot, object};

/// How long a new Pod's CPU counts only once it has been ready for a whole measurement: starting takes more than
/// serving (Kubernetes: `--horizontal-pod-autoscaler-cpu-initialization-period`).
const INITIALIZATION: Duration = Duration::from_secs(300);
/// A Pod that lost its readiness so soon after its start has never been ready (`--horizontal-pod-autoscaler-initial-readiness-delay`).
const INITIAL_READINESS: Duration = Duration::from_secs(30);

/// What a metric came to.
#[derive(Debug)]
pub(super) struct Outcome {
    /// As reasons have it.
    pub name: String,
    /// A v2 MetricStatus.
    pub status: Value,
    pub replicas: Result<i64, Failure>,
}

/// Why a metric says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub reason: &'static str,
    pub message: String,
}

/// What is measured of a Pod, in thousandths.
#[derive(Debug, Clone, Copy)]
enum Gauge<'a> {
    /// `cpu` or `memory`: of one container, or of all.
    Resource {
        name: &'a str,
        container: Option<&'a str>,
    },
    Requests,
}

/// Reads metrics of one target.
pub(super) struct Reader<'a> {
    pub snapshot: &'a Snapshot,
    pub scaled: &'a Scaled<'a>,
    pub tolerance: Tolerance,
}

impl Reader<'_> {
    pub(super) fn read(&self, spec: &MetricSpec) -> Outcome {
        if let (Some(source), "Resource") = (&spec.resource, spec.type_.as_str()) {
            let gauge = Gauge::Resource { name: &source.name, container: None };
            let shape = |current| json!({"type": "Resource", "resource": {"name": source.name, "current": current}});
            return self.resource(gauge, "FailedGetResourceMetric", &source.name, &source.target, shape);
        }
        if let (Some(source), "ContainerResource") = (&spec.container_resource, spec.type_.as_str()) {
            let gauge = Gauge::Resource { name: &source.name, container: Some(&source.container) };
            let shape = |current| {
                let about = json!({"name": source.name, "container": source.container, "current": current});
                json!({"type": "ContainerResource", "containerResource": about})
            };
            let name = format!("{} container", source.name);
            return self.resource(gauge, "FailedGetContainerResourceMetric", &name, &source.target, shape);
        }
        if let (Some(source), "Pods") = (&spec.pods, spec.type_.as_str()) {
            let metric = &source.metric.name;
            let shape = |current| json!({"type": "Pods", "pods": {"metric": source.metric, "current": current}});
            let proposal = self.requests(metric, source.metric.selector.is_some(), &source.target);
            let name = format!("pods metric {metric}");
            return outcome(name, "FailedGetPodsMetric", proposal, shape);
        }
        adapted(spec)
    }

    fn resource(
        &self,
        gauge: Gauge<'_>,
        reason: &'static str,
        name: &str,
        target: &MetricTarget,
        shape: impl Fn(Value) -> Value,
    ) -> Outcome {
        let (goal, kind) = match (target.average_utilization, &target.average_value) {
            (Some(percent), _) => {
                (Ok(Goal::Utilization(percent.into())), " resource utilization (percentage of request)")
            }
            (None, Some(value)) => (quantity::parse_millis(&value.0).map(Goal::Average), " resource"),
            (None, None) => (Err("neither a utilization nor a value is wanted".to_owned()), " resource"),
        };
        let proposal = goal.and_then(|goal| self.propose(gauge, goal));
        let proposal = proposal.map_err(|why| format!("failed to get {name}{}: {why}", suffix(kind)));
        outcome(format!("{name}{kind}"), reason, proposal, shape)
    }

    fn requests(&self, metric: &str, is_selective: bool, target: &MetricTarget) -> Result<Proposal, String> {
        let failed = |why: &str| format!("failed to get pods metric value: unable to get metric {metric}: {why}");
        if metric != REQUESTS_IN_FLIGHT {
            return Err(failed(&format!("no such metric is measured here; there is {REQUESTS_IN_FLIGHT}")));
        }
        if is_selective {
            return Err(failed("it has no series to select from"));
        }
        let wanted = target.average_value.as_ref().ok_or_else(|| failed("no averageValue is wanted"))?;
        let wanted = quantity::parse_millis(&wanted.0).map_err(|why| failed(&why))?;
        self.propose(Gauge::Requests, Goal::Average(wanted)).map_err(|why| failed(&why))
    }

    fn propose(&self, gauge: Gauge<'_>, goal: Goal) -> Result<Proposal, String> {
        if let Gauge::Resource { name, .. } = gauge
            && !matches!(name, "cpu" | "memory")
        {
            return Err(format!("resource {name} is not measured here; cpu and memory are"));
        }
        let group = self.group(gauge, goal)?;
        let proposed = propose(self.scaled.replicas, &group, goal, self.tolerance);
        proposed.ok_or_else(|| match (gauge, self.scaled.pods.is_empty()) {
            (_, true) => "no pods returned by selector while calculating replica count".to_owned(),
            (Gauge::Resource { name, .. }, _) if group.unready.is_empty() => {
                format!("unable to get metrics for resource {name}: no metrics are known of the target's pods yet")
            }
            _ => "did not receive metrics for targeted pods (pods might be unready)".to_owned(),
        })
    }

    /// The target's Pods, by what is known of them. Those on their way out count for nothing.
    fn group(&self, gauge: Gauge<'_>, goal: Goal) -> Result<Group, String> {
        let mut group = Group::default();
        for (name, pod) in self.scaled.pods.iter().filter(|(_, pod)| pod::is_active(pod)) {
            let requested = match (goal, gauge) {
                (Goal::Utilization(_), Gauge::Resource { name: resource, container }) => {
                    requested(name.name.as_str(), pod, resource, container)?
                }
                _ => 0,
            };
            let found = self.usage(pod).and_then(|(usage, span)| Some((gauge.read(usage)?, span)));
            match found {
                _ if pod::phase(pod) == "Pending" => group.unready.push(Amount { used: 0, requested }),
                None => group.missing.push(Amount { used: 0, requested }),
                Some((_, span)) if gauge.wants_readiness() && !is_settled(pod, span, self.snapshot.now) => {
                    group.unready.push(Amount { used: 0, requested });
                }
                Some((used, _)) => group.ready.push(Amount { used, requested }),
            }
        }
        Ok(group)
    }

    fn usage(&self, pod: &Pod) -> Option<(&PodUsage, Span)> {
        let node = pod::node(pod)?;
        let session = self.snapshot.sessions.get(node);
        self.snapshot.usage.of_pod(node, object::uid(&pod.metadata), session, self.snapshot.now)
    }
}

/// ` utilization` or ` value`: how failures name what was wanted.
fn suffix(kind: &str) -> &'static str {
    if kind.contains("utilization") { " utilization" } else { " usage" }
}

impl Gauge<'_> {
    /// Thousandths of a core, of a byte, of a request.
    fn read(self, usage: &PodUsage) -> Option<i64> {
        let clamp = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let Self::Resource { name, container } = self else { return Some(clamp(usage.requests_milli)) };
        let of = usage.containers.iter().filter(|(own, _)| container.is_none_or(|container| *own == container));
        let amounts: Vec<_> = of.map(|(_, amounts)| *amounts).collect();
        let millis = |amounts: &crate::Amounts| match name {
            "cpu" => amounts.cpu_nanos.div_ceil(1_000_000),
            _ => amounts.memory_bytes.saturating_mul(1000),
        };
        (!amounts.is_empty()).then(|| clamp(amounts.iter().map(millis).fold(0, u64::saturating_add)))
    }

    /// Only CPU says something else while a Pod starts.
    fn wants_readiness(self) -> bool {
        matches!(self, Self::Resource { name: "cpu", .. })
    }
}

/// Whether what a Pod computes is what it computes when it serves.
fn is_settled(pod: &Pod, span: Span, now: Timestamp) -> bool {
    let started = pod.status.as_ref().and_then(|status| status.start_time.as_ref()).map(|time| time.0);
    let (Some(ready), Some(started)) = (pod::condition(pod, "Ready"), started) else { return false };
    let turned = ready.last_transition_time.as_ref().map_or(started, |time| time.0);
    if object::after(started, INITIALIZATION) > now {
        ready.status != "False" && span.at >= object::after(turned, span.window)
    } else {
        ready.status != "False" || turned >= object::after(started, INITIAL_READINESS)
    }
}

/// What a Pod asked for, in thousandths.
fn requested(name: &str, pod: &Pod, resource: &str, container: Option<&str>) -> Result<i64, String> {
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let of: Vec<&Container> = containers.filter(|own| container.is_none_or(|wanted| own.name == wanted)).collect();
    if let (Some(container), true) = (container, of.is_empty()) {
        return Err(format!("container {container} not present in metrics for pod {name}"));
    }
    let mut total = 0_i64;
    for container in of {
        let resources = container.resources.as_ref();
        // What has only a limit asks for it.
        let asked = resources.and_then(|resources| resources.requests.as_ref()?.get(resource));
        let asked = asked.or_else(|| resources.and_then(|resources| resources.limits.as_ref()?.get(resource)));
        let millis = asked.and_then(|asked| quantity::parse_millis(&asked.0).ok());
        let missing = || format!("missing request for {resource} in container {} of Pod {name}", container.name);
        total = total.saturating_add(millis.ok_or_else(missing)?);
    }
    Ok(total)
}

fn outcome(
    name: String,
    reason: &'static str,
    proposal: Result<Proposal, String>,
    shape: impl Fn(Value) -> Value,
) -> Outcome {
    let current = proposal.as_ref().map_or_else(|_| json!({}), current);
    let replicas = proposal.map(|proposal| proposal.replicas).map_err(|message| Failure { reason, message });
    Outcome { name, status: shape(current), replicas }
}

/// A v2 MetricValueStatus.
fn current(proposal: &Proposal) -> Value {
    let mut current = json!({"averageValue": of_millis(u64::try_from(proposal.average).unwrap_or(0))});
    if let Some(utilization) = proposal.utilization {
        current["averageUtilization"] = json!(i32::try_from(utilization).unwrap_or(i32::MAX));
    }
    current
}

/// Metrics that only an adapter could tell.
fn adapted(spec: &MetricSpec) -> Outcome {
    let type_ = spec.type_.as_str();
    let (reason, status) = match (&spec.object, &spec.external) {
        (Some(source), _) => {
            let about = json!({"describedObject": source.described_object, "metric": source.metric, "current": {}});
            ("FailedGetObjectMetric", json!({"type": "Object", "object": about}))
        }
        (None, Some(source)) => {
            let about = json!({"metric": source.metric, "current": {}});
            ("FailedGetExternalMetric", json!({"type": "External", "external": about}))
        }
        (None, None) => ("InvalidMetricSourceType", json!({"type": type_})),
    };
    let why = format!("no metrics of type {type_} are served here; Resource, ContainerResource and Pods are");
    Outcome { name: format!("{type_} metric"), status, replicas: Err(Failure { reason, message: why }) }
}
