//! The proxy from outside: real sockets on loopback, several hosts in one process, Pods that are closures.

#![expect(clippy::panic, reason = "a test that waits in vain says for what")]

mod harness;

mod balance;
mod bodies;
mod causes;
mod drain;
mod guests;
mod http2;
mod listeners;
mod peers;
mod slow;
mod smuggling;
