//! `insula deploy`: from a file to an available Deployment in one command.
//!
//! A Deployment that is there already keeps what this command does not name: its variables, probes, resources and
//! replicas.

use std::cell::RefCell;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures::{AsyncBufReadExt, StreamExt, TryStreamExt};
use http::Request;
use indicatif::ProgressBar;
use serde_json::{Value, json};

use super::apply::collection;
use super::get::encode;
use super::push;
use crate::args;
use crate::client::{Client, MERGE_PATCH, STRATEGIC_MERGE_PATCH, refusal};

pub(crate) async fn run(args: args::Deploy) -> Result<()> {
    api::name::check_label_1035(&args.name).map_err(|why| anyhow::anyhow!("the name {:?}: {why}", args.name))?;
    let client = Client::new(&args.target).await?;
    let namespace = client.namespace(args.namespace.as_deref());
    let image = image(&client, &args).await?;

    let deployments = collection(&api::resource::DEPLOYMENTS, &namespace);
    let deployment = deployment(&args, &namespace, &image);
    let happened = client.create_or_merge(&deployments, &args.name, STRATEGIC_MERGE_PATCH, &deployment).await?;
    println!("deployment/{} {happened}", args.name);
    if args.expose {
        let services = collection(&api::resource::SERVICES, &namespace);
        let service = service(&args, &namespace);
        let happened = client.create_or_merge(&services, &args.name, MERGE_PATCH, &service).await?;
        println!("service/{} {happened}", args.name);
    }
    wait(&client, &namespace, &args).await?;
    if args.expose {
        print_urls(&client, &namespace, &args.name).await?;
    }
    Ok(())
}

/// Pushes a file under a tag made of its content, so that the same bytes are the same image.
async fn image(client: &Client, args: &args::Deploy) -> Result<String> {
    let file = Path::new(&args.source);
    if !file.is_file() {
        if args.source.ends_with(".wasm") {
            bail!("there is no file {}", file.display());
        }
        return Ok(args.source.clone());
    }
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let reference = format!("{}:{}", args.name, &push::sha256_hex(&bytes)[..12]);
    let digest = push::push(client, file, &reference).await?;
    println!("pushed {reference}@{digest}");
    Ok(reference)
}

fn deployment(args: &args::Deploy, namespace: &str, image: &str) -> Value {
    let labels = json!({ "app": args.name });
    let env: Vec<Value> = args.env.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let mut container = json!({
        "name": args.name,
        "image": image,
        "ports": [{ "containerPort": args.port, "protocol": "TCP" }],
    });
    if !env.is_empty() {
        container["env"] = json!(env);
    }
    let mut object = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": args.name, "namespace": namespace, "labels": labels },
        "spec": {
            "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": { "containers": [container] } },
        },
    });
    if let Some(replicas) = args.replicas {
        object["spec"]["replicas"] = json!(replicas);
    }
    object
}

fn service(args: &args::Deploy, namespace: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": { "name": args.name, "namespace": namespace, "labels": { "app": args.name } },
        "spec": {
            "type": "NodePort",
            "selector": { "app": args.name },
            "ports": [{ "port": args.port, "targetPort": args.port, "protocol": "TCP" }],
        },
    })
}

/// Follows the Deployment until it is available, and says why it is not when time is up.
async fn wait(client: &Client, namespace: &str, args: &args::Deploy) -> Result<()> {
    let progress = Progress::start();
    let begin = Instant::now();
    tokio::select! {
        done = follow(client, namespace, &args.name, &progress) => done?,
        () = explain(client, namespace, &args.name, &progress) => {}
        () = tokio::time::sleep(args.timeout) => bail!(
            "deployment/{} is not available after {} s: {}",
            args.name,
            args.timeout.as_secs(),
            why_not(client, namespace, &args.name).await
        ),
    }
    progress.bar.finish_and_clear();
    println!("deployment/{} is available after {:.2} s", args.name, begin.elapsed().as_secs_f64());
    Ok(())
}

/// Between a watch that ended and the next.
const WATCH_AGAIN_AFTER: Duration = Duration::from_millis(200);
/// How often Pods are asked what they wait for.
const EXPLAIN_EVERY: Duration = Duration::from_secs(2);
const SPIN_EVERY: Duration = Duration::from_millis(100);

/// What is said while a Deployment is waited for: a line that changes on a terminal, a line a change elsewhere.
struct Progress {
    bar: ProgressBar,
    /// How many Pods there are, and what they wait for.
    said: RefCell<(String, String)>,
}

impl Progress {
    fn start() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(SPIN_EVERY);
        Self { bar, said: RefCell::default() }
    }

    fn counts(&self, text: String) {
        let (_, why) = self.said.borrow().clone();
        self.say(text, why);
    }

    fn why(&self, text: String) {
        let (counts, _) = self.said.borrow().clone();
        self.say(counts, text);
    }

    fn say(&self, counts: String, why: String) {
        let line = if why.is_empty() { counts.clone() } else { format!("{counts}; {why}") };
        if self.said.replace((counts.clone(), why.clone())) == (counts, why) {
            return;
        }
        if self.bar.is_hidden() { eprintln!("{line}") } else { self.bar.set_message(line) }
    }
}

