//! What every backend must do, run on both, and what only a directory has.

use bytes::Bytes;

use super::*;
use crate::limits::BLOBS_PER_PAGE;

/// Small enough to reach.
const BOUNDS: Bounds = Bounds { blob_bytes: 12 << 20, bytes: 20 << 20, containers: 3 };

macro_rules! on_every_backend {
    ($($name:ident),* $(,)?) => {
        mod on_memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::Blobs::memory(super::BOUNDS)).await;
            })*
        }
        mod on_directory {
            $(#[tokio::test]
            async fn $name() {
                let dir = tempfile::tempdir().expect("a folder");
                super::$name(super::Blobs::directory(dir.path(), super::BOUNDS).expect("opens")).await;
            })*
        }
    };
}

on_every_backend![
    containers_come_and_go_with_all_they_hold,
    a_blob_is_seen_when_it_is_whole,
    ranges_end_where_the_blob_ends,
    a_reader_keeps_what_it_began_to_read,
    copies_and_moves_replace_what_is_there,
    a_listing_goes_page_by_page_in_order,
    what_a_namespace_keeps_has_bounds,
    namespaces_never_meet_and_can_be_forgotten,
];

fn container(namespace: &str, name: &str) -> Container {
    let namespace = Namespace::parse(namespace).expect("a namespace");
    Container { namespace, name: ContainerName::parse(name).expect("a container") }
}

fn blob(container: &Container, name: &str) -> Blob {
    Blob { container: container.clone(), name: BlobName::parse(name).expect("a name") }
}

async fn put(blobs: &Blobs, blob: Blob, content: &[u8]) -> Result<Info, Error> {
    let mut upload = blobs.put(blob).await?;
    for chunk in content.chunks(1 << 20) {
        upload.write(Bytes::copy_from_slice(chunk)).await?;
    }
    upload.finish().await
}

async fn read(mut download: Download) -> Vec<u8> {
    let mut content = vec![];
    while let Some(chunk) = download.next().await {
        content.extend_from_slice(&chunk.expect("reads"));
    }
    content
}

async fn get(blobs: &Blobs, blob: &Blob) -> Option<Vec<u8>> {
    match blobs.get(blob, None).await {
        Ok(download) => Some(read(download).await),
        Err(Error::NoSuchStore(_)) => None,
        Err(error) => panic!("{error}"),
    }
}

async fn names(blobs: &Blobs, container: &Container) -> Vec<String> {
    let page = blobs.list(container, None).await.expect("lists");
    page.names.iter().map(ToString::to_string).collect()
}

async fn containers_come_and_go_with_all_they_hold(blobs: Blobs) {
    let c = container("n", "Übersicht/1");
    assert_eq!(blobs.container_created(&c).await, Err(Error::NoSuchStore("container \"Übersicht/1\"".to_owned())));
    assert!(matches!(put(&blobs, blob(&c, "a"), b"1").await, Err(Error::NoSuchStore(_))));
    let created = blobs.create_container(&c).await.expect("makes one");
    assert!(created > 1_600_000_000_000, "{created} is a time");
    assert!(matches!(blobs.create_container(&c).await, Err(Error::Exists(_))));
    put(&blobs, blob(&c, "a"), b"1").await.expect("writes");
    put(&blobs, blob(&c, "b/c"), b"2").await.expect("writes");
    blobs.delete(&c, vec![blob(&c, "a").name, blob(&c, "none").name]).await.expect("deletes");
    assert_eq!(names(&blobs, &c).await, ["b/c"]);
    blobs.clear_container(&c).await.expect("clears");
    assert!(names(&blobs, &c).await.is_empty());
    put(&blobs, blob(&c, "a"), b"1").await.expect("writes");
    let upload = blobs.put(blob(&c, "late")).await.expect("begins");
    blobs.delete_container(&c).await.expect("deletes");
    assert!(matches!(upload.finish().await, Err(Error::NoSuchStore(_))), "nothing comes into what is gone");
    assert_eq!(get(&blobs, &blob(&c, "a")).await, None);
    blobs.delete_container(&c).await.expect("is gone already");
    blobs.create_container(&c).await.expect("makes one anew");
    assert!(names(&blobs, &c).await.is_empty(), "nothing of the old one is in it");
}

