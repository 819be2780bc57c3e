//! A server in memory, and answers that are easy to look into.

use std::net::IpAddr;
use std::sync::Arc;

use api::Resource;
use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, Bytes};
use futures::FutureExt;
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::ServiceExt;

use super::returned;
use crate::objects::{Objects, ObjectsConfig, WriteOptions};
use crate::{
    Access, Accounts, AuditSink, Authenticator, Config, Issuer, Keys, LogOptions, Measured, PodConnection, PodStreams,
    Status, User, Version, ensure_roles, router,
};

/// Knows one master and one stranger.
pub(super) struct Doors;

#[async_trait]
impl Authenticator for Doors {
    async fn bearer(&self, token: &str) -> Option<User> {
        let groups = match token {
            "master" => vec!["system:masters".to_owned()],
            "stranger" => vec!["guests".to_owned()],
            _ if token.starts_with("user:") => Vec::new(),
            _ => return None,
        };
        Some(User { name: token.trim_start_matches("user:").to_owned(), groups, ..User::default() })
    }

    fn certificate(&self, der: &CertificateDer<'_>) -> Option<User> {
        let groups = vec!["system:masters".to_owned()];
        (der.as_ref() == b"master").then(|| User { name: "cert".to_owned(), groups, ..User::default() })
    }
}

/// Answers with what it was asked.
pub(super) struct Echo;

#[async_trait]
impl PodStreams for Echo {
    async fn logs(&self, pod: &Value, options: LogOptions) -> Result<Body, Status> {
        Ok(Body::from(format!("{} {options:?}", pod["metadata"]["name"])))
    }

    /// At 8080 answers one request of HTTP with its head, and leads on to another path.
    async fn dial(&self, _: &Value, port: u16) -> Result<PodConnection, Status> {
        if port != 8080 {
            return Err(Status::bad_request("nobody listens"));
        }
        let (near, mut far) = tokio::io::duplex(4 << 10);
        tokio::spawn(async move {
            let mut head = Vec::new();
            while !head.windows(4).any(|end| end == b"\r\n\r\n")
                && far.read_buf(&mut head).await.is_ok_and(|read| read > 0)
            {}
            let begin = format!(
                "HTTP/1.1 302 Found\r\nlocation: /next\r\nkeep-alive: 1\r\ncontent-length: {}\r\n\r\n",
                head.len()
            );
            drop(far.write_all(&[begin.as_bytes(), &head].concat()).await);
        });
        Ok(PodConnection { io: Box::new(near), end: futures::future::ready(Ok(())).boxed().shared() })
    }
}

/// Has measured two Pods.
pub(super) struct Meter;

impl Measured for Meter {
    fn list(&self, resource: &Resource, namespace: Option<&str>) -> Vec<Value> {
        let found = ["burner", "idle"].map(|name| self.get(resource, namespace.unwrap_or("shop"), name));
        found.into_iter().flatten().collect()
    }

    fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Option<Value> {
        let usage = |cpu: &str| json!({"cpu": cpu, "memory": "1Mi"});
        let container = |name: &str, cpu: &str| json!({"name": name, "usage": usage(cpu)});
        (*resource == api::resource::POD_METRICS && namespace == "shop" && name != "absent").then(|| {
            json!({
                "kind": resource.kind,
                "apiVersion": resource.api_version(),
                "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
                "timestamp": "2026-01-01T00:00:00Z",
                "window": "5s",
                "containers": [container("a", "250m"), container("b", "1500u")],
            })
        })
    }
}

/// A server with the namespace `shop`.
pub(super) struct Cluster {
    pub(super) app: Router,
    pub(super) objects: Objects,
    pub(super) accounts: Accounts,
    pub(super) access: Access,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) code: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
    pub(super) text: String,
}

impl Answer {
    /// Requires a code and returns the body.
    pub(super) fn expect(self, code: u16) -> Value {
        assert_eq!(self.code, code, "{}", self.text);
        self.body
    }

    pub(super) fn warnings(&self) -> Vec<&str> {
        self.headers.get_all("warning").iter().filter_map(|value| value.to_str().ok()).collect()
    }
}

pub(super) const SHOP: &str = "/api/v1/namespaces/shop";
pub(super) const APPS: &str = "/apis/apps/v1/namespaces/shop";
pub(super) const BATCH: &str = "/apis/batch/v1/namespaces/shop";

