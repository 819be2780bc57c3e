//! `pods/x/log`.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, header};
use jiff::Timestamp;
use serde_json::Value;

use super::Api;
use super::params::Params;
use super::path::Address;
use crate::auth::User;
use crate::fair::Place;
use crate::logs::LogOptions;
use crate::server::Shutdown;
use crate::status::Status;
use crate::value;

/// GET of a Pod's log.
pub(super) async fn logs(api: &Arc<Api>, address: &Address<'_>, request: &Parts) -> Result<Response, Status> {
    let params = Params::parse(&request.uri)?;
    let name = address.name.unwrap_or_default();
    let pod = api.objects.get(address.kind.resource, address.space(), name).await?;
    let options = LogOptions {
        container: container(&pod, name, params.get("container"))?,
        follow: params.flag("follow")?,
        previous: params.flag("previous")?,
        timestamps: params.flag("timestamps")?,
        tail_lines: params.number("tailLines")?,
        since_seconds: params.number("sinceSeconds")?,
        since_time: since_time(&params)?,
        limit_bytes: params.number("limitBytes")?,
    };
    if value::text(&pod, &["spec", "nodeName"]).is_empty() {
        return Err(Status::bad_request(format!("pod {name} does not have a host assigned")));
    }
    let place = api.streams.take(request.extensions.get::<User>())?;
    let body = api.pods.logs(&pod, options).await?;
    let content_type = [(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"))];
    Ok((content_type, until_shutdown(body, request, place)).into_response())
}

/// A followed log ends with the server, and has its place until it ends.
fn until_shutdown(body: axum::body::Body, request: &Parts, place: Place) -> axum::body::Body {
    use futures::StreamExt;
    let token = request.extensions.get::<Shutdown>().map(|shutdown| shutdown.0.clone()).unwrap_or_default();
    let pieces = body.into_data_stream().take_until(token.cancelled_owned());
    let placed = pieces.map(move |piece| {
        let _held = &place;
        piece
    });
    axum::body::Body::from_stream(placed)
}

fn since_time(params: &Params) -> Result<Option<Timestamp>, Status> {
    let Some(text) = params.get("sinceTime") else { return Ok(None) };
    text.parse().map(Some).map_err(|_| Status::bad_request(format!("sinceTime: {text:?} is not a time of RFC 3339")))
}

/// The container asked for, or the only one.
fn container(pod: &Value, name: &str, wanted: Option<&str>) -> Result<String, Status> {
    let list = |key: &str| value::at(pod, &["spec", key]).and_then(Value::as_array).cloned().unwrap_or_default();
    let names = |key: &str| -> Vec<String> {
        list(key).iter().map(|container| value::text(container, &["name"]).to_owned()).collect()
    };
    let (main, init) = (names("containers"), names("initContainers"));
    match (wanted, main.as_slice()) {
        (Some(wanted), _) if main.iter().chain(&init).any(|name| name == wanted) => Ok(wanted.to_owned()),
        (Some(wanted), _) => Err(Status::bad_request(format!("container {wanted} is not valid for pod {name}"))),
        (None, [only]) => Ok(only.clone()),
        (None, several) => Err(Status::bad_request(format!(
            "a container name must be specified for pod {name}, choose one of: [{}]",
            several.join(" ")
        ))),
    }
}
