//! POST of `serviceaccounts/x/token`: `kubectl create token`.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;

use super::path::Address;
use super::read::json_response;
use super::write::Incoming;
use super::{Api, warnings};
use crate::status::Status;
use crate::{tokens, value};

/// Gives a token of an account. It is answered once and kept nowhere.
pub(super) async fn create(api: &Arc<Api>, address: &Address<'_>, request: Request) -> Result<Response, Status> {
    let incoming = Incoming::read(api, request).await?;
    let mut body = incoming.object()?.value;
    value::strip_nulls(&mut body);
    let found = value::text(&body, &["kind"]);
    if !found.is_empty() && found != "TokenRequest" {
        return Err(Status::bad_request(format!("the body must be of kind TokenRequest, not {found}")));
    }
    if incoming.params.dry_run()? {
        return Err(Status::bad_request("a token cannot be requested as a dry run"));
    }
    let name = address.name.unwrap_or_default();
    let given = tokens::create(&api.accounts, &api.objects, address.space(), name, &body).await?;
    Ok(warnings::add(json_response(201, given.object.to_string()), given.warnings))
}
