//! The interface's functions over a [`Blobs`](super::Blobs).

use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _};
use tokio::sync::Semaphore;
use tokio_util::io::StreamReader;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::pipe::AsyncReadStream;
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream};

use super::bindings::wasi::blobstore::{blobstore, container, types};
use super::value::{Incoming, Outgoing};
use super::{BlobError, Container, ContainerInfo, ObjectId, View};
use crate::settings::{BLOB_AHEAD_BYTES_MAX, BLOB_READ_BYTES_MAX, NAMES_MAX};

/// What a function answers with: the outer error traps, the inner one is told.
type Told<T> = wasmtime::Result<Result<T, String>>;

/// The names of a container's objects, as far as the guest has read them.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Names {
    container: String,
    /// Read from the store and not yet by the guest, last first.
    page: Vec<String>,
    after: Option<String>,
    ended: bool,
}

fn told<T>(answer: Result<T, BlobError>) -> Told<T> {
    Ok(answer.map_err(|error| error.to_string()))
}

impl View<'_> {
    fn opened(&mut self, name: String, info: Result<ContainerInfo, BlobError>) -> Told<Resource<Container>> {
        match info {
            Ok(info) => Ok(Ok(self.table.push(Container { name, info })?)),
            Err(error) => Ok(Err(error.to_string())),
        }
    }

    fn name_of(&self, container: &Resource<Container>) -> wasmtime::Result<String> {
        Ok(self.table.get(container)?.name.clone())
    }

    /// Sees to it that there is a name to read, unless there is none.
    async fn fill(&mut self, names: &Resource<Names>) -> wasmtime::Result<Result<(), BlobError>> {
        let state = self.table.get(names)?;
        if state.ended || !state.page.is_empty() {
            return Ok(Ok(()));
        }
        let page = self.store.list(state.container.clone(), state.after.clone()).await;
        let state = self.table.get_mut(names)?;
        Ok(page.map(|mut page| {
            state.ended = page.is_empty();
            state.after = page.last().cloned();
            page.reverse();
            state.page = page;
        }))
    }

    /// Reads up to `wanted` names, and whether that was all.
    async fn read(&mut self, names: &Resource<Names>, wanted: u64) -> Told<(Vec<String>, bool)> {
        let wanted = usize::try_from(wanted).unwrap_or(NAMES_MAX).min(NAMES_MAX);
        let mut read = Vec::new();
        while read.len() < wanted {
            if let Err(error) = self.fill(names).await? {
                return Ok(Err(error.to_string()));
            }
            match self.table.get_mut(names)?.page.pop() {
                Some(name) => read.push(name),
                None => return Ok(Ok((read, true))),
            }
        }
        // Looked at, so that a guest need not ask once more to be told that there is nothing.
        told(self.fill(names).await?)?.map_or_else(
            |why| Ok(Err(why)),
            |()| {
                let state = self.table.get(names)?;
                Ok(Ok((read, state.ended)))
            },
        )
    }
}

impl blobstore::Host for View<'_> {
    async fn create_container(&mut self, name: String) -> Told<Resource<Container>> {
        let info = self.store.create_container(name.clone()).await;
        self.opened(name, info)
    }

    async fn get_container(&mut self, name: String) -> Told<Resource<Container>> {
        let info = self.store.container(name.clone()).await;
        self.opened(name, info)
    }

    async fn delete_container(&mut self, name: String) -> Told<()> {
        told(self.store.delete_container(name).await)
    }

    async fn container_exists(&mut self, name: String) -> Told<bool> {
        told(match self.store.container(name).await {
            Ok(_) => Ok(true),
            Err(BlobError::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        })
    }

    async fn copy_object(&mut self, from: types::ObjectId, to: types::ObjectId) -> Told<()> {
        told(self.store.copy(id(from), id(to)).await)
    }

    async fn move_object(&mut self, from: types::ObjectId, to: types::ObjectId) -> Told<()> {
        let from = id(from);
        let to = id(to);
        if from == to {
            return Ok(Ok(()));
        }
        told(match self.store.copy(from.clone(), to).await {
            Ok(()) => self.store.delete(from.container, vec![from.object]).await,
            Err(error) => Err(error),
        })
    }
}

fn id(id: types::ObjectId) -> ObjectId {
    ObjectId { container: id.container, object: id.object }
}

impl container::Host for View<'_> {}

