//! Questions about rights and identities: `kubectl auth can-i`, `auth can-i --list`, `auth whoami`, and what operators
//! ask about others. The answers are those of the decision that requests meet.

use api::Resource;
use api::rbac::PolicyRule;
use axum::extract::Request;
use axum::response::Response;
use serde_json::{Value, json};

use super::Api;
use super::path::Review;
use super::read::json_response;
use super::write::Incoming;
use crate::auth::User;
use crate::discovery::review_resource;
use crate::field::{Path, Problems};
use crate::rbac::{Attributes, Target, Wanted};
use crate::status::Status;
use crate::tokens::ISSUER;
use crate::value;

/// Answers a question with the question and its answer in `status`.
pub(super) async fn answer(api: &Api, review: Review<'_>, request: Request) -> Result<Response, Status> {
    let user = request.extensions().get::<User>().cloned().ok_or_else(Status::unauthorized)?;
    let resource = review_resource(review);
    let incoming = Incoming::read(api, request).await?;
    let mut body = incoming.object()?.value;
    value::strip_nulls(&mut body);
    let found = value::text(&body, &["kind"]);
    if !found.is_empty() && found != resource.kind {
        return Err(Status::bad_request(format!("the body must be of kind {}, not {found}", resource.kind)));
    }
    let status = match review {
        Review::Access => access(api, resource, &user, &body)?,
        Review::SubjectAccess => access(api, resource, &subject(resource, &body)?, &body)?,
        Review::LocalAccess(namespace) => {
            require_namespace(namespace, &body)?;
            access(api, resource, &subject(resource, &body)?, &body)?
        }
        Review::Rules => rules(api, &user, &body)?,
        Review::Subject => json!({"userInfo": user.info()}),
        Review::Token => token(api, &body).await?,
    };
    let mut reply = json!({"apiVersion": resource.api_version(), "kind": resource.kind});
    reply["metadata"] = body.get("metadata").cloned().unwrap_or_else(|| json!({}));
    if let Some(spec) = body.get("spec").filter(|_| review != Review::Token) {
        reply["spec"] = spec.clone();
    }
    reply["status"] = status;
    Ok(json_response(201, reply.to_string()))
}

/// Whether a user may do what a question is about.
fn access(api: &Api, resource: &Resource, user: &User, body: &Value) -> Result<Value, Status> {
    let verdict = api.access.decide(user, &attributes(resource, body)?);
    let mut status = json!({"allowed": verdict.is_allowed()});
    let reason = verdict.to_string();
    if !reason.is_empty() {
        status["reason"] = json!(reason);
    }
    Ok(status)
}

fn attributes<'a>(resource: &Resource, body: &'a Value) -> Result<Attributes<'a>, Status> {
    let at = |part: &str| value::at(body, &["spec", part]);
    let text = |from: &'a Value, key: &str| value::text(from, &[key]);
    match (at("resourceAttributes"), at("nonResourceAttributes")) {
        (Some(about), None) => {
            check_selectors(resource, about)?;
            let wanted = Wanted {
                group: text(about, "group").into(),
                version: text(about, "version").into(),
                resource: text(about, "resource").into(),
                subresource: text(about, "subresource").into(),
                namespace: text(about, "namespace").into(),
                name: text(about, "name").into(),
            };
            Ok(Attributes::resource(text(about, "verb"), wanted))
        }
        (None, Some(about)) => {
            Ok(Attributes { verb: text(about, "verb").into(), target: Target::Path(text(about, "path").into()) })
        }
        (both, _) => {
            let why = if both.is_some() {
                "cannot be specified in combination with nonResourceAttributes"
            } else {
                "exactly one of nonResourceAttributes or resourceAttributes must be specified"
            };
            let mut problems = Problems::default();
            problems.invalid(&Path::new("spec").child("resourceAttributes"), both, why);
            Err(Status::invalid(resource, "", &problems))
        }
    }
}

