//! Which code is wanted by whom, and how far it has come.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use sandbox::Code;

use crate::code::{InUse, Trouble};
use crate::desired::Uid;
use crate::plan::CodeState;
use crate::pod::spec::Refusal;

/// Wait after code did not come because the control plane went away in the middle.
const AWAY: SignedDuration = SignedDuration::from_secs(1);
/// First wait after any other failure (C41); it doubles.
const FIRST: SignedDuration = SignedDuration::from_secs(10);
/// Longest wait.
const LONGEST: SignedDuration = SignedDuration::from_secs(300);

enum State<C> {
    Unknown,
    Coming,
    Loaded(C),
    Failed(Refusal, Timestamp),
}

struct Entry<C> {
    state: State<C>,
    failures: u32,
    users: BTreeSet<Uid>,
}

/// All code that a Pod of this host wants. What nobody wants any more is unmapped.
///
/// Generic so that its tests need no compiler: `C` is [`Code`].
pub(super) struct Codes<C = Code> {
    entries: BTreeMap<String, Entry<C>>,
    /// The keys of the entries, for whoever deletes old code from disk.
    in_use: InUse,
}

impl<C: Clone> Codes<C> {
    /// No code yet; `in_use` is told of all that comes.
    pub(super) fn new(in_use: InUse) -> Self {
        Self { entries: BTreeMap::new(), in_use }
    }

    /// A Pod wants these codes and no others.
    pub(super) fn set_uses(&mut self, uid: &Uid, before: &BTreeSet<String>, now: &BTreeSet<String>) {
        for key in now.difference(before) {
            let unknown = || Entry { state: State::Unknown, failures: 0, users: BTreeSet::new() };
            self.entries.entry(key.clone()).or_insert_with(unknown).users.insert(uid.clone());
            self.in_use.add(key);
        }
        for key in before.difference(now) {
            if let Some(entry) = self.entries.get_mut(key) {
                entry.users.remove(uid);
                if entry.users.is_empty() {
                    self.entries.remove(key);
                    self.in_use.remove(key);
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

    pub(super) fn get(&self, key: &str) -> Option<C> {
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
    ///
    /// Code that was let go and wanted again may come twice. What is loaded stays, and the end of an attempt that
    /// nobody waits for any more says nothing about the one under way.
    pub(super) fn came(&mut self, key: &str, result: Result<C, Trouble>, now: Timestamp) -> BTreeSet<Uid> {
        let Some(entry) = self.entries.get_mut(key) else { return BTreeSet::new() };
        match (&entry.state, &result) {
            (State::Loaded(_), _) | (State::Unknown | State::Failed(..), Err(_)) => return BTreeSet::new(),
            (State::Coming, _) | (State::Unknown | State::Failed(..), Ok(_)) => {}
        }
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

    /// Keys of what is on its way.
    pub(super) fn coming_keys(&self) -> BTreeSet<String> {
        let coming = |(key, entry): (&String, &Entry<C>)| matches!(entry.state, State::Coming).then(|| key.clone());
        self.entries.iter().filter_map(coming).collect()
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

    fn codes() -> Codes<&'static str> {
        Codes::new(InUse::default())
    }

    // C41
    #[test]
    fn failures_back_off_and_tell_everyone_who_waits() {
        let mut codes = codes();
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
        let mut codes = codes();
        codes.set_uses(&"u".into(), &keys(&[]), &keys(&["k", "l"]));
        codes.set_uses(&"v".into(), &keys(&[]), &keys(&["k"]));
        codes.set_uses(&"u".into(), &keys(&["k", "l"]), &keys(&[]));
        assert_eq!(codes.entries.keys().cloned().collect::<BTreeSet<_>>(), keys(&["k"]));
        codes.set_uses(&"v".into(), &keys(&["k"]), &keys(&[]));
        assert!(codes.entries.is_empty());
        assert!(codes.came("k", Err(Trouble::Absent(String::new())), at(0)).is_empty(), "too late");
    }

    #[test]
    fn only_what_was_asked_for_is_on_its_way() {
        let mut codes = codes();
        codes.set_uses(&"u".into(), &keys(&[]), &keys(&["k", "l"]));
        assert!(codes.coming_keys().is_empty(), "a Pod that is refused or over wants code and never asks for it");
        codes.coming("k");
        assert_eq!(codes.coming_keys(), keys(&["k"]));
    }

    #[test]
    fn a_late_failure_of_an_earlier_attempt_changes_nothing() {
        let mut codes = codes();
        codes.set_uses(&"u".into(), &keys(&[]), &keys(&["k"]));
        assert!(codes.came("k", Err(Trouble::Away(String::new())), at(0)).is_empty());
        assert_eq!(codes.state("k"), CodeState::Unknown, "wanted again and not yet asked for");
        codes.coming("k");
        assert_eq!(codes.came("k", Ok("code"), at(0)).len(), 1);
        assert!(codes.came("k", Err(Trouble::Absent(String::new())), at(0)).is_empty());
        assert_eq!((codes.state("k"), codes.get("k")), (CodeState::Loaded, Some("code")));
    }
}
