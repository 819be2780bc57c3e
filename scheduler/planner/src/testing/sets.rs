//! Properties of StatefulSets and DaemonSets: order, floor and identity hold whatever fails and whoever dies (C58).
//!
//! What must hold is written down a second time below, from Pods alone, and asked after every single step.

use std::collections::BTreeMap;

use api::core::Pod;
use api::resource::{DAEMON_SETS, PODS, STATEFUL_SETS};
use api::{NamespacedName, Resource};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::world::World;
use crate::{Action, Part, Plan, Snapshot, daemonset, eviction, nodes, placement, pod, podgc, statefulset};

/// What may happen while a set is rolled.
#[derive(Debug, Clone)]
enum Happening {
    Image(u8),
    Scale(u8),
    Partition(u8),
    Start(u8),
    Unready(u8),
    Ready(u8),
    Fail(u8),
    Delete(u8),
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
        2 => (0_u8..3).prop_map(Happening::Image),
        1 => (0_u8..6).prop_map(Happening::Scale),
        1 => (0_u8..4).prop_map(Happening::Partition),
        1 => (0_u8..3).prop_map(Happening::Start),
        1 => any::<u8>().prop_map(Happening::Unready),
        2 => any::<u8>().prop_map(Happening::Ready),
        1 => any::<u8>().prop_map(Happening::Fail),
        1 => any::<u8>().prop_map(Happening::Delete),
        2 => (1_u16..400).prop_map(Happening::Pass),
        1 => Just(Happening::LoseNode),
        1 => Just(Happening::FindNode),
        5 => (1_u8..5).prop_map(Happening::Work),
        2 => (0_u8..4).prop_map(Happening::Interrupted),
    ];
    prop::collection::vec(one, 1..50)
}

fn name() -> NamespacedName {
    NamespacedName::new("s", "web")
}

fn nth(world: &World, n: u8) -> Option<NamespacedName> {
    let bound: Vec<_> =
        world.snapshot.pods.iter().filter(|(_, pod)| pod::node(pod).is_some() && !pod::is_finished(pod)).collect();
    (!bound.is_empty()).then(|| bound[usize::from(n) % bound.len()].0.clone())
}

