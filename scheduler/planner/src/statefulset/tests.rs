//! StatefulSets: the order of their Pods, updates and what holds them up.

use api::core::Pod;
use api::resource::{CONTROLLER_REVISIONS, STATEFUL_SETS};
use expect_test::expect;
use serde_json::{Value, json};

use super::*;
use crate::testing::world::World;
use crate::testing::{check, fixture};
use crate::{eviction, nodes};

const SET: &str = "node a\nnode b\nca PEM\nnamespace shop\nsts shop/web image=v1";

fn name() -> NamespacedName {
    NamespacedName::new("shop", "web")
}

fn set_image(world: &mut World, image: &str) {
    let change = |object: &mut Value| object["spec"]["template"]["spec"]["containers"][0]["image"] = json!(image);
    world.edit(&STATEFUL_SETS, &name(), change, Part::Main);
}

fn set_spec(world: &mut World, key: &str, value: Value) {
    world.edit(&STATEFUL_SETS, &name(), |object| object["spec"][key] = value, Part::Main);
}

fn pod<'a>(world: &'a World, name: &str) -> &'a Pod {
    &world.snapshot.pods[&NamespacedName::new("shop", name)]
}

/// Images by ordinal: `0=v1 1=v2`.
fn images(world: &World) -> String {
    let image = |(name, pod): (&NamespacedName, &std::sync::Arc<Pod>)| {
        let image = pod.spec.as_ref().unwrap().containers[0].image.clone().unwrap();
        format!("{}={image}", name.name.strip_prefix("web-").unwrap())
    };
    world.snapshot.pods.iter().map(image).collect::<Vec<_>>().join(" ")
}

fn status(world: &World) -> api::apps::StatefulSetStatus {
    world.snapshot.stateful_sets[&name()].status.clone().unwrap()
}

fn settled(words: &str) -> World {
    let mut world = World::new(&format!("{SET} {words}"));
    world.settle();
    world
}

// C58
#[test]
fn ordinals_are_made_from_the_lowest_up_and_stopped_from_the_highest_down() {
    let mut world = World::new(&format!("{SET} replicas=3"));
    assert_eq!(world.story(plan), "+web-0, +web-1, +web-2");
    set_spec(&mut world, "replicas", json!(0));
    assert_eq!(world.story(plan), "-web-2, -web-1, -web-0");
    set_spec(&mut world, "podManagementPolicy", json!("Parallel"));
    set_spec(&mut world, "replicas", json!(3));
    assert_eq!(world.story(plan), "+web-0 +web-1 +web-2");
    set_spec(&mut world, "replicas", json!(1));
    assert_eq!(world.story(plan), "-web-2 -web-1");
    set_spec(&mut world, "ordinals", json!({"start": 5}));
    assert_eq!(world.story(plan), "+web-5 -web-0");
    assert_eq!(world.refused, [""; 0]);
}

#[test]
fn a_pod_knows_its_name_its_number_and_its_revision() {
    let world = settled("replicas=2 service=db");
    let pod = pod(&world, "web-1");
    let labels = pod.metadata.labels.as_ref().unwrap();
    assert_eq!(labels[label::STATEFUL_POD_NAME], "web-1");
    assert_eq!(labels[label::POD_INDEX], "1");
    assert_eq!(Some(&labels[label::CONTROLLER_REVISION_HASH]), status(&world).update_revision.as_ref());
    let spec = pod.spec.as_ref().unwrap();
    assert_eq!((spec.hostname.as_deref(), spec.subdomain.as_deref()), (Some("web-1"), Some("db")));
    assert!(manages(pod));
}

// C58
#[test]
fn an_ordered_set_waits_for_a_pod_that_is_not_ready_and_a_parallel_one_does_not() {
    for (words, wanted) in [("", "+web-0, +web-1"), ("parallel", "+web-0 +web-1 +web-2 +web-3")] {
        let mut world = World::new(&format!("{SET} replicas=4 {words}"));
        world.unready.push("web-1".to_owned());
        assert_eq!(world.story(plan), wanted);
    }
}

#[test]
fn min_ready_seconds_hold_up_the_next_ordinal() {
    let mut world = World::new(&format!("{SET} replicas=2 minready=10"));
    assert_eq!(world.story(plan), "+web-0");
    assert!(world.pass_to_wake(10));
    assert_eq!(world.story(plan), "+web-1");
    assert_eq!(status(&world).available_replicas, Some(1));
    assert!(world.pass_to_wake(10));
    world.settle();
    assert_eq!(status(&world).available_replicas, Some(2));
}

