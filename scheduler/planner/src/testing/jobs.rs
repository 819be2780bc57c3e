//! Properties of Jobs: each end is counted exactly once, whatever fails, whoever dies, whoever interferes (C60).
//!
//! The ledger below learns of ends by looking at Pods alone, after every single step, and shares no code
//! with what counts. A Pod that still has its finalizer and has ended must be counted as what it was first
//! seen to be; one that lost the finalizer while it ran was let go and must not be.

use std::collections::BTreeMap;

use api::NamespacedName;
use api::core::Pod;
use api::resource::{JOBS, PODS};
use proptest::prelude::*;
use serde_json::json;

use super::world::World;
use crate::{Action, Part, Plan, Snapshot, eviction, job, nodes, placement, pod, podgc};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Succeeded,
    Failed,
}

/// What ends there were, by UID.
#[derive(Debug, Default)]
struct Ledger {
    ends: BTreeMap<String, End>,
    succeeded: i32,
    failed: i32,
}

impl Ledger {
    fn look(&mut self, world: &World) {
        for pod in world.snapshot.pods.values() {
            let is_tracked = pod.metadata.finalizers.iter().flatten().any(|f| f.ends_with("job-tracking"));
            let Some(end) = end_of(pod).filter(|_| is_tracked) else { continue };
            let is_counted = pod.metadata.annotations.iter().flatten().any(|(key, _)| key.ends_with("job-counted"));
            let uid = pod.metadata.uid.clone().unwrap();
            if is_counted {
                self.ends.entry(uid).or_insert(end);
            } else {
                self.ends.insert(uid, end);
            }
        }
    }

    fn ended(&self, end: End) -> i32 {
        i32::try_from(self.ends.values().filter(|own| **own == end).count()).unwrap()
    }

    /// Counters never fall, and never exceed what has ended.
    fn check(&mut self, world: &World) -> Result<(), String> {
        let Some(job) = world.snapshot.jobs.get(&name()) else { return Ok(()) };
        let status = job.status.clone().unwrap_or_default();
        let (succeeded, failed) = (status.succeeded.unwrap_or(0), status.failed.unwrap_or(0));
        let is_fine = (self.succeeded..=self.ended(End::Succeeded)).contains(&succeeded)
            && (self.failed..=self.ended(End::Failed)).contains(&failed);
        (self.succeeded, self.failed) = (succeeded, failed);
        if is_fine { Ok(()) } else { Err(format!("{succeeded} and {failed} counted of {:?}", self.ends)) }
    }
}

fn end_of(pod: &Pod) -> Option<End> {
    match pod.status.as_ref().and_then(|status| status.phase.as_deref()) {
        Some("Succeeded") => Some(End::Succeeded),
        Some("Failed") => Some(End::Failed),
        _ => pod.metadata.deletion_timestamp.as_ref().map(|_| End::Failed),
    }
}

fn name() -> NamespacedName {
    NamespacedName::new("s", "pi")
}

fn active(world: &World) -> i32 {
    let is_active = |pod: &&std::sync::Arc<Pod>| end_of(pod).is_none();
    i32::try_from(world.snapshot.pods.values().filter(is_active).count()).unwrap()
}

/// What may happen while a Job runs.
#[derive(Debug, Clone)]
enum Happening {
    Succeed(u8),
    Fail(u8),
    Delete(u8),
    Parallelism(u8),
    Suspend(bool),
    Pass(u16),
    LoseNode,
    FindNode,
    /// Work for so many rounds.
    Work(u8),
    /// The leader dies after so many steps of each plan.
    Interrupted(u8),
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        3 => any::<u8>().prop_map(Happening::Succeed),
        2 => any::<u8>().prop_map(Happening::Fail),
        1 => any::<u8>().prop_map(Happening::Delete),
        1 => (0_u8..6).prop_map(Happening::Parallelism),
        1 => any::<bool>().prop_map(Happening::Suspend),
        2 => (1_u16..500).prop_map(Happening::Pass),
        1 => Just(Happening::LoseNode),
        1 => Just(Happening::FindNode),
        4 => (1_u8..4).prop_map(Happening::Work),
        3 => (0_u8..4).prop_map(Happening::Interrupted),
    ];
    prop::collection::vec(one, 1..60)
}

