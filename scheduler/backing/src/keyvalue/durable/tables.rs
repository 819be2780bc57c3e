//! The tables in redb: what lies in them, how a write changes them, how reads find their way.
//!
//! `buckets` numbers the buckets, `entries` holds values by bucket and key, `order` the keys by the number each got when
//! it came into being, `usage` what a namespace keeps.

use std::ops::Bound;

use bytes::Bytes;
use redb::{
    Database, Durability, ReadTransaction, ReadableDatabase, ReadableTable, Table, TableDefinition, WriteTransaction,
};

use super::open::{Refusal, damaged};
use crate::keyvalue::ask::{Answer, Ask, Usage, Writes, admit};
use crate::keyvalue::{Bounds, Page};
use crate::limits::{BATCH_BYTES_MAX, KEYS_PER_PAGE};
use crate::{Bucket, Error, Key, Namespace};

/// Namespace and name of a bucket: its number, the last number of a key, how many keys it has.
const BUCKETS: TableDefinition<'_, (&str, &str), (u64, u64, u64)> = TableDefinition::new("buckets");
/// Number of a bucket and key: number of the key in eight bytes, then the value.
const ENTRIES: TableDefinition<'_, (u64, &str), &[u8]> = TableDefinition::new("entries");
/// Number of a bucket and number of a key: the key.
const ORDER: TableDefinition<'_, (u64, u64), &str> = TableDefinition::new("order");
/// Namespace: bytes and buckets.
const USAGE: TableDefinition<'_, &str, (u64, u64)> = TableDefinition::new("usage");
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const FORMAT_KEY: &str = "format";
const LAST_BUCKET_KEY: &str = "last bucket";

/// The format this program writes.
const FORMAT: u64 = 1;
/// Bytes of a key's number before its value.
const NUMBER_BYTES: usize = 8;
/// Keys deleted with one commit when a namespace is forgotten; others wait no longer for it than for a large batch.
const FORGET_KEYS: usize = 1000;

/// A request that did not happen.
#[derive(Debug)]
pub(super) enum Failure {
    /// It is refused, and nothing has changed.
    Refused(Error),
    /// The database failed; nothing of the group counts.
    Database(redb::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<redb::Error> for Failure {
    fn from(error: redb::Error) -> Self {
        Self::Database(error)
    }
}

impl From<redb::StorageError> for Failure {
    fn from(error: redb::StorageError) -> Self {
        Self::Database(error.into())
    }
}

/// Writes what a new file begins with.
pub(super) fn create(database: &Database) -> Result<(), redb::Error> {
    let tx = begin(database)?;
    Tables::open(&tx)?.meta.insert(FORMAT_KEY, FORMAT)?;
    tx.commit()?;
    Ok(())
}

/// Makes sure that the file is one of ours.
pub(super) fn check(database: &Database) -> Result<(), Refusal> {
    let tx = database.begin_read().map_err(damaged)?;
    let meta = tx.open_table(META).map_err(|_| Refusal::Damaged("it is no key-value file".to_owned()))?;
    match meta.get(FORMAT_KEY).map_err(damaged)?.map(|format| format.value()) {
        Some(FORMAT) => Ok(()),
        Some(found) if found > FORMAT => Err(Refusal::Newer { found, known: FORMAT }),
        _ => Err(Refusal::Damaged("its format is missing".to_owned())),
    }
}

/// Every commit is two-phase and carries the allocator's state, so that opening after a crash needs no scan.
pub(super) fn begin(database: &Database) -> Result<WriteTransaction, redb::Error> {
    let mut tx = database.begin_write()?;
    tx.set_durability(Durability::Immediate)?;
    tx.set_quick_repair(true);
    Ok(tx)
}

/// A bucket as it is in the tables.
#[derive(Clone, Copy)]
struct Row {
    id: u64,
    last: u64,
    keys: u64,
}

/// The tables, open for writing.
pub(super) struct Tables<'tx> {
    buckets: Table<'tx, (&'static str, &'static str), (u64, u64, u64)>,
    entries: Table<'tx, (u64, &'static str), &'static [u8]>,
    order: Table<'tx, (u64, u64), &'static str>,
    usage: Table<'tx, &'static str, (u64, u64)>,
    meta: Table<'tx, &'static str, u64>,
}

