//! The Pod of a Job: its template, the finalizer, and what tells it its index.

use api::core::PodTemplateSpec;
use api::label;
use api::resource::JOBS;
use serde_json::{Value, json};

use super::look::Look;
use crate::template;

/// Where a container finds its index.
const INDEX_VARIABLE: &str = "JOB_COMPLETION_INDEX";
/// Longest base of a generated name: a label less five letters.
const BASE_LEN_MAX: usize = 58;

impl Look<'_> {
    /// A Pod, all but its name.
    pub(super) fn manifest(&self, template: &PodTemplateSpec, index: Option<i32>) -> Value {
        let mut pod = template::pod(&JOBS, &self.job.metadata, template);
        let mut finalizers = pod["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
        finalizers.push(json!(label::JOB_TRACKING));
        pod["metadata"]["finalizers"] = json!(finalizers);
        // What the controller says of Pods is not the template's to say.
        if let Some(annotations) = pod["metadata"]["annotations"].as_object_mut() {
            annotations.remove(label::JOB_COUNTED);
            annotations.remove(label::JOB_INDEX_FAILURES);
        }
        if let Some(index) = index {
            self.set_index(&mut pod, index);
        }
        pod
    }

    fn set_index(&self, pod: &mut Value, index: i32) {
        let meta = &mut pod["metadata"];
        meta["generateName"] = json!(self.base_name(Some(index)));
        meta["annotations"][label::JOB_COMPLETION_INDEX] = json!(index.to_string());
        meta["labels"][label::JOB_COMPLETION_INDEX] = json!(index.to_string());
        if self.spec.backoff_limit_per_index.is_some() {
            meta["annotations"][label::JOB_INDEX_FAILURES] = json!(self.failures_of(index).to_string());
        }
        let spec = &mut pod["spec"];
        spec["hostname"] = json!(format!("{}-{index}", self.name.name));
        let path = format!("metadata.annotations['{}']", label::JOB_COMPLETION_INDEX);
        let variable = json!({"name": INDEX_VARIABLE, "valueFrom": {"fieldRef": {"fieldPath": path}}});
        for list in ["initContainers", "containers"] {
            for container in spec[list].as_array_mut().into_iter().flatten() {
                let mut env = container["env"].as_array().cloned().unwrap_or_default();
                if !env.iter().any(|own| own["name"] == INDEX_VARIABLE) {
                    env.push(variable.clone());
                }
                container["env"] = json!(env);
            }
        }
    }

    /// What the names of Pods begin with; the index is never cut off.
    pub(super) fn base_name(&self, index: Option<i32>) -> String {
        let end = index.map_or_else(|| "-".to_owned(), |index| format!("-{index}-"));
        let start: String = self.name.name.chars().take(BASE_LEN_MAX.saturating_sub(end.len())).collect();
        format!("{start}{end}")
    }
}
