//! Writing a blob: piece by piece, and seen when it is whole.

use bytes::{Bytes, BytesMut};
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload};

use super::objects::info;
use super::usage::{Reservation, cost};
use super::{Blob, Blobs, Info, failed, path};
use crate::Error;

/// Bytes gathered for one part; S3 takes none smaller.
const PART_BYTES: usize = 5 << 20;

/// A blob that is written. It becomes visible with [`Upload::finish`]; dropped before, nothing of it stays.
pub struct Upload {
    blobs: Blobs,
    blob: Blob,
    parts: Box<dyn MultipartUpload>,
    gathered: BytesMut,
    size: u64,
    reserved: Reservation,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload").field("blob", &self.blob).field("size", &self.size).finish_non_exhaustive()
    }
}

impl Blobs {
    /// Begins a blob, which will replace what is there under its name.
    ///
    /// # Errors
    /// There is no such container.
    pub async fn put(&self, blob: Blob) -> Result<Upload, Error> {
        let namespace = &blob.container.namespace;
        {
            let _lock = self.lock(namespace).await;
            self.usage.count(namespace).await?;
        }
        self.container_created(&blob.container).await?;
        let reserved = self.usage.reserve(namespace, cost(0))?;
        let parts = self.store.put_multipart(&path::blob(&blob)?).await.map_err(failed)?;
        Ok(Upload { blobs: self.clone(), blob, parts, gathered: BytesMut::new(), size: 0, reserved })
    }
}

impl Upload {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// The blob or its namespace gets too large.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        let more = bytes.len() as u64;
        let max = self.blobs.bounds.blob_bytes;
        if self.size + more > max {
            return Err(Error::Quota(format!("a blob may have {max} bytes, and this one has more")));
        }
        self.reserved.extend(more)?;
        self.size += more;
        self.gathered.extend_from_slice(&bytes);
        while self.gathered.len() >= PART_BYTES {
            let part = self.gathered.split_to(PART_BYTES).freeze();
            self.parts.put_part(part.into()).await.map_err(failed)?;
        }
        Ok(())
    }

    /// Makes the blob visible, whole, in one step.
    ///
    /// # Errors
    /// Its container is gone by now.
    pub async fn finish(mut self) -> Result<Info, Error> {
        if !self.gathered.is_empty() {
            let last = PutPayload::from(self.gathered.split().freeze());
            self.parts.put_part(last).await.map_err(failed)?;
        }
        let namespace = &self.blob.container.namespace;
        let _lock = self.blobs.lock(namespace).await;
        self.blobs.container_created(&self.blob.container).await?;
        let path = path::blob(&self.blob)?;
        let replaced = self.blobs.store.head(&path).await.ok();
        self.parts.complete().await.map_err(failed)?;
        self.reserved.keep();
        self.blobs.usage.release(namespace, replaced.map_or(0, |replaced| cost(replaced.size)));
        self.blobs.store.head(&path).await.map(|meta| info(&meta)).map_err(failed)
    }
}