impl<'tx> Tables<'tx> {
    pub(super) fn open(tx: &'tx WriteTransaction) -> Result<Self, redb::Error> {
        Ok(Self {
            buckets: tx.open_table(BUCKETS)?,
            entries: tx.open_table(ENTRIES)?,
            order: tx.open_table(ORDER)?,
            usage: tx.open_table(USAGE)?,
            meta: tx.open_table(META)?,
        })
    }

    /// Does a write. A refusal has changed nothing.
    pub(super) fn take(&mut self, bucket: &Bucket, ask: Ask, bounds: Bounds) -> Result<Answer, Failure> {
        let row = self.row(bucket)?;
        let (writes, answer) = ask.decide::<Failure>(|key| match row {
            Some(row) => self.value(row.id, key),
            None => Ok(None),
        })?;
        let usage = self.usage_of(&bucket.namespace)?;
        let before = |key: &Key| match row {
            Some(row) => self.size(row.id, key),
            None => Ok(None),
        };
        let usage = admit::<Failure>(usage, row.is_none(), &writes, before, (&bucket.namespace, bounds))?;
        if row.is_some() || writes.values().any(Option::is_some) {
            self.apply(bucket, row, &writes, usage)?;
        }
        Ok(answer)
    }

    fn row(&self, bucket: &Bucket) -> Result<Option<Row>, redb::Error> {
        let row = self.buckets.get((bucket.namespace.as_str(), bucket.name.as_str()))?.map(|row| row.value());
        Ok(row.map(|(id, last, keys)| Row { id, last, keys }))
    }

    fn value(&self, id: u64, key: &Key) -> Result<Option<Bytes>, Failure> {
        Ok(self.entries.get((id, key.as_str()))?.map(|entry| value_of(entry.value())))
    }

    fn size(&self, id: u64, key: &Key) -> Result<Option<usize>, Failure> {
        let size = |entry: &[u8]| entry.len().saturating_sub(NUMBER_BYTES);
        Ok(self.entries.get((id, key.as_str()))?.map(|entry| size(entry.value())))
    }

    fn usage_of(&self, namespace: &Namespace) -> Result<Usage, redb::Error> {
        let usage = self.usage.get(namespace.as_str())?.map(|usage| usage.value());
        Ok(usage.map(|(bytes, buckets)| Usage { bytes, buckets }).unwrap_or_default())
    }

    fn apply(
        &mut self,
        bucket: &Bucket,
        row: Option<Row>,
        writes: &Writes,
        mut usage: Usage,
    ) -> Result<(), redb::Error> {
        let mut row = match row {
            Some(row) => row,
            None => Row { id: self.next_bucket()?, last: 0, keys: 0 },
        };
        for (key, value) in writes {
            match value {
                Some(value) => self.put(&mut row, key.as_str(), value)?,
                None => self.remove(&mut row, key.as_str())?,
            }
        }
        let name = (bucket.namespace.as_str(), bucket.name.as_str());
        if row.keys == 0 {
            self.buckets.remove(name)?;
            usage.buckets = usage.buckets.saturating_sub(1);
        } else {
            self.buckets.insert(name, (row.id, row.last, row.keys))?;
        }
        if usage.buckets == 0 {
            self.usage.remove(name.0)?;
        } else {
            self.usage.insert(name.0, (usage.bytes, usage.buckets))?;
        }
        Ok(())
    }

    fn next_bucket(&mut self) -> Result<u64, redb::Error> {
        let next = self.meta.get(LAST_BUCKET_KEY)?.map_or(0, |last| last.value()) + 1;
        self.meta.insert(LAST_BUCKET_KEY, next)?;
        Ok(next)
    }

    fn put(&mut self, row: &mut Row, key: &str, value: &[u8]) -> Result<(), redb::Error> {
        let present = self.entries.get((row.id, key))?.map(|entry| number_of(entry.value()));
        let number = match present {
            Some(number) => number,
            None => {
                row.last += 1;
                row.keys += 1;
                self.order.insert((row.id, row.last), key)?;
                row.last
            }
        };
        let mut entry = Vec::with_capacity(NUMBER_BYTES + value.len());
        entry.extend_from_slice(&number.to_le_bytes());
        entry.extend_from_slice(value);
        self.entries.insert((row.id, key), entry.as_slice())?;
        Ok(())
    }

    fn remove(&mut self, row: &mut Row, key: &str) -> Result<(), redb::Error> {
        let number = self.entries.remove((row.id, key))?.map(|entry| number_of(entry.value()));
        if let Some(number) = number {
            self.order.remove((row.id, number))?;
            row.keys = row.keys.saturating_sub(1);
        }
        Ok(())
    }

