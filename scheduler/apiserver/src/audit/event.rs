//! An event: what was asked, by whom, and what came of it. Made in the request, encoded by whoever writes it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::extract::Request;
use http::{Method, StatusCode, Uri, header};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{About, goes_on, uri};
use crate::auth::{Pass, User};
use crate::rbac::{Attributes, Target};
use crate::rest::{decoded, is_health};
use crate::server::Peer;
use crate::value;

/// Longest user agent that is written down.
const AGENT_CHARS_MAX: usize = 256;
/// Most groups of a user that are written down.
const GROUPS_MAX: usize = 64;

/// One request and its answer.
#[derive(Debug)]
pub struct AuditEvent {
    pub(super) id: Uuid,
    pub(super) began: Timestamp,
    pub(super) asked: Asked,
    pub(super) pass: Pass,
    pub(super) answered: Answered,
    /// What admission noted.
    pub(super) notes: BTreeMap<String, String>,
}

/// What was asked.
#[derive(Debug)]
pub(super) struct Asked {
    method: Method,
    uri: Uri,
    agent: Option<String>,
    from: Option<IpAddr>,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) code: StatusCode,
    pub(super) reason: Option<&'static str>,
    pub(super) about: Option<About>,
    pub(super) at: Timestamp,
}

impl Asked {
    /// What a request asks; `None` for what is not worth a line: whether the server lives is asked every second.
    pub(super) fn of(request: &Request) -> Option<Self> {
        if is_health(request.uri().path()) {
            return None;
        }
        let agent = request.headers().get(header::USER_AGENT).map(|agent| String::from_utf8_lossy(agent.as_bytes()));
        Some(Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            agent: agent.map(|agent| agent.chars().take(AGENT_CHARS_MAX).collect()),
            from: request.extensions().get::<Peer>().map(|peer| peer.0.ip()),
        })
    }
}

impl AuditEvent {
    /// The event as `audit.k8s.io/v1 Event`, at the level Metadata.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let Self { asked, answered, pass, .. } = self;
        let path = decoded(asked.uri.path()).unwrap_or_default();
        let attributes = Attributes::of(&asked.method, &path, asked.uri.query());
        let part = match &attributes.target {
            Target::Resource(wanted) => &*wanted.subresource,
            Target::Path(_) => "",
        };
        let stage = if goes_on(&attributes.verb, part, answered.code) { "ResponseStarted" } else { "ResponseComplete" };
        let mut event = json!({
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "level": "Metadata",
            "auditID": self.id.to_string(),
            "stage": stage,
            "requestURI": uri::shown(&asked.uri),
            "verb": attributes.verb,
            "user": pass.user.as_ref().map_or_else(|| json!({}), shown),
        });
        if let Some(other) = &pass.acts_as {
            event["impersonatedUser"] = shown(other);
        }
        if let Some(from) = asked.from {
            event["sourceIPs"] = json!([from.to_string()]);
        }
        if let Some(agent) = &asked.agent {
            event["userAgent"] = json!(agent);
        }
        if let Some(object) = object(&attributes, answered.about.as_ref()) {
            event["objectRef"] = object;
        }
        event["responseStatus"] = json!({"metadata": {}, "code": answered.code.as_u16()});
        if let Some(reason) = answered.reason {
            event["responseStatus"]["status"] = json!("Failure");
            event["responseStatus"]["reason"] = json!(reason);
        }
        event["requestReceivedTimestamp"] = json!(micros(self.began));
        event["stageTimestamp"] = json!(micros(answered.at));
        event["annotations"] = annotations(pass, self.began, answered.at);
        for (key, text) in &self.notes {
            // What the server itself says is not a webhook's to change.
            value::default(&mut event["annotations"], key, text.as_str());
        }
        event
    }
}

fn shown(user: &User) -> Value {
    let mut info = user.info();
    if let Some(groups) = info["groups"].as_array_mut() {
        groups.truncate(GROUPS_MAX);
    }
    info
}

fn object(attributes: &Attributes<'_>, about: Option<&About>) -> Option<Value> {
    let Target::Resource(wanted) = &attributes.target else { return None };
    let name = about.map_or(&*wanted.name, |about| &about.name);
    let uid = about.map_or("", |about| &about.uid);
    let mut object = json!({});
    for (key, text) in [
        ("resource", &*wanted.resource),
        ("namespace", &wanted.namespace),
        ("name", name),
        ("uid", uid),
        ("apiGroup", &wanted.group),
        ("apiVersion", &wanted.version),
        ("subresource", &wanted.subresource),
    ] {
        if !text.is_empty() {
            object[key] = json!(text);
        }
    }
    Some(object)
}

fn annotations(pass: &Pass, began: Timestamp, ended: Timestamp) -> Value {
    let mut annotations = json!({});
    if let Some(verdict) = &pass.verdict {
        let decision = if verdict.is_allowed() { "allow" } else { "forbid" };
        annotations["authorization.k8s.io/decision"] = json!(decision);
        annotations["authorization.k8s.io/reason"] = json!(verdict.to_string());
    }
    let micros = ended.duration_since(began).as_micros().max(0);
    annotations["apiserver.latency.k8s.io/total"] = json!(format!("{}.{:03}ms", micros / 1000, micros % 1000));
    annotations
}

/// `MicroTime`.
fn micros(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}
