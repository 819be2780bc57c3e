//! The control plane: decides what runs where, and tells the hosts.
//!
//! This crate is the shell around pure parts. `planner` decides, `apiserver` keeps objects and speaks REST,
//! `store` remembers, `registry` holds artifacts, `backing` what guests keep; here are the loops that join them, the sessions of hosts,
//! certificates, and the compiler. A [`Server`] is one process's control plane.
//!
//! Deliberately absent: anything that runs a workload or proxies a request (that is `host`), and any
//! reading of the environment (that is `cli`).

mod accounts;
mod answers;
mod artifacts;
mod audit;
mod auth;
mod backing;
mod bootstrap;
mod cache;
mod certificates;
mod cidr;
mod clock;
mod compiler;
mod config;
mod control;
mod data_dir;
mod events;
mod files;
mod forwards;
mod grants;
mod joining;
mod link;
mod logs;
mod metrics;
mod pace;
mod rest;
mod roster;
mod routing;
mod server;
mod session;
mod term;
#[cfg(test)]
mod tests;
mod token;
mod usage;
mod waiting;

pub use cidr::Cidr;
pub use config::{
    API_ADDR, AuditAt, Backing, BlobsAt, Config, HOST_ADDR, KeyValueAt, MessagesAt, POD_CIDR, SERVICE_CIDR,
    UNREACHABLE_AFTER,
};
pub use server::{Error, Server};
