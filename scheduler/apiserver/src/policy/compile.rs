//! From stored policies and bindings to compiled ones, and everything that is wrong with them.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::matching::{Matcher, read_selector};
use super::{Binding, ParamRef, Policy, Reason, Validation};
use crate::cel::{self, Program, Typing};
use crate::field::{Path, Problems};
use crate::schema;
use crate::status::Status;
use crate::value;

/// Most expressions of one policy, of each sort. Kubernetes allows 64 conditions.
const EXPRESSIONS_MAX: usize = 64;

/// Where policies and bindings have their rules.
const RULES: &str = "resourceRules";

/// Most audit annotations of one policy, as in Kubernetes.
const ANNOTATIONS_MAX: usize = 20;

/// What expressions may name; `object` of a type that is told.
fn declared(object: &Typing) -> [cel::Declared<'_>; 7] {
    [
        ("object", Cow::Borrowed(object)),
        ("oldObject", Cow::Borrowed(object)),
        ("request", Cow::Owned(Typing::Dyn)),
        ("params", Cow::Owned(Typing::Dyn)),
        ("namespaceObject", Cow::Owned(Typing::Dyn)),
        ("variables", Cow::Owned(Typing::Dyn)),
        ("authorizer", Cow::Owned(Typing::Named(cel::Stage::Authorizer.name()))),
    ]
}

/// Checks a policy.
pub(crate) fn validate_policy(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    crate::kinds::typed_as::<api::admission::ValidatingAdmissionPolicy>(object, problems)?;
    let spec = &object["spec"];
    let path = Path::new("spec");
    if !spec["matchConstraints"].is_object() {
        problems.required(&path.child("matchConstraints"), "");
    } else if spec["matchConstraints"]["resourceRules"].as_array().is_none_or(Vec::is_empty) {
        problems.required(&path.child("matchConstraints").child("resourceRules"), "");
    }
    let empty = |key: &str| spec[key].as_array().is_none_or(Vec::is_empty);
    if empty("validations") && empty("auditAnnotations") {
        problems.required(&path.child("validations"), "validations or auditAnnotations must contain at least one item");
    }
    match value::text(spec, &["failurePolicy"]) {
        "" | "Fail" | "Ignore" => {}
        other => problems.not_supported(&path.child("failurePolicy"), other, &["Fail", "Ignore"]),
    }
    if spec["paramKind"].is_object() {
        for key in ["apiVersion", "kind"] {
            if value::text(spec, &["paramKind", key]).is_empty() {
                problems.required(&path.child("paramKind").child(key), "");
            }
        }
    }
    drop(policy(object, problems));
    Ok(())
}

/// Checks a binding.
pub(crate) fn validate_binding(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    crate::kinds::typed_as::<api::admission::ValidatingAdmissionPolicyBinding>(object, problems)?;
    let spec = &object["spec"];
    let path = Path::new("spec");
    if value::text(spec, &["policyName"]).is_empty() {
        problems.required(&path.child("policyName"), "");
    }
    let of_actions = path.child("validationActions");
    let actions = spec["validationActions"].as_array().map_or(&[][..], Vec::as_slice);
    if actions.is_empty() {
        problems.required(&of_actions, "at least one validation action is required");
    }
    for (at, action) in actions.iter().filter_map(Value::as_str).enumerate() {
        if !matches!(action, "Deny" | "Warn" | "Audit") {
            problems.not_supported(&of_actions.index(at), action, &["Audit", "Deny", "Warn"]);
        }
    }
    let has = |wanted: &str| actions.iter().any(|action| action == wanted);
    if has("Deny") && has("Warn") {
        problems.invalid(&of_actions, actions, "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)");
    }
    if spec["paramRef"].is_object() {
        let path = path.child("paramRef");
        let (name, selector) = (value::text(spec, &["paramRef", "name"]), spec["paramRef"]["selector"].is_object());
        if name.is_empty() != selector {
            problems.invalid(&path, name, "exactly one of name and selector must be specified");
        }
        match value::text(spec, &["paramRef", "parameterNotFoundAction"]) {
            "" => problems.required(&path.child("parameterNotFoundAction"), ""),
            "Allow" | "Deny" => {}
            other => problems.not_supported(&path.child("parameterNotFoundAction"), other, &["Allow", "Deny"]),
        }
    }
    drop(binding(object, problems));
    Ok(())
}

