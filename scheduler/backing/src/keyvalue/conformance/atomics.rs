//! Increments and compare-and-swap, alone and in a crowd.

use std::sync::Arc;

use bytes::Bytes;

use super::{bucket, get, key, on_every_backend, set};
use crate::Error;
use crate::keyvalue::{KeyValue, Swap};

on_every_backend![
    numbers_are_decimal_text_and_add_up,
    what_cannot_be_added_changes_nothing,
    concurrent_increments_add_up_exactly,
    a_swap_happens_only_if_the_value_is_as_expected,
    of_concurrent_swaps_one_wins,
];

async fn numbers_are_decimal_text_and_add_up(store: Arc<dyn KeyValue>) {
    let at = bucket("n", "b");
    assert_eq!(store.increment(&at, key("a"), 0).await, Ok(0));
    assert_eq!(get(&*store, &at, "a").await.as_deref(), Some("0"), "it is there from then on");
    assert_eq!(store.increment(&at, key("a"), 999).await, Ok(999));
    assert_eq!(store.increment(&at, key("a"), 1).await, Ok(1000));
    assert_eq!(get(&*store, &at, "a").await.as_deref(), Some("1000"));
    set(&*store, &at, "a", "0009").await;
    assert_eq!(store.increment(&at, key("a"), 2).await, Ok(11));
    // Beyond what a double holds.
    assert_eq!(store.increment(&at, key("big"), 9_007_199_254_740_993).await, Ok(9_007_199_254_740_993));
    assert_eq!(store.increment(&at, key("big"), 9_999_999_999_999_999).await, Ok(19_007_199_254_740_992));
    assert_eq!(store.increment(&at, key("max"), u64::MAX).await, Ok(u64::MAX));
    assert_eq!(store.increment(&at, key("max"), 0).await, Ok(u64::MAX));
}

async fn what_cannot_be_added_changes_nothing(store: Arc<dyn KeyValue>) {
    let at = bucket("n", "b");
    for wrong in ["", "x", "-1", "+1", "1.5", " 1", "18446744073709551616", "000000000000000000001"] {
        set(&*store, &at, "a", wrong).await;
        let error = store.increment(&at, key("a"), 1).await.expect_err("is no number");
        assert!(matches!(&error, Error::Invalid(why) if why.contains("no decimal number")), "{wrong:?}: {error}");
        assert_eq!(get(&*store, &at, "a").await.as_deref(), Some(wrong));
    }
    set(&*store, &at, "a", "18446744073709551610").await;
    let error = store.increment(&at, key("a"), 6).await.expect_err("overflows");
    assert!(matches!(&error, Error::Invalid(why) if why.contains("beyond 64 bits")), "{error}");
    assert_eq!(store.increment(&at, key("a"), 5).await, Ok(u64::MAX));
}

async fn concurrent_increments_add_up_exactly(store: Arc<dyn KeyValue>) {
    const CALLERS: u64 = 32;
    const TIMES: u64 = 20;
    let at = bucket("n", "b");
    let callers = (0..CALLERS).map(|_| {
        let (store, at) = (store.clone(), at.clone());
        tokio::spawn(async move {
            let mut sums = vec![];
            for _ in 0..TIMES {
                sums.push(store.increment(&at, key("a"), 3).await.expect("adds"));
            }
            sums
        })
    });
    let mut sums = vec![];
    for caller in callers.collect::<Vec<_>>() {
        sums.extend(caller.await.expect("ends"));
    }
    sums.sort_unstable();
    assert_eq!(sums, (1..=CALLERS * TIMES).map(|n| 3 * n).collect::<Vec<_>>(), "every caller had a sum of its own");
}

async fn a_swap_happens_only_if_the_value_is_as_expected(store: Arc<dyn KeyValue>) {
    let at = bucket("n", "b");
    let some = |text: &'static str| Some(Bytes::from_static(text.as_bytes()));
    let swap = async |expected, value| store.swap(&at, key("a"), expected, value).await.expect("answers");
    assert_eq!(swap(some("x"), some("1")).await, Swap::Differs(None));
    assert_eq!(swap(some(""), some("1")).await, Swap::Differs(None), "absent is not empty");
    assert_eq!(swap(None, some("")).await, Swap::Swapped);
    assert_eq!(swap(None, some("1")).await, Swap::Differs(some("")));
    assert_eq!(swap(some(""), some("1")).await, Swap::Swapped);
    assert_eq!(swap(some("2"), None).await, Swap::Differs(some("1")));
    assert_eq!(swap(some("1"), None).await, Swap::Swapped);
    assert_eq!(swap(None, None).await, Swap::Swapped);
    assert_eq!(get(&*store, &at, "a").await, None);
    assert_eq!(store.keys(&at, None).await.expect("lists").keys.len(), 0);
}

async fn of_concurrent_swaps_one_wins(store: Arc<dyn KeyValue>) {
    let at = bucket("n", "b");
    let callers: Vec<_> = (0..16)
        .map(|n: u32| {
            let (store, at) = (store.clone(), at.clone());
            tokio::spawn(async move { store.swap(&at, key("a"), None, Some(n.to_string().into())).await })
        })
        .collect();
    let (mut won, mut found) = (0, vec![]);
    for caller in callers {
        match caller.await.expect("ends").expect("answers") {
            Swap::Swapped => won += 1,
            Swap::Differs(value) => found.push(value),
        }
    }
    assert_eq!((won, found.len()), (1, 15));
    let winner = get(&*store, &at, "a").await.map(Bytes::from);
    assert!(found.iter().all(|value| *value == winner), "whoever lost saw what had won");
}
