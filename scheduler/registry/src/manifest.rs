//! Manifests: what an artifact is made of, as far as the registry must know. Pure.

use serde::Deserialize;
use serde_json::Value;

use crate::name::Digest;

/// An OCI image manifest.
pub(crate) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// An OCI image index: manifests for several platforms, or referrers.
pub(crate) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// The config of a Wasm artifact (CNCF TAG Runtime, Wasm OCI artifact layout).
const WASM_CONFIG: &str = "application/vnd.wasm.config.v0+json";
/// The component or module of a Wasm artifact.
const WASM_LAYER: &str = "application/wasm";
/// The architecture by which an index names a Wasm artifact among images.
const WASM_ARCHITECTURE: &str = "wasm";

/// A reference to content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Descriptor {
    pub(crate) media_type: String,
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    architecture: Option<String>,
}

/// A manifest, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) media_type: String,
    pub(crate) content: Content,
    /// What this manifest is about, for referrers.
    pub(crate) subject: Option<Descriptor>,
    pub(crate) artifact_type: Option<String>,
    pub(crate) annotations: Option<Value>,
}

/// What a manifest refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// One artifact or image.
    Image { config: Descriptor, layers: Vec<Descriptor> },
    /// Other manifests.
    Index(Vec<Descriptor>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    schema_version: u64,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<RawDescriptor>,
    layers: Option<Vec<RawDescriptor>>,
    manifests: Option<Vec<RawDescriptor>>,
    subject: Option<RawDescriptor>,
    annotations: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDescriptor {
    media_type: String,
    digest: String,
    size: u64,
    platform: Option<Platform>,
}

#[derive(Deserialize)]
struct Platform {
    architecture: Option<String>,
}

impl Manifest {
    /// Reads a manifest that was pushed as `media_type`.
    pub(crate) fn parse(body: &[u8], media_type: &str) -> Result<Self, String> {
        if ![OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST].contains(&media_type) {
            return Err(format!("a manifest of type {media_type:?} is not known; {OCI_MANIFEST} and {OCI_INDEX} are"));
        }
        let raw: Raw = serde_json::from_slice(body).map_err(|error| format!("it is not a manifest: {error}"))?;
        if raw.schema_version != 2 {
            return Err(format!("schemaVersion is {}, and must be 2", raw.schema_version));
        }
        if let Some(inner) = raw.media_type.as_deref().filter(|inner| *inner != media_type) {
            return Err(format!("mediaType says {inner:?}, but it was pushed as {media_type:?}"));
        }
        let content =
            match (media_type == OCI_INDEX || media_type == DOCKER_LIST, raw.config, raw.layers, raw.manifests) {
                (true, None, None, Some(manifests)) => Content::Index(descriptors(manifests, "manifests")?),
                (true, ..) => return Err("an index has manifests, and neither config nor layers".to_owned()),
                (false, Some(config), Some(layers), None) => {
                    Content::Image { config: descriptor(config, "config")?, layers: descriptors(layers, "layers")? }
                }
                (false, ..) => return Err("a manifest has config and layers, and no manifests".to_owned()),
            };
        Ok(Self {
            media_type: media_type.to_owned(),
            content,
            subject: raw.subject.map(|subject| descriptor(subject, "subject")).transpose()?,
            artifact_type: raw.artifact_type,
            annotations: raw.annotations,
        })
    }

    /// What must be there for this manifest to be whole: blobs, and for an index other manifests.
    pub(crate) fn references(&self) -> Vec<&Descriptor> {
        match &self.content {
            Content::Image { config, layers } => [config].into_iter().chain(layers).collect(),
            Content::Index(manifests) => manifests.iter().collect(),
        }
    }

    /// The one layer of a Wasm artifact; `None` of what is none.
    pub(crate) fn wasm_layer(&self) -> Option<Result<&Descriptor, String>> {
        let Content::Image { config, layers } = &self.content else { return None };
        let is_wasm = |layer: &&Descriptor| layer.media_type == WASM_LAYER;
        if config.media_type != WASM_CONFIG && !layers.iter().any(|layer| is_wasm(&layer)) {
            return None;
        }
        Some(match layers.as_slice() {
            [layer] if is_wasm(&layer) => Ok(layer),
            layers => Err(format!("a Wasm artifact has one layer of type {WASM_LAYER}; this has {}", kinds(layers))),
        })
    }

    /// The Wasm artifact among an index's manifests.
    pub(crate) fn wasm_manifest(&self) -> Option<&Descriptor> {
        let Content::Index(manifests) = &self.content else { return None };
        manifests.iter().find(|manifest| manifest.architecture.as_deref() == Some(WASM_ARCHITECTURE))
    }

    /// What kind of artifact this is, for those who list referrers.
    pub(crate) fn kind(&self) -> Option<&str> {
        match (&self.artifact_type, &self.content) {
            (Some(artifact_type), _) => Some(artifact_type),
            (None, Content::Image { config, .. }) => Some(&config.media_type),
            (None, Content::Index(_)) => None,
        }
    }
}

fn kinds(layers: &[Descriptor]) -> String {
    let kinds: Vec<&str> = layers.iter().map(|layer| layer.media_type.as_str()).take(4).collect();
    if kinds.is_empty() { "none".to_owned() } else { format!("{}: {}", layers.len(), kinds.join(", ")) }
}

fn descriptors(raw: Vec<RawDescriptor>, place: &str) -> Result<Vec<Descriptor>, String> {
    raw.into_iter().enumerate().map(|(index, raw)| descriptor(raw, &format!("{place}[{index}]"))).collect()
}

fn descriptor(raw: RawDescriptor, place: &str) -> Result<Descriptor, String> {
    let digest = raw.digest.parse().map_err(|why| format!("{place}.digest: {why}"))?;
    let architecture = raw.platform.and_then(|platform| platform.architecture);
    Ok(Descriptor { media_type: raw.media_type, digest, size: raw.size, architecture })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn descriptor(media_type: &str) -> Value {
        json!({ "mediaType": media_type, "digest": format!("sha256:{}", "a".repeat(64)), "size": 3 })
    }

    fn wasm(config: &str, layers: &[&str]) -> String {
        let layers: Vec<Value> = layers.iter().map(|layer| descriptor(layer)).collect();
        let body = json!({ "schemaVersion": 2, "config": descriptor(config), "layers": layers });
        let manifest = Manifest::parse(body.to_string().as_bytes(), OCI_MANIFEST).expect("parses");
        match manifest.wasm_layer() {
            None => "not wasm".to_owned(),
            Some(Ok(_)) => "wasm".to_owned(),
            Some(Err(why)) => why,
        }
    }

    #[test]
    fn wasm_is_told_by_media_type() {
        assert_eq!(wasm(WASM_CONFIG, &[WASM_LAYER]), "wasm");
        assert_eq!(wasm("application/vnd.oci.empty.v1+json", &[WASM_LAYER]), "wasm");
        assert_eq!(wasm("application/vnd.oci.image.config.v1+json", &["application/tar"]), "not wasm");
        assert!(wasm(WASM_CONFIG, &[]).contains("this has none"));
        assert!(wasm(WASM_CONFIG, &["text/plain"]).contains("this has 1: text/plain"));
        assert!(wasm(WASM_CONFIG, &[WASM_LAYER, WASM_LAYER]).contains("this has 2"));
    }

    #[test]
    fn what_is_no_manifest_is_refused_with_the_place() {
        let bad = json!({ "mediaType": "a/b", "digest": "sha256:x", "size": 3 });
        for (body, media_type, why) in [
            (json!({}), OCI_MANIFEST, "schemaVersion"),
            (json!([]), OCI_MANIFEST, "not a manifest"),
            (json!({ "schemaVersion": 1 }), OCI_MANIFEST, "must be 2"),
            (json!({ "schemaVersion": 2 }), OCI_MANIFEST, "config and layers"),
            (json!({ "schemaVersion": 2 }), OCI_INDEX, "has manifests"),
            (json!({ "schemaVersion": 2 }), "text/plain", "is not known"),
            (json!({ "schemaVersion": 2, "mediaType": OCI_INDEX }), OCI_MANIFEST, "mediaType says"),
            (
                json!({ "schemaVersion": 2, "config": descriptor("a/b"), "layers": [bad] }),
                OCI_MANIFEST,
                "layers[0].digest",
            ),
            (json!({ "schemaVersion": 2, "config": { "digest": 1 }, "layers": [] }), OCI_MANIFEST, "not a manifest"),
        ] {
            let error = Manifest::parse(body.to_string().as_bytes(), media_type).expect_err("is refused");
            assert!(error.contains(why), "{body}: {error}");
        }
    }

    #[test]
    fn an_index_names_its_wasm_by_architecture() {
        let mut image = descriptor(OCI_MANIFEST);
        image["platform"] = json!({ "architecture": "amd64", "os": "linux" });
        let mut component = descriptor(OCI_MANIFEST);
        component["platform"] = json!({ "architecture": "wasm", "os": "wasip2" });
        component["size"] = json!(7);
        let body = json!({ "schemaVersion": 2, "manifests": [image, component] });
        let index = Manifest::parse(body.to_string().as_bytes(), OCI_INDEX).expect("parses");
        assert_eq!(index.wasm_manifest().map(|manifest| manifest.size), Some(7));
        assert_eq!(index.references().len(), 2);
    }
}
