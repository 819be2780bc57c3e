//! Writing: create, update, patch, delete.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use futures::{StreamExt, TryStreamExt};
use http::HeaderMap;
use serde_json::{Value, json};

use super::negotiate::{self, Form};
use super::params::{FieldValidation, Params, orphan, parse_propagation};
use super::path::Address;
use super::read::{include, json_response, shaped};
use super::{Api, apply, not_allowed, warnings};
use crate::audit::About;
use crate::auth::User;
use crate::body::{self, Body, Decoded, Encoding};
use crate::kinds::{self, Subresource};
use crate::limits::{DELETES_AT_ONCE, WARNINGS_MAX};
use crate::objects::{DeleteOptions, Deleted, Patch, Target, WriteOptions};
use crate::openapi::{self, FieldProblem};
use crate::policy::Remarks;
use crate::rbac;
use crate::status::{self, Cause, Status};
use crate::value;

/// A request, read.
pub(super) struct Incoming {
    pub(super) params: Params,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
    form: Form,
    pub(super) user: Option<User>,
    /// What admission has said.
    remarks: Remarks,
}

impl Incoming {
    pub(super) async fn read(api: &Api, request: Request) -> Result<Self, Status> {
        let (parts, body) = request.into_parts();
        let form = negotiate::form(&parts.headers)?;
        let params = Params::parse(&parts.uri)?;
        let body = body::read(&api.bodies, &parts.headers, body).await?;
        let user = parts.extensions.get().cloned();
        let remarks = parts.extensions.get().cloned().unwrap_or_default();
        Ok(Self { params, headers: parts.headers, body, form, user, remarks })
    }

    /// The object in the body.
    pub(super) fn object(&self) -> Result<Decoded, Status> {
        body::decode(Encoding::of(&self.headers)?, &self.body.bytes)
    }

    /// How to write what is addressed, for who asks, and as which field manager.
    pub(super) fn write_options(&self, api: &Api, address: &Address<'_>) -> Result<WriteOptions, Status> {
        let approval = self.user.as_ref().and_then(|user| rbac::approval(&api.access, user, address.kind.resource));
        Ok(WriteOptions {
            approval,
            author: self.user.clone(),
            remarks: self.remarks.clone(),
            ..self.params.write_options(&self.headers)?
        })
    }

    /// How to delete, as far as the head of the request says.
    pub(super) fn delete_options(&self) -> Result<DeleteOptions, Status> {
        Ok(DeleteOptions {
            dry_run: self.params.dry_run()?,
            author: self.user.clone(),
            remarks: self.remarks.clone(),
            ..DeleteOptions::default()
        })
    }

    /// Adds what admission has said to an answer.
    pub(super) fn remarked(&self, response: Response) -> Response {
        warnings::add(response, self.remarks.take())
    }

    pub(super) fn answer(&self, address: &Address<'_>, code: u16, object: Value) -> Result<Response, Status> {
        let include = include(&self.params)?;
        let text = |key: &str| value::text(&object, &["metadata", key]).to_owned();
        let about = About { name: text("name"), uid: text("uid") };
        let mut response = json_response(code, shaped(address, self.form, include, object).to_string());
        response.extensions_mut().insert(about);
        Ok(self.remarked(response))
    }
}

/// What deserves a word about an object a user sent: unknown and duplicate fields, by their wish.
pub(super) struct Scrutiny {
    pub(super) notes: Vec<String>,
}

impl Scrutiny {
    /// Looks at what was sent, or at what a patch made of `before`: what was wrong there before is
    /// not this patch's fault. Values of the wrong type are refused whatever the wish.
    pub(super) fn check(
        address: &Address<'_>,
        validation: FieldValidation,
        mut notes: Vec<String>,
        object: &Value,
        before: Option<&Value>,
    ) -> Result<Self, Status> {
        if address.part != Subresource::Scale {
            let resource = address.resource();
            let known = before.map(|before| openapi::check_fields(resource, before)).unwrap_or_default();
            let mut found = openapi::check_fields(resource, object);
            found.retain(|problem| !known.contains(problem));
            let (mistyped, unknown): (Vec<_>, Vec<_>) =
                found.into_iter().partition(|problem| matches!(problem, FieldProblem::WrongType { .. }));
            if !mistyped.is_empty() {
                return Err(refusal(address, "", &mistyped, "FieldValueTypeInvalid"));
            }
            notes.extend(unknown.iter().map(ToString::to_string));
            if let Some(custom) = &address.kind.custom {
                notes.extend(custom.unknown(object).iter().map(|path| format!("unknown field {path:?}")));
            }
        }
        match validation {
            FieldValidation::Ignore => notes.clear(),
            FieldValidation::Warn => {}
            FieldValidation::Strict if notes.is_empty() => {}
            FieldValidation::Strict => {
                return Err(refusal(address, "strict decoding error: ", &notes, "FieldValueInvalid"));
            }
        }
        Ok(Self { notes })
    }

    /// Adds the notes, and the fields nothing acts on yet, to an answer.
    pub(super) fn add(self, address: &Address<'_>, object: &Value, response: Response) -> Response {
        let mut all = self.notes;
        if address.part == Subresource::Main {
            all.extend(kinds::warnings(&address.kind, object));
        }
        warnings::add(response, all)
    }
}

