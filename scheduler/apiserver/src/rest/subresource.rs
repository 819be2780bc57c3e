//! `pods/x/binding` and `pods/x/eviction`: what is posted to a Pod.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use serde_json::{Value, json};

use super::Api;
use super::path::Address;
use super::read::json_response;
use super::write::{Incoming, read_delete_options};
use crate::kinds::Subresource;
use crate::objects::{DeleteOptions, WriteOptions};
use crate::status::Status;
use crate::value;

/// POST to a part of a Pod.
pub(super) async fn post(api: &Arc<Api>, address: &Address<'_>, request: Request) -> Result<Response, Status> {
    let incoming = Incoming::read(api, request).await?;
    let mut body = incoming.object()?.value;
    value::strip_nulls(&mut body);
    let name = address.name.unwrap_or_default();
    let sent = value::text(&body, &["metadata", "name"]);
    if !sent.is_empty() && sent != name {
        return Err(Status::bad_request(format!("name in URL does not match name in the object: {name} and {sent}")));
    }
    if address.part == Subresource::Binding {
        bind(api, address, name, &body, incoming.write_options(api, address)?).await?;
    } else {
        let options = incoming.delete_options()?;
        evict(api, address, name, &body, options).await?;
    }
    let done = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
    Ok(incoming.remarked(json_response(201, done.to_string())))
}

fn require_kind(body: &Value, wanted: &str) -> Result<(), Status> {
    let found = value::text(body, &["kind"]);
    if found.is_empty() || found == wanted {
        return Ok(());
    }
    Err(Status::bad_request(format!("the body must be of kind {wanted}, not {found}")))
}

async fn bind(
    api: &Arc<Api>,
    address: &Address<'_>,
    name: &str,
    body: &Value,
    mut options: WriteOptions,
) -> Result<(), Status> {
    require_kind(body, "Binding")?;
    let kind = value::text(body, &["target", "kind"]);
    let node = value::text(body, &["target", "name"]);
    if !kind.is_empty() && kind != "Node" {
        let message = format!("target.kind: Unsupported value: {kind:?}: supported values: \"Node\"");
        return Err(Status::bad_request(message));
    }
    if node.is_empty() {
        return Err(Status::bad_request("target.name: Required value"));
    }
    let given = |key| Some(value::text(body, &["metadata", key]).to_owned()).filter(|text| !text.is_empty());
    options.uid = given("uid");
    options.resource_version = given("resourceVersion");
    api.objects.bind(address.space(), name, node, options).await.map(drop)
}

/// An eviction is a deletion that a disruption budget may refuse.
async fn evict(
    api: &Arc<Api>,
    address: &Address<'_>,
    name: &str,
    body: &Value,
    mut options: DeleteOptions,
) -> Result<(), Status> {
    require_kind(body, "Eviction")?;
    if let Some(found) = body.get("deleteOptions") {
        read_delete_options(found, &mut options)?;
    }
    api.objects.evict(address.space(), name, options).await
}
