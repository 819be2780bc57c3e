//! Listings, page by page, while others write.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::{bucket, key, on_every_backend, set};
use crate::keyvalue::KeyValue;
use crate::limits::{BATCH_KEYS_MAX, KEYS_PER_PAGE};
use crate::{Bucket, Namespace};

on_every_backend![
    an_empty_bucket_has_no_keys,
    a_key_that_stays_is_listed_exactly_once,
    a_forgotten_namespace_keeps_nothing,
];

async fn fill(store: &dyn KeyValue, at: &Bucket, count: usize) {
    let keys: Vec<_> = (0..count).map(|n| (key(&format!("key-{n}")), Bytes::from_static(b"v"))).collect();
    for batch in keys.chunks(BATCH_KEYS_MAX) {
        store.set_many(at, batch.to_vec()).await.expect("sets");
    }
}

async fn an_empty_bucket_has_no_keys(store: Arc<dyn KeyValue>) {
    let at = bucket("n", "b");
    assert_eq!(store.keys(&at, None).await.expect("lists"), Default::default());
    fill(&*store, &at, KEYS_PER_PAGE).await;
    let page = store.keys(&at, None).await.expect("lists");
    assert_eq!((page.keys.len(), page.cursor), (KEYS_PER_PAGE, None), "a page that is exactly full is the last");
    for batch in page.keys.chunks(BATCH_KEYS_MAX) {
        store.delete_many(&at, batch.iter().map(|name| key(name)).collect()).await.expect("deletes");
    }
    assert_eq!(store.keys(&at, None).await.expect("lists"), Default::default());
}

async fn a_key_that_stays_is_listed_exactly_once(store: Arc<dyn KeyValue>) {
    let at = bucket("n", "b");
    fill(&*store, &at, 2 * KEYS_PER_PAGE + 500).await;
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let (mut cursor, mut pages) = (None, 0);
    loop {
        let page = store.keys(&at, cursor).await.expect("lists");
        assert!(page.keys.len() <= KEYS_PER_PAGE);
        page.keys.into_iter().for_each(|name| *seen.entry(name).or_default() += 1);
        pages += 1;
        // Written again, gone, and new: none of it may disturb those that stay.
        set(&*store, &at, "key-7", "again").await;
        store.delete_many(&at, vec![key(&format!("key-{pages}"))]).await.expect("deletes");
        set(&*store, &at, &format!("new-{pages}"), "v").await;
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(pages, 3);
    let twice: Vec<_> = seen.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    let stay = (4..2 * KEYS_PER_PAGE + 500).filter(|n| !seen.contains_key(&format!("key-{n}"))).count();
    assert_eq!(stay, 0, "nothing that stays is missed");
}

async fn a_forgotten_namespace_keeps_nothing(store: Arc<dyn KeyValue>) {
    let name = |text: &str| Namespace::parse(text).expect("a namespace");
    fill(&*store, &bucket("gone", "b"), KEYS_PER_PAGE + 100).await;
    set(&*store, &bucket("gone", "c"), "a", "1").await;
    set(&*store, &bucket("gone-not", "b"), "a", "1").await;
    let mut names = store.namespaces().await.expect("lists");
    names.sort();
    assert_eq!(names, [name("gone"), name("gone-not")]);
    store.forget(&name("gone")).await.expect("forgets");
    assert_eq!(store.namespaces().await.expect("lists"), [name("gone-not")]);
    assert_eq!(store.keys(&bucket("gone", "b"), None).await.expect("lists").keys.len(), 0);
    assert_eq!(super::get(&*store, &bucket("gone-not", "b"), "a").await.as_deref(), Some("1"));
    store.forget(&name("gone")).await.expect("is gone already");
    // All that it may keep is free again.
    for n in 0..super::BOUNDS.buckets {
        set(&*store, &bucket("gone", &format!("again-{n}")), "a", "1").await;
    }
}
