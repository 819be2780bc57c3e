//! The tonic service: who calls, for which namespace, and whether it may. What is done is elsewhere.

use std::pin::Pin;

use futures::{Stream, StreamExt};
use protocol::backing as wire;
use protocol::backing::backing_server::Backing;
use tonic::{Request, Response, Status, Streaming};

use super::access::Grant;
use super::status::{lacks, of, shutting_down};
use super::{Service, blobs, keyvalue, messages};
use crate::link::node;

type Answer<T> = Result<Response<T>, Status>;
type Boxed<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl Service {
    /// The message of a call, and the grant for the namespace it names.
    fn granted<T>(&self, request: Request<T>, namespace: impl Fn(&T) -> Option<&str>) -> Result<(Grant, T), Status> {
        let node = node(&request)?;
        let message = request.into_inner();
        let namespace = namespace(&message).ok_or_else(|| lacks("namespace"))?;
        Ok((self.access.check(&node, namespace)?, message))
    }

    /// The same for a call that names a bucket, with the bucket's name.
    fn in_bucket<T>(
        &self,
        request: Request<T>,
        bucket: impl Fn(&mut T) -> Option<wire::Bucket>,
    ) -> Result<(Grant, String, T), Status> {
        let node = node(&request)?;
        let mut message = request.into_inner();
        let bucket = bucket(&mut message).ok_or_else(|| lacks("bucket"))?;
        Ok((self.access.check(&node, &bucket.namespace)?, bucket.name, message))
    }

    /// The same for a call that names a container.
    fn in_container<T>(
        &self,
        request: Request<T>,
        container: impl Fn(&mut T) -> Option<wire::Container>,
    ) -> Result<(::backing::blobs::Container, T), Status> {
        let node = node(&request)?;
        let mut message = request.into_inner();
        let container = container(&mut message).ok_or_else(|| lacks("container"))?;
        Ok((blobs::container(self.access.check(&node, &container.namespace)?, &container.name)?, message))
    }

    /// A blob that a node names.
    fn blob(&self, node: &std::sync::Arc<str>, blob: Option<wire::Blob>) -> Result<::backing::blobs::Blob, Status> {
        let (namespace, container, name) = blobs::parts(blob)?;
        blobs::blob(self.access.check(node, &namespace)?, &container, &name)
    }

    /// Does what takes long, unless the server goes first.
    async fn unless_shutdown<T>(&self, work: impl Future<Output = Result<T, Status>>) -> Answer<T> {
        let done = self.shutdown.run_until_cancelled(work).await;
        done.unwrap_or_else(|| Err(shutting_down())).map(Response::new)
    }
}

#[tonic::async_trait]
impl Backing for Service {
    async fn get_many(&self, request: Request<wire::GetManyRequest>) -> Answer<wire::GetManyResponse> {
        let (grant, name, asked) = self.in_bucket(request, |asked| asked.bucket.take())?;
        keyvalue::get_many(&*self.stores.keyvalue, grant, (&name, &asked.keys)).await.map(Response::new)
    }

    async fn set_many(&self, request: Request<wire::SetManyRequest>) -> Answer<wire::Done> {
        let (grant, name, asked) = self.in_bucket(request, |asked| asked.bucket.take())?;
        keyvalue::set_many(&*self.stores.keyvalue, grant, (&name, asked.pairs)).await.map(Response::new)
    }

    async fn delete_many(&self, request: Request<wire::DeleteManyRequest>) -> Answer<wire::Done> {
        let (grant, name, asked) = self.in_bucket(request, |asked| asked.bucket.take())?;
        keyvalue::delete_many(&*self.stores.keyvalue, grant, (&name, &asked.keys)).await.map(Response::new)
    }

    async fn exists(&self, request: Request<wire::KeyRequest>) -> Answer<wire::ExistsResponse> {
        let (grant, name, asked) = self.in_bucket(request, |asked| asked.bucket.take())?;
        keyvalue::exists(&*self.stores.keyvalue, grant, (&name, &asked.key)).await.map(Response::new)
    }

    async fn list_keys(&self, request: Request<wire::ListKeysRequest>) -> Answer<wire::ListKeysResponse> {
        let (grant, name, asked) = self.in_bucket(request, |asked| asked.bucket.take())?;
        keyvalue::list(&*self.stores.keyvalue, grant, (&name, asked.cursor)).await.map(Response::new)
    }

    async fn increment(&self, request: Request<wire::IncrementRequest>) -> Answer<wire::IncrementResponse> {
        let (grant, name, asked) = self.in_bucket(request, |asked| asked.bucket.take())?;
        let sum = keyvalue::increment(&*self.stores.keyvalue, grant, (&name, &asked.key, asked.delta)).await;
        sum.map(Response::new)
    }

    async fn swap(&self, request: Request<wire::SwapRequest>) -> Answer<wire::SwapResponse> {
        let (grant, name, asked) = self.in_bucket(request, |asked| asked.bucket.take())?;
        keyvalue::swap(&*self.stores.keyvalue, grant, (&name, asked)).await.map(Response::new)
    }

