//! The API as clients see it, over a store in memory.

mod access;
mod admission;
mod apply;
mod audit;
mod bad;
mod concurrent;
mod conflicts;
mod connects;
mod customs;
mod deletes;
mod harness;
mod jobs;
mod kinds;
mod measured;
mod policies;
mod pressure;
mod reads;
mod services;
mod sets;
mod versions;
mod watches;
mod webhook_server;
mod webhooks;
mod writes;

/// What the tests of the whole share: every answer is held against Kubernetes' schemas.
#[path = "../../../../tests/src/returned.rs"]
mod returned;
