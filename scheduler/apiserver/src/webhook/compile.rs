//! From stored configurations to webhooks, and everything that is wrong with them.

use std::time::Duration;

use api::admission::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration};
use serde_json::{Value, json};

use super::dial::{self, Place};
use super::{Manner, OnFailure, Rules};
use crate::field::{Path, Problems};
use crate::policy::{self, Matcher};
use crate::status::Status;
use crate::value;

/// Most webhooks of one configuration; each may hold up every write.
const WEBHOOKS_MAX: usize = 100;
/// How long a webhook may take, in seconds.
const TIMEOUT_SECONDS_DEFAULT: u64 = 10;
const TIMEOUT_SECONDS_MAX: u64 = 30;

/// Fills in what a configuration leaves out.
pub(crate) fn defaults(object: &mut Value) {
    let is_mutating = value::text(object, &["kind"]) == "MutatingWebhookConfiguration";
    for webhook in value::elements(object, &["webhooks"]) {
        for (key, default) in [
            ("failurePolicy", json!("Fail")),
            ("matchPolicy", json!("Equivalent")),
            ("namespaceSelector", json!({})),
            ("objectSelector", json!({})),
            ("timeoutSeconds", json!(TIMEOUT_SECONDS_DEFAULT)),
        ] {
            value::default(webhook, key, default);
        }
        if is_mutating {
            value::default(webhook, "reinvocationPolicy", "Never");
        }
        for rule in value::elements(webhook, &["rules"]) {
            value::default(rule, "scope", "*");
        }
        if let Some(service) = value::existing(webhook, &["clientConfig", "service"]) {
            value::default(service, "port", dial::HTTPS_PORT);
        }
    }
}

/// Checks a configuration of mutating webhooks.
pub(crate) fn validate_mutating(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    crate::kinds::typed_as::<MutatingWebhookConfiguration>(object, problems)?;
    drop(webhooks(object, Manner::Mutating, problems));
    Ok(())
}

/// Checks a configuration of validating webhooks.
pub(crate) fn validate_validating(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    crate::kinds::typed_as::<ValidatingWebhookConfiguration>(object, problems)?;
    drop(webhooks(object, Manner::Validating, problems));
    Ok(())
}

/// The webhooks of a configuration, each with what it was read from.
pub(super) fn webhooks<'a>(object: &'a Value, manner: Manner, problems: &mut Problems) -> Vec<(Rules, &'a Value)> {
    let path = Path::new("webhooks");
    let list = object["webhooks"].as_array().map_or(&[][..], Vec::as_slice);
    if list.len() > WEBHOOKS_MAX {
        problems.too_many(&path, list.len(), WEBHOOKS_MAX);
    }
    let mut all: Vec<(Rules, &Value)> = Vec::new();
    for (at, json) in list.iter().take(WEBHOOKS_MAX).enumerate() {
        let path = path.index(at);
        let name = value::text(json, &["name"]);
        if all.iter().any(|(other, _)| other.name == name) {
            problems.duplicate(&path.child("name"), name);
        }
        check_name(name, &path.child("name"), problems);
        check(json, manner, &path, problems);
        let configuration = value::text(object, &["metadata", "name"]);
        all.push((rules(json, configuration, manner, &path, problems), json));
    }
    all
}

fn check_name(name: &str, path: &Path, problems: &mut Problems) {
    if name.is_empty() {
        return problems.required(path, "");
    }
    problems.check(path, name, api::name::check_subdomain(name));
    if name.split('.').count() < 3 {
        problems.invalid(path, name, "should be a domain with at least three segments separated by dots");
    }
}

fn check(json: &Value, manner: Manner, path: &Path, problems: &mut Problems) {
    let mut one_of = |key: &str, known: &[&str]| match value::text(json, &[key]) {
        "" => {}
        found if known.contains(&found) => {}
        other => problems.not_supported(&path.child(key), other, known),
    };
    one_of("failurePolicy", &["Fail", "Ignore"]);
    one_of("sideEffects", &["None", "NoneOnDryRun"]);
    if manner == Manner::Mutating {
        one_of("reinvocationPolicy", &["IfNeeded", "Never"]);
    }
    if value::text(json, &["sideEffects"]).is_empty() {
        problems.required(&path.child("sideEffects"), "must specify one of None, NoneOnDryRun");
    }
    let seconds = &json["timeoutSeconds"];
    if !seconds.is_null() && !seconds.as_u64().is_some_and(|seconds| (1..=TIMEOUT_SECONDS_MAX).contains(&seconds)) {
        let why = format!("the timeout value must be between 1 and {TIMEOUT_SECONDS_MAX} seconds");
        problems.invalid(&path.child("timeoutSeconds"), seconds, why);
    }
    let of_versions = path.child("admissionReviewVersions");
    match json["admissionReviewVersions"].as_array().map_or(&[][..], Vec::as_slice) {
        [] => problems.required(&of_versions, "must specify one of v1"),
        versions if versions.iter().any(|version| version == "v1") => {}
        versions => problems.invalid(&of_versions, versions, "must include at least one of v1"),
    }
    if let Err((key, why)) = Place::read(&json["clientConfig"]) {
        let of_client = path.child("clientConfig");
        let of_field = if key.is_empty() { of_client } else { of_client.child(key) };
        problems.invalid(&of_field, &json["clientConfig"], why);
    }
}

fn rules(json: &Value, configuration: &str, manner: Manner, path: &Path, problems: &mut Problems) -> Rules {
    let conditions = policy::conditions(json, path, problems);
    for (at, (_, program)) in conditions.iter().enumerate() {
        // Policies have more to speak of.
        for absent in ["params", "variables", "namespaceObject"] {
            if program.names(absent) {
                let path = path.child("matchConditions").index(at).child("expression");
                problems.invalid(&path, absent, format!("undeclared reference to '{absent}'"));
            }
        }
    }
    let text = |key: &str| value::text(json, &[key]);
    let seconds = json["timeoutSeconds"].as_u64().unwrap_or(TIMEOUT_SECONDS_DEFAULT);
    Rules {
        configuration: configuration.to_owned(),
        name: text("name").to_owned(),
        manner,
        // A webhook without rules is never asked.
        matcher: Matcher::read(&with_rules(json), "rules", path, problems),
        conditions,
        on_failure: if text("failurePolicy") == "Ignore" { OnFailure::Pass } else { OnFailure::Refuse },
        takes_dry_runs: matches!(text("sideEffects"), "None" | "NoneOnDryRun"),
        wants_again: text("reinvocationPolicy") == "IfNeeded",
        timeout: Duration::from_secs(seconds.clamp(1, TIMEOUT_SECONDS_MAX)),
    }
}

/// What a webhook selects; rules that are absent select nothing, where a policy's select everything.
fn with_rules(json: &Value) -> Value {
    let mut selected = json!({"rules": json.get("rules").cloned().unwrap_or_else(|| json!([]))});
    for key in ["namespaceSelector", "objectSelector", "matchPolicy"] {
        selected[key] = json[key].clone();
    }
    selected
}
