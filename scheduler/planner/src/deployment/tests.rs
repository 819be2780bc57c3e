//! Deployments, one step at a time, and from end to end in a small world.

use api::NamespacedName;
use api::resource::{DEPLOYMENTS, REPLICA_SETS};
use expect_test::expect;
use serde_json::json;

use super::*;
use crate::pod;
use crate::testing::world::World;
use crate::testing::{check, fixture, text};

#[test]
fn a_new_deployment_gets_a_replica_set_of_full_size() {
    let expected = expect![[r#"
        create replicasets.apps shop/web-6d9cb5c97
        event Normal ScalingReplicaSet deployments.apps shop/web: Scaled up replica set web-6d9cb5c97 from 0 to 3
    "#]];
    check(plan, "deploy shop/web replicas=3", &expected);
}

#[test]
fn a_new_template_starts_within_the_surge() {
    let cluster = "
        deploy shop/web replicas=3 surge=1 unavailable=0 image=v2 revision=1
        rs shop/web-1 of=web replicas=3 image=v1 revision=1
        pod shop/web-1-a of=web-1 node=a ready
        pod shop/web-1-b of=web-1 node=a ready
        pod shop/web-1-c of=web-1 node=a ready";
    let expected = expect![[r#"
        create replicasets.apps shop/web-5d7bbcc5fd
        event Normal ScalingReplicaSet deployments.apps shop/web: Scaled up replica set web-5d7bbcc5fd from 0 to 1
    "#]];
    check(plan, cluster, &expected);
}

#[test]
fn a_replica_set_that_has_been_created_is_told_of_once() {
    let cluster = "
        deploy shop/web replicas=3 surge=1 unavailable=0 image=v2 revision=1
        rs shop/web-1 of=web replicas=3 image=v1 revision=1
        rs shop/web-2 of=web replicas=1 image=v2 revision=2 desired=3 max=4
        pod shop/web-1-a of=web-1 node=a ready";
    let expected = expect![[r#"
        patch deployments.apps shop/web metadata.annotations.deployment.kubernetes.io/revision=2
        patch deployments.apps/status shop/web status.availableReplicas=1 status.conditions=[Available/False/MinimumReplicasUnavailable Progressing/True/NewReplicaSetCreated] status.observedGeneration=1 status.readyReplicas=1 status.replicas=1 status.unavailableReplicas=3
        wake @700
    "#]];
    check(plan, cluster, &expected);
}

#[test]
fn an_old_replica_goes_when_a_new_one_is_available() {
    let cluster = "
        deploy shop/web replicas=3 surge=1 unavailable=0 image=v2 revision=2
        rs shop/web-1 of=web replicas=3 image=v1 revision=1 max=4
        rs shop/web-2 of=web replicas=1 image=v2 revision=2 desired=3 max=4
        pod shop/web-1-a of=web-1 node=a ready
        pod shop/web-1-b of=web-1 node=a ready
        pod shop/web-1-c of=web-1 node=a ready
        pod shop/web-2-a of=web-2 node=a ready";
    let expected = expect![[r#"
        patch replicasets.apps shop/web-1 spec.replicas=2
        event Normal ScalingReplicaSet deployments.apps shop/web: Scaled down replica set web-1 from 3 to 2
        patch deployments.apps/status shop/web status.availableReplicas=4 status.conditions=[Available/True/MinimumReplicasAvailable Progressing/True/FoundNewReplicaSet] status.observedGeneration=1 status.readyReplicas=4 status.replicas=4 status.updatedReplicas=1
        wake @700
    "#]];
    check(plan, cluster, &expected);
}

// C53: the floor holds although the new replica is up, because an old one is down.
#[test]
fn an_unhealthy_old_replica_goes_first_and_takes_no_healthy_one_along() {
    let cluster = "
        deploy shop/web replicas=3 surge=1 unavailable=0 image=v2 revision=2
        rs shop/web-1 of=web replicas=3 image=v1 revision=1 max=4
        rs shop/web-2 of=web replicas=1 image=v2 revision=2 desired=3 max=4
        pod shop/web-1-a of=web-1 node=a ready
        pod shop/web-1-b of=web-1 node=a ready
        pod shop/web-1-c of=web-1 node=a
        pod shop/web-2-a of=web-2 node=a ready";
    let expected = expect![[r#"
        patch replicasets.apps shop/web-1 spec.replicas=2
        event Normal ScalingReplicaSet deployments.apps shop/web: Scaled down replica set web-1 from 3 to 2
        patch deployments.apps/status shop/web status.availableReplicas=3 status.conditions=[Available/True/MinimumReplicasAvailable Progressing/True/FoundNewReplicaSet] status.observedGeneration=1 status.readyReplicas=3 status.replicas=4 status.updatedReplicas=1
        wake @700
    "#]];
    check(plan, cluster, &expected);
}

// C57
#[test]
fn a_replica_that_has_not_been_ready_for_long_enough_advances_nothing() {
    let cluster = "
        now 100
        deploy shop/web replicas=2 surge=1 unavailable=0 minready=10 image=v2 revision=2
        rs shop/web-1 of=web replicas=2 image=v1 revision=1 max=3
        rs shop/web-2 of=web replicas=1 image=v2 revision=2 desired=2 max=3 minready=10
        pod shop/web-1-a of=web-1 node=a ready
        pod shop/web-1-b of=web-1 node=a ready
        pod shop/web-2-a of=web-2 node=a ready=95";
    let expected = expect![[r#"
        patch deployments.apps/status shop/web status.availableReplicas=2 status.conditions=[Available/True/MinimumReplicasAvailable Progressing/True/FoundNewReplicaSet] status.observedGeneration=1 status.readyReplicas=3 status.replicas=3 status.unavailableReplicas=1 status.updatedReplicas=1
        wake @105
    "#]];
    check(plan, cluster, &expected);
}

#[test]
fn going_back_to_an_old_template_raises_the_revision_of_its_replica_set() {
    let cluster = "
        deploy shop/web replicas=2 surge=1 unavailable=0 image=v1 revision=2
        rs shop/web-1 of=web replicas=0 image=v1 revision=1 desired=2 max=3
        rs shop/web-2 of=web replicas=2 image=v2 revision=2 max=3
        pod shop/web-2-a of=web-2 node=a ready
        pod shop/web-2-b of=web-2 node=a ready";
    let expected = expect![[r#"
        patch replicasets.apps shop/web-1 metadata.annotations.deployment.kubernetes.io/revision=3 metadata.annotations.deployment.kubernetes.io/revision-history=1 spec.replicas=1
        event Normal ScalingReplicaSet deployments.apps shop/web: Scaled up replica set web-1 from 0 to 1
        patch deployments.apps shop/web metadata.annotations.deployment.kubernetes.io/revision=3
        patch deployments.apps/status shop/web status.availableReplicas=2 status.conditions=[Available/True/MinimumReplicasAvailable Progressing/True/FoundNewReplicaSet] status.observedGeneration=1 status.readyReplicas=2 status.replicas=2 status.unavailableReplicas=1
        wake @700
    "#]];
    check(plan, cluster, &expected);
}

#[test]
fn recreate_waits_until_the_last_old_pod_is_gone() {
    let before = "
        deploy shop/web replicas=2 recreate image=v2 revision=1
        rs shop/web-1 of=web replicas=2 image=v1 revision=1 max=2
        pod shop/web-1-a of=web-1 node=a ready";
    expect![[r#"
        patch replicasets.apps shop/web-1 spec.replicas=0
        event Normal ScalingReplicaSet deployments.apps shop/web: Scaled down replica set web-1 from 2 to 0
        patch deployments.apps/status shop/web status.availableReplicas=1 status.conditions=[Available/False/MinimumReplicasUnavailable Progressing/True/ReplicaSetUpdated] status.observedGeneration=1 status.readyReplicas=1 status.replicas=1
        wake @700
    "#]].assert_eq(&text(&plan(&crate::testing::fixture::parse(before))));
    let leaving = "
        deploy shop/web replicas=2 recreate image=v2 revision=1
        rs shop/web-1 of=web replicas=0 image=v1 revision=1 desired=2 max=2
        pod shop/web-1-a of=web-1 node=a ready leaving";
    let expected = expect![[r#"
        patch deployments.apps/status shop/web status.conditions=[Available/False/MinimumReplicasUnavailable] status.observedGeneration=1 status.terminatingReplicas=1
    "#]];
    check(plan, leaving, &expected);
    let gone = "
        deploy shop/web replicas=2 recreate image=v2 revision=1
        rs shop/web-1 of=web replicas=0 image=v1 revision=1 desired=2 max=2";
    let expected = expect![[r#"
        create replicasets.apps shop/web-5d7bbcc5fd
        event Normal ScalingReplicaSet deployments.apps shop/web: Scaled up replica set web-5d7bbcc5fd from 0 to 2
    "#]];
    check(plan, gone, &expected);
}

// C55
#[test]
fn scaling_in_the_middle_of_a_rollout_is_proportional() {
    let pods = |set: &str, count: usize, state: &str| -> String {
        (0..count).map(|n| format!("pod shop/{set}-{n} of={set} node=a {state}\n")).collect()
    };
    let cluster = format!(
        "deploy shop/web replicas=20 surge=3 unavailable=2 image=v2 revision=2
         rs shop/web-1 of=web replicas=8 image=v1 revision=1 desired=10 max=13
         rs shop/web-2 of=web replicas=5 image=v2 revision=2 desired=10 max=13
         {}{}",
        pods("web-1", 8, "ready"),
        pods("web-2", 5, "")
    );
    let expected = expect![[r#"
        patch replicasets.apps shop/web-1 metadata.annotations.deployment.kubernetes.io/desired-replicas=20 metadata.annotations.deployment.kubernetes.io/max-replicas=23 spec.replicas=14
        event Normal ScalingReplicaSet deployments.apps shop/web: Scaled up replica set web-1 from 8 to 14
        patch replicasets.apps shop/web-2 metadata.annotations.deployment.kubernetes.io/desired-replicas=20 metadata.annotations.deployment.kubernetes.io/max-replicas=23 spec.replicas=9
        event Normal ScalingReplicaSet deployments.apps shop/web: Scaled up replica set web-2 from 5 to 9
        patch deployments.apps/status shop/web status.availableReplicas=8 status.conditions=[Available/False/MinimumReplicasUnavailable Progressing/True/FoundNewReplicaSet] status.observedGeneration=1 status.readyReplicas=8 status.replicas=13 status.unavailableReplicas=15 status.updatedReplicas=5
        wake @700
    "#]];
    check(plan, &cluster, &expected);
}

#[test]
fn a_paused_deployment_is_scaled_but_not_rolled() {
    let cluster = "
        deploy shop/web replicas=4 paused image=v2 revision=1
        rs shop/web-1 of=web replicas=3 image=v1 revision=1
        pod shop/web-1-a of=web-1 node=a ready";
    let expected = expect![[r#"
        patch replicasets.apps shop/web-1 metadata.annotations.deployment.kubernetes.io/desired-replicas=4 metadata.annotations.deployment.kubernetes.io/max-replicas=5 spec.replicas=4
        event Normal ScalingReplicaSet deployments.apps shop/web: Scaled up replica set web-1 from 3 to 4
        patch deployments.apps/status shop/web status.availableReplicas=1 status.conditions=[Available/False/MinimumReplicasUnavailable Progressing/Unknown/DeploymentPaused] status.observedGeneration=1 status.readyReplicas=1 status.replicas=1 status.unavailableReplicas=3
    "#]];
    check(plan, cluster, &expected);
}

// C54
#[test]
fn a_rollout_without_progress_misses_its_deadline() {
    let stuck = |now: i64| {
        format!(
            r#"now {now}
            deploy shop/web replicas=1 deadline=60 revision=1 status={{"replicas":1,"updatedReplicas":1,"unavailableReplicas":1,"observedGeneration":1,"conditions":[{{"type":"Available","status":"False","reason":"MinimumReplicasUnavailable"}},{{"type":"Progressing","status":"True","reason":"ReplicaSetUpdated","lastUpdateTime":"2026-01-01T00:00:40Z"}}]}}
            rs shop/web-1 of=web replicas=1 revision=1
            pod shop/web-1-a of=web-1 node=a"#
        )
    };
    check(
        plan,
        &stuck(99),
        &expect![[r#"
        wake @100
    "#]],
    );
    check(
        plan,
        &stuck(100),
        &expect![[r#"
        patch deployments.apps/status shop/web status.conditions=[Available/False/MinimumReplicasUnavailable Progressing/False/ProgressDeadlineExceeded]
    "#]],
    );
}

// C7
#[test]
fn only_replica_sets_without_an_owner_are_adopted() {
    let cluster = "
        deploy shop/web replicas=1
        rs shop/web-1 replicas=1
        rs shop/web-2 of=other replicas=1 app=web";
    let expected = expect![[r#"
        patch replicasets.apps shop/web-1 metadata.ownerReferences=[deploy-web]
    "#]];
    check(plan, cluster, &expected);
}

#[test]
fn a_name_that_is_taken_counts_as_a_collision() {
    let mut world = World::new("deploy shop/web replicas=1");
    let snapshot = world.snapshot.clone();
    let plan_text = plan(&snapshot).to_string();
    let name = plan_text.split_whitespace().nth(2).unwrap();
    world = World::new(&format!("deploy shop/web replicas=1\nrs {name} app=db"));
    let expected = expect![[r#"
        patch deployments.apps/status shop/web status.collisionCount=1 status.conditions=[Available/False/MinimumReplicasUnavailable] status.observedGeneration=1
    "#]];
    expected.assert_eq(&text(&plan(&world.snapshot)));
    world.settle();
    assert_eq!(world.snapshot.replica_sets.len(), 2);
}

#[test]
fn old_replica_sets_beyond_the_history_are_deleted() {
    let cluster = "
        deploy shop/web replicas=1 history=1 image=v4 revision=4
        rs shop/web-1 of=web replicas=0 image=v1 revision=1
        rs shop/web-2 of=web replicas=0 image=v2 revision=2
        rs shop/web-3 of=web replicas=0 image=v3 revision=3
        rs shop/web-4 of=web replicas=1 image=v4 revision=4
        pod shop/web-4-a of=web-4 node=a ready";
    let expected = expect![[r#"
        delete replicasets.apps shop/web-1
        delete replicasets.apps shop/web-2
        patch deployments.apps/status shop/web status.availableReplicas=1 status.conditions=[Available/True/MinimumReplicasAvailable Progressing/True/FoundNewReplicaSet] status.observedGeneration=1 status.readyReplicas=1 status.replicas=1 status.updatedReplicas=1
        wake @700
    "#]];
    check(plan, cluster, &expected);
}

#[test]
fn a_deployment_that_is_leaving_is_only_counted() {
    check(
        plan,
        "deploy shop/web replicas=3 leaving",
        &expect![[r#"
        patch deployments.apps/status shop/web status.conditions=[Available/False/MinimumReplicasUnavailable] status.observedGeneration=1
    "#]],
    );
    check(
        plan,
        "namespace shop leaving\ndeploy shop/web replicas=3",
        &expect![[r#"
        patch deployments.apps/status shop/web status.conditions=[Available/False/MinimumReplicasUnavailable] status.observedGeneration=1
    "#]],
    );
}

fn image(world: &mut World, image: &str) {
    let change = |object: &mut serde_json::Value| {
        object["spec"]["template"]["spec"]["containers"][0]["image"] = json!(image);
    };
    world.edit(&DEPLOYMENTS, &NamespacedName::new("shop", "web"), change, Part::Main);
}

fn status(world: &World) -> String {
    let deployment = world.snapshot.deployments.values().next().unwrap();
    let status = deployment.status.as_ref().unwrap();
    let conditions = status.conditions.iter().flatten().map(|condition| {
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        format!(" {}={}/{}", text(&condition.type_), text(&condition.status), text(&condition.reason))
    });
    format!(
        "revision {} replicas {:?} updated {:?} available {:?} observed {:?}{}",
        object::annotation(&deployment.metadata, api::label::REVISION).unwrap_or_default(),
        status.replicas.unwrap_or(0),
        status.updated_replicas.unwrap_or(0),
        status.available_replicas.unwrap_or(0),
        status.observed_generation.unwrap_or(0),
        conditions.collect::<String>(),
    )
}

// C2: what `kubectl rollout status` waits for.
#[test]
fn a_life_of_rollouts_and_an_undo() {
    let mut world = World::new("node a\nnode b\ndeploy shop/web replicas=4 surge=1 unavailable=1");
    world.settle();
    expect!["revision 1 replicas 4 updated 4 available 4 observed 1 Available=True/MinimumReplicasAvailable Progressing=True/NewReplicaSetAvailable"].assert_eq(&status(&world));
    image(&mut world, "v2");
    world.settle();
    expect!["revision 2 replicas 4 updated 4 available 4 observed 2 Available=True/MinimumReplicasAvailable Progressing=True/NewReplicaSetAvailable"].assert_eq(&status(&world));
    image(&mut world, "v1");
    world.settle();
    expect!["revision 3 replicas 4 updated 4 available 4 observed 3 Available=True/MinimumReplicasAvailable Progressing=True/NewReplicaSetAvailable"].assert_eq(&status(&world));
    let revisions: Vec<_> = world
        .snapshot
        .replica_sets
        .values()
        .map(|set| (object::annotation(&set.metadata, api::label::REVISION).unwrap(), set.spec.replicas))
        .collect();
    assert_eq!(revisions.iter().filter(|(_, replicas)| *replicas == Some(4)).count(), 1, "{revisions:?}");
    assert!(revisions.contains(&("3", Some(4))), "{revisions:?}");
    assert_eq!(world.refused, Vec::<String>::new());
}

// F31: what fails never replaces what works.
#[test]
fn a_bad_revision_leaves_the_floor_standing_and_is_reported() {
    let mut world = World::new("node a\ndeploy shop/web replicas=4 surge=25% unavailable=25% deadline=60");
    world.settle();
    image(&mut world, "bad");
    world.run(plan);
    let bad = world
        .snapshot
        .replica_sets
        .keys()
        .find(|name| {
            world.snapshot.replica_sets[*name].metadata.generation == Some(1)
                && world.snapshot.replica_sets[*name].status.is_none()
        })
        .unwrap();
    world.unready.push(format!("{}-", bad.name));
    world.settle();
    while world.pass_to_wake(120) {
        world.settle();
    }
    expect!["revision 2 replicas 5 updated 2 available 3 observed 2 Available=True/MinimumReplicasAvailable Progressing=False/ProgressDeadlineExceeded"].assert_eq(&status(&world));
    let ready = world.snapshot.pods.values().filter(|pod| pod::is_ready(pod)).count();
    assert_eq!(ready, 3);
}

#[test]
fn a_replica_set_deleted_by_hand_comes_back() {
    let mut world = World::new("node a\ndeploy shop/web replicas=2");
    world.settle();
    let set = world.snapshot.replica_sets.keys().next().unwrap().clone();
    world.delete(&REPLICA_SETS, &set, None, None);
    world.settle();
    assert_eq!(world.snapshot.pods.len(), 2);
    assert_eq!(world.snapshot.replica_sets.len(), 1);
}

#[test]
fn sizes_nobody_can_have_do_not_break_the_plan() {
    let huge = i32::MAX;
    for more in ["", "paused", "recreate"] {
        for replicas in [1, 3, huge] {
            let cluster = format!(
                "deploy shop/web replicas={replicas} image=v3 surge=100% {more}
                rs shop/web-1 of=web replicas={huge} image=v1 revision={} at=1
                rs shop/web-2 of=web replicas={huge} image=v2 revision=2 at=2
                rs shop/web-3 of=web replicas={huge} image=v3 revision=3 at=3",
                i64::MAX
            );
            assert!(!plan(&fixture::parse(&cluster)).is_settled());
        }
    }
}

// C53: Pods that routing has dropped do not carry the floor.
#[test]
fn a_rollout_does_not_count_on_a_silent_host() {
    let cluster = |silent: &str| {
        format!(
            "node a {silent}
            node b
            deploy shop/web replicas=2 surge=1 unavailable=0 image=v2
            rs shop/web-1 of=web replicas=2 image=v1 revision=1 desired=2 max=3
            rs shop/web-2 of=web replicas=1 image=v2 revision=2 desired=2 max=3
            pod shop/web-1-a of=web-1 node=b ready
            pod shop/web-1-b of=web-1 node=b ready
            pod shop/web-2-a of=web-2 node=a ready"
        )
    };
    let shrinks = |silent: &str| text(&plan(&fixture::parse(&cluster(silent)))).contains("Scaled down");
    assert!(shrinks(""));
    assert!(!shrinks("silent=2"));
}
