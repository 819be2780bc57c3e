//! The bytes of objects on their way: from a guest into the store, and back.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream;
use tokio::sync::{Semaphore, mpsc, oneshot};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

use super::{Blob, BlobError, Blobs, Data};
use crate::settings::BODY_CHUNK_BYTES_MAX;

/// What a piece costs beside its bytes, so that a million pieces of one byte are no way around the bound.
const PIECE_BYTES: usize = 128;

/// An object, or a part of one, that the store has begun to send.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Incoming(pub(super) Blob);

/// An object that a guest makes.
///
/// It may be written before or after it is told where it goes; what is written before is held here, within a bound.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Outgoing {
    /// Until the guest has taken it as a stream.
    sender: Option<mpsc::UnboundedSender<Bytes>>,
    /// Until it is known where it goes.
    receiver: Option<mpsc::UnboundedReceiver<Bytes>>,
    room: Arc<Semaphore>,
    upload: Option<Upload>,
}

struct Upload {
    /// Says that nothing is missing: without it, the end of the bytes is no end of the object.
    finish: oneshot::Sender<()>,
    done: oneshot::Receiver<Result<(), BlobError>>,
}

impl Outgoing {
    pub(super) fn new(room: Arc<Semaphore>) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self { sender: Some(sender), receiver: Some(receiver), room, upload: None }
    }

    /// The guest's end, once.
    pub(super) fn stream(&mut self) -> Option<Writer> {
        Some(Writer { sender: self.sender.take()?, room: self.room.clone() })
    }

    /// Begins to send it to where it goes.
    pub(super) fn send(&mut self, store: &dyn Blobs, container: String, object: String) -> Result<(), BlobError> {
        let receiver = self.receiver.take();
        let receiver = receiver.ok_or_else(|| BlobError::Other("this value was written already".to_owned()))?;
        let (finish, finished) = oneshot::channel();
        let (tell, done) = oneshot::channel();
        let put = store.put(container, object, data(receiver, self.room.clone(), finished));
        drop(tokio::spawn(async move {
            // Whoever waits for it may be gone.
            drop(tell.send(put.await));
        }));
        self.upload = Some(Upload { finish, done });
        Ok(())
    }

    /// Says that it is complete, and waits until the store has it.
    pub(super) async fn finish(mut self) -> Result<(), BlobError> {
        self.sender = None;
        let Some(upload) = self.upload.take() else {
            return Err(BlobError::Other("the value was written to no container".to_owned()));
        };
        // An error means that the store has given up, and says why below.
        upload.finish.send(()).unwrap_or_default();
        upload.done.await.unwrap_or_else(|_| Err(BlobError::Other("the store ended".to_owned())))
    }
}

/// Pieces as they come, and an error at their end if the guest went without saying that this is all.
fn data(receiver: mpsc::UnboundedReceiver<Bytes>, room: Arc<Semaphore>, finished: oneshot::Receiver<()>) -> Data {
    Box::pin(stream::unfold(Some((receiver, finished)), move |state| {
        let room = room.clone();
        async move {
            let (mut receiver, finished) = state?;
            match receiver.recv().await {
                Some(piece) => {
                    room.add_permits(piece.len() + PIECE_BYTES);
                    Some((Ok(piece), Some((receiver, finished))))
                }
                None => match finished.await {
                    Ok(()) => None,
                    Err(_) => Some((Err(BlobError::Other("the guest did not finish the value".to_owned())), None)),
                },
            }
        }
    }))
}

/// The guest's end of an [`Outgoing`].
pub(crate) struct Writer {
    sender: mpsc::UnboundedSender<Bytes>,
    room: Arc<Semaphore>,
}

#[async_trait::async_trait]
impl Pollable for Writer {
    async fn ready(&mut self) {
        tokio::select! {
            // Closed: whoever asks next is told.
            () = self.sender.closed() => {}
            // Given back at once: nobody else writes here.
            _room = self.room.acquire_many(as_permits(PIECE_BYTES + 1)) => {}
        }
    }
}

impl OutputStream for Writer {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        match self.room.try_acquire_many(as_permits(bytes.len() + PIECE_BYTES)) {
            Ok(room) => room.forget(),
            Err(_) => return Err(StreamError::Trap(wasmtime::Error::msg("more was written than was permitted"))),
        }
        self.sender.send(bytes).map_err(|_| StreamError::Closed)
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        if self.sender.is_closed() {
            return Err(StreamError::Closed);
        }
        Ok(self.room.available_permits().saturating_sub(PIECE_BYTES).min(BODY_CHUNK_BYTES_MAX))
    }
}

