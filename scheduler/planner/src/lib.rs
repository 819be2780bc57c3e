//! Decides what the cluster should do next, and never does it.
//!
//! Every function maps a [`Snapshot`] to a [`Plan`]: a list of [`Action`]s and the time at which
//! time alone would change the answer. Time arrives inside the snapshot and randomness as a seed,
//! so a recorded snapshot replays a production decision exactly.
//!
//! What the shell promises:
//! - a snapshot is one consistent revision, so what is absent does not exist;
//! - a controller never plans on a snapshot older than its own last write. That is why there are
//!   no "expectations" here: what was created is in the next snapshot, and N + 1 cannot happen;
//! - an action that is refused (a conflict, say) costs the events that directly follow it and a
//!   new round, later and later if nothing changes; nothing else.
//!
//! What a plan promises: its actions do not depend on each other, and none moves what another is
//! guarded by. The shell may apply them side by side, and may die between any two.
//!
//! What is absent, and why: no tokio, store, clock, environment, randomness or unordered map. UIDs
//! are minted by the API.

mod action;
mod config;
mod snapshot;
mod usage;

mod aggregation;
mod namespaces;

mod autoscale;

mod deployment;
mod replicaset;

mod daemonset;
mod statefulset;

mod cronjob;
mod job;

mod placement;

mod endpoints;
mod routes;

mod nodes;

mod brake;
mod budget;
mod eviction;

mod garbage;
mod podgc;
mod quota;

mod claim;
mod creation;
mod disruption;
mod history;
mod name;
mod node;
mod object;
mod pod;
mod replicas;
mod share;
mod template;

#[cfg(test)]
mod testing;

pub use action::{Action, Change, EventKind, Guard, ObjectRef, Part, Plan};
pub use autoscale::{Scaling, Scalings};
pub use config::Config;
pub use routes::{RouteEndpoint, RoutePort, ServiceRoute, routes};
pub use snapshot::{Objects, Session, Snapshot};
pub use usage::{Amounts, MachineUsage, PodUsage, Span, Usage, UsageOfNode};

use api::Resource;
use api::resource::{
    CLUSTER_ROLES, CONTROLLER_REVISIONS, CRON_JOBS, DAEMON_SETS, DEPLOYMENTS, ENDPOINT_SLICES,
    HORIZONTAL_POD_AUTOSCALERS, JOBS, NAMESPACES, NODES, PERSISTENT_VOLUME_CLAIMS, POD_DISRUPTION_BUDGETS, POD_METRICS,
    PODS, REPLICA_SETS, SERVICES, STATEFUL_SETS,
};

/// One control loop's decision.
#[derive(Debug, Clone, Copy)]
pub struct Controller {
    /// What logs and metrics call it.
    pub name: &'static str,
    /// The resources whose changes can change the plan; empty means every resource.
    pub reads: &'static [&'static Resource],
    /// Whether a change of [`Snapshot::sessions`] can change the plan.
    pub reads_sessions: bool,
    /// Decides.
    pub plan: fn(&Snapshot) -> Plan,
}

/// Every control loop, in the order in which a change travels through them.
pub static CONTROLLERS: &[Controller] = &[
    Controller { name: "namespaces", reads: &[], reads_sessions: false, plan: namespaces::plan },
    Controller {
        name: "autoscale",
        // Not Pods: a decision is worth making anew when something was measured, and they change all the time.
        reads: &[&HORIZONTAL_POD_AUTOSCALERS, &DEPLOYMENTS, &REPLICA_SETS, &STATEFUL_SETS, &POD_METRICS],
        reads_sessions: false,
        plan: autoscale::plan,
    },
    Controller {
        name: "deployment",
        reads: &[&DEPLOYMENTS, &REPLICA_SETS, &PODS, &NODES, &NAMESPACES],
        reads_sessions: true,
        plan: deployment::plan,
    },
    Controller {
        name: "replicaset",
        reads: &[&REPLICA_SETS, &PODS, &NODES, &NAMESPACES],
        reads_sessions: true,
        plan: replicaset::plan,
    },
    Controller {
        name: "statefulset",
        reads: &[&STATEFUL_SETS, &CONTROLLER_REVISIONS, &PERSISTENT_VOLUME_CLAIMS, &PODS, &NODES, &NAMESPACES],
        reads_sessions: true,
        plan: statefulset::plan,
    },
    Controller {
        name: "daemonset",
        reads: &[&DAEMON_SETS, &CONTROLLER_REVISIONS, &PODS, &NODES, &NAMESPACES],
        reads_sessions: true,
        plan: daemonset::plan,
    },
    Controller {
        name: "cronjob",
        reads: &[&CRON_JOBS, &JOBS, &NAMESPACES],
        reads_sessions: false,
        plan: cronjob::plan,
    },
    Controller { name: "job", reads: &[&JOBS, &PODS, &NODES, &NAMESPACES], reads_sessions: true, plan: job::plan },
    Controller { name: "placement", reads: &[&PODS, &NODES, &NAMESPACES], reads_sessions: true, plan: placement::plan },
    Controller {
        name: "endpoints",
        reads: &[&SERVICES, &PODS, &NODES, &ENDPOINT_SLICES, &NAMESPACES],
        reads_sessions: true,
        plan: endpoints::plan,
    },
    Controller { name: "nodes", reads: &[&NODES, &PODS], reads_sessions: true, plan: nodes::plan },
    Controller { name: "eviction", reads: &[&NODES, &PODS], reads_sessions: true, plan: eviction::plan },
    Controller {
        name: "disruption",
        reads: &[&POD_DISRUPTION_BUDGETS, &PODS, &NODES, &DEPLOYMENTS, &REPLICA_SETS, &STATEFUL_SETS],
        reads_sessions: true,
        plan: budget::plan,
    },
    Controller { name: "garbage", reads: &[], reads_sessions: false, plan: garbage::plan },
    Controller { name: "aggregation", reads: &[&CLUSTER_ROLES], reads_sessions: false, plan: aggregation::plan },
    Controller { name: "podgc", reads: &[&PODS, &NODES], reads_sessions: false, plan: podgc::plan },
    Controller { name: "quota", reads: &[], reads_sessions: false, plan: quota::plan },
];
