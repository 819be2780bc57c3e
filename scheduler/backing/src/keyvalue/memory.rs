//! Buckets in memory: for tests, and the plainest reading of what a backend must do.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use super::ask::{Answer, Ask, Usage, Writes, admit};
use super::{Bounds, KeyValue, Page, Swap, check_keys, check_pairs, check_value};
use crate::limits::{BATCH_BYTES_MAX, KEYS_PER_PAGE};
use crate::{Bucket, BucketName, Error, Key, Namespace};

/// Buckets in memory.
#[derive(Debug, Default)]
pub struct Memory {
    bounds: Bounds,
    spaces: Mutex<BTreeMap<Namespace, Space>>,
}

#[derive(Debug, Default)]
struct Space {
    usage: Usage,
    buckets: BTreeMap<BucketName, Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    values: BTreeMap<Key, (u64, Bytes)>,
    order: BTreeMap<u64, Key>,
    last: u64,
}

impl Entries {
    fn get(&self, key: &Key) -> Option<&Bytes> {
        self.values.get(key).map(|(_, value)| value)
    }

    fn apply(&mut self, writes: Writes) {
        for (key, value) in writes {
            match (value, self.values.get_mut(&key)) {
                (Some(value), Some((_, present))) => *present = value,
                (Some(value), None) => {
                    self.last += 1;
                    self.order.insert(self.last, key.clone());
                    self.values.insert(key, (self.last, value));
                }
                (None, _) => {
                    if let Some((number, _)) = self.values.remove(&key) {
                        self.order.remove(&number);
                    }
                }
            }
        }
    }
}

impl Memory {
    /// Nothing, yet.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, spaces: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Namespace, Space>> {
        self.spaces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, bucket: &Bucket, read: impl FnOnce(&Entries) -> T) -> T {
        let spaces = self.lock();
        let entries = spaces.get(&bucket.namespace).and_then(|space| space.buckets.get(&bucket.name));
        match entries {
            Some(entries) => read(entries),
            None => read(&Entries::default()),
        }
    }

    fn ask(&self, bucket: &Bucket, ask: Ask) -> Result<Answer, Error> {
        let mut spaces = self.lock();
        let space = spaces.entry(bucket.namespace.clone()).or_default();
        let is_new = !space.buckets.contains_key(&bucket.name);
        let entries = space.buckets.entry(bucket.name.clone()).or_default();
        let decided = ask.decide::<Error>(|key| Ok(entries.get(key).cloned())).and_then(|(writes, answer)| {
            let before = |key: &Key| Ok(entries.get(key).map(Bytes::len));
            let usage = admit::<Error>(space.usage, is_new, &writes, before, (&bucket.namespace, self.bounds))?;
            Ok((writes, answer, usage))
        });
        let answer = decided.map(|(writes, answer, usage)| {
            entries.apply(writes);
            space.usage = usage;
            answer
        });
        if entries.values.is_empty() {
            space.buckets.remove(&bucket.name);
            space.usage.buckets = space.buckets.len() as u64;
        }
        if space.buckets.is_empty() {
            spaces.remove(&bucket.namespace);
        }
        answer
    }
}

#[async_trait]
impl KeyValue for Memory {
    async fn get_many(&self, bucket: &Bucket, keys: Vec<Key>) -> Result<Vec<Option<Bytes>>, Error> {
        check_keys(&keys)?;
        let mut room = BATCH_BYTES_MAX;
        Ok(self.read(bucket, |entries| {
            let values = keys.iter().map(|key| entries.get(key).cloned()).enumerate();
            let fit = values.take_while(|(n, value)| {
                let size = value.as_ref().map_or(0, Bytes::len);
                let fits = *n == 0 || size <= room;
                room = room.saturating_sub(size);
                fits
            });
            fit.map(|(_, value)| value).collect()
        }))
    }

    async fn set_many(&self, bucket: &Bucket, pairs: Vec<(Key, Bytes)>) -> Result<(), Error> {
        check_pairs(&pairs)?;
        self.ask(bucket, Ask::Write(pairs.into_iter().map(|(key, value)| (key, Some(value))).collect())).map(drop)
    }

    async fn delete_many(&self, bucket: &Bucket, keys: Vec<Key>) -> Result<(), Error> {
        check_keys(&keys)?;
        self.ask(bucket, Ask::Write(keys.into_iter().map(|key| (key, None)).collect())).map(drop)
    }

    async fn exists(&self, bucket: &Bucket, key: Key) -> Result<bool, Error> {
        Ok(self.read(bucket, |entries| entries.values.contains_key(&key)))
    }

    async fn keys(&self, bucket: &Bucket, cursor: Option<u64>) -> Result<Page, Error> {
        Ok(self.read(bucket, |entries| {
            let after = (Bound::Excluded(cursor.unwrap_or(0)), Bound::Unbounded);
            let mut rest = entries.order.range(after);
            let taken: Vec<_> = rest.by_ref().take(KEYS_PER_PAGE).collect();
            let cursor = rest.next().and(taken.last().map(|(number, _)| **number));
            Page { keys: taken.into_iter().map(|(_, key)| key.to_string()).collect(), cursor }
        }))
    }

    async fn increment(&self, bucket: &Bucket, key: Key, delta: u64) -> Result<u64, Error> {
        match self.ask(bucket, Ask::Increment { key, delta })? {
            Answer::Sum(sum) => Ok(sum),
            other => Err(mismatch(&other)),
        }
    }

    async fn swap(
        &self,
        bucket: &Bucket,
        key: Key,
        expected: Option<Bytes>,
        value: Option<Bytes>,
    ) -> Result<Swap, Error> {
        expected.iter().chain(&value).try_for_each(check_value)?;
        match self.ask(bucket, Ask::Swap { key, expected, value })? {
            Answer::Swap(swap) => Ok(swap),
            other => Err(mismatch(&other)),
        }
    }

    async fn namespaces(&self) -> Result<Vec<Namespace>, Error> {
        Ok(self.lock().keys().cloned().collect())
    }

    async fn forget(&self, namespace: &Namespace) -> Result<(), Error> {
        self.lock().remove(namespace);
        Ok(())
    }
}

/// An answer to another question, which no backend gives.
pub(super) fn mismatch(answer: &Answer) -> Error {
    Error::Unavailable(format!("the key-value store answered another question: {answer:?}"))
}