async fn a_blob_is_seen_when_it_is_whole(blobs: Blobs) {
    let c = container("n", "c");
    blobs.create_container(&c).await.expect("makes one");
    let at = blob(&c, "a");
    let content: Vec<u8> = (0..11_u32 << 20).map(|n| n.to_le_bytes()[(n % 3) as usize]).collect();
    let mut upload = blobs.put(at.clone()).await.expect("begins");
    upload.write(Bytes::from(content.clone())).await.expect("writes");
    assert_eq!(get(&blobs, &at).await, None);
    assert!(names(&blobs, &c).await.is_empty());
    drop(upload);
    assert_eq!(get(&blobs, &at).await, None, "an upload that was given up leaves nothing");
    let info = put(&blobs, at.clone(), &content).await.expect("writes");
    assert_eq!(info.size, content.len() as u64);
    assert_eq!(blobs.info(&at).await, Ok(info));
    assert!(get(&blobs, &at).await == Some(content), "it comes back as it was");
    put(&blobs, at.clone(), b"").await.expect("an empty blob replaces it");
    assert_eq!(get(&blobs, &at).await.as_deref(), Some(&b""[..]));
}

async fn ranges_end_where_the_blob_ends(blobs: Blobs) {
    let c = container("n", "c");
    blobs.create_container(&c).await.expect("makes one");
    let at = blob(&c, "a");
    put(&blobs, at.clone(), b"0123456789").await.expect("writes");
    for (range, wanted) in
        [(0..4, "0123"), (3..4, "3"), (8..100, "89"), (10..11, ""), (50..60, ""), (0..u64::MAX, "0123456789")]
    {
        let download = blobs.get(&at, Some(range)).await.expect("opens");
        assert_eq!(download.info.size, 10);
        assert_eq!(download.range.end - download.range.start, wanted.len() as u64);
        assert_eq!(read(download).await, wanted.as_bytes());
    }
}

async fn a_reader_keeps_what_it_began_to_read(blobs: Blobs) {
    let c = container("n", "c");
    blobs.create_container(&c).await.expect("makes one");
    let at = blob(&c, "a");
    put(&blobs, at.clone(), &vec![1; 3 << 20]).await.expect("writes");
    let reading = blobs.get(&at, None).await.expect("opens");
    put(&blobs, at.clone(), &vec![2; 3 << 20]).await.expect("replaces");
    blobs.delete(&c, vec![at.name.clone()]).await.expect("deletes");
    assert!(read(reading).await == vec![1; 3 << 20]);
}

async fn copies_and_moves_replace_what_is_there(blobs: Blobs) {
    let (c, d) = (container("n", "c"), container("n", "d"));
    blobs.create_container(&c).await.expect("makes one");
    let (from, to) = (blob(&c, "a"), blob(&d, "b"));
    put(&blobs, from.clone(), b"1").await.expect("writes");
    assert!(matches!(blobs.copy(&from, &to, Source::Keep).await, Err(Error::NoSuchStore(_))));
    blobs.create_container(&d).await.expect("makes one");
    put(&blobs, to.clone(), b"old").await.expect("writes");
    blobs.copy(&from, &to, Source::Keep).await.expect("copies");
    assert_eq!((get(&blobs, &from).await, get(&blobs, &to).await), (Some(b"1".to_vec()), Some(b"1".to_vec())));
    put(&blobs, from.clone(), b"2").await.expect("writes");
    assert_eq!(get(&blobs, &to).await, Some(b"1".to_vec()), "a copy is a thing of its own");
    blobs.copy(&from, &to, Source::Remove).await.expect("moves");
    assert_eq!((get(&blobs, &from).await, get(&blobs, &to).await), (None, Some(b"2".to_vec())));
    blobs.copy(&to, &to, Source::Remove).await.expect("moves nowhere");
    assert_eq!(get(&blobs, &to).await, Some(b"2".to_vec()));
    let error = blobs.copy(&from, &to, Source::Keep).await.expect_err("is gone");
    assert_eq!(error.to_string(), "there is no blob \"a\" in container \"c\"");
    let foreign = blobs.copy(&to, &blob(&container("m", "c"), "x"), Source::Keep).await;
    assert!(matches!(foreign, Err(Error::AccessDenied(_))));
}