fn happen(world: &mut World, resource: &'static Resource, happening: &Happening) {
    let is_stateful = *resource == STATEFUL_SETS;
    let mut edit = |change: &dyn Fn(&mut Value)| world.edit(resource, &name(), change, Part::Main);
    match happening {
        Happening::Image(image) => edit(&|object| {
            object["spec"]["template"]["spec"]["containers"][0]["image"] = json!(format!("v{image}"));
        }),
        Happening::Scale(n) if is_stateful => edit(&|object| object["spec"]["replicas"] = json!(n)),
        Happening::Partition(n) if is_stateful => {
            edit(&|object| object["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = json!(n));
        }
        Happening::Start(n) if is_stateful => edit(&|object| object["spec"]["ordinals"] = json!({"start": n})),
        Happening::Unready(n) | Happening::Ready(n) => {
            if let Some(name) = nth(world, *n) {
                world.report(&name, "Running", matches!(happening, Happening::Ready(_)));
            }
        }
        Happening::Fail(n) => {
            if let Some(name) = nth(world, *n) {
                world.report(&name, "Failed", false);
            }
        }
        Happening::Delete(n) => {
            if let Some(name) = nth(world, *n) {
                world.delete(&PODS, &name, None, None);
            }
        }
        Happening::Pass(seconds) => world.pass(i64::from(*seconds)),
        Happening::LoseNode => world.set_session("n0", false),
        Happening::FindNode => world.set_session("n0", true),
        _ => {}
    }
}

/// What hosts run, as far as anyone can know: a Pod that was bound runs until its host has said that it has ended, or,
/// being heard, has let it go.
#[derive(Debug, Default)]
struct Hosts {
    /// By name of the Pod: its UID and its Node.
    runs: BTreeMap<String, (String, String)>,
}

impl Hosts {
    /// Two Pods of one name at once are what a StatefulSet must never have.
    fn look(&mut self, world: &World) -> Result<(), String> {
        let snapshot = &world.snapshot;
        let is_gone = |name: &str, uid: &str| {
            let pod = snapshot.pods.get(&NamespacedName::new("s", name));
            pod.is_none_or(|pod| pod.metadata.uid.as_deref() != Some(uid))
        };
        let has_ended = |name: &str, uid: &str| {
            let pod = snapshot.pods.get(&NamespacedName::new("s", name));
            pod.is_some_and(|pod| pod.metadata.uid.as_deref() == Some(uid) && pod::is_finished(pod))
        };
        self.runs
            .retain(|name, (uid, node)| !(has_ended(name, uid) || is_gone(name, uid) && snapshot.is_connected(node)));
        for (name, pod) in snapshot.pods.iter().filter(|(_, pod)| !pod::is_finished(pod)) {
            let Some(node) = pod::node(pod) else { continue };
            let own = (pod.metadata.uid.clone().unwrap(), node.to_owned());
            let runs = self.runs.entry(name.name.clone()).or_insert_with(|| own.clone());
            if *runs != own {
                return Err(format!("{name} is {own:?}, and {runs:?} may still run"));
            }
        }
        Ok(())
    }
}

fn ordinal(pod: &Pod) -> i32 {
    pod.metadata.name.as_deref().unwrap().rsplit('-').next().unwrap().parse().unwrap()
}

/// The Node a Pod is on, or is made for.
fn node_of(pod: &Pod) -> Option<&str> {
    pod::node(pod).or_else(|| {
        let affinity = pod.spec.as_ref()?.affinity.as_ref()?.node_affinity.as_ref()?;
        let terms = &affinity.required_during_scheduling_ignored_during_execution.as_ref()?.node_selector_terms;
        Some(terms[0].match_fields.as_ref()?[0].values.as_ref()?[0].as_str())
    })
}

fn serves(snapshot: &Snapshot, pod: &Pod) -> bool {
    let is_heard = pod::node(pod).is_some_and(|node| snapshot.is_connected(node));
    pod::is_active(pod) && pod::is_ready(pod) && is_heard
}

/// What a step of a StatefulSet's plan must not do.
fn check_stateful(before: &Snapshot, action: &Action) -> Result<(), String> {
    let spec = &before.stateful_sets[&name()].spec;
    let start = spec.ordinals.as_ref().and_then(|ordinals| ordinals.start).unwrap_or(0);
    let wanted = start..start + spec.replicas.unwrap();
    let is_ordered = spec.pod_management_policy.as_deref() == Some("OrderedReady");
    let pods: BTreeMap<i32, &Pod> = before.pods.values().map(|pod| (ordinal(pod), &**pod)).collect();
    match action {
        Action::Create { resource, object, .. } if **resource == PODS => {
            let made: i32 = object["metadata"]["name"].as_str().unwrap().rsplit('-').next().unwrap().parse().unwrap();
            if !wanted.contains(&made) {
                return Err(format!("made {made}, wanted are {wanted:?}"));
            }
            let waits = (start..made).find(|lower| pods.get(lower).is_none_or(|pod| !serves(before, pod)));
            match waits.filter(|_| is_ordered) {
                Some(lower) => Err(format!("made {made} before {lower} serves")),
                None => Ok(()),
            }
        }
        Action::Delete { resource, name, .. } if **resource == PODS => {
            let gone = ordinal(&before.pods[name]);
            if !wanted.contains(&gone) {
                let above = pods.range(gone + 1..).find(|(above, _)| !wanted.contains(above));
                return match above.filter(|_| is_ordered) {
                    Some((above, _)) => Err(format!("stopped {gone} before {above}")),
                    None => Ok(()),
                };
            }
            let rolling = spec.update_strategy.as_ref().unwrap().rolling_update.as_ref().unwrap();
            let is_kept = gone < start + rolling.partition.unwrap_or(0) && !pod::is_finished(pods[&gone]);
            if is_kept {
                return Err(format!("stopped {gone} below the partition"));
            }
            let serving = pods.range(wanted).filter(|(_, pod)| serves(before, pod)).count();
            let floor = spec.replicas.unwrap() - 2;
            let is_above = i32::try_from(serving).unwrap() > floor;
            if !serves(before, pods[&gone]) || is_above {
                Ok(())
            } else {
                Err(format!("{serving} serve, and {gone} was stopped"))
            }
        }
        _ => Ok(()),
    }
}

/// What a step of a DaemonSet's plan must not do; bounds are two Nodes.
fn check_daemon(before: &Snapshot, action: &Action, is_surging: bool) -> Result<(), String> {
    // A Node that was lost is not one of those that shall have a Pod, as in Kubernetes.
    let is_wanted =
        |node: &api::core::Node| node.spec.as_ref().and_then(|spec| spec.taints.as_ref()).is_none_or(Vec::is_empty);
    let wanted: Vec<_> = before.nodes.iter().filter(|(_, node)| is_wanted(node)).map(|(name, _)| name).collect();
    let on = |node: &str| -> Vec<&Pod> {
        before.pods.values().map(|pod| &**pod).filter(|pod| node_of(pod) == Some(node)).collect()
    };
    let serving = wanted.iter().filter(|node| on(&node.name).into_iter().any(|pod| serves(before, pod))).count();
    match action {
        Action::Create { resource, object, .. } if **resource == PODS => {
            let made: Pod = serde_json::from_value(object.clone()).unwrap();
            let node = node_of(&made).unwrap();
            let others: Vec<_> = on(node).into_iter().filter(|pod| !pod::is_finished(pod)).collect();
            let doubled = before.nodes.keys().filter(|node| {
                let active: Vec<_> = on(&node.name).into_iter().filter(|pod| pod::is_active(pod)).collect();
                active.len() > 1 && active.iter().all(|pod| serves(before, pod))
            });
            match others.as_slice() {
                [] => Ok(()),
                // One that serves nobody is replaced whatever the bound says, as in Kubernetes.
                [other] if is_surging && (!serves(before, other) || doubled.count() < 2) => Ok(()),
                _ => Err(format!("{} Pods on {node} already", others.len())),
            }
        }
        Action::Delete { resource, name, .. } if **resource == PODS => {
            let pod = &before.pods[name];
            let node = node_of(pod).unwrap();
            let is_last = serves(before, pod) && on(node).into_iter().filter(|pod| serves(before, pod)).count() == 1;
            let floor = if is_surging { wanted.len() } else { wanted.len().saturating_sub(2) };
            let is_last = is_last && wanted.iter().any(|name| name.name == node);
            if !is_last || serving > floor {
                Ok(())
            } else {
                Err(format!("{serving} Nodes serve, and {name} was stopped"))
            }
        }
        _ => Ok(()),
    }
}

type Check<'a> = &'a dyn Fn(&Snapshot, &Action) -> Result<(), String>;

/// One round in which every step is looked at.
fn watched_round(
    world: &mut World,
    hosts: &mut Hosts,
    own: fn(&Snapshot) -> Plan,
    check: Check<'_>,
    steps_max: usize,
) -> Result<(), TestCaseError> {
    for plan in [own, placement::plan, nodes::plan, eviction::plan, podgc::plan] {
        let mut steps = plan(&world.snapshot);
        prop_assert_eq!(&steps, &plan(&world.snapshot), "the same snapshot, another plan");
        steps.actions.truncate(steps_max);
        for action in &steps.actions {
            if plan as usize == own as usize {
                check(&world.snapshot, action)
                    .map_err(|why| TestCaseError::fail(format!("{why}\n{}", super::text(&steps))))?;
            }
            world.apply(&Plan { actions: vec![action.clone()], ..Plan::default() });
        }
    }
    world.work_hosts();
    hosts.look(world).map_err(TestCaseError::fail)
}

fn live(
    cluster: &str,
    resource: &'static Resource,
    own: fn(&Snapshot) -> Plan,
    check: Check<'_>,
    happenings: &[Happening],
) -> Result<World, TestCaseError> {
    let (mut world, mut hosts) = (World::new(cluster), Hosts::default());
    for happening in happenings {
        happen(&mut world, resource, happening);
        hosts.look(&world).map_err(TestCaseError::fail)?;
        let (rounds, steps) = match happening {
            Happening::Work(rounds) => (*rounds, usize::MAX),
            Happening::Interrupted(steps) => (1, usize::from(*steps)),
            _ => (0, 0),
        };
        for _ in 0..rounds {
            watched_round(&mut world, &mut hosts, own, check, steps)?;
        }
    }
    // The world heals, and the wish is fulfilled.
    world.set_session("n0", true);
    for _ in 0..30 {
        for _ in 0..4 {
            let unready: Vec<_> = world
                .snapshot
                .pods
                .iter()
                .filter(|(_, pod)| pod::is_active(pod) && pod::node(pod).is_some() && !pod::is_ready(pod))
                .map(|(name, _)| name.clone())
                .collect();
            unready.iter().for_each(|name| world.report(name, "Running", true));
            watched_round(&mut world, &mut hosts, own, check, usize::MAX)?;
        }
        world.pass(30);
    }
    world.settle();
    Ok(world)
}

fn image(pod: &Pod) -> String {
    pod.spec.as_ref().unwrap().containers[0].image.clone().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.div_ceil(4), ..ProptestConfig::default() })]

    // C58
    #[test]
    fn stateful_sets_keep_order_floor_and_identity(
        parallel in any::<bool>(),
        min_ready in prop_oneof![Just(0), Just(5)],
        starts in 1_usize..4,
        happenings in happenings(),
    ) {
        let policy = if parallel { "parallel" } else { "" };
        let cluster = format!(
            "ca PEM\nnamespace s\nnode n0\nnode n1\nnode n2\nsts s/web replicas=4 unavailable=2 minready={min_ready} {policy}"
        );
        let cluster = format!("{cluster}\nlimit {}", if starts == 1 { 3 } else { 500 });
        let world = live(&cluster, &STATEFUL_SETS, statefulset::plan, &check_stateful, &happenings)?;
        let set = &world.snapshot.stateful_sets[&name()];
        let status = set.status.clone().unwrap();
        let wanted = set.spec.replicas.unwrap();
        prop_assert_eq!(status.replicas, wanted);
        prop_assert_eq!(status.available_replicas.unwrap_or(0), wanted);
        prop_assert_eq!(status.observed_generation, set.metadata.generation);
        let start = set.spec.ordinals.as_ref().and_then(|ordinals| ordinals.start).unwrap_or(0);
        let ordinals: Vec<_> = world.snapshot.pods.values().map(|pod| ordinal(pod)).collect();
        prop_assert_eq!(ordinals, (start..start + wanted).collect::<Vec<_>>());
        let partition = set.spec.update_strategy.as_ref().unwrap().rolling_update.as_ref().unwrap().partition.unwrap_or(0);
        let newest = set.spec.template.spec.as_ref().unwrap().containers[0].image.clone().unwrap();
        for pod in world.snapshot.pods.values().filter(|pod| ordinal(pod) >= start + partition) {
            prop_assert_eq!(image(pod), newest.clone());
        }
        if partition == 0 {
            prop_assert_eq!(status.current_revision, status.update_revision);
        }
    }

    // C58
    #[test]
    fn daemon_sets_keep_one_pod_on_every_node_and_the_floor(
        surging in any::<bool>(),
        min_ready in prop_oneof![Just(0), Just(5)],
        happenings in happenings(),
    ) {
        let bounds = if surging { "surge=2 unavailable=0" } else { "unavailable=2" };
        let cluster = format!(
            "ca PEM\nnamespace s\nnode n0\nnode n1\nnode n2\nnode n3\nds s/web {bounds} minready={min_ready}"
        );
        let check = |before: &Snapshot, action: &Action| check_daemon(before, action, surging);
        let world = live(&cluster, &DAEMON_SETS, daemonset::plan, &check, &happenings)?;
        let set = &world.snapshot.daemon_sets[&name()];
        let status = set.status.clone().unwrap();
        prop_assert_eq!(status.desired_number_scheduled, 4);
        prop_assert_eq!(status.number_available.unwrap_or(0), 4, "{:?}", status);
        prop_assert_eq!(status.updated_number_scheduled.unwrap_or(0), 4);
        prop_assert_eq!(world.snapshot.pods.len(), 4);
        let newest = set.spec.template.spec.as_ref().unwrap().containers[0].image.clone().unwrap();
        prop_assert!(world.snapshot.pods.values().all(|pod| image(pod) == newest));
    }
}

