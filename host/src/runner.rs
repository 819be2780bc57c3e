//! What runs a container: a workload in this process, or a process of its own. The agent treats both alike.

use std::net::IpAddr;
use std::time::Duration;

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

/// What a container uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// Time computed since something began: the workload, or the process that runs it now.
    pub(crate) cpu: Duration,
    pub(crate) memory_bytes: u64,
    /// Whether the memory may change without any guest computing, so that it is worth another look.
    pub(crate) may_shrink: bool,
}

impl Runner {
    /// What it uses, since it was last asked.
    pub(crate) fn measure(&self) -> Reading {
        match self {
            Self::Here(workload) => {
                let measure = workload.measure();
                // Idle instances go by themselves.
                let may_shrink = measure.memory_bytes > 0;
                Reading { cpu: measure.cpu, memory_bytes: measure.memory_bytes, may_shrink }
            }
            Self::Apart(isolated) => isolated.measure(),
        }
    }

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
