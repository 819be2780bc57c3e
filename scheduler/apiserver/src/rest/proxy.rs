//! `pods/x/proxy` and `services/x/proxy`: a request is passed on to a port of a Pod, and the answer back.
//!
//! It goes the way of port-forwards ([`PodStreams::dial`](crate::PodStreams::dial)), with a connection of its own, so it
//! reaches every Pod and nothing else. Redirects are led back through here and not followed. Upgrades are not passed on.

use std::future::Future;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use http::{Method, StatusCode, Uri, header};
use http_body_util::Limited;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Api;
use super::path::Address;
use crate::auth::User;
use crate::fair::Place;
use crate::forward::proxy::{self, Asked, Split};
use crate::limits::{PROXY_BODY_BYTES_MAX, PROXY_LASTS_MAX};
use crate::objects::{ListOptions, Objects};
use crate::server::Shutdown;
use crate::status::Status;
use crate::value;

/// Passes a request on.
pub(super) async fn pass(api: &Api, address: &Address<'_>, request: Request) -> Result<Response, Status> {
    let (mut parts, body) = request.into_parts();
    let uri = parts.uri.clone();
    let Split { prefix, rest } = proxy::split(uri.path());
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    if rest.is_empty() && matches!(parts.method, Method::GET | Method::HEAD) {
        // Relative links of the page that follows would else lead out of the proxy.
        let location = [(header::LOCATION, format!("{prefix}/{query}"))];
        return Ok((StatusCode::MOVED_PERMANENTLY, location).into_response());
    }
    let (pod, port) = target(&api.objects, address).await?;
    let place = api.streams.take(parts.extensions.get::<User>())?;
    let host = format!("{}:{port}", value::text(&pod, &["status", "podIP"]));
    parts.uri = format!("{}{query}", if rest.is_empty() { "/" } else { rest }).parse::<Uri>().map_err(unreachable)?;
    parts.version = http::Version::HTTP_11;
    proxy::clean_request(&mut parts.headers, &host);
    let shutdown = parts.extensions.get::<Shutdown>().map(|shutdown| shutdown.0.clone()).unwrap_or_default();
    parts.extensions.clear();

    let connection = api.pods.dial(&pod, port).await.map_err(|status| unreachable(status.message))?;
    let (mut sender, carrying) = http1::handshake(TokioIo::new(connection.io)).await.map_err(unreachable)?;
    let carried = shutdown.clone();
    tokio::spawn(async move { carried.run_until_cancelled(carrying).await });
    let request = Request::from_parts(parts, Limited::new(body, PROXY_BODY_BYTES_MAX));
    let (mut answer, body) = sender.send_request(request).await.map_err(unreachable)?.into_parts();
    proxy::clean_answer(&mut answer.headers, &host, prefix);
    Ok(Response::from_parts(answer, bounded(body, over(shutdown), place)))
}

fn unreachable(why: impl std::fmt::Display) -> Status {
    Status::unavailable(format!("error trying to reach service: {why}"))
}

/// When an answer has lasted long enough.
async fn over(shutdown: CancellationToken) -> &'static str {
    tokio::select! {
        () = shutdown.cancelled() => "the server stops",
        () = sleep(PROXY_LASTS_MAX) => "the answer took too long",
    }
}

/// A body that is broken off, rather than ended, when it is over, and has its place until then.
fn bounded(body: Incoming, over: impl Future<Output = &'static str> + Send + 'static, place: Place) -> Body {
    let begin = (Body::new(body).into_data_stream(), Box::pin(over), place);
    Body::from_stream(stream::try_unfold(begin, async |(mut pieces, mut over, place)| {
        tokio::select! {
            biased;
            why = &mut over => Err(axum::Error::new(why)),
            piece = pieces.next() => Ok(piece.transpose()?.map(|piece| (piece, (pieces, over, place)))),
        }
    }))
}

/// Which Pod is asked, and at which port.
async fn target(objects: &Objects, address: &Address<'_>) -> Result<(Value, u16), Status> {
    let asked = Asked::parse(address.name.unwrap_or_default()).map_err(Status::bad_request)?;
    let (pods, space) = (&api::resource::PODS, address.space());
    if address.kind.resource == pods {
        let pod = objects.get(pods, space, asked.name).await?;
        let port = proxy::pod_port(&pod, asked.port).map_err(Status::bad_request)?;
        return Ok((pod, port));
    }
    let service = objects.get(address.kind.resource, space, asked.name).await?;
    let port = proxy::service_port(&service, asked.port).ok_or_else(|| {
        Status::unavailable(format!("no service port {:?} found for service {:?}", asked.port, asked.name))
    })?;
    let slices = slices_of(objects, space, asked.name).await?;
    let serving = proxy::serving(&slices, port);
    let (seed, _) = uuid::Uuid::new_v4().as_u64_pair();
    let chosen = usize::try_from(seed).unwrap_or(0).checked_rem(serving.len()).and_then(|at| serving.get(at));
    let none = || Status::unavailable(format!("no endpoints available for service {:?}", asked.name));
    let (pod, port) = chosen.ok_or_else(none)?;
    Ok((objects.get(pods, space, pod).await?, *port))
}

/// The EndpointSlices of a Service.
pub(super) async fn slices_of(objects: &Objects, space: &str, service: &str) -> Result<Vec<Value>, Status> {
    let labels = format!("{}={service}", api::label::SERVICE_NAME);
    let labels = api::selector::Selector::parse(&labels).map_err(Status::bad_request)?;
    let options = ListOptions { labels, ..ListOptions::default() };
    Ok(objects.list(&api::resource::ENDPOINT_SLICES, Some(space), options).await?.items)
}
