//! Room for so many streams at once, each of which can be cancelled by its id.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// The room. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Room {
    open: Arc<Mutex<HashMap<String, CancellationToken>>>,
    max: usize,
}

/// A stream's place, which it leaves by being dropped.
#[derive(Debug)]
pub(super) struct Place {
    room: Room,
    id: String,
    cancelled: CancellationToken,
}

impl Room {
    pub(super) fn new(max: usize) -> Self {
        Self { open: Arc::default(), max }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, CancellationToken>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place, if there is one.
    pub(super) fn take(&self, id: &str) -> Option<Place> {
        let mut open = self.lock();
        if open.len() >= self.max {
            return None;
        }
        let cancelled = CancellationToken::new();
        open.insert(id.to_owned(), cancelled.clone());
        Some(Place { room: self.clone(), id: id.to_owned(), cancelled })
    }

    /// Cancels a stream, if it is open.
    pub(super) fn cancel(&self, id: &str) {
        if let Some(cancelled) = self.lock().remove(id) {
            cancelled.cancel();
        }
    }

    /// Cancels all that are open.
    pub(super) fn cancel_all(&self) {
        for (_, cancelled) in self.lock().drain() {
            cancelled.cancel();
        }
    }
}

impl Place {
    /// Runs a stream until it ends or is cancelled.
    pub(super) async fn until_cancelled(&self, stream: impl Future<Output = ()>) {
        self.cancelled.run_until_cancelled(stream).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.lock().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_place_is_free_again_when_its_stream_ends_or_is_cancelled() {
        let room = Room::new(1);
        let place = room.take("a").expect("there is room");
        assert!(room.take("b").is_none());
        room.cancel("a");
        place.until_cancelled(std::future::pending()).await;
        drop(place);
        let place = room.take("b").expect("there is room again");
        room.cancel_all();
        place.until_cancelled(std::future::pending()).await;
    }
}
