//! What only the disk has: reopening, and files that are not ours.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use super::*;
use crate::keyvalue::conformance::{BOUNDS, bucket, get, key, set};

fn open(dir: &tempfile::TempDir) -> Durable {
    Durable::open(&dir.path().join("keyvalue.redb"), BOUNDS).expect("opens")
}

#[tokio::test]
async fn what_was_answered_is_there_after_reopening_and_only_its_owner_may_read_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let (store, at) = (open(&dir), bucket("n", "b"));
    set(&store, &at, "a", "1").await;
    store.increment(&at, key("a"), 41).await.expect("adds");
    drop(store);
    let store = open(&dir);
    assert_eq!(get(&store, &at, "a").await.as_deref(), Some("42"));
    set(&store, &at, "b", "new").await;
    assert_eq!(store.keys(&at, None).await.expect("lists").keys, ["a", "b"], "numbering goes on");
    let mode = std::fs::metadata(dir.path().join("keyvalue.redb")).expect("is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// As after `kill -9`: the file is copied while the store is open and others write, and nothing of it was closed.
#[tokio::test]
async fn what_was_answered_survives_a_crash_at_any_moment() {
    let dir = tempfile::tempdir().expect("a folder");
    let (store, at) = (Arc::new(open(&dir)), bucket("n", "b"));
    let writing = {
        let (store, at) = (store.clone(), at.clone());
        tokio::spawn(async move { while store.increment(&at, key("noise"), 1).await.is_ok() {} })
    };
    for round in 1..=20_u64 {
        store.increment(&at, key("a"), 1).await.expect("adds");
        let crashed = tempfile::tempdir().expect("a folder");
        // Between two commits: a copy that overlaps one is torn in ways in which no crash tears a file.
        let held = store.database.write().unwrap_or_else(PoisonError::into_inner);
        std::fs::copy(dir.path().join("keyvalue.redb"), crashed.path().join("keyvalue.redb")).expect("copies");
        drop(held);
        let reopened = open(&crashed);
        assert_eq!(get(&reopened, &at, "a").await, Some(round.to_string()));
        assert_eq!(reopened.keys(&at, None).await.expect("lists").keys.len(), 2);
    }
    writing.abort();
}

#[tokio::test]
async fn writes_that_wait_together_share_a_commit_and_each_sees_those_before_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let (store, at) = (open(&dir), bucket("n", "b"));
    let adds = (0..100).map(|_| store.increment(&at, key("a"), 1));
    let mut sums: Vec<_> = futures::future::try_join_all(adds).await.expect("all add");
    sums.sort_unstable();
    assert_eq!(sums, (1..=100).collect::<Vec<_>>());
}

#[test]
fn a_file_that_is_not_ours_is_refused_with_a_reason() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("keyvalue.redb");
    let held = open(&dir);
    let refused = Durable::open(&path, BOUNDS).expect_err("is held").to_string();
    assert!(refused.contains("in use by another process"), "{refused}");
    drop(held);
    for damage in [&b""[..], b"not a database"] {
        std::fs::write(&path, damage).expect("writes");
        let refused = Durable::open(&path, BOUNDS).expect_err("is damaged").to_string();
        assert!(refused.contains("is damaged") && refused.contains("backup"), "{refused}");
    }
}
