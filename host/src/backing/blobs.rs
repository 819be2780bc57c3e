//! `wasi:blobstore` for one Pod: checked, and asked of the control plane; content flows in chunks.

use std::time::Duration;

use bytes::Bytes;
use futures::{FutureExt, StreamExt, stream};
use protocol::CHUNK_BYTES;
use protocol::backing as wire;
use sandbox::{Blob, BlobAnswer as Answer, BlobError, Blobs, ContainerInfo, Data, ObjectId, ObjectInfo};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};

use super::OfPod;
use super::lanes::{Client, Place, late};

/// Longest pause between two chunks, either way; a slow disk takes a second for one.
const CHUNK_MAX: Duration = Duration::from_secs(10);
/// Longest wait after the last chunk of an upload: all of it is then brought to the disk.
const FINISH_MAX: Duration = Duration::from_secs(60);
/// Longest call that looks at a whole container.
const CONTAINER_MAX: Duration = Duration::from_secs(60);
/// Chunks on their way in this process.
const CHUNKS_MAX: usize = 2;

impl OfPod {
    fn container(&self, name: &str) -> Result<wire::Container, BlobError> {
        if !self.grants.containers.grants(name) {
            return Err(BlobError::Denied(format!("container {name:?}: its Pod is not granted it (insula.dev/blobs)")));
        }
        Ok(wire::Container { namespace: self.namespace.to_string(), name: name.to_owned() })
    }

    fn blob(&self, container: &str, name: String) -> Result<wire::Blob, BlobError> {
        Ok(wire::Blob { container: Some(self.container(container)?), name })
    }

    /// A call that takes as long as a container is large.
    async fn on_container<T>(&self, call: impl AsyncFnOnce(Client) -> Result<T, Status>) -> Result<T, BlobError> {
        let (Place { client, permit: _permit }, _own) = self.lanes.long.place_of(&self.long).await.map_err(told)?;
        let answer = timeout(CONTAINER_MAX, call(client)).await.unwrap_or_else(|_| Err(late()));
        self.lanes.long.heard(answer).await.map_err(told)
    }

    async fn download(&self, asked: wire::GetBlobRequest) -> Result<Blob, BlobError> {
        let (Place { mut client, permit }, own) = self.lanes.long.place_of(&self.long).await.map_err(told)?;
        let opened = timeout(CHUNK_MAX, async {
            let mut chunks = client.get_blob(asked).await?.into_inner();
            let head = chunks.message().await?.and_then(|chunk| chunk.head).and_then(|head| head.range);
            Ok((chunks, head))
        });
        let opened = opened.await.unwrap_or_else(|_| Err(late()));
        let (chunks, range) = self.lanes.long.heard(opened).await.map_err(told)?;
        let range = range.ok_or_else(|| BlobError::Other("the control plane sent no head".to_owned()))?;
        let bytes = range.end.saturating_sub(range.start);
        let data = stream::unfold(Some((chunks, bytes, (permit, own))), |state| async {
            let (mut chunks, rest, held) = state?;
            match next(&mut chunks, rest).await {
                Ok(None) => None,
                Ok(Some(bytes)) => {
                    let rest = rest.saturating_sub(bytes.len() as u64);
                    Some((Ok(bytes), Some((chunks, rest, held))))
                }
                Err(error) => Some((Err(error), None)),
            }
        });
        Ok(Blob { bytes, data: data.boxed() })
    }

    async fn upload(&self, blob: wire::Blob, data: Data) -> Result<(), BlobError> {
        let (Place { mut client, permit: _permit }, _own) = self.lanes.long.place_of(&self.long).await.map_err(told)?;
        let (sender, chunks) = mpsc::channel(CHUNKS_MAX);
        let answer = client.put_blob(ReceiverStream::new(chunks));
        tokio::pin!(answer);
        // An answer before the last chunk is a refusal. An error of the data ends the call, and nothing is kept.
        let answer = tokio::select! {
            answer = &mut answer => answer,
            fed = feed(sender, blob, data) => {
                fed?;
                timeout(FINISH_MAX, answer).await.unwrap_or_else(|_| Err(late()))
            }
        };
        self.lanes.long.heard(answer).await.map(drop).map_err(told)
    }
}

/// The next bytes of a download of which `rest` are to come.
async fn next(chunks: &mut Streaming<wire::GetBlobChunk>, rest: u64) -> Result<Option<Bytes>, BlobError> {
    match timeout(CHUNK_MAX, chunks.message()).await {
        Ok(Ok(Some(chunk))) => Ok(Some(chunk.bytes)),
        Ok(Ok(None)) if rest == 0 => Ok(None),
        Ok(Ok(None)) => Err(BlobError::Other(format!("the control plane stopped {rest} bytes before the end"))),
        Ok(Err(status)) => Err(told(status)),
        Err(_) => Err(told(late())),
    }
}

