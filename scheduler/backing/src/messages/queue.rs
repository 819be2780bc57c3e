//! What waits for one subscriber: so many messages, so many bytes, and no more.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::sync::mpsc;

use super::Message;
use crate::limits::{QUEUE_BYTES_MAX, QUEUE_MESSAGES_MAX};

/// Counts dropped messages.
pub(super) type Drops = Arc<AtomicU64>;

/// The end that gives.
#[derive(Clone)]
pub(super) struct Sender {
    messages: mpsc::Sender<Message>,
    bytes: Arc<AtomicUsize>,
    drops: Drops,
}

/// A subscription: what comes, until it is dropped.
pub struct Subscription {
    messages: mpsc::Receiver<Message>,
    bytes: Arc<AtomicUsize>,
    drops: Drops,
    /// Ends the subscription with it.
    _guard: Box<dyn Any + Send + Sync>,
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription").field("dropped", &self.dropped()).finish_non_exhaustive()
    }
}

/// Both ends; `guard` goes when the subscription does.
pub(super) fn new(guard: impl FnOnce(Sender) -> Box<dyn Any + Send + Sync>) -> Subscription {
    let (sender, messages) = mpsc::channel(QUEUE_MESSAGES_MAX);
    let (bytes, drops) = (Arc::new(AtomicUsize::new(0)), Drops::default());
    let guard = guard(Sender { messages: sender, bytes: bytes.clone(), drops: drops.clone() });
    Subscription { messages, bytes, drops, _guard: guard }
}

impl Sender {
    /// Gives a message, if there is room.
    pub(super) fn offer(&self, message: Message) -> bool {
        let size = message.content.bytes();
        let Ok(place) = self.messages.try_reserve() else { return false };
        if self.bytes.fetch_add(size, Ordering::Relaxed).saturating_add(size) > QUEUE_BYTES_MAX {
            self.bytes.fetch_sub(size, Ordering::Relaxed);
            return false;
        }
        place.send(message);
        true
    }

    /// Takes note of a message there was no room for.
    pub(super) fn dropped(&self) {
        self.drops.fetch_add(1, Ordering::Relaxed);
    }
}

impl Subscription {
    /// The next message; `None` when the broker is gone.
    pub async fn next(&mut self) -> Option<Message> {
        let message = self.messages.recv().await?;
        self.bytes.fetch_sub(message.content.bytes(), Ordering::Relaxed);
        Some(message)
    }

    /// Messages that were dropped because nobody took them in time.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.drops.load(Ordering::Relaxed)
    }
}
