//! Values: set, read, deleted, and kept apart.

use std::sync::Arc;

use bytes::Bytes;

use super::{bucket, get, key, on_every_backend, set};
use crate::Error;
use crate::keyvalue::KeyValue;
use crate::limits::{BATCH_KEYS_MAX, KEY_BYTES_MAX, VALUE_BYTES_MAX};

on_every_backend![
    what_is_set_is_there_until_it_is_deleted,
    any_bytes_are_a_value_and_any_text_a_key,
    namespaces_and_buckets_never_meet,
    batches_beyond_their_bounds_are_refused_whole,
    a_read_answers_as_much_as_one_batch_holds,
];

async fn what_is_set_is_there_until_it_is_deleted(store: Arc<dyn KeyValue>) {
    let at = bucket("n", "b");
    assert_eq!(get(&*store, &at, "a").await, None);
    assert!(!store.exists(&at, key("a")).await.expect("reads"));
    set(&*store, &at, "a", "one").await;
    set(&*store, &at, "a", "two").await;
    set(&*store, &at, "b", "three").await;
    assert_eq!(get(&*store, &at, "a").await.as_deref(), Some("two"));
    assert!(store.exists(&at, key("a")).await.expect("reads"));
    let values = store.get_many(&at, vec![key("b"), key("none"), key("a"), key("b")]).await.expect("reads");
    let wanted = [Some("three"), None, Some("two"), Some("three")];
    assert_eq!(values, wanted.map(|value| value.map(|text| Bytes::from_static(text.as_bytes()))));
    store.delete_many(&at, vec![key("a"), key("none")]).await.expect("deletes");
    assert_eq!(get(&*store, &at, "a").await, None);
    assert_eq!(get(&*store, &at, "b").await.as_deref(), Some("three"));
    let twice = vec![(key("c"), Bytes::from_static(b"1")), (key("c"), Bytes::from_static(b"2"))];
    store.set_many(&at, twice).await.expect("sets");
    assert_eq!(get(&*store, &at, "c").await.as_deref(), Some("2"));
    store.set_many(&at, vec![]).await.expect("nothing is fine");
    assert!(store.get_many(&at, vec![]).await.expect("nothing is fine").is_empty());
}

async fn any_bytes_are_a_value_and_any_text_a_key(store: Arc<dyn KeyValue>) {
    let at = bucket("n", "b");
    let odd = ["\u{1F3DB}/{}*[\0]\r\n ", "1", "n", &"k".repeat(KEY_BYTES_MAX)].map(key);
    let values = [vec![], vec![0, 255, 13, 10], vec![0; 3], vec![7; VALUE_BYTES_MAX]].map(Bytes::from);
    store.set_many(&at, odd.clone().into_iter().zip(values.clone()).collect()).await.expect("sets");
    let found = store.get_many(&at, odd.to_vec()).await.expect("reads");
    assert!(found == values.map(Some), "nothing is changed on the way");
    assert!(store.exists(&at, odd[0].clone()).await.expect("reads"), "an empty value is a value");
}

async fn namespaces_and_buckets_never_meet(store: Arc<dyn KeyValue>) {
    let places = [bucket("n", "b"), bucket("n", "c"), bucket("m", "b"), bucket("n-m", "b")];
    for (n, at) in places.iter().enumerate() {
        set(&*store, at, "a", &n.to_string()).await;
    }
    for (n, at) in places.iter().enumerate() {
        assert_eq!(get(&*store, at, "a").await, Some(n.to_string()));
        assert_eq!(store.keys(at, None).await.expect("lists").keys, ["a"]);
    }
    store.delete_many(&places[0], vec![key("a")]).await.expect("deletes");
    assert_eq!(get(&*store, &places[1], "a").await.as_deref(), Some("1"));
}

async fn batches_beyond_their_bounds_are_refused_whole(store: Arc<dyn KeyValue>) {
    let at = bucket("n", "b");
    let pair = |n: usize, size: usize| (key(&n.to_string()), Bytes::from(vec![b'x'; size]));
    let refused = [
        ((0..=BATCH_KEYS_MAX).map(|n| pair(n, 1)).collect(), "keys of one batch: 129 is more than 128"),
        (vec![pair(0, 1), pair(1, VALUE_BYTES_MAX + 1)], "bytes of a value: 1048577 is more than 1048576"),
        ((0..4).map(|n| pair(n, VALUE_BYTES_MAX)).collect(), "bytes of one batch: 4194308 is more than 4194304"),
    ];
    for (pairs, wanted) in refused {
        let error = store.set_many(&at, pairs).await.expect_err("is refused");
        assert_eq!(error, Error::Invalid(wanted.to_owned()));
    }
    let many: Vec<_> = (0..=BATCH_KEYS_MAX).map(|n| key(&n.to_string())).collect();
    assert!(matches!(store.get_many(&at, many.clone()).await, Err(Error::Invalid(_))));
    assert!(matches!(store.delete_many(&at, many).await, Err(Error::Invalid(_))));
    assert_eq!(get(&*store, &at, "0").await, None, "nothing was written");
}

async fn a_read_answers_as_much_as_one_batch_holds(store: Arc<dyn KeyValue>) {
    let at = bucket("n", "b");
    for n in 0..6 {
        let value = Bytes::from(vec![b'x'; VALUE_BYTES_MAX]);
        store.set_many(&at, vec![(key(&n.to_string()), value)]).await.expect("sets");
    }
    let keys: Vec<_> = ["none", "0", "1", "2", "3", "4", "5"].into_iter().map(key).collect();
    let first = store.get_many(&at, keys.clone()).await.expect("reads");
    let sizes: Vec<_> = first.iter().map(|value| value.as_ref().map_or(0, Bytes::len)).collect();
    assert_eq!(sizes, [0, VALUE_BYTES_MAX, VALUE_BYTES_MAX, VALUE_BYTES_MAX, VALUE_BYTES_MAX]);
    let rest = store.get_many(&at, keys[first.len()..].to_vec()).await.expect("reads");
    assert_eq!(rest.len(), 2);
}
