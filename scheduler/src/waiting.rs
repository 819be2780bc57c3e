//! Calls that hosts are asked to make, and who waits for each.
//!
//! Whoever wants something registers under an unguessable id, the session tells the host, and the host calls with the
//! id. Only the host that was asked may answer, and only once (F83).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tonic::Status;

/// Calls that are waited for. Cheap to clone.
#[derive(Debug)]
pub(crate) struct Waiting<T>(Arc<Mutex<BTreeMap<String, (String, T)>>>);

impl<T> Clone for Waiting<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Waiting<T> {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, (String, T)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a call of `node`, as long as what is returned lives; `None` if `max` others wait already.
    pub(crate) fn register(&self, node: &str, who: T, max: usize) -> Option<Registered<T>> {
        let id = uuid::Uuid::new_v4().to_string();
        let mut waiting = self.lock();
        if waiting.len() >= max {
            return None;
        }
        waiting.insert(id.clone(), (node.to_owned(), who));
        Some(Registered { waiting: self.clone(), id })
    }

    /// Who waits for a call of `node` with this id. There is no second.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` if another host was asked, `NOT_FOUND` if no one waits.
    pub(crate) fn claim(&self, node: &str, id: &str) -> Result<T, Status> {
        let mut waiting = self.lock();
        match waiting.get(id) {
            Some((asked, _)) if asked == node => {}
            Some(_) => return Err(Status::permission_denied("another host was asked for this stream")),
            None => return Err(Status::not_found("no one waits for this stream")),
        }
        waiting.remove(id).map(|(_, who)| who).ok_or_else(|| Status::not_found("no one waits for this stream"))
    }
}

/// Whatever becomes of the asking, nothing waits for ever.
pub(crate) struct Registered<T> {
    waiting: Waiting<T>,
    pub(crate) id: String,
}

impl<T> Drop for Registered<T> {
    fn drop(&mut self) {
        self.waiting.lock().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // F83
    #[test]
    fn only_the_host_that_was_asked_may_answer_once() {
        let waiting = Waiting::default();
        let registered = waiting.register("a", 7, 2).expect("there is room");
        assert_eq!(waiting.claim("b", &registered.id).map_err(|s| s.code()), Err(tonic::Code::PermissionDenied));
        assert_eq!(waiting.claim("a", &registered.id).map_err(|s| s.code()), Ok(7));
        assert_eq!(waiting.claim("a", &registered.id).map_err(|s| s.code()), Err(tonic::Code::NotFound));
    }

    #[test]
    fn who_gives_up_makes_room() {
        let waiting = Waiting::default();
        let first = waiting.register("a", (), 1).expect("there is room");
        assert!(waiting.register("a", (), 1).is_none());
        drop(first);
        assert!(waiting.register("a", (), 1).is_some());
    }
}
