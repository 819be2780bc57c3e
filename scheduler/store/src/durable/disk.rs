//! The database over a medium: opened and checked, written step by step, and opened anew after a full disk.

use std::any::Any;
use std::io;
use std::panic::{self, AssertUnwindSafe};

use redb::{Builder, Database, DatabaseError, ReadableDatabase, StorageBackend, StorageError};

use super::ballast::Ballast;
use super::format::{self, Sealer};
use super::medium::{Medium, Trouble};
use super::tables::{self, Meta, Step, damaged};
use super::{Config, Refusal};
use crate::model::Model;

/// Every start begins at `starts << 32`, above all volatile revisions of the start before: four billion writes each,
/// and two million starts before a revision no longer fits in a double, which some clients read it into.
const START_SHIFT: u32 = 32;
/// redb's cache. Reads come from our memory, so it needs to hold little more than the pages a group touches.
const CACHE_BYTES: usize = 16 * 1024 * 1024;
/// Up to this size every page is checked at each start, free lists too: a quarter of a second. Beyond it the digest
/// of all rows must do, which finds whatever would be served wrong.
const EVERY_PAGE_BYTES_MAX: u64 = 256 * 1024 * 1024;

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
    /// As of the last step.
    meta: Meta,
}

impl Disk {
    /// Opens or begins the store on `medium` and reads it.
    pub(super) fn open(
        medium: &Medium,
        origin: Origin,
        config: Config,
        ballast: &mut dyn Ballast,
    ) -> Result<Opened, Refusal> {
        let sealer = Sealer::new(&config)?;
        // redb answers most damage with an error and some with a panic.
        let opened = panic::catch_unwind(AssertUnwindSafe(|| match origin {
            Origin::New => Self::create(medium, sealer, config),
            Origin::Existing => Self::read(medium, sealer, config, ballast),
        }));
        opened.unwrap_or_else(|panic| Err(Refusal::Damaged(redb_said(panic.as_ref()))))
    }

    fn create(medium: &Medium, sealer: Sealer, config: Config) -> Result<Opened, Refusal> {
        let database = open_database(medium, Check::None)?;
        let meta = tables::create(&database).map_err(|error| refusal(medium, error))?;
        let disk = Self { medium: medium.clone(), database: Some(database), sealer, meta };
        Ok(Opened { disk, model: Model::new(config.bounds, 0, 0) })
    }

    fn read(medium: &Medium, sealer: Sealer, config: Config, ballast: &mut dyn Ballast) -> Result<Opened, Refusal> {
        let check = match medium.len()? {
            0 => return Err(Refusal::Damaged("it is empty".to_owned())),
            len if len <= EVERY_PAGE_BYTES_MAX => Check::EveryPage,
            _ => Check::None,
        };
        let mut database = open_database(medium, check)?;
        // All is read before anything is written, so that a refusal leaves the content as it was.
        let (meta, mut model) = tables::load(&database, &sealer, config.bounds)?;
        let mut counted = tables::count_start(&database, meta).map_err(|error| refusal(medium, error));
        if matches!(counted, Err(Refusal::Full)) {
            ballast.release();
            drop(database);
            database = open_database(medium, Check::None)?;
            counted = tables::count_start(&database, meta).map_err(|error| refusal(medium, error));
        }
        let meta = counted?;
        model.begin_at(meta.starts << START_SHIFT);
        let disk = Self { medium: medium.clone(), database: Some(database), sealer, meta };
        Ok(Opened { disk, model })
    }

    /// Makes a step durable: when this returns `Ok`, it survives a power cut.
    pub(super) fn commit(&mut self, step: &Step<'_>) -> Result<(), Failure> {
        let Some(database) = &self.database else {
            return Err(Failure::Broken("the database was closed after a failure".to_owned()));
        };
        let records = encode(step, &self.sealer).map_err(Failure::Broken)?;
        self.medium.trouble();
        let write = AssertUnwindSafe(|| tables::write(database, self.meta, step, &records));
        let error = match panic::catch_unwind(write) {
            Ok(Ok(meta)) => {
                self.meta = meta;
                return Ok(());
            }
            Ok(Err(error)) => error.to_string(),
            Err(panic) => redb_said(panic.as_ref()),
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
            let meta = Meta::read(&database.begin_read().map_err(damaged)?)?;
            Ok::<_, Refusal>((database, meta.revision))
        }));
        let (database, revision) = opened
            .map_err(|panic| redb_said(panic.as_ref()))?
            .map_err(|refusal| format!("after a full disk: {refusal}"))?;
        if revision != self.meta.revision {
            return Err(format!("after a full disk: revision {revision} is on it, not {}", self.meta.revision));
        }
        self.database = Some(database);
        Ok(())
    }

    /// Lets go of the database. After a failure redb writes nothing more.
    fn close(&mut self) {
        let database = self.database.take();
        if let Err(panic) = panic::catch_unwind(AssertUnwindSafe(|| drop(database))) {
            tracing::warn!(reason = redb_said(panic.as_ref()), "redb panicked while closing");
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

/// Why the first write after opening failed.
fn refusal(medium: &Medium, error: redb::Error) -> Refusal {
    match medium.trouble() {
        Trouble::Full => Refusal::Full,
        Trouble::Broken(reason) => Refusal::Io(io::Error::other(reason)),
        Trouble::None => damaged(error),
    }
}

/// The records a step writes, one for every entry that is put.
fn encode(step: &Step<'_>, sealer: &Sealer) -> Result<Vec<Option<Vec<u8>>>, String> {
    let changes = step.batches.iter().flat_map(|batch| &batch.changes);
    changes.map(|change| change.current.as_ref().map(|entry| format::encode_entry(entry, sealer)).transpose()).collect()
}

/// What a panic said.
pub(super) fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no reason given")
}

/// A panic of redb as a reason.
fn redb_said(panic: &(dyn Any + Send)) -> String {
    format!("redb panicked: {}", said(panic))
}
