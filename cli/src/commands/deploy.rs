//! `insula deploy`: from a file to an available Deployment in one command.

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
use crate::client::Client;

pub(crate) async fn run(args: args::Deploy) -> Result<()> {
    api::name::check_label_1035(&args.name).map_err(|why| anyhow::anyhow!("the name {:?}: {why}", args.name))?;
    let client = Client::new(&args.target).await?;
    let namespace = client.namespace(args.namespace.as_deref());
    let image = image(&client, &args).await?;

    let deployments = collection(&api::resource::DEPLOYMENTS, &namespace);
    let deployment = deployment(&args, &namespace, &image);
    let happened = client.create_or_merge(&deployments, &args.name, &deployment).await?;
    println!("deployment/{} {happened}", args.name);
    if args.expose {
        let services = collection(&api::resource::SERVICES, &namespace);
        let happened = client.create_or_merge(&services, &args.name, &service(&args, &namespace)).await?;
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
    let container = json!({
        "name": args.name,
        "image": image,
        "ports": [{ "containerPort": args.port }],
        "env": env,
    });
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
    let bar = ProgressBar::new_spinner();
    let begin = Instant::now();
    let followed = tokio::time::timeout(args.timeout, follow(client, namespace, &args.name, &bar)).await;
    bar.finish_and_clear();
    match followed {
        Ok(done) => done?,
        Err(_) => bail!(
            "deployment/{} is not available after {} s: {}",
            args.name,
            args.timeout.as_secs(),
            why_not(client, namespace, &args.name).await
        ),
    }
    println!("deployment/{} is available after {:.2} s", args.name, begin.elapsed().as_secs_f64());
    Ok(())
}

/// Between a watch that ended and the next.
const WATCH_AGAIN_AFTER: Duration = Duration::from_millis(200);

async fn follow(client: &Client, namespace: &str, name: &str, bar: &ProgressBar) -> Result<()> {
    let selector = encode(&format!("metadata.name={name}"));
    let path = format!("{}?watch=true&fieldSelector={selector}", collection(&api::resource::DEPLOYMENTS, namespace));
    loop {
        let response = client.open(Request::get(&path).body(Vec::new())?).await?;
        let body = http_body_util::BodyStream::new(response.into_body());
        let bytes = body.filter_map(|frame| async {
            frame.map(|frame| frame.into_data().ok()).map_err(|e| std::io::Error::other(e.to_string())).transpose()
        });
        let mut lines = Box::pin(bytes).into_async_read().lines();
        while let Some(Ok(line)) = lines.next().await {
            let event: Value = serde_json::from_str(&line).context("a watch event that is not JSON")?;
            let object = &event["object"];
            if is_available(object) {
                return Ok(());
            }
            bar.set_message(progress(object));
            bar.tick();
        }
        tokio::time::sleep(WATCH_AGAIN_AFTER).await;
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

fn progress(deployment: &Value) -> String {
    let count = |name: &str| deployment["status"][name].as_i64().unwrap_or(0);
    let wanted = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
    format!("{} of {wanted} updated, {} available", count("updatedReplicas"), count("availableReplicas"))
}

/// What the Pods wait for, in their own words.
async fn why_not(client: &Client, namespace: &str, name: &str) -> String {
    let selector = encode(&format!("app={name}"));
    let path = format!("{}?labelSelector={selector}", collection(&api::resource::PODS, namespace));
    let list = match client.get(&path).await {
        Ok(list) => list.unwrap_or_default(),
        Err(error) => return format!("its Pods cannot be listed: {error:#}"),
    };
    let mut reasons: Vec<String> = list["items"].as_array().into_iter().flatten().filter_map(waiting).collect();
    reasons.sort();
    reasons.dedup();
    if reasons.is_empty() {
        "no Pod says why; see `kubectl describe deployment`".to_owned()
    } else {
        reasons.join("; ")
    }
}

fn waiting(pod: &Value) -> Option<String> {
    let statuses = pod.pointer("/status/containerStatuses").and_then(Value::as_array).into_iter().flatten();
    let waiting = statuses.filter_map(|status| status.pointer("/state/waiting")).next();
    let mut conditions = pod.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
    let unschedulable = conditions.find(|c| c["type"] == "PodScheduled" && c["status"] == "False");
    let found = waiting.or(unschedulable)?;
    let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
    Some(format!("{}: {}", text("reason"), text("message")))
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
