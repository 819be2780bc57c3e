//! What is told of an autoscaler: its status, and what went wrong as events.
//!
//! Conditions and numbers are written when they change. What metrics say changes all the time, so it alone is written
//! no more often than Kubernetes writes it.

use std::time::Duration;

use api::autoscaling::{HorizontalPodAutoscaler, HorizontalPodAutoscalerCondition, HorizontalPodAutoscalerStatus};
use api::meta::Time;
use api::resource::HORIZONTAL_POD_AUTOSCALERS;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::history::Scaling;
use crate::{EventKind, Part, Plan, object};

/// Shortest time between two writes of what only metrics say.
const METRICS_EVERY: Duration = Duration::from_secs(15);

/// The status as it becomes.
pub(super) struct Report<'a> {
    autoscaler: &'a HorizontalPodAutoscaler,
    now: Timestamp,
    pub current_replicas: i64,
    pub desired_replicas: i64,
    /// `None`: as before.
    pub metrics: Option<Vec<Value>>,
    last_scale_time: Option<Time>,
    conditions: Vec<HorizontalPodAutoscalerCondition>,
    /// Reason and sentence of a warning, if the condition it belongs to is news.
    warning: Option<(&'static str, String)>,
}

impl<'a> Report<'a> {
    pub(super) fn of(autoscaler: &'a HorizontalPodAutoscaler, now: Timestamp) -> Self {
        let before = autoscaler.status.as_ref();
        let number = |of: fn(&HorizontalPodAutoscalerStatus) -> i32| before.map_or(0, |before| of(before).into());
        Self {
            autoscaler,
            now,
            current_replicas: number(|before| before.current_replicas.unwrap_or(0)),
            desired_replicas: number(|before| before.desired_replicas),
            metrics: None,
            last_scale_time: before.and_then(|before| before.last_scale_time.clone()),
            conditions: before.and_then(|before| before.conditions.clone()).unwrap_or_default(),
            warning: None,
        }
    }

    /// A step that was asked for has been taken.
    pub(super) fn scaled(&mut self, at: Timestamp, replicas: i64) {
        self.last_scale_time = Some(Time(whole_second(at)));
        let why = format!("the HPA controller was able to update the target scale to {replicas}");
        self.able("SucceededRescale", &why);
    }

    /// It can scale.
    pub(super) fn able(&mut self, reason: &'static str, message: &str) {
        self.set("AbleToScale", true, reason, message);
    }

    /// It cannot go on, and says so if that is news.
    pub(super) fn fail(&mut self, type_: &'static str, reason: &'static str, message: &str, event: String) {
        let before = self.conditions.iter().find(|condition| condition.type_ == type_);
        let is_news = before.is_none_or(|before| {
            before.reason.as_deref() != Some(reason) || before.message.as_deref() != Some(message)
        });
        self.set(type_, false, reason, message);
        self.warning = is_news.then_some((reason, event));
    }

    pub(super) fn set(&mut self, type_: &'static str, holds: bool, reason: &'static str, message: &str) {
        let status = if holds { "True" } else { "False" };
        let at = self.conditions.iter().position(|condition| condition.type_ == type_);
        let same = at.map(|at| &self.conditions[at]).filter(|before| before.status == status);
        let since = same.and_then(|before| before.last_transition_time.clone());
        let condition = HorizontalPodAutoscalerCondition {
            type_: type_.to_owned(),
            status: status.to_owned(),
            reason: Some(reason.to_owned()),
            message: Some(message.to_owned()),
            observed_generation: None,
            last_transition_time: since.or_else(|| Some(Time(whole_second(self.now)))),
        };
        match at {
            Some(at) => self.conditions[at] = condition,
            None => self.conditions.push(condition),
        }
    }

    /// Writes what is news.
    pub(super) fn tell(self, scaling: &mut Scaling, plan: &mut Plan) {
        let (resource, meta) = (&HORIZONTAL_POD_AUTOSCALERS, &self.autoscaler.metadata);
        let before = json!(self.autoscaler.status);
        let next = self.status();
        let only_metrics = differ_in(&before, &next) == ["currentMetrics"];
        let due = scaling.told_at.map(|at| object::after(at, METRICS_EVERY)).filter(|due| *due > self.now);
        match due {
            Some(due) if only_metrics => plan.wake(due),
            _ if before == next => {}
            _ => {
                scaling.told_at = Some(self.now);
                plan.actions.push(object::patch(resource, meta, Part::Status, json!({"status": next})));
            }
        }
        if let Some((reason, message)) = self.warning {
            plan.actions.push(object::event(resource, meta, EventKind::Warning, reason, message));
        }
    }

    fn status(&self) -> Value {
        let number = |n: i64| i32::try_from(n).unwrap_or(i32::MAX);
        let before = self.autoscaler.status.as_ref();
        let mut status = json!({
            "currentReplicas": number(self.current_replicas),
            "desiredReplicas": number(self.desired_replicas),
            "conditions": self.conditions,
        });
        let metrics = self.metrics.as_ref().map(|metrics| json!(metrics));
        let metrics = metrics.or_else(|| Some(json!(before?.current_metrics.as_ref()?)));
        let observed = self.autoscaler.metadata.generation;
        let optional = [
            ("currentMetrics", metrics),
            ("lastScaleTime", self.last_scale_time.as_ref().map(|time| json!(time))),
            ("observedGeneration", observed.map(|generation| json!(generation))),
        ];
        for (field, value) in optional {
            if let Some(value) = value {
                status[field] = value;
            }
        }
        status
    }
}

/// As the API keeps times.
fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// The fields of `next` that are not as they were.
fn differ_in(before: &Value, next: &Value) -> Vec<String> {
    let fields = next.as_object().into_iter().flatten();
    fields.filter(|(field, value)| before.get(field.as_str()) != Some(value)).map(|(field, _)| field.clone()).collect()
}
