//! The tables in redb: what lies in them, how a step changes them, how a start reads them.
//!
//! `current` holds the present by key, `history` the kept past by revision, `meta` a few numbers. See
//! [`super::format`] for what lies in the values and [`super::digest`] for how a wrong row is found out.

use std::collections::HashMap;
use std::fmt;
use std::iter;
use std::sync::Arc;

use redb::{
    Database, Durability, ReadTransaction, ReadableDatabase, ReadableTable, Table, TableDefinition, WriteTransaction,
};

use super::Refusal;
use super::digest::Digest;
use super::format::{self, Sealer, Undo};
use crate::model::{Bounds, Model};
use crate::{Batch, Change, Entry, Revision};

const CURRENT: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("current");
const HISTORY: TableDefinition<'_, Revision, &[u8]> = TableDefinition::new("history");
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const FORMAT_KEY: &str = "format";
const REVISION_KEY: &str = "revision";
const COMPACTED_KEY: &str = "compacted";
const STARTS_KEY: &str = "starts";
const DIGEST_KEY: &str = "digest";

/// The format this program writes.
pub(super) const FORMAT: u64 = 1;

/// What one redb transaction makes durable.
#[derive(Debug)]
pub(super) struct Step<'a> {
    /// The durable batches, in order.
    pub(super) batches: &'a [Arc<Batch>],
    /// The revision after them.
    pub(super) revision: Revision,
    /// The history up to here goes.
    pub(super) compacted: Revision,
}

/// The numbers beside the tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Meta {
    pub(super) revision: Revision,
    compacted: Revision,
    /// How often the store was started since it was made.
    pub(super) starts: u64,
    /// Of all rows of both tables.
    rows: Digest,
}

impl Meta {
    pub(super) fn read(tx: &ReadTransaction) -> Result<Self, Refusal> {
        let meta = tx.open_table(META).map_err(|_| Refusal::Damaged("it is not a store of this program".to_owned()))?;
        let number = |key: &str| {
            let number = meta.get(key).map_err(damaged)?.map(|number| number.value());
            number.ok_or_else(|| Refusal::Damaged(format!("its {key} is missing")))
        };
        check_format(number(FORMAT_KEY)?)?;
        Ok(Self {
            revision: number(REVISION_KEY)?,
            compacted: number(COMPACTED_KEY)?,
            starts: number(STARTS_KEY)?,
            rows: Digest::default(),
        })
    }

    fn write(&self, tx: &WriteTransaction) -> Result<(), redb::Error> {
        let mut meta = tx.open_table(META)?;
        meta.insert(FORMAT_KEY, FORMAT)?;
        for (key, number) in self.numbers() {
            meta.insert(key, number)?;
        }
        meta.insert(DIGEST_KEY, self.digest())?;
        Ok(())
    }

