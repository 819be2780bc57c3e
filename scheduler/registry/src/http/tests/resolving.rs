//! From a Pod's image to what it is; disks that rot; and what is thrown away.

use std::fs;
use std::time::{Duration, SystemTime};

use super::*;
use crate::layout::Shelf;
use crate::manifest::Manifest;
use crate::{Artifact, Resolved, garbage};

async fn resolve(site: &Site, image: &str) -> Option<Resolved> {
    site.registry.resolve(image).await.expect("resolves")
}

#[tokio::test]
async fn an_image_resolves_to_a_digest_and_its_component() {
    let site = Site::new();
    let wasm = component("wasi:http/types@0.2.12");
    let digest = site.push_wasm("shop/web", "v1", &wasm).await.header("docker-content-digest").to_owned();
    let found = resolve(&site, "shop/web:v1").await.expect("is here");
    assert_eq!(found.digest, digest);
    let Artifact::Wasm { wasm: path, description } = found.artifact else { panic!("is a component") };
    assert_eq!(fs::read(path).expect("reads"), wasm);
    assert_eq!(description.imports.iter().map(ToString::to_string).collect::<Vec<_>>(), ["wasi:http/types@0.2.12"]);
    for here in
        [format!("shop/web@{digest}"), format!("shop/web:gone@{digest}"), "registry.local:5000/shop/web:v1".into()]
    {
        assert_eq!(resolve(&site, &here).await.expect("is here").digest, digest, "{here}");
    }
    let other = digest_of(b"x");
    for elsewhere in [
        "shop/web",
        "shop/web:v2",
        "web:v1",
        "docker.io/shop/web:v1",
        "localhost:5000/shop/web:v1",
        &format!("shop/web@{other}"),
    ] {
        assert_eq!(resolve(&site, elsewhere).await, None, "{elsewhere}");
    }
    for invalid in ["", "Shop/Web", "shop/web:v1:v2", "shop//web", "shop/web@sha256:1"] {
        let error = site.registry.resolve(invalid).await.expect_err("is refused");
        assert!(matches!(error, Error::InvalidName(_)), "{invalid}: {error}");
    }
    site.push_image("shop/db", "latest", b"layer").await;
    assert_eq!(resolve(&site, "shop/db").await.map(|found| found.artifact), Some(Artifact::Container));
}

#[tokio::test]
async fn an_index_resolves_to_its_component() {
    let site = Site::new();
    let digest = site.push_wasm("a", "wasm", &component("wasi:http/types@0.2.12")).await;
    let digest = digest.header("docker-content-digest").to_owned();
    let size = site.get("/v2/a/manifests/wasm").await.body.len();
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [{
        "mediaType": OCI_MANIFEST, "digest": digest, "size": size,
        "platform": { "architecture": "wasm", "os": "wasip2" } }] });
    assert_eq!(site.manifest("a", "v1", &index).await.status, 201);
    assert_eq!(resolve(&site, "a:v1").await.map(|found| found.digest), Some(digest));
}

#[tokio::test]
async fn every_push_wakes_who_waits_and_the_newest_component_is_known() {
    let site = Site::new();
    let mut changes = site.registry.changes();
    assert_eq!(site.registry.newest().await.expect("reads"), None);
    site.push_wasm("a", "v1", &component("wasi:http/types@0.2.12")).await;
    changes.changed().await.expect("is told");
    let second = site.push_wasm("b", "v1", &component("wasi:cli/run@0.2.12")).await;
    let before = *changes.borrow_and_update();
    site.push_image("c", "v1", b"layer").await;
    assert!(changes.has_changed().expect("is told") && *changes.borrow() > before);
    let newest = site.registry.newest().await.expect("reads").expect("is there");
    assert_eq!(newest.digest, second.header("docker-content-digest"));
}

