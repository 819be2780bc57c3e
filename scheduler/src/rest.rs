//! What Insula's own tools ask beside the Kubernetes API: join tokens, the state of hosts, metrics.
//!
//! Mounted behind the API's authentication; only `system:masters` gets here.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use apiserver::Status;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::joining::{Joining, TTL_MAX};
use crate::metrics;
use crate::session::Sessions;

/// Life of a token when none is asked for: time to walk to another machine.
const TTL_DEFAULT: Duration = Duration::from_secs(600);
/// Largest body; ours have a few bytes.
const BODY_BYTES_MAX: usize = 4096;

/// What the routes answer from.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) joining: Joining,
    pub(crate) host_addr: Option<SocketAddr>,
}

/// The routes.
pub(crate) fn router(desk: Desk) -> Router {
    Router::new()
        .route("/insula.dev/v1/tokens", post(make_token))
        .route("/insula.dev/v1/status", get(status))
        .route("/metrics", get(metrics))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(desk)
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct TokenRequest {
    ttl_seconds: Option<u64>,
}

/// Where a host dials, and what it shows there.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenResponse {
    token: String,
    expires_at: String,
    /// `ip:port` that hosts dial; absent when this server takes no hosts from outside.
    host_address: Option<String>,
}

async fn make_token(State(desk): State<Desk>, body: Bytes) -> Result<Response, Status> {
    let request = if body.is_empty() {
        TokenRequest::default()
    } else {
        serde_json::from_slice(&body)
            .map_err(|e| Status::bad_request(format!("the body is not a token request: {e}")))?
    };
    let ttl = request.ttl_seconds.map_or(TTL_DEFAULT, Duration::from_secs);
    if ttl.is_zero() || ttl > TTL_MAX {
        return Err(Status::bad_request(format!("ttlSeconds must be from 1 to {}", TTL_MAX.as_secs())));
    }
    let made = desk.joining.make_token(ttl).await?;
    let response = TokenResponse {
        token: made.token,
        expires_at: made.expires.to_string(),
        host_address: desk.host_addr.map(|address| address.to_string()),
    };
    Ok((http::StatusCode::CREATED, axum::Json(response)).into_response())
}

async fn status(State(desk): State<Desk>) -> axum::Json<Value> {
    let sessions = &desk.sessions;
    let (view, peers) = (sessions.sources.cache.view(), sessions.roster.peers());
    let host = |name: &api::NamespacedName| {
        let peer = peers.by_node.get(&name.name);
        let engine = peer.map(|peer| json!({"version": peer.facts.engine.version, "target": peer.facts.engine.target}));
        json!({
            "name": name.name,
            "connected": peer.is_some_and(|peer| peer.connected),
            "sinceSeconds": peer.map(|peer| peer.since.elapsed().as_secs()),
            "peerAddress": peer.map(|peer| peer.facts.peer_address.clone()),
            "engine": engine,
            "pods": view.pods_of(&name.name).len(),
        })
    };
    axum::Json(json!({
        "clusterId": *sessions.ground.cluster_id,
        "version": env!("CARGO_PKG_VERSION"),
        "term": sessions.ground.term,
        "revision": view.revision,
        "hostAddress": desk.host_addr.map(|address| address.to_string()),
        "hosts": view.nodes.keys().map(host).collect::<Vec<_>>(),
        "counts": {
            "namespaces": view.namespaces.len(),
            "pods": view.pods.len(),
            "services": view.services.len(),
            "deployments": view.deployments.len(),
        },
    }))
}

async fn metrics(State(desk): State<Desk>) -> Response {
    let revision = desk.sessions.sinks.objects.store().revision().await;
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], desk.sessions.sinks.metrics.text(revision)).into_response()
}