    async fn create_container(&self, request: Request<wire::Container>) -> Answer<wire::ContainerInfo> {
        let (container, _) = self.in_container(request, |asked| Some(asked.clone()))?;
        let created_unix_millis = self.stores.blobs.create_container(&container).await.map_err(of)?;
        Ok(Response::new(wire::ContainerInfo { created_unix_millis }))
    }

    async fn get_container(&self, request: Request<wire::Container>) -> Answer<wire::ContainerInfo> {
        let (container, _) = self.in_container(request, |asked| Some(asked.clone()))?;
        let created_unix_millis = self.stores.blobs.container_created(&container).await.map_err(of)?;
        Ok(Response::new(wire::ContainerInfo { created_unix_millis }))
    }

    async fn clear_container(&self, request: Request<wire::Container>) -> Answer<wire::Done> {
        let (container, _) = self.in_container(request, |asked| Some(asked.clone()))?;
        self.stores.blobs.clear_container(&container).await.map_err(of)?;
        Ok(Response::new(wire::Done {}))
    }

    async fn delete_container(&self, request: Request<wire::Container>) -> Answer<wire::Done> {
        let (container, _) = self.in_container(request, |asked| Some(asked.clone()))?;
        self.stores.blobs.delete_container(&container).await.map_err(of)?;
        Ok(Response::new(wire::Done {}))
    }

    async fn list_blobs(&self, request: Request<wire::ListBlobsRequest>) -> Answer<wire::ListBlobsResponse> {
        let (container, asked) = self.in_container(request, |asked| asked.container.take())?;
        blobs::list(&self.stores.blobs, &container, &asked.after).await.map(Response::new)
    }

    async fn get_blob_info(&self, request: Request<wire::Blob>) -> Answer<wire::BlobInfo> {
        let node = node(&request)?;
        let blob = self.blob(&node, Some(request.into_inner()))?;
        let info = self.stores.blobs.info(&blob).await.map_err(of)?;
        Ok(Response::new(blobs::info(info)))
    }

    async fn delete_blobs(&self, request: Request<wire::DeleteBlobsRequest>) -> Answer<wire::Done> {
        let (container, asked) = self.in_container(request, |asked| asked.container.take())?;
        blobs::delete(&self.stores.blobs, &container, &asked.names).await.map(Response::new)
    }

    async fn copy_blob(&self, request: Request<wire::CopyBlobRequest>) -> Answer<wire::Done> {
        let node = node(&request)?;
        let asked = request.into_inner();
        let (from, to) = (self.blob(&node, asked.from)?, self.blob(&node, asked.to)?);
        blobs::copy(&self.stores.blobs, &from, &to, asked.r#move).await.map(Response::new)
    }

    type GetBlobStream = Boxed<wire::GetBlobChunk>;

    async fn get_blob(&self, request: Request<wire::GetBlobRequest>) -> Answer<Self::GetBlobStream> {
        let node = node(&request)?;
        let asked = request.into_inner();
        let blob = self.blob(&node, asked.blob)?;
        let range = asked.range.map(|range| range.start..range.end);
        let download = self.stores.blobs.get(&blob, range).await.map_err(of)?;
        // The head says how much is to come, so a stream that ends early is not taken for the whole.
        let shutdown = self.shutdown.clone().cancelled_owned();
        Ok(Response::new(Box::pin(blobs::chunks(download).take_until(shutdown))))
    }

    async fn put_blob(&self, request: Request<Streaming<wire::PutBlobChunk>>) -> Answer<wire::BlobInfo> {
        let node = node(&request)?;
        let mut chunks = request.into_inner();
        self.unless_shutdown(async {
            let mut first = chunks.message().await?.ok_or_else(|| lacks("first chunk"))?;
            let blob = self.blob(&node, first.blob.take())?;
            blobs::put(&self.stores.blobs, blob, first, chunks).await
        })
        .await
    }

    async fn publish(&self, request: Request<wire::PublishRequest>) -> Answer<wire::Done> {
        let (grant, asked) = self.granted(request, |asked| Some(&asked.namespace))?;
        messages::publish(&*self.stores.messages, grant, asked).await.map(Response::new)
    }

    async fn request(&self, request: Request<wire::RequestRequest>) -> Answer<wire::RequestResponse> {
        let (grant, asked) = self.granted(request, |asked| Some(&asked.namespace))?;
        self.unless_shutdown(messages::request(&*self.stores.messages, grant, asked)).await
    }

    async fn reply(&self, request: Request<wire::ReplyRequest>) -> Answer<wire::Done> {
        let (_, asked) = self.granted(request, |asked| Some(&asked.namespace))?;
        messages::reply(&*self.stores.messages, asked).await.map(Response::new)
    }

    type SubscribeStream = Boxed<wire::Delivery>;

    async fn subscribe(&self, request: Request<wire::SubscribeRequest>) -> Answer<Self::SubscribeStream> {
        let node = node(&request)?;
        let (grant, asked) = self.granted(request, |asked| Some(&asked.namespace))?;
        let subscription = messages::subscribe(&*self.stores.messages, &grant, &asked).await?;
        let listener = messages::Listener { access: self.access.clone(), node, namespace: asked.namespace };
        let shutdown = self.shutdown.clone().cancelled_owned();
        Ok(Response::new(Box::pin(messages::deliveries(subscription, listener).take_until(shutdown))))
    }
}
