//! What containers print: one directory for each, written by one thread, read by whoever asks.
//!
//! `logs/<uid>/<container>/` holds `0.log`, and as far as they exist `1.log` (the part before it),
//! `previous.log` and `previous.1.log` (what the container printed before it was restarted, C48). Lines read
//! `RFC 3339 time, stream, text`. A request never waits for a disk: output goes into a bounded queue, and what does
//! not fit is counted and the count is logged (F49). Nothing is opened for a container that prints nothing.

pub(crate) mod line;
pub(crate) mod read;
pub(crate) mod write;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::desired::Uid;

/// Messages in the queue of the writer, all containers together.
const QUEUE_MESSAGES_MAX: usize = 16_384;
/// Share of one container in messages and bytes, so that a noisy one drops its own lines and nobody else's.
const SHARE_MESSAGES_MAX: usize = 512;
/// See [`SHARE_MESSAGES_MAX`].
const SHARE_BYTES_MAX: usize = 256 << 10;

/// Which stream of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

/// A container whose output is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) uid: Uid,
    pub(crate) container: Arc<str>,
}

/// What the writer is told. Order is kept for each container.
pub(crate) enum Message {
    Output {
        sink: Arc<Sink>,
        stream: Stream,
        bytes: Box<[u8]>,
    },
    /// The container was restarted: what it printed so far becomes the previous log.
    Restarted(Place),
    /// The Pod is gone, and its logs with it.
    Removed(Uid),
    /// Everything before this is on its way to disk.
    Flush(SyncSender<()>),
}

/// All logs of this host.
#[derive(Clone)]
pub(crate) struct Logs {
    inner: Arc<Inner>,
}

struct Inner {
    root: PathBuf,
    queue: SyncSender<Message>,
    followed: Followed,
}

/// Containers that someone follows, with a bell that rings when more was written.
pub(crate) type Followed = Arc<Mutex<HashMap<Place, watch::Sender<u64>>>>;

impl Logs {
    /// Starts the writer.
    ///
    /// # Errors
    /// There is no thread for it.
    pub(crate) fn start(root: &Path) -> std::io::Result<Self> {
        let (queue, messages) = sync_channel(QUEUE_MESSAGES_MAX);
        let followed = Followed::default();
        spawn(root.to_owned(), messages, followed.clone())?;
        Ok(Self { inner: Arc::new(Inner { root: root.to_owned(), queue, followed }) })
    }

    /// Where a container's output goes. It costs nothing until the first line.
    pub(crate) fn sink(&self, place: Place) -> Arc<Sink> {
        Arc::new(Sink {
            place,
            queue: self.inner.queue.clone(),
            waiting_messages: AtomicUsize::new(0),
            waiting_bytes: AtomicUsize::new(0),
            dropped_bytes: AtomicU64::new(0),
        })
    }

    /// A container was restarted. Waits for room in the queue: this is the control path.
    pub(crate) async fn restarted(&self, place: Place) {
        self.tell(Message::Restarted(place)).await;
    }

    /// A Pod is gone.
    pub(crate) async fn removed(&self, uid: Uid) {
        self.tell(Message::Removed(uid)).await;
    }

    /// Deletes the logs of every Pod but these.
    pub(crate) async fn remove_others(self, known: BTreeSet<Uid>) {
        let root = self.inner.root.clone();
        let names = tokio::task::spawn_blocking(move || {
            let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
            entries.filter_map(|entry| entry.file_name().into_string().ok()).collect::<Vec<_>>()
        });
        for name in names.await.unwrap_or_default() {
            if !known.contains(name.as_str()) {
                self.removed(name.as_str().into()).await;
            }
        }
    }

    async fn tell(&self, message: Message) {
        let Err(TrySendError::Full(message)) = self.inner.queue.try_send(message) else { return };
        let queue = self.inner.queue.clone();
        // A full queue empties as fast as the disk writes; only this task waits for it.
        if let Err(error) = tokio::task::spawn_blocking(move || queue.send(message).is_ok()).await {
            tracing::warn!(%error, "the log writer was not told");
        }
    }

    /// Waits until what was printed before this call can be read.
    pub(crate) async fn flushed(&self) {
        let (done, wait) = sync_channel(1);
        self.tell(Message::Flush(done)).await;
        let waited = tokio::task::spawn_blocking(move || wait.recv().is_ok()).await;
        tracing::trace!(?waited, "logs flushed");
    }

    /// Reads a container's log.
    pub(crate) fn read(&self, place: &Place, options: read::Options) -> read::Reading {
        read::Reading::start(self.directory(place), self.follow(place, options.follow), options)
    }

    /// Whether a container printed anything before it was last restarted.
    pub(crate) fn has_previous(&self, place: &Place) -> bool {
        self.directory(place).join("previous.log").exists()
    }

    fn directory(&self, place: &Place) -> PathBuf {
        directory(&self.inner.root, place)
    }

    fn follow(&self, place: &Place, follow: bool) -> Option<watch::Receiver<u64>> {
        let mut followed = self.inner.followed.lock().unwrap_or_else(PoisonError::into_inner);
        followed.retain(|_, bell| bell.receiver_count() > 0);
        follow.then(|| followed.entry(place.clone()).or_insert_with(|| watch::channel(0).0).subscribe())
    }
}

fn spawn(root: PathBuf, messages: Receiver<Message>, followed: Followed) -> std::io::Result<()> {
    let run = move || write::Writer::new(root, followed).run(&messages);
    std::thread::Builder::new().name("insula-logs".to_owned()).spawn(run).map(drop)
}

/// Names of Pods and containers are checked by the API, but a path is not built on trust.
pub(crate) fn directory(root: &Path, place: &Place) -> PathBuf {
    let safe = |name: &str| {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' };
        name.chars().map(plain).collect::<String>()
    };
    root.join(safe(&place.uid)).join(safe(&place.container))
}

/// Takes one container's output, from any thread, and never blocks.
pub(crate) struct Sink {
    place: Place,
    queue: SyncSender<Message>,
    waiting_messages: AtomicUsize,
    waiting_bytes: AtomicUsize,
    dropped_bytes: AtomicU64,
}

impl Sink {
    /// Queues output, or counts it as dropped.
    pub(crate) fn write(self: &Arc<Self>, stream: Stream, bytes: &[u8]) {
        let messages = self.waiting_messages.fetch_add(1, Ordering::Relaxed);
        let waiting = self.waiting_bytes.fetch_add(bytes.len(), Ordering::Relaxed);
        let fits = messages < SHARE_MESSAGES_MAX && waiting + bytes.len() <= SHARE_BYTES_MAX;
        let message = || Message::Output { sink: self.clone(), stream, bytes: bytes.into() };
        if !fits || self.queue.try_send(message()).is_err() {
            self.written(bytes.len());
            self.dropped_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        }
    }

    /// Output has left the queue.
    fn written(&self, bytes: usize) {
        self.waiting_messages.fetch_sub(1, Ordering::Relaxed);
        self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn take_dropped(&self) -> u64 {
        self.dropped_bytes.swap(0, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests;
