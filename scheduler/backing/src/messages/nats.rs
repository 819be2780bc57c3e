//! Messages through NATS, for who runs one already: its subjects are shared with whoever else speaks to it.
//!
//! Subject `s` of namespace `n` is `insula.n.s` there. A lost connection is made anew, with its subscriptions, in the
//! background; until then calls fail at once, as messages are not kept for later.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, ConnectOptions, HeaderMap, StatusCode, Subscriber};
use async_trait::async_trait;
use futures::stream::{self, StreamExt};
use tokio::time::{Instant, timeout, timeout_at};

use super::message::CONTENT_TYPE;
use super::queue::{self, Sender};
use super::{Content, Group, Inbox, Message, Messages, Patience, Subject, Subjects, Subscription};
use crate::limits::{BACKEND_ANSWER_MAX, SUBSCRIPTIONS_MAX};
use crate::{Error, Namespace};

/// Longest pause between attempts to connect.
const RECONNECT_PAUSE_MAX: Duration = Duration::from_secs(2);
/// Pause after the first failed attempt; each later one is longer by as much.
const RECONNECT_PAUSE: Duration = Duration::from_millis(50);

/// Messages through NATS.
#[derive(Clone, Debug)]
pub struct Nats {
    client: Client,
    subscriptions: Arc<AtomicUsize>,
    dropped: Arc<AtomicU64>,
}

impl Nats {
    /// Connects in the background, so that a server starts though its NATS is away.
    ///
    /// # Errors
    /// The URL is none of NATS'.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        let pause = |attempt: usize| {
            RECONNECT_PAUSE_MAX.min(RECONNECT_PAUSE.saturating_mul(u32::try_from(attempt).unwrap_or(u32::MAX)))
        };
        let options = ConnectOptions::new()
            .name("insula")
            .retry_on_initial_connect()
            .connection_timeout(BACKEND_ANSWER_MAX)
            .reconnect_delay_callback(pause);
        let client = options.connect(url).await;
        let client = client.map_err(|error| Error::Invalid(format!("the URL of NATS: {error}")))?;
        Ok(Self { client, subscriptions: Arc::default(), dropped: Arc::default() })
    }

    pub(super) fn check_connected(&self) -> Result<(), Error> {
        match self.client.connection_state() {
            State::Connected => Ok(()),
            State::Pending | State::Disconnected => Err(Error::Unavailable("NATS is not connected".to_owned())),
        }
    }

    async fn send(&self, to: String, reply: Option<String>, content: &Content) -> Result<(), Error> {
        self.check_connected()?;
        let (data, headers) = (content.data().clone(), headers(content));
        let sent = async {
            match (reply, headers) {
                (None, None) => self.client.publish(to, data).await,
                (None, Some(headers)) => self.client.publish_with_headers(to, headers, data).await,
                (Some(reply), None) => self.client.publish_with_reply(to, reply, data).await,
                (Some(reply), Some(headers)) => {
                    self.client.publish_with_reply_and_headers(to, reply, headers, data).await
                }
            }
        };
        answered(sent).await
    }
}

async fn answered<T, E: std::fmt::Display>(call: impl Future<Output = Result<T, E>>) -> Result<T, Error> {
    match timeout(BACKEND_ANSWER_MAX, call).await {
        Ok(answer) => answer.map_err(|error| Error::Unavailable(format!("NATS: {error}"))),
        Err(_) => Err(Error::Unavailable(format!("NATS did not answer within {BACKEND_ANSWER_MAX:?}"))),
    }
}

fn prefix(namespace: &Namespace) -> String {
    format!("insula.{namespace}.")
}

fn headers(content: &Content) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (key, value) in content.metadata() {
        headers.append(key.as_str(), value.as_str());
    }
    if let Some(content_type) = content.content_type() {
        headers.insert(CONTENT_TYPE, content_type);
    }
    (!headers.is_empty()).then_some(headers)
}

