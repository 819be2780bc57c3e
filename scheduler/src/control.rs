//! The control loop: read a snapshot, decide, commit guarded by the term, wait for a change.
//!
//! Controllers run one after the other, in the order in which a change travels, each on a view that shows
//! the writes of those before it (C5). A controller runs when something it reads has changed, when it asked
//! to be woken, or when a step of its was refused. There is no other timer: an idle cluster is silent.

mod commit;
mod due;
mod refusals;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::resource::POD_METRICS;
use jiff::Timestamp;
use planner::{CONTROLLERS, Controller, Snapshot};
use tokio_util::sync::CancellationToken;

use crate::cache::{Cache, View};
use crate::clock::{self, Clock};
use crate::metrics::Metrics;
use crate::pace;
use crate::roster::{Peers, Roster};
use crate::term::Term;
use crate::usage::Usages;
pub(crate) use commit::{Hands, remove_stopped};
use due::{Due, Inputs};

/// Longest sleep, so that a wake far away cannot overflow a timer.
const SLEEP_MAX: Duration = Duration::from_secs(3600);
/// How long controllers that read everything may be put off while others are busy.
const PUT_OFF_MAX: Duration = Duration::from_millis(250);

/// What the planner sees of a view.
pub(crate) fn snapshot(
    view: &View,
    peers: &Peers,
    usage: planner::Usage,
    config: &planner::Config,
    clock: &Clock,
    started: Instant,
) -> Snapshot {
    Snapshot {
        now: clock.now(),
        started: clock.at(started),
        seed: rand::random(),
        config: config.clone(),
        nodes: view.nodes.clone(),
        pods: view.pods.clone(),
        services: view.services.clone(),
        endpoint_slices: view.endpoint_slices.clone(),
        deployments: view.deployments.clone(),
        replica_sets: view.replica_sets.clone(),
        stateful_sets: view.stateful_sets.clone(),
        daemon_sets: view.daemon_sets.clone(),
        controller_revisions: view.controller_revisions.clone(),
        pod_disruption_budgets: view.pod_disruption_budgets.clone(),
        jobs: view.jobs.clone(),
        cron_jobs: view.cron_jobs.clone(),
        persistent_volume_claims: view.persistent_volume_claims.clone(),
        resource_quotas: view.resource_quotas.clone(),
        refusals: Arc::default(),
        autoscalers: view.autoscalers.clone(),
        namespaces: view.namespaces.clone(),
        cluster_roles: view.cluster_roles.clone(),
        others: view.others.clone(),
        unreadable: view.unreadable.clone(),
        customs: view.customs.clone(),
        sessions: Arc::new(peers.sessions(clock)),
        usage,
        scalings: Arc::default(),
    }
}

/// Runs the planner's controllers.
pub(crate) struct Control {
    pub(crate) cache: Cache,
    pub(crate) roster: Roster,
    pub(crate) usages: Usages,
    pub(crate) config: planner::Config,
    pub(crate) clock: Arc<Clock>,
    pub(crate) started: Instant,
    pub(crate) term: Term,
    pub(crate) hands: Hands,
    pub(crate) metrics: Arc<Metrics>,
}

/// Why the loop ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("another server has taken over the loops (term {0} has ended); this one steps down")]
    Deposed(u64),
    #[error("the store: {0}")]
    Store(#[from] store::Error),
}

impl Control {
    /// Runs until shutdown.
    ///
    /// # Errors
    /// The term has ended, or the store has.
    pub(crate) async fn run(self, shutdown: CancellationToken) -> Result<(), Error> {
        let (mut views, mut peers) = (self.cache.subscribe(), self.roster.subscribe());
        let mut usages = self.usages.subscribe();
        let mut due: BTreeMap<&'static str, Due> = CONTROLLERS.iter().map(|c| (c.name, Due::default())).collect();
        let mut busy_since = None;
        loop {
            views.mark_unchanged();
            peers.mark_unchanged();
            usages.mark_unchanged();
            while !shutdown.is_cancelled()
                && let Some(computed) = self.round(&mut due, &mut busy_since).await?
            {
                pace::rest(computed).await;
            }
            let sleep =
                due.values().filter_map(Due::timer).min().map(|at| at.saturating_duration_since(Instant::now()));
            tokio::select! {
                changed = views.changed() => if changed.is_err() { return Ok(()) },
                changed = peers.changed() => if changed.is_err() { return Ok(()) },
                changed = usages.changed() => if changed.is_err() { return Ok(()) },
                () = sleep_for(sleep) => {}
                () = shutdown.cancelled() => return Ok(()),
            }
        }
    }

