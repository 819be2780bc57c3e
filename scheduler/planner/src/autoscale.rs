//! HorizontalPodAutoscalers: how many replicas a target should have, from what its Pods use.
//!
//! One decision: the target and its Pods are found (`target`), each metric proposes a number (`metric`, `replicas`), the
//! highest of them is the wish, and windows, rates and bounds (`limits`, `history`) say how far towards it the target
//! may go now. What is told is in `status`.
//!
//! Nothing is asked for: a decision is made when hosts have told something new, when an autoscaler or its target has
//! changed, and when a window or a period of a policy has passed. Without an autoscaler nothing happens here at all.
//! Number and reasons are Kubernetes'; there they are looked at every fifteen seconds.

mod history;
mod limits;
mod metric;
mod replicas;
mod status;
mod target;

use api::NamespacedName;
use api::autoscaling::HorizontalPodAutoscaler;
use api::resource::HORIZONTAL_POD_AUTOSCALERS;
use jiff::Timestamp;
use serde_json::json;

pub use history::{Scaling, Scalings};

use crate::{EventKind, Part, Plan, Snapshot, namespaces, object};
use limits::Limits;
use metric::Outcome;
use status::Report;
use target::{Scaled, Targets};

/// Decides the number of every autoscaler's target.
pub(crate) fn plan(snapshot: &Snapshot) -> Plan {
    let mut plan = Plan::default();
    let mut scalings = Scalings::new();
    let targets = Targets::of(snapshot);
    for (name, autoscaler) in snapshot.autoscalers.iter() {
        let uid = object::uid(&autoscaler.metadata);
        let mut scaling = snapshot.scalings.get(uid).cloned().unwrap_or_default();
        let is_leaving =
            object::is_terminating(&autoscaler.metadata) || namespaces::is_terminating(snapshot, &name.namespace);
        if !is_leaving && plan.actions.len() < snapshot.config.actions_max {
            Turn { snapshot, targets: &targets, name, autoscaler, limits: Limits::of(&autoscaler.spec) }
                .take(&mut scaling, &mut plan);
        }
        scalings.insert(uid.to_owned(), scaling);
    }
    plan.scalings = Some(scalings);
    plan
}

/// One autoscaler at one moment.
struct Turn<'a> {
    snapshot: &'a Snapshot,
    targets: &'a Targets<'a>,
    name: &'a NamespacedName,
    autoscaler: &'a HorizontalPodAutoscaler,
    limits: Limits,
}

/// What is wished for, and why.
struct Wish {
    replicas: i64,
    reason: String,
}

