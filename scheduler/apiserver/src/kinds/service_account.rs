//! ServiceAccounts.

use api::core::ServiceAccount;
use api::resource::SERVICE_ACCOUNTS;
use serde_json::Value;

use super::decode;
use crate::field::{Path, Problems};
use crate::status::Status;

/// Decodes and checks a ServiceAccount.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let account: ServiceAccount = decode(&SERVICE_ACCOUNTS, object)?;
    for (at, reference) in account.image_pull_secrets.iter().flatten().enumerate() {
        if reference.name.is_empty() {
            problems.required(&Path::new("imagePullSecrets").index(at).child("name"), "");
        }
    }
    Ok(())
}
