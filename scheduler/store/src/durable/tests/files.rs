//! Store files as people leave them: missing, empty, cut, zeroed, in use, newer, not ours.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use redb::{Database, TableDefinition};

use super::*;
use crate::Absent;
use crate::conformance::{commit, get, list, text};
use crate::durable::tables::FORMAT;

struct Place {
    folder: tempfile::TempDir,
    path: PathBuf,
}

fn place() -> Place {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store");
    Place { folder, path }
}

fn open(place: &Place) -> Redb {
    Redb::open(&place.path, no_ballast()).expect("opens")
}

fn refusal(place: &Place) -> (Refusal, String) {
    let error = Redb::open(&place.path, no_ballast()).expect_err("is refused");
    let text = error.to_string();
    (error.reason, text)
}

/// A store with some content, closed.
async fn filled() -> Place {
    let place = place();
    let store = open(&place);
    for turn in 1..=20 {
        store.commit(scripted(turn)).await.expect("commits");
    }
    place
}

// C15
#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let place = place();
    let store = open(&place);
    let first = commit(&store, [put("/a", "1")]).await;
    commit(&store, [put("/a", "2"), put("/b", "1")]).await;
    store.compact(first).await.expect("compacts");
    drop(store);
    let store = open(&place);
    assert_eq!(list(&store, "/", None).await, ["/a=2@2", "/b=1@2"]);
    assert!(store.watch("/", 0).await.is_err(), "compaction lasts");
    let mut watch = store.watch("/", first).await.expect("the past lasts");
    let revision = store.revision().await;
    assert_eq!(commit(&store, [put("/a", "3")]).await, revision + 1);
    assert_eq!(watch.next().await.expect("a batch").revision, 2);
    let batch = watch.next().await.expect("a batch");
    assert_eq!((batch.revision, batch.changes[0].previous.as_ref().map(text)), (revision + 1, Some("2".into())));
    assert_eq!(get(&store, "/a").await.expect("is there").create_revision, 1);
}

// C4
#[tokio::test]
async fn revisions_never_fall_and_volatile_keys_are_gone() {
    let place = place();
    let mut last = 0;
    for start in 0..3 {
        let store = crate::Tiered::open(&place.path, no_ballast()).expect("opens");
        assert!(store.revision().await > last || start == 0);
        assert_eq!(list(&store, "/registry/events/", None).await.len(), 0);
        if last > 0 {
            let volatile = store.watch("/registry/events/", last).await.err();
            assert!(matches!(volatile, Some(crate::Error::Compacted { .. })), "{volatile:?}");
            let durable = store.watch("/registry/pods/", last).await.expect("goes on from a volatile revision");
            assert!(durable.seen() >= last);
        }
        commit(&store, [put("/registry/pods/a", "1")]).await;
        last = commit(&store, [put("/registry/events/a/b", "1")]).await;
    }
}

// F9
#[tokio::test]
async fn a_second_opener_is_refused_and_harms_nothing() {
    let place = place();
    let store = open(&place);
    commit(&store, [put("/a", "1")]).await;
    let (reason, text) = refusal(&place);
    assert!(matches!(reason, Refusal::InUse), "{text}");
    assert!(text.contains("in use by another process") && text.contains("store"), "{text}");
    commit(&store, [put("/a", "2")]).await;
    drop(store);
    assert_eq!(list(&open(&place), "/", None).await, ["/a=2@2"]);
}

// F7
#[tokio::test]
async fn a_damaged_file_is_refused_and_never_replaced() {
    let place = filled().await;
    let whole = fs::read(&place.path).expect("reads");
    let zeroed = vec![0; whole.len()];
    let mut headless = whole.clone();
    headless[..4096].fill(0);
    let middle_zeroed = {
        let mut bent = whole.clone();
        bent[4096..whole.len() / 2].fill(0);
        bent
    };
    let cases: [(&str, &[u8]); 8] = [
        ("empty", &[]),
        ("one byte", &whole[..1]),
        ("half a page", &whole[..2048]),
        ("one page", &whole[..4096]),
        ("half", &whole[..whole.len() / 2]),
        ("zeroed", &zeroed),
        ("headless", &headless),
        ("zeroed within", &middle_zeroed),
    ];
    for (what, content) in cases {
        fs::write(&place.path, content).expect("writes");
        let (reason, text) = refusal(&place);
        assert!(matches!(reason, Refusal::Damaged(_)), "{what}: {text}");
        assert!(text.contains("Restore it from a backup"), "{what}: {text}");
        assert_eq!(fs::read(&place.path).expect("reads").len(), content.len(), "{what}: left as it was");
    }
    fs::write(&place.path, &whole).expect("restores");
    assert_eq!(last_written(&open(&place)).await, 20);
}

