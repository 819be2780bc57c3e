//! From an image's name to what it is, with the content verified on the way.

use std::fs;
use std::path::PathBuf;

use component::{Description, WASM_BYTES_MAX};

use crate::Error;
use crate::image::{self, Image};
use crate::layout::{self, Layout, io_error};
use crate::manifest::{Descriptor, Manifest};
use crate::name::{Digest, Reference, Repository};

/// What an image's name led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The manifest's digest, `sha256:...`: names this content for ever.
    pub digest: String,
    /// What it is.
    pub artifact: Artifact,
}

/// What was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Artifact {
    /// A WebAssembly component or module.
    Wasm {
        /// The file, verified when it was resolved, and never changed.
        wasm: PathBuf,
        /// What it needs and offers.
        description: Description,
    },
    /// An image for a container engine.
    Container,
}

/// Resolves an image. Reads the disk.
pub(crate) fn resolve(layout: &Layout, image: &Image) -> Result<Option<Resolved>, Error> {
    let repository = &image.repository;
    let digest = match &image.reference {
        Reference::Digest(digest) => Some(digest.clone()),
        Reference::Tag(tag) => layout.read_tag(repository, tag)?,
    };
    let Some(digest) = digest else { return Ok(None) };
    let Some(manifest) = manifest(layout, repository, &digest)? else { return Ok(None) };
    // An index is one name for several platforms; ours is wasm, and its own digest is what runs.
    match manifest.wasm_manifest() {
        Some(ours) => match self::manifest(layout, repository, &ours.digest)? {
            Some(manifest) => artifact(layout, repository, &ours.digest, &manifest).map(Some),
            None => Ok(None),
        },
        None => artifact(layout, repository, &digest, &manifest).map(Some),
    }
}

/// The Wasm artifact that was pushed last.
pub(crate) fn newest(layout: &Layout) -> Result<Option<Resolved>, Error> {
    let Some(text) = layout::read(&layout.newest())? else { return Ok(None) };
    let damaged = |reason| Error::Damaged { what: "the name of the newest artifact".to_owned(), reason };
    match image::parse(&String::from_utf8_lossy(&text), &[]).map_err(damaged)? {
        Some(image) => resolve(layout, &image),
        None => Ok(None),
    }
}

fn manifest(layout: &Layout, repository: &Repository, digest: &Digest) -> Result<Option<Manifest>, Error> {
    let Some((body, media_type)) = layout.read_manifest(repository, digest)? else { return Ok(None) };
    let manifest = Manifest::parse(&body, &media_type);
    manifest.map(Some).map_err(|reason| Error::Damaged { what: format!("{repository}@{digest}"), reason })
}

fn artifact(layout: &Layout, repository: &Repository, digest: &Digest, manifest: &Manifest) -> Result<Resolved, Error> {
    let damaged = |reason| Error::Damaged { what: format!("{repository}@{digest}"), reason };
    let artifact = match manifest.wasm_layer() {
        None => Artifact::Container,
        Some(layer) => {
            let layer = layer.map_err(damaged)?;
            let wasm = read_wasm(layout, layer).map_err(damaged)?;
            let description = component::describe(&wasm).map_err(|error| damaged(error.to_string()))?;
            Artifact::Wasm { wasm: layout.blob(&layer.digest), description }
        }
    };
    Ok(Resolved { digest: digest.to_string(), artifact })
}

/// A Wasm layer's bytes, if they are what the manifest says.
pub(crate) fn read_wasm(layout: &Layout, layer: &Descriptor) -> Result<Vec<u8>, String> {
    let Descriptor { digest, size, .. } = layer;
    let path = layout.blob(digest);
    if *size > WASM_BYTES_MAX as u64 {
        return Err(format!(
            "layer {digest} has {size} bytes; at most {WASM_BYTES_MAX} bytes of WebAssembly are taken"
        ));
    }
    let found = layout::size(&path).map_err(|error| error.to_string())?;
    if found != Some(*size) {
        return Err(format!("layer {digest} has {} bytes, not {size}", found.unwrap_or_default()));
    }
    let wasm = fs::read(&path).map_err(|error| io_error(&path, error).to_string())?;
    if Digest::of(&wasm) == *digest { Ok(wasm) } else { Err(format!("layer {digest} has another digest")) }
}
