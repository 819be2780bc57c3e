//! Manifests: whole, or refused with what is missing; components that no host could run, refused with the import.

use futures::FutureExt;

use super::*;

/// A push and a pull as a client does them, request by request (OCI distribution specification 1.1).
#[tokio::test]
async fn an_artifact_goes_up_and_comes_down_by_tag_and_digest() {
    let site = Site::new();
    let (wasm, config) = (component("wasi:http/types@0.2.12"), br#"{"architecture":"wasm","os":"wasip2"}"#);
    for blob in [wasm.as_slice(), config] {
        let digest = digest_of(blob);
        let head = site.send("HEAD", &format!("/v2/shop/web/blobs/{digest}"), &[], Body::empty()).await;
        assert_eq!(head.status, 404);
        let begun = site.send("POST", "/v2/shop/web/blobs/uploads/", &[], Body::empty()).await;
        let put = format!("{}?digest={digest}", begun.header("location"));
        assert_eq!(
            site.send("PUT", &put, &[("content-type", "application/octet-stream")], blob.to_vec()).await.status,
            201
        );
    }
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": { "mediaType": WASM_CONFIG, "digest": digest_of(config), "size": config.len() },
        "layers": [{ "mediaType": WASM, "digest": digest_of(&wasm), "size": wasm.len() }],
    });
    let pushed = site.manifest("shop/web", "v1", &manifest).await;
    let digest = digest_of(manifest.to_string().as_bytes());
    assert_eq!((pushed.status, pushed.header("docker-content-digest")), (201, digest.as_str()));
    assert_eq!(pushed.header("location"), format!("/v2/shop/web/manifests/{digest}"));

    for reference in ["v1", &digest] {
        let path = format!("/v2/shop/web/manifests/{reference}");
        let pulled = site.send("GET", &path, &[("accept", OCI_MANIFEST)], Body::empty()).await;
        assert_eq!((pulled.status, pulled.header("content-type")), (200, OCI_MANIFEST));
        assert_eq!(digest_of(&pulled.body), digest, "byte for byte");
        let head = site.send("HEAD", &path, &[], Body::empty()).await;
        assert_eq!((head.header("docker-content-digest"), head.body.len()), (digest.as_str(), 0));
        assert_eq!(head.header("content-length"), pulled.body.len().to_string());
    }
    let layer = site.get(&format!("/v2/shop/web/blobs/{}", digest_of(&wasm))).await;
    assert_eq!(layer.body, wasm);
    let site = site.reopened();
    assert_eq!(site.get("/v2/shop/web/manifests/v1").await.status, 200, "it is there after a restart");
}

#[tokio::test]
async fn a_manifest_that_is_not_whole_is_refused_with_what_is_wrong() {
    let site = Site::new();
    let whole = site.image("a", b"layer").await;
    let change = |path: &str, value: Value| {
        let mut changed = whole.clone();
        *changed.pointer_mut(path).expect("is there") = value;
        changed
    };
    let elsewhere = digest_of(b"never pushed");
    for (manifest, status, code, why) in [
        (change("/layers/0/digest", json!(elsewhere)), 404, "MANIFEST_BLOB_UNKNOWN", elsewhere.as_str()),
        (change("/config/digest", json!(elsewhere)), 404, "MANIFEST_BLOB_UNKNOWN", "push it first"),
        (change("/layers/0/size", json!(6)), 400, "SIZE_INVALID", "5 bytes, but the manifest says 6"),
        (change("/layers/0/digest", json!("sha256:zz")), 400, "MANIFEST_INVALID", "layers[0].digest"),
        (change("/schemaVersion", json!(1)), 400, "MANIFEST_INVALID", "must be 2"),
        (change("/mediaType", json!("text/plain")), 400, "MANIFEST_INVALID", "is not known"),
    ] {
        let refusal = site.manifest("a", "v1", &manifest).await.refusal();
        assert_eq!((refusal.0, refusal.1.as_str()), (status, code), "{refusal:?}");
        assert!(refusal.2.contains(why), "{refusal:?}");
    }
    let refusal = site.manifest("b", "v1", &whole).await.refusal();
    assert_eq!(refusal.1, "MANIFEST_BLOB_UNKNOWN", "another repository's blobs are not this one's");
    let refusal = site.manifest("a", &digest_of(b"x"), &whole).await.refusal();
    assert_eq!(refusal.1, "DIGEST_INVALID");
    let untyped = site.send("PUT", "/v2/a/manifests/v1", &[], whole.to_string()).await.refusal();
    assert_eq!(untyped.1, "MANIFEST_INVALID");
    let large = vec![b' '; 4 * 1024 * 1024 + 1];
    let large = site.send("PUT", "/v2/a/manifests/v1", &[("content-type", OCI_MANIFEST)], large).await.refusal();
    assert_eq!((large.0, large.1.as_str()), (413, "SIZE_INVALID"));
    assert_eq!(site.get("/v2/a/manifests/v1").await.refusal().1, "MANIFEST_UNKNOWN", "none was taken");
}

