//! `wasi:keyvalue` 0.2.0-draft: buckets of small values, kept by whoever embeds this crate.
//!
//! Absent: any store. What the interface says of stores is asked of the [`KeyValue`] that a workload is given; here
//! handles are kept, and errors told in the interface's words.

use std::sync::Arc;

use futures::future::BoxFuture;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable, ResourceTableError};

use crate::guest::Guest;

mod bindings {
    wasmtime::component::bindgen!({
        path: "../../sdk/wit",
        world: "insula:sdk/keyvalue",
        imports: { default: async | trappable },
        with: { "wasi:keyvalue/store.bucket": super::Bucket },
        trappable_error_type: { "wasi:keyvalue/store.error" => super::KeyValueError },
    });
}

use bindings::wasi::keyvalue::{atomics, batch, store};

/// Keeps values by bucket and key. Futures may be dropped at any time.
pub trait KeyValue: Send + Sync + 'static {
    /// Whether the workload may use `bucket`.
    ///
    /// # Errors
    ///
    /// Why not.
    fn open(&self, bucket: &str) -> Result<(), KeyValueError>;
    /// The values of `keys`, in their order.
    fn get(&self, bucket: Arc<str>, keys: Vec<String>) -> Answer<Vec<Option<Vec<u8>>>>;
    /// Sets values, all or none.
    fn set(&self, bucket: Arc<str>, pairs: Vec<(String, Vec<u8>)>) -> Answer<()>;
    /// Deletes keys; those that are not there are no error.
    fn delete(&self, bucket: Arc<str>, keys: Vec<String>) -> Answer<()>;
    /// Whether there is a value.
    fn exists(&self, bucket: Arc<str>, key: String) -> Answer<bool>;
    /// Some of the keys, and where to go on if there are more.
    fn keys(&self, bucket: Arc<str>, cursor: Option<u64>) -> Answer<(Vec<String>, Option<u64>)>;
    /// Adds to a number, which is kept as decimal text and is 0 if absent; returns the sum.
    fn increment(&self, bucket: Arc<str>, key: String, delta: u64) -> Answer<u64>;
}

/// What a [`KeyValue`] answers with.
pub type Answer<T> = BoxFuture<'static, Result<T, KeyValueError>>;

/// Why a store does not do what it was asked for. The guest is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyValueError {
    /// There is no such bucket.
    #[error("no such store")]
    NoSuchStore,
    /// The workload may not use it.
    #[error("access denied")]
    AccessDenied,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl From<ResourceTableError> for KeyValueError {
    fn from(error: ResourceTableError) -> Self {
        Self::Other(error.to_string())
    }
}

/// Has no bucket.
impl KeyValue for () {
    fn open(&self, _: &str) -> Result<(), KeyValueError> {
        Err(KeyValueError::NoSuchStore)
    }

    fn get(&self, _: Arc<str>, _: Vec<String>) -> Answer<Vec<Option<Vec<u8>>>> {
        none()
    }

    fn set(&self, _: Arc<str>, _: Vec<(String, Vec<u8>)>) -> Answer<()> {
        none()
    }

    fn delete(&self, _: Arc<str>, _: Vec<String>) -> Answer<()> {
        none()
    }

    fn exists(&self, _: Arc<str>, _: String) -> Answer<bool> {
        none()
    }

    fn keys(&self, _: Arc<str>, _: Option<u64>) -> Answer<(Vec<String>, Option<u64>)> {
        none()
    }

    fn increment(&self, _: Arc<str>, _: String, _: u64) -> Answer<u64> {
        none()
    }
}

fn none<T: Send + 'static>() -> Answer<T> {
    Box::pin(std::future::ready(Err(KeyValueError::NoSuchStore)))
}

/// A bucket that a guest has opened.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Bucket(Arc<str>);

/// One instance's view of its store.
pub(crate) struct View<'a> {
    pub(crate) store: &'a dyn KeyValue,
    pub(crate) table: &'a mut ResourceTable,
}

struct Has;

impl HasData for Has {
    type Data<'a> = View<'a>;
}

pub(crate) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    store::add_to_linker::<_, Has>(linker, Guest::keyvalue)?;
    atomics::add_to_linker::<_, Has>(linker, Guest::keyvalue)?;
    batch::add_to_linker::<_, Has>(linker, Guest::keyvalue)
}

impl View<'_> {
    fn bucket(&self, bucket: &Resource<Bucket>) -> Result<Arc<str>, KeyValueError> {
        Ok(self.table.get(bucket)?.0.clone())
    }
}

impl store::Host for View<'_> {
    async fn open(&mut self, identifier: String) -> Result<Resource<Bucket>, KeyValueError> {
        self.store.open(&identifier)?;
        Ok(self.table.push(Bucket(identifier.into()))?)
    }

    fn convert_error(&mut self, error: KeyValueError) -> wasmtime::Result<store::Error> {
        Ok(match error {
            KeyValueError::NoSuchStore => store::Error::NoSuchStore,
            KeyValueError::AccessDenied => store::Error::AccessDenied,
            KeyValueError::Other(why) => store::Error::Other(why),
        })
    }
}

impl store::HostBucket for View<'_> {
    async fn get(&mut self, bucket: Resource<Bucket>, key: String) -> Result<Option<Vec<u8>>, KeyValueError> {
        let mut values = self.store.get(self.bucket(&bucket)?, vec![key]).await?;
        Ok(values.pop().flatten())
    }

    async fn set(&mut self, bucket: Resource<Bucket>, key: String, value: Vec<u8>) -> Result<(), KeyValueError> {
        self.store.set(self.bucket(&bucket)?, vec![(key, value)]).await
    }

    async fn delete(&mut self, bucket: Resource<Bucket>, key: String) -> Result<(), KeyValueError> {
        self.store.delete(self.bucket(&bucket)?, vec![key]).await
    }

    async fn exists(&mut self, bucket: Resource<Bucket>, key: String) -> Result<bool, KeyValueError> {
        self.store.exists(self.bucket(&bucket)?, key).await
    }

    async fn list_keys(
        &mut self,
        bucket: Resource<Bucket>,
        cursor: Option<u64>,
    ) -> Result<store::KeyResponse, KeyValueError> {
        let (keys, cursor) = self.store.keys(self.bucket(&bucket)?, cursor).await?;
        Ok(store::KeyResponse { keys, cursor })
    }

    async fn drop(&mut self, bucket: Resource<Bucket>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl atomics::Host for View<'_> {
    async fn increment(&mut self, bucket: Resource<Bucket>, key: String, delta: u64) -> Result<u64, KeyValueError> {
        self.store.increment(self.bucket(&bucket)?, key, delta).await
    }
}

impl batch::Host for View<'_> {
    async fn get_many(
        &mut self,
        bucket: Resource<Bucket>,
        keys: Vec<String>,
    ) -> Result<Vec<Option<(String, Vec<u8>)>>, KeyValueError> {
        let values = self.store.get(self.bucket(&bucket)?, keys.clone()).await?;
        Ok(keys.into_iter().zip(values).map(|(key, value)| Some((key, value?))).collect())
    }

    async fn set_many(&mut self, bucket: Resource<Bucket>, pairs: Vec<(String, Vec<u8>)>) -> Result<(), KeyValueError> {
        self.store.set(self.bucket(&bucket)?, pairs).await
    }

    async fn delete_many(&mut self, bucket: Resource<Bucket>, keys: Vec<String>) -> Result<(), KeyValueError> {
        self.store.delete(self.bucket(&bucket)?, keys).await
    }
}