async fn a_listing_goes_page_by_page_in_order(_: Blobs) {
    // Each blob on a disk is fsynced, and order is not the backend's, so memory will do.
    let blobs = Blobs::memory(Bounds::default());
    let c = container("n", "c");
    blobs.create_container(&c).await.expect("makes one");
    let count = BLOBS_PER_PAGE + 10;
    for n in 0..count {
        put(&blobs, blob(&c, &format!("{}/{n:05}", "x".repeat(n % 300))), b"").await.expect("writes");
    }
    let first = blobs.list(&c, None).await.expect("lists");
    assert_eq!((first.names.len(), first.has_more), (BLOBS_PER_PAGE, true));
    let second = blobs.list(&c, first.names.last()).await.expect("lists");
    assert_eq!((second.names.len(), second.has_more), (10, false));
    let all: Vec<_> = first.names.iter().chain(&second.names).collect();
    assert!(all.is_sorted() && all.windows(2).all(|pair| pair[0] != pair[1]));
}

async fn what_a_namespace_keeps_has_bounds(blobs: Blobs) {
    let c = container("n", "c");
    blobs.create_container(&c).await.expect("makes one");
    let content = vec![0; (12 << 20) + 1];
    let error = put(&blobs, blob(&c, "b"), &content).await.expect_err("is too large");
    assert_eq!(error.to_string(), "a blob may have 12582912 bytes, and this one has more");
    put(&blobs, blob(&c, "a"), &content[..12 << 20]).await.expect("fits exactly");
    let error = put(&blobs, blob(&c, "b"), &content[..9 << 20]).await.expect_err("is too much");
    assert!(matches!(&error, Error::Quota(why) if why.contains("of namespace n may have 20971520 bytes")), "{error}");
    assert!(matches!(blobs.copy(&blob(&c, "a"), &blob(&c, "b"), Source::Keep).await, Err(Error::Quota(_))));
    put(&blobs, blob(&c, "b"), &content[..7 << 20]).await.expect("what failed counts no more");
    put(&blobs, blob(&c, "a"), b"").await.expect("shrinks");
    put(&blobs, blob(&c, "c"), &content[..12 << 20]).await.expect("there is room again");
    blobs.create_container(&container("n", "d")).await.expect("makes one");
    blobs.create_container(&container("n", "e")).await.expect("makes one");
    let error = blobs.create_container(&container("n", "f")).await.expect_err("is one too many");
    assert_eq!(error.to_string(), "namespace n may have 3 containers, and has them");
    blobs.delete_container(&container("n", "d")).await.expect("deletes");
    blobs.create_container(&container("n", "f")).await.expect("there is room again");
}

async fn namespaces_never_meet_and_can_be_forgotten(blobs: Blobs) {
    let (n, m) = (container("n", "c"), container("n-m", "c"));
    for c in [&n, &m] {
        blobs.create_container(c).await.expect("makes one");
        put(&blobs, blob(c, "a"), c.namespace.as_str().as_bytes()).await.expect("writes");
    }
    let mut found = blobs.namespaces().await.expect("lists");
    found.sort();
    assert_eq!(found, [n.namespace.clone(), m.namespace.clone()]);
    blobs.forget(&n.namespace).await.expect("forgets");
    assert_eq!(blobs.namespaces().await.expect("lists"), std::slice::from_ref(&m.namespace));
    assert_eq!(get(&blobs, &blob(&n, "a")).await, None);
    assert_eq!(get(&blobs, &blob(&m, "a")).await.as_deref(), Some(&b"n-m"[..]));
}

#[tokio::test]
async fn a_directory_is_read_back_and_remains_of_uploads_are_cleared() {
    let dir = tempfile::tempdir().expect("a folder");
    let c = container("n", "c");
    let blobs = Blobs::directory(dir.path(), BOUNDS).expect("opens");
    blobs.create_container(&c).await.expect("makes one");
    put(&blobs, blob(&c, "a"), &vec![0; 12 << 20]).await.expect("writes");
    let mut cut = blobs.put(blob(&c, "cut")).await.expect("begins");
    cut.write(Bytes::from(vec![0; 6 << 20])).await.expect("writes");
    std::mem::forget(cut);
    drop(blobs);
    let files = |dir: &FilePath| fs::read_dir(dir.join("n/c/o")).expect("is there").count();
    assert_eq!(files(dir.path()), 2);
    let blobs = Blobs::directory(dir.path(), BOUNDS).expect("opens again");
    assert_eq!(files(dir.path()), 1);
    assert_eq!(names(&blobs, &c).await, ["a"]);
    assert!(matches!(put(&blobs, blob(&c, "b"), &vec![0; 9 << 20]).await, Err(Error::Quota(_))), "it is counted anew");
}
