//! Key-value buckets, through `wasi:keyvalue`.
//!
//! Calls wait for the store: WASI 0.2 has no asynchronous form of them, so no future is pretended. There are no
//! transactions; [`Bucket::increment`] alone is atomic.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bindings::keyvalue::wasi::keyvalue::{atomics, batch, store};

/// Why the store did not do what it was asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The workload has no bucket of this name.
    NoSuchStore,
    /// The workload may not use the bucket, or not in this way.
    AccessDenied,
    /// The value under this key is not the JSON that was expected.
    Json(String, serde_json::Error),
    /// What the store says.
    Other(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoSuchStore => f.write_str("no such key-value store: grant the workload a bucket of this name"),
            Self::AccessDenied => f.write_str("access to the key-value store is denied"),
            Self::Json(key, error) => write!(f, "the value of {key:?} is not the JSON expected: {error}"),
            Self::Other(text) => write!(f, "the key-value store failed: {text}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Json(_, error) => Some(error),
            Self::NoSuchStore | Self::AccessDenied | Self::Other(_) => None,
        }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::NoSuchStore => Self::NoSuchStore,
            store::Error::AccessDenied => Self::AccessDenied,
            store::Error::Other(text) => Self::Other(text),
        }
    }
}

/// A named set of keys and values.
///
/// ```no_run
/// use insula_sdk::keyvalue::Bucket;
///
/// let visits = Bucket::open("default")?.increment("visits", 1)?;
/// # drop(visits);
/// # Ok::<(), insula_sdk::keyvalue::Error>(())
/// ```
#[derive(Debug)]
pub struct Bucket(store::Bucket);

impl Bucket {
    /// Opens the bucket that the workload knows by `name`.
    ///
    /// # Errors
    /// [`Error::NoSuchStore`] and [`Error::AccessDenied`] say that the workload has not been granted it.
    pub fn open(name: &str) -> Result<Self, Error> {
        Ok(Self(store::open(name)?))
    }

    /// The value under `key`, or `None`.
    ///
    /// # Errors
    /// The store failed.
    pub fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.0.get(key)?)
    }

    /// Puts `value` under `key`, over what was there.
    ///
    /// # Errors
    /// The store failed, or refuses a value of this size.
    pub fn set(&self, key: &str, value: impl AsRef<[u8]>) -> Result<(), Error> {
        Ok(self.0.set(key, value.as_ref())?)
    }

    /// The JSON value under `key`, or `None`.
    ///
    /// ```no_run
    /// # let bucket = insula_sdk::keyvalue::Bucket::open("default")?;
    /// let scores: Vec<u32> = bucket.get_json("scores")?.unwrap_or_default();
    /// # drop(scores);
    /// # Ok::<(), insula_sdk::keyvalue::Error>(())
    /// ```
    ///
    /// # Errors
    /// The store failed, or [`Error::Json`].
    pub fn get_json<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        let parse = |bytes: Vec<u8>| serde_json::from_slice(&bytes).map_err(|error| Error::Json(key.to_owned(), error));
        self.get(key)?.map(parse).transpose()
    }

    /// Puts `value` as JSON under `key`.
    ///
    /// ```no_run
    /// # let bucket = insula_sdk::keyvalue::Bucket::open("default")?;
    /// bucket.set_json("scores", &[3, 1, 4])?;
    /// # Ok::<(), insula_sdk::keyvalue::Error>(())
    /// ```
    ///
    /// # Errors
    /// The store failed, or `value` has no form in JSON.
    pub fn set_json(&self, key: &str, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        self.set(key, serde_json::to_vec(value).map_err(|error| Error::Json(key.to_owned(), error))?)
    }

    /// Removes `key`, if it is there.
    ///
    /// # Errors
    /// The store failed.
    pub fn delete(&self, key: &str) -> Result<(), Error> {
        Ok(self.0.delete(key)?)
    }

    /// Whether there is a value under `key`.
    ///
    /// # Errors
    /// The store failed.
    pub fn exists(&self, key: &str) -> Result<bool, Error> {
        Ok(self.0.exists(key)?)
    }

    /// Adds `by` to the number under `key`, atomically, and returns the sum. A key that is not there counts as 0.
    ///
    /// # Errors
    /// The store failed, or what is there is no number.
    pub fn increment(&self, key: &str, by: u64) -> Result<u64, Error> {
        Ok(atomics::increment(&self.0, key, by)?)
    }

    /// Every key, in no order, asked for a page at a time.
    ///
    /// ```no_run
    /// # let bucket = insula_sdk::keyvalue::Bucket::open("default")?;
    /// let keys: Vec<String> = bucket.keys().collect::<Result<_, _>>()?;
    /// # drop(keys);
    /// # Ok::<(), insula_sdk::keyvalue::Error>(())
    /// ```
    #[must_use]
    pub fn keys(&self) -> Keys<'_> {
        Keys { bucket: self, page: VecDeque::new(), next: Next::Page(None) }
    }

    /// The values of those of `keys` that have one.
    ///
    /// # Errors
    /// The store failed.
    pub fn get_many<K: Into<String>>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        Ok(batch::get_many(&self.0, &owned(keys))?.into_iter().flatten().collect())
    }

    /// Puts several values. Not atomic: after an error, some may have been put.
    ///
    /// # Errors
    /// The store failed.
    pub fn set_many<K: Into<String>, V: Into<Vec<u8>>>(
        &self,
        values: impl IntoIterator<Item = (K, V)>,
    ) -> Result<(), Error> {
        let values: Vec<_> = values.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        Ok(batch::set_many(&self.0, &values)?)
    }

    /// Removes those of `keys` that are there. Not atomic: after an error, some may be gone.
    ///
    /// # Errors
    /// The store failed.
    pub fn delete_many<K: Into<String>>(&self, keys: impl IntoIterator<Item = K>) -> Result<(), Error> {
        Ok(batch::delete_many(&self.0, &owned(keys))?)
    }
}

fn owned<K: Into<String>>(keys: impl IntoIterator<Item = K>) -> Vec<String> {
    keys.into_iter().map(Into::into).collect()
}

/// The keys of a bucket: what [`Bucket::keys`] returns. It ends after the first error.
#[derive(Debug)]
pub struct Keys<'a> {
    bucket: &'a Bucket,
    page: VecDeque<String>,
    next: Next,
}

#[derive(Debug)]
enum Next {
    Page(Option<u64>),
    Nothing,
}

impl Iterator for Keys<'_> {
    type Item = Result<String, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        // A store may answer with an empty page and a cursor.
        while self.page.is_empty() {
            let Next::Page(cursor) = self.next else { return None };
            self.next = Next::Nothing;
            match self.bucket.0.list_keys(cursor) {
                Ok(page) => {
                    self.page = page.keys.into();
                    self.next = page.cursor.map_or(Next::Nothing, |cursor| Next::Page(Some(cursor)));
                }
                Err(error) => return Some(Err(error.into())),
            }
        }
        self.page.pop_front().map(Ok)
    }
}
