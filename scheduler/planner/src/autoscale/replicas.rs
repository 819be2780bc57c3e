//! How many replicas a metric asks for: Kubernetes' documented formula, in whole numbers.
//!
//! `ceil(replicas * now / wanted)`, unless the two are about the same. Pods of which nothing is known, and Pods that
//! are not ready, are taken for what argues against a change: for busy when the rest says fewer, for idle when it
//! says more. So a guess never moves anything, and never turns the direction round.

/// What a Pod uses, and what it asked for, in one unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub used: i64,
    pub requested: i64,
}

/// The Pods of a target, by what is known of them. Of those that are not ready or not measured only what they asked for
/// counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Group {
    pub ready: Vec<Amount>,
    pub unready: Vec<Amount>,
    pub missing: Vec<Amount>,
}

/// What a metric should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// Percent of what was asked for.
    Utilization(i64),
    /// For each Pod.
    Average(i64),
}

/// How far a metric may be from its goal before anything is done, in billionths of the goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tolerance {
    pub up: i64,
    pub down: i64,
}

const ONE: i128 = 1_000_000_000;

/// What a metric comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Proposal {
    pub replicas: i64,
    /// Percent, if that is the goal.
    pub utilization: Option<i64>,
    /// For each Pod that is ready.
    pub average: i64,
}

/// What is, beside what should be.
#[derive(Debug, Clone, Copy)]
struct Ratio {
    now: i128,
    wanted: i128,
}

impl Ratio {
    fn is_above(self) -> bool {
        self.now > self.wanted
    }

    fn is_below(self) -> bool {
        self.now < self.wanted
    }

    /// So many times `count`, rounded up.
    fn times(self, count: usize) -> i64 {
        let product = self.now * i128::try_from(count).unwrap_or(i128::MAX >> 64);
        let rounded = product / self.wanted + i128::from(product % self.wanted > 0);
        i64::try_from(rounded).unwrap_or(i64::MAX)
    }
}

impl Tolerance {
    fn covers(self, ratio: Ratio) -> bool {
        let now = ratio.now * ONE;
        (ratio.wanted * (ONE - i128::from(self.down))..=ratio.wanted * (ONE + i128::from(self.up))).contains(&now)
    }
}

fn total(amounts: &[Amount], of: impl Fn(&Amount) -> i64) -> i128 {
    amounts.iter().map(|amount| i128::from(of(amount))).sum()
}

fn average(amounts: &[Amount]) -> i128 {
    total(amounts, |amount| amount.used) / i128::try_from(amounts.len().max(1)).unwrap_or(1)
}

impl Goal {
    fn ratio(self, amounts: &[Amount]) -> Ratio {
        match self {
            Self::Utilization(percent) => {
                let requested = total(amounts, |amount| amount.requested).max(1);
                let now = total(amounts, |amount| amount.used) * 100 / requested;
                Ratio { now, wanted: i128::from(percent.max(1)) }
            }
            Self::Average(wanted) => Ratio { now: average(amounts), wanted: i128::from(wanted.max(1)) },
        }
    }

    /// What a Pod that is not measured is taken to use when the others say that there are too many.
    fn busy(self, amount: Amount) -> i64 {
        match self {
            Self::Utilization(percent) => amount.requested.saturating_mul(percent.max(100)) / 100,
            Self::Average(wanted) => wanted,
        }
    }
}

/// What `group` asks for, of whom there are `current` replicas; `None` if nobody in it is ready.
pub(super) fn propose(current: i64, group: &Group, goal: Goal, tolerance: Tolerance) -> Option<Proposal> {
    if group.ready.is_empty() {
        return None;
    }
    let first = goal.ratio(&group.ready);
    let replicas = replicas(current, group, goal, tolerance, first);
    let clamp = |value: i128| i64::try_from(value).unwrap_or(i64::MAX);
    let utilization = matches!(goal, Goal::Utilization(_)).then(|| clamp(first.now));
    Some(Proposal { replicas, utilization, average: clamp(average(&group.ready)) })
}

