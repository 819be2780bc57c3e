//! Telling every task behind a socket, once, that it should come to an end.
//!
//! A task that waits costs a load of a flag per poll, and a lock only when it begins and ends to wait: connections
//! are polled far more often than sockets are closed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// The switch.
#[derive(Default)]
pub(super) struct Drain {
    begun: AtomicBool,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    wakers: HashMap<u64, Waker>,
    next: u64,
}

/// One task's wait for it.
pub(super) struct Watch<'d> {
    drain: &'d Drain,
    registered: Option<u64>,
}

impl Drain {
    pub(super) fn begin(&self) {
        self.begun.store(true, Ordering::SeqCst);
        let wakers = std::mem::take(&mut self.lock().wakers);
        wakers.into_values().for_each(Waker::wake);
    }

    pub(super) fn begun(&self) -> bool {
        self.begun.load(Ordering::Acquire)
    }

    pub(super) fn watch(&self) -> Watch<'_> {
        Watch { drain: self, registered: None }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch<'_> {
    /// Ready once the drain has begun. Wakes the task that polled first, so it must be polled by one task only.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.drain.begun() {
            return Poll::Ready(());
        }
        if self.registered.is_none() {
            let mut waiting = self.drain.lock();
            waiting.next += 1;
            let id = waiting.next;
            waiting.wakers.insert(id, cx.waker().clone());
            drop(waiting);
            self.registered = Some(id);
            // It may have begun between the look and the registration.
            if self.drain.begun.load(Ordering::SeqCst) {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.registered {
            self.drain.lock().wakers.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn everyone_who_waits_is_told_and_nobody_is_remembered() {
        let drain = Arc::new(Drain::default());
        let wait = |drain: Arc<Drain>| async move {
            let mut watch = drain.watch();
            poll_fn(|cx| watch.poll(cx)).await;
        };
        let tasks: Vec<_> = (0..3).map(|_| tokio::spawn(wait(drain.clone()))).collect();
        while drain.lock().wakers.len() < 3 {
            tokio::task::yield_now().await;
        }
        let leaver = tokio::spawn(wait(drain.clone()));
        while drain.lock().wakers.len() < 4 {
            tokio::task::yield_now().await;
        }
        leaver.abort();
        while drain.lock().wakers.len() > 3 {
            tokio::task::yield_now().await;
        }
        drain.begin();
        for task in tasks {
            task.await.expect("told");
        }
        wait(drain.clone()).await;
        assert!(drain.lock().wakers.is_empty());
    }
}
