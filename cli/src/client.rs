//! A client of the Kubernetes API: finds the cluster, sends requests, turns a refusal into a sentence.

use anyhow::{Context, Result, anyhow, bail};
use http::{Method, Request, StatusCode};
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::Value;

use crate::args::Target;

/// RFC 7386: lists are replaced whole.
pub(crate) const MERGE_PATCH: &str = "application/merge-patch+json";
/// Kubernetes' own: containers, ports and variables are merged by their keys, so that what is not named stays.
pub(crate) const STRATEGIC_MERGE_PATCH: &str = "application/strategic-merge-patch+json";
const JSON: &str = "application/json";
/// Largest answer a command reads into memory.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// A connection to one cluster.
pub(crate) struct Client {
    kube: kube::Client,
    namespace: String,
}

/// What the server answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Client {
    /// Reads `--kubeconfig`, `$KUBECONFIG` or the user's default.
    pub(crate) async fn new(target: &Target) -> Result<Self> {
        let options = KubeConfigOptions::default();
        let config = match &target.kubeconfig {
            Some(path) => {
                let file = Kubeconfig::read_from(path)
                    .with_context(|| format!("cannot read the kubeconfig {}", path.display()))?;
                kube::Config::from_custom_kubeconfig(file, &options).await
            }
            None => kube::Config::from_kubeconfig(&options).await,
        }
        .context("no usable kubeconfig; give one with --kubeconfig FILE (`insula up` writes DATA-DIR/kubeconfig)")?;
        let namespace = config.default_namespace.clone();
        Ok(Self { kube: kube::Client::try_from(config)?, namespace })
    }

    /// The namespace a command works in.
    pub(crate) fn namespace(&self, given: Option<&str>) -> String {
        given.unwrap_or(&self.namespace).to_owned()
    }

    /// Sends one request and reads the whole answer.
    pub(crate) async fn send(&self, request: Request<Vec<u8>>) -> Result<Answer> {
        let response = self.open(request).await?;
        let (parts, body) = response.into_parts();
        let body = http_body_util::Limited::new(body, ANSWER_BYTES_MAX);
        let body = http_body_util::BodyExt::collect(body).await.map_err(|e| anyhow!("reading the answer: {e}"))?;
        Ok(Answer { status: parts.status, headers: parts.headers, body: body.to_bytes().to_vec() })
    }

    /// Sends one request; the body of the answer is the caller's to read.
    pub(crate) async fn open(&self, request: Request<Vec<u8>>) -> Result<http::Response<Body>> {
        let request = request.map(Body::from);
        self.kube.send(request).await.map_err(|error| {
            anyhow!(error).context("the cluster does not answer; is it running, and is this its kubeconfig?")
        })
    }

    /// Sends JSON and reads JSON.
    pub(crate) async fn call(&self, method: Method, path: &str, kind: &str, body: &Value) -> Result<Value> {
        self.ask(method, path, kind, body).await?.json()
    }

    async fn ask(&self, method: Method, path: &str, kind: &str, body: &Value) -> Result<Answer> {
        let request = Request::builder().method(method).uri(path).header("accept", JSON).header("content-type", kind);
        let body = if body.is_null() { Vec::new() } else { serde_json::to_vec(body)? };
        let answer = self.send(request.body(body)?).await?;
        for warning in answer.headers.get_all("warning") {
            eprintln!("warning: {}", warning.to_str().unwrap_or_default().trim_start_matches("299 - "));
        }
        Ok(answer)
    }

    /// `GET path` as JSON; `None` if there is no such object.
    pub(crate) async fn get(&self, path: &str) -> Result<Option<Value>> {
        let answer = self.ask(Method::GET, path, JSON, &Value::Null).await?;
        if answer.status == StatusCode::NOT_FOUND { Ok(None) } else { answer.json().map(Some) }
    }

    /// Creates the object, or merges it over the one that is there by a patch of that kind. Returns what happened, as
    /// kubectl words it.
    pub(crate) async fn create_or_merge(
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
}

impl Answer {
    /// The answer as JSON; a refusal becomes an error with the server's words.
    pub(crate) fn json(self) -> Result<Value> {
        let status = self.ok()?;
        serde_json::from_slice(&status.body).context("the answer is not JSON")
    }

    /// The answer if it is a success; else the server's words.
    pub(crate) fn ok(self) -> Result<Self> {
        if self.status.is_success() {
            return Ok(self);
        }
        bail!("{}", refusal(self.status, &self.body))
    }
}

/// The message of a Kubernetes `Status`, of an OCI error, or the bare text.
pub(crate) fn refusal(status: StatusCode, body: &[u8]) -> String {
    let parsed: Value = serde_json::from_slice(body).unwrap_or_default();
    let oci = parsed.pointer("/errors/0/message").and_then(Value::as_str);
    let Some(message) = parsed.get("message").and_then(Value::as_str).or(oci) else {
        return format!("{status}: {}", String::from_utf8_lossy(body).trim());
    };
    let details = |name: &str| parsed["details"][name].as_str().unwrap_or_default();
    if status == StatusCode::NOT_FOUND && details("kind") == "namespaces" {
        return format!("{message}; `kubectl create namespace {}` makes it", details("name"));
    }
    message.to_owned()
}

/// Whether a command ended because nobody reads its output any more, as in `insula logs web | head`.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>()).next();
    io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}
