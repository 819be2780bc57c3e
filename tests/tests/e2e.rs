//! End to end: real processes, real clients, kill -9. One program, so that it is linked once.

#![expect(clippy::panic, reason = "tests fail by panicking")]

#[path = "e2e/apply.rs"]
mod apply;
#[path = "e2e/backing.rs"]
mod backing;
#[path = "e2e/cli.rs"]
mod cli;
#[path = "e2e/cli_verbs.rs"]
mod cli_verbs;
#[path = "e2e/clients.rs"]
mod clients;
#[path = "e2e/commands.rs"]
mod commands;
#[path = "e2e/customs.rs"]
mod customs;
#[path = "e2e/deploy.rs"]
mod deploy;
#[path = "e2e/dev.rs"]
mod dev;
#[path = "e2e/forward.rs"]
mod forward;
#[path = "e2e/helm.rs"]
mod helm;
#[path = "e2e/isolated.rs"]
mod isolated;
#[path = "e2e/jobs.rs"]
mod jobs;
#[path = "e2e/kill9.rs"]
mod kill9;
#[path = "e2e/kubectl.rs"]
mod kubectl;
#[path = "e2e/languages.rs"]
mod languages;
#[path = "e2e/linked.rs"]
mod linked;
#[path = "e2e/matrix.rs"]
mod matrix;
#[path = "e2e/metrics.rs"]
mod metrics;
#[path = "e2e/neighbours.rs"]
mod neighbours;
#[path = "e2e/policies.rs"]
mod policies;
#[path = "e2e/pressure.rs"]
mod pressure;
#[path = "e2e/projects.rs"]
mod projects;
#[path = "e2e/rbac.rs"]
mod rbac;
#[path = "e2e/readme.rs"]
mod readme;
#[path = "e2e/refusals.rs"]
mod refusals;
#[path = "e2e/rollout.rs"]
mod rollout;
#[path = "e2e/sets.rs"]
mod sets;
#[path = "e2e/shop.rs"]
mod shop;
#[path = "e2e/two_hosts.rs"]
mod two_hosts;
#[path = "e2e/webhooks.rs"]
mod webhooks;
