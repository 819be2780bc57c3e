//! Properties: what holds for every cluster, not only for those in tables.
//!
//! Safety: nothing is ever over capacity, above the surge or below the floor, and nothing is made
//! twice. Liveness: applying until quiet ends, and then every wish is fulfilled.

use std::fmt::Write as _;

use api::NamespacedName;
use api::resource::{DEPLOYMENTS, PODS, REPLICA_SETS};
use proptest::prelude::*;
use serde_json::json;

use super::checker::violations;
use super::fixture;
use super::rollout_checker::{Bounds, Look};
use super::world::World;
use crate::{Action, Part, Plan, Snapshot, deployment, eviction, nodes, placement, pod, replicaset};

/// A share of proptest's number of cases, so that an ordinary run takes seconds. A long run is
/// `PROPTEST_CASES=20000`.
fn config(divisor: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig { cases: default.cases.div_ceil(divisor), ..default }
}

/// Rules of one application's Pods; all of its Pods have the same.
#[derive(Debug, Clone)]
struct App {
    pods: usize,
    cpu_millis: u32,
    port: bool,
    rule: Rule,
}

#[derive(Debug, Clone, Copy)]
enum Rule {
    None,
    Far,
    Even(u8),
}

fn apps() -> impl Strategy<Value = Vec<App>> {
    let rule = prop_oneof![Just(Rule::None), Just(Rule::Far), (1_u8..3).prop_map(Rule::Even)];
    let app = (0_usize..8, 0_u32..900, any::<bool>(), rule).prop_map(|(pods, cpu_millis, port, rule)| App {
        pods,
        cpu_millis,
        port,
        rule,
    });
    prop::collection::vec(app, 1..4)
}

fn nodes_of(cpus: &[u32]) -> String {
    cpus.iter().enumerate().fold(String::new(), |mut text, (at, cpu)| {
        writeln!(text, "node n{at} cpu={cpu}m pods=6 zone=z{}", at % 2).unwrap();
        text
    })
}

fn spec(name: &str, app: &App) -> String {
    let selector = format!(r#""labelSelector":{{"matchLabels":{{"app":"{name}"}}}}"#);
    let rule = match app.rule {
        Rule::None => String::new(),
        Rule::Far => format!(
            r#"spec={{"affinity":{{"podAntiAffinity":{{"requiredDuringSchedulingIgnoredDuringExecution":[{{"topologyKey":"kubernetes.io/hostname",{selector}}}]}}}}}}"#
        ),
        Rule::Even(skew) => format!(
            r#"spec={{"topologySpreadConstraints":[{{"maxSkew":{skew},"topologyKey":"topology.kubernetes.io/zone","whenUnsatisfiable":"DoNotSchedule",{selector}}}]}}"#
        ),
    };
    let port = if app.port { "hostport=80" } else { "" };
    format!("cpu={}m {port} {rule}", app.cpu_millis)
}

fn waiting_pods(apps: &[App]) -> String {
    let mut text = String::new();
    for (at, app) in apps.iter().enumerate() {
        for n in 0..app.pods {
            writeln!(text, "pod s/app{at}-{n} of=app{at}-1 {}", spec(&format!("app{at}"), app)).unwrap();
        }
    }
    text
}

proptest! {
    #![proptest_config(config(8))]

    // C16, C17, C21, C22: what placement accepts the checker accepts, and what it refuses fits nowhere.
    #[test]
    fn placement_agrees_with_the_checker(cpus in prop::collection::vec(100_u32..3000, 1..5), apps in apps()) {
        let mut world = World::new(&format!("{}{}", nodes_of(&cpus), waiting_pods(&apps)));
        while plan_has_bindings(&placement::plan(&world.snapshot)) {
            world.run(placement::plan);
        }
        prop_assert_eq!(violations(&world.snapshot), Vec::<String>::new());
        prop_assert_eq!(&world.refused, &Vec::<String>::new());
        world.run(placement::plan);
        prop_assert!(placement::plan(&world.snapshot).is_settled());
        let waiting: Vec<_> = world.snapshot.pods.iter().filter(|(_, pod)| pod::node(pod).is_none()).map(|(n, _)| n.clone()).collect();
        for name in waiting {
            for node in world.snapshot.nodes.keys() {
                let mut other = World::new("now 100");
                other.snapshot = world.snapshot.clone();
                other.edit(&PODS, &name, |object| object["spec"]["nodeName"] = json!(node.name), Part::Status);
                prop_assert!(!violations(&other.snapshot).is_empty(), "{} fits on {}", name, node.name);
            }
        }
    }

    // Safety and liveness of everything together.
    #[test]
    fn every_world_settles_and_stays_settled(
        cpus in prop::collection::vec(1000_u32..4000, 1..5),
        deployments in prop::collection::vec((0_u32..12, 0_u32..4, 0_u32..4, 0_u32..400), 1..4),
        limit in 3_usize..600,
        backwards in any::<bool>(),
    ) {
        let mut cluster = format!("limit {limit}\nca PEM\nnamespace s\n{}", nodes_of(&cpus));
        for (at, (replicas, surge, unavailable, cpu)) in deployments.iter().enumerate() {
            writeln!(cluster, "deploy s/app{at} replicas={replicas} surge={surge} unavailable={unavailable} cpu={cpu}m").unwrap();
            writeln!(cluster, "service s/app{at} port=http:80:8080").unwrap();
        }
        let mut world = World::new(&cluster);
        world.is_backwards = backwards;
        world.settle();
        prop_assert_eq!(&world.refused, &Vec::<String>::new());
        prop_assert_eq!(violations(&world.snapshot), Vec::<String>::new());
        for set in world.snapshot.replica_sets.values() {
            let status = set.status.as_ref().unwrap();
            prop_assert_eq!(Some(status.replicas), set.spec.replicas);
        }
        let wanted: u32 = deployments.iter().map(|(replicas, ..)| replicas).sum();
        prop_assert_eq!(world.snapshot.pods.len(), usize::try_from(wanted).unwrap());
        let routed: usize = crate::routes(&world.snapshot).iter().map(|route| route.ports[0].endpoints.len()).sum();
        let ready = world.snapshot.pods.values().filter(|pod| pod::is_ready(pod)).count();
        prop_assert_eq!(routed, ready);
        let waiting = world.snapshot.pods.values().filter(|pod| pod::node(pod).is_none()).count();
        prop_assert_eq!(waiting + ready, world.snapshot.pods.len());
    }
}

fn plan_has_bindings(plan: &Plan) -> bool {
    plan.actions.iter().any(|action| matches!(action, Action::Bind { .. }))
}

/// What may happen to a Deployment while it is rolled.
#[derive(Debug, Clone)]
enum Happening {
    Image(u8),
    Scale(u8),
    Unready(u8),
    Ready(u8),
    Fail(u8),
    Pass(u8),
    LoseNode,
    FindNode,
    /// Work for so many rounds.
    Work(u8),
    /// The leader dies after so many steps of a plan.
    Interrupted(u8),
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        (0_u8..3).prop_map(Happening::Image),
        (0_u8..9).prop_map(Happening::Scale),
        any::<u8>().prop_map(Happening::Unready),
        any::<u8>().prop_map(Happening::Ready),
        any::<u8>().prop_map(Happening::Fail),
        (1_u8..20).prop_map(Happening::Pass),
        Just(Happening::LoseNode),
        Just(Happening::FindNode),
        (1_u8..4).prop_map(Happening::Work),
        (1_u8..4).prop_map(Happening::Work),
        (0_u8..4).prop_map(Happening::Interrupted),
    ];
    prop::collection::vec(one, 1..40)
}