// F50
#[tokio::test]
async fn a_component_no_host_can_run_is_refused_with_the_import() {
    let site = Site::new();
    let wasm = component("wasi:keyvalue/store@0.2.0");
    assert_eq!(site.push_wasm("a", "early", &wasm).await.status, 201, "no host is known");
    site.grant(&["wasi:http/types@0.2.12"]);
    let (status, code, message) = site.push_wasm("a", "v1", &wasm).await.refusal();
    assert_eq!((status, code.as_str()), (400, "MANIFEST_INVALID"));
    assert!(message.contains("imports wasi:keyvalue/store@0.2.0") && message.contains("no host grants"), "{message}");
    let (_, _, message) = site.push_wasm("a", "v1", &component("wasi:http/types@0.3.0")).await.refusal();
    assert!(message.contains("hosts grant wasi:http/types@0.2.12"), "{message}");
    assert_eq!(site.push_wasm("a", "v1", &component("wasi:http/types@0.2.3")).await.status, 201);
}

// F46
#[tokio::test]
async fn a_file_that_is_no_component_is_refused() {
    let site = Site::new();
    for bytes in [&b"#!/bin/sh"[..], b"\0asm", b""] {
        let (status, code, message) = site.push_wasm("a", "v1", bytes).await.refusal();
        assert_eq!((status, code.as_str()), (400, "MANIFEST_INVALID"), "{message}");
    }
    let layer = site.blob("a", b"text").await;
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": { "mediaType": WASM_CONFIG, "digest": layer, "size": 4 },
        "layers": [{ "mediaType": "text/plain", "digest": layer, "size": 4 }],
    });
    let (_, _, message) = site.manifest("a", "v1", &manifest).await.refusal();
    assert!(message.contains("one layer of type application/wasm"), "{message}");
}

#[tokio::test]
async fn an_index_needs_its_manifests() {
    let site = Site::new();
    let digest = site.push_image("a", "linux", b"layer").await;
    let size = site.get("/v2/a/manifests/linux").await.body.len();
    let index = |digest: &str| {
        json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [{
            "mediaType": OCI_MANIFEST, "digest": digest, "size": size,
            "platform": { "architecture": "amd64", "os": "linux" } }] })
    };
    assert_eq!(site.manifest("a", "v1", &index(&digest)).await.status, 201);
    let refusal = site.manifest("a", "v2", &index(&digest_of(b"x"))).await.refusal();
    assert_eq!(refusal.1, "MANIFEST_BLOB_UNKNOWN");
}

#[tokio::test]
async fn only_a_few_manifests_are_looked_into_at_once() {
    let site = Site::new();
    let wasm = component("wasi:http/types@0.2.12");
    assert_eq!(site.push_wasm("a", "v1", &wasm).await.status, 201);
    let inner = &site.registry.inner;
    let inspections = inner.inspections.clone().acquire_many_owned(4).await.expect("all places");
    let mut waiting = std::pin::pin!(site.registry.resolve("a:v1"));
    assert!(waiting.as_mut().now_or_never().is_none(), "it waits for a place");
    drop(inspections);
    assert!(waiting.await.expect("resolves").is_some());
    let manifests = inner.manifests.clone().acquire_many_owned(32).await.expect("all places");
    let (status, code, _) = site.push_wasm("a", "v2", &wasm).await.refusal();
    assert_eq!((status, code.as_str()), (429, "TOOMANYREQUESTS"));
    drop(manifests);
    assert_eq!(site.push_wasm("a", "v2", &wasm).await.status, 201);
}