/// An object that does not decode, in Kubernetes' words, with a cause for each field.
fn refusal(address: &Address<'_>, lead: &str, problems: &[impl ToString], reason: &'static str) -> Status {
    let resource = address.resource();
    let texts: Vec<String> = problems.iter().take(WARNINGS_MAX).map(ToString::to_string).collect();
    let message = format!(
        "{} in version \"{}\" cannot be handled as a {}: {lead}{}",
        resource.kind,
        resource.version,
        resource.kind,
        texts.join(", ")
    );
    let cause = |text: &String| {
        // `unknown field "spec.a"` and `spec.a: cannot ...` both name the field.
        let quoted = text.split('"').nth(1).filter(|_| text.contains(" field \""));
        let field = quoted.or_else(|| text.split(": ").next()).unwrap_or_default().to_owned();
        Cause { reason, message: text.clone(), field }
    };
    Status::bad_fields(message, texts.iter().map(cause).collect())
}

/// POST of an object.
pub(super) async fn create(api: &Arc<Api>, address: &Address<'_>, request: Request) -> Result<Response, Status> {
    let resource = address.kind.resource;
    if resource.is_namespaced() && address.namespace.is_none() {
        return Err(not_allowed());
    }
    let incoming = Incoming::read(api, request).await?;
    let decoded = incoming.object()?;
    let options = incoming.write_options(api, address)?;
    let validation = incoming.params.field_validation()?;
    let scrutiny = Scrutiny::check(address, validation, decoded.notes, &decoded.value, None)?;
    let wish = address.asked().keep_new(decoded.value)?;
    let object = api.objects.create(resource, address.space(), wish, options).await?;
    let response = incoming.answer(address, 201, object.clone())?;
    Ok(scrutiny.add(address, &object, response))
}

/// PUT of an object or a part of it.
pub(super) async fn update(api: &Arc<Api>, address: &Address<'_>, request: Request) -> Result<Response, Status> {
    let incoming = Incoming::read(api, request).await?;
    let decoded = incoming.object()?;
    let options = incoming.write_options(api, address)?;
    let validation = incoming.params.field_validation()?;
    let scrutiny = Scrutiny::check(address, validation, decoded.notes, &decoded.value, None)?;
    if address.part != Subresource::Scale && value::text(&decoded.value, &["metadata", "name"]).is_empty() {
        return Err(Status::bad_request("name must be provided in the object of an update"));
    }
    let object = api.objects.update_asked(target(address), &decoded.value, &options).await?;
    let response = incoming.answer(address, 200, object.clone())?;
    Ok(scrutiny.add(address, &object, response))
}

/// What an address names, to be changed in the version it names.
pub(super) fn target<'a>(address: &'a Address<'a>) -> Target<'a> {
    Target {
        kind: &address.kind,
        namespace: address.namespace.unwrap_or_default(),
        name: address.name.unwrap_or_default(),
        part: address.part,
        served: address.served,
    }
}

/// The patch in a body, by its media type.
fn read_patch(address: &Address<'_>, incoming: &Incoming) -> Result<(Patch, Decoded), Status> {
    let make: fn(Value) -> Patch = match body::media_type(&incoming.headers) {
        "application/merge-patch+json" => Patch::Merge,
        "application/json-patch+json" => Patch::Json,
        "application/strategic-merge-patch+json"
            if address.kind.custom.is_none() || address.part == Subresource::Scale =>
        {
            Patch::Strategic
        }
        other => {
            let strategic = if address.kind.custom.is_none() { "application/strategic-merge-patch+json, " } else { "" };
            return Err(Status::unsupported_media_type(format!(
                "the body of the request was in an unknown format ({other}) - accepted media types include: \
                 application/json-patch+json, application/merge-patch+json, {strategic}application/apply-patch+yaml"
            )));
        }
    };
    let decoded = body::decode(Encoding::Json, &incoming.body.bytes)?;
    Ok((make(decoded.value.clone()), decoded))
}

/// PATCH of an object or a part of it.
pub(super) async fn patch(api: &Arc<Api>, address: &Address<'_>, request: Request) -> Result<Response, Status> {
    let incoming = Incoming::read(api, request).await?;
    if body::media_type(&incoming.headers) == apply::MEDIA_TYPE {
        return apply::apply(api, address, &incoming).await;
    }
    if incoming.params.get("force").is_some() {
        let why = "Forbidden: may not be specified for non-apply patch";
        return Err(Status::patch_options("force", "FieldValueForbidden", why));
    }
    let (patch, decoded) = read_patch(address, &incoming)?;
    let options = incoming.write_options(api, address)?;
    let validation = incoming.params.field_validation()?;
    let noted = std::sync::Mutex::new(Vec::new());
    let check = |current: &Value, patched: &Value| {
        let scrutiny = Scrutiny::check(address, validation, decoded.notes.clone(), patched, Some(current))?;
        if let Ok(mut noted) = noted.lock() {
            *noted = scrutiny.notes;
        }
        Ok(())
    };
    let object = api.objects.patch_checked(target(address), &patch, &options, &check).await?;
    let response = incoming.answer(address, 200, object.clone())?;
    let notes = noted.into_inner().unwrap_or_default();
    Ok(Scrutiny { notes }.add(address, &object, response))
}