impl Turn<'_> {
    fn take(&self, scaling: &mut Scaling, plan: &mut Plan) {
        let mut report = Report::of(self.autoscaler, self.snapshot.now);
        match self.targets.scaled(self.name) {
            Err(why) => {
                let message = format!("the HPA controller was unable to get the target's current scale: {why}");
                report.fail("AbleToScale", "FailedGetScale", &message, why);
            }
            Ok(scaled) => {
                report.able("SucceededGetScale", "the HPA controller was able to get the target's current scale");
                self.scale(scaled, scaling, &mut report, plan);
            }
        }
        report.tell(scaling, plan);
    }

    fn scale(&self, scaled: &Scaled<'_>, scaling: &mut Scaling, report: &mut Report<'_>, plan: &mut Plan) {
        let (now, current) = (self.snapshot.now, scaled.replicas);
        report.current_replicas = current;
        report.desired_replicas = current;
        let step = scaling.observe(current, now);
        let wish = self.wish(scaled, scaling, report, plan);
        if let Some(step) = step {
            report.scaled(step.at, current);
        }
        let Some(wish) = wish else { return };
        report.desired_replicas = wish.replicas;
        if wish.replicas == current {
            return;
        }
        scaling.step(current, wish.replicas, now);
        let patch = json!({"spec": {"replicas": wish.replicas}});
        plan.actions.push(object::guarded_patch(scaled.resource, scaled.meta, Part::Scale, patch));
        let message = format!("New size: {}; reason: {}", wish.replicas, wish.reason);
        let (resource, meta) = (&HORIZONTAL_POD_AUTOSCALERS, &self.autoscaler.metadata);
        plan.actions.push(object::event(resource, meta, EventKind::Normal, "SuccessfulRescale", message));
    }

    /// The number that the target should have now; `None` if that cannot be said.
    fn wish(
        &self,
        scaled: &Scaled<'_>,
        scaling: &mut Scaling,
        report: &mut Report<'_>,
        plan: &mut Plan,
    ) -> Option<Wish> {
        let (current, Limits { least, most, .. }) = (scaled.replicas, &self.limits);
        let wish = |replicas, reason: &str| Some(Wish { replicas, reason: reason.to_owned() });
        if current == 0 && *least != 0 {
            let why = "scaling is disabled since the replica count of the target is zero";
            report.set("ScalingActive", false, "ScalingDisabled", why);
            return None;
        }
        if current > *most {
            return wish(*most, "Current number of replicas above Spec.MaxReplicas");
        }
        if current < *least {
            return wish(*least, "Current number of replicas below Spec.MinReplicas");
        }
        let (proposed, name) = self.proposed(scaled, report)?;
        scaling.wish(proposed, current, self.snapshot.now);
        let replicas = self.within(proposed, current, scaling, report, plan);
        let reason =
            if replicas > current { format!("{name} above target") } else { "All metrics below target".into() };
        Some(Wish { replicas, reason })
    }

    /// The highest number that a metric asks for, and its name. One that cannot be read keeps replicas from being taken
    /// away.
    fn proposed(&self, scaled: &Scaled<'_>, report: &mut Report<'_>) -> Option<(i64, String)> {
        if let Err((reason, message)) = self.targets.check(self.name, scaled) {
            report.fail("ScalingActive", reason, &message.clone(), message);
            return None;
        }
        let reader = metric::Reader { snapshot: self.snapshot, scaled, tolerance: self.limits.tolerance() };
        let specs = self.autoscaler.spec.metrics.as_deref().unwrap_or_default();
        let outcomes: Vec<Outcome> = specs.iter().map(|spec| reader.read(spec)).collect();
        report.metrics = Some(outcomes.iter().map(|outcome| outcome.status.clone()).collect());
        let mut best: Option<(i64, String)> = None;
        for outcome in &outcomes {
            if let Ok(replicas) = outcome.replicas
                && best.as_ref().is_none_or(|(most, _)| replicas > *most)
            {
                best = Some((replicas, outcome.name.clone()));
            }
        }
        let failed: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.replicas.as_ref().err()).collect();
        if let Some(first) = failed.first()
            && best.as_ref().is_none_or(|(replicas, _)| *replicas < scaled.replicas)
        {
            let message = format!("the HPA was unable to compute the replica count: {}", first.message);
            let count = format!("invalid metrics ({} invalid out of {})", failed.len(), outcomes.len());
            let event = format!("{count}, first error is: {}", first.message);
            report.fail("ScalingActive", first.reason, &message, event);
            return None;
        }
        let (_, name) = best.as_ref()?;
        let why = format!("the HPA was able to successfully calculate a replica count from {name}");
        report.set("ScalingActive", true, "ValidMetricFound", &why);
        best
    }

    /// What windows, rates and bounds leave of a wish.
    fn within(&self, proposed: i64, current: i64, scaling: &Scaling, report: &mut Report<'_>, plan: &mut Plan) -> i64 {
        let now = self.snapshot.now;
        let mut wake = |at: Option<Timestamp>| at.into_iter().for_each(|at| plan.wake(at));
        let (stable, until) = self.limits.stabilize(scaling, current, proposed, now);
        wake(until);
        if stable == proposed {
            report.able("ReadyForNewScale", "recommended size matches current size");
        } else if proposed >= current {
            let why = "recent recommendations were lower than current one, applying the lowest recent recommendation";
            report.able("ScaleUpStabilized", why);
        } else {
            let why = "recent recommendations were higher than current one, applying the highest recent recommendation";
            report.able("ScaleDownStabilized", why);
        }
        let limited = self.limits.limit(scaling, current, stable, now);
        wake(limited.wake_at);
        report.set("ScalingLimited", limited.is_limited, limited.reason, limited.message);
        limited.replicas
    }
}

#[cfg(test)]
mod tests;
