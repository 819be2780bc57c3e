//! A Pod on this host: what it asks for, how its containers live and end, and how that is reported.
//!
//! The parts here decide and never do; [`crate::agent`] does.

pub(crate) mod probe;
pub(crate) mod restart;
pub(crate) mod spec;
pub(crate) mod state;
pub(crate) mod status;