/// How to delete: from the body if there is one, else from the query.
pub(super) fn delete_options(incoming: &Incoming) -> Result<DeleteOptions, Status> {
    let params = &incoming.params;
    let mut options = DeleteOptions {
        grace_seconds: params.number("gracePeriodSeconds")?,
        propagation: params.propagation()?,
        ..incoming.delete_options()?
    };
    if incoming.body.bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(options);
    }
    let mut decoded = incoming.object()?.value;
    value::strip_nulls(&mut decoded);
    read_delete_options(&decoded, &mut options)?;
    Ok(options)
}

/// Reads a `DeleteOptions` object.
pub(super) fn read_delete_options(body: &Value, options: &mut DeleteOptions) -> Result<(), Status> {
    let kind = value::text(body, &["kind"]);
    if !kind.is_empty() && kind != "DeleteOptions" {
        return Err(Status::bad_request(format!("the body of a deletion must be of kind DeleteOptions, not {kind}")));
    }
    let body: Options = serde_path_to_error::deserialize(body)
        .map_err(|error| Status::bad_request(format!("DeleteOptions: {error}")))?;
    if let Some(other) = body.dry_run.iter().find(|word| *word != "All") {
        return Err(Status::bad_request(format!("dryRun: Unsupported value: {other:?}: supported values: \"All\"")));
    }
    if body.orphan_dependents.is_some() && body.propagation_policy.is_some() {
        let message = "propagationPolicy: Invalid value: orphanDependents and deletionPropagation cannot be both set";
        return Err(Status::bad_request(message));
    }
    options.dry_run |= !body.dry_run.is_empty();
    options.grace_seconds = body.grace_period_seconds.or(options.grace_seconds);
    if let Some(policy) = &body.propagation_policy {
        options.propagation = Some(parse_propagation(policy)?);
    }
    options.propagation = body.orphan_dependents.map(orphan).or(options.propagation);
    if let Some(preconditions) = body.preconditions {
        options.uid = preconditions.uid;
        options.resource_version = preconditions.resource_version;
    }
    Ok(())
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Options {
    dry_run: Vec<String>,
    grace_period_seconds: Option<i64>,
    orphan_dependents: Option<bool>,
    propagation_policy: Option<String>,
    preconditions: Option<api::meta::Preconditions>,
}

/// DELETE of one object.
pub(super) async fn delete(api: &Arc<Api>, address: &Address<'_>, request: Request) -> Result<Response, Status> {
    let incoming = Incoming::read(api, request).await?;
    let options = delete_options(&incoming)?;
    let (resource, name) = (address.kind.resource, address.name.unwrap_or_default());
    match api.objects.delete_outcome(resource, address.space(), name, &options).await? {
        // Clients expect the Pod back, and a Status for everything else that is gone.
        Deleted::Removed(object) if resource != &api::resource::PODS => {
            let status = status::success(address.resource(), name, value::text(&object, &["metadata", "uid"]));
            Ok(incoming.remarked(json_response(200, status.to_string())))
        }
        Deleted::Removed(object) | Deleted::Marked(object) => incoming.answer(address, 200, object),
    }
}

/// DELETE of everything a selector selects.
pub(super) async fn delete_collection(
    api: &Arc<Api>,
    address: &Address<'_>,
    request: Request,
) -> Result<Response, Status> {
    let resource = address.kind.resource;
    if resource.is_namespaced() == address.namespace.is_none() || resource == &api::resource::NAMESPACES {
        return Err(not_allowed());
    }
    let incoming = Incoming::read(api, request).await?;
    let options = delete_options(&incoming)?;
    let list = api.objects.list(resource, address.namespace, incoming.params.list_options(address.asked())?).await?;
    let revision = list.revision;
    let deletions = list.items.into_iter().map(|object| {
        let name = value::text(&object, &["metadata", "name"]).to_owned();
        // The object that was listed, not a namesake that came since.
        let uid = Some(value::text(&object, &["metadata", "uid"]).to_owned());
        let options = DeleteOptions { uid, ..options.clone() };
        let objects = &api.objects;
        async move {
            match objects.delete_outcome(resource, address.space(), &name, &options).await {
                Ok(deleted) => Ok(Some(address.asked().show(deleted.into_object()))),
                Err(status) if status.is_not_found() || status.is_conflict() => Ok(None),
                Err(status) => Err(status),
            }
        }
    });
    let deleted: Vec<Option<Value>> = futures::stream::iter(deletions).buffered(DELETES_AT_ONCE).try_collect().await?;
    let list = json!({
        "kind": format!("{}List", address.resource().kind),
        "apiVersion": address.resource().api_version(),
        "metadata": {"resourceVersion": revision.to_string()},
        "items": deleted.into_iter().flatten().collect::<Vec<_>>(),
    });
    Ok(incoming.remarked(json_response(200, list.to_string())))
}
