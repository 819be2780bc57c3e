//! `wasi:blobstore` 0.2.0-draft: objects in containers, kept by whoever embeds this crate.
//!
//! Absent: any store. What the interface says of objects is asked of the [`Blobs`] that a workload is given; here
//! handles are kept and bytes are passed on, in pieces and within bounds.

mod host;
mod value;

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use tokio::sync::Semaphore;
use wasmtime::component::{HasData, Linker, ResourceTable};

use crate::guest::Guest;

mod bindings {
    wasmtime::component::bindgen!({
        path: "../../sdk/wit",
        world: "insula:sdk/blobstore",
        imports: { default: async | trappable },
        with: {
            "wasi:io": wasmtime_wasi_io::bindings::wasi::io,
            "wasi:blobstore/container.container": super::Container,
            "wasi:blobstore/container.stream-object-names": super::host::Names,
            "wasi:blobstore/types.incoming-value": super::value::Incoming,
            "wasi:blobstore/types.outgoing-value": super::value::Outgoing,
        },
    });
}

/// Keeps objects by container and name. Futures and streams may be dropped at any time.
pub trait Blobs: Send + Sync + 'static {
    /// Makes a container; one that is there stays as it is.
    fn create_container(&self, container: String) -> Answer<ContainerInfo>;
    /// Finds a container.
    fn container(&self, container: String) -> Answer<ContainerInfo>;
    /// Deletes a container with everything in it; one that is not there is no error.
    fn delete_container(&self, container: String) -> Answer<()>;
    /// Deletes everything in a container.
    fn clear(&self, container: String) -> Answer<()>;
    /// Some of a container's names after `after`, in order; none means that there are no more.
    fn list(&self, container: String, after: Option<String>) -> Answer<Vec<String>>;
    /// Finds an object.
    fn info(&self, container: String, object: String) -> Answer<ObjectInfo>;
    /// Bytes `start..=end` of an object, as far as it has them.
    fn get(&self, container: String, object: String, start: u64, end: u64) -> Answer<Blob>;
    /// Creates or replaces an object, which is seen only when `data` has come to its end without an error.
    fn put(&self, container: String, object: String, data: Data) -> Answer<()>;
    /// Deletes objects; those that are not there are no error.
    fn delete(&self, container: String, objects: Vec<String>) -> Answer<()>;
    /// Copies an object.
    fn copy(&self, from: ObjectId, to: ObjectId) -> Answer<()>;
}

/// What a [`Blobs`] answers with.
pub type Answer<T> = BoxFuture<'static, Result<T, BlobError>>;

/// An object's bytes, in pieces.
pub type Data = BoxStream<'static, Result<Bytes, BlobError>>;

/// An object's bytes, and how many there will be.
pub struct Blob {
    /// Length of `data` in bytes.
    pub bytes: u64,
    /// The bytes.
    pub data: Data,
}

/// Names an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectId {
    /// Its container.
    pub container: String,
    /// Its name in there.
    pub object: String,
}

/// What is known of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerInfo {
    /// When it was made, in seconds since 1970.
    pub created_at: u64,
}

/// What is known of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectInfo {
    /// When it was written, in seconds since 1970.
    pub created_at: u64,
    /// Its length.
    pub bytes: u64,
}

/// Why a store does not do what it was asked for. The guest is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// There is no such container or object.
    #[error("not found: {0}")]
    NotFound(String),
    /// The workload may not use it.
    #[error("access denied: {0}")]
    Denied(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// Has no container.
impl Blobs for () {
    fn create_container(&self, container: String) -> Answer<ContainerInfo> {
        denied(container)
    }

    fn container(&self, container: String) -> Answer<ContainerInfo> {
        denied(container)
    }

    fn delete_container(&self, container: String) -> Answer<()> {
        denied(container)
    }

    fn clear(&self, container: String) -> Answer<()> {
        denied(container)
    }

    fn list(&self, container: String, _: Option<String>) -> Answer<Vec<String>> {
        denied(container)
    }

    fn info(&self, container: String, _: String) -> Answer<ObjectInfo> {
        denied(container)
    }

    fn get(&self, container: String, _: String, _: u64, _: u64) -> Answer<Blob> {
        denied(container)
    }

    fn put(&self, container: String, _: String, _: Data) -> Answer<()> {
        denied(container)
    }

    fn delete(&self, container: String, _: Vec<String>) -> Answer<()> {
        denied(container)
    }

    fn copy(&self, from: ObjectId, _: ObjectId) -> Answer<()> {
        denied(from.container)
    }
}

fn denied<T: Send + 'static>(container: String) -> Answer<T> {
    Box::pin(std::future::ready(Err(BlobError::Denied(container))))
}

/// A container that a guest has opened.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Container {
    name: String,
    info: ContainerInfo,
}

/// One instance's view of its store.
pub(crate) struct View<'a> {
    pub(crate) store: &'a dyn Blobs,
    pub(crate) table: &'a mut ResourceTable,
    /// Room for all objects that the instance makes.
    pub(crate) ahead: &'a mut Option<Arc<Semaphore>>,
}

struct Has;

impl HasData for Has {
    type Data<'a> = View<'a>;
}

pub(crate) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    use bindings::wasi::blobstore::{blobstore, container, types};
    blobstore::add_to_linker::<_, Has>(linker, Guest::blobs)?;
    container::add_to_linker::<_, Has>(linker, Guest::blobs)?;
    types::add_to_linker::<_, Has>(linker, Guest::blobs)
}