fn replicas(current: i64, group: &Group, goal: Goal, tolerance: Tolerance, first: Ratio) -> i64 {
    let counts_unready = !group.unready.is_empty() && first.is_above();
    if !counts_unready && group.missing.is_empty() {
        return if tolerance.covers(first) { current } else { first.times(group.ready.len()) };
    }
    let mut all = group.ready.clone();
    let idle = |amount: &Amount| Amount { used: 0, ..*amount };
    if first.is_below() {
        all.extend(group.missing.iter().map(|amount| Amount { used: goal.busy(*amount), ..*amount }));
    } else if first.is_above() {
        all.extend(group.missing.iter().map(idle));
    }
    if counts_unready {
        all.extend(group.unready.iter().map(idle));
    }
    let second = goal.ratio(&all);
    let turns = first.is_below() && second.is_above() || first.is_above() && second.is_below();
    if turns || tolerance.covers(second) {
        return current;
    }
    let wanted = second.times(all.len());
    // The guess may not say more in one direction and fewer replicas in the other.
    let contradicts = second.is_below() && wanted > current || second.is_above() && wanted < current;
    if contradicts { current } else { wanted }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENTH: Tolerance = Tolerance { up: 100_000_000, down: 100_000_000 };

    fn amounts(used: &[i64]) -> Vec<Amount> {
        used.iter().map(|used| Amount { used: *used, requested: 1000 }).collect()
    }

    fn group(ready: &[i64], unready: usize, missing: usize) -> Group {
        Group { ready: amounts(ready), unready: amounts(&vec![0; unready]), missing: amounts(&vec![0; missing]) }
    }

    fn check(current: i64, group: &Group, goal: Goal, wanted: i64) {
        let found = propose(current, group, goal, TENTH).map(|proposal| proposal.replicas);
        assert_eq!(found, Some(wanted), "{current} {group:?} {goal:?}");
    }

    // C62
    #[test]
    fn the_documented_formula() {
        let half = Goal::Utilization(50);
        check(3, &group(&[1000, 1000, 1000], 0, 0), half, 6);
        check(3, &group(&[500, 500, 500], 0, 0), half, 3);
        check(3, &group(&[550, 550, 550], 0, 0), half, 3);
        check(3, &group(&[560, 560, 560], 0, 0), half, 4);
        check(3, &group(&[450, 450, 450], 0, 0), half, 3);
        check(3, &group(&[440, 440, 440], 0, 0), half, 3);
        check(3, &group(&[300, 300, 300], 0, 0), half, 2);
        check(5, &group(&[0, 0, 0, 0, 0], 0, 0), half, 0);
        check(2, &group(&[200, 200], 0, 0), Goal::Average(100), 4);
        check(2, &group(&[30, 10], 0, 0), Goal::Average(100), 1);
        assert_eq!(propose(2, &group(&[], 2, 0), half, TENTH), None);
    }

    // C62
    #[test]
    fn what_is_not_measured_is_idle_when_it_goes_up_and_busy_when_it_goes_down() {
        let half = Goal::Utilization(50);
        check(3, &group(&[1000, 1000], 0, 1), half, 4);
        check(3, &group(&[600, 600], 0, 1), half, 3);
        check(4, &group(&[200, 200, 200], 0, 1), half, 4);
        check(4, &group(&[0, 0, 0], 0, 1), half, 2);
        check(3, &group(&[10, 10], 0, 1), Goal::Average(100), 2);
        check(3, &group(&[500, 500], 0, 1), half, 3);
    }

    // C62
    #[test]
    fn who_is_not_ready_is_left_out_when_it_goes_down_and_idle_when_it_goes_up() {
        let half = Goal::Utilization(50);
        check(3, &group(&[1000, 1000], 1, 0), half, 4);
        check(4, &group(&[600, 600], 2, 0), half, 4);
        check(3, &group(&[200, 200], 1, 0), half, 1);
    }

    #[test]
    fn what_is_seen_is_told_with_it() {
        let found = propose(2, &group(&[300, 100], 0, 0), Goal::Utilization(50), TENTH);
        assert_eq!(found, Some(Proposal { replicas: 1, utilization: Some(20), average: 200 }));
        let found = propose(2, &group(&[300, 100], 0, 0), Goal::Average(200), TENTH);
        assert_eq!(found, Some(Proposal { replicas: 2, utilization: None, average: 200 }));
    }

    proptest::proptest! {
        // A guess about Pods that are not known never turns the direction round, and never moves anything by itself.
        #[test]
        fn guesses_only_dampen(
            used in proptest::collection::vec(0_i64..4000, 1..8),
            unready in 0_usize..4,
            missing in 0_usize..4,
            percent in 1_i64..200,
        ) {
            let goal = Goal::Utilization(percent);
            let current = i64::try_from(used.len() + unready + missing).unwrap();
            let known = propose(i64::try_from(used.len()).unwrap(), &group(&used, 0, 0), goal, TENTH).unwrap();
            let with = propose(current, &group(&used, unready, missing), goal, TENTH).unwrap();
            let ratio = goal.ratio(&amounts(&used));
            if ratio.is_above() {
                proptest::prop_assert!(with.replicas >= current || with.replicas == known.replicas);
                // Percents are cut to whole ones, as in Kubernetes, so that the guess may be off by that.
                let cut = i64::try_from(used.len()).unwrap() / percent + 1;
                proptest::prop_assert!(with.replicas <= (known.replicas + cut).max(current));
            } else if missing > 0 {
                proptest::prop_assert!(with.replicas <= current);
            }
        }
    }
}