// F7
#[tokio::test]
async fn a_copy_of_the_stopped_servers_file_put_back_brings_everything_back() {
    let place = filled().await;
    let backup = place.folder.path().join("backup");
    fs::copy(&place.path, &backup).expect("copies");
    let length = fs::metadata(&place.path).expect("is there").len();
    fs::File::options().write(true).open(&place.path).and_then(|file| file.set_len(length / 2)).expect("cuts");
    let (reason, text) = refusal(&place);
    assert!(matches!(reason, Refusal::Damaged(_)), "{text}");
    assert!(text.starts_with(&format!("store file {}: ", place.path.display())), "it says which file: {text}");
    assert!(text.contains("put a copy of this file, made while the server was stopped"), "{text}");
    fs::remove_file(&place.path).expect("removes");
    let absent = Redb::open(&place.path, Config { absent: Absent::Refuse, ..no_ballast() }).expect_err("is refused");
    assert!(absent.to_string().contains("put a copy of this file"), "{absent}");
    fs::copy(&backup, &place.path).expect("puts back");
    let store = open(&place);
    assert_eq!(known(&store, 20).await, expected(20).await[20]);
    commit(&store, [put("/new", "goes on")]).await;
}

#[tokio::test]
async fn only_a_missing_file_is_made_and_only_if_asked() {
    let place = place();
    let error = Redb::open(&place.path, Config { absent: Absent::Refuse, ..no_ballast() }).expect_err("is refused");
    assert!(matches!(error.reason, Refusal::Absent));
    assert!(!place.path.exists());
    drop(open(&place));
    let names: Vec<_> =
        fs::read_dir(place.folder.path()).expect("reads").map(|file| file.expect("a file").file_name()).collect();
    assert_eq!(names, ["store"], "no draft is left");
    let mode = fs::metadata(&place.path).expect("is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

// F8
#[tokio::test]
async fn a_newer_format_is_refused_and_kept() {
    const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
    let place = filled().await;
    let set_format = |format: u64| {
        let database = Database::open(&place.path).expect("opens");
        let tx = database.begin_write().expect("begins");
        tx.open_table(META).expect("opens").insert("format", format).expect("writes");
        tx.commit().expect("commits");
    };
    set_format(FORMAT + 1);
    let (reason, text) = refusal(&place);
    assert!(matches!(reason, Refusal::Newer { found: 2, known: 1 }), "{text}");
    assert!(text.contains("newer program"), "{text}");
    set_format(0);
    assert!(matches!(refusal(&place).0, Refusal::Damaged(_)));
    set_format(FORMAT);
    assert_eq!(last_written(&open(&place)).await, 20);
}

/// What redb's checksums cannot see: a whole and well-formed file with other content than was written.
// F6
#[tokio::test]
async fn rows_that_were_not_written_here_are_damage() {
    const CURRENT: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("current");
    const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
    let place = filled().await;
    let whole = fs::read(&place.path).expect("reads");
    let edit = |edit: &dyn Fn(&redb::WriteTransaction)| {
        fs::write(&place.path, &whole).expect("restores");
        let database = Database::open(&place.path).expect("opens");
        let tx = database.begin_write().expect("begins");
        edit(&tx);
        tx.commit().expect("commits");
    };
    edit(&|tx| drop(tx.open_table(CURRENT).expect("opens").pop_first().expect("removes")));
    assert!(matches!(refusal(&place).0, Refusal::Damaged(reason) if reason.contains("not what was written")));
    edit(&|tx| drop(tx.open_table(META).expect("opens").insert("compacted", 3).expect("writes")));
    assert!(matches!(refusal(&place).0, Refusal::Damaged(_)));
    edit(&|_| {});
    assert_eq!(last_written(&open(&place)).await, 20);
}

// F7
#[tokio::test]
async fn a_file_of_something_else_is_refused_and_kept() {
    let place = place();
    fs::write(&place.path, "my diary, page one").expect("writes");
    assert!(matches!(refusal(&place).0, Refusal::Damaged(_)));
    assert_eq!(fs::read_to_string(&place.path).expect("reads"), "my diary, page one");
    fs::remove_file(&place.path).expect("removes");
    drop(Database::create(&place.path).expect("someone else's database"));
    let (reason, text) = refusal(&place);
    assert!(matches!(reason, Refusal::Damaged(_)) && text.contains("not a store of this program"), "{text}");
}

#[tokio::test]
async fn a_smaller_history_bound_forgets_on_the_disk_too() {
    let place = filled().await;
    let history = crate::HistoryBounds { revisions_max: 3, bytes_max: 1 << 20 };
    let bounds = crate::Bounds { history, ..crate::Bounds::default() };
    let store = Redb::open(&place.path, Config { bounds, ..no_ballast() }).expect("opens");
    assert!(store.watch("", 16).await.is_err());
    commit(&store, [put("/a", "1")]).await;
    drop(store);
    let store = open(&place);
    assert!(matches!(store.watch("", 17).await, Err(crate::Error::Compacted { oldest: 18, .. })));
    assert!(store.watch("", 18).await.is_ok());
}
