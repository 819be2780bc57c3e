//! DaemonSets: which Nodes get a Pod, and how Pods are brought up to date.

use api::resource::{DAEMON_SETS, NODES};
use expect_test::expect;
use serde_json::{Value, json};

use super::*;
use crate::testing::world::{World, steps};
use crate::testing::{check, fixture};

const CLUSTER: &str = "node a\nnode b\nnode c\nca PEM\nnamespace shop\n";

fn name() -> NamespacedName {
    NamespacedName::new("shop", "log")
}

fn set_image(world: &mut World, image: &str) {
    let change = |object: &mut Value| object["spec"]["template"]["spec"]["containers"][0]["image"] = json!(image);
    world.edit(&DAEMON_SETS, &name(), change, Part::Main);
}

fn settled(words: &str) -> World {
    let mut world = World::new(&format!("{CLUSTER}ds shop/log image=v1 {words}"));
    world.settle();
    world
}

fn status(world: &World) -> api::apps::DaemonSetStatus {
    world.snapshot.daemon_sets[&name()].status.clone().unwrap()
}

/// Images by Node: `a=v1 b=v2`.
fn images(world: &World) -> String {
    let image = |pod: &std::sync::Arc<Pod>| {
        let spec = pod.spec.as_ref().unwrap();
        format!("{}={}", spec.node_name.as_deref().unwrap_or("-"), spec.containers[0].image.as_deref().unwrap())
    };
    let mut images: Vec<_> = world.snapshot.pods.values().map(image).collect();
    images.sort();
    images.join(" ")
}