    fn numbers(&self) -> [(&'static str, u64); 3] {
        [(REVISION_KEY, self.revision), (COMPACTED_KEY, self.compacted), (STARTS_KEY, self.starts)]
    }

    /// Over the rows and the numbers.
    fn digest(&self) -> u64 {
        let mut digest = self.rows;
        for (key, number) in self.numbers() {
            digest.add(key.as_bytes(), &number.to_le_bytes());
        }
        digest.number()
    }
}

fn check_format(found: u64) -> Result<(), Refusal> {
    match found {
        FORMAT => Ok(()),
        found if found > FORMAT => Err(Refusal::Newer { found, known: FORMAT }),
        // Format 1 is the first there is. Its successor converts here, step by step, what it finds below itself.
        found => Err(Refusal::Damaged(format!("there never was a format {found}"))),
    }
}

/// Writes what a new store begins with.
pub(super) fn create(database: &Database) -> Result<Meta, redb::Error> {
    let tx = begin(database)?;
    tx.open_table(CURRENT)?;
    tx.open_table(HISTORY)?;
    let meta = Meta::default();
    meta.write(&tx)?;
    tx.commit()?;
    Ok(meta)
}

/// Counts a start.
pub(super) fn count_start(database: &Database, meta: Meta) -> Result<Meta, redb::Error> {
    let tx = begin(database)?;
    let meta = Meta { starts: meta.starts + 1, ..meta };
    meta.write(&tx)?;
    tx.commit()?;
    Ok(meta)
}

/// Makes a step durable: when this returns `Ok`, it survives a power cut. `records` are the step's entries, encoded.
pub(super) fn write(
    database: &Database,
    meta: Meta,
    step: &Step<'_>,
    records: &[Option<Vec<u8>>],
) -> Result<Meta, redb::Error> {
    let tx = begin(database)?;
    let mut meta = Meta { revision: step.revision, compacted: step.compacted, ..meta };
    {
        let mut current = tx.open_table(CURRENT)?;
        let mut history = tx.open_table(HISTORY)?;
        let mut records = records.iter();
        for batch in step.batches {
            let mut past = format::begin_undo();
            for (change, record) in batch.changes.iter().zip(&mut records) {
                replace(&mut current, change.key(), record.as_deref(), &mut past, &mut meta.rows)?;
            }
            meta.rows.add(&batch.revision.to_le_bytes(), &past);
            history.insert(batch.revision, past.as_slice())?;
        }
        while history.first()?.is_some_and(|(revision, _)| revision.value() <= step.compacted) {
            let Some((revision, past)) = history.pop_first()? else { break };
            meta.rows.remove(&revision.value().to_le_bytes(), past.value());
        }
    }
    meta.write(&tx)?;
    tx.commit()?;
    Ok(meta)
}

/// Replaces a row. What lay there moves to the past as it is: sealed stays sealed, and nothing is encoded again.
fn replace(
    current: &mut Table<'_, &str, &[u8]>,
    key: &str,
    record: Option<&[u8]>,
    past: &mut Vec<u8>,
    rows: &mut Digest,
) -> Result<(), redb::Error> {
    let previous = match record {
        Some(record) => {
            rows.add(key.as_bytes(), record);
            current.insert(key, record)?
        }
        None => current.remove(key)?,
    };
    let previous = previous.as_ref().map(redb::AccessGuard::value);
    if let Some(previous) = previous {
        rows.remove(key.as_bytes(), previous);
    }
    format::push_undo(past, &Undo { key, previous });
    Ok(())
}

/// Every step is two-phase, so that the last commit is known without looking at the tree, and carries the allocator's
/// state, so that opening after a crash needs no scan.
fn begin(database: &Database) -> Result<WriteTransaction, redb::Error> {
    let mut tx = database.begin_write()?;
    tx.set_durability(Durability::Immediate)?;
    tx.set_quick_repair(true);
    Ok(tx)
}

/// Reads the present and the past, and makes sure that they are what was written.
pub(super) fn load(database: &Database, sealer: &Sealer, bounds: Bounds) -> Result<(Meta, Model), Refusal> {
    let tx = database.begin_read().map_err(damaged)?;
    let mut meta = Meta::read(&tx)?;
    let mut model = Model::new(bounds, meta.revision, meta.compacted);
    for row in tx.open_table(CURRENT).map_err(damaged)?.iter().map_err(damaged)? {
        let (key, value) = row.map_err(damaged)?;
        meta.rows.add(key.value().as_bytes(), value.value());
        model.restore_entry(format::decode_entry(&Arc::from(key.value()), value.value(), sealer)?);
    }
    let mut past = past(&tx, &model, sealer, &mut meta.rows)?;
    for batch in iter::from_fn(|| past.pop()) {
        model.restore_batch(batch);
    }
    let digest = tx.open_table(META).map_err(damaged)?.get(DIGEST_KEY).map_err(damaged)?.map(|digest| digest.value());
    if digest != Some(meta.digest()) {
        return Err(Refusal::Damaged("its content is not what was written".to_owned()));
    }
    Ok((meta, model))
}

/// The kept past, newest first: the present, taken back revision by revision.
fn past(tx: &ReadTransaction, model: &Model, sealer: &Sealer, rows: &mut Digest) -> Result<Vec<Batch>, Refusal> {
    let mut then: HashMap<Arc<str>, Option<Entry>> = HashMap::new();
    let mut batches = vec![];
    for row in tx.open_table(HISTORY).map_err(damaged)?.iter().map_err(damaged)?.rev() {
        let (revision, undos) = row.map_err(damaged)?;
        let revision = revision.value();
        rows.add(&revision.to_le_bytes(), undos.value());
        let mut changes = vec![];
        for undo in format::decode_undo(revision, undos.value())? {
            let key: Arc<str> = undo.key.into();
            let current = then.get(&key).map_or_else(|| model.get(&key).cloned(), Clone::clone);
            let previous = undo.previous.map(|bytes| format::decode_entry(&key, bytes, sealer)).transpose()?;
            if current.is_none() && previous.is_none() {
                return Err(Refusal::Damaged(format!("the history of {key} at revision {revision} is empty")));
            }
            then.insert(key, previous.clone());
            changes.push(Change { current, previous });
        }
        batches.push(Batch { revision, changes });
    }
    Ok(batches)
}

/// Any error of redb's that tells of wrong content.
pub(super) fn damaged(error: impl fmt::Display) -> Refusal {
    Refusal::Damaged(error.to_string())
}
