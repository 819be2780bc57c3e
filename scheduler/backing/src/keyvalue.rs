//! Buckets of small values, as `wasi:keyvalue` has them.
//!
//! Every write is all or nothing and is durable, as far as the backend is, before it is answered; a read that begins
//! after that sees it. Keys of a bucket are numbered as they come into being, and a listing goes by these numbers: a
//! key that is there from its first page to its last is listed exactly once, whatever happens meanwhile.
//!
//! `ask` decides what a request does, for every backend that can call it; Redis decides likewise in Lua.

mod ask;
mod durable;
mod memory;
mod redis;

#[cfg(test)]
mod conformance;

use async_trait::async_trait;
use bytes::Bytes;

pub use durable::{Durable, Fatal, OpenError, Refusal};
pub use memory::Memory;
pub use redis::{Config as RedisConfig, Redis};

use crate::limits::{
    BATCH_BYTES_MAX, BATCH_KEYS_MAX, BUCKETS_MAX, ENTRY_OVERHEAD_BYTES, KEYVALUE_BYTES_MAX, VALUE_BYTES_MAX,
};
use crate::{Bucket, Error, Key, Namespace};

/// How much a namespace may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Keys and values of all its buckets, with [`ENTRY_OVERHEAD_BYTES`] for each.
    pub bytes: u64,
    /// Buckets that hold anything.
    pub buckets: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { bytes: KEYVALUE_BYTES_MAX, buckets: BUCKETS_MAX }
    }
}

/// Some keys of a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// In the order in which they came into being.
    pub keys: Vec<String>,
    /// Where to go on, if there are more.
    pub cursor: Option<u64>,
}

/// What became of a compare-and-swap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Swap {
    /// The value was as expected and is replaced.
    Swapped,
    /// It was another, which is here; nothing changed.
    Differs(Option<Bytes>),
}

/// What every backend can do. One conformance suite holds them all to it.
#[async_trait]
pub trait KeyValue: Send + Sync + 'static {
    /// The values of the first of `keys`: of as many as [`BATCH_BYTES_MAX`] holds, and of one at least.
    async fn get_many(&self, bucket: &Bucket, keys: Vec<Key>) -> Result<Vec<Option<Bytes>>, Error>;

    /// Sets all or none. Of a key that is given twice the last value counts.
    async fn set_many(&self, bucket: &Bucket, pairs: Vec<(Key, Bytes)>) -> Result<(), Error>;

    /// Deletes keys; those that are not there are no error.
    async fn delete_many(&self, bucket: &Bucket, keys: Vec<Key>) -> Result<(), Error>;

    /// Whether a key has a value.
    async fn exists(&self, bucket: &Bucket, key: Key) -> Result<bool, Error>;

    /// A page of keys, after `cursor`.
    async fn keys(&self, bucket: &Bucket, cursor: Option<u64>) -> Result<Page, Error>;

    /// Adds to a number, kept as decimal text and 0 if absent, and returns the sum.
    ///
    /// A value that is no number, and a sum beyond 64 bits, are errors that change nothing.
    async fn increment(&self, bucket: &Bucket, key: Key, delta: u64) -> Result<u64, Error>;

    /// Replaces a value if it is as expected; `None` is absence on both sides.
    async fn swap(
        &self,
        bucket: &Bucket,
        key: Key,
        expected: Option<Bytes>,
        value: Option<Bytes>,
    ) -> Result<Swap, Error>;

    /// The namespaces that keep anything.
    async fn namespaces(&self) -> Result<Vec<Namespace>, Error>;

    /// Deletes all that a namespace keeps.
    async fn forget(&self, namespace: &Namespace) -> Result<(), Error>;
}

/// Checks the bounds of a batch that reads or deletes.
fn check_keys(keys: &[Key]) -> Result<(), Error> {
    match keys.len() {
        count if count > BATCH_KEYS_MAX => Err(Error::too_large("keys of one batch", count, BATCH_KEYS_MAX)),
        _ => Ok(()),
    }
}

/// Checks the bounds of a batch that writes.
fn check_pairs(pairs: &[(Key, Bytes)]) -> Result<(), Error> {
    if pairs.len() > BATCH_KEYS_MAX {
        return Err(Error::too_large("keys of one batch", pairs.len(), BATCH_KEYS_MAX));
    }
    pairs.iter().try_for_each(|(_, value)| check_value(value))?;
    let bytes = pairs.iter().map(|(key, value)| key.as_str().len() + value.len()).sum();
    if bytes > BATCH_BYTES_MAX {
        return Err(Error::too_large("bytes of one batch", bytes, BATCH_BYTES_MAX));
    }
    Ok(())
}

fn check_value(value: &Bytes) -> Result<(), Error> {
    match value.len() {
        size if size > VALUE_BYTES_MAX => Err(Error::too_large("bytes of a value", size, VALUE_BYTES_MAX)),
        _ => Ok(()),
    }
}

/// What an entry counts towards its namespace's bound.
fn cost(key: &str, value_bytes: usize) -> u64 {
    (key.len() + value_bytes) as u64 + ENTRY_OVERHEAD_BYTES
}

fn over_bytes(namespace: &str, wanted: u64, max: u64) -> Error {
    Error::Quota(format!(
        "the key-value data of namespace {namespace} may have {max} bytes, and this write would make it {wanted}; \
         delete some of it"
    ))
}

fn over_buckets(namespace: &str, max: u64) -> Error {
    Error::Quota(format!("namespace {namespace} may have {max} buckets, and has them; empty one of them"))
}

fn not_a_number(key: &str) -> Error {
    Error::Invalid(format!("the value of {key:?} is no decimal number, so it cannot be incremented"))
}

fn overflow(key: &str) -> Error {
    Error::Invalid(format!("incrementing {key:?} goes beyond 64 bits; nothing was changed"))
}
