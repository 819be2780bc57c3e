//! Messages: publish, ask, receive and reply, through `wasi:messaging`.
//!
//! A component receives with the attribute [`messages`](macro@crate::messages); which topics it receives is said
//! where it is deployed, not here. Publishing and asking wait, as WASI 0.2 has no asynchronous form of them. The
//! trace context of what is being answered travels in the metadata of what is sent.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bindings::messaging::wasi::messaging::{producer, request_reply, types};
use crate::trace;

/// The broker of a [`Client`] that names none.
const DEFAULT_BROKER: &str = "default";

/// Why a message was not sent, answered or handled.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Nothing came in time.
    Timeout,
    /// The broker could not be reached.
    Connection(String),
    /// The workload may not use this topic.
    PermissionDenied(String),
    /// Anything else.
    Other(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Timeout => f.write_str("no reply came in time"),
            Self::Connection(text) => write!(f, "the message broker is not reached: {text}"),
            Self::PermissionDenied(text) => write!(f, "the workload may not use the topic: {text}"),
            Self::Other(text) => write!(f, "messaging failed: {text}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<types::Error> for Error {
    fn from(error: types::Error) -> Self {
        match error {
            types::Error::Timeout => Self::Timeout,
            types::Error::Connection(text) => Self::Connection(text),
            types::Error::PermissionDenied(text) => Self::PermissionDenied(text),
            types::Error::Other(text) => Self::Other(text),
        }
    }
}

/// A message: bytes, their content type, and metadata.
///
/// ```no_run
/// use insula_sdk::messages::Message;
///
/// let plain = Message::from("hello");
/// let json = Message::json(&["salve", "mundi"])?.with_metadata("language", "la");
/// # drop((plain, json));
/// # Ok::<(), insula_sdk::messages::Error>(())
/// ```
#[derive(Debug)]
pub struct Message(types::Message);

impl Message {
    /// A message of these bytes.
    #[must_use]
    pub fn new(body: impl AsRef<[u8]>) -> Self {
        Self(types::Message::new(body.as_ref()))
    }

    /// A message of `value` as JSON.
    ///
    /// # Errors
    /// `value` has no form in JSON.
    pub fn json(value: &(impl Serialize + ?Sized)) -> Result<Self, Error> {
        let body =
            serde_json::to_vec(value).map_err(|error| Error::Other(format!("no JSON of the message: {error}")))?;
        Ok(Self::new(body).with_content_type("application/json"))
    }

    /// The same message with a content type.
    #[must_use]
    pub fn with_content_type(self, content_type: &str) -> Self {
        self.0.set_content_type(content_type);
        self
    }

    /// The same message with one more piece of metadata, in place of what `key` had.
    #[must_use]
    pub fn with_metadata(self, key: &str, value: &str) -> Self {
        self.0.add_metadata(key, value);
        self
    }

    /// The topic it was received on; `None` for one that was made here.
    #[must_use]
    pub fn topic(&self) -> Option<String> {
        self.0.topic()
    }

    /// Its bytes.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        self.0.data()
    }

    /// Its bytes as text.
    ///
    /// # Errors
    /// They are not UTF-8.
    pub fn text(&self) -> Result<String, Error> {
        String::from_utf8(self.body()).map_err(|error| Error::Other(format!("the message is not text: {error}")))
    }

    /// Its bytes read as JSON.
    ///
    /// # Errors
    /// They are not the JSON that was expected.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body())
            .map_err(|error| Error::Other(format!("the message is not the JSON expected: {error}")))
    }

    /// Its content type, if it has one.
    #[must_use]
    pub fn content_type(&self) -> Option<String> {
        self.0.content_type()
    }

    /// A piece of its metadata.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<String> {
        self.0.metadata()?.into_iter().find_map(|(name, value)| (name == key).then_some(value))
    }

    /// Answers it. A message whose sender waits for no reply takes one too, and nothing comes of it.
    ///
    /// ```no_run
    /// # fn example(message: insula_sdk::messages::Message) -> Result<(), insula_sdk::messages::Error> {
    /// message.reply("understood")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The reply could not be sent.
    pub fn reply(&self, reply: impl Into<Message>) -> Result<(), Error> {
        Ok(request_reply::reply(&self.0, traced(reply.into()).0)?)
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&[u8]> for Message {
    fn from(bytes: &[u8]) -> Self {
        Self::new(bytes)
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(bytes)
    }
}

/// A connection to a broker.
///
/// ```no_run
/// use std::time::Duration;
/// use insula_sdk::messages::Client;
///
/// let client = Client::connect("default")?;
/// client.publish("orders", "one codex")?;
/// let answer = client.request("prices", "codex", Duration::from_secs(1))?.text()?;
/// # drop(answer);
/// # Ok::<(), insula_sdk::messages::Error>(())
/// ```
#[derive(Debug)]
pub struct Client(types::Client);

impl Client {
    /// Connects to the broker that the workload knows by `name`.
    ///
    /// # Errors
    /// The workload has no such broker, or it is not reached.
    pub fn connect(name: &str) -> Result<Self, Error> {
        Ok(Self(types::Client::connect(name)?))
    }

    /// Sends a message to whoever receives `topic`.
    ///
    /// # Errors
    /// The broker did not take it.
    pub fn publish(&self, topic: &str, message: impl Into<Message>) -> Result<(), Error> {
        Ok(producer::send(&self.0, topic, traced(message.into()).0)?)
    }

    /// Sends a message and waits for its first reply.
    ///
    /// # Errors
    /// [`Error::Timeout`] if none came in time.
    pub fn request(&self, topic: &str, message: impl Into<Message>, timeout: Duration) -> Result<Message, Error> {
        self.request_many(topic, message, 1, timeout)?.pop().ok_or(Error::Timeout)
    }

    /// Sends a message and waits for `count` replies, or for those that come in time.
    ///
    /// # Errors
    /// [`Error::Timeout`] if none came in time.
    pub fn request_many(
        &self,
        topic: &str,
        message: impl Into<Message>,
        count: u32,
        timeout: Duration,
    ) -> Result<Vec<Message>, Error> {
        let options = request_reply::RequestOptions::new();
        options.set_expected_replies(count);
        options.set_timeout_ms(u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX));
        let replies = request_reply::request(&self.0, topic, &traced(message.into()).0, Some(options))?;
        Ok(replies.into_iter().map(Message).collect())
    }
}

