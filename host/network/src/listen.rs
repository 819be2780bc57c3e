//! Listening: sockets on Node ports, cluster IPs and Pods' own addresses, and the clients that connect to them.

mod accept;
mod bind;
mod connection;
mod door;
mod drain;
mod io;
mod set;
mod timer;

pub(crate) use bind::{Sharing, bind};
pub(crate) use set::{Addresses, PodDoors};
