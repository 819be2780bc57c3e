//! Namespaces: furnished when they come, emptied when they go.

use std::sync::Arc;

use expect_test::expect;

use super::*;
use crate::testing::world::World;
use crate::testing::{check, fixture, text};

#[test]
fn a_new_namespace_is_furnished_once() {
    let mut world = World::new("ca PEM\nnamespace shop");
    expect![[r#"
        create serviceaccounts shop/default
        create configmaps shop/kube-root-ca.crt
    "#]]
    .assert_eq(&text(&plan(&world.snapshot)));
    world.run(plan);
    assert!(plan(&world.snapshot).is_settled());
    world.snapshot.config.ca_pem = "ROTATED".into();
    expect![[r#"
        patch configmaps shop/kube-root-ca.crt metadata.annotations.insula.dev/ca-hash=8d46043eec4eb76f data.ca.crt=ROTATED
    "#]].assert_eq(&text(&plan(&world.snapshot)));
}

#[test]
fn pods_and_what_makes_them_go_first() {
    let cluster = "
        namespace shop leaving
        deploy shop/web replicas=1
        rs shop/web-1 of=web replicas=1
        pod shop/web-1-a of=web-1 node=a
        service shop/web port=http:80
        slice shop/web-x of=web port=http:80
        config shop/settings
        secret shop/token
        config other/settings";
    check(
        plan,
        cluster,
        &expect![[r#"
        delete deployments.apps shop/web
        delete replicasets.apps shop/web-1
        delete pods shop/web-1-a
    "#]],
    );
    let later = "
        namespace shop leaving
        service shop/web port=http:80
        slice shop/web-x of=web port=http:80
        config shop/settings leaving
        secret shop/token";
    check(
        plan,
        later,
        &expect![[r#"
        delete services shop/web
        delete secrets shop/token
    "#]],
    );
    check(
        plan,
        "namespace shop leaving",
        &expect![[r#"
        patch namespaces/finalize shop spec.finalizers=[]
    "#]],
    );
    check(plan, "namespace shop leaving bare", &expect![[""]]);
}

// C6
#[test]
fn a_finalizer_that_holds_a_namespace_up_is_named() {
    check(
        plan,
        "namespace shop leaving\nconfig shop/x leaving finalizer=example.com/gone",
        &expect![[r#"
        patch namespaces/status shop status.conditions=[NamespaceFinalizersRemaining/True/SomeFinalizersRemain]
    "#]],
    );
}

// F32
#[test]
fn a_namespace_deleted_in_the_middle_of_a_rollout_leaves_nothing_behind() {
    for rounds in 0..12 {
        let mut world =
            World::new("ca PEM\nnode a\nnamespace shop\ndeploy shop/web replicas=40\nservice shop/web port=http:80");
        world.starts_per_round = 5;
        for _ in 0..rounds {
            world.round();
        }
        world.delete(&NAMESPACES, &NamespacedName::new("", "shop"), None, None);
        world.settle();
        assert!(world.snapshot.namespaces.is_empty());
        world.snapshot.each_meta(|resource, name, _| assert!(!resource.is_namespaced(), "{name} is left"));
        assert!(crate::routes(&world.snapshot).is_empty());
    }
}

#[test]
fn what_cannot_be_read_holds_its_namespace() {
    let mut snapshot = fixture::parse("namespace shop leaving\nconfig shop/settings");
    snapshot.unreadable = Arc::new([(&PODS, NamespacedName::new("shop", "web"))].into());
    assert!(plan(&snapshot).is_settled(), "a Pod that may run keeps its configuration");
    snapshot.others.clear();
    assert!(plan(&snapshot).is_settled(), "and its Namespace");
    snapshot.unreadable = Arc::default();
    assert!(!plan(&snapshot).is_settled());
    let mut furnished = fixture::parse("ca PEM\nnamespace shop");
    let names = [(&SERVICE_ACCOUNTS, "default"), (&CONFIG_MAPS, "kube-root-ca.crt")];
    let unreadable = names.map(|(resource, name)| (resource, NamespacedName::new("shop", name)));
    furnished.unreadable = Arc::new(unreadable.into());
    assert!(plan(&furnished).is_settled(), "what is there is not made again");
}