    /// Lets every controller that is due decide and act once; returns how long they computed, if any was due.
    ///
    /// Those that read everything come last, when no other is due: they tidy up, and must not stand
    /// between an apply and the first answer. They are put off for a bounded time only.
    async fn round(
        &self,
        due: &mut BTreeMap<&'static str, Due>,
        busy_since: &mut Option<Instant>,
    ) -> Result<Option<Duration>, Error> {
        let (narrow, wide): (Vec<_>, Vec<_>) = CONTROLLERS.iter().partition(|c| !c.reads.is_empty());
        let mut computed = None;
        for controller in narrow {
            computed = sum(computed, self.turn(controller, due).await?);
        }
        if computed.is_some() && busy_since.get_or_insert_with(Instant::now).elapsed() < PUT_OFF_MAX {
            return Ok(computed);
        }
        *busy_since = None;
        for controller in wide {
            computed = sum(computed, self.turn(controller, due).await?);
        }
        Ok(computed)
    }

    /// Lets a controller decide and act, if it is due; returns how long it computed.
    async fn turn(
        &self,
        controller: &Controller,
        due: &mut BTreeMap<&'static str, Due>,
    ) -> Result<Option<Duration>, Error> {
        let Some(state) = due.get_mut(controller.name) else { return Ok(None) };
        let (view, peers, usage) = (self.cache.view(), self.roster.peers(), self.usages.now());
        let inputs = Inputs {
            objects: view.changed_of(controller.reads),
            sessions: if controller.reads_sessions { peers.liveness } else { 0 },
            usage: if controller.reads.contains(&&POD_METRICS) { usage.revision } else { 0 },
        };
        let began = Instant::now();
        if !state.begin(inputs, began) {
            return Ok(None);
        }
        let mut snapshot = snapshot(&view, &peers, usage, &self.config, &self.clock, self.started);
        snapshot.refusals = self.hands.refused();
        snapshot.scalings = state.scalings.clone();
        let mut plan = (controller.plan)(&snapshot);
        let now = snapshot.now;
        drop((snapshot, view, peers));
        let computed = began.elapsed();
        if let Some(scalings) = plan.scalings.take() {
            state.scalings = Arc::new(scalings);
        }
        state.wake_at(plan.wake_at.map(|at| Instant::now() + until(now, at)));
        if !plan.is_settled() {
            tracing::debug!(controller = controller.name, %plan, "planned");
            let done = self.hands.apply(controller.name, plan.actions).await;
            if done.fenced && !self.term.holds().await? {
                return Err(Error::Deposed(self.term.number()));
            }
            if done.refused {
                state.refused(Instant::now());
            } else {
                state.succeeded();
            }
            if let Some(revision) = done.revision {
                self.cache.reach(revision).await?;
            }
        }
        self.metrics.planned(controller.name, began.elapsed());
        Ok(Some(computed))
    }
}

/// Of two times of which either may be none.
fn sum(a: Option<Duration>, b: Option<Duration>) -> Option<Duration> {
    a.into_iter().chain(b).reduce(|a, b| a + b)
}

async fn sleep_for(sleep: Option<Duration>) {
    match sleep {
        Some(sleep) => tokio::time::sleep(sleep.min(SLEEP_MAX)).await,
        None => std::future::pending().await,
    }
}

fn until(now: Timestamp, at: Timestamp) -> Duration {
    clock::between(now, at).min(SLEEP_MAX)
}
