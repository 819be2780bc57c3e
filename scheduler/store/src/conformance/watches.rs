//! Watches: nothing missed, nothing twice, all of one revision together.

use std::sync::Arc;

use super::*;
use crate::Error;
use crate::watch::{WATCH_BATCHES_MAX, WATCH_BYTES_MAX};

on_every_backend! {
    a_watch_tells_all_changes_of_a_revision_together,
    a_watch_tells_only_of_its_prefix,
    a_watch_that_begins_anywhere_misses_and_repeats_nothing,
    a_deletion_carries_what_was_there,
    a_slow_watch_is_cut_off_and_others_are_not,
    a_watch_of_large_objects_is_bounded_by_bytes,
    what_was_seen_covers_what_did_not_match,
    watches_begun_among_writes_are_gapless,
}

async fn a_watch_tells_all_changes_of_a_revision_together(store: Arc<dyn Store>) {
    let mut watch = store.watch("/", 0).await.expect("watches");
    commit(&*store, [put("/b", "1"), put("/a", "1")]).await;
    commit(&*store, [put("/a", "2"), delete("/b"), put("/c", "2")]).await;
    assert_eq!(next(&mut watch, 2).await, ["1: /b -→1, /a -→1", "2: /a 1→2, /b 1→-, /c -→2"]);
}

async fn a_watch_tells_only_of_its_prefix(store: Arc<dyn Store>) {
    let mut pods = store.watch("/pods/", 0).await.expect("watches");
    let mut one = store.watch("/pods/a", 0).await.expect("watches");
    let mut all = store.watch("", 0).await.expect("watches");
    commit(&*store, [put("/pods/a", "1"), put("/nodes/a", "1")]).await;
    commit(&*store, [put("/nodes/b", "2")]).await;
    commit(&*store, [put("/pods/é", "3")]).await;
    assert_eq!(next(&mut pods, 2).await, ["1: /pods/a -→1", "3: /pods/é -→3"]);
    assert_eq!(next(&mut one, 1).await, ["1: /pods/a -→1"]);
    assert_eq!(next(&mut all, 3).await.len(), 3);
}

// C3, F11
async fn a_watch_that_begins_anywhere_misses_and_repeats_nothing(store: Arc<dyn Store>) {
    for turn in 1..=4 {
        commit(&*store, [put("/a", &turn.to_string())]).await;
    }
    let mut watches = vec![];
    for after in 0..=4 {
        watches.push(store.watch("/", after).await.expect("watches"));
    }
    commit(&*store, [put("/a", "5")]).await;
    store.compact(5).await.expect("a running watch outlives compaction");
    for (after, watch) in (0..).zip(&mut watches) {
        let told: Vec<Revision> = (after + 1..=5).collect();
        for revision in told {
            assert_eq!(watch.next().await.expect("a batch").revision, revision);
        }
        assert_eq!(watch.seen(), 5);
    }
}

async fn a_deletion_carries_what_was_there(store: Arc<dyn Store>) {
    let created = commit(&*store, [put("/a", "last words")]).await;
    commit(&*store, [delete("/a")]).await;
    let batch = store.watch("/", created).await.expect("watches").next().await.expect("a batch");
    assert_eq!(batch.changes[0].current, None);
    let previous = batch.changes[0].previous.as_ref().expect("what was there");
    assert_eq!((text(previous), previous.mod_revision), ("last words".into(), created));
}

// F15
async fn a_slow_watch_is_cut_off_and_others_are_not(store: Arc<dyn Store>) {
    let mut slow = store.watch("/", 0).await.expect("watches");
    let mut quick = store.watch("/", 0).await.expect("watches");
    let writes = WATCH_BATCHES_MAX + 3;
    for turn in 1..=writes {
        commit(&*store, [put("/a", &turn.to_string())]).await;
        assert_eq!(quick.next().await.expect("a batch").revision, turn as u64);
    }
    let mut last = 0;
    let resume = loop {
        match slow.next().await {
            Ok(batch) => {
                assert_eq!(batch.revision, last + 1, "what it is told is gapless");
                last = batch.revision;
            }
            Err(Error::Lagged { resume }) => break resume,
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!((resume, last), (WATCH_BATCHES_MAX as u64, WATCH_BATCHES_MAX as u64));
    assert_eq!(slow.seen(), resume);
    assert!(matches!(slow.next().await, Err(Error::Lagged { .. })), "and stays cut off");
    let mut resumed = store.watch("/", resume).await.expect("watches");
    assert_eq!(resumed.next().await.expect("a batch").revision, resume + 1);
}

async fn a_watch_of_large_objects_is_bounded_by_bytes(store: Arc<dyn Store>) {
    let mut slow = store.watch("/", 0).await.expect("watches");
    let large = "x".repeat(1024 * 1024);
    let fit = WATCH_BYTES_MAX / large.len();
    for turn in 0..=fit {
        commit(&*store, [put(&format!("/{turn}"), &large)]).await;
    }
    let mut told = 0;
    while slow.next().await.is_ok() {
        told += 1;
    }
    assert!((1..=fit).contains(&told), "{told} of {fit}");
    assert!(matches!(slow.next().await, Err(Error::Lagged { resume }) if resume == told as u64));
}

async fn what_was_seen_covers_what_did_not_match(store: Arc<dyn Store>) {
    let mut watch = store.watch("/pods/", 0).await.expect("watches");
    assert_eq!(watch.seen(), 0);
    let first = commit(&*store, [put("/pods/a", "1")]).await;
    let last = commit(&*store, [put("/nodes/a", "1")]).await;
    assert_eq!(watch.seen(), 0, "a change waits to be told");
    assert_eq!(watch.next().await.expect("a batch").revision, first);
    assert_eq!(watch.seen(), last);
}

async fn watches_begun_among_writes_are_gapless(store: Arc<dyn Store>) {
    const WRITES: u64 = 40;
    let writer = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for turn in 1..=WRITES {
                commit(&*store, [put("/a", &turn.to_string())]).await;
            }
        })
    };
    let mut watchers = vec![];
    for _ in 0..10 {
        let listing = store.list("/", Page::default()).await.expect("lists");
        let mut watch = store.watch("/", listing.revision).await.expect("watches");
        watchers.push(tokio::spawn(async move {
            for revision in listing.revision + 1..=WRITES {
                assert_eq!(watch.next().await.expect("a batch").revision, revision);
            }
        }));
        tokio::task::yield_now().await;
    }
    writer.await.expect("writes");
    for watcher in watchers {
        watcher.await.expect("is told everything once");
    }
}
