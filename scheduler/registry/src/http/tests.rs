//! The endpoint as clients use it, through its router.

mod lists;
mod pushes;
mod resolving;
mod uploading;

use std::sync::{Arc, Mutex, PoisonError};

use component::Interface;
use http::HeaderMap;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::manifest::{OCI_INDEX, OCI_MANIFEST};
use crate::{Config, Error, Grants};

const WASM_CONFIG: &str = "application/vnd.wasm.config.v0+json";
const WASM: &str = "application/wasm";

/// A registry in a folder of its own.
struct Site {
    folder: tempfile::TempDir,
    registry: Registry,
    granted: Arc<Granted>,
}

#[derive(Default)]
struct Granted(Mutex<Option<Vec<Interface>>>);

impl Grants for Granted {
    fn granted(&self) -> Option<Vec<Interface>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// An answer, read.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("is JSON")
    }

    /// The status with the code and message of a refusal.
    fn refusal(&self) -> (u16, String, String) {
        let error = &self.json()["errors"][0];
        let text = |name: &str| error[name].as_str().unwrap_or("").to_owned();
        (self.status, text("code"), text("message"))
    }
}

impl Site {
    fn new() -> Self {
        let granted = Arc::new(Granted::default());
        let folder = tempfile::tempdir().expect("a folder");
        let registry = open(&folder, &granted);
        Self { folder, registry, granted }
    }

    /// The registry as it is after a restart.
    fn reopened(self) -> Self {
        let registry = open(&self.folder, &self.granted);
        Self { registry, ..self }
    }

    fn grant(&self, interfaces: &[&str]) {
        let interfaces = interfaces.iter().map(|name| name.parse().expect("an interface")).collect();
        *self.granted.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(interfaces);
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).expect("a request");
        let response = self.registry.router().oneshot(request).await.expect("answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        assert_eq!(headers["docker-distribution-api-version"], "registry/2.0");
        let body = response.into_body().collect().await.expect("has a body").to_bytes().to_vec();
        Answer { status, headers, body }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], Body::empty()).await
    }

    /// Uploads a blob in one request.
    async fn blob(&self, repository: &str, content: &[u8]) -> String {
        let digest = Digest::of(content).to_string();
        let path = format!("/v2/{repository}/blobs/uploads/?digest={digest}");
        let answer = self.send("POST", &path, &[], content.to_vec()).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        digest
    }

    async fn manifest(&self, repository: &str, reference: &str, manifest: &Value) -> Answer {
        let media_type = manifest["mediaType"].as_str().expect("has a type").to_owned();
        let path = format!("/v2/{repository}/manifests/{reference}");
        self.send("PUT", &path, &[("content-type", &media_type)], manifest.to_string()).await
    }

    /// Pushes a component and returns the answer to its manifest.
    async fn push_wasm(&self, repository: &str, reference: &str, wasm: &[u8]) -> Answer {
        let layer = self.blob(repository, wasm).await;
        let config = self.blob(repository, b"{}").await;
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": { "mediaType": WASM_CONFIG, "digest": config, "size": 2 },
            "layers": [{ "mediaType": WASM, "digest": layer, "size": wasm.len() }],
        });
        self.manifest(repository, reference, &manifest).await
    }

    /// Pushes what is not looked into, and returns its digest.
    async fn push_image(&self, repository: &str, reference: &str, content: &[u8]) -> String {
        let answer = self.manifest(repository, reference, &self.image(repository, content).await).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.header("docker-content-digest").to_owned()
    }

    async fn image(&self, repository: &str, content: &[u8]) -> Value {
        let layer = self.blob(repository, content).await;
        let config = self.blob(repository, b"{}").await;
        json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 2 },
            "layers": [{ "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer, "size": content.len() }],
        })
    }
}

fn open(folder: &tempfile::TempDir, granted: &Arc<Granted>) -> Registry {
    let config =
        Config { grants: Arc::clone(granted) as Arc<dyn Grants>, hosts: vec!["registry.local:5000".to_owned()] };
    Registry::open(folder.path(), config).expect("opens")
}

/// A component that imports one interface.
fn component(import: &str) -> Vec<u8> {
    wat::parse_str(format!(r#"(component (import "{import}" (instance)))"#)).expect("is text of a component")
}

fn digest_of(content: &[u8]) -> String {
    Digest::of(content).to_string()
}

#[test]
fn paths_are_read_to_what_they_are_about() {
    let hex = "a".repeat(64);
    let name = |text: &str| text.parse::<Repository>().expect("a name");
    let digest: Digest = format!("sha256:{hex}").parse().expect("a digest");
    let id = Uuid::new_v4();
    for (path, site) in [
        ("/v2/a/blobs/uploads/", Place::Uploads(name("a"))),
        ("/v2/a/b/blobs/uploads", Place::Uploads(name("a/b"))),
        (&format!("/v2/a/blobs/uploads/{id}"), Place::Upload(name("a"), id)),
        (&format!("/v2/a/blobs/sha256:{hex}"), Place::Blob(name("a"), digest.clone())),
        (&format!("/v2/a/blobs/sha256%3A{hex}"), Place::Blob(name("a"), digest.clone())),
        (&format!("/v2/blobs/blobs/sha256:{hex}"), Place::Blob(name("blobs"), digest.clone())),
        ("/v2/a/b/c/tags/list", Place::Tags(name("a/b/c"))),
        (&format!("/v2/a/referrers/sha256:{hex}"), Place::Referrers(name("a"), digest.clone())),
        (&format!("/v2/a/manifests/sha256:{hex}"), Place::Manifest(name("a"), Reference::Digest(digest))),
        (
            "/v2/manifests/manifests/v1",
            Place::Manifest(name("manifests"), Reference::Tag("v1".parse().expect("a tag"))),
        ),
    ] {
        assert_eq!(parse(path).expect("is read"), site, "{path}");
    }
}

// F48
#[tokio::test]
async fn no_path_leads_out_of_the_registry() {
    let site = Site::new();
    let hex = "a".repeat(64);
    for path in [
        "/v2/../manifests/v1",
        "/v2/a/../b/manifests/v1",
        "/v2/%2e%2e/%2e%2e/manifests/v1",
        "/v2/a%2f..%2fb/manifests/v1",
        "/v2//manifests/v1",
        "/v2/a/manifests/..",
        "/v2/a/manifests/%2e%2e",
        "/v2/a/manifests/sha256:../../../../etc/passwd",
        "/v2/a/blobs/sha256:..",
        "/v2/a/blobs/..%2f..%2fetc%2fpasswd",
        "/v2/_tags/manifests/v1",
        "/v2/a/_tags/manifests/v1",
        &format!("/v2/A/blobs/sha256:{hex}"),
        "/v2/a/blobs/uploads/..",
        "/v2/a/b",
        "/v2/a/tags/other",
    ] {
        let (status, code, _) = site.get(path).await.refusal();
        assert!((400..=405).contains(&status) && !code.is_empty(), "{path}: {status}");
    }
}

#[tokio::test]
async fn the_base_says_that_this_is_a_registry() {
    let site = Site::new();
    for path in ["/v2", "/v2/"] {
        let answer = site.get(path).await;
        assert_eq!((answer.status, answer.json()), (200, json!({})));
    }
    let (status, code, _) = site.send("PUT", "/v2/a/tags/list", &[], Body::empty()).await.refusal();
    assert_eq!((status, code.as_str()), (405, "UNSUPPORTED"));
}
