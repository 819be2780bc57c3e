//! `wasi:messaging` 0.2.0-draft: messages that guests send, and those they are given.
//!
//! Absent: any broker. What leaves a guest goes through [`Messages`]; what comes for it is given to
//! [`crate::Workload::deliver`].

use std::time::Duration;

use futures::future::BoxFuture;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable, ResourceTableError};

use crate::guest::Guest;
use crate::settings::{MESSAGE_METADATA_MAX, MESSAGES_HELD_BYTES_MAX, REPLIES_MAX, REPLY_TIMEOUT};

pub(crate) mod bindings {
    wasmtime::component::bindgen!({
        path: "../../sdk/wit",
        world: "insula:sdk/message-handler",
        imports: { default: async | trappable },
        exports: { default: async },
        with: {
            "wasi:messaging/types.message": super::Message,
            "wasi:messaging/types.client": super::Client,
            "wasi:messaging/request-reply.request-options": super::Options,
        },
        trappable_error_type: { "wasi:messaging/types.error" => super::MessageError },
    });
}

use bindings::wasi::messaging::{producer, request_reply, types};

/// A message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// What it was received on; empty for one that a guest makes.
    pub topic: String,
    /// Its format, as the sender says.
    pub content_type: Option<String>,
    /// What it says.
    pub data: Vec<u8>,
    /// What is attached to it.
    pub metadata: Vec<(String, String)>,
    /// Where answers go, if the sender waits for any: opaque to guests.
    pub reply_to: Option<String>,
}

/// Carries the messages of guests. Futures may be dropped at any time.
pub trait Messages: Send + Sync + 'static {
    /// Sends a message to whoever listens on `topic`.
    fn send(&self, topic: String, message: Message) -> BoxFuture<'static, Result<(), MessageError>>;
    /// Sends a message and waits for answers: until there are `replies` of them or `timeout` is over, with at least one.
    fn request(
        &self,
        topic: String,
        message: Message,
        timeout: Duration,
        replies: u32,
    ) -> BoxFuture<'static, Result<Vec<Message>, MessageError>>;
    /// Answers a message by its `reply_to`.
    fn reply(&self, reply_to: String, message: Message) -> BoxFuture<'static, Result<(), MessageError>>;
}

/// Why a message was not carried. The guest is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Nobody answered in time.
    #[error("timeout")]
    Timeout,
    /// The broker cannot be reached.
    #[error("{0}")]
    Connection(String),
    /// The workload may not.
    #[error("permission denied: {0}")]
    PermissionDenied(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl From<ResourceTableError> for MessageError {
    fn from(error: ResourceTableError) -> Self {
        Self::Other(error.to_string())
    }
}

/// Carries nothing.
impl Messages for () {
    fn send(&self, topic: String, _: Message) -> BoxFuture<'static, Result<(), MessageError>> {
        denied(&topic)
    }

    fn request(
        &self,
        topic: String,
        _: Message,
        _: Duration,
        _: u32,
    ) -> BoxFuture<'static, Result<Vec<Message>, MessageError>> {
        denied(&topic)
    }

    fn reply(&self, reply_to: String, _: Message) -> BoxFuture<'static, Result<(), MessageError>> {
        denied(&reply_to)
    }
}

fn denied<T: Send + 'static>(topic: &str) -> BoxFuture<'static, Result<T, MessageError>> {
    let error = MessageError::PermissionDenied(format!("this workload may not send to {topic:?}"));
    Box::pin(std::future::ready(Err(error)))
}

/// A guest's connection. There is nothing behind it: all of a workload's go to the same broker.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Client;

/// How a guest wants to wait for answers.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
#[derive(Default)]
pub struct Options {
    timeout: Option<Duration>,
    replies: Option<u32>,
}

/// One instance's view of its broker.
pub(crate) struct View<'a> {
    pub(crate) broker: &'a dyn Messages,
    pub(crate) table: &'a mut ResourceTable,
    /// What the instance's messages take of the host's memory.
    pub(crate) held_bytes: &'a mut usize,
}

