//! Connections to the control plane beside the session's, each with so many calls at once and no more.
//!
//! A server takes a bounded number of calls on a connection. Calls that are answered at once have one, those that take
//! as long as a guest likes another, and subscriptions, which never end, as many as they need.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use protocol::BACKING_MESSAGE_BYTES_MAX;
use protocol::backing::backing_client::BackingClient;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::link::{Link, with_causes};
use crate::session::Client as SessionClient;

/// Longest wait for an answer, a place and a connection included. A server that is there answers in milliseconds.
pub(super) const CALL_MAX: Duration = Duration::from_secs(5);
/// Calls at once on one connection; a server takes 64, and refuses more.
const CALLS_MAX: usize = 48;
/// Subscriptions on one connection; a server takes 128 streams, and more would wait without a word.
const SUBSCRIPTIONS_MAX: usize = 96;
/// Connections for subscriptions; 6,144 subscriptions.
const SUBSCRIPTION_LANES_MAX: usize = 64;

/// A client of the backing services.
pub(super) type Client = BackingClient<Channel>;

/// All of them.
pub(crate) struct Lanes {
    /// Calls that are answered at once.
    pub(super) quick: Arc<Lane>,
    /// Calls that last.
    pub(super) long: Arc<Lane>,
    subscriptions: Mutex<Vec<Arc<Lane>>>,
    link: Arc<dyn Link>,
    sessions: watch::Receiver<Option<SessionClient>>,
}

/// One connection.
pub(super) struct Lane {
    link: Arc<dyn Link>,
    /// Tells whether there is a control plane to talk to.
    sessions: watch::Receiver<Option<SessionClient>>,
    client: tokio::sync::Mutex<Option<Dialled>>,
    places: Arc<Semaphore>,
}

/// A client, and the session it was dialled in: a connection that outlives its session may be dead without a word.
struct Dialled {
    client: Client,
    session: watch::Receiver<Option<SessionClient>>,
}

/// A place on a lane, and its client.
pub(super) struct Place {
    pub(super) client: Client,
    pub(super) permit: OwnedSemaphorePermit,
}

impl Lanes {
    pub(crate) fn new(link: Arc<dyn Link>, sessions: watch::Receiver<Option<SessionClient>>) -> Self {
        let lane = || Lane::new(link.clone(), sessions.clone(), CALLS_MAX);
        let (quick, long) = (lane(), lane());
        Self { quick, long, subscriptions: Mutex::default(), link, sessions }
    }

    /// Returns when the present session, if there is one, has ended.
    pub(super) async fn session_ended(&self) {
        let mut sessions = self.sessions.clone();
        sessions.mark_unchanged();
        // Closed is ended too.
        drop(sessions.changed().await);
    }

    /// A lane that has room for a subscription.
    pub(super) fn subscriptions(&self) -> Result<Arc<Lane>, Status> {
        let mut lanes = self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.iter().find(|lane| lane.places.available_permits() > 0) {
            return Ok(lane.clone());
        }
        if lanes.len() >= SUBSCRIPTION_LANES_MAX {
            return Err(Status::resource_exhausted("this host has as many subscriptions as it can"));
        }
        let lane = Lane::new(self.link.clone(), self.sessions.clone(), SUBSCRIPTIONS_MAX);
        lanes.push(lane.clone());
        Ok(lane)
    }
}

impl Lane {
    fn new(link: Arc<dyn Link>, sessions: watch::Receiver<Option<SessionClient>>, places: usize) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(places));
        Arc::new(Self { link, sessions, client: tokio::sync::Mutex::default(), places })
    }

    /// Makes a call that is answered at once.
    pub(super) async fn call<T>(&self, call: impl AsyncFnOnce(Client) -> Result<T, Status>) -> Result<T, Status> {
        let answered = timeout(CALL_MAX, async {
            let place = self.enter().await?;
            call(place.client).await
        });
        match answered.await {
            Ok(answer) => self.heard(answer).await,
            Err(_) => self.heard(Err(late())).await,
        }
    }

    /// Waits for a place, within [`CALL_MAX`].
    pub(super) async fn place(&self) -> Result<Place, Status> {
        timeout(CALL_MAX, self.enter()).await.unwrap_or_else(|_| Err(late()))
    }

    /// Waits for a place that is also one of `part`'s, within [`CALL_MAX`].
    pub(super) async fn place_of(&self, part: &Arc<Semaphore>) -> Result<(Place, OwnedSemaphorePermit), Status> {
        let entered = timeout(CALL_MAX, async {
            // The narrower first, so that nobody holds a place that others could use.
            let own = part.clone().acquire_owned().await.map_err(|_| late())?;
            Ok((self.enter().await?, own))
        });
        entered.await.unwrap_or_else(|_| Err(late()))
    }

    async fn enter(&self) -> Result<Place, Status> {
        let permit = self.places.clone().acquire_owned().await.map_err(|_| late())?;
        let client = self.client().await?;
        Ok(Place { client, permit })
    }

    /// The client, once there is a session: without one a dial would only wait for nothing.
    async fn client(&self) -> Result<Client, Status> {
        let mut session = self.sessions.clone();
        session.wait_for(Option::is_some).await.map_err(|_| Status::unavailable("this host is stopping"))?;
        let mut dialled = self.client.lock().await;
        if let Some(dialled) = dialled.as_ref().filter(|dialled| !dialled.session.has_changed().unwrap_or(true)) {
            return Ok(dialled.client.clone());
        }
        let channel = self.link.channel().await;
        let channel = channel.map_err(|error| {
            Status::unavailable(format!("the control plane does not answer: {}", with_causes(&error)))
        })?;
        let client = BackingClient::new(channel)
            .max_decoding_message_size(BACKING_MESSAGE_BYTES_MAX)
            .max_encoding_message_size(BACKING_MESSAGE_BYTES_MAX);
        *dialled = Some(Dialled { client: client.clone(), session });
        Ok(client)
    }

    /// Takes note of an answer: after a lost connection the next call dials anew, with this host's newest certificate.
    pub(super) async fn heard<T>(&self, answer: Result<T, Status>) -> Result<T, Status> {
        if answer.as_ref().is_err_and(|status| matches!(status.code(), Code::Unavailable | Code::Unknown)) {
            drop(self.client.lock().await.take());
        }
        answer
    }
}

/// Nobody answered in time.
pub(super) fn late() -> Status {
    Status::unavailable(format!("the control plane did not answer within {CALL_MAX:?}"))
}