/// Sends a blob: its name, its bytes, and that it is whole.
async fn feed(sender: mpsc::Sender<wire::PutBlobChunk>, blob: wire::Blob, mut data: Data) -> Result<(), BlobError> {
    let send = async |chunk| match timeout(CHUNK_MAX, sender.send(chunk)).await {
        Ok(Ok(())) => Ok(()),
        // The call has ended; its answer tells why.
        Ok(Err(_)) => std::future::pending().await,
        Err(_) => Err(told(late())),
    };
    send(wire::PutBlobChunk { blob: Some(blob), ..wire::PutBlobChunk::default() }).await?;
    while let Some(bytes) = data.next().await {
        let mut bytes = bytes?;
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(CHUNK_BYTES));
            send(wire::PutBlobChunk { bytes: piece, ..wire::PutBlobChunk::default() }).await?;
        }
    }
    send(wire::PutBlobChunk { whole: true, ..wire::PutBlobChunk::default() }).await
}

impl Blobs for OfPod {
    fn create_container(&self, container: String) -> Answer<ContainerInfo> {
        let this = self.clone();
        async move {
            let asked = this.container(&container)?;
            let again = asked.clone();
            let made = this.on_container(async |mut client| match client.create_container(asked).await {
                Err(status) if status.code() == Code::AlreadyExists => client.get_container(again).await,
                made => made,
            });
            Ok(container_info(&made.await?.into_inner()))
        }
        .boxed()
    }

    fn container(&self, container: String) -> Answer<ContainerInfo> {
        let this = self.clone();
        async move {
            let asked = this.container(&container)?;
            let found = this.lanes.quick.call(async |mut client| client.get_container(asked).await).await;
            Ok(container_info(&found.map_err(told)?.into_inner()))
        }
        .boxed()
    }

    fn delete_container(&self, container: String) -> Answer<()> {
        let this = self.clone();
        async move {
            let asked = this.container(&container)?;
            this.on_container(async |mut client| client.delete_container(asked).await).await.map(drop)
        }
        .boxed()
    }

    fn clear(&self, container: String) -> Answer<()> {
        let this = self.clone();
        async move {
            let asked = this.container(&container)?;
            this.on_container(async |mut client| client.clear_container(asked).await).await.map(drop)
        }
        .boxed()
    }

    fn list(&self, container: String, after: Option<String>) -> Answer<Vec<String>> {
        let this = self.clone();
        async move {
            let container = Some(this.container(&container)?);
            let asked = wire::ListBlobsRequest { container, after: after.unwrap_or_default() };
            let page = this.on_container(async |mut client| client.list_blobs(asked).await).await?;
            Ok(page.into_inner().names)
        }
        .boxed()
    }

    fn info(&self, container: String, object: String) -> Answer<ObjectInfo> {
        let this = self.clone();
        async move {
            let asked = this.blob(&container, object)?;
            let found = this.lanes.quick.call(async |mut client| client.get_blob_info(asked).await).await;
            let found = found.map_err(told)?.into_inner();
            Ok(ObjectInfo { created_at: seconds(found.created_unix_millis), bytes: found.size })
        }
        .boxed()
    }

    fn get(&self, container: String, object: String, start: u64, end: u64) -> Answer<Blob> {
        let this = self.clone();
        async move {
            let blob = Some(this.blob(&container, object)?);
            // Ends are inclusive for guests, and not on the wire.
            let range = Some(wire::Range { start, end: end.saturating_add(1) });
            this.download(wire::GetBlobRequest { blob, range }).await
        }
        .boxed()
    }

    fn put(&self, container: String, object: String, data: Data) -> Answer<()> {
        let this = self.clone();
        async move {
            let blob = this.blob(&container, object)?;
            this.upload(blob, data).await
        }
        .boxed()
    }

    fn delete(&self, container: String, objects: Vec<String>) -> Answer<()> {
        let this = self.clone();
        async move {
            let asked = wire::DeleteBlobsRequest { container: Some(this.container(&container)?), names: objects };
            this.on_container(async |mut client| client.delete_blobs(asked).await).await.map(drop)
        }
        .boxed()
    }

    fn copy(&self, from: ObjectId, to: ObjectId) -> Answer<()> {
        let this = self.clone();
        async move {
            let from = Some(this.blob(&from.container, from.object)?);
            let to = Some(this.blob(&to.container, to.object)?);
            let asked = wire::CopyBlobRequest { from, to, r#move: false };
            this.on_container(async |mut client| client.copy_blob(asked).await).await.map(drop)
        }
        .boxed()
    }
}

fn container_info(info: &wire::ContainerInfo) -> ContainerInfo {
    ContainerInfo { created_at: seconds(info.created_unix_millis) }
}

fn seconds(millis: u64) -> u64 {
    millis / 1000
}

/// What a guest is told.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` has to give")]
fn told(status: Status) -> BlobError {
    let message = status.message().to_owned();
    match status.code() {
        Code::NotFound => BlobError::NotFound(message),
        Code::PermissionDenied => BlobError::Denied(message),
        _ => BlobError::Other(message),
    }
}