async fn follow(client: &Client, namespace: &str, name: &str, progress: &Progress) -> Result<()> {
    let selector = encode(&format!("metadata.name={name}"));
    let path = format!("{}?watch=true&fieldSelector={selector}", collection(&api::resource::DEPLOYMENTS, namespace));
    loop {
        let response = client.open(Request::get(&path).body(Vec::new())?).await?;
        let status = response.status();
        let body = http_body_util::BodyStream::new(response.into_body());
        let bytes = body.filter_map(|frame| async {
            frame.map(|frame| frame.into_data().ok()).map_err(|e| std::io::Error::other(e.to_string())).transpose()
        });
        let mut lines = Box::pin(bytes).into_async_read().lines();
        while let Some(Ok(line)) = lines.next().await {
            if !status.is_success() {
                bail!("deployment/{name} cannot be watched: {}", refusal(status, line.as_bytes()));
            }
            let event: Value = serde_json::from_str(&line).context("a watch event that is not JSON")?;
            let object = &event["object"];
            match event["type"].as_str() {
                Some("DELETED") => bail!("deployment/{name} was deleted while it was waited for"),
                // The server cannot go on from there; the next watch begins with what is.
                Some("ERROR") => break,
                _ if is_available(object) => return Ok(()),
                _ => progress.counts(counts(object)),
            }
        }
        tokio::time::sleep(WATCH_AGAIN_AFTER).await;
    }
}

/// Keeps saying what the Pods wait for.
async fn explain(client: &Client, namespace: &str, name: &str, progress: &Progress) {
    loop {
        tokio::time::sleep(EXPLAIN_EVERY).await;
        if let Ok(reasons) = reasons(client, namespace, name).await {
            progress.why(reasons.join("; "));
        }
    }
}

/// As `kubectl rollout status` decides.
fn is_available(deployment: &Value) -> bool {
    let count = |pointer: &str| deployment.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
    let wanted = deployment.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1);
    count("/status/observedGeneration") >= count("/metadata/generation")
        && deployment.pointer("/status/observedGeneration").is_some()
        && count("/status/updatedReplicas") >= wanted
        && count("/status/replicas") <= count("/status/updatedReplicas")
        && count("/status/availableReplicas") >= wanted
}

fn counts(deployment: &Value) -> String {
    let count = |name: &str| deployment["status"][name].as_i64().unwrap_or(0);
    let wanted = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
    format!("{} of {wanted} updated, {} available", count("updatedReplicas"), count("availableReplicas"))
}

async fn why_not(client: &Client, namespace: &str, name: &str) -> String {
    match reasons(client, namespace, name).await {
        Ok(reasons) if reasons.is_empty() => "no Pod says why; see `kubectl describe deployment`".to_owned(),
        Ok(reasons) => reasons.join("; "),
        Err(error) => format!("its Pods cannot be listed: {error:#}"),
    }
}

/// What the Pods wait for, in their own words.
async fn reasons(client: &Client, namespace: &str, name: &str) -> Result<Vec<String>> {
    let selector = encode(&format!("app={name}"));
    let path = format!("{}?labelSelector={selector}", collection(&api::resource::PODS, namespace));
    let list = client.get(&path).await?.unwrap_or_default();
    let mut reasons: Vec<String> = list["items"].as_array().into_iter().flatten().filter_map(waiting).collect();
    reasons.sort();
    reasons.dedup();
    Ok(reasons)
}

fn waiting(pod: &Value) -> Option<String> {
    let statuses = pod.pointer("/status/containerStatuses").and_then(Value::as_array).into_iter().flatten();
    let waiting = statuses.filter_map(|status| status.pointer("/state/waiting")).next();
    let mut conditions = pod.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
    let unschedulable = conditions.find(|c| c["type"] == "PodScheduled" && c["status"] == "False");
    let found = waiting.or(unschedulable)?;
    let text = |name: &str| found[name].as_str().unwrap_or_default();
    match text("message") {
        "" => Some(text("reason").to_owned()),
        message => Some(format!("{}: {message}", text("reason"))),
    }
}

async fn print_urls(client: &Client, namespace: &str, name: &str) -> Result<()> {
    let path = format!("{}/{name}", collection(&api::resource::SERVICES, namespace));
    let service = client.get(&path).await?.context("the Service is gone")?;
    let nodes = client.get("/api/v1/nodes").await?.unwrap_or_default();
    let addresses = nodes["items"].as_array().into_iter().flatten().filter_map(|node| {
        let all = node.pointer("/status/addresses")?.as_array()?;
        all.iter().find(|a| a["type"] == "InternalIP")?["address"].as_str().map(str::to_owned)
    });
    let port = service.pointer("/spec/ports/0/nodePort").and_then(Value::as_u64).context("it has no node port")?;
    for address in addresses {
        println!("http://{address}:{port}/");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_is_available_only_when_the_controller_has_seen_it() {
        let mut object = json!({
            "metadata": { "generation": 2 },
            "spec": { "replicas": 2 },
            "status": { "observedGeneration": 1, "updatedReplicas": 2, "replicas": 2, "availableReplicas": 2 },
        });
        assert!(!is_available(&object));
        object["status"]["observedGeneration"] = json!(2);
        assert!(is_available(&object));
        object["status"]["replicas"] = json!(3);
        assert!(!is_available(&object));
        assert!(!is_available(&json!({ "spec": { "replicas": 0 } })));
    }
}
