//! Group commit: many transactions, one fsync, each with its own revision and an answer that holds.

use futures::StreamExt;
use futures::stream::FuturesUnordered;

use super::*;
use crate::conformance::{at, commit, get, text, txn};
use crate::{Error, Outcome};

const CLIENTS: u64 = 100;

/// Asks while the disk stands still, so that all but the first find themselves in one group.
async fn asked_at_once(store: &Redb, disk: &SimDisk, txns: Vec<Txn>) -> Vec<Result<Outcome, Error>> {
    let still = disk.hold();
    let mut waiting: FuturesUnordered<_> =
        txns.into_iter().enumerate().map(|(index, txn)| async move { (index, store.commit(txn).await) }).collect();
    // Polled once each, all are in the queue; the first may be at the disk.
    assert!(futures::poll!(waiting.next()).is_pending());
    drop(still);
    let mut answers: Vec<_> = waiting.collect().await;
    answers.sort_by_key(|(index, _)| *index);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

#[test]
fn many_transactions_share_an_fsync_and_keep_their_revisions() {
    runtime().block_on(async {
        let disk = SimDisk::new();
        let store = open_on(&disk, Origin::New, no_ballast()).expect("opens");
        let before = disk.syncs();
        let txns = (0..CLIENTS).map(|client| txn([], [put(&format!("/{client}"), "x")])).collect();
        let answers = asked_at_once(&store, &disk, txns).await;
        let expected: Vec<_> = (1..=CLIENTS).map(|revision| Ok(Outcome::Committed(revision))).collect();
        assert_eq!(answers, expected);
        let syncs = disk.syncs() - before;
        assert!(syncs <= 2 * 3, "{syncs} fsyncs for {CLIENTS} transactions");
    });
}

#[test]
fn guards_see_the_transactions_before_them_in_the_group() {
    runtime().block_on(async {
        let disk = SimDisk::new();
        let store = open_on(&disk, Origin::New, no_ballast()).expect("opens");
        let first = commit(&store, [put("/a", "0")]).await;
        let answers = asked_at_once(
            &store,
            &disk,
            vec![
                txn([at("/a", first)], [put("/a", "1")]),
                txn([at("/a", first + 1)], [put("/a", "2")]),
                txn([at("/a", first)], [put("/a", "stale")]),
            ],
        )
        .await;
        assert_eq!(answers[..2], [Ok(Outcome::Committed(first + 1)), Ok(Outcome::Committed(first + 2))]);
        let current = get(&store, "/a").await;
        assert_eq!(current.as_ref().map(text), Some("2".into()));
        assert_eq!(answers[2], Ok(Outcome::Conflict { key: "/a".into(), current }));
    });
}

// F4
#[test]
fn when_a_group_fails_nobody_in_it_is_told_that_it_held() {
    runtime().block_on(async {
        let disk = SimDisk::new();
        let store = open_on(&disk, Origin::New, no_ballast()).expect("opens");
        commit(&store, [put("/a", "0")]).await;
        disk.set_fault(sim::Fault::SyncFails(disk.syncs()));
        let txns = vec![
            txn([], [put("/a", "1")]),
            txn([at("/a", 2)], [put("/a", "2")]),
            // Rests on what is not written: a conflict must not tell of it either.
            txn([at("/a", 1)], [put("/a", "3")]),
        ];
        for answer in asked_at_once(&store, &disk, txns).await {
            assert!(matches!(answer, Err(Error::Broken { .. })), "{answer:?}");
        }
        assert_eq!(get(&store, "/a").await.as_ref().map(text), Some("0".into()));
    });
}
