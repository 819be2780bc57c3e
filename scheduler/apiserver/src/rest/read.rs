//! Reading: one object or many, in the form a client wants.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, header};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::Revision;

use super::negotiate::{self, Form};
use super::params::Params;
use super::path::Address;
use super::{Api, watch};
use crate::kinds::{Asked, Subresource};
use crate::objects::{Page, decode_entry, splice, too_large_version};
use crate::status::Status;
use crate::table::{self, IncludeObject};

/// An answer of JSON.
pub(super) fn json_response(code: u16, body: impl Into<axum::body::Body>) -> Response {
    let code = http::StatusCode::from_u16(code).unwrap_or(http::StatusCode::OK);
    let content_type = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (code, content_type, body.into()).into_response()
}

/// What a client wants a table's rows to carry.
pub(super) fn include(params: &Params) -> Result<IncludeObject, Status> {
    IncludeObject::parse(params.get("includeObject").unwrap_or_default()).map_err(Status::bad_request)
}

/// One object in the form a client wants.
pub(super) fn shaped(address: &Address<'_>, form: Form, include: IncludeObject, object: Value) -> Value {
    match form {
        Form::Object if address.part == Subresource::Scale => object,
        Form::Object => address.asked().show(object),
        Form::Partial => table::partial(&object),
        Form::Table => {
            let version = object["metadata"]["resourceVersion"].clone();
            let mut rendered = rows(address.asked(), &[object], include);
            rendered["metadata"] = json!({"resourceVersion": version});
            rendered
        }
    }
}

/// Objects as the rows of a table; the columns are those of the kind, whatever the version.
pub(super) fn rows(asked: Asked<'_>, objects: &[Value], include: IncludeObject) -> Value {
    let mut rendered = table::render_kind(asked.kind, objects, include, Timestamp::now());
    if include == IncludeObject::Object {
        for row in crate::value::elements(&mut rendered, &["rows"]) {
            row["object"] = asked.show(row["object"].take());
        }
    }
    rendered
}

/// GET of one object.
pub(super) async fn one(api: &Arc<Api>, address: &Address<'_>, request: &Parts) -> Result<Response, Status> {
    let params = Params::parse(&request.uri)?;
    if params.flag("watch")? || address.watch {
        return watch::start(api, address, request, &params);
    }
    let form = negotiate::form(&request.headers)?;
    let name = address.name.unwrap_or_default();
    let mut object = api.objects.get(address.kind.resource, address.space(), name).await?;
    if let Some(wanted) = params.number::<Revision>("resourceVersion")? {
        let current = api.objects.store().revision().await;
        if wanted > current && !is_current(&object, wanted) {
            return Err(too_large_version(wanted, current));
        }
    }
    if address.part == Subresource::Scale {
        object = crate::objects::scale_of(&address.kind, &object)?;
    }
    Ok(json_response(200, shaped(address, form, include(&params)?, object).to_string()))
}

/// Volatile kinds count their revisions apart from the others.
fn is_current(object: &Value, wanted: Revision) -> bool {
    let found = object["metadata"]["resourceVersion"].as_str().and_then(|text| text.parse::<Revision>().ok());
    found.is_some_and(|found| found >= wanted)
}

/// GET of many objects: a list, or a watch.
pub(super) async fn collection(api: &Arc<Api>, address: &Address<'_>, request: &Parts) -> Result<Response, Status> {
    let params = Params::parse(&request.uri)?;
    if params.flag("watch")? || address.watch {
        return watch::start(api, address, request, &params);
    }
    if params.get("sendInitialEvents").is_some() {
        return Err(Status::bad_request("sendInitialEvents is forbidden for list"));
    }
    let form = negotiate::form(&request.headers)?;
    let include = include(&params)?;
    let options = params.list_options(address.asked())?;
    let page = api.objects.page(address.kind.resource, address.namespace, &options).await?;
    let body = match form {
        Form::Object if !address.asked().is_stored_form() => shown_list(address.asked(), &page)?,
        Form::Object => objects_list(address, &page),
        Form::Partial => partial_list(&page)?,
        Form::Table => rendered_table(address, &page, include)?,
    };
    Ok(json_response(200, body))
}

fn list_meta(page: &Page) -> Value {
    let mut meta = json!({"resourceVersion": page.revision.to_string()});
    if let Some(token) = &page.continue_token {
        meta["continue"] = json!(token);
    }
    if let Some(remaining) = page.remaining {
        meta["remainingItemCount"] = json!(remaining);
    }
    meta
}

/// The list as bytes: stored objects are copied with their versions spliced in, not decoded.
fn objects_list(address: &Address<'_>, page: &Page) -> Vec<u8> {
    let resource = address.kind.resource;
    let head = format!(
        r#"{{"kind":"{}List","apiVersion":"{}","metadata":{},"items":["#,
        resource.kind,
        resource.api_version(),
        list_meta(page)
    );
    let size = page.entries.iter().map(|entry| entry.value.len() + 40).sum::<usize>() + head.len();
    let mut body = Vec::with_capacity(size);
    body.extend_from_slice(head.as_bytes());
    for (at, entry) in page.entries.iter().enumerate() {
        if at > 0 {
            body.push(b',');
        }
        splice(&mut body, &entry.value, entry.mod_revision);
    }
    body.extend_from_slice(b"]}");
    body
}

/// The list in a version that is not stored: every object is decoded.
fn shown_list(asked: Asked<'_>, page: &Page) -> Result<Vec<u8>, Status> {
    let items = page.entries.iter().map(|entry| Ok(asked.show(decode_entry(entry)?)));
    let items: Vec<Value> = items.collect::<Result<_, Status>>()?;
    let resource = asked.resource();
    let list = json!({
        "kind": format!("{}List", resource.kind),
        "apiVersion": resource.api_version(),
        "metadata": list_meta(page),
        "items": items,
    });
    Ok(list.to_string().into_bytes())
}

fn partial_list(page: &Page) -> Result<Vec<u8>, Status> {
    let items = page.entries.iter().map(|entry| Ok(table::partial(&decode_entry(entry)?)));
    let items: Vec<Value> = items.collect::<Result<_, Status>>()?;
    let list = json!({
        "kind": "PartialObjectMetadataList",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": list_meta(page),
        "items": items,
    });
    Ok(list.to_string().into_bytes())
}

fn rendered_table(address: &Address<'_>, page: &Page, include: IncludeObject) -> Result<Vec<u8>, Status> {
    let objects: Vec<Value> = page.entries.iter().map(|entry| address.kind.decode(entry)).collect::<Result<_, _>>()?;
    let mut rendered = rows(address.asked(), &objects, include);
    rendered["metadata"] = list_meta(page);
    Ok(rendered.to_string().into_bytes())
}
