//! Containers of objects, through `wasi:blobstore`.
//!
//! Objects stream: [`Container::put`] takes any body of HTTP and [`Container::read`] gives one, so that a workload
//! passes on objects bigger than its memory. Names are the store's affair; nothing is escaped here.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::ops::RangeInclusive;
use std::pin::pin;

use futures_lite::stream;
use wstd::http::Body;
use wstd::http::body::{Bytes, HttpBody as _};
use wstd::io::{AsyncInputStream, AsyncOutputStream};

use crate::bindings::blobstore::wasi::blobstore::{blobstore, container, types};

/// Bytes read from the store at a time.
const PIECE_BYTES: usize = 64 << 10;

/// Names that are asked for at a time.
const NAMES_PER_PAGE: u64 = 1000;

/// What the store says; `wasi:blobstore` has no kinds of errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(String);

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the blob store failed: {}", self.0)
    }
}

impl std::error::Error for Error {}

impl From<String> for Error {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// What the store knows of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// Its size.
    pub size_bytes: u64,
    /// When it was created, in the store's unit: the proposal names none yet.
    pub created_at: u64,
}

/// A named set of objects.
///
/// ```no_run
/// # async fn example() -> Result<(), insula_sdk::blobs::Error> {
/// use insula_sdk::blobs::Container;
///
/// let photos = Container::open_or_create("photos")?;
/// photos.put("cat.jpg", vec![0xff, 0xd8]).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Container(container::Container);

impl Container {
    /// Opens a container that exists.
    ///
    /// # Errors
    /// The store has no such container, or failed.
    pub fn open(name: &str) -> Result<Self, Error> {
        Ok(Self(blobstore::get_container(name)?))
    }

    /// Creates a container.
    ///
    /// # Errors
    /// There is one of this name, or the store failed.
    pub fn create(name: &str) -> Result<Self, Error> {
        Ok(Self(blobstore::create_container(name)?))
    }

    /// Opens a container, and creates it first if need be.
    ///
    /// # Errors
    /// The store failed.
    pub fn open_or_create(name: &str) -> Result<Self, Error> {
        if exists(name)? { Self::open(name) } else { Self::create(name) }
    }

    /// Creates or replaces an object with all of `body`: bytes, text, or the body of a request as it comes.
    ///
    /// # Errors
    /// The store failed, or the body ended too early; then the store has no such object, or the one it had.
    pub async fn put(&self, name: &str, body: impl Into<Body>) -> Result<(), Error> {
        let value = types::OutgoingValue::new_outgoing_value();
        let stream = value.outgoing_value_write_body().map_err(|()| Error("it gives no stream to write to".into()))?;
        // Before the bytes: the store takes them as they come, and what it buffers is bounded.
        self.0.write_data(name, &value)?;
        let stream = AsyncOutputStream::new(stream);
        copy(body.into(), &stream).await?;
        // The value cannot be finished while its stream lives.
        drop(stream);
        Ok(types::OutgoingValue::finish(value)?)
    }

