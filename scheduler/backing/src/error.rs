//! What can go wrong, by what the caller can do about it.

/// Why a backing service did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no such bucket, container or blob.
    #[error("there is no {0}")]
    NoSuchStore(String),
    /// It is there already.
    #[error("{0} exists already")]
    Exists(String),
    /// The caller may not.
    #[error("access denied: {0}")]
    AccessDenied(String),
    /// A bound of what may be kept; delete something, or have the bound raised.
    #[error("{0}")]
    Quota(String),
    /// The request cannot be granted as it is; change it.
    #[error("{0}")]
    Invalid(String),
    /// Nobody listens on the subject.
    #[error("nobody listens on {0:?}")]
    Unheard(String),
    /// Nobody answered in time.
    #[error("nobody answered within {0:?}")]
    Timeout(std::time::Duration),
    /// The backend does not answer, or its answer got lost. Whether a write happened is then unknown; try again.
    #[error("{0}")]
    Unavailable(String),
}

impl Error {
    /// A size that is over its bound.
    pub(crate) fn too_large(what: &str, size: usize, max: usize) -> Self {
        Self::Invalid(format!("{what}: {size} is more than {max}"))
    }
}
