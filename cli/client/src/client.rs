//! A client of the Kubernetes API: finds the cluster, sends requests, turns a refusal into a sentence.

mod refusal;
mod warning;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use http::{HeaderMap, Method, Request, StatusCode};
use kube::client::Body;
use kube::config::KubeConfigOptions;
use serde_json::Value;

use crate::say;
use crate::target::Target;

pub use refusal::Refusal;

/// RFC 7386: lists are replaced whole.
pub const MERGE_PATCH: &str = "application/merge-patch+json";
/// Kubernetes' own: containers, ports and variables are merged by their keys, so that what is not named stays.
pub const STRATEGIC_MERGE_PATCH: &str = "application/strategic-merge-patch+json";
/// RFC 6902.
pub const JSON_PATCH: &str = "application/json-patch+json";
/// Server-side apply (KEP-555).
pub const APPLY_PATCH: &str = "application/apply-patch+yaml";
/// Any object.
pub const JSON: &str = "application/json";
/// Largest answer a command reads into memory: a chunk of a list is far smaller, a component may be as large.
const ANSWER_BYTES_MAX: usize = 256 << 20;

/// A connection to one cluster.
pub struct Client {
    kube: kube::Client,
    namespace: String,
    target: Target,
    /// Warnings that were told; each is told once.
    told: Mutex<BTreeSet<String>>,
}

/// What the server answered.
pub struct Answer {
    /// HTTP's status.
    pub status: StatusCode,
    /// HTTP's headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Client {
    /// Reads `--kubeconfig`, `$KUBECONFIG` or the user's default.
    ///
    /// # Errors
    /// There is no kubeconfig, or it names no such context, or its credentials cannot be read.
    pub async fn new(target: &Target) -> Result<Self> {
        let file = crate::kubeconfig::read(target.kubeconfig.as_deref())?;
        let options = KubeConfigOptions { context: target.context.clone(), ..KubeConfigOptions::default() };
        let config = kube::Config::from_custom_kubeconfig(file, &options)
            .await
            .context("the kubeconfig cannot be used; `insula config get-contexts` shows what it holds")?;
        let namespace = config.default_namespace.clone();
        let kube = kube::Client::try_from(config)?;
        Ok(Self { kube, namespace, target: target.clone(), told: Mutex::default() })
    }

    /// The namespace a command works in.
    #[must_use]
    pub fn namespace(&self, given: Option<&str>) -> String {
        given.unwrap_or(&self.namespace).to_owned()
    }

    /// Sends one request and reads the whole answer.
    ///
    /// # Errors
    /// The cluster does not answer, or not in time, or its answer is too large. A refusal is an answer.
    pub async fn send(&self, request: Request<Vec<u8>>) -> Result<Answer> {
        let whole = async {
            let (parts, body) = self.open(request).await?.into_parts();
            let body = http_body_util::Limited::new(body, ANSWER_BYTES_MAX);
            let body = http_body_util::BodyExt::collect(body).await.map_err(|e| anyhow!("reading the answer: {e}"))?;
            Ok(Answer { status: parts.status, headers: parts.headers, body: body.to_bytes().to_vec() })
        };
        let answer: Result<Answer> = match self.target.request_timeout {
            Some(limit) => tokio::time::timeout(limit, whole).await.unwrap_or_else(|_| {
                Err(anyhow!("the cluster has not answered within {} s (--request-timeout)", limit.as_secs_f64()))
            }),
            None => whole.await,
        };
        let answer = answer?;
        if self.target.tells_bodies() {
            say::note(format!("  {}", String::from_utf8_lossy(&answer.body)));
        }
        Ok(answer)
    }