impl container::HostContainer for View<'_> {
    async fn name(&mut self, container: Resource<Container>) -> Told<String> {
        Ok(Ok(self.name_of(&container)?))
    }

    async fn info(&mut self, container: Resource<Container>) -> Told<types::ContainerMetadata> {
        let container = self.table.get(&container)?;
        Ok(Ok(types::ContainerMetadata { name: container.name.clone(), created_at: container.info.created_at }))
    }

    async fn get_data(
        &mut self,
        container: Resource<Container>,
        object: String,
        start: u64,
        end: u64,
    ) -> Told<Resource<Incoming>> {
        if start > end {
            return Ok(Err(format!("the range {start}..={end} ends before it starts")));
        }
        match self.store.get(self.name_of(&container)?, object, start, end).await {
            Ok(blob) => Ok(Ok(self.table.push(Incoming(blob))?)),
            Err(error) => Ok(Err(error.to_string())),
        }
    }

    async fn write_data(
        &mut self,
        container: Resource<Container>,
        object: String,
        value: Resource<Outgoing>,
    ) -> Told<()> {
        let container = self.name_of(&container)?;
        told(self.table.get_mut(&value)?.send(self.store, container, object))
    }

    async fn list_objects(&mut self, container: Resource<Container>) -> Told<Resource<Names>> {
        let container = self.name_of(&container)?;
        Ok(Ok(self.table.push(Names { container, page: Vec::new(), after: None, ended: false })?))
    }

    async fn delete_object(&mut self, container: Resource<Container>, object: String) -> Told<()> {
        told(self.store.delete(self.name_of(&container)?, vec![object]).await)
    }

    async fn delete_objects(&mut self, container: Resource<Container>, objects: Vec<String>) -> Told<()> {
        told(self.store.delete(self.name_of(&container)?, objects).await)
    }

    async fn has_object(&mut self, container: Resource<Container>, object: String) -> Told<bool> {
        told(match self.store.info(self.name_of(&container)?, object).await {
            Ok(_) => Ok(true),
            Err(BlobError::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        })
    }

    async fn object_info(&mut self, container: Resource<Container>, object: String) -> Told<types::ObjectMetadata> {
        let container = self.name_of(&container)?;
        told(self.store.info(container.clone(), object.clone()).await.map(|info| types::ObjectMetadata {
            name: object,
            container,
            created_at: info.created_at,
            size: info.bytes,
        }))
    }

    async fn clear(&mut self, container: Resource<Container>) -> Told<()> {
        told(self.store.clear(self.name_of(&container)?).await)
    }

    async fn drop(&mut self, container: Resource<Container>) -> wasmtime::Result<()> {
        self.table.delete(container)?;
        Ok(())
    }
}

impl container::HostStreamObjectNames for View<'_> {
    async fn read_stream_object_names(&mut self, names: Resource<Names>, len: u64) -> Told<(Vec<String>, bool)> {
        self.read(&names, len).await
    }

    async fn skip_stream_object_names(&mut self, names: Resource<Names>, num: u64) -> Told<(u64, bool)> {
        Ok(self.read(&names, num).await?.map(|(names, ended)| (names.len() as u64, ended)))
    }

    async fn drop(&mut self, names: Resource<Names>) -> wasmtime::Result<()> {
        self.table.delete(names)?;
        Ok(())
    }
}

impl types::Host for View<'_> {}

impl types::HostOutgoingValue for View<'_> {
    async fn new_outgoing_value(&mut self) -> wasmtime::Result<Resource<Outgoing>> {
        let room = self.ahead.get_or_insert_with(|| Arc::new(Semaphore::new(BLOB_AHEAD_BYTES_MAX))).clone();
        Ok(self.table.push(Outgoing::new(room))?)
    }

    async fn outgoing_value_write_body(
        &mut self,
        value: Resource<Outgoing>,
    ) -> wasmtime::Result<Result<Resource<DynOutputStream>, ()>> {
        let Some(writer) = self.table.get_mut(&value)?.stream() else { return Ok(Err(())) };
        let stream: DynOutputStream = Box::new(writer);
        Ok(Ok(self.table.push_child(stream, &value)?))
    }

    async fn finish(&mut self, value: Resource<Outgoing>) -> Told<()> {
        told(self.table.delete(value)?.finish().await)
    }

    async fn drop(&mut self, value: Resource<Outgoing>) -> wasmtime::Result<()> {
        self.table.delete(value)?;
        Ok(())
    }
}

impl types::HostIncomingValue for View<'_> {
    async fn incoming_value_consume_sync(&mut self, value: Resource<Incoming>) -> Told<Vec<u8>> {
        let Incoming(blob) = self.table.delete(value)?;
        if blob.bytes > BLOB_READ_BYTES_MAX {
            let bytes = blob.bytes;
            return Ok(Err(format!(
                "the value is {bytes} bytes long, and {BLOB_READ_BYTES_MAX} may be read at once: read it as a stream"
            )));
        }
        let mut all = Vec::new();
        let mut data = blob.data;
        while let Some(piece) = data.next().await {
            match piece {
                Ok(piece) => all.extend_from_slice(&piece),
                Err(error) => return Ok(Err(error.to_string())),
            }
            if all.len() as u64 > BLOB_READ_BYTES_MAX {
                return Ok(Err("the store sent more than it said".to_owned()));
            }
        }
        Ok(Ok(all))
    }

    async fn incoming_value_consume_async(&mut self, value: Resource<Incoming>) -> Told<Resource<DynInputStream>> {
        let Incoming(blob) = self.table.delete(value)?;
        let reader = StreamReader::new(blob.data.map_err(std::io::Error::other));
        let stream: DynInputStream = Box::new(AsyncReadStream::new(reader));
        Ok(Ok(self.table.push(stream)?))
    }

    async fn size(&mut self, value: Resource<Incoming>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&value)?.0.bytes)
    }

    async fn drop(&mut self, value: Resource<Incoming>) -> wasmtime::Result<()> {
        self.table.delete(value)?;
        Ok(())
    }
}
