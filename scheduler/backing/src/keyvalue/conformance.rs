//! What every backend must do, run on every backend: memory, redb, and a real Redis.

mod amounts;
mod atomics;
mod listings;
mod values;

use bytes::Bytes;

use super::{Bounds, KeyValue};
use crate::{Bucket, BucketName, Key, Namespace};

/// Small enough to reach.
pub(super) const BOUNDS: Bounds = Bounds { bytes: 8 << 20, buckets: 4 };

/// Makes a test of each named function for each backend.
macro_rules! on_every_backend {
    ($($name:ident),* $(,)?) => {
        mod on_memory {
            $(#[tokio::test]
            async fn $name() {
                let store = $crate::keyvalue::Memory::new($crate::keyvalue::conformance::BOUNDS);
                super::$name(std::sync::Arc::new(store)).await;
            })*
        }
        mod on_redb {
            $(#[tokio::test]
            async fn $name() {
                let folder = tempfile::tempdir().expect("a folder");
                let path = folder.path().join("keyvalue.redb");
                let bounds = $crate::keyvalue::conformance::BOUNDS;
                let store = $crate::keyvalue::Durable::open(&path, bounds).expect("opens");
                super::$name(std::sync::Arc::new(store)).await;
            })*
        }
        mod on_redis {
            $(#[tokio::test]
            async fn $name() {
                let Some(server) = $crate::testing::Foreign::redis() else { return };
                let store = $crate::keyvalue::redis::tests::connect(&server, "test");
                super::$name(std::sync::Arc::new(store)).await;
            })*
        }
    };
}
pub(super) use on_every_backend;

pub(super) fn bucket(namespace: &str, name: &str) -> Bucket {
    let namespace = Namespace::parse(namespace).expect("a namespace");
    Bucket { namespace, name: BucketName::parse(name).expect("a bucket") }
}

pub(super) fn key(text: &str) -> Key {
    Key::parse(text).expect("a key")
}

pub(super) async fn set(store: &dyn KeyValue, bucket: &Bucket, name: &str, value: &str) {
    store.set_many(bucket, vec![(key(name), Bytes::copy_from_slice(value.as_bytes()))]).await.expect("sets");
}

pub(super) async fn get(store: &dyn KeyValue, bucket: &Bucket, name: &str) -> Option<String> {
    let values = store.get_many(bucket, vec![key(name)]).await.expect("reads");
    let [value] = <[Option<Bytes>; 1]>::try_from(values).expect("one answer for one key");
    value.map(|value| String::from_utf8_lossy(&value).into_owned())
}
