//! How much a namespace may keep.

use std::sync::Arc;

use bytes::Bytes;

use super::{BOUNDS, bucket, get, key, on_every_backend, set};
use crate::Error;
use crate::keyvalue::KeyValue;
use crate::limits::VALUE_BYTES_MAX;

on_every_backend![
    a_namespace_keeps_so_many_bytes_and_no_more,
    empty_values_are_not_free,
    a_namespace_keeps_so_many_buckets_and_no_more,
];

async fn put(store: &dyn KeyValue, at: &str, name: &str, size: usize) -> Result<(), Error> {
    store.set_many(&bucket("n", at), vec![(key(name), Bytes::from(vec![b'1'; size]))]).await
}

async fn a_namespace_keeps_so_many_bytes_and_no_more(store: Arc<dyn KeyValue>) {
    for n in 0..7 {
        put(&*store, ["a", "b"][n % 2], &n.to_string(), VALUE_BYTES_MAX).await.expect("fits");
    }
    let error = put(&*store, "a", "more", VALUE_BYTES_MAX).await.expect_err("is too much");
    let wanted = "the key-value data of namespace n may have 8388608 bytes, and this write would make it 8389131";
    assert!(matches!(&error, Error::Quota(why) if why.starts_with(wanted)), "{error}");
    assert_eq!(get(&*store, &bucket("n", "a"), "more").await, None);
    set(&*store, &bucket("m", "a"), "more", "another namespace has bytes of its own").await;
    put(&*store, "a", "0", VALUE_BYTES_MAX).await.expect("nothing grows");
    put(&*store, "a", "0", 10).await.expect("shrinks");
    put(&*store, "a", "more", VALUE_BYTES_MAX).await.expect("there is room again");
    store.delete_many(&bucket("n", "b"), vec![key("1"), key("3")]).await.expect("deletes");
    put(&*store, "b", "1", VALUE_BYTES_MAX).await.expect("there is room again");
}

async fn empty_values_are_not_free(store: Arc<dyn KeyValue>) {
    for n in 0..7 {
        put(&*store, "a", &n.to_string(), VALUE_BYTES_MAX).await.expect("fits");
    }
    put(&*store, "a", "rest", VALUE_BYTES_MAX - 600).await.expect("fits");
    assert_eq!(put(&*store, "a", "x", 0).await, Ok(()));
    assert!(matches!(put(&*store, "a", "y", 0).await, Err(Error::Quota(_))));
    assert!(matches!(store.increment(&bucket("n", "a"), key("z"), 1).await, Err(Error::Quota(_))));
    let swapped = store.swap(&bucket("n", "a"), key("z"), None, Some(Bytes::new())).await;
    assert!(matches!(swapped, Err(Error::Quota(_))));
}

async fn a_namespace_keeps_so_many_buckets_and_no_more(store: Arc<dyn KeyValue>) {
    for n in 0..BOUNDS.buckets {
        put(&*store, &format!("b-{n}"), "a", 1).await.expect("fits");
    }
    let error = put(&*store, "more", "a", 1).await.expect_err("is one too many");
    assert!(matches!(&error, Error::Quota(why) if why.contains("may have 4 buckets")), "{error}");
    store.delete_many(&bucket("n", "never-was"), vec![key("a")]).await.expect("begins no bucket");
    store.delete_many(&bucket("n", "b-0"), vec![key("a")]).await.expect("empties one");
    put(&*store, "more", "a", 1).await.expect("there is room again");
}
