//! Holding a write against the policies.

use serde_json::{Value, json};

use super::{Attempt, Bound, ParamRef, Policy, Reason, Validation};
use crate::cel::{Budget, Composed, Fault, Program, Run, Value as Cel};
use crate::kinds::Kind;
use crate::objects::{ListOptions, Objects};
use crate::status::{Cause, Status};

/// Longest audit annotation, in characters.
const ANNOTATION_CHARS_MAX: usize = 1024;
/// Most parameters a selector may find for one binding; each is an evaluation of every expression.
const PARAMS_MAX: usize = 100;

/// Whether a write is of a kind that admission itself is made of, to which it never applies.
pub(crate) fn is_about_admission(attempt: &Attempt<'_>) -> bool {
    attempt.kind.resource.group == "admissionregistration.k8s.io"
}

/// The Namespace of what is written, if it has one.
pub(crate) async fn namespace_of(objects: &Objects, attempt: &Attempt<'_>) -> Option<Value> {
    match attempt.namespace {
        "" => None,
        name => objects.get(&api::resource::NAMESPACES, "", name).await.ok(),
    }
}

/// Refuses a write that a policy refuses.
pub(crate) async fn judge(objects: &Objects, attempt: &Attempt<'_>) -> Result<(), Status> {
    let all = objects.policies().all();
    if all.is_empty() || is_about_admission(attempt) {
        return Ok(());
    }
    let namespace = namespace_of(objects, attempt).await;
    let budget = Budget::default();
    for bound in all.iter() {
        let namespace = namespace.as_ref();
        let is_meant =
            bound.policy.matcher.matches(attempt, namespace) && bound.binding.matcher.matches(attempt, namespace);
        if !is_meant {
            continue;
        }
        let params = match params(objects, attempt, bound).await {
            Ok(params) => params,
            Err(why) if bound.policy.fails => return refuse(attempt, bound, Reason::Invalid, &why),
            Err(_) => continue,
        };
        let request = attempt.request();
        for param in &params {
            let rights = super::authorizer(objects, attempt);
            let seen = Seen { attempt, namespace, request: &request, param: param.as_ref(), rights, budget: &budget };
            evaluate(&seen, bound)?;
        }
    }
    Ok(())
}

/// What expressions see of something that may be absent.
pub(crate) fn of(found: Option<&Value>) -> Cel<'_> {
    found.map_or(Cel::Null, |json| Cel::of(json, None))
}

/// What expressions see.
struct Seen<'s> {
    attempt: &'s Attempt<'s>,
    namespace: Option<&'s Value>,
    request: &'s Value,
    param: Option<&'s Value>,
    rights: Cel<'static>,
    budget: &'s Budget,
}

fn evaluate(seen: &Seen<'_>, bound: &Bound) -> Result<(), Status> {
    let policy: &Policy = &bound.policy;
    let variables = [
        ("object", of(seen.attempt.object)),
        ("oldObject", of(seen.attempt.old)),
        ("request", Cel::of(seen.request, None)),
        ("params", of(seen.param)),
        ("namespaceObject", of(seen.namespace)),
        ("authorizer", seen.rights.clone()),
    ];
    let composed = Composed::new(policy.variables.iter().map(|(name, program)| (name.as_str(), program)).collect());
    let run = Run { variables: &variables, composed: Some(&composed), budget: seen.budget };
    match meets(&run, &policy.conditions) {
        Ok(true) => {}
        Ok(false) => return Ok(()),
        Err(why) => return fail(seen.attempt, bound, &why),
    }
    for (key, program) in &policy.annotations {
        match run.value(program) {
            Ok(Cel::Text(text)) if !text.is_empty() => {
                let text = text.chars().take(ANNOTATION_CHARS_MAX).collect();
                seen.attempt.remarks().annotate(format!("{}/{key}", policy.name), text);
            }
            Ok(_) => {}
            Err(fault) => fail(seen.attempt, bound, &format!("audit annotation '{key}' resulted in error: {fault}"))?,
        }
    }
    for validation in &policy.validations {
        match run.value(&validation.program) {
            Ok(Cel::Bool(true)) => {}
            Ok(_) => refuse(seen.attempt, bound, validation.reason, &message(&run, validation))?,
            Err(fault) => {
                fail(seen.attempt, bound, &format!("expression '{}' resulted in error: {fault}", validation.source))?;
            }
        }
    }
    Ok(())
}