impl Cluster {
    pub(super) async fn new() -> Self {
        Self::with(ObjectsConfig::default()).await
    }

    pub(super) async fn with(config: ObjectsConfig) -> Self {
        Self::build(store::Memory::new(), config, None).await
    }

    /// One that records what is asked.
    pub(super) async fn recorded(sink: AuditSink) -> Self {
        Self::build(store::Memory::new(), ObjectsConfig::default(), Some(sink)).await
    }

    /// One whose store holds so much and no more.
    pub(super) async fn bounded(bounds: store::Bounds) -> Self {
        Self::build(store::Memory::with_bounds(bounds), ObjectsConfig::default(), None).await
    }

    async fn build(store: store::Memory, config: ObjectsConfig, audit: Option<AuditSink>) -> Self {
        let objects = Objects::new(Arc::new(store), config);
        ensure_roles(&objects).await.unwrap_or_else(|status| panic!("{status}"));
        let (access, feed) = Access::start(objects.store().clone()).await.expect("starts");
        tokio::spawn(feed.run());
        let keys = Keys::create(Timestamp::now()).expect("makes");
        let issuer = Issuer::new(keys, Arc::new(Timestamp::now), "https://127.0.0.1:6443");
        let accounts = Accounts::new(issuer, objects.clone());
        let app = router(Config {
            objects: objects.clone(),
            authenticator: Arc::new(Doors),
            accounts: accounts.clone(),
            access: access.clone(),
            audit,
            pods: Arc::new(Echo),
            measured: Arc::new(Meter),
            extra: Router::new().route("/v2/", axum::routing::get(|| async { "registry" })),
            version: Version::default(),
        });
        let keeper = crate::Keeper::start(objects.clone()).await.expect("starts");
        tokio::spawn(keeper.run());
        let cluster = Self { app, objects, accounts, access };
        for name in ["shop", "default"] {
            let namespace = json!({"metadata": {"name": name}});
            let created =
                cluster.objects.create(&api::resource::NAMESPACES, "", namespace, WriteOptions::default()).await;
            created.unwrap_or_else(|status| panic!("{status}"));
        }
        cluster
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let asked = format!("{} {}", request.method(), request.uri());
        let response = self.app.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
        let (parts, body) = response.into_parts();
        let bytes: Bytes = body.collect().await.expect("a whole body").to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        returned::note(&asked, &text);
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { code: parts.status.as_u16(), headers: parts.headers, body, text }
    }

    /// A request of the master, with a media type for its body.
    pub(super) async fn call(&self, method: &str, path: &str, media: &str, body: impl Into<Body>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", "Bearer master")
            .header("content-type", media);
        self.send(request.body(body.into()).expect("a request")).await
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, "", Body::empty()).await
    }

    pub(super) async fn get_as(&self, path: &str, accept: &str) -> Answer {
        let request = Request::builder().uri(path).header("authorization", "Bearer master").header("accept", accept);
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, "application/json", body.to_string()).await
    }

    pub(super) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.call("PUT", path, "application/json", body.to_string()).await
    }

    pub(super) async fn merge(&self, path: &str, patch: &Value) -> Answer {
        self.call("PATCH", path, "application/merge-patch+json", patch.to_string()).await
    }

    pub(super) async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, "", Body::empty()).await
    }
}

/// A small valid Pod.
pub(super) fn pod(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"containers": [{"name": "main", "image": "hello:1"}]},
    })
}

/// A small valid Deployment.
pub(super) fn deployment(name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": "hello:1"}]},
            },
        },
    })
}

/// A small valid Job.
pub(super) fn job(name: &str) -> Value {
    let pod = json!({"restartPolicy": "Never", "containers": [{"name": "main", "image": "job:1"}]});
    json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": {"spec": pod}}})
}

/// A small valid CronJob.
pub(super) fn cron_job(name: &str, schedule: &str) -> Value {
    let template = json!({"spec": job(name)["spec"]});
    json!({
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name},
        "spec": {"schedule": schedule, "jobTemplate": template},
    })
}

/// A small valid Service.
pub(super) fn service(name: &str, kind: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"type": kind, "selector": {"app": name}, "ports": [{"port": 80}]},
    })
}

/// A small ConfigMap.
pub(super) fn config_map(name: &str, data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})
}

/// The address of a Service.
pub(super) fn address(service: &Value) -> IpAddr {
    service["spec"]["clusterIP"].as_str().and_then(|text| text.parse().ok()).expect("a cluster IP")
}
