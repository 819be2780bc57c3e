//! Who is worked for next, when not everyone can be at once (KEP-1040 in spirit).
//!
//! Requests fall into levels ([`class`]), each with seats of its own, so that what keeps the cluster alive never waits
//! behind what its users do. Within a level every user is a flow: whoever has the fewest seats goes next, and nobody
//! gets more than half of them, so that another always finds one soon. What may wait, and how long, is bounded; beyond
//! it the answer is 429 with a time to come back.
//!
//! The decision is [`queue`], which knows no clock and no task. There are no shuffled shards: a flow is a user, and
//! users are few enough to have a queue each, where Kubernetes deals many flows into a few. What lasts is counted and
//! not queued ([`Places`]).

pub(crate) mod class;
mod gate;
mod places;
pub(crate) mod queue;
#[cfg(test)]
mod tests;

pub(crate) use gate::{Gate, Seat};
pub(crate) use places::{Place, Places};
