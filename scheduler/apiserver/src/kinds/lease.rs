//! Leases.

use api::coordination::Lease;
use api::resource::LEASES;
use serde_json::Value;

use super::decode;
use crate::field::{Path, Problems};
use crate::status::Status;

/// Decodes and checks a Lease.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let lease: Lease = decode(&LEASES, object)?;
    let (path, spec) = (Path::new("spec"), lease.spec.unwrap_or_default());
    if let Some(seconds) = spec.lease_duration_seconds.filter(|seconds| *seconds <= 0) {
        problems.invalid(&path.child("leaseDurationSeconds"), seconds, "must be greater than 0");
    }
    if let Some(count) = spec.lease_transitions.filter(|count| *count < 0) {
        problems.invalid(&path.child("leaseTransitions"), count, "must be greater than or equal to 0");
    }
    Ok(())
}
