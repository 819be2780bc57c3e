//! RuntimeClasses: which sandbox a Pod runs in, and what that adds to the Pod (`objects::admission`).

use api::name;
use api::node::RuntimeClass;
use api::resource::RUNTIME_CLASSES;
use serde_json::Value;

use super::{decode, meta, pod_spec, resources};
use crate::field::{Path, Problems};
use crate::status::Status;

/// Fills in what a RuntimeClass leaves out.
pub(super) fn defaults(class: &mut Value) {
    resources::normalize_list(class, &["overhead", "podFixed"]);
}

/// Decodes and checks a RuntimeClass.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let class: RuntimeClass = decode(&RUNTIME_CLASSES, object)?;
    problems.check(&Path::new("handler"), &class.handler, name::check_label(&class.handler));
    if let Some(amounts) = class.overhead.as_ref().and_then(|overhead| overhead.pod_fixed.as_ref()) {
        resources::check_list(&Path::new("overhead").child("podFixed"), amounts, problems);
    }
    let Some(scheduling) = &class.scheduling else { return Ok(()) };
    let path = Path::new("scheduling");
    meta::check_labels(&path.child("nodeSelector"), scheduling.node_selector.as_ref(), problems);
    for (at, toleration) in scheduling.tolerations.iter().flatten().enumerate() {
        let path = path.child("tolerations").index(at);
        pod_spec::check_toleration(&path, toleration, problems);
        if scheduling.tolerations.iter().flatten().take(at).any(|earlier| earlier == toleration) {
            problems.duplicate(&path, toleration);
        }
    }
    Ok(())
}

/// A handler is for life: Pods run in it.
pub(super) fn validate_update(old: &Value, new: &Value, problems: &mut Problems) {
    meta::check_immutable("handler", old, new, problems);
}
