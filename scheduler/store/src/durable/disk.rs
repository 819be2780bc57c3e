//! The tables in redb, and the steps that change them.
//!
//! `current` holds the present by key, `history` the kept past by revision, `meta` numbers: the format, the revision,
//! the last compacted revision, and how often the store was started. Every step is one redb transaction with quick
//! repair: it is two-phase, so that the last commit is known without looking at the tree, and carries the allocator's
//! state, so that opening after a crash needs no scan. See [`super::format`] for what lies in the values.

use std::any::Any;
use std::collections::HashMap;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::{io, iter, mem};

use redb::{
    Builder, Database, DatabaseError, Durability, ReadTransaction, ReadableDatabase, ReadableTable, StorageBackend,
    StorageError, TableDefinition, WriteTransaction,
};

use super::ballast::Ballast;
use super::format::{self, Sealer, Undo};
use super::medium::{Medium, Trouble};
use super::{Config, Refusal};
use crate::model::{Bounds, Model};
use crate::{Batch, Change, Entry, Revision};

const CURRENT: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("current");
const HISTORY: TableDefinition<'_, Revision, &[u8]> = TableDefinition::new("history");
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const FORMAT_KEY: &str = "format";
const REVISION_KEY: &str = "revision";
const COMPACTED_KEY: &str = "compacted";
const STARTS_KEY: &str = "starts";

/// The format this program writes.
pub(super) const FORMAT: u64 = 1;
/// Every start begins at `starts << 32`, above all volatile revisions of the start before: four billion writes each,
/// and two million starts before a revision no longer fits in a double, which some clients read it into.
const START_SHIFT: u32 = 32;
/// redb's cache. Reads come from our memory, so it needs to hold little more than the pages a group touches.
const CACHE_BYTES: usize = 16 * 1024 * 1024;

/// Whether the medium held a store before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    New,
    Existing,
}

/// A step that did not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// There was no space. The store is as before and goes on.
    Full,
    /// What is on the disk is unknown. Only a new start can tell.
    Broken(String),
}

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

/// An open disk and what it held.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) disk: Disk,
    pub(super) model: Model,
}

/// The open database.
#[derive(Debug)]
pub(super) struct Disk {
    medium: Medium,
    /// Absent only after a failure that ended it.
    database: Option<Database>,
    sealer: Sealer,
    /// The revision of the last step.
    revision: Revision,
}

impl Disk {
    /// Opens or begins the store on `medium` and reads it. Every page is checked against its checksum.
    pub(super) fn open(
        medium: &Medium,
        origin: Origin,
        config: Config,
        ballast: &mut dyn Ballast,
    ) -> Result<Opened, Refusal> {
        let sealer = Sealer::new(&config)?;
        if origin == Origin::Existing && medium.len()? == 0 {
            return Err(Refusal::Damaged("it is empty".to_owned()));
        }
        // redb answers most damage with an error and some with a panic.
        let opened = panic::catch_unwind(AssertUnwindSafe(|| Self::read(medium, origin, sealer, config, ballast)));
        opened.unwrap_or_else(|panic| Err(Refusal::Damaged(said(panic.as_ref()))))
    }

    fn read(
        medium: &Medium,
        origin: Origin,
        sealer: Sealer,
        config: Config,
        ballast: &mut dyn Ballast,
    ) -> Result<Opened, Refusal> {
        let mut database = open_database(medium, Check::EveryPage)?;
        if origin == Origin::Existing {
            check_format(&database)?;
        }
        // Read all before the first write, so that a refusal leaves the file as it was.
        let loaded = match origin {
            Origin::Existing => Some(load(&database, &sealer, config.bounds.clone())?),
            Origin::New => None,
        };
        if let Err(refusal) = start(&database, medium, origin) {
            if !matches!(refusal, Refusal::Full) {
                return Err(refusal);
            }
            ballast.release();
            drop(database);
            database = open_database(medium, Check::None)?;
            start(&database, medium, origin)?;
        }
        let tx = database.begin_read().map_err(damaged)?;
        let (revision, starts) = (number(&tx, REVISION_KEY)?, number(&tx, STARTS_KEY)?);
        drop(tx);
        let mut model = loaded.unwrap_or_else(|| Model::new(config.bounds, 0, 0));
        model.begin_at(starts << START_SHIFT);
        let disk = Self { medium: medium.clone(), database: Some(database), sealer, revision };
        Ok(Opened { disk, model })
    }

