//! The one thread that writes: decides a group of transactions, makes it durable with one fsync, then shows it.
//!
//! While an fsync runs, requests gather, and the next group takes them all. Each transaction keeps its own revision,
//! and its guards see the transactions before it in the group. Nobody is answered, and nothing is visible, before the
//! whole group is on the disk; an answer that rests on an unwritten neighbour would be a lie after a crash.
//!
//! **When the disk is full.** redb refuses everything after a write that found no space; opened again it goes on from
//! its last commit. So the database is opened anew over the same file, the ballast is given up, and the group is
//! decided again: what creates or grows is refused with [`Error::Full`], what shrinks, deletes or stays in memory goes
//! on. Every later write first tries to take the ballast back; when that succeeds there is space, and all is as before.
//! **When anything else fails**, above all an fsync, what is on the disk is unknown (the kernel may have dropped the
//! pages and will say so only once). The writer never writes again; the group and everyone after it gets
//! [`Error::Broken`], [`super::Fatal`] wakes, and the process is expected to end. Reads go on until then. A panic of the
//! writer itself is such a failure too, and ends the watches besides: what they were told last is not known.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

use super::ballast::Ballast;
use super::disk::{Disk, Failure, said};
use super::tables::Step;
use crate::live::Live;
use crate::model::{Model, Room, Tier};
use crate::{Batch, Error, Outcome, Revision, Txn};

/// Most requests in one group: far more than wait in practice, and each is answered within one fsync.
const GROUP_REQUESTS_MAX: usize = 256;
/// A group takes no more after so many bytes, so that the fsync of large objects does not hold up small ones for long.
const GROUP_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What the writer is asked.
#[derive(Debug)]
pub(super) enum Ask {
    Commit(Txn),
    Compact(Revision),
}

/// An ask and who waits for it.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) ask: Ask,
    pub(super) reply: oneshot::Sender<Result<Outcome, Error>>,
}

/// How the disk takes writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Space {
    Ample,
    /// The ballast is given up; what shrinks may be written.
    Reserve,
    /// Not even that; only memory is left.
    None,
}

/// What a group leads to.
#[derive(Debug)]
struct Decision {
    model: Model,
    batches: Vec<Arc<Batch>>,
    answers: Vec<Result<Outcome, Error>>,
    /// Whether the disk must know.
    durable: bool,
}

pub(super) struct Writer {
    live: Arc<Live>,
    disk: Disk,
    ballast: Box<dyn Ballast>,
    space: Space,
    broken: watch::Sender<Option<String>>,
}

impl Writer {
    pub(super) fn new(
        live: Arc<Live>,
        disk: Disk,
        mut ballast: Box<dyn Ballast>,
        broken: watch::Sender<Option<String>>,
    ) -> Self {
        let space = if ballast.restore() { Space::Ample } else { Space::Reserve };
        Self { live, disk, ballast, space, broken }
    }

