//! The Kubernetes API through a kubeconfig, as JSON.

use std::path::Path;

use http::{Method, Request, StatusCode};
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::Value;

use crate::returned;

/// A client of one cluster.
#[derive(Clone)]
pub struct Api {
    client: kube::Client,
}

/// Why there is no answer, or what the answer was.
#[derive(Debug)]
pub enum Refused {
    /// The connection failed; the outcome of a write is not known.
    Unknown(String),
    /// A Kubernetes `Status`.
    Status(StatusCode, Value),
}

impl Api {
    /// Reads a kubeconfig.
    ///
    /// # Panics
    /// It does not parse.
    pub async fn new(kubeconfig: &Path) -> Self {
        Self::of(Self::config(kubeconfig).await)
    }

    /// One that tells every answer as it comes. Others ask again by themselves when they are told to wait.
    ///
    /// # Panics
    /// The kubeconfig does not parse.
    pub async fn without_retries(kubeconfig: &Path) -> Self {
        let mut config = Self::config(kubeconfig).await;
        config.default_retry = false;
        Self::of(config)
    }

    async fn config(kubeconfig: &Path) -> kube::Config {
        // The process may hold several clusters; the first to come installs the provider.
        drop(rustls::crypto::ring::default_provider().install_default());
        let file = Kubeconfig::read_from(kubeconfig).expect("a kubeconfig");
        kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.expect("sound")
    }

    fn of(config: kube::Config) -> Self {
        Self { client: kube::Client::try_from(config).expect("a client") }
    }

    /// The client itself, for what is more than requests.
    #[must_use]
    pub fn client(&self) -> kube::Client {
        self.client.clone()
    }

    /// One request with a JSON body (`Null` for none).
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn call(&self, method: Method, path: &str, content_type: &str, body: &Value) -> Result<Value, Refused> {
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", content_type)
            .body(Body::from(bytes))
            .map_err(|e| Refused::Unknown(e.to_string()))?;
        let asked = format!("{} {}", request.method(), request.uri());
        let unknown = |e: &dyn std::fmt::Display| Refused::Unknown(e.to_string());
        let response = self.client.send(request).await.map_err(|e| unknown(&e))?;
        let status = response.status();
        let bytes = response.into_body().collect_bytes().await.map_err(|e| unknown(&e))?;
        returned::note(&asked, &String::from_utf8_lossy(&bytes));
        let value = serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into());
        if status.is_success() { Ok(value) } else { Err(Refused::Status(status, value)) }
    }

    /// `GET`.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn get(&self, path: &str) -> Result<Value, Refused> {
        self.call(Method::GET, path, "application/json", &Value::Null).await
    }

    /// `POST`.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn create(&self, path: &str, object: &Value) -> Result<Value, Refused> {
        self.call(Method::POST, path, "application/json", object).await
    }

    /// `PATCH` with RFC 7386.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn merge(&self, path: &str, patch: &Value) -> Result<Value, Refused> {
        self.call(Method::PATCH, path, "application/merge-patch+json", patch).await
    }

    /// `DELETE`.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn delete(&self, path: &str) -> Result<Value, Refused> {
        self.call(Method::DELETE, path, "application/json", &Value::Null).await
    }

    /// The items of a list.
    pub async fn items(&self, path: &str) -> Vec<Value> {
        let list = self.get(path).await.unwrap_or(Value::Null);
        list["items"].as_array().cloned().unwrap_or_default()
    }

    /// Reads every list there is, which notes all objects ([`returned`]).
    ///
    /// # Errors
    /// See [`Refused`].
    pub(crate) async fn read_everything(&self) -> Result<(), Refused> {
        let mut versions = vec!["/api/v1".to_owned()];
        let groups = self.get("/apis").await?;
        for version in elements(&groups["groups"]).flat_map(|group| elements(&group["versions"])) {
            versions.push(format!("/apis/{}", version["groupVersion"].as_str().unwrap_or_default()));
        }
        for version in versions {
            let resources = self.get(&version).await?;
            for resource in elements(&resources["resources"]) {
                if elements(&resource["verbs"]).any(|verb| verb == "list") {
                    self.get(&format!("{version}/{}", resource["name"].as_str().unwrap_or_default())).await?;
                }
            }
        }
        Ok(())
    }

    /// The raw client, for watches.
    #[must_use]
    pub fn raw(&self) -> &kube::Client {
        &self.client
    }
}

fn elements(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// Pods that are Ready and not being deleted.
#[must_use]
pub fn ready(pods: &[Value]) -> Vec<&Value> {
    let is_ready = |pod: &&Value| {
        pod.pointer("/metadata/deletionTimestamp").is_none()
            && pod["status"]["conditions"]
                .as_array()
                .is_some_and(|all| all.iter().any(|c| c["type"] == "Ready" && c["status"] == "True"))
    };
    pods.iter().filter(is_ready).collect()
}
