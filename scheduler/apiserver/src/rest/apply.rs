//! PATCH with `application/apply-patch+yaml`: server-side apply.

use std::sync::{Arc, Mutex};

use axum::response::Response;
use serde_json::Value;

use super::Api;
use super::path::Address;
use super::write::{Incoming, Scrutiny, target};
use crate::auth;
use crate::body::{self, Decoded, Encoding};
use crate::managed_fields::Conflicts;
use crate::objects::Applied;
use crate::rbac::{Attributes, Wanted};
use crate::status::Status;

/// The media type of an applied object; its body is YAML, so also JSON.
pub(super) const MEDIA_TYPE: &str = "application/apply-patch+yaml";

/// Applies the object in the body.
pub(super) async fn apply(api: &Arc<Api>, address: &Address<'_>, incoming: &Incoming) -> Result<Response, Status> {
    let params = &incoming.params;
    params.field_manager()?.ok_or_else(Status::manager_required)?;
    let conflicts = if params.flag("force")? { Conflicts::Force } else { Conflicts::Refuse };
    let (options, validation) = (incoming.write_options(api, address)?, params.field_validation()?);
    let decoded = decode(incoming)?;
    let noted = Mutex::new(Vec::new());
    let check = |before: Option<&Value>, object: &Value| {
        if before.is_none() {
            may_create(api, address, incoming)?;
        }
        let scrutiny = Scrutiny::check(address, validation, decoded.notes.clone(), object, before)?;
        if let Ok(mut noted) = noted.lock() {
            *noted = scrutiny.notes;
        }
        Ok(())
    };
    let applied = api.objects.apply(target(address), &decoded.value, conflicts, &options, &check).await?;
    let (code, object) = match applied {
        Applied::Created(object) => (201, object),
        Applied::Changed(object) => (200, object),
    };
    let response = incoming.answer(address, code, object.clone())?;
    let notes = noted.into_inner().unwrap_or_default();
    Ok(Scrutiny { notes }.add(address, &object, response))
}

/// Who applies what is not there creates it, and must be allowed to.
fn may_create(api: &Api, address: &Address<'_>, incoming: &Incoming) -> Result<(), Status> {
    let user = incoming.user.as_ref().ok_or_else(Status::unauthorized)?;
    let resource = address.resource();
    let wanted = Wanted {
        group: resource.group.into(),
        version: resource.version.into(),
        resource: resource.plural.into(),
        namespace: address.space().into(),
        name: address.name.unwrap_or_default().into(),
        ..Wanted::default()
    };
    let attributes = Attributes::resource("create", wanted);
    let verdict = api.access.decide(user, &attributes);
    if verdict.is_allowed() { Ok(()) } else { Err(auth::refusal(user, &attributes, &verdict)) }
}

/// Clients send JSON, people YAML. JSON needs no thread of its own.
fn decode(incoming: &Incoming) -> Result<Decoded, Status> {
    let bytes = &incoming.body.bytes;
    if bytes.first() == Some(&b'{')
        && let Ok(decoded) = body::decode(Encoding::Json, bytes)
    {
        return Ok(decoded);
    }
    body::decode(Encoding::Yaml, bytes)
}