/// A checker that never complains is worthless: planted faults must be found.
#[test]
fn planted_faults_are_found() {
    let mut world = World::new("ca PEM\nnamespace s\nnode n0\nsts s/web replicas=4 unavailable=2");
    world.settle();
    let delete = |n: i32| {
        crate::object::delete(&PODS, &world.snapshot.pods[&NamespacedName::new("s", format!("web-{n}"))].metadata)
    };
    assert_eq!(check_stateful(&world.snapshot, &delete(3)), Ok(()));
    let mut scaled = World::new("now 1");
    scaled.snapshot = world.snapshot.clone();
    scaled.edit(&STATEFUL_SETS, &name(), |object| object["spec"]["replicas"] = json!(2), Part::Main);
    assert!(check_stateful(&scaled.snapshot, &delete(2)).unwrap_err().contains("before 3"));
    let mut short = World::new("now 1");
    short.snapshot = world.snapshot.clone();
    for n in [0, 1] {
        short.report(&NamespacedName::new("s", format!("web-{n}")), "Running", false);
    }
    assert!(check_stateful(&short.snapshot, &delete(3)).unwrap_err().contains("serve"));
    let mut hosts = Hosts::default();
    hosts.look(&world).unwrap();
    let mut doubled = World::new("now 1");
    doubled.snapshot = world.snapshot.clone();
    doubled.set_session("n0", false);
    doubled.delete(&PODS, &NamespacedName::new("s", "web-0"), Some(0), None);
    doubled.run(statefulset::plan);
    doubled.edit(&PODS, &NamespacedName::new("s", "web-0"), |pod| pod["spec"]["nodeName"] = json!("n1"), Part::Status);
    assert!(hosts.look(&doubled).unwrap_err().contains("may still run"));
}