/// How many Pods each round of the plan made and stopped: `+3, -1, +1`.
fn story(world: &mut World) -> String {
    let story = world.story(plan);
    let count = |round: &str, sign: char| round.split(' ').filter(|step| step.starts_with(sign)).count();
    let round = |round: &str| {
        let counts = [('+', count(round, '+')), ('-', count(round, '-'))];
        counts.iter().filter(|(_, n)| *n > 0).map(|(sign, n)| format!("{sign}{n}")).collect::<String>()
    };
    story.split(", ").filter(|text| !text.is_empty()).map(round).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_node_has_one_pod_also_one_that_joins_later() {
    let mut world = settled("");
    assert_eq!(images(&world), "a=v1 b=v1 c=v1");
    let joined = fixture::parse("node d");
    world.snapshot.nodes.extend(joined.nodes);
    world.set_session("d", true);
    assert_eq!(story(&mut world), "+1");
    assert_eq!(images(&world), "a=v1 b=v1 c=v1 d=v1");
    let status = status(&world);
    assert_eq!((status.desired_number_scheduled, status.current_number_scheduled, status.number_ready), (4, 4, 4));
    assert_eq!(
        (status.updated_number_scheduled, status.number_available, status.number_unavailable),
        (Some(4), Some(4), None)
    );
    assert_eq!(world.refused, [""; 0]);
}

#[test]
fn nodes_are_chosen_by_selector_and_taints() {
    check(
        plan,
        "node a label=disk=ssd
         node b label=disk=ssd taint=team=red:NoSchedule
         node c label=disk=ssd taint=team=red:NoExecute
         node d
         node e label=disk=ssd cordoned taint=node.kubernetes.io/unschedulable=:NoSchedule
         ds shop/log spec={\"nodeSelector\":{\"disk\":\"ssd\"}}
         crev shop/log-v1 ds=log spec={\"nodeSelector\":{\"disk\":\"ssd\"}}
         pod shop/log-b ds=log rev=v1 node=b ready
         pod shop/log-c ds=log rev=v1 node=c ready
         pod shop/log-d ds=log rev=v1 node=d ready
         pod shop/log-z ds=log rev=v1 spec={\"affinity\":{\"nodeAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":{\"nodeSelectorTerms\":[{\"matchFields\":[{\"key\":\"metadata.name\",\"operator\":\"In\",\"values\":[\"z\"]}]}]}}}}",
        &expect![[r#"
            delete pods shop/log-z
            event Normal SuccessfulDelete daemonsets.apps shop/log: Deleted pod: log-z
            delete pods shop/log-c
            event Normal SuccessfulDelete daemonsets.apps shop/log: Deleted pod: log-c
            delete pods shop/log-d
            event Normal SuccessfulDelete daemonsets.apps shop/log: Deleted pod: log-d
            create pods shop/log-chqnc
            event Normal SuccessfulCreate daemonsets.apps shop/log: Created pod: log-chqnc
            create pods shop/log-b6x6x
            event Normal SuccessfulCreate daemonsets.apps shop/log: Created pod: log-b6x6x
            patch daemonsets.apps/status shop/log status.currentNumberScheduled=0 status.desiredNumberScheduled=2 status.numberMisscheduled=3 status.numberReady=0 status.numberUnavailable=2 status.observedGeneration=1
        "#]],
    );
}

#[test]
fn a_pod_is_pinned_to_its_node_and_tolerates_what_befalls_nodes() {
    let world = settled(r#"spec={"hostNetwork":true,"tolerations":[{"key":"team","operator":"Exists"}]}"#);
    let pod = world.snapshot.pods.values().next().unwrap();
    let spec = pod.spec.as_ref().unwrap();
    assert_eq!(manifest::node_of(pod), spec.node_name.as_deref());
    let tolerations = spec.tolerations.as_ref().unwrap();
    let shown: Vec<_> = tolerations
        .iter()
        .map(|t| format!("{} {}", t.key.as_deref().unwrap(), t.effect.as_deref().unwrap_or("*")))
        .collect();
    expect![[r#"
        team *
        node.kubernetes.io/not-ready NoExecute
        node.kubernetes.io/unreachable NoExecute
        node.kubernetes.io/disk-pressure NoSchedule
        node.kubernetes.io/memory-pressure NoSchedule
        node.kubernetes.io/pid-pressure NoSchedule
        node.kubernetes.io/unschedulable NoSchedule
        node.kubernetes.io/network-unavailable NoSchedule"#]]
    .assert_eq(&shown.join("\n"));
}

#[test]
fn an_update_stops_as_many_as_may_be_unavailable() {
    for (words, wanted) in [("", "-1 +1 -1 +1 -1 +1"), ("unavailable=2", "-2 +2 -1 +1"), ("unavailable=100%", "-3 +3")]
    {
        let mut world = settled(words);
        set_image(&mut world, "v2");
        assert_eq!(story(&mut world), wanted, "{words}");
        assert_eq!(images(&world), "a=v2 b=v2 c=v2");
        assert_eq!(status(&world).updated_number_scheduled, Some(3));
    }
}

#[test]
fn a_surge_makes_the_new_one_first() {
    let mut world = settled("surge=1 unavailable=0");
    set_image(&mut world, "v2");
    assert_eq!(story(&mut world), "+1 -1 +1 -1 +1 -1");
    assert_eq!(images(&world), "a=v2 b=v2 c=v2");
}

#[test]
fn a_broken_revision_stops_the_update_and_is_mended_by_the_next() {
    let mut world = settled("");
    world.unready.push("log-".to_owned());
    set_image(&mut world, "broken");
    assert_eq!(story(&mut world), "-1 +1");
    assert_eq!(status(&world).number_unavailable, Some(1));
    world.unready.clear();
    set_image(&mut world, "v1");
    assert_eq!(story(&mut world), "-1 +1");
    assert_eq!(images(&world), "a=v1 b=v1 c=v1");
}

#[test]
fn on_delete_waits_for_whoever_deletes() {
    let mut world = settled("ondelete");
    set_image(&mut world, "v2");
    assert_eq!(story(&mut world), "");
    let victim = world.snapshot.pods.keys().next().unwrap().clone();
    world.delete(&PODS, &victim, None, None);
    assert_eq!(story(&mut world), "+1");
    assert_eq!(status(&world).updated_number_scheduled, Some(1));
}

#[test]
fn a_second_pod_of_a_node_goes_and_the_oldest_stays() {
    let cluster = "node a\nds shop/log\ncrev shop/log-v1 ds=log
        pod shop/log-x ds=log rev=v1 node=a ready at=5\npod shop/log-y ds=log rev=v1 node=a ready at=9";
    assert_eq!(steps(&plan(&fixture::parse(cluster))), "-log-y");
}

#[test]
fn a_failed_pod_is_replaced_and_not_faster_than_it_fails() {
    let mut world = settled("");
    world.broken.push("log-".to_owned());
    let victim = world.snapshot.pods.keys().next().unwrap().clone();
    world.pass(100);
    world.report(&victim, "Failed", false);
    assert_eq!(story(&mut world), "-1 +1", "the successor fails at once, and is kept for a while");
    assert!(world.pass_to_wake(10));
    assert_eq!(story(&mut world), "-1 +1");
}

#[test]
fn a_node_that_is_gone_takes_its_pod_along() {
    let mut world = settled("");
    world.delete(&NODES, &NamespacedName::new("", "b"), None, None);
    world.settle();
    assert_eq!(images(&world), "a=v1 c=v1");
    assert_eq!(status(&world).desired_number_scheduled, 2);
}

#[test]
fn a_lost_node_keeps_its_pod_however_long() {
    let mut world = settled("");
    let before: Vec<_> = world.snapshot.pods.keys().cloned().collect();
    world.set_session("b", false);
    for _ in 0..10 {
        world.pass(60);
        world.settle();
    }
    world.set_session("b", true);
    world.settle();
    assert_eq!(world.snapshot.pods.keys().cloned().collect::<Vec<_>>(), before);
    assert_eq!(status(&world).number_ready, 3);
}
