//! From an image's name to what it is, with the content verified on the way.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use component::{Description, WASM_BYTES_MAX};
use ring::digest::{Context, SHA256};

use crate::Error;
use crate::image::{self, Image};
use crate::layout::{self, Layout, io_error};
use crate::manifest::{Descriptor, Manifest};
use crate::name::{Digest, Reference, Repository};

/// How much of a file is hashed at a time.
const PIECE_BYTES: usize = 64 * 1024;

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

/// A Wasm layer's bytes, if they are what the manifest says. A file whose content is not what its name says is removed:
/// clients ask before they push, and would not push what seems to be here.
pub(crate) fn read_wasm(layout: &Layout, layer: &Descriptor) -> Result<Vec<u8>, String> {
    let Descriptor { digest, size, .. } = layer;
    let path = layout.blob(digest);
    if *size > WASM_BYTES_MAX as u64 {
        return Err(format!(
            "layer {digest} has {size} bytes; at most {WASM_BYTES_MAX} bytes of WebAssembly are taken"
        ));
    }
    let found = layout::size(&path).map_err(|error| error.to_string())?;
    let Some(found) = found else { return Err(format!("layer {digest} is missing")) };
    if found != *size {
        discard_damaged(layout, digest);
        return Err(format!("layer {digest} has {found} bytes, not {size}"));
    }
    let wasm = fs::read(&path).map_err(|error| io_error(&path, error).to_string())?;
    if Digest::of(&wasm) == *digest {
        return Ok(wasm);
    }
    layout::discard(&path);
    Err(format!("layer {digest} has another digest"))
}

/// Removes a blob that seems damaged if it is: a manifest may be what is wrong, and the content what others need.
pub(crate) fn discard_damaged(layout: &Layout, digest: &Digest) {
    let path = layout.blob(digest);
    if digest_of(&path).is_ok_and(|actual| actual != *digest) {
        layout::discard(&path);
    }
}

/// The digest of a file of any size.
fn digest_of(path: &Path) -> io::Result<Digest> {
    let mut file = File::open(path)?;
    let mut context = Context::new(&SHA256);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(Digest::finish(context)),
            read => context.update(&piece[..read]),
        }
    }
}