/// Selectors narrow what is asked for. They must be sound; as no rule of RBAC looks at them, they change no answer.
fn check_selectors(resource: &Resource, about: &Value) -> Result<(), Status> {
    let mut problems = Problems::default();
    for part in ["fieldSelector", "labelSelector"] {
        let Some(selector) = about.get(part) else { continue };
        let path = Path::new("spec").child("resourceAttributes").child(part);
        let raw = value::text(selector, &["rawSelector"]);
        let requirements = selector["requirements"].as_array().map_or(&[][..], Vec::as_slice);
        match (raw.is_empty(), requirements.is_empty()) {
            (false, false) => {
                let why = "may not specified at the same time as requirements";
                problems.invalid(&path.child("rawSelector"), raw, why);
            }
            (true, true) => {
                let why = format!("when {path} is specified, requirements or rawSelector is required");
                problems.required(&path.child("requirements"), &why);
            }
            _ => {}
        }
        for (at, requirement) in requirements.iter().enumerate() {
            check_requirement(&path.child("requirements").index(at), requirement, &mut problems);
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Status::invalid(resource, "", &problems)) }
}

fn check_requirement(path: &Path, requirement: &Value, problems: &mut Problems) {
    if value::text(requirement, &["key"]).is_empty() {
        problems.required(&path.child("key"), "must be specified");
    }
    let has_values = requirement["values"].as_array().is_some_and(|values| !values.is_empty());
    let path_of_values = path.child("values");
    match value::text(requirement, &["operator"]) {
        "In" | "NotIn" if !has_values => {
            problems.required(&path_of_values, "must be specified when `operator` is 'In' or 'NotIn'");
        }
        "Exists" | "DoesNotExist" if has_values => {
            problems.forbidden(&path_of_values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        other => problems.not_supported(&path.child("operator"), other, &["DoesNotExist", "Exists", "In", "NotIn"]),
    }
}

/// Whom a question is about.
fn subject(resource: &Resource, body: &Value) -> Result<User, Status> {
    let read = |key: &str| value::at(body, &["spec", key]).cloned();
    let user = User {
        name: value::text(body, &["spec", "user"]).to_owned(),
        uid: value::text(body, &["spec", "uid"]).to_owned(),
        groups: read("groups").and_then(|groups| serde_json::from_value(groups).ok()).unwrap_or_default(),
        extra: read("extra").and_then(|extra| serde_json::from_value(extra).ok()).unwrap_or_default(),
    };
    if !user.name.is_empty() || !user.groups.is_empty() {
        return Ok(user);
    }
    let mut problems = Problems::default();
    problems.invalid(&Path::new("spec").child("user"), "", "at least one of user or group must be specified");
    Err(Status::invalid(resource, "", &problems))
}

fn require_namespace(namespace: &str, body: &Value) -> Result<(), Status> {
    let asked = value::text(body, &["spec", "resourceAttributes", "namespace"]);
    if asked == namespace {
        return Ok(());
    }
    let why = format!("spec.resourceAttributes.namespace must match namespace: {namespace}");
    Err(Status::bad_request(why))
}

/// Everything a user may do in a namespace.
fn rules(api: &Api, user: &User, body: &Value) -> Result<Value, Status> {
    let namespace = value::text(body, &["spec", "namespace"]);
    if namespace.is_empty() {
        return Err(Status::bad_request("no namespace on request"));
    }
    let rules = api.access.rules(user, namespace);
    let is_of_paths = |rule: &&PolicyRule| rule.non_resource_urls.as_ref().is_some_and(|urls| !urls.is_empty());
    let (paths, resources): (Vec<_>, Vec<_>) = rules.iter().partition(is_of_paths);
    Ok(json!({"resourceRules": resources, "nonResourceRules": paths, "incomplete": false}))
}

/// Whose a token is, and for which of some audiences. A wrong one is told apart from an old one by nothing.
async fn token(api: &Api, body: &Value) -> Result<Value, Status> {
    let token = value::text(body, &["spec", "token"]);
    if token.is_empty() {
        return Err(Status::bad_request("token is required for TokenReview in authentication"));
    }
    let asked = value::at(body, &["spec", "audiences"]).cloned();
    let asked: Vec<String> = asked.and_then(|asked| serde_json::from_value(asked).ok()).unwrap_or_default();
    let is_for_us = asked.is_empty() || asked.iter().any(|audience| audience == ISSUER);
    let found = match api.authenticator.bearer(token).await.filter(|_| is_for_us) {
        Some(user) => Some((user, vec![ISSUER.to_owned()])),
        None => api.accounts.identify_for(token, &asked).await?.map(|found| (found.user, found.audiences)),
    };
    Ok(match found {
        Some((user, audiences)) => {
            json!({"authenticated": true, "user": user.known().info(), "audiences": audiences})
        }
        None => json!({"authenticated": false, "user": {}, "error": "the token is not good here"}),
    })
}
