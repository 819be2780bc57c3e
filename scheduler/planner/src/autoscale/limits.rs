//! How far an autoscaler may go at once: `minReplicas`, `maxReplicas`, and the policies of its behavior.
//!
//! Without a behavior the documented defaults hold: up by four Pods or by as many as there are, whichever is more,
//! within fifteen seconds; down by any number, once nothing else was wished for in five minutes.

use std::time::Duration;

use api::autoscaling::{HPAScalingRules, HorizontalPodAutoscalerSpec};
use api::quantity;
use jiff::Timestamp;

use super::history::{Direction, Scaling};
use super::replicas::Tolerance;

const STABLE_DOWN: Duration = Duration::from_secs(300);
const PERIOD: Duration = Duration::from_secs(15);
const TOLERANCE_NANOS: i64 = 100_000_000;

/// Everything that bounds an autoscaler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Limits {
    pub least: i64,
    pub most: i64,
    up: Rules,
    down: Rules,
}

/// What bounds it in one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rules {
    window: Duration,
    select: Select,
    policies: Vec<Policy>,
    tolerance_nanos: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Select {
    /// The policy that allows the most change.
    Max,
    Min,
    Disabled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Policy {
    change: Change,
    period: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Pods(i64),
    Percent(i64),
}

/// What became of a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limited {
    pub replicas: i64,
    pub is_limited: bool,
    pub reason: &'static str,
    pub message: &'static str,
    /// When time alone allows more.
    pub wake_at: Option<Timestamp>,
}

impl Limited {
    fn new(replicas: i64, is_limited: bool, reason: &'static str, message: &'static str) -> Self {
        Self { replicas, is_limited, reason, message, wake_at: None }
    }
}

impl Limits {
    pub(super) fn of(spec: &HorizontalPodAutoscalerSpec) -> Self {
        let behavior = spec.behavior.as_ref();
        let whole = Policy { change: Change::Percent(100), period: PERIOD };
        let four = Policy { change: Change::Pods(4), period: PERIOD };
        let up = behavior.and_then(|behavior| behavior.scale_up.as_ref());
        let down = behavior.and_then(|behavior| behavior.scale_down.as_ref());
        Self {
            least: spec.min_replicas.unwrap_or(1).into(),
            most: spec.max_replicas.into(),
            up: Rules::of(up, Duration::ZERO, &[four, whole]),
            down: Rules::of(down, STABLE_DOWN, &[whole]),
        }
    }

    pub(super) fn tolerance(&self) -> Tolerance {
        Tolerance { up: self.up.tolerance_nanos, down: self.down.tolerance_nanos }
    }

    /// The wish after its windows: what the present number may move to. With it, when it may move further.
    pub(super) fn stabilize(
        &self,
        scaling: &Scaling,
        current: i64,
        wish: i64,
        now: Timestamp,
    ) -> (i64, Option<Timestamp>) {
        let (up, up_until) = scaling.stabilized(Direction::Up, wish, self.up.window, now);
        let (down, down_until) = scaling.stabilized(Direction::Down, wish, self.down.window, now);
        let kept = current.max(up).min(down);
        let until = if wish >= current { up_until } else { down_until };
        (kept, until.filter(|_| kept != wish))
    }

    /// The wish within rates and bounds.
    pub(super) fn limit(&self, scaling: &Scaling, current: i64, wish: i64, now: Timestamp) -> Limited {
        if wish > current {
            let rate = self.up.up_to(scaling, current, now).max(current);
            let allowed = rate.min(self.most);
            if wish > allowed && self.most > rate {
                let why = "the desired replica count is increasing faster than the maximum scale rate";
                return self.up.later(Limited::new(allowed, true, "ScaleUpLimit", why), scaling, now);
            }
            if wish > allowed {
                let why = "the desired replica count is more than the maximum replica count";
                return Limited::new(allowed, true, "TooManyReplicas", why);
            }
        } else if wish < current {
            let rate = self.down.down_to(scaling, current, now).min(current);
            let allowed = rate.max(self.least);
            if wish < allowed && self.least < rate {
                let why = "the desired replica count is decreasing faster than the maximum scale rate";
                return self.down.later(Limited::new(allowed, true, "ScaleDownLimit", why), scaling, now);
            }
            if wish < allowed {
                let why = "the desired replica count is less than the minimum replica count";
                return Limited::new(allowed, true, "TooFewReplicas", why);
            }
        }
        Limited::new(wish, false, "DesiredWithinRange", "the desired count is within the acceptable range")
    }
}