fn received(prefix: &str, message: async_nats::Message) -> Message {
    let (mut content_type, mut metadata) = (None, vec![]);
    for (key, values) in message.headers.iter().flat_map(HeaderMap::iter) {
        for value in values {
            if AsRef::<str>::as_ref(key) == CONTENT_TYPE {
                content_type = Some(value.to_string());
            } else {
                metadata.push((key.to_string(), value.to_string()));
            }
        }
    }
    let subject = message.subject.as_str();
    Message {
        subject: subject.strip_prefix(prefix).unwrap_or(subject).to_owned(),
        reply: message.reply.and_then(|reply| Inbox::parse(reply.as_str()).ok()),
        content: Content::foreign(content_type, metadata, message.payload),
    }
}

/// One subscription of ours.
struct Listening {
    forward: tokio::task::AbortHandle,
    subscriptions: Arc<AtomicUsize>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        // With the task go its subscribers, and with them what NATS knows of them.
        self.forward.abort();
        self.subscriptions.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn forward(prefix: String, subscribers: Vec<Subscriber>, queue: Sender, dropped: Arc<AtomicU64>) {
    let mut messages = stream::select_all(subscribers);
    while let Some(message) = messages.next().await {
        if !queue.offer(received(&prefix, message)) {
            queue.dropped();
            dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[async_trait]
impl Messages for Nats {
    async fn publish(&self, namespace: &Namespace, subject: Subject, content: Content) -> Result<(), Error> {
        self.send(format!("{}{subject}", prefix(namespace)), None, &content).await
    }

    async fn request(
        &self,
        namespace: &Namespace,
        subject: Subject,
        content: Content,
        patience: Patience,
    ) -> Result<Vec<Message>, Error> {
        self.check_connected()?;
        let until = Instant::now() + patience.within;
        let inbox = Inbox::new();
        let mut answers = answered(self.client.subscribe(inbox.as_str().to_owned())).await?;
        let to = format!("{}{subject}", prefix(namespace));
        self.send(to, Some(inbox.as_str().to_owned()), &content).await?;
        let mut found = vec![];
        while found.len() < patience.replies {
            match timeout_at(until, answers.next()).await {
                Ok(Some(answer)) if answer.status == Some(StatusCode::NO_RESPONDERS) => {
                    return Err(Error::Unheard(subject.to_string()));
                }
                Ok(Some(answer)) => found.push(received("", answer)),
                Ok(None) | Err(_) => break,
            }
        }
        if found.is_empty() { Err(Error::Timeout(patience.within)) } else { Ok(found) }
    }

    async fn reply(&self, to: Inbox, content: Content) -> Result<(), Error> {
        self.send(to.as_str().to_owned(), None, &content).await
    }

    async fn subscribe(
        &self,
        namespace: &Namespace,
        group: Option<Group>,
        subjects: Subjects,
    ) -> Result<Subscription, Error> {
        self.check_connected()?;
        if self.subscriptions.load(Ordering::Relaxed) >= SUBSCRIPTIONS_MAX {
            return Err(Error::Quota(format!("this server has {SUBSCRIPTIONS_MAX} subscriptions at NATS already")));
        }
        let prefix = prefix(namespace);
        let mut subscribers = vec![];
        for pattern in subjects.iter() {
            let to = format!("{prefix}{}", pattern.as_str());
            subscribers.push(match &group {
                Some(group) => answered(self.client.queue_subscribe(to, group.as_str().to_owned())).await?,
                None => answered(self.client.subscribe(to)).await?,
            });
        }
        // NATS knows of it before anyone is told.
        answered(self.client.flush()).await?;
        self.subscriptions.fetch_add(1, Ordering::Relaxed);
        let (dropped, subscriptions) = (self.dropped.clone(), self.subscriptions.clone());
        Ok(queue::new(|queue| {
            let forward = tokio::spawn(forward(prefix, subscribers, queue, dropped)).abort_handle();
            Box::new(Listening { forward, subscriptions })
        }))
    }

    fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}