fn nth_running(world: &World, n: u8) -> Option<NamespacedName> {
    let bound: Vec<_> =
        world.snapshot.pods.iter().filter(|(_, pod)| pod::node(pod).is_some() && !pod::is_finished(pod)).collect();
    (!bound.is_empty()).then(|| bound[usize::from(n) % bound.len()].0.clone())
}

fn happen(world: &mut World, happening: &Happening) {
    match happening {
        Happening::Succeed(n) | Happening::Fail(n) => {
            let phase = if matches!(happening, Happening::Fail(_)) { "Failed" } else { "Succeeded" };
            if let Some(name) = nth_running(world, *n) {
                world.report(&name, phase, false);
            }
        }
        Happening::Delete(n) => {
            let names: Vec<_> = world.snapshot.pods.keys().cloned().collect();
            if let Some(name) = names.get(usize::from(*n) % names.len().max(1)) {
                world.delete(&PODS, name, None, None);
            }
        }
        Happening::Parallelism(n) => {
            world.edit(&JOBS, &name(), |object| object["spec"]["parallelism"] = json!(n), Part::Main);
        }
        Happening::Suspend(yes) => {
            world.edit(&JOBS, &name(), |object| object["spec"]["suspend"] = json!(yes), Part::Main);
        }
        Happening::Pass(seconds) => world.pass(i64::from(*seconds)),
        Happening::LoseNode => world.set_session("n0", false),
        Happening::FindNode => world.set_session("n0", true),
        Happening::Work(_) | Happening::Interrupted(_) => {}
    }
}

/// One round in which every step is looked at.
fn watched_round(world: &mut World, ledger: &mut Ledger, steps_max: usize) -> Result<(), TestCaseError> {
    let loops: [fn(&Snapshot) -> Plan; 5] = [job::plan, placement::plan, nodes::plan, eviction::plan, podgc::plan];
    for plan in loops {
        let mut steps = plan(&world.snapshot);
        prop_assert_eq!(&steps, &plan(&world.snapshot), "the same snapshot, another plan");
        steps.actions.truncate(steps_max);
        let spec = world.snapshot.jobs[&name()].spec.clone().unwrap();
        for action in &steps.actions {
            world.apply(&Plan { actions: vec![action.clone()], ..Plan::default() });
            ledger.look(world);
            ledger.check(world).map_err(TestCaseError::fail)?;
            if matches!(action, Action::Create { .. }) {
                let open = spec.completions.map_or(i32::MAX, |wanted| wanted - ledger.succeeded);
                prop_assert!(active(world) <= spec.parallelism.unwrap_or(1).min(open), "{}", super::text(&steps));
                prop_assert!(ledger.failed <= spec.backoff_limit.unwrap(), "made beyond the limit");
                prop_assert!(spec.suspend != Some(true), "made while suspended");
            }
        }
    }
    world.work_hosts();
    ledger.look(world);
    Ok(())
}

