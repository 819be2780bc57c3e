//! Reading a blob, whole or a range of it.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};

use super::objects::{info, of};
use super::{Blob, Blobs, Info, failed, missing, path};
use crate::Error;

/// How often a read begins anew because the blob was replaced between looking at it and opening it.
const ATTEMPTS: usize = 5;

/// A blob that is read. What it reads stays as it was when this was made.
pub struct Download {
    /// Of the whole blob.
    pub info: Info,
    /// What is read of it.
    pub range: Range<u64>,
    chunks: BoxStream<'static, object_store::Result<Bytes>>,
    gathered: BytesMut,
}

/// What one call of [`Download::next`] returns at most, and in the middle: files come in pieces of a few kilobytes, and
/// each would cost a message.
const CHUNK_BYTES: usize = 256 << 10;

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Download").field("info", &self.info).field("range", &self.range).finish_non_exhaustive()
    }
}

impl Download {
    fn new(info: Info, range: Range<u64>, chunks: BoxStream<'static, object_store::Result<Bytes>>) -> Self {
        Self { info, range, chunks, gathered: BytesMut::new() }
    }

    /// The next bytes; `None` after the last.
    pub async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        while self.gathered.len() < CHUNK_BYTES {
            match self.chunks.next().await {
                Some(Ok(chunk)) => self.gathered.extend_from_slice(&chunk),
                Some(Err(error)) => return Some(Err(failed(error))),
                None => break,
            }
        }
        let size = self.gathered.len().min(CHUNK_BYTES);
        (size > 0).then(|| Ok(self.gathered.split_to(size).freeze()))
    }
}

impl Blobs {
    /// Opens a blob, or what there is of it in `range`.
    ///
    /// # Errors
    /// There is none.
    pub async fn get(&self, blob: &Blob, range: Option<Range<u64>>) -> Result<Download, Error> {
        self.container_created(&blob.container).await?;
        let path = path::blob(blob)?;
        for _ in 0..ATTEMPTS {
            let meta = self.store.head(&path).await.map_err(missing(|| of(blob)))?;
            let wanted = range.clone().unwrap_or(0..meta.size);
            let range = wanted.start.min(meta.size)..wanted.end.min(meta.size);
            if range.is_empty() {
                let range = range.start..range.start;
                return Ok(Download::new(info(&meta), range, stream::empty().boxed()));
            }
            let options = GetOptions {
                range: Some(GetRange::Bounded(range.clone())),
                if_match: meta.e_tag.clone(),
                ..GetOptions::default()
            };
            match self.store.get_opts(&path, options).await {
                Err(object_store::Error::Precondition { .. }) => {}
                found => {
                    let chunks = found.map_err(missing(|| of(blob)))?.into_stream();
                    return Ok(Download::new(info(&meta), range, chunks));
                }
            }
        }
        Err(Error::Unavailable(format!("{} is replaced faster than it can be read", of(blob))))
    }
}
