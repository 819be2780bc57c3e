//! What goes in: a transaction is guards and writes; it happens whole, at one revision, or not at all.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::Error;

/// A point in the store's history. Revisions increase, may have gaps, and never fall, also across restarts.
pub type Revision = u64;

/// Most guards, and most writes, of one transaction: etcd too bounds each list by itself. The largest we make is a
/// Service of 100 node ports, which claims each of them.
pub const TXN_OPERATIONS_MAX: usize = 128;
/// Most bytes of the keys and values one transaction writes: one object of 1.5 MiB and what goes with it.
pub const TXN_BYTES_MAX: usize = 1536 * 1024 + 64 * 1024;
/// Longest key: a resource, a namespace and a name of 253 bytes each fit three times over.
pub const KEY_BYTES_MAX: usize = 2048;

/// A key with its value and where in history both were written.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Arc<str>,
    /// The value, shared by everyone who reads this revision of it.
    pub value: Bytes,
    /// The revision that created the key (a deleted key that comes back is created anew).
    pub create_revision: Revision,
    /// The revision that wrote this value.
    pub mod_revision: Revision,
}

// Values may be secrets: they never reach a log, not even by way of `{:?}`.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, value, create_revision, mod_revision } = self;
        write!(f, "{key} ({} bytes, created {create_revision}, written {mod_revision})", value.len())
    }
}

/// What must hold for a transaction to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The key does not exist.
    Absent {
        /// The key.
        key: String,
    },
    /// The key exists and was last written at this revision.
    ModRevision {
        /// The key.
        key: String,
        /// The revision of its last write.
        revision: Revision,
    },
}

impl Guard {
    /// The key this guard is about.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Absent { key } | Self::ModRevision { key, .. } => key,
        }
    }

    /// Whether the guard holds for the key's present entry.
    pub(crate) fn holds(&self, current: Option<&Entry>) -> bool {
        match self {
            Self::Absent { .. } => current.is_none(),
            Self::ModRevision { revision, .. } => current.is_some_and(|entry| entry.mod_revision == *revision),
        }
    }
}

/// One change a transaction makes.
#[derive(Clone, PartialEq, Eq)]
pub enum Write {
    /// Creates the key or replaces its value.
    Put {
        /// The key.
        key: String,
        /// The value.
        value: Bytes,
    },
    /// Removes the key. Removing what does not exist changes nothing.
    Delete {
        /// The key.
        key: String,
    },
}

impl fmt::Debug for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Put { key, value } => write!(f, "put {key} ({} bytes)", value.len()),
            Self::Delete { key } => write!(f, "delete {key}"),
        }
    }
}

impl Write {
    /// The key this write is about.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Put { key, .. } | Self::Delete { key } => key,
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Put { key, value } => key.len() + value.len(),
            Self::Delete { key } => key.len(),
        }
    }
}

/// Guards and writes that happen together.
///
/// A key may be written once. Guards may be about any key; writes must all lie in one tier (see [`crate::Tiered`]).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Txn {
    /// All must hold.
    pub guards: Vec<Guard>,
    /// Happen in this order, at one revision.
    pub writes: Vec<Write>,
}

/// How a transaction ended. A conflict is an answer, not an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every guard held and the writes are durable. Without an effective write this is the present revision.
    Committed(Revision),
    /// A guard did not hold; nothing happened.
    Conflict {
        /// The guard's key.
        key: String,
        /// What is there now.
        current: Option<Entry>,
    },
}

impl Txn {
    /// Refuses what no backend takes, before it is queued.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let operations = self.guards.len().max(self.writes.len());
        if operations > TXN_OPERATIONS_MAX {
            return Err(Error::TooLarge {
                what: "operations of a transaction",
                size: operations,
                max: TXN_OPERATIONS_MAX,
            });
        }
        let bytes: usize = self.writes.iter().map(Write::bytes).sum();
        if bytes > TXN_BYTES_MAX {
            return Err(Error::TooLarge { what: "bytes of a transaction", size: bytes, max: TXN_BYTES_MAX });
        }
        let mut written = HashSet::new();
        for key in self.writes.iter().map(Write::key) {
            if key.is_empty() {
                return Err(Error::EmptyKey);
            }
            if key.len() > KEY_BYTES_MAX {
                return Err(Error::TooLarge { what: "bytes of a key", size: key.len(), max: KEY_BYTES_MAX });
            }
            if !written.insert(key) {
                return Err(Error::WrittenTwice { key: key.to_owned() });
            }
        }
        Ok(())
    }

    /// Bytes this transaction writes; what a group of transactions is bounded by.
    pub(crate) fn bytes(&self) -> usize {
        self.writes.iter().map(Write::bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(key: &str, bytes: usize) -> Write {
        Write::Put { key: key.to_owned(), value: Bytes::from(vec![0; bytes]) }
    }

    // F89
    #[test]
    fn values_do_not_show_in_debug_output() {
        let value = Bytes::from_static(b"hunter2");
        let entry = Entry { key: "/a".into(), value: value.clone(), create_revision: 1, mod_revision: 2 };
        let txn = Txn { guards: vec![], writes: vec![Write::Put { key: "/a".into(), value }] };
        let shown = format!("{entry:?} {txn:?}");
        assert!(shown.contains("/a (7 bytes") && !shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn what_no_backend_takes_is_refused_at_the_door() {
        let txn = |writes| Txn { guards: vec![], writes };
        assert_eq!(txn(vec![put("a", 1), put("b", 1)]).check(), Ok(()));
        assert_eq!(txn(vec![put("/a", 1536 * 1024)]).check(), Ok(()), "one object of 1.5 MiB fits");
        assert_eq!(txn(vec![put("", 1)]).check(), Err(Error::EmptyKey));
        assert_eq!(txn(vec![put("a", 1), put("a", 1)]).check(), Err(Error::WrittenTwice { key: "a".into() }));
        let many = |count| (0..count).map(|n| n.to_string());
        let guarded = |guards, writes| Txn {
            guards: many(guards).map(|key| Guard::Absent { key }).collect(),
            writes: many(writes).map(|key| put(&key, 1)).collect(),
        };
        assert_eq!(guarded(TXN_OPERATIONS_MAX, TXN_OPERATIONS_MAX).check(), Ok(()), "each list has its own bound");
        assert!(matches!(guarded(TXN_OPERATIONS_MAX + 1, 1).check(), Err(Error::TooLarge { .. })));
        let refused = [
            vec![put("a", TXN_BYTES_MAX)],
            vec![put(&"k".repeat(KEY_BYTES_MAX + 1), 1)],
            (0..=TXN_OPERATIONS_MAX).map(|n| put(&n.to_string(), 1)).collect(),
        ];
        for writes in refused {
            assert!(matches!(txn(writes).check(), Err(Error::TooLarge { .. })));
        }
    }
}