struct Has;

impl HasData for Has {
    type Data<'a> = View<'a>;
}

pub(crate) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    types::add_to_linker::<_, Has>(linker, Guest::messages)?;
    producer::add_to_linker::<_, Has>(linker, Guest::messages)?;
    request_reply::add_to_linker::<_, Has>(linker, Guest::messages)
}

impl types::Host for View<'_> {
    fn convert_error(&mut self, error: MessageError) -> wasmtime::Result<types::Error> {
        Ok(match error {
            MessageError::Timeout => types::Error::Timeout,
            MessageError::Connection(why) => types::Error::Connection(why),
            MessageError::PermissionDenied(why) => types::Error::PermissionDenied(why),
            MessageError::Other(why) => types::Error::Other(why),
        })
    }
}

impl types::HostClient for View<'_> {
    async fn connect(&mut self, _name: String) -> Result<Resource<Client>, MessageError> {
        Ok(self.table.push(Client)?)
    }

    async fn disconnect(&mut self, client: Resource<Client>) -> Result<(), MessageError> {
        self.table.get(&client)?;
        Ok(())
    }

    async fn drop(&mut self, client: Resource<Client>) -> wasmtime::Result<()> {
        self.table.delete(client)?;
        Ok(())
    }
}

impl Message {
    /// What it takes of the host's memory.
    fn bytes(&self) -> usize {
        let metadata = self.metadata.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
        self.data.len() + metadata + self.content_type.as_ref().map_or(0, String::len)
    }
}

impl View<'_> {
    /// Changes a message, unless the instance would hold too much then: the interface has no error for it, so a guest
    /// that goes beyond traps.
    fn change(&mut self, message: &Resource<Message>, change: impl FnOnce(&mut Message)) -> wasmtime::Result<()> {
        let message = self.table.get_mut(message)?;
        let before = message.bytes();
        change(message);
        let metadata = message.metadata.len();
        *self.held_bytes = (*self.held_bytes + message.bytes()).saturating_sub(before);
        if metadata > MESSAGE_METADATA_MAX {
            return Err(wasmtime::Error::msg(format!(
                "more than {MESSAGE_METADATA_MAX} entries in a message's metadata"
            )));
        }
        if *self.held_bytes > MESSAGES_HELD_BYTES_MAX {
            return Err(wasmtime::Error::msg(format!(
                "messages of more than {MESSAGES_HELD_BYTES_MAX} bytes are held"
            )));
        }
        Ok(())
    }

    /// Takes a message out of the guest's hands.
    fn take(&mut self, message: Resource<Message>) -> Result<Message, ResourceTableError> {
        let message = self.table.delete(message)?;
        *self.held_bytes = self.held_bytes.saturating_sub(message.bytes());
        Ok(message)
    }
}