fn name() -> NamespacedName {
    NamespacedName::new("s", "web")
}

fn nth_pod(world: &World, n: u8) -> Option<NamespacedName> {
    let bound: Vec<_> =
        world.snapshot.pods.iter().filter(|(_, pod)| pod::node(pod).is_some() && !pod::is_finished(pod)).collect();
    (!bound.is_empty()).then(|| bound[usize::from(n) % bound.len()].0.clone())
}

fn happen(world: &mut World, happening: &Happening) {
    match happening {
        Happening::Image(image) => {
            let change = |object: &mut serde_json::Value| {
                object["spec"]["template"]["spec"]["containers"][0]["image"] = json!(format!("v{image}"));
            };
            world.edit(&DEPLOYMENTS, &name(), change, Part::Main);
        }
        Happening::Scale(replicas) => {
            world.edit(&DEPLOYMENTS, &name(), |object| object["spec"]["replicas"] = json!(replicas), Part::Main);
        }
        Happening::Unready(n) | Happening::Ready(n) => {
            if let Some(name) = nth_pod(world, *n) {
                world.report(&name, "Running", matches!(happening, Happening::Ready(_)));
            }
        }
        Happening::Fail(n) => {
            if let Some(name) = nth_pod(world, *n) {
                world.report(&name, "Failed", false);
            }
        }
        Happening::Pass(seconds) => world.pass(i64::from(*seconds)),
        Happening::LoseNode => world.set_session("n0", false),
        Happening::FindNode => world.set_session("n0", true),
        Happening::Work(_) | Happening::Interrupted(_) => {}
    }
}

/// One round in which every step is looked at.
fn watched_round(world: &mut World, bounds: Bounds, steps_max: usize) -> Result<(), TestCaseError> {
    // Losing a Node breaks the floor, and that is nobody's decision.
    world.run(nodes::plan);
    world.run(eviction::plan);
    let loops: [fn(&Snapshot) -> Plan; 3] = [deployment::plan, replicaset::plan, placement::plan];
    for plan in loops {
        let before = Look::at(&world.snapshot);
        let mut steps = plan(&world.snapshot);
        prop_assert_eq!(&steps, &plan(&world.snapshot), "the same snapshot, another plan");
        steps.actions.truncate(steps_max);
        world.apply(&steps);
        let problems = bounds.problems(&before, &Look::at(&world.snapshot));
        prop_assert!(problems.is_empty(), "{}\n{}", problems.join("\n"), super::text(&steps));
    }
    world.work_hosts();
    Ok(())
}