// C58
#[test]
fn an_update_goes_from_the_highest_down_one_by_one() {
    let mut world = settled("replicas=3");
    let before = status(&world).current_revision;
    set_image(&mut world, "v2");
    assert_eq!(world.story(plan), "-web-2, +web-2, -web-1, +web-1, -web-0, +web-0");
    assert_eq!(images(&world), "0=v2 1=v2 2=v2");
    let after = status(&world);
    assert_eq!(after.current_revision, after.update_revision);
    assert_ne!(after.current_revision, before);
    assert_eq!((after.updated_replicas, after.current_replicas, after.replicas), (Some(3), Some(3), 3));
}

// C58
#[test]
fn a_partition_keeps_the_lower_ordinals_at_the_old_revision() {
    let mut world = settled("replicas=4 partition=2");
    set_image(&mut world, "v2");
    assert_eq!(world.story(plan), "-web-3, +web-3, -web-2, +web-2");
    assert_eq!(images(&world), "0=v1 1=v1 2=v2 3=v2");
    assert_eq!(status(&world).updated_replicas, Some(2));
    assert_ne!(status(&world).current_revision, status(&world).update_revision);
    // One that is lost below the partition comes back as what it was.
    world.delete(&PODS, &NamespacedName::new("shop", "web-0"), Some(0), None);
    assert_eq!(world.story(plan), "+web-0");
    assert_eq!(images(&world), "0=v1 1=v1 2=v2 3=v2");
    let strategy = json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 0}});
    set_spec(&mut world, "updateStrategy", strategy);
    assert_eq!(world.story(plan), "-web-1, +web-1, -web-0, +web-0");
}

// C58
#[test]
fn more_may_be_unavailable_if_the_strategy_says_so() {
    let mut world = settled("replicas=4 parallel unavailable=50%");
    set_image(&mut world, "v2");
    assert_eq!(world.story(plan), "-web-3 -web-2, +web-2 +web-3, -web-1 -web-0, +web-0 +web-1");
}

// C58
#[test]
fn on_delete_waits_for_whoever_deletes() {
    let mut world = settled("replicas=2 ondelete");
    set_image(&mut world, "v2");
    assert_eq!(world.story(plan), "");
    world.delete(&PODS, &NamespacedName::new("shop", "web-1"), None, None);
    assert_eq!(world.story(plan), "+web-1");
    assert_eq!(images(&world), "0=v1 1=v2");
}

// C58: k/k#67250
#[test]
fn a_broken_revision_stops_the_update_and_is_mended_by_the_next() {
    for words in ["replicas=3", "replicas=3 parallel"] {
        let mut world = settled(words);
        world.unready.push("web-".to_owned());
        set_image(&mut world, "broken");
        assert_eq!(world.story(plan), "-web-2, +web-2", "{words}");
        world.unready.clear();
        set_image(&mut world, "v3");
        assert_eq!(world.story(plan), "-web-2, +web-2, -web-1, +web-1, -web-0, +web-0", "{words}");
        assert_eq!(images(&world), "0=v3 1=v3 2=v3");
    }
}

#[test]
fn a_template_that_comes_back_raises_its_old_revision() {
    let mut world = settled("replicas=1");
    let first = status(&world).update_revision.unwrap();
    set_image(&mut world, "v2");
    world.settle();
    set_image(&mut world, "v1");
    world.settle();
    assert_eq!(status(&world).update_revision.as_ref(), Some(&first));
    let revisions: Vec<_> = world.snapshot.controller_revisions.values().map(|one| one.revision.unwrap()).collect();
    assert_eq!(revisions.len(), 2);
    assert_eq!(revisions.iter().max(), Some(&3));
    let data = &world.snapshot.controller_revisions[&NamespacedName::new("shop", first.as_str())].data.0;
    assert_eq!(data["spec"]["template"]["$patch"], "replace");
    assert_eq!(data["spec"]["template"]["spec"]["containers"][0]["image"], "v1");
}

#[test]
fn old_revisions_are_kept_up_to_the_limit() {
    let mut world = settled("replicas=1 history=2");
    for image in ["v2", "v3", "v4", "v5"] {
        set_image(&mut world, image);
        world.settle();
    }
    let mut numbers: Vec<_> = world.snapshot.controller_revisions.values().map(|one| one.revision.unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [3, 4, 5]);
}

