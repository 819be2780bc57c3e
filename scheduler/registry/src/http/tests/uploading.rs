//! Blobs: in one request, in two, in pieces, from another repository; never with another content than their digest.

use futures::stream;

use super::*;

#[tokio::test]
async fn a_blob_goes_up_in_one_request_and_comes_down_whole_or_in_part() {
    let site = Site::new();
    let digest = site.blob("shop/web", b"0123456789").await;
    let path = format!("/v2/shop/web/blobs/{digest}");
    let whole = site.get(&path).await;
    assert_eq!((whole.status, whole.body.as_slice()), (200, &b"0123456789"[..]));
    assert_eq!((whole.header("docker-content-digest"), whole.header("content-length")), (digest.as_str(), "10"));
    let head = site.send("HEAD", &path, &[], Body::empty()).await;
    assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, "10", 0));
    let part = site.send("GET", &path, &[("range", "bytes=2-4")], Body::empty()).await;
    assert_eq!((part.status, part.body.as_slice()), (206, &b"234"[..]));
    assert_eq!(part.header("content-range"), "bytes 2-4/10");
    let outside = site.send("GET", &path, &[("range", "bytes=10-")], Body::empty()).await;
    assert_eq!((outside.status, outside.header("content-range")), (416, "bytes */10"));
    assert_eq!(site.get(&format!("/v2/other/blobs/{digest}")).await.refusal().1, "BLOB_UNKNOWN");
    assert_eq!(site.blob("empty", b"").await, digest_of(b""));
}

#[tokio::test]
async fn a_blob_goes_up_in_pieces_in_order() {
    let site = Site::new();
    let begun = site.send("POST", "/v2/a/blobs/uploads/", &[("content-length", "0")], Body::empty()).await;
    assert_eq!((begun.status, begun.header("range")), (202, "0-0"));
    let location = begun.header("location").to_owned();
    assert!(location.ends_with(begun.header("docker-upload-uuid")));
    let first = site.send("PATCH", &location, &[("content-range", "0-2")], "012").await;
    assert_eq!((first.status, first.header("range"), first.header("location")), (202, "0-2", location.as_str()));
    for wrong in ["0-2", "4-5", "2-3"] {
        let answer = site.send("PATCH", &location, &[("content-range", wrong)], "xx").await;
        assert_eq!((answer.status, answer.header("range")), (416, "0-2"), "{wrong}");
    }
    assert_eq!(site.send("PATCH", &location, &[("content-range", "x")], "xx").await.status, 416);
    // A bad header ends the request before the upload is touched.
    let status = site.get(&location).await;
    assert_eq!((status.status, status.header("range")), (204, "0-2"));
    assert_eq!(site.send("PATCH", &location, &[], "34").await.header("range"), "0-4");
    let digest = digest_of(b"0123456");
    let done = site.send("PUT", &format!("{location}?digest={digest}"), &[("content-range", "5-6")], "56").await;
    assert_eq!((done.status, done.header("location")), (201, format!("/v2/a/blobs/{digest}").as_str()));
    assert_eq!(site.get(&format!("/v2/a/blobs/{digest}")).await.body, b"0123456");
    assert_eq!(site.get(&location).await.refusal().1, "BLOB_UPLOAD_UNKNOWN", "it is finished");
}

#[tokio::test]
async fn a_blob_is_taken_over_from_another_repository() {
    let site = Site::new();
    let digest = site.blob("a", b"shared").await;
    let mount = |from: &str| format!("/v2/b/blobs/uploads/?mount={digest}&from={from}");
    for nowhere in ["nowhere", "../a", "A"] {
        let answer = site.send("POST", &mount(nowhere), &[], Body::empty()).await;
        assert_eq!(answer.status, 202, "{nowhere}: an upload begins instead");
    }
    let mounted = site.send("POST", &mount("a"), &[], Body::empty()).await;
    assert_eq!((mounted.status, mounted.header("docker-content-digest")), (201, digest.as_str()));
    let path = |repository: &str| format!("/v2/{repository}/blobs/{digest}");
    assert_eq!(site.send("DELETE", &path("a"), &[], Body::empty()).await.status, 202);
    assert_eq!(site.get(&path("a")).await.status, 404);
    assert_eq!(site.get(&path("b")).await.body, b"shared", "deleting is per repository");
    assert_eq!(site.send("DELETE", &path("a"), &[], Body::empty()).await.refusal().1, "BLOB_UNKNOWN");
}