    /// Makes a step durable: when this returns `Ok`, it survives a power cut.
    pub(super) fn commit(&mut self, step: &Step<'_>) -> Result<(), Failure> {
        let Some(database) = &self.database else {
            return Err(Failure::Broken("the database was closed after a failure".to_owned()));
        };
        let records = encode(step, &self.sealer).map_err(Failure::Broken)?;
        self.medium.trouble();
        let written = panic::catch_unwind(AssertUnwindSafe(|| write(database, step, &records)));
        let error = match written {
            Ok(Ok(())) => {
                self.revision = step.revision;
                return Ok(());
            }
            Ok(Err(error)) => error.to_string(),
            Err(panic) => said(panic.as_ref()),
        };
        let trouble = self.medium.trouble();
        self.close();
        match trouble {
            Trouble::Full => self.reopen().map_or_else(|reason| Err(Failure::Broken(reason)), |()| Err(Failure::Full)),
            Trouble::Broken(reason) => Err(Failure::Broken(reason)),
            Trouble::None => Err(Failure::Broken(error)),
        }
    }

    /// Goes on from the last commit after a step found no space, if that commit is the one we know of.
    fn reopen(&mut self) -> Result<(), String> {
        let opened = panic::catch_unwind(AssertUnwindSafe(|| {
            let database = open_database(&self.medium, Check::None)?;
            let tx = database.begin_read().map_err(damaged)?;
            let revision = number(&tx, REVISION_KEY)?;
            drop(tx);
            Ok::<_, Refusal>((database, revision))
        }));
        let (database, revision) =
            opened.map_err(|panic| said(panic.as_ref()))?.map_err(|refusal| format!("after a full disk: {refusal}"))?;
        if revision != self.revision {
            return Err(format!("after a full disk: revision {revision} is on it, not {}", self.revision));
        }
        self.database = Some(database);
        Ok(())
    }

    /// Lets go of the database. After a failure redb writes nothing more.
    fn close(&mut self) {
        let database = self.database.take();
        if let Err(panic) = panic::catch_unwind(AssertUnwindSafe(|| drop(database))) {
            tracing::warn!(reason = said(panic.as_ref()), "redb panicked while closing");
            mem::forget(panic);
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.close();
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Check {
    EveryPage,
    None,
}

fn open_database(medium: &Medium, check: Check) -> Result<Database, Refusal> {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(check == Check::EveryPage);
    builder.create_with_backend(medium.clone()).map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => Refusal::InUse,
        DatabaseError::Storage(StorageError::Io(error)) if !is_damage(&error) => Refusal::Io(error),
        other => damaged(other),
    })
}

/// Whether an IO error tells of wrong content rather than of a failing system.
fn is_damage(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof)
}

fn check_format(database: &Database) -> Result<(), Refusal> {
    match number(&database.begin_read().map_err(damaged)?, FORMAT_KEY)? {
        FORMAT => Ok(()),
        found if found > FORMAT => Err(Refusal::Newer { found, known: FORMAT }),
        // Format 1 is the first there is. Its successor converts here, step by step, what it finds below itself.
        found => Err(Refusal::Damaged(format!("there never was a format {found}"))),
    }
}

/// Counts a start, or writes what a new store begins with.
fn start(database: &Database, medium: &Medium, origin: Origin) -> Result<(), Refusal> {
    let counted = begin(database).and_then(|tx| {
        {
            let mut meta = tx.open_table(META)?;
            if origin == Origin::New {
                tx.open_table(CURRENT)?;
                tx.open_table(HISTORY)?;
                meta.insert(REVISION_KEY, 0)?;
                meta.insert(COMPACTED_KEY, 0)?;
                meta.insert(STARTS_KEY, 0)?;
                meta.insert(FORMAT_KEY, FORMAT)?;
            } else {
                let starts = meta.get(STARTS_KEY)?.map_or(0, |starts| starts.value());
                meta.insert(STARTS_KEY, starts + 1)?;
            }
        }
        Ok(tx.commit()?)
    });
    counted.map_err(|error| match medium.trouble() {
        Trouble::Full => Refusal::Full,
        Trouble::Broken(reason) => Refusal::Io(io::Error::other(reason)),
        Trouble::None => damaged(error),
    })
}

fn begin(database: &Database) -> Result<WriteTransaction, redb::Error> {
    let mut tx = database.begin_write()?;
    tx.set_durability(Durability::Immediate)?;
    tx.set_quick_repair(true);
    Ok(tx)
}