/// Whether all conditions hold. One that does not hold decides, whatever is wrong with others.
///
/// # Errors
/// The first that cannot be evaluated.
pub(crate) fn meets<'a>(run: &Run<'_, 'a>, conditions: &'a [(String, Program)]) -> Result<bool, String> {
    let mut fault = None;
    for (name, condition) in conditions {
        match run.value(condition) {
            Ok(Cel::Bool(true)) => {}
            Ok(_) => return Ok(false),
            Err(why) => fault = fault.or_else(|| Some(format!("match condition '{name}' resulted in error: {why}"))),
        }
    }
    fault.map_or(Ok(true), Err)
}

fn message<'a>(run: &Run<'_, 'a>, validation: &'a Validation) -> String {
    let made = validation.message_program.as_ref().and_then(|program| match run.value(program) {
        Ok(Cel::Text(text)) => Some(text.trim().to_owned()),
        Ok(_) | Err(Fault::Error(_) | Fault::Exhausted) => None,
    });
    let made = made.filter(|made| !made.is_empty() && !made.contains('\n'));
    let own = Some(validation.message.clone()).filter(|message| !message.is_empty());
    made.or(own).unwrap_or_else(|| format!("failed expression: {}", validation.source))
}

/// What could not be judged.
fn fail(attempt: &Attempt<'_>, bound: &Bound, why: &str) -> Result<(), Status> {
    if bound.policy.fails { refuse(attempt, bound, Reason::Invalid, why) } else { Ok(()) }
}

/// A refusal, or a warning, as the binding wishes.
fn refuse(attempt: &Attempt<'_>, bound: &Bound, reason: Reason, why: &str) -> Result<(), Status> {
    let (policy, binding) = (&bound.policy.name, &bound.binding.name);
    if bound.binding.warns {
        let lead = "Validation failed for ValidatingAdmissionPolicy";
        attempt.remarks().add(format!("{lead} '{policy}' with binding '{binding}': {why}"));
    }
    if bound.binding.audits {
        let failure = json!({"message": why, "policy": policy, "binding": binding, "validationActions": ["Audit"]});
        attempt.remarks().fail(failure);
    }
    if !bound.binding.denies {
        return Ok(());
    }
    let why = format!("ValidatingAdmissionPolicy '{policy}' with binding '{binding}' denied request: {why}");
    let mut status = Status::forbidden(attempt.kind.resource, attempt.name, &why);
    reason.mark(&mut status);
    let cause = Cause { reason: "", message: why, field: String::new() };
    status.details.get_or_insert_default().causes.push(cause);
    Err(status)
}

/// The parameters to evaluate with; `None` for a policy that takes none.
async fn params(objects: &Objects, attempt: &Attempt<'_>, bound: &Bound) -> Result<Vec<Option<Value>>, String> {
    let Some((api_version, kind)) = &bound.policy.param_kind else { return Ok(vec![None]) };
    let Some(reference) = &bound.binding.param else {
        return Err("failed to configure binding: the policy has a paramKind and the binding no paramRef".to_owned());
    };
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let found = objects.kinds().find_kind(group, version, kind);
    let found = found
        .ok_or_else(|| format!("failed to find resource referenced by paramKind: '{api_version}, Kind={kind}'"))?;
    let namespace = match (found.resource.is_namespaced(), reference.namespace.as_str()) {
        (false, _) => "",
        (true, "") if attempt.namespace.is_empty() => {
            return Err(
                "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources".to_owned()
            );
        }
        (true, "") => attempt.namespace,
        (true, named) => named,
    };
    let list = look_up(objects, &found, namespace, reference).await.map_err(|status| status.message)?;
    match (list.is_empty(), reference.must_exist) {
        (true, true) => Err("no params found for policy binding with `Deny` parameterNotFoundAction".to_owned()),
        _ => Ok(list.into_iter().map(Some).collect()),
    }
}

async fn look_up(objects: &Objects, kind: &Kind, namespace: &str, by: &ParamRef) -> Result<Vec<Value>, Status> {
    let Some(selector) = &by.selector else {
        return match objects.get(kind.resource, namespace, &by.name).await {
            Ok(object) => Ok(vec![object]),
            Err(status) if status.is_not_found() => Ok(Vec::new()),
            Err(status) => Err(status),
        };
    };
    let options = ListOptions { labels: selector.clone(), limit: PARAMS_MAX, ..ListOptions::default() };
    let within = kind.resource.is_namespaced().then_some(namespace);
    Ok(objects.list(kind.resource, within, options).await?.items)
}
