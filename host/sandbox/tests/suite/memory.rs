//! Stores and a broker in memory, as simple as they can be, for guests to be tried against.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::future::{BoxFuture, ready};
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use sandbox::{
    Blob, BlobAnswer, BlobError, Blobs, ContainerInfo, Data, KeyValue, KeyValueAnswer, KeyValueError, Message,
    MessageError, Messages, ObjectId, ObjectInfo,
};

/// Has the bucket `default`; `secret` is there and not granted.
#[derive(Clone, Default)]
pub(crate) struct Store(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

impl Store {
    fn with<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut BTreeMap<String, Vec<u8>>) -> Result<T, KeyValueError>,
    ) -> KeyValueAnswer<T> {
        ready(act(&mut self.0.lock().unwrap())).boxed()
    }
}

impl KeyValue for Store {
    fn open(&self, bucket: &str) -> Result<(), KeyValueError> {
        match bucket {
            "default" => Ok(()),
            "secret" => Err(KeyValueError::AccessDenied),
            _ => Err(KeyValueError::NoSuchStore),
        }
    }

    fn get(&self, _: Arc<str>, keys: Vec<String>) -> KeyValueAnswer<Vec<Option<Vec<u8>>>> {
        self.with(|all| Ok(keys.iter().map(|key| all.get(key).cloned()).collect()))
    }

    fn set(&self, _: Arc<str>, pairs: Vec<(String, Vec<u8>)>) -> KeyValueAnswer<()> {
        self.with(|all| {
            all.extend(pairs);
            Ok(())
        })
    }

    fn delete(&self, _: Arc<str>, keys: Vec<String>) -> KeyValueAnswer<()> {
        self.with(|all| {
            all.retain(|key, _| !keys.contains(key));
            Ok(())
        })
    }

    fn exists(&self, _: Arc<str>, key: String) -> KeyValueAnswer<bool> {
        self.with(|all| Ok(all.contains_key(&key)))
    }

    /// Two keys at a time.
    fn keys(&self, _: Arc<str>, cursor: Option<u64>) -> KeyValueAnswer<(Vec<String>, Option<u64>)> {
        self.with(|all| {
            let from = cursor.unwrap_or(0);
            let keys = all.keys().skip(usize::try_from(from).unwrap()).take(2).cloned().collect();
            Ok((keys, Some(from + 2).filter(|next| *next < all.len() as u64)))
        })
    }

    fn increment(&self, _: Arc<str>, key: String, delta: u64) -> KeyValueAnswer<u64> {
        self.with(|all| {
            let text =
                all.get(&key).map_or_else(|| "0".to_owned(), |value| String::from_utf8_lossy(value).into_owned());
            let number: u64 = text.parse().map_err(|_| KeyValueError::Other(format!("{text:?} is no number")))?;
            let sum = number + delta;
            all.insert(key, sum.to_string().into_bytes());
            Ok(sum)
        })
    }
}

type Objects = BTreeMap<String, Bytes>;

/// Has what is created.
#[derive(Clone, Default)]
pub(crate) struct Shelf(pub(crate) Arc<Mutex<BTreeMap<String, Objects>>>);

impl Shelf {
    fn with<T: Send + 'static>(
        &self,
        container: &str,
        act: impl FnOnce(&mut Objects) -> Result<T, BlobError>,
    ) -> BlobAnswer<T> {
        let mut all = self.0.lock().unwrap();
        let found = all.get_mut(container).ok_or_else(|| BlobError::NotFound(container.to_owned()));
        ready(found.and_then(act)).boxed()
    }
}

fn found<'a>(objects: &'a Objects, name: &str) -> Result<&'a Bytes, BlobError> {
    objects.get(name).ok_or_else(|| BlobError::NotFound(name.to_owned()))
}

impl Blobs for Shelf {
    fn create_container(&self, container: String) -> BlobAnswer<ContainerInfo> {
        if container == "forbidden" {
            return ready(Err(BlobError::Denied(container))).boxed();
        }
        self.0.lock().unwrap().entry(container).or_default();
        ready(Ok(ContainerInfo { created_at: 1 })).boxed()
    }

