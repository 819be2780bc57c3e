//! ControllerRevisions.

use api::apps::ControllerRevision;
use api::resource::CONTROLLER_REVISIONS;
use serde_json::Value;

use super::{decode, meta};
use crate::field::{Path, Problems};
use crate::status::Status;

/// Decodes and checks a ControllerRevision.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    if object.get("data").is_none() {
        problems.required(&Path::new("data"), "data is mandatory");
        return Ok(());
    }
    let revision: ControllerRevision = decode(&CONTROLLER_REVISIONS, object)?;
    match revision.revision {
        None => problems.required(&Path::new("revision"), ""),
        Some(number) if number < 0 => {
            problems.invalid(&Path::new("revision"), number, "must be greater than or equal to 0");
        }
        Some(_) => {}
    }
    Ok(())
}

/// What a revision was is for ever; its number rises when it comes back.
pub(super) fn validate_update(old: &Value, new: &Value, problems: &mut Problems) {
    meta::check_immutable("data", old, new, problems);
}
