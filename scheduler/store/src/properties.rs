//! Any history of transactions, compactions and restarts, against a model too simple to be wrong.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;

use crate::conformance::{delete, put, show, show_batch, text, txn};
use crate::{Bounds, Config, Error, Guard, HistoryBounds, Memory, Outcome, Page, Redb, Revision, Store, Txn, Write};

const KEYS: [&str; 5] = ["/a", "/a/b", "/b", "/c/a", "/c/b"];
const PREFIXES: [&str; 4] = ["", "/a", "/c/", "/x"];

#[derive(Clone, Debug)]
enum Step {
    /// Which keys, guarded how, written how.
    Commit {
        guards: Vec<(usize, Expect)>,
        writes: BTreeMap<usize, Option<u8>>,
    },
    Compact {
        back: u64,
    },
    Restart,
}

#[derive(Clone, Copy, Debug)]
enum Expect {
    Absent,
    Present,
    Stale,
}

type State = BTreeMap<String, (String, Revision)>;

/// Every state there ever was, by revision.
#[derive(Debug)]
struct Naive {
    states: BTreeMap<Revision, State>,
    compacted: Revision,
}

impl Naive {
    fn now(&self) -> (Revision, &State) {
        self.states.last_key_value().map(|(revision, state)| (*revision, state)).expect("there is a first state")
    }

    fn apply(&mut self, txn: &Txn) -> Option<Revision> {
        let (revision, state) = self.now();
        let holds = |guard: &Guard| match guard {
            Guard::Absent { key } => !state.contains_key(key),
            Guard::ModRevision { key, revision } => state.get(key).is_some_and(|(_, written)| written == revision),
        };
        if !txn.guards.iter().all(holds) {
            return None;
        }
        let mut next = state.clone();
        for write in &txn.writes {
            match write {
                Write::Put { key, value } => {
                    let value = String::from_utf8_lossy(value).into_owned();
                    next.insert(key.clone(), (value, revision + 1));
                }
                Write::Delete { key } => drop(next.remove(key)),
            }
        }
        let revision = if next == *state { revision } else { revision + 1 };
        self.states.insert(revision, next);
        Some(revision)
    }

    fn list(&self, prefix: &str, revision: Revision) -> Vec<String> {
        let (_, state) = self.states.range(..=revision).next_back().expect("there is a first state");
        let matching = state.iter().filter(|(key, _)| key.starts_with(prefix));
        matching.map(|(key, (value, written))| format!("{key}={value}@{written}")).collect()
    }

    /// The batches after a revision, their changes ordered by key.
    fn changes(&self, prefix: &str, after: Revision) -> Vec<String> {
        let mut told = vec![];
        for (revision, state) in self.states.range(after + 1..) {
            let (_, before) = self.states.range(..revision).next_back().expect("there is a first state");
            let keys = state.keys().chain(before.keys()).filter(|key| key.starts_with(prefix));
            let keys: std::collections::BTreeSet<&String> =
                keys.filter(|key| state.get(*key) != before.get(*key)).collect();
            let side = |state: &State, key| state.get(key).map_or("-".to_owned(), |(value, _)| value.clone());
            let changes: Vec<String> =
                keys.into_iter().map(|key| format!("{key} {}→{}", side(before, key), side(state, key))).collect();
            if !changes.is_empty() {
                told.push(format!("{revision}: {}", changes.join(", ")));
            }
        }
        told
    }
}

fn step() -> impl Strategy<Value = Step> {
    let expect = prop_oneof![4 => Just(Expect::Present), 2 => Just(Expect::Absent), 1 => Just(Expect::Stale)];
    let guards = proptest::collection::vec((0..KEYS.len(), expect), 0..2);
    let writes = proptest::collection::btree_map(0..KEYS.len(), proptest::option::of(0..9u8), 0..3);
    prop_oneof![
        12 => (guards, writes).prop_map(|(guards, writes)| Step::Commit { guards, writes }),
        1 => (0..6u64).prop_map(|back| Step::Compact { back }),
        1 => Just(Step::Restart),
    ]
}

