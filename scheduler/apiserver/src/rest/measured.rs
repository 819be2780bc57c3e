//! Reading what is measured: the same forms and selectors as for what is stored, without versions, pages and watches.

use axum::extract::Request;
use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::negotiate::{self, Form};
use super::params::Params;
use super::path::Address;
use super::{Api, not_allowed, read};
use crate::status::Status;
use crate::table::{self, IncludeObject};

/// GET of one object or of many.
pub(super) fn read(api: &Api, address: &Address<'_>, request: &Request) -> Result<Response, Status> {
    let params = Params::parse(request.uri())?;
    if params.flag("watch")? || address.watch {
        return Err(not_allowed());
    }
    let form = negotiate::form(request.headers())?;
    let include = read::include(&params)?;
    let resource = address.kind.resource;
    let answer = match address.name {
        Some(name) => {
            let found = api.measured.get(resource, address.space(), name);
            let found = found.ok_or_else(|| Status::not_found(resource, name))?;
            read::shaped(address, form, include, found)
        }
        None => {
            let selection = params.selection(address.asked())?;
            let mut found = api.measured.list(resource, address.namespace);
            found.retain(|object| selection.matches(object));
            list(address, form, include, found)
        }
    };
    Ok(read::json_response(200, answer.to_string()))
}

fn list(address: &Address<'_>, form: Form, include: IncludeObject, objects: Vec<Value>) -> Value {
    let resource = address.kind.resource;
    let (kind, version, items) = match form {
        Form::Table => return table::render(resource, &objects, include, Timestamp::now()),
        Form::Object => (format!("{}List", resource.kind), resource.api_version(), objects),
        Form::Partial => {
            let items = objects.iter().map(table::partial).collect();
            ("PartialObjectMetadataList".to_owned(), "meta.k8s.io/v1".to_owned(), items)
        }
    };
    json!({"kind": kind, "apiVersion": version, "metadata": {}, "items": items})
}
