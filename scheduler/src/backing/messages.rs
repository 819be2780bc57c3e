//! Messages: parsed, carried, delivered.

use std::sync::Arc;
use std::time::Duration;

use backing::messages::{Content, Group, Inbox, Message, Messages, Patience, Subject, Subjects, Subscription};
use futures::{Stream, StreamExt, stream};
use protocol::backing as wire;
use tonic::Status;

use super::access::{Access, Grant};
use super::status::{lacks, of};

/// Answers to one request that fit into one message of the protocol; the rest is left out, as if it had come too late.
const ANSWERS_BYTES_MAX: usize = 4 << 20;

fn content(content: Option<wire::Content>) -> Result<Content, Status> {
    let content = content.ok_or_else(|| lacks("content"))?;
    let metadata = content.metadata.into_iter().map(|entry| (entry.key, entry.value)).collect();
    Content::new(content.content_type, metadata, content.data).map_err(of)
}

fn message(message: Message) -> wire::Message {
    let metadata = message.content.metadata().iter();
    let metadata = metadata.map(|(key, value)| wire::Metadata { key: key.clone(), value: value.clone() }).collect();
    let content = wire::Content {
        content_type: message.content.content_type().map(str::to_owned),
        metadata,
        data: message.content.data().clone(),
    };
    let reply = message.reply.map(|inbox| inbox.as_str().to_owned()).unwrap_or_default();
    wire::Message { subject: message.subject, reply, content: Some(content) }
}

pub(super) async fn publish(
    messages: &dyn Messages,
    grant: Grant,
    asked: wire::PublishRequest,
) -> Result<wire::Done, Status> {
    let subject = Subject::parse(&asked.subject).map_err(of)?;
    messages.publish(&grant.name, subject, content(asked.content)?).await.map_err(of)?;
    Ok(wire::Done {})
}

pub(super) async fn request(
    messages: &dyn Messages,
    grant: Grant,
    asked: wire::RequestRequest,
) -> Result<wire::RequestResponse, Status> {
    let subject = Subject::parse(&asked.subject).map_err(of)?;
    let replies = usize::try_from(asked.replies).unwrap_or(usize::MAX);
    let patience = Patience::new(Duration::from_millis(asked.within_millis), replies);
    let answers = messages.request(&grant.name, subject, content(asked.content)?, patience).await.map_err(of)?;
    let mut room = ANSWERS_BYTES_MAX;
    let fits = |answer: &Message| {
        let size = answer.content.bytes();
        let fits = size <= room;
        room = room.saturating_sub(size);
        fits
    };
    Ok(wire::RequestResponse { messages: answers.into_iter().take_while(fits).map(message).collect() })
}

pub(super) async fn reply(messages: &dyn Messages, asked: wire::ReplyRequest) -> Result<wire::Done, Status> {
    let to = Inbox::parse(&asked.to).map_err(of)?;
    messages.reply(to, content(asked.content)?).await.map_err(of)?;
    Ok(wire::Done {})
}

pub(super) async fn subscribe(
    messages: &dyn Messages,
    grant: &Grant,
    asked: &wire::SubscribeRequest,
) -> Result<Subscription, Status> {
    let group = if asked.group.is_empty() { None } else { Some(Group::parse(&asked.group).map_err(of)?) };
    let subjects = Subjects::parse(&asked.subjects).map_err(of)?;
    messages.subscribe(&grant.name, group, subjects).await.map_err(of)
}

/// Who listens.
pub(super) struct Listener {
    pub(super) access: Arc<Access>,
    pub(super) node: Arc<str>,
    pub(super) namespace: String,
}

/// What is delivered, for as long as the host may act for the namespace: an empty delivery, then messages.
pub(super) fn deliveries(
    subscription: Subscription,
    listener: Listener,
) -> impl Stream<Item = Result<wire::Delivery, Status>> {
    let messages = stream::unfold(Some((subscription, listener)), |state| async {
        let (mut subscription, listener) = state?;
        let message = message(subscription.next().await?);
        match listener.access.check(&listener.node, &listener.namespace) {
            Ok(_) => Some((Ok(wire::Delivery { message: Some(message) }), Some((subscription, listener)))),
            Err(refused) => Some((Err(refused), None)),
        }
    });
    stream::once(std::future::ready(Ok(wire::Delivery::default()))).chain(messages)
}