    /// Serves until nobody can ask any more, or until it panics, which is told like any other failure.
    pub(super) fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        if let Err(panic) = panic::catch_unwind(AssertUnwindSafe(|| self.serve_all(&mut requests))) {
            let reason = format!("its writer panicked: {}", said(panic.as_ref()));
            tracing::error!(reason, "the store takes no more writes; the process must end");
            self.broken.send_replace(Some(reason));
        }
        self.live.close();
    }

    fn serve_all(&mut self, requests: &mut mpsc::Receiver<Request>) {
        while let Some(first) = requests.blocking_recv() {
            let group = gather(first, requests);
            self.serve(group);
        }
    }

    fn serve(&mut self, group: Vec<Request>) {
        let (asks, replies): (Vec<Ask>, Vec<_>) = group.into_iter().map(|request| (request.ask, request.reply)).unzip();
        let answers = match self.commit(&asks) {
            Ok(answers) => answers,
            Err(reason) => vec![Err(Error::Broken { reason }); replies.len()],
        };
        for (reply, answer) in replies.into_iter().zip(answers) {
            // Who no longer waits need not know.
            drop(reply.send(answer));
        }
    }

    /// Decides a group, makes it durable and shows it. An error is for good.
    fn commit(&mut self, asks: &[Ask]) -> Result<Vec<Result<Outcome, Error>>, String> {
        if let Some(reason) = self.broken.borrow().clone() {
            return Err(reason);
        }
        let model = self.live.model();
        if self.space != Space::Ample && asks.iter().any(|ask| is_durable(ask, &model)) {
            self.regain();
        }
        let decision = loop {
            let decision = decide(&model, asks, self.space);
            match self.write(&decision) {
                Ok(()) => break decision,
                Err(Failure::Full) => self.tighten(),
                Err(Failure::Broken(reason)) => {
                    tracing::error!(reason, "the store takes no more writes; the process must end");
                    self.broken.send_replace(Some(reason.clone()));
                    return Err(reason);
                }
            }
        };
        self.live.publish(decision.model, &decision.batches);
        Ok(decision.answers)
    }

    fn write(&mut self, decision: &Decision) -> Result<(), Failure> {
        if !decision.durable {
            return Ok(());
        }
        let is_durable = |batch: &&Arc<Batch>| {
            batch.changes.first().is_some_and(|change| decision.model.tier(change.key()) == Tier::Durable)
        };
        let batches: Vec<Arc<Batch>> = decision.batches.iter().filter(is_durable).cloned().collect();
        let (revision, compacted) = (decision.model.revision(), decision.model.durable_compacted());
        self.disk.commit(&Step { batches: &batches, revision, compacted })
    }

    fn tighten(&mut self) {
        self.space = match self.space {
            Space::Ample => {
                tracing::error!("the store's disk is full: deletes go on, new objects are refused");
                self.ballast.release();
                Space::Reserve
            }
            Space::Reserve | Space::None => Space::None,
        };
    }

    fn regain(&mut self) {
        self.space = if self.ballast.restore() {
            tracing::info!("the store's disk has space again");
            Space::Ample
        } else {
            Space::Reserve
        };
    }
}

/// Everything that waits, up to the bounds of a group.
fn gather(first: Request, requests: &mut mpsc::Receiver<Request>) -> Vec<Request> {
    let bytes_of = |request: &Request| match &request.ask {
        Ask::Commit(txn) => txn.bytes(),
        Ask::Compact(_) => 0,
    };
    let mut bytes = bytes_of(&first);
    let mut group = vec![first];
    while group.len() < GROUP_REQUESTS_MAX && bytes < GROUP_BYTES_MAX {
        let Ok(request) = requests.try_recv() else { break };
        bytes += bytes_of(&request);
        group.push(request);
    }
    group
}

/// Whether an ask needs the disk.
fn is_durable(ask: &Ask, model: &Model) -> bool {
    match ask {
        Ask::Commit(txn) => txn.writes.iter().any(|write| model.tier(write.key()) == Tier::Durable),
        Ask::Compact(_) => true,
    }
}

/// Decides a group. Pure.
fn decide(model: &Model, asks: &[Ask], space: Space) -> Decision {
    let mut decision = Decision { model: model.clone(), batches: vec![], answers: vec![], durable: false };
    for ask in asks {
        let answer = if space == Space::None && is_durable(ask, model) {
            Err(Error::Full { reason: "no space is left on its disk, not even for deletes".to_owned() })
        } else {
            decision.take(ask, space)
        };
        decision.answers.push(answer);
    }
    decision
}

impl Decision {
    fn take(&mut self, ask: &Ask, space: Space) -> Result<Outcome, Error> {
        match ask {
            Ask::Commit(txn) => {
                let room = if space == Space::Ample { Room::Ample } else { Room::None };
                let (model, applied) = self.model.apply(txn, room)?;
                self.durable |= applied.batch.is_some() && is_durable(ask, &model);
                self.batches.extend(applied.batch);
                self.model = model;
                Ok(applied.outcome)
            }
            Ask::Compact(through) => {
                self.model = self.model.compact(*through)?;
                self.durable = true;
                Ok(Outcome::Committed(self.model.revision()))
            }
        }
    }
}