// F62
#[tokio::test]
async fn what_rotted_on_the_disk_is_not_used() {
    let site = Site::new();
    let wasm = component("wasi:http/types@0.2.12");
    let digest = site.push_wasm("a", "v1", &wasm).await.header("docker-content-digest").to_owned();
    let blob = |digest: &str| site.folder.path().join("blobs").join("sha256").join(&digest["sha256:".len()..]);
    let rot = |path: &std::path::Path| {
        let mut content = fs::read(path).expect("reads");
        let last = content.len() - 1;
        content[last] ^= 1;
        fs::write(path, content).expect("writes");
    };
    rot(&blob(&digest_of(&wasm)));
    let error = site.registry.resolve("a:v1").await.expect_err("is refused");
    assert!(matches!(&error, Error::Damaged { .. }) && error.to_string().contains("push it again"), "{error}");
    rot(&blob(&digest));
    assert!(matches!(site.registry.resolve("a:v1").await, Err(Error::Damaged { .. })));
    assert_eq!(site.get("/v2/a/manifests/v1").await.status, 500);
    assert_eq!(site.push_wasm("a", "v1", &wasm).await.status, 201, "pushing again mends it");
    assert_eq!(resolve(&site, "a:v1").await.map(|found| found.digest), Some(digest.clone()));
    fs::write(site.folder.path().join("repositories/a/_tags/v1"), "nonsense").expect("writes");
    assert!(matches!(site.registry.resolve("a:v1").await, Err(Error::Damaged { .. })));
    fs::remove_file(blob(&digest_of(&wasm))).expect("removes");
    assert!(matches!(site.registry.resolve(&format!("a@{digest}")).await, Err(Error::Damaged { .. })));
}

// F62
#[tokio::test]
async fn what_rotted_is_asked_for_again_and_heals() {
    let site = Site::new();
    let wasm = component("wasi:http/types@0.2.12");
    site.push_wasm("a", "v1", &wasm).await;
    let layer = digest_of(&wasm);
    let path = site.folder.path().join("blobs").join("sha256").join(&layer["sha256:".len()..]);
    let mut flipped = wasm.clone();
    flipped[9] ^= 1;
    for rotten in [&flipped[..], &wasm[..wasm.len() / 2], b""] {
        fs::write(&path, rotten).expect("writes");
        assert!(matches!(site.registry.resolve("a:v1").await, Err(Error::Damaged { .. })));
        let asked = site.send("HEAD", &format!("/v2/a/blobs/{layer}"), &[], Body::empty()).await;
        assert_eq!(asked.status, 404, "a client that asks first pushes it");
        site.blob("a", &wasm).await;
        assert!(resolve(&site, "a:v1").await.is_some(), "and it is whole again");
    }
    fs::write(&path, b"cut").expect("writes");
    let manifest = site.get("/v2/a/manifests/v1").await.json();
    assert_eq!(site.manifest("a", "v1", &manifest).await.status, 400, "a push that trusted what seemed to be here");
    assert_eq!(site.send("HEAD", &format!("/v2/a/blobs/{layer}"), &[], Body::empty()).await.status, 404);
    site.blob("a", &wasm).await;
    let lying = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": { "mediaType": WASM_CONFIG, "digest": digest_of(b"{}"), "size": 2 },
        "layers": [{ "mediaType": WASM, "digest": layer, "size": wasm.len() + 1 }],
    });
    assert_eq!(site.manifest("a", "v2", &lying).await.status, 400);
    let manifest = Manifest::parse(lying.to_string().as_bytes(), OCI_MANIFEST).expect("is one");
    let descriptor = manifest.wasm_layer().expect("has one").expect("is one");
    assert!(crate::resolve::read_wasm(&site.registry.inner.layout, descriptor).is_err());
    assert!(resolve(&site, "a:v1").await.is_some(), "a manifest that lies harms no content");
}

#[tokio::test]
async fn what_nothing_refers_to_goes_after_a_day() {
    let site = Site::new();
    site.push_wasm("shop/web", "v1", &component("wasi:http/types@0.2.12")).await;
    let gone = site.push_image("shop/db", "v1", b"old layer").await;
    site.send("DELETE", &format!("/v2/shop/db/manifests/{gone}"), &[], Body::empty()).await;
    let waiting = site.blob("shop/web", b"not yet referred to").await;
    let layout = &site.registry.inner.layout;
    let blobs = || fs::read_dir(layout.blobs()).expect("is there").count();
    let all = blobs();
    garbage::collect(layout, SystemTime::now()).expect("collects");
    assert_eq!(blobs(), all, "nothing is a day old");
    garbage::collect(layout, SystemTime::now() + Duration::from_secs(25 * 60 * 60)).expect("collects");
    assert_eq!(blobs(), all - 3, "the deleted manifest, its layer, and what nobody came for");
    let waiting = waiting.parse().expect("a digest");
    let repository = "shop/web".parse().expect("a name");
    assert!(!layout.link(&repository, Shelf::Blobs, &waiting).exists(), "its link goes with it");
    assert!(resolve(&site, "shop/web:v1").await.is_some());
    assert_eq!(site.get("/v2/shop/web/manifests/v1").await.status, 200);
}
