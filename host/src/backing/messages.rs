//! `wasi:messaging` for one Pod: checked, and carried to the control plane.

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use protocol::backing as wire;
use sandbox::{Message, MessageError, Messages};
use tokio::time::timeout;
use tonic::{Code, Status};

use super::OfPod;
use super::lanes::{CALL_MAX, Place, late};

impl OfPod {
    fn check_topic(&self, topic: &str) -> Result<(), MessageError> {
        if self.grants.publish.grants(topic) {
            return Ok(());
        }
        let why = format!("topic {topic:?}: its Pod is not granted it (insula.dev/publish)");
        Err(MessageError::PermissionDenied(why))
    }
}

impl Messages for OfPod {
    fn send(&self, topic: String, message: Message) -> BoxFuture<'static, Result<(), MessageError>> {
        let this = self.clone();
        async move {
            this.check_topic(&topic)?;
            let content = Some(outward(message));
            let asked = wire::PublishRequest { namespace: this.namespace.to_string(), subject: topic, content };
            let sent = this.lanes.quick.call(async |mut client| client.publish(asked).await).await;
            sent.map(drop).map_err(told)
        }
        .boxed()
    }

    fn request(
        &self,
        topic: String,
        message: Message,
        within: Duration,
        replies: u32,
    ) -> BoxFuture<'static, Result<Vec<Message>, MessageError>> {
        let this = self.clone();
        async move {
            this.check_topic(&topic)?;
            let asked = wire::RequestRequest {
                namespace: this.namespace.to_string(),
                subject: topic,
                content: Some(outward(message)),
                within_millis: u64::try_from(within.as_millis()).unwrap_or(u64::MAX),
                replies,
            };
            let Place { mut client, permit: _permit } = this.lanes.long.place().await.map_err(told)?;
            // The server keeps the guest's time; a server that is gone does not.
            let answer = timeout(within.saturating_add(CALL_MAX), client.request(asked)).await;
            let answer = this.lanes.long.heard(answer.unwrap_or_else(|_| Err(late()))).await;
            Ok(answer.map_err(told)?.into_inner().messages.into_iter().map(inward).collect())
        }
        .boxed()
    }

    fn reply(&self, reply_to: String, message: Message) -> BoxFuture<'static, Result<(), MessageError>> {
        let this = self.clone();
        async move {
            let content = Some(outward(message));
            let asked = wire::ReplyRequest { namespace: this.namespace.to_string(), to: reply_to, content };
            let sent = this.lanes.quick.call(async |mut client| client.reply(asked).await).await;
            sent.map(drop).map_err(told)
        }
        .boxed()
    }
}

fn outward(message: Message) -> wire::Content {
    let metadata = message.metadata.into_iter().map(|(key, value)| wire::Metadata { key, value }).collect();
    wire::Content { content_type: message.content_type, metadata, data: message.data.into() }
}

/// A message as guests have it.
pub(super) fn inward(message: wire::Message) -> Message {
    let content = message.content.unwrap_or_default();
    Message {
        topic: message.subject,
        content_type: content.content_type,
        data: content.data.into(),
        metadata: content.metadata.into_iter().map(|entry| (entry.key, entry.value)).collect(),
        reply_to: Some(message.reply).filter(|reply| !reply.is_empty()),
    }
}

/// What a guest is told.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` has to give")]
fn told(status: Status) -> MessageError {
    let message = status.message().to_owned();
    match status.code() {
        Code::DeadlineExceeded => MessageError::Timeout,
        Code::PermissionDenied => MessageError::PermissionDenied(message),
        Code::Unavailable | Code::Unknown => MessageError::Connection(message),
        _ => MessageError::Other(message),
    }
}
