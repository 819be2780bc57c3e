//! Requests to the outside, against servers on loopback: a range that holds their addresses stands for what is public.

#![expect(clippy::panic, reason = "a test that waits in vain says for what")]

mod world;

mod bounds;
mod filter;
mod passing;
mod pool;
