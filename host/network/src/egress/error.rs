//! Why a request to the outside got no response.

use std::net::SocketAddr;

use super::policy::Reason;
use super::target::Target;

/// Why there is no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// The filter refuses.
    #[error("{to}: {reason}")]
    Denied {
        /// What the guest asked for: scheme, host and port.
        to: String,
        /// Why it may not.
        reason: Reason,
    },
    /// The name leads nowhere.
    #[error("{to}: cannot be found: {why}")]
    NotFound {
        /// What the guest asked for.
        to: String,
        /// What the resolver said.
        why: String,
    },
    /// Nobody accepts connections there.
    #[error("{to}: cannot connect to {at}: {why}")]
    Refused {
        /// What the guest asked for.
        to: String,
        /// The address tried last.
        at: SocketAddr,
        /// What the system said.
        why: String,
    },
    /// Something took too long.
    #[error("{to}: waited too long for {step}")]
    Timeout {
        /// What the guest asked for.
        to: String,
        /// What it waited for.
        step: &'static str,
    },
    /// TLS or HTTP went wrong.
    #[error("{to}: {why}")]
    Failed {
        /// What the guest asked for.
        to: String,
        /// Which and how.
        why: String,
    },
}

impl EgressError {
    pub(super) fn denied(to: String, reason: Reason) -> Self {
        Self::Denied { to, reason }
    }

    pub(super) fn failed(target: &Target, why: String) -> Self {
        Self::Failed { to: target.to_string(), why }
    }
}
