//! Holding a write against the policies.

use serde_json::{Value, json};

use super::{ADMISSION, Author, Bound, ParamRef, Policy, Reason, Remarks, Validation};
use crate::cel::{Budget, Composed, Fault, Run, Value as Cel};
use crate::kinds::{Kind, Subresource};
use crate::objects::{ListOptions, Objects};
use crate::status::{Cause, Status};

/// Most parameters a selector may find for one binding; each is an evaluation of every expression.
const PARAMS_MAX: usize = 100;

/// What is done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Create,
    Update,
    Delete,
}

impl Operation {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

/// A write that is about to happen.
pub(crate) struct Attempt<'a> {
    pub(crate) kind: &'a Kind,
    pub(crate) part: Subresource,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) operation: Operation,
    /// What it would become.
    pub(crate) object: Option<&'a Value>,
    /// What it is.
    pub(crate) old: Option<&'a Value>,
    pub(crate) dry_run: bool,
    /// `None` for the control loops.
    pub(crate) author: Option<&'a Author>,
    pub(crate) remarks: &'a Remarks,
}

/// Refuses a write that a policy refuses.
pub(crate) async fn judge(objects: &Objects, attempt: &Attempt<'_>) -> Result<(), Status> {
    let all = objects.policies().all();
    if all.is_empty() || attempt.kind.resource.group == ADMISSION {
        return Ok(());
    }
    let namespace = match attempt.namespace {
        "" => None,
        name => objects.get(&api::resource::NAMESPACES, "", name).await.ok(),
    };
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
        let request = request(attempt);
        for param in &params {
            let seen = Seen { attempt, namespace, request: &request, param: param.as_ref(), budget: &budget };
            evaluate(&seen, bound)?;
        }
    }
    Ok(())
}

fn of(found: Option<&Value>) -> Cel<'_> {
    found.map_or(Cel::Null, |json| Cel::of(json, None))
}

/// What expressions see.
struct Seen<'s> {
    attempt: &'s Attempt<'s>,
    namespace: Option<&'s Value>,
    request: &'s Value,
    param: Option<&'s Value>,
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
    ];
    let composed = Composed::new(policy.variables.iter().map(|(name, program)| (name.as_str(), program)).collect());
    let run = Run { variables: &variables, composed: Some(&composed), budget: seen.budget };
    for (name, condition) in &policy.conditions {
        match run.value(condition) {
            Ok(Cel::Bool(true)) => {}
            Ok(_) => return Ok(()),
            Err(fault) => {
                return fail(seen.attempt, bound, &format!("match condition '{name}' resulted in error: {fault}"));
            }
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
        attempt.remarks.add(format!("{lead} '{policy}' with binding '{binding}': {why}"));
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

/// The request, as expressions see it.
fn request(attempt: &Attempt<'_>) -> Value {
    let resource = attempt.kind.resource;
    let kind = json!({"group": resource.group, "version": resource.version, "kind": resource.kind});
    let named = json!({"group": resource.group, "version": resource.version, "resource": resource.plural});
    let (user, groups) = match attempt.author {
        Some(author) => (author.name.as_str(), author.groups.clone()),
        None => ("system:insula-controller", vec!["system:authenticated".to_owned()]),
    };
    json!({
        "kind": kind, "requestKind": kind, "resource": named, "requestResource": named,
        "subResource": attempt.part.name(), "requestSubResource": attempt.part.name(),
        "name": attempt.name, "namespace": attempt.namespace,
        "operation": attempt.operation.word(), "dryRun": attempt.dry_run,
        "userInfo": {"username": user, "groups": groups, "uid": "", "extra": {}},
    })
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
