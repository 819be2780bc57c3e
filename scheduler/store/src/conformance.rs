//! What every backend must do, run on every backend.

mod guards;
mod listings;
mod room;
mod watches;

use bytes::Bytes;

use crate::{Batch, Entry, Guard, Outcome, Page, Revision, Store, Txn, Watch, Write};

/// Makes a test of each named function for each backend.
macro_rules! on_every_backend {
    ($($name:ident),* $(,)?) => {
        mod on_memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name(std::sync::Arc::new($crate::Memory::new())).await;
            })*
        }
        mod on_redb {
            $(#[tokio::test]
            async fn $name() {
                let folder = tempfile::tempdir().expect("a folder");
                let config = $crate::Config { ballast_bytes: 0, ..Default::default() };
                let store = $crate::Redb::open(&folder.path().join("store"), config).expect("opens");
                super::$name(std::sync::Arc::new(store)).await;
            })*
        }
        mod on_tiered {
            $(#[tokio::test]
            async fn $name() {
                let folder = tempfile::tempdir().expect("a folder");
                let config = $crate::Config { ballast_bytes: 0, ..Default::default() };
                let store = $crate::Tiered::open(&folder.path().join("store"), config).expect("opens");
                super::$name(std::sync::Arc::new(store)).await;
            })*
        }
    };
}
pub(crate) use on_every_backend;

pub(crate) fn put(key: &str, value: &str) -> Write {
    Write::Put { key: key.to_owned(), value: Bytes::copy_from_slice(value.as_bytes()) }
}

pub(crate) fn delete(key: &str) -> Write {
    Write::Delete { key: key.to_owned() }
}

pub(crate) fn absent(key: &str) -> Guard {
    Guard::Absent { key: key.to_owned() }
}

pub(crate) fn at(key: &str, revision: Revision) -> Guard {
    Guard::ModRevision { key: key.to_owned(), revision }
}

pub(crate) fn txn(guards: impl Into<Vec<Guard>>, writes: impl Into<Vec<Write>>) -> Txn {
    Txn { guards: guards.into(), writes: writes.into() }
}

/// Commits what must not conflict.
pub(crate) async fn commit(store: &dyn Store, writes: impl Into<Vec<Write>>) -> Revision {
    match store.commit(txn([], writes)).await.expect("commits") {
        Outcome::Committed(revision) => revision,
        Outcome::Conflict { key, .. } => panic!("{key} conflicts without a guard"),
    }
}

pub(crate) async fn get(store: &dyn Store, key: &str) -> Option<Entry> {
    store.get(key).await.expect("reads").0
}

/// `key=value@mod_revision` of every entry.
pub(crate) fn show(entries: &[Entry]) -> Vec<String> {
    let show = |entry: &Entry| format!("{}={}@{}", entry.key, text(entry), entry.mod_revision);
    entries.iter().map(show).collect()
}

pub(crate) fn text(entry: &Entry) -> String {
    String::from_utf8_lossy(&entry.value).into_owned()
}

pub(crate) async fn list(store: &dyn Store, prefix: &str, at: Option<Revision>) -> Vec<String> {
    show(&store.list(prefix, Page { at, ..Page::default() }).await.expect("lists").entries)
}

/// `revision: key before→after, ...` of a batch.
pub(crate) fn show_batch(batch: &Batch) -> String {
    let side = |entry: &Option<Entry>| entry.as_ref().map_or("-".to_owned(), text);
    let changes: Vec<String> = batch
        .changes
        .iter()
        .map(|change| format!("{} {}→{}", change.key(), side(&change.previous), side(&change.current)))
        .collect();
    format!("{}: {}", batch.revision, changes.join(", "))
}

/// The next `count` batches.
pub(crate) async fn next(watch: &mut Watch, count: usize) -> Vec<String> {
    let mut shown = vec![];
    for _ in 0..count {
        shown.push(show_batch(&watch.next().await.expect("a batch")));
    }
    shown
}