impl Rules {
    fn of(rules: Option<&HPAScalingRules>, window: Duration, policies: &[Policy]) -> Self {
        let seconds = rules.and_then(|rules| rules.stabilization_window_seconds);
        let tolerance = rules.and_then(|rules| rules.tolerance.as_ref());
        let own = rules.and_then(|rules| rules.policies.as_deref()).unwrap_or_default();
        let own: Vec<_> =
            own.iter().map(|policy| Policy::of(&policy.type_, policy.value, policy.period_seconds)).collect();
        Self {
            window: seconds.map_or(window, |seconds| Duration::from_secs(u64::try_from(seconds).unwrap_or(0))),
            select: match rules.and_then(|rules| rules.select_policy.as_deref()) {
                Some("Disabled") => Select::Disabled,
                Some("Min") => Select::Min,
                Some(_) | None => Select::Max,
            },
            policies: if own.is_empty() { policies.to_vec() } else { own },
            tolerance_nanos: tolerance.and_then(|q| quantity::parse_nanos(&q.0).ok()).unwrap_or(TOLERANCE_NANOS),
        }
    }

    /// The highest number that is allowed now.
    fn up_to(&self, scaling: &Scaling, current: i64, now: Timestamp) -> i64 {
        let most = |policy: &Policy| {
            let start = policy.start(scaling, current, now);
            match policy.change {
                Change::Pods(pods) => start.saturating_add(pods),
                // Rounded up.
                Change::Percent(percent) => {
                    start.saturating_add(start.saturating_mul(percent).saturating_add(99).div_euclid(100))
                }
            }
        };
        let allowed = self.policies.iter().map(most);
        match self.select {
            Select::Max => allowed.max().unwrap_or(current),
            Select::Min => allowed.min().unwrap_or(current),
            Select::Disabled => current,
        }
    }

    /// The lowest number that is allowed now.
    fn down_to(&self, scaling: &Scaling, current: i64, now: Timestamp) -> i64 {
        let least = |policy: &Policy| {
            let start = policy.start(scaling, current, now);
            match policy.change {
                Change::Pods(pods) => start.saturating_sub(pods),
                // What is left is rounded down.
                Change::Percent(percent) => start.saturating_mul(100_i64.saturating_sub(percent)).div_euclid(100),
            }
        };
        let allowed = self.policies.iter().map(least);
        match self.select {
            Select::Max => allowed.min().unwrap_or(current),
            Select::Min => allowed.max().unwrap_or(current),
            Select::Disabled => current,
        }
    }

    fn later(&self, limited: Limited, scaling: &Scaling, now: Timestamp) -> Limited {
        let ends = self.policies.iter().filter_map(|policy| scaling.next_end(policy.period, now));
        Limited { wake_at: ends.min(), ..limited }
    }
}

impl Policy {
    fn of(type_: &str, value: i32, period_seconds: i32) -> Self {
        let value = value.max(0).into();
        let change = if type_ == "Percent" { Change::Percent(value) } else { Change::Pods(value) };
        Self { change, period: Duration::from_secs(u64::try_from(period_seconds).unwrap_or(0)) }
    }

