//! `insula push`: puts a component into the cluster's registry, as the OCI distribution specification says.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use http::{Method, Request};
use serde_json::json;

use crate::args;
use client::{Answer, Client};

/// Media types of a Wasm artifact (CNCF TAG Runtime, Wasm OCI artifact layout).
const CONFIG_TYPE: &str = "application/vnd.wasm.config.v0+json";
pub(crate) const LAYER_TYPE: &str = "application/wasm";
pub(crate) const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

pub(crate) async fn run(args: args::Push) -> Result<()> {
    let client = Client::new(&args.target).await?;
    let digest = push(&client, &args.file, &args.reference).await?;
    println!("pushed {}@{digest}", args.reference);
    Ok(())
}

/// Pushes a file and returns the manifest's digest.
pub(crate) async fn push(client: &Client, file: &Path, reference: &str) -> Result<String> {
    let (name, tag) = reference.rsplit_once(':').unwrap_or((reference, "latest"));
    let wasm = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let found = component::describe(&wasm).with_context(|| format!("{} cannot be pushed", file.display()))?;
    let layer_digest = upload(client, name, wasm.clone()).await?;
    let config = json!({
        "architecture": "wasm",
        "os": "wasip2",
        "layerDigests": [layer_digest],
        "component": {
            "exports": found.exports.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "imports": found.imports.iter().map(ToString::to_string).collect::<Vec<_>>(),
        },
    });
    let config = serde_json::to_vec(&config)?;
    let config_bytes = config.len();
    let config_digest = upload(client, name, config).await?;
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": { "mediaType": CONFIG_TYPE, "digest": config_digest, "size": config_bytes },
        "layers": [{ "mediaType": LAYER_TYPE, "digest": layer_digest, "size": wasm.len() }],
    });
    let manifest = serde_json::to_vec(&manifest)?;
    let digest = sha256(&manifest);
    let request = Request::put(format!("/v2/{name}/manifests/{tag}")).header("content-type", MANIFEST_TYPE);
    let why = || format!("the registry refuses {reference}");
    client.send(request.body(manifest)?).await?.ok().with_context(why)?;
    Ok(digest)
}

/// Uploads one blob in a single request, unless the registry has it.
async fn upload(client: &Client, name: &str, blob: Vec<u8>) -> Result<String> {
    let digest = sha256(&blob);
    let head = Request::builder().method(Method::HEAD).uri(format!("/v2/{name}/blobs/{digest}"));
    if client.send(head.body(Vec::new())?).await?.status.is_success() {
        return Ok(digest);
    }
    let uploads = format!("/v2/{name}/blobs/uploads/");
    let begun: Answer = client.send(Request::post(&uploads).body(Vec::new())?).await?.ok()?;
    let location = begun.headers.get("location").and_then(|l| l.to_str().ok()).context("no upload location")?;
    let path = location.parse::<http::Uri>()?.path_and_query().map(ToString::to_string).context("no path")?;
    let separator = if path.contains('?') { '&' } else { '?' };
    let put =
        Request::put(format!("{path}{separator}digest={digest}")).header("content-type", "application/octet-stream");
    let answer = client.send(put.body(blob)?).await?.ok()?;
    ensure!(answer.status == 201, "the registry answers {} to an upload", answer.status);
    Ok(digest)
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, bytes))
}

/// The digest by which registries name content.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", sha256_hex(bytes))
}
