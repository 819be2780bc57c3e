//! The term: which server's loops may write (C14, F14).
//!
//! A number in the store that every server raises when it begins. Whatever the loops write is guarded by the
//! revision of the last raise, so a server that was stopped for a minute and wakes up cannot write over its
//! successor.

use std::sync::Arc;

use store::{Error, Guard, Outcome, Revision, Store, Txn, Write};

const KEY: &str = "/insula/term";
/// How often raising is tried again when others raise at the same time.
const TRIES_MAX: usize = 100;

/// A term that this server began.
#[derive(Clone)]
pub(crate) struct Term {
    store: Arc<dyn Store>,
    number: u64,
    revision: Revision,
}

impl Term {
    /// Begins a term; every earlier one ends.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn begin(store: Arc<dyn Store>) -> Result<Self, Error> {
        for _ in 0..TRIES_MAX {
            let (entry, _) = store.get(KEY).await?;
            let before = entry.as_ref().and_then(|e| std::str::from_utf8(&e.value).ok()?.parse::<u64>().ok());
            let number = before.unwrap_or_default() + 1;
            let guard = match entry {
                Some(entry) => Guard::ModRevision { key: KEY.to_owned(), revision: entry.mod_revision },
                None => Guard::Absent { key: KEY.to_owned() },
            };
            let write = Write::Put { key: KEY.to_owned(), value: number.to_string().into() };
            if let Outcome::Committed(revision) = store.commit(Txn { guards: vec![guard], writes: vec![write] }).await?
            {
                return Ok(Self { store, number, revision });
            }
        }
        Err(Error::Closed)
    }

    /// Its number; hosts are told.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// What every write of the loops carries.
    pub(crate) fn guard(&self) -> Guard {
        Guard::ModRevision { key: KEY.to_owned(), revision: self.revision }
    }

    /// Whether no one has begun another.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn holds(&self) -> Result<bool, Error> {
        let (entry, _) = self.store.get(KEY).await?;
        Ok(entry.is_some_and(|entry| entry.mod_revision == self.revision))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::Memory;

    // C14, F14
    #[tokio::test]
    async fn a_server_that_was_succeeded_cannot_write() {
        let store: Arc<dyn Store> = Arc::new(Memory::new());
        let old = Term::begin(store.clone()).await.expect("begins");
        assert!(old.holds().await.expect("reads"));
        let new = Term::begin(store.clone()).await.expect("begins");
        assert_eq!((old.number(), new.number()), (1, 2));
        assert!(!old.holds().await.expect("reads"));
        let write = |term: &Term| Txn {
            guards: vec![term.guard()],
            writes: vec![Write::Put { key: "/registry/x".to_owned(), value: "1".into() }],
        };
        assert!(matches!(store.commit(write(&old)).await.expect("answers"), Outcome::Conflict { .. }));
        assert!(matches!(store.commit(write(&new)).await.expect("answers"), Outcome::Committed(_)));
    }
}