// F62
#[tokio::test]
async fn content_with_another_digest_is_not_kept() {
    let site = Site::new();
    let digest = digest_of(b"right");
    for path in [format!("/v2/a/blobs/uploads/?digest={digest}"), "/v2/a/blobs/uploads/?digest=sha256:x".to_owned()] {
        let (status, code, message) = site.send("POST", &path, &[], "wrong").await.refusal();
        assert_eq!((status, code.as_str()), (400, "DIGEST_INVALID"), "{message}");
    }
    let begun = site.send("POST", "/v2/a/blobs/uploads/", &[], Body::empty()).await;
    let location = begun.header("location").to_owned();
    assert_eq!(site.send("PUT", &location, &[], "right").await.refusal().1, "DIGEST_INVALID", "none was given");
    let put = site.send("PUT", &format!("{location}?digest={digest}"), &[], "wrong").await;
    assert_eq!(put.refusal().1, "DIGEST_INVALID");
    assert_eq!(site.get(&location).await.status, 404, "the upload is over");
    assert_eq!(site.get(&format!("/v2/a/blobs/{digest}")).await.status, 404);
    assert_eq!(files(&site, "uploads"), 0);
}

fn files(site: &Site, folder: &str) -> usize {
    std::fs::read_dir(site.folder.path().join(folder)).expect("is there").count()
}

#[tokio::test]
async fn an_interrupted_request_ends_its_upload() {
    let site = Site::new();
    let begun = site.send("POST", "/v2/a/blobs/uploads/", &[], Body::empty()).await;
    let location = begun.header("location").to_owned();
    let broken = stream::iter([Ok("half"), Err(std::io::Error::other("the client went away"))]);
    let answer = site.send("PATCH", &location, &[], Body::from_stream(broken)).await;
    assert_eq!(answer.refusal().1, "BLOB_UPLOAD_INVALID");
    assert_eq!(site.get(&location).await.refusal().1, "BLOB_UPLOAD_UNKNOWN");
    assert_eq!(files(&site, "uploads"), 0);
}

#[tokio::test]
async fn one_request_at_a_time_holds_an_upload_of_its_own_repository() {
    let site = Site::new();
    let repository = "a".parse().expect("a name");
    let uploads = &site.registry.inner.uploads;
    let held = uploads.begin(&repository).expect("begins");
    let id = held.id();
    assert!(uploads.hold(&repository, id).is_err(), "it is held");
    held.release();
    assert!(uploads.hold(&"b".parse().expect("a name"), id).is_err(), "it is another repository's");
    drop(uploads.hold(&repository, id).expect("waits"));
    assert!(uploads.hold(&repository, id).is_err(), "it was given up");
    let cancelled = site.send("POST", "/v2/a/blobs/uploads/", &[], Body::empty()).await;
    let location = cancelled.header("location");
    assert_eq!(site.send("DELETE", location, &[], Body::empty()).await.status, 204);
    assert_eq!(site.get(location).await.status, 404);
}

#[tokio::test]
async fn open_uploads_are_bounded_and_gone_after_a_restart() {
    let site = Site::new();
    let mut last = String::new();
    let refused = loop {
        let answer = site.send("POST", "/v2/a/blobs/uploads/", &[], Body::empty()).await;
        if answer.status != 202 {
            break answer;
        }
        last = answer.header("location").to_owned();
    };
    assert_eq!(refused.refusal().1, "TOOMANYREQUESTS");
    assert_eq!(site.send("PATCH", &last, &[], "left behind").await.status, 202);
    let site = site.reopened();
    assert_eq!(site.get(&last).await.status, 404);
    assert_eq!(files(&site, "uploads"), 0);
    assert_eq!(site.send("POST", "/v2/a/blobs/uploads/", &[], Body::empty()).await.status, 202);
}
