//! What one connects to rather than reads: `pods/x/portforward`, and `exec` and `attach`, which Wasm Pods do not have.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use hyper::upgrade::OnUpgrade;
use serde_json::{Value, json};

use super::Api;
use super::params::Params;
use super::path::Address;
use crate::auth::User;
use crate::forward::channels::{self, Layout};
use crate::forward::upgrade::{self, Inside, Upgrade};
use crate::forward::{Ports, spdy};
use crate::kinds::Subresource;
use crate::limits::FORWARD_STALL_MAX;
use crate::objects::WriteOptions;
use crate::policy::{Attempt, How, Operation};
use crate::server::Shutdown;
use crate::status::Status;
use crate::value;
use crate::webhook;

/// Connects to a Pod, or says why that cannot be.
pub(super) async fn connect(api: &Arc<Api>, address: &Address<'_>, request: Request) -> Result<Response, Status> {
    let name = address.name.unwrap_or_default();
    let pod = api.objects.get(address.kind.resource, address.space(), name).await?;
    let (how, options) = (writer(&request), options(address.part, &Params::parse(request.uri())?));
    admit(api, address, &how, &options).await?;
    match address.part {
        Subresource::PortForward => forward(api, pod, name, request),
        part => Err(no_process(name, part)),
    }
}

/// Who connects. What admission warns of is not told: an upgraded connection has no place for it.
fn writer(request: &Request) -> WriteOptions {
    WriteOptions {
        author: request.extensions().get().cloned(),
        remarks: request.extensions().get().cloned().unwrap_or_default(),
        ..WriteOptions::default()
    }
}

/// Asks admission whether somebody may connect.
async fn admit(api: &Arc<Api>, address: &Address<'_>, how: &WriteOptions, options: &Value) -> Result<(), Status> {
    let attempt = Attempt {
        kind: &address.kind,
        part: address.part,
        namespace: address.space(),
        name: address.name.unwrap_or_default(),
        operation: Operation::Connect,
        object: Some(options),
        old: None,
        how: How::Write(how),
    };
    webhook::admit(&api.objects, &attempt).await
}

/// What a request to connect asks for, as the object that Kubernetes makes of it.
fn options(part: Subresource, params: &Params) -> Value {
    if part == Subresource::PortForward {
        let ports: Vec<u16> = params.all("ports").filter_map(|port| port.parse().ok()).collect();
        return json!({"apiVersion": "v1", "kind": "PodPortForwardOptions", "ports": ports});
    }
    let is_on = |name: &str| params.get(name).is_some_and(|value| matches!(value, "true" | "1"));
    let mut options = json!({
        "apiVersion": "v1", "kind": "PodAttachOptions", "container": params.get("container").unwrap_or_default(),
        "stdin": is_on("stdin"), "stdout": is_on("stdout"), "stderr": is_on("stderr"), "tty": is_on("tty"),
    });
    if part == Subresource::Exec {
        options["kind"] = json!("PodExecOptions");
        options["command"] = params.all("command").collect();
    }
    options
}

/// Why nothing can be run in a Pod, and what can be done instead.
fn no_process(name: &str, part: Subresource) -> Status {
    let wish = if part == Subresource::Attach { "attach to" } else { "run commands in" };
    Status::bad_request(format!(
        "cannot {wish} pod {name}: it runs a WebAssembly component, which has no processes, shell or files of its own \
         to enter; `kubectl logs {name}` shows what it prints, `kubectl port-forward {name} :PORT` reaches its ports, \
         and `kubectl describe pod {name}` says how it is"
    ))
}

fn forward(api: &Arc<Api>, pod: Value, name: &str, mut request: Request) -> Result<Response, Status> {
    let upgrade = Upgrade::negotiate(request.version(), request.headers())?;
    // Before the connection is another one: afterwards there is no Status to say it with.
    let phase = value::text(&pod, &["status", "phase"]);
    if phase != "Running" {
        return Err(Status::bad_request(format!(
            "unable to forward port because pod {name} is not running. Current status={phase}"
        )));
    }
    let params = Params::parse(request.uri())?;
    let layout = match upgrade {
        Upgrade::WebSocket { inside: Inside::Channels { .. }, .. } => {
            Some(Layout::parse(params.all("ports")).map_err(Status::bad_request)?)
        }
        Upgrade::WebSocket { .. } | Upgrade::Spdy => None,
    };
    let place = api.streams.take(request.extensions().get::<User>())?;
    let on = request.extensions_mut().remove::<OnUpgrade>();
    let on = on.ok_or_else(|| Status::bad_request("Upgrade request required"))?;
    let shutdown = request.extensions().get::<Shutdown>().map(|shutdown| shutdown.0.clone()).unwrap_or_default();
    let ports = Ports { pods: api.pods.clone(), pod: Arc::new(pod), stall: FORWARD_STALL_MAX };
    let response = upgrade.response();
    tokio::spawn(async move {
        let carrying = async {
            match on.await {
                Ok(upgraded) => carry(upgraded, &upgrade, layout, ports).await,
                Err(error) => tracing::debug!(%error, "a connection was not upgraded"),
            }
        };
        shutdown.run_until_cancelled(carrying).await;
        drop(place);
    });
    Ok(response)
}

async fn carry(upgraded: hyper::upgrade::Upgraded, upgrade: &Upgrade, layout: Option<Layout>, ports: Ports) {
    match (upgrade, layout) {
        (Upgrade::Spdy, _) => spdy::serve(upgrade::bare(upgraded), ports).await,
        (Upgrade::WebSocket { .. }, None) => {
            spdy::serve(upgrade::tunnelled(upgrade::socket(upgraded).await), ports).await;
        }
        (Upgrade::WebSocket { .. }, Some(layout)) => {
            channels::serve(upgrade::socket(upgraded).await, layout, ports).await;
        }
    }
}
