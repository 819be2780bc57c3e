//! Reading what is not stored, but measured or derived when somebody asks: the same forms and selectors as for what is
//! stored, without versions, pages and watches.

use axum::response::Response;
use http::Method;
use http::request::Parts;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::negotiate::{self, Form};
use super::params::Params;
use super::path::Address;
use super::{Api, not_allowed, proxy, read, warnings};
use crate::endpoints;
use crate::kinds::Origin;
use crate::objects::ListOptions;
use crate::status::Status;
use crate::table::{self, IncludeObject};

/// GET of one object or of many.
pub(super) async fn read(api: &Api, address: &Address<'_>, request: &Parts) -> Result<Response, Status> {
    let is_derived = address.kind.origin == Origin::Derived;
    if request.method != Method::GET {
        return Err(if is_derived { read_only() } else { not_allowed() });
    }
    let params = Params::parse(&request.uri)?;
    if params.flag("watch")? || address.watch {
        return Err(if is_derived { read_only() } else { not_allowed() });
    }
    let form = negotiate::form(&request.headers)?;
    let include = read::include(&params)?;
    let resource = address.kind.resource;
    let answer = match address.name {
        Some(name) => {
            let found = match is_derived {
                true => endpoints::of_slices(&proxy::slices_of(&api.objects, address.space(), name).await?).pop(),
                false => api.measured.get(resource, address.space(), name),
            };
            let found = found.ok_or_else(|| Status::not_found(resource, name))?;
            read::shaped(address, form, include, found)
        }
        None => {
            let selection = params.selection(address.asked())?;
            let mut found = match is_derived {
                true => derived(api, address.namespace).await?,
                false => api.measured.list(resource, address.namespace),
            };
            found.retain(|object| selection.matches(object));
            list(address, form, include, found)
        }
    };
    let words = if is_derived { vec![endpoints::DEPRECATED.to_owned()] } else { Vec::new() };
    Ok(warnings::add(read::json_response(200, answer.to_string()), words))
}

async fn derived(api: &Api, namespace: Option<&str>) -> Result<Vec<Value>, Status> {
    let slices = api.objects.list(&api::resource::ENDPOINT_SLICES, namespace, ListOptions::default()).await?;
    Ok(endpoints::of_slices(&slices.items))
}

fn read_only() -> Status {
    Status::method_not_allowed(
        "Endpoints are derived from EndpointSlices when they are read: write and watch discovery.k8s.io/v1 EndpointSlice",
    )
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