fn as_permits(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures::StreamExt as _;

    use super::super::{Answer, ContainerInfo, ObjectId, ObjectInfo};
    use super::*;
    use crate::settings::BLOB_AHEAD_BYTES_MAX;

    /// Keeps what came last, or why it did not.
    #[derive(Clone, Default)]
    struct Last(Arc<Mutex<Option<Stored>>>);

    type Stored = Result<Vec<u8>, BlobError>;

    impl Blobs for Last {
        fn put(&self, _: String, _: String, mut data: Data) -> Answer<()> {
            let last = self.0.clone();
            Box::pin(async move {
                let mut all = Ok(Vec::new());
                while let Some(piece) = data.next().await {
                    match (piece, &mut all) {
                        (Ok(piece), Ok(all)) => all.extend_from_slice(&piece),
                        (Err(why), _) => all = Err(why),
                        (Ok(_), Err(_)) => {}
                    }
                }
                let answer = all.clone().map(|_| ());
                *last.lock().unwrap() = Some(all);
                answer
            })
        }

        fn create_container(&self, container: String) -> Answer<ContainerInfo> {
            ().create_container(container)
        }

        fn container(&self, container: String) -> Answer<ContainerInfo> {
            ().container(container)
        }

        fn delete_container(&self, container: String) -> Answer<()> {
            ().delete_container(container)
        }

        fn clear(&self, container: String) -> Answer<()> {
            ().clear(container)
        }

        fn list(&self, container: String, after: Option<String>) -> Answer<Vec<String>> {
            ().list(container, after)
        }

        fn info(&self, container: String, object: String) -> Answer<ObjectInfo> {
            ().info(container, object)
        }

        fn get(&self, container: String, object: String, start: u64, end: u64) -> Answer<Blob> {
            ().get(container, object, start, end)
        }

        fn delete(&self, container: String, objects: Vec<String>) -> Answer<()> {
            ().delete(container, objects)
        }

        fn copy(&self, from: ObjectId, to: ObjectId) -> Answer<()> {
            ().copy(from, to)
        }
    }

    fn value() -> (Outgoing, Writer) {
        let mut value = Outgoing::new(Arc::new(Semaphore::new(BLOB_AHEAD_BYTES_MAX)));
        let writer = value.stream().unwrap();
        assert!(value.stream().is_none(), "once");
        (value, writer)
    }

    #[tokio::test]
    async fn a_value_may_be_written_before_and_after_it_is_told_where_it_goes() {
        let store = Last::default();
        let (mut value, mut writer) = value();
        writer.write(Bytes::from_static(b"before ")).unwrap();
        value.send(&store, "c".to_owned(), "o".to_owned()).unwrap();
        writer.write(Bytes::from_static(b"after")).unwrap();
        drop(writer);
        value.finish().await.unwrap();
        assert_eq!(*store.0.lock().unwrap(), Some(Ok(b"before after".to_vec())));
    }

    #[tokio::test]
    async fn a_value_that_is_not_finished_never_becomes_an_object() {
        let store = Last::default();
        let (mut value, mut writer) = value();
        value.send(&store, "c".to_owned(), "o".to_owned()).unwrap();
        writer.write(Bytes::from_static(b"half")).unwrap();
        drop(writer);
        let done = value.upload.take().unwrap().done;
        drop(value);
        assert!(done.await.unwrap().is_err());
        assert!(matches!(&*store.0.lock().unwrap(), Some(Err(_))));
    }

    // F42
    #[tokio::test]
    async fn what_waits_to_be_stored_is_bounded() {
        let (mut value, mut writer) = value();
        let mut held = 0;
        loop {
            match writer.check_write().unwrap() {
                0 => break,
                room => {
                    writer.write(Bytes::from(vec![0; room.min(1)])).unwrap();
                    held += PIECE_BYTES + 1;
                }
            }
        }
        assert!(held <= BLOB_AHEAD_BYTES_MAX && held > BLOB_AHEAD_BYTES_MAX - 2 * PIECE_BYTES);
        value.send(&Last::default(), "c".to_owned(), "o".to_owned()).unwrap();
        writer.ready().await;
        assert!(writer.check_write().unwrap() > 0, "there is room again once somebody reads");
    }
}
