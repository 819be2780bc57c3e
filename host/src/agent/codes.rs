//! Which code is wanted by whom, and how far it has come.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use sandbox::Code;

use crate::code::Trouble;
use crate::desired::Uid;
use crate::plan::CodeState;
use crate::pod::spec::Refusal;

/// Wait after code did not come because the control plane went away in the middle.
const AWAY: SignedDuration = SignedDuration::from_secs(1);
/// First wait after any other failure (C41); it doubles.
const FIRST: SignedDuration = SignedDuration::from_secs(10);
/// Longest wait.
const LONGEST: SignedDuration = SignedDuration::from_secs(300);

enum State {
    Unknown,
    Coming,
    Loaded(Code),
    Failed(Refusal, Timestamp),
}

struct Entry {
    state: State,
    failures: u32,
    users: BTreeSet<Uid>,
}

/// All code that a Pod of this host wants. What nobody wants any more is unmapped.
#[derive(Default)]
pub(super) struct Codes {
    entries: BTreeMap<String, Entry>,
}

impl Codes {
    /// A Pod wants these codes and no others.
    pub(super) fn set_uses(&mut self, uid: &Uid, before: &BTreeSet<String>, now: &BTreeSet<String>) {
        for key in now.difference(before) {
            let unknown = || Entry { state: State::Unknown, failures: 0, users: BTreeSet::new() };
            self.entries.entry(key.clone()).or_insert_with(unknown).users.insert(uid.clone());
        }
        for key in before.difference(now) {
            if let Some(entry) = self.entries.get_mut(key) {
                entry.users.remove(uid);
                if entry.users.is_empty() {
                    self.entries.remove(key);
                }
            }
        }
    }

    pub(super) fn state(&self, key: &str) -> CodeState {
        match self.entries.get(key).map(|entry| &entry.state) {
            None | Some(State::Unknown) => CodeState::Unknown,
            Some(State::Coming) => CodeState::Coming,
            Some(State::Loaded(_)) => CodeState::Loaded,
            Some(State::Failed(refusal, retry_at)) => CodeState::Failed(refusal.clone(), *retry_at),
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<Code> {
        match &self.entries.get(key)?.state {
            State::Loaded(code) => Some(code.clone()),
            _ => None,
        }
    }

    /// Someone fetches it now; false if that is under way or done, or nobody wants it.
    pub(super) fn coming(&mut self, key: &str) -> bool {
        match self.entries.get_mut(key) {
            Some(entry) if matches!(entry.state, State::Unknown | State::Failed(..)) => {
                entry.state = State::Coming;
                true
            }
            _ => false,
        }
    }

    /// It came, or did not. Returns who wants to know.
    pub(super) fn came(&mut self, key: &str, result: Result<Code, Trouble>, now: Timestamp) -> BTreeSet<Uid> {
        let Some(entry) = self.entries.get_mut(key) else { return BTreeSet::new() };
        entry.state = match result {
            Ok(code) => State::Loaded(code),
            Err(trouble) => {
                let wait = match trouble {
                    Trouble::Away(_) => AWAY,
                    _ => (FIRST * (1_i32 << entry.failures.min(5))).min(LONGEST),
                };
                entry.failures = entry.failures.saturating_add(1);
                State::Failed(trouble.refusal(), now + wait)
            }
        };
        entry.users.clone()
    }

    /// Keys that must stay on disk.
    pub(super) fn in_use(&self) -> BTreeSet<String> {
        self.entries.keys().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn keys(keys: &[&str]) -> BTreeSet<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    // C41
    #[test]
    fn failures_back_off_and_tell_everyone_who_waits() {
        let mut codes = Codes::default();
        codes.set_uses(&"u".into(), &keys(&[]), &keys(&["k"]));
        codes.set_uses(&"v".into(), &keys(&[]), &keys(&["k"]));
        assert!(codes.coming("k") && !codes.coming("k") && !codes.coming("other"));
        assert_eq!(codes.state("k"), CodeState::Coming);
        let mut waits = Vec::new();
        for _ in 0..7 {
            codes.came("k", Err(Trouble::Absent("no".to_owned())), at(0));
            let CodeState::Failed(refusal, retry_at) = codes.state("k") else { panic!("has failed") };
            assert_eq!(refusal.reason, "ErrImagePull");
            waits.push(retry_at.as_second());
            assert!(codes.coming("k"));
        }
        assert_eq!(waits, [10, 20, 40, 80, 160, 300, 300]);
        let told = codes.came("k", Err(Trouble::Away("gone".to_owned())), at(0));
        assert_eq!(told.len(), 2);
        assert!(matches!(codes.state("k"), CodeState::Failed(_, retry_at) if retry_at == at(1)));
    }

    #[test]
    fn what_nobody_wants_is_let_go() {
        let mut codes = Codes::default();
        codes.set_uses(&"u".into(), &keys(&[]), &keys(&["k", "l"]));
        codes.set_uses(&"v".into(), &keys(&[]), &keys(&["k"]));
        codes.set_uses(&"u".into(), &keys(&["k", "l"]), &keys(&[]));
        assert_eq!(codes.in_use(), keys(&["k"]));
        codes.set_uses(&"v".into(), &keys(&["k"]), &keys(&[]));
        assert!(codes.in_use().is_empty());
        assert!(codes.came("k", Err(Trouble::Absent(String::new())), at(0)).is_empty(), "too late");
    }
}