    /// The whole object, or `None` if there is none.
    ///
    /// # Errors
    /// The store failed.
    pub fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let Some(value) = self.value(name, 0..=u64::MAX)? else { return Ok(None) };
        Ok(Some(types::IncomingValue::incoming_value_consume_sync(value)?))
    }

    /// The object as a body to answer or send with, or `None` if there is none.
    ///
    /// ```no_run
    /// # async fn example(photos: insula_sdk::blobs::Container) -> Result<(), insula_sdk::blobs::Error> {
    /// use insula_sdk::http::{Body, Response};
    ///
    /// let body = photos.read("cat.jpg")?.unwrap_or_else(Body::empty);
    /// let response = Response::new(body);
    /// # drop(response);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The store failed. An error of the store while the body is read ends the body early.
    pub fn read(&self, name: &str) -> Result<Option<Body>, Error> {
        self.read_range(name, 0..=u64::MAX)
    }

    /// The bytes of an object at these offsets, or `None` if there is no such object.
    ///
    /// # Errors
    /// As of [`Container::read`].
    pub fn read_range(&self, name: &str, range: RangeInclusive<u64>) -> Result<Option<Body>, Error> {
        let Some(value) = self.value(name, range)? else { return Ok(None) };
        let stream = types::IncomingValue::incoming_value_consume_async(value)?;
        Ok(Some(pieces(AsyncInputStream::new(stream))))
    }

    fn value(&self, name: &str, range: RangeInclusive<u64>) -> Result<Option<types::IncomingValue>, Error> {
        match self.0.get_data(name, *range.start(), *range.end()) {
            Ok(value) => Ok(Some(value)),
            // The error is text alone, so ask what it means.
            Err(error) => {
                if self.0.has_object(name)? {
                    Err(error.into())
                } else {
                    Ok(None)
                }
            }
        }
    }

    /// Whether there is an object of this name.
    ///
    /// # Errors
    /// The store failed.
    pub fn has(&self, name: &str) -> Result<bool, Error> {
        Ok(self.0.has_object(name)?)
    }

    /// What the store knows of an object, or `None` if there is none.
    ///
    /// # Errors
    /// The store failed.
    pub fn info(&self, name: &str) -> Result<Option<Info>, Error> {
        match self.0.object_info(name) {
            Ok(found) => Ok(Some(Info { size_bytes: found.size, created_at: found.created_at })),
            Err(error) => {
                if self.0.has_object(name)? {
                    Err(error.into())
                } else {
                    Ok(None)
                }
            }
        }
    }

    /// Removes an object, if it is there.
    ///
    /// # Errors
    /// The store failed.
    pub fn delete(&self, name: &str) -> Result<(), Error> {
        Ok(self.0.delete_object(name)?)
    }

    /// Removes those of several objects that are there.
    ///
    /// # Errors
    /// The store failed.
    pub fn delete_many<N: Into<String>>(&self, names: impl IntoIterator<Item = N>) -> Result<(), Error> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        Ok(self.0.delete_objects(&names)?)
    }

    /// The names of all objects, in no order, asked for a page at a time.
    ///
    /// ```no_run
    /// # let photos = insula_sdk::blobs::Container::open("photos")?;
    /// let names: Vec<String> = photos.names()?.collect::<Result<_, _>>()?;
    /// # drop(names);
    /// # Ok::<(), insula_sdk::blobs::Error>(())
    /// ```
    ///
    /// # Errors
    /// The store failed.
    pub fn names(&self) -> Result<Names, Error> {
        Ok(Names { rest: Some(self.0.list_objects()?), page: VecDeque::new() })
    }

    /// Removes every object.
    ///
    /// # Errors
    /// The store failed.
    pub fn clear(&self) -> Result<(), Error> {
        Ok(self.0.clear()?)
    }
}

/// Whether there is a container of this name.
///
/// # Errors
/// The store failed.
pub fn exists(container: &str) -> Result<bool, Error> {
    Ok(blobstore::container_exists(container)?)
}

/// Removes a container with all its objects.
///
/// # Errors
/// The store failed.
pub fn delete(container: &str) -> Result<(), Error> {
    Ok(blobstore::delete_container(container)?)
}

/// Copies an object, each named by container and object, over what was there.
///
/// ```no_run
/// insula_sdk::blobs::copy_object(("photos", "cat.jpg"), ("backup", "cat.jpg"))?;
/// # Ok::<(), insula_sdk::blobs::Error>(())
/// ```
///
/// # Errors
/// There is no such object or container, or the store failed.
pub fn copy_object(from: (&str, &str), to: (&str, &str)) -> Result<(), Error> {
    Ok(blobstore::copy_object(&id(from), &id(to))?)
}

/// Moves or renames an object, over what was there.
///
/// # Errors
/// As of [`copy_object`].
pub fn move_object(from: (&str, &str), to: (&str, &str)) -> Result<(), Error> {
    Ok(blobstore::move_object(&id(from), &id(to))?)
}

fn id((container, object): (&str, &str)) -> types::ObjectId {
    types::ObjectId { container: container.to_owned(), object: object.to_owned() }
}

/// The names of a container's objects: what [`Container::names`] returns. It ends after the first error.
#[derive(Debug)]
pub struct Names {
    rest: Option<container::StreamObjectNames>,
    page: VecDeque<String>,
}

impl Iterator for Names {
    type Item = Result<String, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.page.is_empty() {
            let rest = self.rest.take()?;
            match rest.read_stream_object_names(NAMES_PER_PAGE) {
                Ok((names, ended)) => {
                    self.page = names.into();
                    self.rest = (!ended).then_some(rest);
                }
                Err(error) => return Some(Err(error.into())),
            }
        }
        self.page.pop_front().map(Ok)
    }
}

/// Writes all of `body` to `stream`.
async fn copy(body: Body, stream: &AsyncOutputStream) -> Result<(), Error> {
    let mut body = pin!(body.into_boxed_body());
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let frame = frame.map_err(|error| Error(format!("the object's bytes ended too early: {error:#}")))?;
        if let Ok(bytes) = frame.into_data() {
            stream.write_all(&bytes).await.map_err(|error| Error(error.to_string()))?;
        }
    }
    stream.flush().await.map_err(|error| Error(error.to_string()))
}

/// What comes from `stream`, as a body.
fn pieces(stream: AsyncInputStream) -> Body {
    Body::from_try_stream(stream::try_unfold(stream, |stream| async move {
        let mut piece = vec![0; PIECE_BYTES];
        let length = stream.read(&mut piece).await?;
        piece.truncate(length);
        Ok::<_, std::io::Error>((length > 0).then(|| (Bytes::from(piece), stream)))
    }))
}
