//! `serviceaccounts/x/token`: `kubectl create token`.

use api::resource::{NODES, PODS, SECRETS, SERVICE_ACCOUNTS};
use api::{Resource, resource};
use serde_json::{Value, json};

use super::{Accounts, Bound, Holder, ISSUER, LIFE_DEFAULT_SECONDS, LIFE_MAX_SECONDS, LIFE_MIN_SECONDS};
use crate::field::{Path, Problems};
use crate::objects::Objects;
use crate::status::Status;
use crate::value;

/// Longest life that may be asked for: what fits into Kubernetes' field.
const LIFE_ASKED_MAX_SECONDS: i64 = 1 << 32;
/// Most audiences of a token.
const AUDIENCES_MAX: usize = 16;

/// What is asked for.
struct Wish {
    audiences: Vec<String>,
    seconds: i64,
    /// Kind, name and UID (empty if it does not matter) of what it is to be bound to.
    bound: Option<(String, String, String)>,
}

/// What was given, and what deserves a word about it.
pub(crate) struct Given {
    /// The TokenRequest with its status.
    pub(crate) object: Value,
    pub(crate) warnings: Vec<String>,
}

/// Gives a token for an account.
///
/// # Errors
/// `NotFound` for the account or what the token is to be bound to, `Invalid` with every problem, `Conflict` for a UID.
pub(crate) async fn create(
    accounts: &Accounts,
    objects: &Objects,
    namespace: &str,
    name: &str,
    request: &Value,
) -> Result<Given, Status> {
    let account = objects.get(&SERVICE_ACCOUNTS, namespace, name).await?;
    let wish = read(name, request)?;
    let holder = Holder {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        uid: value::text(&account, &["metadata", "uid"]).to_owned(),
        bound: bound(objects, namespace, name, wish.bound).await?,
    };
    let minted = accounts.issuer.mint(&holder, &wish.audiences, wish.seconds);
    let minted = minted.map_err(|error| Status::internal(error.to_string()))?;
    let seconds = wish.seconds.min(LIFE_MAX_SECONDS);
    let mut warnings = Vec::new();
    if seconds < wish.seconds {
        warnings.push(format!("requested expiration of {} seconds shortened to {seconds} seconds", wish.seconds));
    }
    let audiences = if wish.audiences.is_empty() { vec![ISSUER.to_owned()] } else { wish.audiences };
    let mut spec = json!({"audiences": audiences, "expirationSeconds": seconds, "boundObjectRef": Value::Null});
    if let Some(reference) = value::at(request, &["spec", "boundObjectRef"]) {
        spec["boundObjectRef"] = reference.clone();
    }
    let expires = minted.expires.map(|at| at.to_string());
    let object = json!({
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "metadata": {"name": name, "namespace": namespace, "creationTimestamp": account["metadata"]["creationTimestamp"]},
        "spec": spec,
        "status": {"token": minted.token, "expirationTimestamp": expires},
    });
    Ok(Given { object, warnings })
}

fn read(name: &str, request: &Value) -> Result<Wish, Status> {
    let (spec, mut problems) = (Path::new("spec"), Problems::default());
    let at = |key: &str| value::at(request, &["spec", key]);
    let seconds = at("expirationSeconds").map_or(Some(LIFE_DEFAULT_SECONDS), Value::as_i64).unwrap_or_default();
    let path = spec.child("expirationSeconds");
    if seconds < LIFE_MIN_SECONDS {
        problems.invalid(&path, seconds, "may not specify a duration less than 10 minutes");
    }
    if seconds > LIFE_ASKED_MAX_SECONDS {
        problems.invalid(&path, seconds, "may not specify a duration larger than 2^32 seconds");
    }
    let audiences: Vec<String> =
        at("audiences").and_then(|list| serde_json::from_value(list.clone()).ok()).unwrap_or_default();
    if audiences.len() > AUDIENCES_MAX {
        problems.too_many(&spec.child("audiences"), audiences.len(), AUDIENCES_MAX);
    }
    for (at, audience) in audiences.iter().enumerate().filter(|(_, audience)| audience.is_empty()) {
        problems.invalid(&spec.child("audiences").index(at), audience, "may not be empty");
    }
    let bound = at("boundObjectRef").map(|reference| {
        let text = |key: &str| value::text(reference, &[key]).to_owned();
        (text("apiVersion"), text("kind"), text("name"), text("uid"))
    });
    if let Some((version, kind, bound_name, _)) = &bound {
        let path = spec.child("boundObjectRef");
        if version != "v1" || !["Pod", "Secret", "Node"].contains(&kind.as_str()) {
            problems.not_supported(&path.child("kind"), kind, &["Pod", "Secret", "Node"]);
        }
        if bound_name.is_empty() {
            problems.required(&path.child("name"), "");
        }
    }
    if !problems.is_empty() {
        return Err(Status::invalid(&TOKEN_REQUESTS, name, &problems));
    }
    Ok(Wish { audiences, seconds, bound: bound.map(|(_, kind, name, uid)| (kind, name, uid)) })
}

/// What requests for tokens are called in messages.
static TOKEN_REQUESTS: Resource = Resource {
    group: "authentication.k8s.io",
    version: "v1",
    kind: "TokenRequest",
    plural: "tokenrequests",
    scope: resource::Scope::Namespaced,
};

/// Finds what a token is to be bound to. A Pod must run as the account.
async fn bound(
    objects: &Objects,
    namespace: &str,
    account: &str,
    wish: Option<(String, String, String)>,
) -> Result<Option<Bound>, Status> {
    let Some((kind, name, wanted)) = wish else { return Ok(None) };
    let (resource, namespace) = match kind.as_str() {
        "Pod" => (&PODS, namespace),
        "Secret" => (&SECRETS, namespace),
        _ => (&NODES, ""),
    };
    let object = objects.get(resource, namespace, &name).await?;
    let uid = value::text(&object, &["metadata", "uid"]).to_owned();
    if !wanted.is_empty() && wanted != uid {
        let why = format!(
            "the UID in the bound object reference ({wanted}) does not match the UID in record ({uid}). The object might have been deleted and then recreated"
        );
        return Err(Status::conflict(resource, &name, &why));
    }
    if resource == &PODS {
        let found = value::text(&object, &["spec", "serviceAccountName"]);
        if !found.is_empty() && found != account || found.is_empty() && account != "default" {
            let why = format!(
                "cannot bind token for serviceaccount {account:?} to pod running with different serviceaccount name."
            );
            return Err(Status::forbidden(resource, &name, &why));
        }
        return Ok(Some(Bound::Pod { name, uid }));
    }
    Ok(Some(if resource == &SECRETS { Bound::Secret { name, uid } } else { Bound::Node { name, uid } }))
}
