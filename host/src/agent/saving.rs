//! When the host's state is written to disk: soon after a change, never twice at once, and never so often that
//! writing becomes the host's main work.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::core::Event;
use crate::desired::file::{File, Saved};

/// Changes within this are written together. What a crash loses here the control plane tells again.
const TOGETHER: Duration = Duration::from_millis(100);
/// Writing takes at most this share of the time: one part in ten.
const REST_SHARE: u32 = 10;
/// Pause after a write that failed: a full disk does not empty in a moment.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Decides when to write, and writes beside the agent.
pub(super) struct Saver {
    file: Arc<File>,
    dirty_since: Option<Instant>,
    writing: bool,
    not_before: Instant,
    /// States handed to the file so far.
    count: u64,
}

impl Saver {
    pub(super) fn new(file: File) -> Self {
        Self { file: Arc::new(file), dirty_since: None, writing: false, not_before: Instant::now(), count: 0 }
    }

    /// Something worth keeping has changed.
    pub(super) fn dirty(&mut self) {
        self.dirty_since.get_or_insert_with(Instant::now);
    }

    /// When to write, if there is anything to write.
    pub(super) fn due(&self) -> Option<Instant> {
        let since = self.dirty_since.filter(|_| !self.writing)?;
        Some((since + TOGETHER).max(self.not_before))
    }

    /// Writes this; the end is told as an event.
    pub(super) fn write(&mut self, saved: Saved, events: mpsc::Sender<Event>) {
        (self.dirty_since, self.writing) = (None, true);
        let (file, number) = (self.file.clone(), self.next());
        tokio::spawn(async move {
            let began = Instant::now();
            let written = tokio::task::spawn_blocking(move || file.save(number, &saved)).await;
            let result = written.map_err(std::io::Error::other).and_then(|written| written);
            if events.send(Event::Saved { took: began.elapsed(), result }).await.is_err() {
                tracing::trace!("the agent has ended");
            }
        });
    }

    /// A write has ended; false if it failed and has to be repeated.
    pub(super) fn written(&mut self, took: Duration, succeeded: bool) {
        self.writing = false;
        let rest = if succeeded { took * REST_SHARE } else { AFTER_FAILURE };
        self.not_before = Instant::now() + rest;
        if !succeeded {
            self.dirty();
        }
    }

    /// Writes this at the very end. A write under way may still be there: the file takes one at a time, and this one
    /// last.
    pub(super) async fn last(&mut self, saved: Saved) -> std::io::Result<()> {
        let (file, number) = (self.file.clone(), self.next());
        tokio::task::spawn_blocking(move || file.save(number, &saved)).await.map_err(std::io::Error::other)?
    }

    fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }
}