/// Compiles a policy.
pub(super) fn policy(object: &Value, problems: &mut Problems) -> Policy {
    let spec = &object["spec"];
    let path = Path::new("spec");
    let conditions = conditions(spec, &path, problems);
    let variables = named(spec, "variables", &Typing::Dyn, &path, problems);
    let mut validations = Vec::new();
    let list = spec["validations"].as_array().map_or(&[][..], Vec::as_slice);
    if list.len() > EXPRESSIONS_MAX {
        problems.too_many(&path.child("validations"), list.len(), EXPRESSIONS_MAX);
    }
    for (at, json) in list.iter().take(EXPRESSIONS_MAX).enumerate() {
        validations.extend(validation(json, &path.child("validations").index(at), problems));
    }
    let param_kind = spec["paramKind"].is_object().then(|| {
        let text = |key: &str| value::text(spec, &["paramKind", key]).to_owned();
        (text("apiVersion"), text("kind"))
    });
    Policy {
        name: value::text(object, &["metadata", "name"]).to_owned(),
        fails: value::text(spec, &["failurePolicy"]) != "Ignore",
        matcher: Matcher::read(&spec["matchConstraints"], RULES, &path.child("matchConstraints"), problems),
        conditions,
        variables,
        validations,
        annotations: annotations(spec, &path, problems),
        param_kind,
    }
}

/// Compiles the `matchConditions` of a policy or a webhook.
pub(crate) fn conditions(spec: &Value, path: &Path, problems: &mut Problems) -> Vec<(String, Program)> {
    named(spec, "matchConditions", &Typing::Bool, path, problems)
}

/// Compiles a list of expressions that have names.
fn named(spec: &Value, key: &str, wanted: &Typing, path: &Path, problems: &mut Problems) -> Vec<(String, Program)> {
    let (path, list) = (path.child(key), spec[key].as_array().map_or(&[][..], Vec::as_slice));
    let mut programs: Vec<(String, Program)> = Vec::new();
    if list.len() > EXPRESSIONS_MAX {
        problems.too_many(&path, list.len(), EXPRESSIONS_MAX);
        return programs;
    }
    for (at, json) in list.iter().enumerate() {
        let (name, path) = (value::text(json, &["name"]), path.index(at));
        if name.is_empty() {
            problems.required(&path.child("name"), "");
        } else if programs.iter().any(|(found, _)| found == name) {
            problems.duplicate(&path.child("name"), name);
        }
        let source = value::text(json, &["expression"]);
        if let Some(program) = expression(source, wanted, &Typing::Dyn, &path.child("expression"), problems) {
            programs.push((name.to_owned(), program));
        }
    }
    programs
}

/// Compiles `auditAnnotations`: each comes to a text, or to null for no note.
fn annotations(spec: &Value, path: &Path, problems: &mut Problems) -> Vec<(String, Program)> {
    let (path, list) = (path.child("auditAnnotations"), spec["auditAnnotations"].as_array());
    let list = list.map_or(&[][..], Vec::as_slice);
    if list.len() > ANNOTATIONS_MAX {
        problems.too_many(&path, list.len(), ANNOTATIONS_MAX);
    }
    let mut programs: Vec<(String, Program)> = Vec::new();
    for (at, json) in list.iter().take(ANNOTATIONS_MAX).enumerate() {
        let (key, path) = (value::text(json, &["key"]), path.index(at));
        problems.check(&path.child("key"), key, api::name::check_qualified(key));
        if programs.iter().any(|(found, _)| found == key) {
            problems.duplicate(&path.child("key"), key);
        }
        let (source, path) = (value::text(json, &["valueExpression"]), path.child("valueExpression"));
        let Some(program) = expression(source, &Typing::Dyn, &Typing::Dyn, &path, problems) else { continue };
        match cel::check(&program, &declared(&Typing::Dyn)) {
            Ok(Typing::Text | Typing::Null | Typing::Dyn) => programs.push((key.to_owned(), program)),
            Ok(other) => problems.invalid(&path, source, format!("must evaluate to string or null, not {other}")),
            // It has just been found to be well.
            Err(why) => problems.invalid(&path, source, why),
        }
    }
    programs
}

