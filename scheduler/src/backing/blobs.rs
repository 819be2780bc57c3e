//! Blob calls: parsed, asked, answered; content flows in chunks.

use backing::blobs::{Blob, Blobs, Container, Download, Info, Source};
use backing::{BlobName, ContainerName};
use futures::{Stream, StreamExt, stream};
use protocol::backing as wire;
use tonic::{Status, Streaming};

use super::access::Grant;
use super::status::{lacks, of};

pub(super) fn container(grant: Grant, name: &str) -> Result<Container, Status> {
    Ok(Container { namespace: grant.uid, name: ContainerName::parse(name).map_err(of)? })
}

pub(super) fn blob(grant: Grant, container_name: &str, name: &str) -> Result<Blob, Status> {
    Ok(Blob { container: container(grant, container_name)?, name: BlobName::parse(name).map_err(of)? })
}

/// The namespace, the container's name and the blob's name of a blob on the wire.
pub(super) fn parts(blob: Option<wire::Blob>) -> Result<(String, String, String), Status> {
    let blob = blob.ok_or_else(|| lacks("blob"))?;
    let container = blob.container.ok_or_else(|| lacks("container"))?;
    Ok((container.namespace, container.name, blob.name))
}

pub(super) fn info(info: Info) -> wire::BlobInfo {
    wire::BlobInfo { size: info.size, created_unix_millis: info.created_unix_millis }
}

pub(super) async fn list(blobs: &Blobs, container: &Container, after: &str) -> Result<wire::ListBlobsResponse, Status> {
    let after = if after.is_empty() { None } else { Some(BlobName::parse(after).map_err(of)?) };
    let page = blobs.list(container, after.as_ref()).await.map_err(of)?;
    let names = page.names.iter().map(ToString::to_string).collect();
    Ok(wire::ListBlobsResponse { names, has_more: page.has_more })
}

pub(super) async fn delete(blobs: &Blobs, container: &Container, names: &[String]) -> Result<wire::Done, Status> {
    let names = names.iter().map(|name| BlobName::parse(name)).collect::<Result<_, _>>().map_err(of)?;
    blobs.delete(container, names).await.map_err(of)?;
    Ok(wire::Done {})
}

pub(super) async fn copy(blobs: &Blobs, from: &Blob, to: &Blob, moves: bool) -> Result<wire::Done, Status> {
    let source = if moves { Source::Remove } else { Source::Keep };
    blobs.copy(from, to, source).await.map_err(of)?;
    Ok(wire::Done {})
}

/// What is sent of a blob: its head, then its bytes.
pub(super) fn chunks(download: Download) -> impl Stream<Item = Result<wire::GetBlobChunk, Status>> {
    let range = wire::Range { start: download.range.start, end: download.range.end };
    let head = wire::GetBlobHead { info: Some(info(download.info)), range: Some(range) };
    let head = wire::GetBlobChunk { head: Some(head), ..wire::GetBlobChunk::default() };
    let rest = stream::unfold(download, |mut download| async {
        let chunk = download.next().await?.map_err(of);
        Some((chunk.map(|bytes| wire::GetBlobChunk { head: None, bytes }), download))
    });
    stream::once(std::future::ready(Ok(head))).chain(rest)
}

/// Takes a blob that begins with `first`.
pub(super) async fn put(
    blobs: &Blobs,
    blob: Blob,
    first: wire::PutBlobChunk,
    mut rest: Streaming<wire::PutBlobChunk>,
) -> Result<wire::BlobInfo, Status> {
    let mut upload = blobs.put(blob).await.map_err(of)?;
    let mut chunk = first;
    loop {
        if !chunk.bytes.is_empty() {
            upload.write(chunk.bytes).await.map_err(of)?;
        }
        if chunk.whole {
            return upload.finish().await.map(info).map_err(of);
        }
        let next = rest.message().await?;
        chunk = next.ok_or_else(|| Status::invalid_argument("the blob ended early; nothing of it is kept"))?;
    }
}
