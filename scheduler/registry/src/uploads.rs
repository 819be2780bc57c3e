//! Uploads in progress: content that arrives in pieces, is hashed as it arrives, and becomes a blob when it is whole.
//!
//! An upload is held by one request at a time. A request that ends before its piece has arrived takes the upload with
//! it: its file and its hash may not agree any more, and clients begin anew. There are no timers; uploads nobody has
//! touched for long are dropped when the next one begins.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use ring::digest::{Context, SHA256};
use tokio::fs::{File, OpenOptions};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use uuid::Uuid;

use crate::layout::{Layout, Shelf, discard, io_error};
use crate::name::{Digest, Repository};
use crate::{Error, blocking};

/// Largest blob. The largest component is a quarter of it; layers of containers are often this large.
pub(crate) const BLOB_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Most uploads at once: a few engines that push all layers of an image in parallel.
const UPLOADS_MAX: usize = 64;
/// An upload nobody has touched for so long is abandoned.
const UPLOAD_IDLE_MAX: Duration = Duration::from_secs(60 * 60);
/// A request that sends nothing for so long is given up, so that it does not keep its upload open for ever.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// Why a piece was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("no upload {0} is open; it may have ended, been interrupted or expired")]
    Unknown(Uuid),
    #[error("{UPLOADS_MAX} uploads are open already; try again later")]
    TooMany,
    #[error("a blob has at most {BLOB_BYTES_MAX} bytes")]
    TooLarge,
    #[error("the content has digest {found}, not {expected}")]
    Digest { expected: Digest, found: Digest },
    #[error("the request ended before its content: {0}")]
    Interrupted(String),
    #[error("nothing arrived for {} seconds", SILENCE_MAX.as_secs())]
    Silent,
    #[error(transparent)]
    Failed(#[from] Error),
}

/// All uploads.
pub(crate) struct Uploads {
    layout: Layout,
    open: Mutex<HashMap<Uuid, Slot>>,
}

enum Slot {
    /// A request holds it.
    Held,
    Waiting(Box<Upload>),
}

/// One upload.
pub(crate) struct Upload {
    repository: Repository,
    hash: Context,
    size: u64,
    touched: Instant,
}

/// An upload that a request holds. Dropping it ends the upload.
pub(crate) struct Held<'a> {
    uploads: &'a Uploads,
    id: Uuid,
    /// Absent once it is finished or released.
    upload: Option<Box<Upload>>,
    released: bool,
}

impl Uploads {
    pub(crate) fn new(layout: Layout) -> Self {
        Self { layout, open: Mutex::default() }
    }

    /// Begins an upload.
    pub(crate) fn begin(&self, repository: &Repository) -> Result<Held<'_>, Refusal> {
        let now = Instant::now();
        self.expire(now);
        let mut open = self.open();
        if open.len() >= UPLOADS_MAX {
            return Err(Refusal::TooMany);
        }
        let id = Uuid::new_v4();
        open.insert(id, Slot::Held);
        let upload = Upload { repository: repository.clone(), hash: Context::new(&SHA256), size: 0, touched: now };
        Ok(Held { uploads: self, id, upload: Some(Box::new(upload)), released: false })
    }

    /// Goes on with an upload of this repository.
    pub(crate) fn hold(&self, repository: &Repository, id: Uuid) -> Result<Held<'_>, Refusal> {
        let mut open = self.open();
        match open.get_mut(&id) {
            Some(slot @ Slot::Waiting(_)) => match std::mem::replace(slot, Slot::Held) {
                Slot::Waiting(upload) if upload.repository == *repository => {
                    Ok(Held { uploads: self, id, upload: Some(upload), released: false })
                }
                other => {
                    *slot = other;
                    Err(Refusal::Unknown(id))
                }
            },
            Some(Slot::Held) | None => Err(Refusal::Unknown(id)),
        }
    }

    fn expire(&self, now: Instant) {
        let is_idle = |upload: &Upload| now.saturating_duration_since(upload.touched) > UPLOAD_IDLE_MAX;
        let mut open = self.open();
        let idle = open.iter().filter(|(_, slot)| matches!(slot, Slot::Waiting(upload) if is_idle(upload)));
        for id in idle.map(|(id, _)| *id).collect::<Vec<_>>() {
            open.remove(&id);
            discard(&self.layout.upload(id));
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Uuid, Slot>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held<'_> {
    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    /// How many bytes have arrived.
    pub(crate) fn size(&self) -> u64 {
        self.upload.as_ref().map_or(0, |upload| upload.size)
    }

    /// Takes a piece.
    pub(crate) async fn write<E: std::fmt::Display>(
        &mut self,
        mut piece: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<(), Refusal> {
        let path = self.path();
        let mut file = self.file().await?;
        let Some(upload) = &mut self.upload else { return Err(Refusal::Unknown(self.id)) };
        while let Some(chunk) = timeout(SILENCE_MAX, piece.next()).await.map_err(|_| Refusal::Silent)? {
            let chunk = chunk.map_err(|error| Refusal::Interrupted(error.to_string()))?;
            upload.size += chunk.len() as u64;
            if upload.size > BLOB_BYTES_MAX {
                return Err(Refusal::TooLarge);
            }
            upload.hash.update(&chunk);
            file.write_all(&chunk).await.map_err(|error| io_error(&path, error))?;
        }
        file.flush().await.map_err(|error| io_error(&path, error))?;
        Ok(())
    }

    async fn file(&self) -> Result<File, Error> {
        let path = self.path();
        let opened = OpenOptions::new().create(true).append(true).open(&path).await;
        opened.map_err(|error| io_error(&path, error))
    }

    fn path(&self) -> PathBuf {
        self.uploads.layout.upload(self.id)
    }

    /// Lets the next request go on with it.
    pub(crate) fn release(mut self) {
        if let Some(mut upload) = self.upload.take() {
            upload.touched = Instant::now();
            self.released = true;
            self.uploads.open().insert(self.id, Slot::Waiting(upload));
        }
    }

    /// Makes it a blob of its repository, if it is what it should be.
    pub(crate) async fn finish(mut self, expected: &Digest) -> Result<(), Refusal> {
        // An empty blob has not opened its file yet.
        drop(self.file().await?);
        let Some(upload) = self.upload.take() else { return Err(Refusal::Unknown(self.id)) };
        let found = Digest::finish(upload.hash);
        let (path, layout, expected) = (self.path(), self.uploads.layout.clone(), expected.clone());
        if found != expected {
            return Err(Refusal::Digest { expected, found });
        }
        let repository = upload.repository;
        let kept = blocking(move || {
            layout.keep_blob(&path, &expected)?;
            layout.write(&layout.link(&repository, Shelf::Blobs, &expected), &[])
        });
        Ok(kept.await?)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // Released, somebody else may hold it by now.
        if self.released {
            return;
        }
        self.uploads.open().remove(&self.id);
        discard(&self.path());
    }
}