fn transaction(naive: &Naive, guards: &[(usize, Expect)], writes: &BTreeMap<usize, Option<u8>>) -> Txn {
    let (_, state) = naive.now();
    let guard = |(key, expect): &(usize, Expect)| {
        let key = KEYS[*key].to_owned();
        let revision = state.get(&key).map_or(0, |(_, written)| *written);
        match expect {
            Expect::Absent => Guard::Absent { key },
            Expect::Present => Guard::ModRevision { key, revision },
            Expect::Stale => Guard::ModRevision { key, revision: revision + 1 },
        }
    };
    // In the order of their keys, so that batches compare.
    let mut writes: Vec<Write> = writes
        .iter()
        .map(|(key, value)| value.map_or(delete(KEYS[*key]), |value| put(KEYS[*key], &value.to_string())))
        .collect();
    writes.sort_by(|left, right| left.key().cmp(right.key()));
    txn(guards.iter().map(guard).collect::<Vec<_>>(), writes)
}

async fn agrees(store: &dyn Store, naive: &Naive) {
    let (now, _) = naive.now();
    for prefix in PREFIXES {
        let listing = store.list(prefix, Page::default()).await.expect("lists");
        assert_eq!((show(&listing.entries), listing.revision), (naive.list(prefix, now), now));
        let known = naive.states.range(naive.compacted..).map(|(revision, _)| *revision);
        for revision in known.chain([naive.compacted, now]) {
            let page = Page { at: Some(revision), ..Page::default() };
            let listing = store.list(prefix, page).await.expect("lists the past");
            assert_eq!(show(&listing.entries), naive.list(prefix, revision), "{prefix} at {revision}");
            let mut watch = store.watch(prefix, revision).await.expect("watches");
            for told in naive.changes(prefix, revision) {
                assert_eq!(show_batch(&watch.next().await.expect("a batch")), told);
            }
            assert_eq!(watch.seen(), now);
        }
    }
    if naive.compacted > 0 {
        let too_old = store.watch("", naive.compacted - 1).await.err();
        assert_eq!(too_old, Some(Error::Compacted { requested: naive.compacted - 1, oldest: naive.compacted }));
    }
    for key in KEYS {
        let (entry, _) = store.get(key).await.expect("reads");
        let shown = entry.map(|entry| (text(&entry), entry.mod_revision));
        assert_eq!(shown.as_ref(), naive.now().1.get(key));
    }
}

async fn run(mut store: Box<dyn Store>, path: Option<&Path>, steps: Vec<Step>) {
    let mut naive = Naive { states: BTreeMap::from([(0, State::new())]), compacted: 0 };
    for step in steps {
        match step {
            Step::Commit { guards, writes } => {
                let txn = transaction(&naive, &guards, &writes);
                let committed = match store.commit(txn.clone()).await.expect("answers") {
                    Outcome::Committed(revision) => Some(revision),
                    Outcome::Conflict { .. } => None,
                };
                assert_eq!(committed, naive.apply(&txn), "{txn:?}");
            }
            Step::Compact { back } => {
                let through = naive.now().0.saturating_sub(back);
                store.compact(through).await.expect("compacts");
                naive.compacted = naive.compacted.max(through);
            }
            Step::Restart => {
                let Some(path) = path else { continue };
                drop(store);
                store = Box::new(open(path));
                let (last, state) = naive.now();
                let (state, revision) = (state.clone(), store.revision().await);
                assert!(revision > last, "a start begins above everything before it");
                naive.states.insert(revision, state);
            }
        }
    }
    agrees(&*store, &naive).await;
}

fn open(path: &Path) -> Redb {
    let history = HistoryBounds { revisions_max: 1000, bytes_max: 1 << 20 };
    let bounds = Bounds { history, ..Bounds::default() };
    Redb::open(path, Config { ballast_bytes: 0, bounds, ..Config::default() }).expect("opens")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn memory_agrees_with_the_naive_model(steps in proptest::collection::vec(step(), 0..40)) {
        runtime().block_on(run(Box::new(Memory::new()), None, steps));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    // C3, C4
    #[test]
    fn redb_agrees_with_the_naive_model_across_restarts(steps in proptest::collection::vec(step(), 0..30)) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("store");
        runtime().block_on(run(Box::new(open(&path)), Some(&path), steps));
    }
}
