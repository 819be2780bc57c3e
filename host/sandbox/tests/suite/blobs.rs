//! `wasi:blobstore`, as its WIT says it behaves.

use std::sync::Arc;

use http::{Method, Request};
use sandbox::Workload;

use super::harness::{full, workload_with};
use super::memory::Shelf;

async fn call(guest: &Workload, method: Method, path: &str, body: Vec<u8>) -> (u16, Vec<u8>) {
    let request = Request::builder().method(method).uri(path).header("host", "guest.test").body(full(body)).unwrap();
    let response = guest.call(request).await.unwrap();
    let status = response.status().as_u16();
    let body = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
    (status, body.to_vec())
}

fn guest(shelf: &Shelf) -> Workload {
    workload_with("blobs", |config| config.blobs = Arc::new(shelf.clone()))
}

async fn status(guest: &Workload, method: Method, path: &str) -> u16 {
    call(guest, method, path, Vec::new()).await.0
}

#[tokio::test]
async fn objects_of_megabytes_stream_in_and_out_whole() {
    let shelf = Shelf::default();
    let guest = guest(&shelf);
    assert_eq!(status(&guest, Method::PUT, "/c").await, 201);
    // Larger than what is held on its way to the store.
    let large: Vec<u8> = (0..5_000_000_u32).map(|n| n.to_le_bytes()[n as usize % 3]).collect();
    assert!(call(&guest, Method::PUT, "/c/large", large.clone()).await.0 < 300);
    assert_eq!(shelf.0.lock().unwrap()["c"]["large"], large);
    let (code, got) = call(&guest, Method::GET, "/c/large", Vec::new()).await;
    assert!(code == 200 && got == large);
    let (code, part) = call(&guest, Method::GET, "/c/large?range=1000-1009", Vec::new()).await;
    assert_eq!((code < 300, part.as_slice()), (true, &large[1_000..1_010]), "both ends are within");
}

#[tokio::test]
async fn objects_are_listed_copied_moved_and_deleted() {
    let shelf = Shelf::default();
    let guest = guest(&shelf);
    for container in ["/c", "/d"] {
        assert_eq!(status(&guest, Method::PUT, container).await, 201);
    }
    for name in ["a", "b", "e", "f", "g"] {
        assert!(call(&guest, Method::PUT, &format!("/c/{name}"), name.into()).await.0 < 300);
    }
    assert_eq!(call(&guest, Method::GET, "/c", Vec::new()).await.1, b"a\nb\ne\nf\ng\n", "every page");
    assert!(status(&guest, Method::POST, "/c/a?copy=d/copied").await < 300);
    assert!(status(&guest, Method::POST, "/c/b?move=d/moved").await < 300);
    assert_eq!(call(&guest, Method::GET, "/d", Vec::new()).await.1, b"copied\nmoved\n");
    assert_eq!(call(&guest, Method::GET, "/d/moved", Vec::new()).await.1, b"b");
    assert_eq!(status(&guest, Method::GET, "/c/b").await, 404, "what was moved is not there any more");
    assert!(status(&guest, Method::DELETE, "/c/a").await < 300);
    assert!(status(&guest, Method::DELETE, "/c/a").await < 300, "what is not there is no error");
    assert_eq!(status(&guest, Method::HEAD, "/c/a").await, 404);
    assert!(status(&guest, Method::DELETE, "/d").await < 300);
    assert_eq!(status(&guest, Method::GET, "/d").await, 404);
}

// F50
#[tokio::test]
async fn what_is_not_granted_is_an_error_that_the_guest_can_tell() {
    let (code, text) = call(&guest(&Shelf::default()), Method::PUT, "/forbidden", Vec::new()).await;
    assert!(code >= 400 && String::from_utf8_lossy(&text).contains("access denied"), "{code}");
    let bare = workload_with("blobs", |_| {});
    assert!(status(&bare, Method::PUT, "/c").await >= 400, "without a store there is none");
}