    /// Sends one request; the body of the answer is the caller's to read.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub async fn open(&self, request: Request<Vec<u8>>) -> Result<http::Response<Body>> {
        let (line, begin) = (format!("{} {}", request.method(), request.uri()), Instant::now());
        if self.target.tells_bodies() && !request.body().is_empty() {
            say::note(format!("  {}", String::from_utf8_lossy(request.body())));
        }
        let response = self.kube.send(request.map(Body::from)).await.map_err(|error| {
            anyhow!(error).context("the cluster does not answer; is it running, and is this its kubeconfig?")
        })?;
        if self.target.tells_requests() {
            say::note(format!("{line} {} in {} ms", response.status(), begin.elapsed().as_millis()));
        }
        self.tell_warnings(response.headers());
        Ok(response)
    }

    fn tell_warnings(&self, headers: &HeaderMap) {
        for text in headers.get_all(http::header::WARNING).iter().filter_map(|value| value.to_str().ok()) {
            self.warn(&warning::text(text));
        }
    }

    /// Tells a warning, unless it was told already.
    pub fn warn(&self, text: &str) {
        if self.told.lock().map_or(true, |mut told| told.insert(text.to_owned())) {
            say::warning(text);
        }
    }

    /// Sends JSON and reads JSON; `Null` is no body.
    ///
    /// # Errors
    /// As [`Self::send`]; a refusal is a [`Refusal`].
    pub async fn call(&self, method: Method, path: &str, content_type: &str, body: &Value) -> Result<Value> {
        self.ask(method, path, content_type, body).await?.json()
    }

    /// As [`Self::call`], with the status.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn ask(&self, method: Method, path: &str, content_type: &str, body: &Value) -> Result<Answer> {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("accept", JSON).header("content-type", content_type);
        let body = if body.is_null() { Vec::new() } else { serde_json::to_vec(body)? };
        self.send(request.body(body)?).await
    }

    /// `GET path` in a form of its own.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn get_as(&self, path: &str, accept: &str) -> Result<Value> {
        self.send(Request::get(path).header("accept", accept).body(Vec::new())?).await?.json()
    }

    /// `GET path` as JSON; `None` if there is no such object.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn get(&self, path: &str) -> Result<Option<Value>> {
        let answer = self.ask(Method::GET, path, JSON, &Value::Null).await?;
        if answer.status == StatusCode::NOT_FOUND { Ok(None) } else { answer.json().map(Some) }
    }

    /// `GET path` as JSON; that there is no such object is the server's refusal.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn object(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, JSON, &Value::Null).await
    }

    /// Creates the object, or merges it over the one that is there by a patch of that kind. Returns what happened, as
    /// kubectl words it.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn create_or_merge(
        &self,
        collection: &str,
        name: &str,
        kind: &str,
        object: &Value,
    ) -> Result<&'static str> {
        let path = format!("{collection}/{name}");
        let Some(before) = self.get(&path).await? else {
            self.call(Method::POST, collection, JSON, object).await?;
            return Ok("created");
        };
        let after = self.call(Method::PATCH, &path, kind, object).await?;
        let version = |object: &Value| object.pointer("/metadata/resourceVersion").cloned();
        Ok(if version(&after) == version(&before) { "unchanged" } else { "configured" })
    }

    /// Opens a WebSocket of one of the protocols `v5.channel.k8s.io` and `v4.channel.k8s.io`.
    ///
    /// # Errors
    /// The cluster does not answer, or refuses, in which case its words are the error.
    pub async fn connect(&self, path: &str) -> Result<kube::client::Connection> {
        let connected = self.kube.connect(Request::get(path).body(Vec::new())?).await;
        connected.map_err(|error| match error {
            kube::Error::Api(status) => Refusal::of_status(&status).into(),
            other => anyhow!(other).context("the cluster does not take the connection over"),
        })
    }
}

impl Answer {
    /// The answer as JSON; a refusal becomes an error with the server's words.
    ///
    /// # Errors
    /// A [`Refusal`], or that the answer is not JSON.
    pub fn json(self) -> Result<Value> {
        let status = self.ok()?;
        serde_json::from_slice(&status.body).context("the answer is not JSON")
    }

    /// The answer if it is a success; else the server's words.
    ///
    /// # Errors
    /// A [`Refusal`].
    pub fn ok(self) -> Result<Self> {
        if self.status.is_success() {
            return Ok(self);
        }
        bail!(Refusal::parse(self.status, &self.body))
    }
}
