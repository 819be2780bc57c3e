//! `insula deploy`: from a file to an available Deployment in one command.
//!
//! A Deployment that is there already keeps what this command does not name: its variables, probes, resources and
//! replicas.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use client::progress::Progress;
use client::rollout::status::{self, Stand};
use client::{Client, MERGE_PATCH, STRATEGIC_MERGE_PATCH, encode, watch};
use serde_json::{Value, json};

use super::push;
use crate::args;

pub(crate) async fn run(args: args::Deploy) -> Result<()> {
    api::name::check_label_1035(&args.name).map_err(|why| anyhow::anyhow!("the name {:?}: {why}", args.name))?;
    let client = Client::new(&args.place.target).await?;
    let namespace = client.namespace(args.place.namespace.as_deref());
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
        urls(&client, &namespace, &args.name).await?.iter().for_each(|url| println!("{url}"));
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
    progress.done();
    println!("deployment/{} is available after {:.2} s", args.name, begin.elapsed().as_secs_f64());
    Ok(())
}

/// How often Pods are asked what they wait for.
const EXPLAIN_EVERY: Duration = Duration::from_secs(2);

async fn follow(client: &Client, namespace: &str, name: &str, progress: &Progress) -> Result<()> {
    let mut was_there = false;
    watch::follow(client, &collection(&api::resource::DEPLOYMENTS, namespace), name, |object| {
        let Some(object) = object else {
            return if was_there { bail!("deployment/{name} was deleted while it was waited for") } else { Ok(None) };
        };
        was_there = true;
        // It may have passed a deadline before this command mended it, so only time ends the wait.
        if let Some(Stand::Done(_)) = status::of("Deployment", object) {
            return Ok(Some(()));
        }
        progress.state(counts(object));
        Ok(None)
    })
    .await
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

fn counts(deployment: &Value) -> String {
    let count = |name: &str| deployment["status"][name].as_i64().unwrap_or(0);
    let wanted = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
    format!("{} of {wanted} updated, {} available", count("updatedReplicas"), count("availableReplicas"))
}

async fn why_not(client: &Client, namespace: &str, name: &str) -> String {
    match reasons(client, namespace, name).await {
        Ok(reasons) if reasons.is_empty() => "no Pod says why; see `insula describe deployment`".to_owned(),
        Ok(reasons) => reasons.join("; "),
        Err(error) => format!("its Pods cannot be listed: {error:#}"),
    }
}

/// What the Pods labelled `app=NAME` wait for, in their own words.
pub(crate) async fn reasons(client: &Client, namespace: &str, name: &str) -> Result<Vec<String>> {
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

/// Where a NodePort Service answers: its first port, on every Node.
pub(crate) async fn urls(client: &Client, namespace: &str, name: &str) -> Result<Vec<String>> {
    let path = format!("{}/{name}", collection(&api::resource::SERVICES, namespace));
    let service = client.get(&path).await?.context("the Service is gone")?;
    let nodes = client.get("/api/v1/nodes").await?.unwrap_or_default();
    let addresses = nodes["items"].as_array().into_iter().flatten().filter_map(|node| {
        let all = node.pointer("/status/addresses")?.as_array()?;
        all.iter().find(|a| a["type"] == "InternalIP")?["address"].as_str().map(str::to_owned)
    });
    let port = service.pointer("/spec/ports/0/nodePort").and_then(Value::as_u64).context("it has no node port")?;
    Ok(addresses.map(|address| format!("http://{address}:{port}/")).collect())
}

/// The URL of a resource's objects.
fn collection(resource: &api::Resource, namespace: &str) -> String {
    let root = if resource.group.is_empty() { "/api" } else { "/apis" };
    format!("{root}/{}/namespaces/{namespace}/{}", resource.api_version(), resource.plural)
}
