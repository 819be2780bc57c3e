//! The shell around the queue: requests pass it, or wait in front of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::class::{Class, Level};
use super::queue::{Bounds, Queue, Ticket, Verdict};
use crate::limits::{LEADER_ELECTION_SEATS, LEVEL_SEATS, QUEUE_WAIT_MAX, WAITING_MAX, WAITING_OF_ONE_MAX};
use crate::status::Status;

/// The gate. Clones are the same.
#[derive(Clone)]
pub(crate) struct Gate {
    state: Arc<Mutex<State>>,
    /// Longest wait.
    patience: Duration,
}

struct State {
    queue: Queue,
    /// Whom to tell that they are worked on.
    waiting: HashMap<Ticket, oneshot::Sender<()>>,
}

/// A request that is worked on, until this is dropped.
pub(crate) struct Seat {
    gate: Gate,
    ticket: Ticket,
}

impl Default for Gate {
    fn default() -> Self {
        let bounds = |seats| Bounds { seats, waiting_of_one: WAITING_OF_ONE_MAX, waiting: WAITING_MAX };
        let levels = [
            (Level::LeaderElection, bounds(LEADER_ELECTION_SEATS)),
            (Level::Workload, bounds(LEVEL_SEATS)),
            (Level::Global, bounds(LEVEL_SEATS)),
        ];
        Self::new(Queue::new(levels), QUEUE_WAIT_MAX)
    }
}

impl Gate {
    fn new(queue: Queue, patience: Duration) -> Self {
        Self { state: Arc::new(Mutex::new(State { queue, waiting: HashMap::new() })), patience }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the request's turn.
    ///
    /// # Errors
    /// 429: too many wait already, or it waited for too long.
    pub(crate) async fn enter(&self, class: &Class<'_>) -> Result<Seat, Status> {
        let (seat, turn) = {
            let mut state = self.lock();
            match state.queue.arrive(class.level, class.flow, class.width) {
                Verdict::Run(ticket) => return Ok(Seat { gate: self.clone(), ticket }),
                Verdict::Refuse => {
                    return Err(Status::too_many_requests(format!(
                        "too many requests of user {:?} are waiting; please try again later",
                        class.flow
                    )));
                }
                Verdict::Wait(ticket) => {
                    let (tell, turn) = oneshot::channel();
                    state.waiting.insert(ticket, tell);
                    (Seat { gate: self.clone(), ticket }, turn)
                }
            }
        };
        // Whoever leaves while it waits gives its place up by dropping the seat.
        match timeout(self.patience, turn).await {
            Ok(Ok(())) => Ok(seat),
            Ok(Err(_)) | Err(_) => {
                Err(Status::too_many_requests("the request waited for its turn for too long; please try again later"))
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut state = self.gate.lock();
        state.waiting.remove(&self.ticket);
        let next = state.queue.leave(self.ticket);
        for ticket in next {
            if let Some(tell) = state.waiting.remove(&ticket) {
                // One that has just given up leaves by itself, and makes room again.
                let _heard = tell.send(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(seats: usize, patience: Duration) -> Gate {
        Gate::new(Queue::new([(Level::Global, Bounds { seats, waiting_of_one: 1, waiting: 9 })]), patience)
    }

    const ANN: Class<'static> = Class { level: Level::Global, flow: "ann", width: 1 };

    #[tokio::test]
    async fn who_waits_is_let_in_by_who_leaves() {
        let gate = gate(2, Duration::from_secs(30));
        let seat = gate.enter(&ANN).await.expect("there is room");
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.enter(&ANN).await.map(drop) }
        });
        while gate.lock().waiting.is_empty() {
            tokio::task::yield_now().await;
        }
        let refused = gate.enter(&ANN).await.err().expect("one waits already");
        assert_eq!((refused.code, refused.reason), (429, "TooManyRequests"));
        assert_eq!(refused.details.and_then(|details| details.retry_after_seconds), Some(1));
        drop(seat);
        waiting.await.expect("ends").expect("is let in");
    }

    #[tokio::test]
    async fn a_wait_has_an_end_and_who_gives_up_holds_nothing() {
        let gate = gate(2, Duration::from_millis(20));
        let seat = gate.enter(&ANN).await.expect("there is room");
        assert_eq!(gate.enter(&ANN).await.err().map(|status| status.code), Some(429));
        let mut leaves = Box::pin(gate.enter(&ANN));
        assert!(futures::poll!(&mut leaves).is_pending(), "it waits, and then its client leaves");
        drop(leaves);
        drop(seat);
        drop(gate.enter(&ANN).await.expect("there is room again"));
        assert!(gate.lock().waiting.is_empty());
    }
}