/// Publishes through the broker named `default`.
///
/// ```no_run
/// insula_sdk::messages::publish("orders", "one codex")?;
/// # Ok::<(), insula_sdk::messages::Error>(())
/// ```
///
/// # Errors
/// The workload has no such broker, or it did not take the message.
pub fn publish(topic: &str, message: impl Into<Message>) -> Result<(), Error> {
    Client::connect(DEFAULT_BROKER)?.publish(topic, message)
}

/// Gives a message the trace context of what is being answered, unless it has one of its own.
fn traced(message: Message) -> Message {
    match trace::current() {
        Some(context) if message.metadata(trace::PARENT).is_none() => {
            context.fields().fold(message, |message, (name, value)| message.with_metadata(name, value))
        }
        _ => message,
    }
}

/// What `#[messages]` exports: runs the handler to its end.
pub(crate) fn receive<F, E>(message: types::Message, handler: impl FnOnce(Message) -> F) -> Result<(), types::Error>
where
    F: Future<Output = Result<(), E>>,
    E: std::fmt::Display,
{
    let message = Message(message);
    trace::enter(trace::Context::parse(|name| message.metadata(name)));
    // The alternate form tells the causes of those errors that have any.
    wstd::runtime::block_on(handler(message)).map_err(|error| types::Error::Other(format!("{error:#}")))
}
