//! A container that listens: what comes on its topics is given to it, for as long as it runs.
//!
//! Delivery is at most once. While there is no control plane nothing comes; the subscription goes on with the next
//! session, and what was said meanwhile is lost to this replica.

use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::backing as wire;
use sandbox::Workload;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status, Streaming};

use super::Lanes;
use super::lanes::Place;
use super::messages::inward;
use crate::backoff::Backoff;

/// Messages that one container handles at once. More wait at the control plane, where there is a bound.
const DELIVERIES_MAX: usize = 16;
/// A subscription that stood so long was a good one: the next attempt is made at once.
const GOOD_AFTER: Duration = Duration::from_secs(2);

/// What listens.
pub(crate) struct Listening {
    pub(crate) lanes: Arc<Lanes>,
    pub(crate) namespace: String,
    pub(crate) group: String,
    pub(crate) subjects: Vec<String>,
    pub(crate) workload: Workload,
}

impl Listening {
    /// Listens until `stop`. What is being handled then goes on.
    pub(crate) async fn run(self, stop: CancellationToken) {
        stop.run_until_cancelled(self.keep()).await;
    }

    async fn keep(&self) {
        let mut backoff = Backoff::default();
        // Why nothing comes is logged once for each reason.
        let mut said = String::new();
        loop {
            sleep(backoff.next(rand::random())).await;
            let began = Instant::now();
            let status = self.once().await;
            if began.elapsed() > GOOD_AFTER {
                backoff.reset();
                said.clear();
            }
            if status.message() != said {
                let (namespace, group) = (&self.namespace, &self.group);
                tracing::warn!(namespace, group, why = status.message(), "nothing is heard on its topics");
                status.message().clone_into(&mut said);
            }
        }
    }

    /// One subscription, and why it ended.
    async fn once(&self) -> Status {
        let lane = match self.lanes.subscriptions() {
            Ok(lane) => lane,
            Err(status) => return status,
        };
        let Place { mut client, permit: _permit } = match lane.place().await {
            Ok(place) => place,
            Err(status) => return status,
        };
        let asked = wire::SubscribeRequest {
            namespace: self.namespace.clone(),
            group: self.group.clone(),
            subjects: self.subjects.clone(),
        };
        let opened = lane.heard(client.subscribe(asked).await).await;
        let ended = match opened {
            Ok(deliveries) => self.take(deliveries.into_inner()).await,
            Err(status) => status,
        };
        match lane.heard(Err::<(), _>(ended)).await {
            Err(status) => status,
            Ok(()) => Status::new(Code::Ok, ""),
        }
    }

    /// Hands out what comes, until it comes no more. A message under way is handled to its end whatever happens here.
    async fn take(&self, mut deliveries: Streaming<wire::Delivery>) -> Status {
        let places = Arc::new(Semaphore::new(DELIVERIES_MAX));
        let ended = self.lanes.session_ended();
        tokio::pin!(ended);
        loop {
            let Ok(place) = places.clone().acquire_owned().await else {
                return Status::internal("places for messages are never closed");
            };
            let delivery = tokio::select! {
                delivery = deliveries.message() => delivery,
                () = &mut ended => return Status::unavailable("the session with the control plane has ended"),
            };
            match delivery {
                Ok(Some(wire::Delivery { message: Some(message) })) => {
                    let workload = self.workload.clone();
                    tokio::spawn(async move {
                        handle(&workload, message).await;
                        drop(place);
                    });
                }
                // The first delivery says that the subscription stands.
                Ok(Some(wire::Delivery { message: None })) => {}
                Ok(None) => return Status::unavailable("the control plane ended the subscription"),
                Err(status) => return status,
            }
        }
    }
}

async fn handle(workload: &Workload, message: wire::Message) {
    let topic = message.subject.clone();
    // Failures of the guest are counted and told where all of them are; nobody waits for the outcome.
    match workload.deliver(inward(message)).await {
        Ok(Ok(())) => {}
        Ok(Err(why)) => tracing::debug!(topic, why, "a guest could not handle a message"),
        Err(failure) => tracing::debug!(topic, %failure, "a message was not handled"),
    }
}
