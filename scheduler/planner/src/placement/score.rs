//! Which of the Nodes that could take a Pod should.
//!
//! The parts and weights are Kubernetes' defaults. One difference: replicas of one owner are spread
//! by counting that owner's Pods, which is per revision because a revision is a ReplicaSet (C22).

use super::class::Class;
use super::field::Field;
use super::slot::Slot;

const WEIGHT_SOFT_TAINTS: f64 = 3.0;
const WEIGHT_NODE_PREFERENCE: f64 = 2.0;
const WEIGHT_POD_PREFERENCE: f64 = 2.0;
const WEIGHT_SPREAD: f64 = 2.0;
const WEIGHT_KIN: f64 = 2.0;
const WEIGHT_FREE: f64 = 1.0;
const WEIGHT_BALANCED: f64 = 1.0;
/// How much zones weigh against Nodes when replicas spread.
const ZONE_SHARE: f64 = 2.0 / 3.0;

/// The best of `candidates`; of equals the first by name.
pub(super) fn best(field: &Field<'_>, class: &Class<'_>, candidates: &[usize]) -> Option<usize> {
    let mut totals = vec![0.0; candidates.len()];
    let mut add = |weight: f64, values: Vec<f64>| {
        totals.iter_mut().zip(values).for_each(|(total, value)| *total += weight * value);
    };
    let slots = || candidates.iter().map(|at| &field.slots[*at]);
    add(WEIGHT_FREE, slots().map(|slot| free(slot, class)).collect());
    add(WEIGHT_BALANCED, slots().map(|slot| balanced(slot, class)).collect());
    if let Some(kin) = &class.kin {
        add(WEIGHT_KIN, kin_scores(kin, candidates));
    }
    let by_node = |values: &[i32]| candidates.iter().map(|at| f64::from(values[*at])).collect::<Vec<_>>();
    add(WEIGHT_NODE_PREFERENCE, most(&by_node(&class.node_preference)));
    let taints = candidates.iter().map(|at| to_float(class.soft_taints[*at])).collect::<Vec<_>>();
    add(WEIGHT_SOFT_TAINTS, fewest(&taints));
    if !class.preferred.is_empty() {
        add(WEIGHT_POD_PREFERENCE, most(&pod_preference(class, candidates)));
    }
    for spread in class.spread.iter().filter(|spread| !spread.is_hard) {
        // A Node outside every domain is the last resort.
        let count = |at: &usize| spread.relation.counts.at(*at).map_or(f64::from(u32::MAX), f64::from);
        add(WEIGHT_SPREAD, fewest(&candidates.iter().map(count).collect::<Vec<_>>()));
    }
    let mut best: Option<(usize, f64)> = None;
    for (at, total) in candidates.iter().zip(totals) {
        if best.is_none_or(|(_, most)| total > most) {
            best = Some((*at, total));
        }
    }
    best.map(|(at, _)| at)
}

fn to_float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The share of a resource that is taken once the Pod is there, from 0 to 1.
fn taken(used: i64, wanted: i64, offered: i64) -> f64 {
    if offered <= 0 { 1.0 } else { ((used + wanted) as f64 / offered as f64).clamp(0.0, 1.0) }
}

fn shares(slot: &Slot<'_>, class: &Class<'_>) -> [f64; 3] {
    let (used, wanted, offered) = (&slot.used, &class.demand.amounts, &slot.allocatable);
    [
        taken(used.cpu_millis, wanted.cpu_millis, offered.cpu_millis),
        taken(used.memory_bytes, wanted.memory_bytes, offered.memory_bytes),
        taken(used.pods, wanted.pods, offered.pods),
    ]
}

/// The emptier the better. The number of Pods counts as a resource: Wasm Pods often ask for nothing else.
fn free(slot: &Slot<'_>, class: &Class<'_>) -> f64 {
    1.0 - shares(slot, class).iter().sum::<f64>() / 3.0
}

/// Processor and memory should run out together.
fn balanced(slot: &Slot<'_>, class: &Class<'_>) -> f64 {
    let [cpu, memory, _] = shares(slot, class);
    1.0 - (cpu - memory).abs() / 2.0
}

fn kin_scores(kin: &super::class::Kin<'_>, candidates: &[usize]) -> Vec<f64> {
    let counts: Vec<_> = candidates.iter().map(|at| f64::from(kin.by_node[*at])).collect();
    let by_node = share_below_max(&counts);
    if candidates.iter().all(|at| kin.by_zone.at(*at).is_none()) {
        return by_node;
    }
    let counts: Vec<_> = candidates.iter().map(|at| kin.by_zone.at(*at).map_or(0.0, f64::from)).collect();
    let by_zone = share_below_max(&counts);
    by_node.iter().zip(by_zone).map(|(node, zone)| node * (1.0 - ZONE_SHARE) + zone * ZONE_SHARE).collect()
}

fn pod_preference(class: &Class<'_>, candidates: &[usize]) -> Vec<f64> {
    let value = |at: &usize| {
        let weighted = class
            .preferred
            .iter()
            .map(|(weight, relation)| f64::from(*weight) * relation.counts.at(*at).map_or(0.0, f64::from));
        weighted.sum()
    };
    candidates.iter().map(value).collect()
}

/// 1 for zero, 0 for the largest.
fn share_below_max(values: &[f64]) -> Vec<f64> {
    let max = values.iter().copied().fold(0.0, f64::max);
    values.iter().map(|value| if max > 0.0 { (max - value) / max } else { 1.0 }).collect()
}

/// 1 for the largest, 0 for the smallest; all 0 if there is nothing to choose.
fn most(values: &[f64]) -> Vec<f64> {
    let (min, max) = bounds(values);
    values.iter().map(|value| if max > min { (value - min) / (max - min) } else { 0.0 }).collect()
}

/// 1 for the smallest, 0 for the largest; all 0 if there is nothing to choose.
fn fewest(values: &[f64]) -> Vec<f64> {
    let (min, max) = bounds(values);
    values.iter().map(|value| if max > min { (max - value) / (max - min) } else { 0.0 }).collect()
}

fn bounds(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), value| (min.min(*value), max.max(*value)))
}
