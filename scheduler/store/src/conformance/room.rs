//! Bounds: a full store still reads, deletes and compacts; a full volatile tier lets the oldest Events go.

use std::sync::Arc;

use super::*;
use crate::{Bounds, Config, Error, HistoryBounds, Memory, Tiered, Volatile};

fn small() -> Bounds {
    let volatile = Volatile { objects_max: 4, ..Volatile::heartbeats_and_events() };
    let history = HistoryBounds { revisions_max: 5, bytes_max: 1 << 20 };
    Bounds { durable_bytes_max: 4000, history, volatile }
}

/// Runs a test on every backend with small bounds.
async fn on_each(test: impl AsyncFn(Arc<dyn Store>)) {
    test(Arc::new(Memory::with_bounds(small()))).await;
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config { bounds: small(), ballast_bytes: 0, ..Config::default() };
    test(Arc::new(Tiered::open(&folder.path().join("store"), config).expect("opens"))).await;
}

fn event(number: usize) -> String {
    format!("/registry/events/default/{number}")
}

const HEARTBEAT: &str = "/registry/leases.coordination.k8s.io/kube-node-lease/n1";

// C11
#[tokio::test]
async fn a_full_store_reads_deletes_compacts_and_recovers() {
    on_each(async |store| {
        let mut kept = 0;
        let full = loop {
            match store.commit(txn([], [put(&format!("/{kept}"), &"x".repeat(700))])).await {
                Ok(_) => kept += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(full, Error::Full { .. }), "{full}");
        assert_eq!(kept, 4);
        assert_eq!(list(&*store, "/", None).await.len(), kept);
        commit(&*store, [put("/0", &"marked for deletion".repeat(50))]).await;
        commit(&*store, [put(&event(1), "events are elsewhere")]).await;
        store.compact(2).await.expect("compacts");
        commit(&*store, [delete("/0")]).await;
        commit(&*store, [put("/new", "fits again")]).await;
    })
    .await;
}

// C11
#[tokio::test]
async fn new_events_push_out_the_oldest_and_nothing_else() {
    on_each(async |store| {
        commit(&*store, [put("/registry/pods/a", "durable")]).await;
        commit(&*store, [put(HEARTBEAT, "1")]).await;
        let mut watch = store.watch("/registry/events/", 2).await.expect("watches");
        for number in 1..=3 {
            commit(&*store, [put(&event(number), "e")]).await;
        }
        commit(&*store, [put(&event(1), "again")]).await;
        commit(&*store, [put(&event(4), "e")]).await;
        let kept = list(&*store, "/registry/", None).await;
        assert_eq!(
            kept,
            [
                "/registry/events/default/1=again@6",
                "/registry/events/default/3=e@5",
                "/registry/events/default/4=e@7",
                "/registry/leases.coordination.k8s.io/kube-node-lease/n1=1@2",
                "/registry/pods/a=durable@1",
            ]
        );
        let told = next(&mut watch, 5).await;
        assert_eq!(told[4], "7: /registry/events/default/4 -→e, /registry/events/default/2 e→-");
    })
    .await;
}

#[tokio::test]
async fn heartbeats_never_give_way() {
    on_each(async |store| {
        for number in 0..4 {
            commit(&*store, [put(&format!("{HEARTBEAT}{number}"), "1")]).await;
        }
        let full = store.commit(txn([], [put(&event(1), "e")])).await;
        assert!(matches!(full, Err(Error::Full { .. })), "{full:?}");
        commit(&*store, [put(&format!("{HEARTBEAT}0"), "2")]).await;
        assert_eq!(list(&*store, "/registry/events/", None).await.len(), 0);
    })
    .await;
}

#[tokio::test]
async fn writes_lie_in_one_tier_and_guards_in_any() {
    on_each(async |store| {
        let term = commit(&*store, [put("/registry/leases.coordination.k8s.io/kube-system/leader", "1")]).await;
        let both = store.commit(txn([], [put("/registry/pods/a", "1"), put(HEARTBEAT, "1")])).await;
        let (durable, volatile) = ("/registry/pods/a".to_owned(), HEARTBEAT.to_owned());
        assert_eq!(both, Err(Error::Tiers { durable, volatile }));
        let guard = at("/registry/leases.coordination.k8s.io/kube-system/leader", term);
        let guarded = store.commit(txn([guard], [put(&event(1), "e")])).await.expect("answers");
        assert_eq!(guarded, Outcome::Committed(term + 1));
        let mut leases = store.watch("/registry/leases.coordination.k8s.io/", 0).await.expect("watches both tiers");
        commit(&*store, [put(HEARTBEAT, "1")]).await;
        assert_eq!(next(&mut leases, 2).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn heartbeats_do_not_push_out_the_durable_past() {
    on_each(async |store| {
        let before = commit(&*store, [put("/registry/pods/a", "1")]).await;
        commit(&*store, [put("/registry/pods/a", "2")]).await;
        for turn in 0..20 {
            commit(&*store, [put(HEARTBEAT, &turn.to_string())]).await;
        }
        let mut watch = store.watch("/registry/pods/", before).await.expect("is still known");
        assert_eq!(next(&mut watch, 1).await, ["2: /registry/pods/a 1→2"]);
        for turn in 0..6 {
            commit(&*store, [put("/registry/pods/a", &turn.to_string())]).await;
        }
        assert!(matches!(store.watch("/registry/pods/", before).await, Err(Error::Compacted { .. })));
    })
    .await;
}
