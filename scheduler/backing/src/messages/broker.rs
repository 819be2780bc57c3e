//! The broker in this process: for clusters without one of their own.
//!
//! A publisher looks at every subscription of its namespace, of which there is a bounded number, and copies references.
//! Nothing is kept: what nobody listens to is gone.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::queue::{self, Sender};
use super::{Content, Group, Inbox, Message, Messages, Patience, Subject, Subjects, Subscription};
use crate::limits::SUBSCRIPTIONS_MAX;
use crate::{Error, Namespace};

/// The broker in this process.
#[derive(Clone, Default)]
pub struct Broker(Arc<Shared>);

#[derive(Default)]
struct Shared {
    listeners: Mutex<HashMap<Namespace, Listeners>>,
    inboxes: Mutex<HashMap<Inbox, mpsc::Sender<Message>>>,
    last: AtomicU64,
    /// Where the next choice within a group begins.
    turn: AtomicUsize,
    dropped: AtomicU64,
}

/// By number, so that they stand in the order in which they came.
type Listeners = BTreeMap<u64, Listener>;

struct Listener {
    group: Option<Group>,
    subjects: Subjects,
    queue: Sender,
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Broker").field("dropped", &self.dropped()).finish_non_exhaustive()
    }
}

impl Broker {
    /// A broker without subscribers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends a message to all it is for; whether anyone listens.
    fn send(&self, namespace: &Namespace, subject: &Subject, reply: Option<Inbox>, content: Content) -> bool {
        let message = Message { subject: subject.to_string(), reply, content };
        let listeners = self.0.listeners();
        let Some(listeners) = listeners.get(namespace) else { return false };
        let mut groups: BTreeMap<&str, Vec<&Sender>> = BTreeMap::new();
        let mut heard = false;
        for listener in listeners.values().filter(|listener| listener.subjects.matches(subject)) {
            heard = true;
            match &listener.group {
                Some(group) => groups.entry(group.as_str()).or_default().push(&listener.queue),
                None => self.offer(&[&listener.queue], &message),
            }
        }
        groups.values().for_each(|members| self.offer(members, &message));
        heard
    }

    /// Gives a message to one of some members: the next in turn that has room.
    fn offer(&self, members: &[&Sender], message: &Message) {
        let turn = if members.len() > 1 { self.0.turn.fetch_add(1, Ordering::Relaxed) } else { 0 };
        let first = turn % members.len().max(1);
        let (before, after) = members.split_at(first);
        if !after.iter().chain(before).any(|member| member.offer(message.clone())) {
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
            after.iter().take(1).for_each(|member| member.dropped());
        }
    }
}

impl Shared {
    fn listeners(&self) -> MutexGuard<'_, HashMap<Namespace, Listeners>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn inboxes(&self) -> MutexGuard<'_, HashMap<Inbox, mpsc::Sender<Message>>> {
        self.inboxes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a subscription.
struct Leave {
    shared: Weak<Shared>,
    namespace: Namespace,
    number: u64,
}

impl Drop for Leave {
    fn drop(&mut self) {
        let Some(shared) = self.shared.upgrade() else { return };
        let mut all = shared.listeners();
        if let Some(listeners) = all.get_mut(&self.namespace) {
            listeners.remove(&self.number);
            if listeners.is_empty() {
                all.remove(&self.namespace);
            }
        }
    }
}

/// Takes an inbox away when nobody waits at it any more.
struct Waiting<'a> {
    shared: &'a Shared,
    inbox: Inbox,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.shared.inboxes().remove(&self.inbox);
    }
}

#[async_trait]
impl Messages for Broker {
    async fn publish(&self, namespace: &Namespace, subject: Subject, content: Content) -> Result<(), Error> {
        self.send(namespace, &subject, None, content);
        Ok(())
    }

    async fn request(
        &self,
        namespace: &Namespace,
        subject: Subject,
        content: Content,
        patience: Patience,
    ) -> Result<Vec<Message>, Error> {
        let until = Instant::now() + patience.within;
        let inbox = Inbox::new();
        let (sender, mut answers) = mpsc::channel(patience.replies);
        self.0.inboxes().insert(inbox.clone(), sender);
        let _waiting = Waiting { shared: &self.0, inbox: inbox.clone() };
        if !self.send(namespace, &subject, Some(inbox), content) {
            return Err(Error::Unheard(subject.to_string()));
        }
        let mut found = vec![];
        while found.len() < patience.replies {
            match timeout_at(until, answers.recv()).await {
                Ok(Some(answer)) => found.push(answer),
                Ok(None) | Err(_) => break,
            }
        }
        if found.is_empty() { Err(Error::Timeout(patience.within)) } else { Ok(found) }
    }

    async fn reply(&self, to: Inbox, content: Content) -> Result<(), Error> {
        let answer = Message { subject: to.as_str().to_owned(), reply: None, content };
        if let Some(waiting) = self.0.inboxes().get(&to) {
            // Who has enough answers needs no more.
            drop(waiting.try_send(answer));
        }
        Ok(())
    }

    async fn subscribe(
        &self,
        namespace: &Namespace,
        group: Option<Group>,
        subjects: Subjects,
    ) -> Result<Subscription, Error> {
        let mut all = self.0.listeners();
        let listeners = all.entry(namespace.clone()).or_default();
        if listeners.len() >= SUBSCRIPTIONS_MAX {
            return Err(Error::Quota(format!("namespace {namespace} has {SUBSCRIPTIONS_MAX} subscriptions already")));
        }
        let number = self.0.last.fetch_add(1, Ordering::Relaxed);
        Ok(queue::new(|queue| {
            listeners.insert(number, Listener { group, subjects, queue });
            Box::new(Leave { shared: Arc::downgrade(&self.0), namespace: namespace.clone(), number })
        }))
    }

    fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }
}