    /// Deletes a piece of what a namespace keeps; [`Answer::More`] if something is left.
    pub(super) fn forget(&mut self, namespace: &Namespace) -> Result<Answer, redb::Error> {
        let first = {
            let mut buckets = self.buckets.range((namespace.as_str(), "")..)?;
            let first = buckets.next().transpose()?;
            first.map(|(name, row)| {
                let (of, name) = name.value();
                (of.to_owned(), name.to_owned(), row.value())
            })
        };
        let Some((_, name, (id, ..))) = first.filter(|(of, ..)| of == namespace.as_str()) else {
            self.usage.remove(namespace.as_str())?;
            return Ok(Answer::Written);
        };
        let keys = {
            let order = self.order.range((id, 0)..=(id, u64::MAX))?.take(FORGET_KEYS);
            order.map(|row| row.map(|(at, key)| (at.value(), key.value().to_owned()))).collect::<Result<Vec<_>, _>>()?
        };
        for (at, key) in &keys {
            self.order.remove(at)?;
            self.entries.remove((id, key.as_str()))?;
        }
        if keys.len() < FORGET_KEYS {
            self.buckets.remove((namespace.as_str(), name.as_str()))?;
        }
        Ok(Answer::More)
    }
}

fn number_of(entry: &[u8]) -> u64 {
    entry.first_chunk().map_or(0, |number| u64::from_le_bytes(*number))
}

fn value_of(entry: &[u8]) -> Bytes {
    Bytes::copy_from_slice(entry.get(NUMBER_BYTES..).unwrap_or_default())
}

fn find(tx: &ReadTransaction, bucket: &Bucket) -> Result<Option<u64>, redb::Error> {
    let buckets = tx.open_table(BUCKETS)?;
    Ok(buckets.get((bucket.namespace.as_str(), bucket.name.as_str()))?.map(|row| row.value().0))
}

/// The values of the first of `keys`, as many as one batch holds.
pub(super) fn get(tx: &ReadTransaction, bucket: &Bucket, keys: &[Key]) -> Result<Vec<Option<Bytes>>, redb::Error> {
    let Some(id) = find(tx, bucket)? else { return Ok(vec![None; keys.len()]) };
    let entries = tx.open_table(ENTRIES)?;
    let (mut values, mut room) = (Vec::with_capacity(keys.len()), BATCH_BYTES_MAX);
    for key in keys {
        let entry = entries.get((id, key.as_str()))?;
        let size = entry.as_ref().map_or(0, |entry| entry.value().len().saturating_sub(NUMBER_BYTES));
        if size > room && !values.is_empty() {
            break;
        }
        room = room.saturating_sub(size);
        values.push(entry.map(|entry| value_of(entry.value())));
    }
    Ok(values)
}

/// Whether a key has a value.
pub(super) fn exists(tx: &ReadTransaction, bucket: &Bucket, key: &Key) -> Result<bool, redb::Error> {
    let Some(id) = find(tx, bucket)? else { return Ok(false) };
    Ok(tx.open_table(ENTRIES)?.get((id, key.as_str()))?.is_some())
}

/// A page of keys.
pub(super) fn keys(tx: &ReadTransaction, bucket: &Bucket, cursor: Option<u64>) -> Result<Page, redb::Error> {
    let Some(id) = find(tx, bucket)? else { return Ok(Page::default()) };
    let order = tx.open_table(ORDER)?;
    let after = Bound::Excluded((id, cursor.unwrap_or(0)));
    let mut rest = order.range((after, Bound::Included((id, u64::MAX))))?;
    let (mut page, mut last) = (Page::default(), None);
    for row in rest.by_ref().take(KEYS_PER_PAGE) {
        let (at, key) = row?;
        last = Some(at.value().1);
        page.keys.push(key.value().to_owned());
    }
    page.cursor = rest.next().transpose()?.and(last);
    Ok(page)
}

/// The namespaces that keep anything.
pub(super) fn namespaces(tx: &ReadTransaction) -> Result<Vec<Namespace>, redb::Error> {
    let usage = tx.open_table(USAGE)?;
    let names = usage.iter()?.map(|row| row.map(|(name, _)| Namespace::parse(name.value())));
    names.filter_map(|name| name.map(Result::ok).transpose()).collect::<Result<_, _>>().map_err(Into::into)
}
