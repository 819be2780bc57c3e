//! Rollouts: how far one is, and which revisions there were. Pure.

pub(crate) mod history;
pub mod status;