fn live(cluster: &str, happenings: &[Happening]) -> Result<(World, Ledger), TestCaseError> {
    let mut world = World::new(cluster);
    let mut ledger = Ledger::default();
    for happening in happenings {
        happen(&mut world, happening);
        ledger.look(&world);
        match happening {
            Happening::Work(rounds) => {
                for _ in 0..*rounds {
                    watched_round(&mut world, &mut ledger, usize::MAX)?;
                }
            }
            Happening::Interrupted(steps) => watched_round(&mut world, &mut ledger, usize::from(*steps))?,
            _ => {}
        }
    }
    // The world heals and every Pod does its work, or the Job has failed meanwhile.
    world.set_session("n0", true);
    happen(&mut world, &Happening::Suspend(false));
    happen(&mut world, &Happening::Parallelism(3));
    for _ in 0..40 {
        let bound = world.snapshot.pods.iter().filter(|(_, pod)| pod::node(pod).is_some() && end_of(pod).is_none());
        let bound: Vec<_> = bound.map(|(name, _)| name.clone()).collect();
        bound.iter().for_each(|name| world.report(name, "Succeeded", false));
        for _ in 0..8 {
            ledger.look(&world);
            watched_round(&mut world, &mut ledger, usize::MAX)?;
        }
        world.pass(400);
    }
    Ok((world, ledger))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.div_ceil(2), ..ProptestConfig::default() })]

    // C60
    #[test]
    fn every_end_is_counted_exactly_once(
        completions in 1_i32..8,
        backoff in prop_oneof![Just(2), Just(100)],
        happenings in happenings(),
    ) {
        let cluster = format!("node n0\nnode n1\nnode n2\njob s/pi completions={completions} parallelism=3 backoff={backoff}");
        let (world, ledger) = live(&cluster, &happenings)?;
        let status = world.snapshot.jobs[&name()].status.clone().unwrap();
        prop_assert!(job::finished_at(&world.snapshot.jobs[&name()]).is_some(), "{:?}", status);
        prop_assert_eq!(ledger.succeeded, ledger.ended(End::Succeeded));
        prop_assert_eq!(ledger.failed, ledger.ended(End::Failed));
        prop_assert_eq!(status.active, None);
        if job::has_succeeded(&world.snapshot.jobs[&name()]) {
            prop_assert!(ledger.succeeded >= completions);
        } else {
            prop_assert!(ledger.failed > backoff);
        }
        let tracked = world.snapshot.pods.values().flat_map(|pod| pod.metadata.finalizers.iter().flatten()).count();
        prop_assert_eq!(tracked, 0, "nothing is held for ever");
    }

    // C60
    #[test]
    fn every_index_of_a_job_ends_and_is_counted_once(
        completions in 1_i32..8,
        limit in 0_i32..3,
        happenings in happenings(),
    ) {
        let cluster = format!(
            "node n0\nnode n1\nnode n2\njob s/pi completions={completions} parallelism=3 indexed perindex={limit} backoff=2147483647"
        );
        let (world, ledger) = live(&cluster, &happenings)?;
        let job = &world.snapshot.jobs[&name()];
        let status = job.status.clone().unwrap();
        prop_assert!(job::finished_at(job).is_some(), "{:?}", status);
        prop_assert_eq!(ledger.failed, ledger.ended(End::Failed));
        let failed_indexes = status.failed_indexes.clone().unwrap_or_default();
        prop_assert_eq!(job::has_succeeded(job), failed_indexes.is_empty(), "{:?}", status);
        if failed_indexes.is_empty() {
            prop_assert_eq!(status.succeeded, Some(completions));
        }
        // Each index may fail `limit` times and once more. Who deletes the failed Pod of an index and then has its
        // successor let go leaves nobody who knows.
        let lets_go = |happening: &Happening| matches!(happening, Happening::Suspend(_) | Happening::Parallelism(_));
        if !happenings.iter().any(lets_go) {
            prop_assert!(ledger.failed <= completions * (limit + 1), "{:?}", status);
        }
        let tracked = world.snapshot.pods.values().flat_map(|pod| pod.metadata.finalizers.iter().flatten()).count();
        prop_assert_eq!(tracked, 0, "nothing is held for ever");
    }
}

/// A ledger that never complains is worthless: a planted double count must be found.
#[test]
fn a_planted_double_count_is_found() {
    let mut world = World::new("node n0\njob s/pi completions=3");
    let mut ledger = Ledger::default();
    while nth_running(&world, 0).is_none() {
        watched_round(&mut world, &mut ledger, usize::MAX).unwrap();
    }
    world.report(&nth_running(&world, 0).unwrap(), "Succeeded", false);
    ledger.look(&world);
    let mut plan = job::plan(&world.snapshot);
    for action in &mut plan.actions {
        if let Action::Together { changes } = action {
            changes.truncate(1);
            changes[0].patch["status"]["succeeded"] = json!(2);
        }
    }
    world.apply(&plan);
    ledger.look(&world);
    assert!(ledger.check(&world).is_err());
}
