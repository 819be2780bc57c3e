//! One guarded transaction, and what became of it.

use api::Resource;
use store::{Guard, Outcome, Revision, Txn, Write};

use super::Objects;
use crate::status::Status;

/// What became of a transaction.
pub(super) enum Commit {
    /// It is stored.
    Done(Revision),
    /// A guard of this key did not hold; nothing is stored. Read again and decide again.
    Lost(String),
}

/// A transaction being put together.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) guards: Vec<Guard>,
    pub(super) writes: Vec<Write>,
}

impl Draft {
    /// Requires that nothing is stored under a key, and stores something.
    pub(super) fn insert(&mut self, key: String, value: Vec<u8>) {
        self.guards.push(Guard::Absent { key: key.clone() });
        self.writes.push(Write::Put { key, value: value.into() });
    }

    /// Requires that a key is unchanged, and replaces what it holds.
    pub(super) fn replace(&mut self, key: String, revision: Revision, value: Vec<u8>) {
        self.guards.push(Guard::ModRevision { key: key.clone(), revision });
        self.writes.push(Write::Put { key, value: value.into() });
    }

    /// Requires that a key is unchanged, and removes it.
    pub(super) fn remove(&mut self, key: String, revision: Revision) {
        self.guards.push(Guard::ModRevision { key: key.clone(), revision });
        self.writes.push(Write::Delete { key });
    }

    /// Requires that a key is unchanged.
    pub(super) fn require(&mut self, key: String, revision: Revision) {
        self.guards.push(Guard::ModRevision { key, revision });
    }
}

/// Commits a transaction together with the guards of this handle.
pub(super) async fn commit(objects: &Objects, draft: Draft) -> Result<Commit, Status> {
    let mut guards = draft.guards;
    guards.extend(objects.guards.iter().cloned());
    match objects.store.commit(Txn { guards, writes: draft.writes }).await? {
        Outcome::Committed(revision) => Ok(Commit::Done(revision)),
        Outcome::Conflict { key, .. } if objects.guards.iter().any(|guard| guard_key(guard) == key) => {
            Err(Status::fenced(&key))
        }
        Outcome::Conflict { key, .. } => Ok(Commit::Lost(key)),
    }
}

fn guard_key(guard: &Guard) -> &str {
    match guard {
        Guard::Absent { key } | Guard::ModRevision { key, .. } => key,
    }
}

/// Too many others wrote the same object; the caller may try again.
pub(super) fn exhausted(resource: &Resource, name: &str) -> Status {
    Status::conflict(resource, name, "too many others write it at the same time; please try again")
}
