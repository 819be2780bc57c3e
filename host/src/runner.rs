//! What runs a container: a workload in this process, or a process of its own. The agent treats both alike.

use std::net::IpAddr;

use sandbox::Workload;

use crate::isolated::Isolated;
use crate::local::Answerer;

/// What runs a container. Clones are the same.
#[derive(Clone)]
pub(crate) enum Runner {
    /// Guests in this process.
    Here(Workload),
    /// Guests in a process of their own.
    Apart(Isolated),
}

impl Runner {
    /// Whether it runs to an end instead of answering requests.
    pub(crate) fn is_command(&self) -> bool {
        match self {
            Self::Here(workload) => workload.is_command(),
            // Commands are refused before.
            Self::Apart(_) => false,
        }
    }

    /// Who answers requests, for a Pod of this address.
    pub(crate) fn answerer(&self, ip: Option<IpAddr>) -> Option<Answerer> {
        match self {
            // A server that listens on the Pod's address, if it is one.
            Self::Here(workload) if workload.is_command() => ip.map(Answerer::Server),
            Self::Here(workload) => Some(Answerer::Guest(workload.clone())),
            Self::Apart(isolated) => Some(Answerer::Worker(isolated.clone())),
        }
    }

    /// Refuses new requests; those inside go on.
    pub(crate) fn close(&self) {
        match self {
            Self::Here(workload) => workload.close(),
            Self::Apart(isolated) => isolated.close(),
        }
    }

    /// Ends it, and the requests inside with it.
    pub(crate) fn kill(&self) {
        match self {
            Self::Here(workload) => workload.kill(),
            Self::Apart(isolated) => isolated.kill(),
        }
    }
}
