//! Bounds that are a number of replicas or a percentage of all.

use api::IntOrString;

/// Which way a share that is no whole number goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Round {
    /// To the larger number.
    Up,
    /// To the smaller number.
    Down,
}

/// What a bound means for `total` replicas; `None` if it is a text that is no percentage.
pub(crate) fn resolve(bound: &IntOrString, total: i32, round: Round) -> Option<i32> {
    match bound {
        IntOrString::Int(number) => Some((*number).max(0)),
        IntOrString::String(text) => Some(percent(text.strip_suffix('%')?.parse().ok()?, total, round)),
    }
}

/// So many percent of `total`.
pub(crate) fn percent(percent: i64, total: i32, round: Round) -> i32 {
    let rest = match round {
        Round::Up => 99,
        Round::Down => 0,
    };
    let share = (percent.clamp(0, 100_000) * i64::from(total.max(0)) + rest) / 100;
    i32::try_from(share).unwrap_or(i32::MAX)
}