#[test]
fn a_revision_whose_name_is_taken_gets_another() {
    let world = settled("replicas=1");
    let taken = status(&world).update_revision.unwrap();
    let mut world = World::new(&format!("{SET} replicas=1\ncrev shop/{taken} image=other uid=x"));
    let free = |object: &mut Value| {
        object["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "other", "uid": "other", "controller": true}]);
    };
    world.edit(&CONTROLLER_REVISIONS, &NamespacedName::new("shop", taken.as_str()), free, Part::Main);
    for _ in 0..4 {
        world.run(plan);
    }
    assert_eq!(status(&world).collision_count, Some(1));
    assert_ne!(status(&world).update_revision, Some(taken));
}

// C30
#[test]
fn an_ordinal_on_a_lost_node_has_no_second_pod() {
    let mut world = World::new("node a\nnode b\nnode c\nca PEM\nnamespace shop\nsts shop/web replicas=3 parallel");
    world.settle();
    let lost = pod(&world, "web-0").spec.as_ref().unwrap().node_name.clone().unwrap();
    let before = pod(&world, "web-0").metadata.uid.clone();
    world.set_session(&lost, false);
    for _ in 0..20 {
        world.pass(30);
        world.run(nodes::plan);
        world.run(eviction::plan);
        world.run(plan);
    }
    assert_eq!(pod(&world, "web-0").metadata.uid, before);
    assert_eq!(status(&world).ready_replicas, Some(2));
    world.set_session(&lost, true);
    world.settle();
    assert_eq!(status(&world).ready_replicas, Some(3));
    assert_eq!(pod(&world, "web-0").metadata.uid, before, "it was there all the time");
}

#[test]
fn a_name_that_belongs_to_another_is_told_once_and_waited_for() {
    let mut world = World::new(&format!("{SET} replicas=2\npod shop/web-1 app=other node=a ready"));
    assert_eq!(world.story(plan), "+web-0");
    let condition = status(&world).conditions.unwrap().remove(0);
    assert_eq!(
        condition.message.unwrap(),
        "create Pod web-1 in StatefulSet web failed error: pods \"web-1\" already exists"
    );
    world.delete(&PODS, &NamespacedName::new("shop", "web-1"), Some(0), None);
    assert_eq!(world.story(plan), "+web-1");
    assert_eq!(status(&world).conditions, None);
}

#[test]
fn orphans_are_adopted_by_name_and_strangers_are_let_go() {
    check(
        plan,
        "sts shop/web replicas=1
         pod shop/web-0 app=web node=a ready
         pod shop/web-x app=web node=a ready
         pod shop/web-1 sts=web app=other node=a ready",
        &expect![[r#"
            patch pods shop/web-1 metadata.ownerReferences=[]
            patch pods shop/web-0 metadata.ownerReferences=[sts-web]
        "#]],
    );
}

#[test]
fn a_failed_pod_makes_room_for_its_successor_and_not_faster_than_that() {
    let mut world = settled("replicas=2");
    world.pass(100);
    world.report(&NamespacedName::new("shop", "web-0"), "Failed", false);
    world.broken.push("web-0".to_owned());
    world.run(plan);
    assert!(!world.snapshot.pods.contains_key(&NamespacedName::new("shop", "web-0")));
    world.settle();
    assert!(world.snapshot.pods.contains_key(&NamespacedName::new("shop", "web-0")), "it failed at once and is kept");
    world.broken.clear();
    assert!(world.pass_to_wake(10));
    world.settle();
    assert_eq!(status(&world).ready_replicas, Some(2));
}

#[test]
fn claims_are_made_before_their_pod_and_stay_after_it() {
    let claims =
        r#"set={"volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"]}}]}"#;
    let mut world = settled(&format!("replicas=2 {claims}"));
    set_spec(&mut world, "replicas", json!(1));
    world.settle();
    let made = &world.snapshot.others[&api::resource::PERSISTENT_VOLUME_CLAIMS];
    let names: Vec<_> = made.keys().map(|name| name.name.as_str()).collect();
    assert_eq!(names, ["data-web-0", "data-web-1"]);
    let volume = &pod(&world, "web-0").spec.as_ref().unwrap().volumes.as_ref().unwrap()[0];
    assert_eq!(volume.persistent_volume_claim.as_ref().unwrap().claim_name, "data-web-0");
    set_spec(&mut world, "replicas", json!(2));
    world.settle();
    assert_eq!(world.refused, [""; 0]);
}

#[test]
fn a_set_that_is_leaving_makes_nothing() {
    let cluster =
        "sts shop/web replicas=2 leaving\ncrev shop/web-v1 sts=web\npod shop/web-0 sts=web rev=web-v1 node=a ready";
    let plan = plan(&fixture::parse(cluster));
    assert_eq!(crate::testing::world::steps(&plan), "");
}

#[test]
fn more_replicas_than_there_can_be_cost_nothing() {
    let world = World::new("sts shop/web replicas=2147483647 parallel start=2147483647\ncrev shop/web-v1 sts=web");
    plan(&world.snapshot);
    let world = World::new("sts shop/web replicas=2147483647 parallel\ncrev shop/web-v1 sts=web");
    assert_eq!(crate::testing::world::steps(&plan(&world.snapshot)).split(' ').count(), 32);
}
