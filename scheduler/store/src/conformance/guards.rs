//! Transactions: whole or not at all, and only if their guards hold.

use std::sync::Arc;

use super::*;
use crate::Error;

on_every_backend! {
    a_stale_write_conflicts_and_changes_nothing,
    a_transaction_happens_whole_at_one_revision,
    a_recreated_key_is_a_new_thing,
    what_changes_nothing_takes_no_revision,
    revisions_rise_with_every_write,
    concurrent_increments_sum_exactly,
    what_no_backend_takes_is_refused,
}

// C1
async fn a_stale_write_conflicts_and_changes_nothing(store: Arc<dyn Store>) {
    let first = commit(&*store, [put("/a", "1")]).await;
    let second = commit(&*store, [put("/a", "2")]).await;
    let stale = store.commit(txn([at("/a", first)], [put("/a", "stale")])).await.expect("answers");
    let current = get(&*store, "/a").await;
    assert_eq!(stale, Outcome::Conflict { key: "/a".into(), current: current.clone() });
    assert_eq!(current.map(|entry| (text(&entry), entry.mod_revision)), Some(("2".into(), second)));
    for (guard, holds) in [
        (absent("/a"), false),
        (absent("/b"), true),
        (at("/a", second), true),
        (at("/a", second + 1), false),
        (at("/b", 0), false),
    ] {
        let outcome = store.commit(txn([guard.clone()], [])).await.expect("answers");
        assert_eq!(matches!(outcome, Outcome::Committed(_)), holds, "{guard:?}");
    }
}

async fn a_transaction_happens_whole_at_one_revision(store: Arc<dyn Store>) {
    let revision = commit(&*store, [put("/a", "1"), put("/b", "1"), put("/c", "1")]).await;
    let writes = [put("/a", "2"), delete("/b"), put("/d", "1")];
    let refused = store.commit(txn([at("/a", revision), absent("/c")], writes.clone())).await.expect("answers");
    assert!(matches!(refused, Outcome::Conflict { key, .. } if key == "/c"));
    assert_eq!(list(&*store, "/", None).await, ["/a=1@1", "/b=1@1", "/c=1@1"]);
    let done = store.commit(txn([at("/a", revision), at("/c", revision)], writes)).await.expect("answers");
    assert_eq!(done, Outcome::Committed(revision + 1));
    assert_eq!(list(&*store, "/", None).await, ["/a=2@2", "/c=1@1", "/d=1@2"]);
}

async fn a_recreated_key_is_a_new_thing(store: Arc<dyn Store>) {
    let created = commit(&*store, [put("/a", "1")]).await;
    let updated = commit(&*store, [put("/a", "2")]).await;
    let entry = get(&*store, "/a").await.expect("is there");
    assert_eq!((entry.create_revision, entry.mod_revision), (created, updated));
    commit(&*store, [delete("/a")]).await;
    assert_eq!(get(&*store, "/a").await, None);
    let again = commit(&*store, [put("/a", "1")]).await;
    let entry = get(&*store, "/a").await.expect("is there");
    assert_eq!((entry.create_revision, entry.mod_revision), (again, again));
}

async fn what_changes_nothing_takes_no_revision(store: Arc<dyn Store>) {
    let revision = commit(&*store, [put("/a", "1")]).await;
    assert_eq!(commit(&*store, [delete("/never")]).await, revision);
    assert_eq!(commit(&*store, []).await, revision);
    assert_eq!(store.revision().await, revision);
    assert_eq!(commit(&*store, [put("/a", "1")]).await, revision + 1, "a put always counts");
}

// C4
async fn revisions_rise_with_every_write(store: Arc<dyn Store>) {
    let mut last = store.revision().await;
    for turn in 0..20 {
        let revision = commit(&*store, [put("/a", &turn.to_string())]).await;
        assert!(revision > last);
        let (entry, seen) = store.get("/a").await.expect("reads");
        assert!(seen >= revision, "who was answered reads its own write");
        assert_eq!(entry.expect("is there").mod_revision, revision);
        last = revision;
    }
}

// F18
async fn concurrent_increments_sum_exactly(store: Arc<dyn Store>) {
    const CLIENTS: usize = 20;
    const TURNS: usize = 5;
    commit(&*store, [put("/sum", "0")]).await;
    let clients = (0..CLIENTS).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for _ in 0..TURNS {
                increment(&*store).await;
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.expect("counts");
    }
    let sum = get(&*store, "/sum").await.expect("is there");
    assert_eq!(text(&sum), (CLIENTS * TURNS).to_string());
    assert_eq!(sum.mod_revision, 1 + (CLIENTS * TURNS) as u64, "conflicts take no revision");
}

async fn increment(store: &dyn Store) {
    let mut current = get(store, "/sum").await.expect("is there");
    loop {
        let sum: usize = text(&current).parse().expect("a number");
        let write = put("/sum", &(sum + 1).to_string());
        match store.commit(txn([at("/sum", current.mod_revision)], [write])).await.expect("answers") {
            Outcome::Committed(_) => return,
            // A conflict carries what is there, so no second read is needed.
            Outcome::Conflict { current: now, .. } => current = now.expect("is there"),
        }
    }
}

async fn what_no_backend_takes_is_refused(store: Arc<dyn Store>) {
    let twice = store.commit(txn([], [put("/a", "1"), delete("/a")])).await;
    assert_eq!(twice, Err(Error::WrittenTwice { key: "/a".into() }));
    let large = store.commit(txn([], [put("/a", &"x".repeat(crate::TXN_BYTES_MAX))])).await;
    assert!(matches!(large, Err(Error::TooLarge { .. })));
    assert_eq!(store.revision().await, 0);
}