impl types::HostMessage for View<'_> {
    async fn new(&mut self, data: Vec<u8>) -> wasmtime::Result<Resource<Message>> {
        let message = self.table.push(Message::default())?;
        self.change(&message, |message| message.data = data)?;
        Ok(message)
    }

    async fn topic(&mut self, message: Resource<Message>) -> wasmtime::Result<Option<String>> {
        let topic = &self.table.get(&message)?.topic;
        Ok((!topic.is_empty()).then(|| topic.clone()))
    }

    async fn content_type(&mut self, message: Resource<Message>) -> wasmtime::Result<Option<String>> {
        Ok(self.table.get(&message)?.content_type.clone())
    }

    async fn set_content_type(&mut self, message: Resource<Message>, content_type: String) -> wasmtime::Result<()> {
        self.change(&message, |message| message.content_type = Some(content_type))
    }

    async fn data(&mut self, message: Resource<Message>) -> wasmtime::Result<Vec<u8>> {
        Ok(self.table.get(&message)?.data.clone())
    }

    async fn set_data(&mut self, message: Resource<Message>, data: Vec<u8>) -> wasmtime::Result<()> {
        self.change(&message, |message| message.data = data)
    }

    async fn metadata(&mut self, message: Resource<Message>) -> wasmtime::Result<Option<types::Metadata>> {
        let metadata = &self.table.get(&message)?.metadata;
        Ok((!metadata.is_empty()).then(|| metadata.clone()))
    }

    async fn add_metadata(&mut self, message: Resource<Message>, key: String, value: String) -> wasmtime::Result<()> {
        self.change(&message, |message| {
            message.metadata.retain(|(known, _)| *known != key);
            message.metadata.push((key, value));
        })
    }

    async fn set_metadata(&mut self, message: Resource<Message>, new: types::Metadata) -> wasmtime::Result<()> {
        self.change(&message, |message| message.metadata = new)
    }

    async fn remove_metadata(&mut self, message: Resource<Message>, key: String) -> wasmtime::Result<()> {
        self.change(&message, |message| message.metadata.retain(|(known, _)| *known != key))
    }

    async fn drop(&mut self, message: Resource<Message>) -> wasmtime::Result<()> {
        self.take(message)?;
        Ok(())
    }
}

impl View<'_> {
    /// What becomes of a message that a guest sends: what it was received by is not for its receivers.
    fn sent(&self, message: &Resource<Message>) -> Result<Message, MessageError> {
        Ok(Message { reply_to: None, topic: String::new(), ..self.table.get(message)?.clone() })
    }
}

impl producer::Host for View<'_> {
    async fn send(
        &mut self,
        _: Resource<Client>,
        topic: String,
        message: Resource<Message>,
    ) -> Result<(), MessageError> {
        let sent = self.sent(&message)?;
        self.take(message)?;
        self.broker.send(topic, sent).await
    }
}

impl request_reply::Host for View<'_> {
    async fn request(
        &mut self,
        _: Resource<Client>,
        topic: String,
        message: Resource<Message>,
        options: Option<Resource<Options>>,
    ) -> Result<Vec<Resource<Message>>, MessageError> {
        let sent = self.sent(&message)?;
        let (timeout, replies) = match &options {
            Some(options) => {
                let options = self.table.get(options)?;
                (options.timeout, options.replies)
            }
            None => (None, None),
        };
        let timeout = timeout.unwrap_or(REPLY_TIMEOUT).min(REPLY_TIMEOUT);
        let replies = replies.unwrap_or(1).clamp(1, REPLIES_MAX);
        let answers = self.broker.request(topic, sent, timeout, replies).await?;
        answers.into_iter().map(|answer| Ok(self.table.push(answer)?)).collect()
    }

    async fn reply(&mut self, reply_to: Resource<Message>, message: Resource<Message>) -> Result<(), MessageError> {
        let sent = self.sent(&message)?;
        self.take(message)?;
        match self.table.get(&reply_to)?.reply_to.clone() {
            Some(address) => self.broker.reply(address, sent).await,
            // Nobody waits for it, which the interface wants to be no error.
            None => Ok(()),
        }
    }
}

impl request_reply::HostRequestOptions for View<'_> {
    async fn new(&mut self) -> wasmtime::Result<Resource<Options>> {
        Ok(self.table.push(Options::default())?)
    }

    async fn set_timeout_ms(&mut self, options: Resource<Options>, millis: u32) -> wasmtime::Result<()> {
        self.table.get_mut(&options)?.timeout = Some(Duration::from_millis(millis.into()));
        Ok(())
    }

    async fn set_expected_replies(&mut self, options: Resource<Options>, replies: u32) -> wasmtime::Result<()> {
        self.table.get_mut(&options)?.replies = Some(replies);
        Ok(())
    }

    async fn drop(&mut self, options: Resource<Options>) -> wasmtime::Result<()> {
        self.table.delete(options)?;
        Ok(())
    }
}
