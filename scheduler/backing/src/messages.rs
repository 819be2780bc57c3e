//! Messages between guests, as `wasi:messaging` has them.
//!
//! Subjects and their wildcards are NATS', and so is delivery: at most once, to every subscription that listens now, and
//! within a queue group to one member. A subscriber that is too slow loses messages, which are counted; it never slows a
//! publisher.

mod broker;
mod message;
mod nats;
mod queue;
mod subject;

#[cfg(test)]
mod conformance;

use std::time::Duration;

use async_trait::async_trait;

pub use broker::Broker;
pub use message::{Content, Inbox, Message};
pub use nats::Nats;
pub use queue::Subscription;
pub use subject::{Group, Pattern, Subject, Subjects};

use crate::limits::{REPLIES_MAX, REQUEST_MAX};
use crate::{Error, Namespace};

/// How long a request waits, and for how many answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    within: Duration,
    replies: usize,
}

impl Patience {
    /// Waits until there are `replies` answers, or `within` is over; both at most as long as the limits say.
    #[must_use]
    pub fn new(within: Duration, replies: usize) -> Self {
        Self { within: within.min(REQUEST_MAX), replies: replies.clamp(1, REPLIES_MAX) }
    }
}

/// What every backend can do. One conformance suite holds them all to it.
#[async_trait]
pub trait Messages: Send + Sync + 'static {
    /// Sends to whoever listens. That nobody does is no error.
    async fn publish(&self, namespace: &Namespace, subject: Subject, content: Content) -> Result<(), Error>;

    /// Sends and waits for answers: at least one.
    async fn request(
        &self,
        namespace: &Namespace,
        subject: Subject,
        content: Content,
        patience: Patience,
    ) -> Result<Vec<Message>, Error>;

    /// Answers a message. That nobody waits any more is no error.
    async fn reply(&self, to: Inbox, content: Content) -> Result<(), Error>;

    /// Listens until the subscription is dropped. Members of a group share what comes; without one, each gets all.
    async fn subscribe(
        &self,
        namespace: &Namespace,
        group: Option<Group>,
        subjects: Subjects,
    ) -> Result<Subscription, Error>;

    /// Messages that were dropped so far because a subscriber was too slow.
    fn dropped(&self) -> u64;
}