    /// How many replicas there were when the present period began.
    fn start(&self, scaling: &Scaling, current: i64, now: Timestamp) -> i64 {
        current - scaling.changed(Direction::Up, self.period, now) + scaling.changed(Direction::Down, self.period, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn limits(behavior: Value) -> Limits {
        let spec =
            json!({"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": 2, "maxReplicas": 20});
        let mut spec: HorizontalPodAutoscalerSpec = serde_json::from_value(spec).unwrap();
        spec.behavior = serde_json::from_value(behavior).unwrap();
        Limits::of(&spec)
    }

    fn check(limits: &Limits, scaling: &Scaling, current: i64, wish: i64, wanted: (i64, &str)) {
        let limited = limits.limit(scaling, current, wish, at(100));
        assert_eq!((limited.replicas, limited.reason), wanted, "{current} -> {wish}");
    }

    // C62
    #[test]
    fn by_default_it_doubles_or_adds_four_and_takes_all_away() {
        let (limits, none) = (limits(Value::Null), Scaling::default());
        check(&limits, &none, 2, 20, (6, "ScaleUpLimit"));
        check(&limits, &none, 7, 20, (14, "ScaleUpLimit"));
        check(&limits, &none, 12, 30, (20, "TooManyReplicas"));
        check(&limits, &none, 3, 5, (5, "DesiredWithinRange"));
        check(&limits, &none, 9, 1, (2, "TooFewReplicas"));
        check(&limits, &none, 9, 3, (3, "DesiredWithinRange"));
        let mut stepped = Scaling::default();
        stepped.step(2, 6, at(95));
        stepped.observe(6, at(96));
        check(&limits, &stepped, 6, 20, (6, "ScaleUpLimit"));
        assert_eq!(limits.limit(&stepped, 6, 20, at(100)).wake_at, Some(at(110)));
        assert_eq!(limits.limit(&stepped, 6, 20, at(110)).replicas, 12);
    }

    #[test]
    fn policies_are_chosen_between() {
        let policies = json!([
            {"type": "Pods", "value": 1, "periodSeconds": 60},
            {"type": "Percent", "value": 30, "periodSeconds": 60},
        ]);
        let rules = |select: &str| json!({"policies": policies, "selectPolicy": select});
        let both = |select: &str| limits(json!({"scaleUp": rules(select), "scaleDown": rules(select)}));
        let none = Scaling::default();
        check(&both("Max"), &none, 10, 20, (13, "ScaleUpLimit"));
        check(&both("Min"), &none, 10, 20, (11, "ScaleUpLimit"));
        check(&both("Disabled"), &none, 10, 20, (10, "ScaleUpLimit"));
        check(&both("Max"), &none, 10, 2, (7, "ScaleDownLimit"));
        check(&both("Min"), &none, 10, 2, (9, "ScaleDownLimit"));
        check(&both("Disabled"), &none, 10, 2, (10, "ScaleDownLimit"));
        check(&both("Max"), &none, 3, 20, (4, "ScaleUpLimit"));
        check(&both("Max"), &none, 3, 2, (2, "DesiredWithinRange"));
    }

    // C62
    #[test]
    fn it_waits_five_minutes_to_take_away_and_not_at_all_to_add() {
        let limits = limits(Value::Null);
        let mut scaling = Scaling::default();
        scaling.wish(8, 4, at(0));
        assert_eq!(limits.stabilize(&scaling, 4, 8, at(0)), (8, None));
        scaling.wish(3, 8, at(10));
        assert_eq!(limits.stabilize(&scaling, 8, 3, at(10)), (8, Some(at(310))));
        assert_eq!(limits.stabilize(&scaling, 8, 3, at(310)), (3, None));
    }

    #[test]
    fn a_window_up_takes_the_lowest_wish() {
        let limits = limits(json!({"scaleUp": {"stabilizationWindowSeconds": 30}}));
        let mut scaling = Scaling::default();
        scaling.wish(4, 4, at(0));
        scaling.wish(9, 4, at(10));
        assert_eq!(limits.stabilize(&scaling, 4, 9, at(10)), (4, Some(at(40))));
        assert_eq!(limits.stabilize(&scaling, 4, 9, at(40)), (9, None));
    }
}
