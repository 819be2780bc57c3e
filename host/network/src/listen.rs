//! Listening: sockets on Node ports, cluster IPs and Pods' own addresses, and the clients that connect to them.

mod accept;
mod bind;
mod connection;
mod door;
mod drain;
mod io;
mod pipe;
mod set;
mod streams;
mod timer;
mod vigil;

pub(crate) use accept::is_the_clients;
pub(crate) use bind::{Sharing, bind};
pub(crate) use pipe::enter;
pub(crate) use set::{Addresses, PodDoors};
