//! Objects of few fields.

use std::time::Duration;

use anyhow::{Result, anyhow};
use http::Method;
use serde_json::{Map, Value, json};

use super::Making;
use crate::client::{Client, JSON};
use crate::failure::usage;
use crate::say;
use crate::value::text;

#[derive(Debug, clap::Args)]
pub(super) struct Named {
    #[command(flatten)]
    making: Making,
    /// Its name.
    name: String,
}

impl Named {
    pub(super) fn object(self, api_version: &str, kind: &str) -> (Making, Value) {
        (self.making, json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": self.name } }))
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct PriorityClass {
    #[command(flatten)]
    making: Making,
    /// Its name.
    name: String,
    /// Higher goes first.
    #[arg(long, allow_negative_numbers = true)]
    value: i32,
    /// Of Pods that name none.
    #[arg(long)]
    global_default: bool,
    /// When to use it.
    #[arg(long, default_value = "")]
    description: String,
    /// Whether its Pods may take the place of others: Never or PreemptLowerPriority.
    #[arg(long, value_name = "POLICY", default_value = "PreemptLowerPriority")]
    preemption_policy: String,
}

impl PriorityClass {
    pub(super) fn object(self) -> (Making, Value) {
        let object = json!({
            "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": { "name": self.name },
            "value": self.value, "globalDefault": self.global_default, "description": self.description,
            "preemptionPolicy": self.preemption_policy,
        });
        (self.making, object)
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Quota {
    #[command(flatten)]
    making: Making,
    /// Its name.
    name: String,
    /// What there may be at most: pods=10,requests.cpu=4
    #[arg(long, value_name = "NAME=QUANTITY,...", value_delimiter = ',', value_parser = crate::words::key_value)]
    hard: Vec<(String, String)>,
    /// What it counts: BestEffort, NotTerminating.
    #[arg(long, value_name = "SCOPE", value_delimiter = ',')]
    scopes: Vec<String>,
}

impl Quota {
    pub(super) fn object(self) -> (Making, Value) {
        let hard: Map<String, Value> = self.hard.into_iter().map(|(key, value)| (key, json!(value))).collect();
        let mut spec = json!({ "hard": hard });
        if !self.scopes.is_empty() {
            spec["scopes"] = json!(self.scopes);
        }
        let metadata = json!({ "name": self.name });
        (self.making, json!({ "apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": spec }))
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Budget {
    #[command(flatten)]
    making: Making,
    /// Its name.
    name: String,
    /// Labels of the Pods.
    #[arg(long, value_name = "K=V,...", value_delimiter = ',', value_parser = crate::words::key_value, required = true)]
    selector: Vec<(String, String)>,
    /// As many must stay, a number or percentage.
    #[arg(long, value_name = "COUNT", required_unless_present = "max_unavailable")]
    min_available: Option<String>,
    /// As many may be away, a number or percentage.
    #[arg(long, value_name = "COUNT", conflicts_with = "min_available")]
    max_unavailable: Option<String>,
}

impl Budget {
    pub(super) fn object(self) -> Result<(Making, Value)> {
        let count = |text: &String| match (text.parse::<u32>(), text.strip_suffix('%').map(str::parse::<u32>)) {
            (Ok(count), _) => Ok(json!(count)),
            (_, Some(Ok(_))) => Ok(json!(text)),
            _ => Err(usage(format!("{text:?} is neither a number nor a percentage"))),
        };
        let labels: Map<String, Value> = self.selector.into_iter().map(|(key, value)| (key, json!(value))).collect();
        let mut spec = json!({ "selector": { "matchLabels": labels } });
        for (key, value) in [("minAvailable", &self.min_available), ("maxUnavailable", &self.max_unavailable)] {
            if let Some(value) = value {
                spec[key] = count(value)?;
            }
        }
        let object = json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": { "name": self.name }, "spec": spec,
        });
        Ok((self.making, object))
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Token {
    #[command(flatten)]
    making: Making,
    /// The ServiceAccount.
    name: String,
    /// How long it may be used.
    #[arg(long, value_name = "DURATION", value_parser = crate::time::parse)]
    duration: Option<Duration>,
    /// Who may take it; the cluster's API unless given.
    #[arg(long, value_name = "NAME")]
    audience: Vec<String>,
}

impl Token {
    pub(super) async fn run(self) -> Result<()> {
        let client = Client::new(&self.making.place.target).await?;
        let namespace = client.namespace(self.making.place.namespace.as_deref());
        let mut spec = json!({ "audiences": self.audience });
        if let Some(duration) = self.duration {
            spec["expirationSeconds"] = json!(duration.as_secs());
        }
        let request = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec });
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{}/token", crate::query::encode(&self.name));
        let made = client.call(Method::POST, &path, JSON, &request).await?;
        match text(&made, "/status/token") {
            "" => Err(anyhow!("the answer carries no token")),
            token => say::line(token),
        }
    }
}
