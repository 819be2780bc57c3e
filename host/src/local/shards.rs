//! A map for many readers and a few writers: parts that are copied when they change and read without a lock.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

/// Parts. A change copies one of them: with ten thousand Pods about forty entries.
const SHARDS: usize = 256;

/// The map.
pub(crate) struct Shards<K, V> {
    parts: Vec<ArcSwap<HashMap<K, V>>>,
    hasher: RandomState,
    writer: Mutex<()>,
}

impl<K, V> Default for Shards<K, V> {
    fn default() -> Self {
        let parts = (0..SHARDS).map(|_| ArcSwap::default()).collect();
        Self { parts, hasher: RandomState::new(), writer: Mutex::new(()) }
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Shards<K, V> {
    fn part<Q: Hash + ?Sized>(&self, key: &Q) -> &ArcSwap<HashMap<K, V>> {
        let hash = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or(0);
        &self.parts[hash]
    }

    pub(crate) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.part(key).load().get(key).cloned()
    }

    /// Removes everything, and returns it.
    pub(crate) fn take(&self) -> Vec<V> {
        let _one = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.parts.iter().flat_map(|part| part.swap(Arc::default()).values().cloned().collect::<Vec<_>>()).collect()
    }

    pub(crate) fn insert(&self, key: K, value: V) {
        let _one = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let part = self.part(&key);
        let mut copy = HashMap::clone(&part.load());
        copy.insert(key, value);
        part.store(Arc::new(copy));
    }

    pub(crate) fn remove<Q: Hash + Eq + ?Sized>(&self, key: &Q)
    where
        K: Borrow<Q>,
    {
        self.remove_if(key, |_| true);
    }

    /// Removes what `key` has if it is what is meant.
    pub(crate) fn remove_if<Q: Hash + Eq + ?Sized>(&self, key: &Q, is_meant: impl FnOnce(&V) -> bool)
    where
        K: Borrow<Q>,
    {
        let _one = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let part = self.part(key);
        let held = part.load();
        if held.get(key).is_some_and(is_meant) {
            let mut copy = HashMap::clone(&held);
            copy.remove(key);
            part.store(Arc::new(copy));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_put_in() {
        let shards: Shards<Arc<str>, u32> = Shards::default();
        for n in 0..1000_u32 {
            shards.insert(n.to_string().into(), n);
        }
        shards.insert("7".into(), 70);
        shards.remove("8");
        shards.remove("none");
        shards.remove_if("9", |value| *value == 8);
        shards.remove_if("10", |value| *value == 10);
        let got = ["7", "8", "9", "10", "999"].map(|key| shards.get(key));
        assert_eq!(got, [Some(70), None, Some(9), None, Some(999)]);
    }
}
