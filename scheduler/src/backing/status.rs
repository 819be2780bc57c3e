//! The one table from what went wrong to what a host is told.

use backing::Error;
use tonic::{Code, Status};

/// What a host is told. Its own half of the table is in the crate `host`.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` has to give")]
pub(super) fn of(error: Error) -> Status {
    let code = match &error {
        Error::NoSuchStore(_) => Code::NotFound,
        Error::Exists(_) => Code::AlreadyExists,
        Error::AccessDenied(_) => Code::PermissionDenied,
        Error::Quota(_) => Code::ResourceExhausted,
        Error::Invalid(_) => Code::InvalidArgument,
        Error::Unheard(_) => Code::FailedPrecondition,
        Error::Timeout(_) => Code::DeadlineExceeded,
        Error::Unavailable(_) => Code::Unavailable,
    };
    Status::new(code, error.to_string())
}

/// A request without a part that every one has.
pub(super) fn lacks(what: &'static str) -> Status {
    Status::invalid_argument(format!("the request lacks its {what}"))
}

/// The server goes before the call is done.
pub(super) fn shutting_down() -> Status {
    Status::unavailable("the control plane is shutting down; try again")
}