fn validation(json: &Value, path: &Path, problems: &mut Problems) -> Option<Validation> {
    let text = |key: &str| value::text(json, &[key]);
    let dynamic = Typing::Dyn;
    let reason = Reason::parse(text("reason")).unwrap_or_else(|| {
        let known = ["Unauthorized", "Forbidden", "Invalid", "RequestEntityTooLarge"];
        problems.not_supported(&path.child("reason"), text("reason"), &known);
        Reason::Invalid
    });
    if text("message").contains('\n') {
        problems.invalid(&path.child("message"), text("message"), "message must not contain line breaks");
    }
    if text("message").is_empty() && text("expression").trim().contains('\n') && text("messageExpression").is_empty() {
        problems.required(&path.child("message"), "message must be specified if expression contains line breaks");
    }
    let made = Some(text("messageExpression")).filter(|made| !made.is_empty());
    let of_made = path.child("messageExpression");
    let message_program = made.and_then(|made| expression(made, &Typing::Text, &dynamic, &of_made, problems));
    let program = expression(text("expression"), &Typing::Bool, &dynamic, &path.child("expression"), problems)?;
    Some(Validation {
        source: text("expression").trim().to_owned(),
        program,
        message: text("message").trim().to_owned(),
        message_program,
        reason,
    })
}

fn expression(source: &str, wanted: &Typing, object: &Typing, path: &Path, problems: &mut Problems) -> Option<Program> {
    if source.trim().is_empty() {
        problems.required(path, "");
        return None;
    }
    let checked = cel::compile(source).and_then(|program| match cel::check(&program, &declared(object))? {
        found if found == *wanted || found == Typing::Dyn || *wanted == Typing::Dyn => Ok(program),
        found => Err(format!("must evaluate to {wanted}, not {found}")),
    });
    checked.map_err(|why| problems.invalid(path, source, why)).ok()
}

/// Compiles a binding; returns the name of its policy, too.
pub(super) fn binding(object: &Value, problems: &mut Problems) -> (String, Binding) {
    let spec = &object["spec"];
    let path = Path::new("spec");
    let does = |wanted: &str| spec["validationActions"].as_array().is_some_and(|all| all.iter().any(|a| a == wanted));
    let reference = &spec["paramRef"];
    let param = reference.is_object().then(|| ParamRef {
        name: value::text(reference, &["name"]).to_owned(),
        namespace: value::text(reference, &["namespace"]).to_owned(),
        selector: reference["selector"]
            .is_object()
            .then(|| read_selector(&reference["selector"], &path.child("paramRef").child("selector"), problems)),
        must_exist: value::text(reference, &["parameterNotFoundAction"]) != "Allow",
    });
    let binding = Binding {
        name: value::text(object, &["metadata", "name"]).to_owned(),
        denies: does("Deny"),
        warns: does("Warn"),
        audits: does("Audit"),
        matcher: Matcher::read(&spec["matchResources"], RULES, &path.child("matchResources"), problems),
        param,
    };
    (value::text(spec, &["policyName"]).to_owned(), binding)
}

/// What the types of the resources that a policy names say against its expressions: field and warning.
pub(super) fn type_warnings(object: &Value, policy: &Arc<Policy>) -> Vec<(String, String)> {
    let mut warnings = Vec::new();
    for (group, version, plural) in policy.matcher.named() {
        let kind = api::resource::find_plural(&group, &plural).filter(|resource| resource.version == version);
        let Some(found) = kind.and_then(|r| schema::find(r.group, r.version, r.kind)) else { continue };
        let (typing, name) = (Typing::Built(found), kind.map_or("", |resource| resource.kind));
        let list = object["spec"]["validations"].as_array().map_or(&[][..], Vec::as_slice);
        for (at, json) in list.iter().enumerate() {
            for key in ["expression", "messageExpression"] {
                let source = value::text(json, &[key]);
                let checked = Some(source).filter(|source| !source.is_empty()).map(|source| {
                    cel::compile(source).and_then(|program| cel::check(&program, &declared(&typing)).map(drop))
                });
                if let Some(Err(why)) = checked {
                    let text =
                        format!("{group}/{version}, Kind={name}: {}", why.trim_start_matches("compilation failed: "));
                    warnings.push((format!("spec.validations[{at}].{key}"), text));
                }
            }
        }
    }
    warnings
}