/// The records a step writes, one for every entry that is put.
fn encode(step: &Step<'_>, sealer: &Sealer) -> Result<Vec<Option<Vec<u8>>>, String> {
    let changes = step.batches.iter().flat_map(|batch| &batch.changes);
    changes.map(|change| change.current.as_ref().map(|entry| format::encode_entry(entry, sealer)).transpose()).collect()
}

fn write(database: &Database, step: &Step<'_>, records: &[Option<Vec<u8>>]) -> Result<(), redb::Error> {
    let tx = begin(database)?;
    {
        let mut current = tx.open_table(CURRENT)?;
        let mut history = tx.open_table(HISTORY)?;
        let mut records = records.iter();
        for batch in step.batches {
            let mut past = format::begin_undo();
            for (change, record) in batch.changes.iter().zip(&mut records) {
                let key = change.key();
                let previous = match record {
                    Some(record) => current.insert(&**key, record.as_slice())?,
                    None => current.remove(&**key)?,
                };
                // What lay there moves to the history as it is: sealed stays sealed, and nothing is encoded again.
                let previous = previous.as_ref().map(redb::AccessGuard::value);
                format::push_undo(&mut past, &Undo { key, previous });
            }
            history.insert(batch.revision, past.as_slice())?;
        }
        while history.first()?.is_some_and(|(revision, _)| revision.value() <= step.compacted) {
            history.pop_first()?;
        }
        let mut meta = tx.open_table(META)?;
        meta.insert(REVISION_KEY, step.revision)?;
        meta.insert(COMPACTED_KEY, step.compacted)?;
    }
    Ok(tx.commit()?)
}

/// Reads the present and the past.
fn load(database: &Database, sealer: &Sealer, bounds: Bounds) -> Result<Model, Refusal> {
    let tx = database.begin_read().map_err(damaged)?;
    let (revision, compacted) = (number(&tx, REVISION_KEY)?, number(&tx, COMPACTED_KEY)?);
    let mut model = Model::new(bounds, revision, compacted);
    for row in tx.open_table(CURRENT).map_err(damaged)?.iter().map_err(damaged)? {
        let (key, value) = row.map_err(damaged)?;
        let entry = format::decode_entry(&Arc::from(key.value()), value.value(), sealer)?;
        if entry.mod_revision > revision {
            return Err(Refusal::Damaged(format!("{} is newer than the store", entry.key)));
        }
        model.restore_entry(entry);
    }
    let mut past = past(&tx, &model, sealer)?;
    for batch in iter::from_fn(|| past.pop()) {
        model.restore_batch(batch);
    }
    Ok(model)
}

/// The kept past, newest first: the present, taken back revision by revision.
fn past(tx: &ReadTransaction, model: &Model, sealer: &Sealer) -> Result<Vec<Batch>, Refusal> {
    let mut then: HashMap<Arc<str>, Option<Entry>> = HashMap::new();
    let mut batches = vec![];
    for row in tx.open_table(HISTORY).map_err(damaged)?.iter().map_err(damaged)?.rev() {
        let (revision, undos) = row.map_err(damaged)?;
        let revision = revision.value();
        let mut changes = vec![];
        for undo in format::decode_undo(revision, undos.value())? {
            let key: Arc<str> = undo.key.into();
            let current = then.get(&key).map_or_else(|| model.get(&key).cloned(), Clone::clone);
            if current.as_ref().is_some_and(|entry| entry.mod_revision != revision) {
                return Err(Refusal::Damaged(format!("the history of {key} at revision {revision} is not its own")));
            }
            let previous = undo.previous.map(|bytes| format::decode_entry(&key, bytes, sealer)).transpose()?;
            then.insert(key, previous.clone());
            changes.push(Change { current, previous });
        }
        batches.push(Batch { revision, changes });
    }
    Ok(batches)
}

fn number(tx: &ReadTransaction, key: &str) -> Result<u64, Refusal> {
    let meta = tx.open_table(META).map_err(|_| Refusal::Damaged("it is not a store of this program".to_owned()))?;
    let number = meta.get(key).map_err(damaged)?.map(|number| number.value());
    number.ok_or_else(|| Refusal::Damaged(format!("its {key} is missing")))
}

fn damaged(error: impl std::fmt::Display) -> Refusal {
    Refusal::Damaged(error.to_string())
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("redb panicked: {}", text.unwrap_or("no reason given"))
}
