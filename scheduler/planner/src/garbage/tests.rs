//! What goes when its owner goes.

use std::sync::Arc;

use api::resource::{DAEMON_SETS, DEPLOYMENTS, STATEFUL_SETS};
use expect_test::expect;

use super::*;
use crate::testing::world::World;
use crate::testing::{check, fixture};

// C7
#[test]
fn what_has_lost_its_owner_goes() {
    check(
        plan,
        "rs shop/web-1 of=web replicas=1\npod shop/web-1-a of=web-1",
        &expect![[r#"
        delete replicasets.apps shop/web-1 Background
    "#]],
    );
    check(
        plan,
        "deploy shop/web uid=second\nrs shop/web-1 of=web:first",
        &expect![[r#"
        delete replicasets.apps shop/web-1 Background
    "#]],
    );
    check(plan, "deploy shop/web\nrs shop/web-1 of=web\nconfig shop/x of=web", &expect![[""]]);
    check(
        plan,
        "config shop/x of=web",
        &expect![[r#"
        delete configmaps shop/x Background
    "#]],
    );
    check(
        plan,
        "deploy shop/web\nrs other/web-1 of=web",
        &expect![[r#"
        delete replicasets.apps other/web-1 Background
    "#]],
    );
}

#[test]
fn what_already_goes_is_left_to_go() {
    check(plan, "pod shop/x of=web-1 node=a leaving", &expect![[""]]);
}

#[test]
fn a_foreground_owner_waits_for_its_dependents() {
    let cluster = "
        deploy shop/web leaving finalizer=foregroundDeletion
        rs shop/web-1 of=web
        pod shop/web-1-a of=web-1 node=a";
    check(
        plan,
        cluster,
        &expect![[r#"
        delete replicasets.apps shop/web-1 Foreground
    "#]],
    );
    check(
        plan,
        "deploy shop/web leaving finalizer=foregroundDeletion",
        &expect![[r#"
        patch deployments.apps shop/web metadata.finalizers=[]
    "#]],
    );
}

#[test]
fn an_orphaning_owner_sets_its_dependents_free() {
    check(
        plan,
        "deploy shop/web leaving finalizer=orphan\nrs shop/web-1 of=web",
        &expect![[r#"
        patch replicasets.apps shop/web-1 metadata.ownerReferences=[]
    "#]],
    );
    check(
        plan,
        "deploy shop/web leaving finalizer=orphan finalizer=example.com/x",
        &expect![[r#"
        patch deployments.apps shop/web metadata.finalizers=[example.com/x]
    "#]],
    );
}

#[test]
fn kinds_that_nobody_knows_are_not_judged() {
    let mut world = World::new("pod shop/x of=web-1");
    let change = |object: &mut serde_json::Value| object["metadata"]["ownerReferences"][0]["kind"] = "Robot".into();
    world.edit(&api::resource::PODS, &NamespacedName::new("shop", "x"), change, Part::Main);
    assert!(plan(&world.snapshot).is_settled());
}

#[test]
fn every_way_of_deleting_a_deployment_ends_as_asked() {
    for (propagation, pods) in [(None, 0), (Some("Background"), 0), (Some("Foreground"), 0), (Some("Orphan"), 3)] {
        let mut world = World::new("node a\ndeploy shop/web replicas=3");
        world.settle();
        world.delete(&DEPLOYMENTS, &NamespacedName::new("shop", "web"), None, propagation);
        world.settle();
        assert!(world.snapshot.deployments.is_empty(), "{propagation:?}");
        assert_eq!(world.snapshot.pods.len(), pods, "{propagation:?}");
        assert_eq!(world.snapshot.replica_sets.len(), usize::from(pods > 0), "{propagation:?}");
    }
}

#[test]
fn every_way_of_deleting_a_set_ends_as_asked() {
    let sets: [(&'static Resource, &str); 2] =
        [(&STATEFUL_SETS, "sts shop/web replicas=3"), (&DAEMON_SETS, "ds shop/web")];
    for (resource, line) in sets {
        for (propagation, pods) in [(None, 0), (Some("Background"), 0), (Some("Foreground"), 0), (Some("Orphan"), 3)] {
            let mut world = World::new(&format!("node a\nnode b\nnode c\n{line}"));
            world.settle();
            world.delete(resource, &NamespacedName::new("shop", "web"), None, propagation);
            world.settle();
            assert!(
                world.snapshot.meta(resource, &NamespacedName::new("shop", "web")).is_none(),
                "{line} {propagation:?}"
            );
            assert_eq!(world.snapshot.pods.len(), pods, "{line} {propagation:?}");
            assert_eq!(world.snapshot.controller_revisions.len(), usize::from(pods > 0), "{line} {propagation:?}");
        }
    }
}

#[test]
fn what_an_unreadable_owner_owns_stays() {
    let mut snapshot = fixture::parse("rs shop/web-1 of=web replicas=1");
    assert!(!plan(&snapshot).is_settled());
    snapshot.unreadable = Arc::new([(&DEPLOYMENTS, NamespacedName::new("shop", "web"))].into());
    assert!(plan(&snapshot).is_settled());
}