proptest! {
    #![proptest_config(config(4))]

    // C5, C45, C53, C55: whatever fails, whenever the leader dies, however the user changes his mind.
    #[test]
    fn rollouts_keep_their_bounds(
        surge in 0_u8..4,
        unavailable in 0_u8..4,
        min_ready in prop_oneof![Just(0), Just(5)],
        starts in 1_usize..4,
        happenings in happenings(),
    ) {
        let cluster = format!(
            "node n0\nnode n1\nnode n2\ndeploy s/web replicas=4 surge={surge} unavailable={unavailable} minready={min_ready}"
        );
        let mut world = World::new(&cluster);
        world.starts_per_round = starts;
        let bounds = Bounds { surge: i32::from(surge), unavailable: i32::from(unavailable) };
        for happening in &happenings {
            happen(&mut world, happening);
            match happening {
                Happening::Work(rounds) => {
                    for _ in 0..*rounds {
                        watched_round(&mut world, bounds, usize::MAX)?;
                    }
                }
                Happening::Interrupted(steps) => watched_round(&mut world, bounds, usize::from(*steps))?,
                _ => {}
            }
        }
        // The world heals, and the wish is fulfilled.
        world.set_session("n0", true);
        for _ in 0..60 {
            let unready: Vec<_> = world.snapshot.pods.iter()
                .filter(|(_, pod)| pod::is_active(pod) && pod::node(pod).is_some() && !pod::is_ready(pod))
                .map(|(name, _)| name.clone())
                .collect();
            unready.iter().for_each(|name| world.report(name, "Running", true));
            world.settle();
            world.pass(30);
        }
        world.settle();
        let deployment = &world.snapshot.deployments[&name()];
        let status = deployment.status.clone().unwrap();
        let wanted = deployment.spec.replicas.unwrap_or(1);
        prop_assert_eq!(status.updated_replicas.unwrap_or(0), wanted);
        prop_assert_eq!(status.available_replicas.unwrap_or(0), wanted);
        prop_assert_eq!(status.replicas.unwrap_or(0), wanted);
        prop_assert_eq!(status.observed_generation, deployment.metadata.generation);
    }
}

/// A checker that never complains is worthless: planted bugs must be found.
#[test]
fn planted_bugs_are_found() {
    fn shrink_to_nothing(snapshot: &Snapshot) -> Plan {
        let sets = snapshot.replica_sets.values();
        let patch = |meta| crate::object::patch(&REPLICA_SETS, meta, Part::Main, json!({"spec": {"replicas": 0}}));
        Plan { actions: sets.map(|set| patch(&set.metadata)).collect(), ..Plan::default() }
    }
    fn create_twice(snapshot: &Snapshot) -> Plan {
        let mut plan = replicaset::plan(snapshot);
        let mut again = snapshot.clone();
        again.seed += 1000;
        plan.actions.extend(replicaset::plan(&again).actions);
        plan.actions.iter_mut().for_each(|action| {
            if let Action::Create { guard, .. } = action {
                *guard = None;
            }
        });
        plan
    }
    let bounds = Bounds { surge: 1, unavailable: 1 };
    let mut world = World::new("node n0\ndeploy s/web replicas=4 surge=1 unavailable=1");
    world.settle();
    let before = Look::at(&world.snapshot);
    world.run(shrink_to_nothing);
    world.run(replicaset::plan);
    let problems = bounds.problems(&before, &Look::at(&world.snapshot));
    assert!(problems.iter().any(|problem| problem.contains("floor")), "{problems:?}");

    let mut world = World::new("node n0\ndeploy s/web replicas=4 surge=1 unavailable=1");
    world.run(deployment::plan);
    let before = Look::at(&world.snapshot);
    world.run(create_twice);
    let problems = bounds.problems(&before, &Look::at(&world.snapshot));
    assert!(problems.iter().any(|problem| problem.contains("surge")), "{problems:?}");
    assert!(problems.iter().any(|problem| problem.contains("asks for")), "{problems:?}");
}

// C17, F33: placement that forgets the Pods it has just placed is caught.
#[test]
fn a_forgetful_placement_is_found() {
    let cluster = "node a cpu=1\npod s/x cpu=600m\npod s/y cpu=600m";
    let mut world = World::new(cluster);
    for pod in ["x", "y"] {
        let alone = fixture::parse(&format!("node a cpu=1\npod s/{pod} cpu=600m"));
        world.apply(&placement::plan(&alone));
    }
    assert_eq!(violations(&world.snapshot), ["a: 1200 cpu of 1000"]);
}
