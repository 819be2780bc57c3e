//! The requests that a worker is answering, so that what it asks meanwhile is known to be asked on behalf of one of
//! them. How deep a chain of calls is stands in a request's extensions, which stay on this side.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Extensions;
use network::Depth;

/// Requests under way, by number.
#[derive(Default)]
pub(super) struct Asked {
    next: AtomicU64,
    under_way: Mutex<HashMap<u64, Extensions>>,
}

/// One of them, until it is dropped.
pub(super) struct Place {
    id: u64,
    among: Arc<Asked>,
}

impl Asked {
    /// A request begins.
    pub(super) fn enter(self: &Arc<Self>, extensions: Extensions) -> Place {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(id, extensions);
        Place { id, among: self.clone() }
    }

    /// The extensions of a request that is under way; none if there is no such request, which no honest worker says.
    pub(super) fn extensions(&self, id: u64) -> Option<Extensions> {
        self.lock().get(&id).cloned()
    }

    /// The extensions of a request for which the worker asks something. A worker may name any of those under way, so
    /// what it asks is as deep as the deepest of them: chains of calls come to an end whatever it says.
    pub(super) fn on_behalf_of(&self, id: u64) -> Option<Extensions> {
        let under_way = self.lock();
        let mut extensions = under_way.get(&id).cloned()?;
        if let Some(deepest) = under_way.values().map(Depth::of).max().filter(|deepest| *deepest > Depth::default()) {
            extensions.insert(deepest);
        }
        Some(extensions)
    }

    /// Held only for single looks and changes, under which nothing panics half way.
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Extensions>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn extensions(&self) -> Extensions {
        self.among.extensions(self.id).unwrap_or_default()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.among.lock().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_known_until_its_end() {
        let asked = Arc::new(Asked::default());
        let mut extensions = Extensions::new();
        extensions.insert(Depth(3));
        let (first, second) = (asked.enter(extensions), asked.enter(Extensions::new()));
        assert_ne!(first.id(), second.id());
        let depth = |id| asked.on_behalf_of(id).map(|extensions| Depth::of(&extensions));
        assert_eq!((depth(first.id()), depth(second.id())), (Some(Depth(3)), Some(Depth(3))), "the deepest counts");
        let id = first.id();
        assert_eq!(asked.extensions(id).map(|extensions| Depth::of(&extensions)), Some(Depth(3)));
        drop(first);
        assert_eq!((depth(id), depth(second.id())), (None, Some(Depth(0))));
        assert!(asked.extensions(id).is_none() && asked.extensions(second.id()).is_some());
    }
}
