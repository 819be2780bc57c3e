//! How far a rolling update may stray from the wanted number of replicas (C53).

use api::IntOrString;
use api::apps::{DeploymentSpec, DeploymentStrategy};

use crate::share::{self, Round};

/// Bounds of a rolling update, in replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// Replicas above the wanted number.
    pub surge: i32,
    /// Replicas below the wanted number that may be unavailable.
    pub unavailable: i32,
}

/// What an absent bound means.
const DEFAULT_PERCENT: i64 = 25;

impl Limits {
    /// Surge rounds up, unavailable rounds down; if both were zero nothing could move, so one
    /// replica may then be unavailable. Recreate has no bounds to speak of.
    pub(super) fn of(spec: &DeploymentSpec, replicas: i32) -> Self {
        if is_recreate(spec) {
            return Self { surge: 0, unavailable: 0 };
        }
        let rolling = spec.strategy.as_ref().and_then(|strategy| strategy.rolling_update.as_ref());
        let surge = resolve(rolling.and_then(|r| r.max_surge.as_ref()), replicas, Round::Up);
        let unavailable = resolve(rolling.and_then(|r| r.max_unavailable.as_ref()), replicas, Round::Down);
        if surge == 0 && unavailable == 0 && replicas > 0 {
            return Self { surge: 0, unavailable: 1 };
        }
        Self { surge, unavailable: unavailable.min(replicas) }
    }
}

pub(super) fn is_recreate(spec: &DeploymentSpec) -> bool {
    let strategy: Option<&DeploymentStrategy> = spec.strategy.as_ref();
    strategy.and_then(|strategy| strategy.type_.as_deref()) == Some("Recreate")
}

fn resolve(bound: Option<&IntOrString>, replicas: i32, round: Round) -> i32 {
    let resolved = bound.and_then(|bound| share::resolve(bound, replicas, round));
    resolved.unwrap_or_else(|| share::percent(DEFAULT_PERCENT, replicas, round))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(replicas: i32, surge: &str, unavailable: &str) -> (i32, i32) {
        let bound = |text: &str| text.parse().map_or_else(|_| IntOrString::String(text.to_owned()), IntOrString::Int);
        let mut spec = DeploymentSpec::default();
        let rolling = spec.strategy.get_or_insert_default().rolling_update.get_or_insert_default();
        rolling.max_surge = Some(bound(surge));
        rolling.max_unavailable = Some(bound(unavailable));
        let limits = Limits::of(&spec, replicas);
        (limits.surge, limits.unavailable)
    }

    // C53
    #[test]
    fn surge_rounds_up_and_unavailable_down_and_never_both_are_zero() {
        assert_eq!(check(3, "25%", "25%"), (1, 0));
        assert_eq!(check(4, "25%", "25%"), (1, 1));
        assert_eq!(check(10, "25%", "25%"), (3, 2));
        assert_eq!(check(3, "0", "25%"), (0, 1));
        assert_eq!(check(3, "0%", "0"), (0, 1));
        assert_eq!(check(2, "5", "9"), (5, 2));
        assert_eq!(check(0, "25%", "25%"), (0, 0));
        assert_eq!(Limits::of(&DeploymentSpec::default(), 10), Limits { surge: 3, unavailable: 2 });
    }
}
