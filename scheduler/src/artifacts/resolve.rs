//! Asking the registry, and what its answers mean for a Pod.

use std::sync::Arc;

use component::Interface;
use registry::{Artifact, Registry, Resolved};

use super::{Component, Image};

/// Reason of an image the registry does not have.
pub(super) const NOT_FOUND: &str = "ErrImagePull";

/// What the registry said.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) image: Image,
    /// Whether it stays so until something is pushed. Trouble with the disk may pass by itself.
    pub(super) lasts: bool,
}

/// What an image is.
pub(super) async fn resolve(registry: &Registry, image: &str) -> Answer {
    let resolved = registry.resolve(image).await;
    let lasts = !matches!(resolved, Err(registry::Error::Io { .. }));
    Answer { image: image_of(image, resolved), lasts }
}

fn image_of(image: &str, resolved: Result<Option<Resolved>, registry::Error>) -> Image {
    match resolved {
        Ok(Some(resolved)) => of(image, resolved),
        Ok(None) => Image::Refused {
            reason: NOT_FOUND,
            message: format!("{image} is not in the cluster's registry; push it with: insula push FILE.wasm {image}"),
        },
        Err(registry::Error::InvalidName(why)) => {
            Image::Refused { reason: "InvalidImageName", message: format!("{image:?} is not an image: {why}") }
        }
        Err(error) => Image::Refused { reason: "ErrImagePull", message: format!("{image}: {error}") },
    }
}

fn of(image: &str, resolved: Resolved) -> Image {
    let text = |interfaces: &[Interface]| interfaces.iter().map(ToString::to_string).collect();
    match resolved.artifact {
        Artifact::Wasm { wasm, description } => Image::Component(Arc::new(Component {
            digest: resolved.digest,
            wasm,
            imports: text(&description.imports),
            exports: text(&description.exports),
        })),
        Artifact::Container => Image::Refused {
            reason: "ErrImagePull",
            message: format!("{image} is a container image, and no host of this cluster runs containers"),
        },
    }
}

/// What was pushed last, if it can run.
pub(super) async fn newest(registry: &Registry) -> Option<Arc<Component>> {
    match registry.newest().await {
        Ok(resolved) => match of("the newest artifact", resolved?) {
            Image::Component(component) => Some(component),
            Image::Asked | Image::Refused { .. } => None,
        },
        Err(error) => {
            tracing::warn!(%error, "the newest artifact cannot be compiled ahead");
            None
        }
    }
}