    fn container(&self, container: String) -> BlobAnswer<ContainerInfo> {
        self.with(&container, |_| Ok(ContainerInfo { created_at: 1 }))
    }

    fn delete_container(&self, container: String) -> BlobAnswer<()> {
        self.0.lock().unwrap().remove(&container);
        ready(Ok(())).boxed()
    }

    fn clear(&self, container: String) -> BlobAnswer<()> {
        self.with(&container, |objects| {
            objects.clear();
            Ok(())
        })
    }

    /// Two names at a time.
    fn list(&self, container: String, after: Option<String>) -> BlobAnswer<Vec<String>> {
        self.with(&container, |objects| {
            let later = objects.keys().filter(|name| after.as_ref().is_none_or(|after| *name > after));
            Ok(later.take(2).cloned().collect())
        })
    }

    fn info(&self, container: String, object: String) -> BlobAnswer<ObjectInfo> {
        self.with(&container, |objects| {
            found(objects, &object).map(|bytes| ObjectInfo { created_at: 2, bytes: bytes.len() as u64 })
        })
    }

    /// In pieces of 1,000 bytes.
    fn get(&self, container: String, object: String, start: u64, end: u64) -> BlobAnswer<Blob> {
        self.with(&container, |objects| {
            let bytes = found(objects, &object)?;
            let at = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
            let part = bytes.slice(at(start)..at(end.saturating_add(1)));
            let pieces: Vec<_> = part.chunks(1_000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
            Ok(Blob { bytes: part.len() as u64, data: stream::iter(pieces).boxed() })
        })
    }

    fn put(&self, container: String, object: String, data: Data) -> BlobAnswer<()> {
        let this = self.clone();
        async move {
            let pieces: Vec<Bytes> = data.try_collect().await?;
            let mut all = this.0.lock().unwrap();
            let objects = all.get_mut(&container).ok_or(BlobError::NotFound(container))?;
            objects.insert(object, pieces.concat().into());
            Ok(())
        }
        .boxed()
    }

    fn delete(&self, container: String, gone: Vec<String>) -> BlobAnswer<()> {
        self.with(&container, |objects| {
            objects.retain(|name, _| !gone.contains(name));
            Ok(())
        })
    }

    fn copy(&self, from: ObjectId, to: ObjectId) -> BlobAnswer<()> {
        let mut all = self.0.lock().unwrap();
        let copied = all.get(&from.container).and_then(|objects| objects.get(&from.object)).cloned();
        let done = match (copied, all.get_mut(&to.container)) {
            (Some(bytes), Some(objects)) => {
                objects.insert(to.object, bytes);
                Ok(())
            }
            _ => Err(BlobError::NotFound(from.object)),
        };
        ready(done).boxed()
    }
}

/// Keeps what is sent; `deaf` topics are never answered, `closed` ones denied.
#[derive(Clone, Default)]
pub(crate) struct Broker(pub(crate) Arc<Mutex<Vec<(String, Message)>>>);

impl Messages for Broker {
    fn send(&self, topic: String, message: Message) -> BoxFuture<'static, Result<(), MessageError>> {
        if topic == "closed" {
            return ready(Err(MessageError::PermissionDenied(topic))).boxed();
        }
        self.0.lock().unwrap().push((topic, message));
        ready(Ok(())).boxed()
    }

    fn request(
        &self,
        topic: String,
        message: Message,
        _: Duration,
        replies: u32,
    ) -> BoxFuture<'static, Result<Vec<Message>, MessageError>> {
        assert_eq!(replies, 1);
        let answer = Message { data: [b"heard ", &message.data[..]].concat(), ..Message::default() };
        ready(if topic == "deaf" { Err(MessageError::Timeout) } else { Ok(vec![answer]) }).boxed()
    }

    fn reply(&self, reply_to: String, message: Message) -> BoxFuture<'static, Result<(), MessageError>> {
        self.send(reply_to, message)
    }
}
