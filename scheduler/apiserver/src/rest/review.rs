//! Questions about rights: `kubectl auth can-i` and `kubectl auth whoami`.

use axum::extract::Request;
use axum::response::Response;
use serde_json::{Value, json};

use super::Api;
use super::path::Review;
use super::read::json_response;
use super::write::Incoming;
use crate::auth::User;
use crate::status::Status;
use crate::value;

/// Answers a question with the question and its answer in `status`.
pub(super) async fn answer(api: &Api, review: Review, request: Request) -> Result<Response, Status> {
    let user = request.extensions().get::<User>().cloned().ok_or_else(Status::unauthorized)?;
    let incoming = Incoming::read(api, request).await?;
    let mut body = incoming.object()?.value;
    value::strip_nulls(&mut body);
    let (api_version, kind, answer) = match review {
        Review::Access => ("authorization.k8s.io/v1", "SelfSubjectAccessReview", access(&user, &body)?),
        Review::Rules => ("authorization.k8s.io/v1", "SelfSubjectRulesReview", rules(&user)),
        Review::Subject => ("authentication.k8s.io/v1", "SelfSubjectReview", subject(&user)),
    };
    let found = value::text(&body, &["kind"]);
    if !found.is_empty() && found != kind {
        return Err(Status::bad_request(format!("the body must be of kind {kind}, not {found}")));
    }
    let mut reply = json!({"apiVersion": api_version, "kind": kind, "metadata": {}});
    if let Some(spec) = body.get("spec") {
        reply["spec"] = spec.clone();
    }
    reply["status"] = answer;
    Ok(json_response(201, reply.to_string()))
}

fn access(user: &User, body: &Value) -> Result<Value, Status> {
    let about_resource = value::at(body, &["spec", "resourceAttributes"]).is_some();
    let about_path = value::at(body, &["spec", "nonResourceAttributes"]).is_some();
    if about_resource == about_path {
        let message =
            "spec: Invalid value: exactly one of nonResourceAttributes or resourceAttributes must be specified";
        return Err(Status::bad_request(message));
    }
    Ok(if user.is_master() {
        json!({"allowed": true, "reason": "members of system:masters may do everything"})
    } else {
        json!({"allowed": false, "reason": "only members of system:masters have rights so far"})
    })
}

fn rules(user: &User) -> Value {
    let (mut resources, mut paths) = (Vec::new(), Vec::new());
    if user.is_master() {
        resources.push(json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}));
        paths.push(json!({"verbs": ["*"], "nonResourceURLs": ["*"]}));
    } else {
        let reviews = json!(["selfsubjectaccessreviews", "selfsubjectrulesreviews"]);
        resources.push(json!({"verbs": ["create"], "apiGroups": ["authorization.k8s.io"], "resources": reviews}));
        let urls = json!([
            "/api",
            "/api/*",
            "/apis",
            "/apis/*",
            "/healthz",
            "/livez",
            "/openapi",
            "/openapi/*",
            "/readyz",
            "/version",
            "/version/"
        ]);
        paths.push(json!({"verbs": ["get"], "nonResourceURLs": urls}));
    }
    json!({"resourceRules": resources, "nonResourceRules": paths, "incomplete": false})
}

fn subject(user: &User) -> Value {
    json!({"userInfo": {"username": user.name, "groups": user.all_groups()}})
}
