//! Fetches a component from the cluster's registry, and believes nothing that its digest does not confirm.

use anyhow::{Context, Result, ensure};
use http::Request;
use serde_json::Value;

use super::push::{LAYER_TYPE, MANIFEST_TYPE, sha256};
use client::Client;

/// One name for several platforms.
const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";

/// The component's bytes.
pub(crate) async fn pull(client: &Client, image: &str) -> Result<Vec<u8>> {
    let (name, reference) = split(image);
    let mut found = manifest(client, name, reference).await?;
    if let Some(ours) = wasm_of_index(&found) {
        found = manifest(client, name, ours).await?;
    }
    let digest = layer(&found).with_context(|| format!("{image} is not a WebAssembly component"))?;
    let request = Request::get(format!("/v2/{name}/blobs/{digest}"));
    let blob = client.send(request.body(Vec::new())?).await?.ok()?.body;
    ensure!(sha256(&blob) == digest, "the registry has other content under {digest} of {image}; push it again");
    Ok(blob)
}

async fn manifest(client: &Client, name: &str, reference: &str) -> Result<Value> {
    let request = Request::get(format!("/v2/{name}/manifests/{reference}"));
    let request = request.header("accept", format!("{MANIFEST_TYPE}, {INDEX_TYPE}"));
    let answer = client.send(request.body(Vec::new())?).await?;
    answer.json().with_context(|| format!("{name}, {reference} cannot be fetched from the cluster's registry"))
}

/// An image's name, and its digest, tag or `latest`.
fn split(image: &str) -> (&str, &str) {
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    let (name, tag) = name.rsplit_once(':').unwrap_or((name, "latest"));
    (name, digest.unwrap_or(tag))
}

/// The digest of an index's manifest for Wasm.
fn wasm_of_index(index: &Value) -> Option<&str> {
    let mut manifests = index["manifests"].as_array()?.iter();
    manifests.find(|one| one["platform"]["architecture"] == "wasm")?["digest"].as_str()
}

/// The digest of a manifest's Wasm layer.
fn layer(manifest: &Value) -> Option<&str> {
    manifest["layers"].as_array()?.iter().find(|one| one["mediaType"] == LAYER_TYPE)?["digest"].as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_image_has_a_name_and_a_digest_tag_or_latest() {
        for (image, wanted) in [
            ("web", ("web", "latest")),
            ("shop/web:v1", ("shop/web", "v1")),
            ("shop/web@sha256:1", ("shop/web", "sha256:1")),
            ("shop/web:v1@sha256:1", ("shop/web", "sha256:1")),
        ] {
            assert_eq!(split(image), wanted);
        }
    }

    #[test]
    fn the_wasm_part_is_found_among_others() {
        let index = json!({ "manifests": [
            { "digest": "sha256:1", "platform": { "architecture": "amd64" } },
            { "digest": "sha256:2", "platform": { "architecture": "wasm" } },
        ] });
        assert_eq!(wasm_of_index(&index), Some("sha256:2"));
        let manifest = json!({ "layers": [
            { "digest": "sha256:3", "mediaType": "application/vnd.oci.image.layer.v1.tar" },
            { "digest": "sha256:4", "mediaType": LAYER_TYPE },
        ] });
        assert_eq!((layer(&manifest), wasm_of_index(&manifest)), (Some("sha256:4"), None));
        assert_eq!(layer(&index), None);
    }
}
