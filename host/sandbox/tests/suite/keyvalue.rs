//! `wasi:keyvalue`, as its WIT says it behaves.

use std::sync::Arc;

use http::{Method, Request};
use sandbox::{Workload, WorkloadConfig};

use super::harness::{full, read, workload_with};
use super::memory::Store;

fn guest(change: impl FnOnce(&mut WorkloadConfig)) -> Workload {
    let store = Store::default();
    workload_with("keyvalue", |config| {
        config.keyvalue = Arc::new(store);
        change(config);
    })
}

async fn call(guest: &Workload, method: Method, path: &str, body: &'static str) -> (u16, String) {
    let request = Request::builder().method(method).uri(path).header("host", "guest.test").body(full(body)).unwrap();
    let (status, text) = read(guest.call(request).await.unwrap()).await;
    (status.as_u16(), text)
}

#[tokio::test]
async fn values_are_set_found_counted_listed_and_deleted() {
    let guest = guest(|_| {});
    assert_eq!(call(&guest, Method::GET, "/a", "").await.0, 404);
    for key in ["/a", "/b", "/c", "/d", "/e"] {
        assert!(call(&guest, Method::PUT, key, "value").await.0 < 300);
    }
    assert_eq!(call(&guest, Method::GET, "/a", "").await, (200, "value".to_owned()));
    assert_eq!(call(&guest, Method::GET, "/", "").await.1, "a\nb\nc\nd\ne\n", "every page");
    assert!(call(&guest, Method::DELETE, "/a", "").await.0 < 300);
    assert!(call(&guest, Method::DELETE, "/a", "").await.0 < 300, "what is not there is no error");
    assert_eq!(call(&guest, Method::GET, "/a", "").await.0, 404);
    assert_eq!(call(&guest, Method::POST, "/n/increment?by=2", "").await.1.trim(), "2");
    assert_eq!(call(&guest, Method::POST, "/n/increment?by=40", "").await.1.trim(), "42");
    let (status, text) = call(&guest, Method::POST, "/b/increment?by=1", "").await;
    assert!(status == 500 && text.contains("no number"), "{status} {text}");
}

// F50
#[tokio::test]
async fn a_bucket_that_is_not_granted_is_told_from_one_that_is_not_there() {
    for (bucket, expected) in [("secret", 403), ("none", 404)] {
        let guest = guest(|config| config.config = vec![("bucket".to_owned(), bucket.to_owned())]);
        let (status, text) = call(&guest, Method::GET, "/a", "").await;
        assert_eq!(status, expected, "{bucket}: {text}");
    }
    let bare = workload_with("keyvalue", |_| {});
    assert_eq!(call(&bare, Method::GET, "/a", "").await.0, 404, "without a store there is no bucket");
}
