//! `insula logs`: prints what a Pod's containers wrote.

use anyhow::{Result, bail};
use futures::StreamExt;
use http::Request;
use http_body_util::BodyExt;
use serde_json::Value;
use std::io::Write;

use super::apply::collection;
use super::get::{encode, object};
use crate::args;
use crate::client::{Client, is_broken_pipe, refusal};

/// Pods of one Deployment that are followed at once.
const PODS_MAX: usize = 20;

pub(crate) async fn run(args: args::Logs) -> Result<()> {
    let client = Client::new(&args.target).await?;
    let namespace = client.namespace(args.namespace.as_deref());
    let pods = pods(&client, &namespace, &args.pod).await?;
    let prefix = pods.len() > 1;
    let streams = pods.iter().map(async |pod| (pod, print(&client, &args, &namespace, pod, prefix).await));
    let mut ended = futures::stream::iter(streams).buffer_unordered(PODS_MAX);
    let mut failed = 0;
    while let Some((pod, result)) = ended.next().await {
        match result {
            Ok(()) => {}
            // Other Pods may go on for long: this is told now.
            Err(error) if prefix && !is_broken_pipe(&error) => {
                eprintln!("{pod}: {error:#}");
                failed += 1;
            }
            Err(error) => return Err(error),
        }
    }
    if failed > 0 {
        bail!("the logs of {failed} of {} Pods could not be read", pods.len());
    }
    Ok(())
}

/// The Pods a name stands for: itself, or those a Deployment selects.
async fn pods(client: &Client, namespace: &str, name: &str) -> Result<Vec<String>> {
    let Some((kind, name)) = name.split_once('/') else { return Ok(vec![name.to_owned()]) };
    if kind == "pod" || kind == "pods" {
        return Ok(vec![name.to_owned()]);
    }
    if !matches!(kind, "deploy" | "deployment" | "deployments") {
        bail!("logs of a {kind} are not a thing; name a Pod or deploy/NAME");
    }
    let deployment = object(client, &format!("{}/{name}", collection(&api::resource::DEPLOYMENTS, namespace))).await?;
    let selector = selector(&deployment["spec"]["selector"]);
    let path = format!("{}?labelSelector={}", collection(&api::resource::PODS, namespace), encode(&selector));
    let list = object(client, &path).await?;
    let items = list["items"].as_array().into_iter().flatten();
    let names: Vec<String> =
        items.filter_map(|pod| pod.pointer("/metadata/name")?.as_str().map(str::to_owned)).collect();
    if names.is_empty() {
        bail!("deploy/{name} has no Pods");
    }
    if names.len() > PODS_MAX {
        eprintln!("deploy/{name} has {} Pods; these are the logs of {PODS_MAX}", names.len());
    }
    Ok(names.into_iter().take(PODS_MAX).collect())
}

/// A label selector as the query of a URL writes it.
fn selector(selector: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let labels = selector["matchLabels"].as_object().into_iter().flatten();
    let equal = labels.map(|(key, value)| format!("{key}={}", text(value)));
    let expressions = selector["matchExpressions"].as_array().into_iter().flatten().map(|expression| {
        let values: Vec<String> = expression["values"].as_array().into_iter().flatten().map(text).collect();
        let (key, values) = (text(&expression["key"]), values.join(","));
        match expression["operator"].as_str().unwrap_or_default() {
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key,
            "DoesNotExist" => format!("!{key}"),
            _ => format!("{key} in ({values})"),
        }
    });
    equal.chain(expressions).collect::<Vec<_>>().join(",")
}

async fn print(client: &Client, args: &args::Logs, namespace: &str, pod: &str, prefix: bool) -> Result<()> {
    let mut query = vec![
        format!("follow={}", args.follow),
        format!("previous={}", args.previous),
        format!("timestamps={}", args.timestamps),
    ];
    query.extend(args.container.as_ref().map(|container| format!("container={}", encode(container))));
    query.extend(args.tail.map(|lines| format!("tailLines={lines}")));
    let path = format!("{}/{pod}/log?{}", collection(&api::resource::PODS, namespace), query.join("&"));
    let response = client.open(Request::get(path).body(Vec::new())?).await?;
    let status = response.status();
    let mut body = response.into_body();
    if !status.is_success() {
        let body = body.collect().await.map_err(|e| anyhow::anyhow!("{e}"))?.to_bytes();
        bail!("{}", refusal(status, &body));
    }
    let mut rest = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|e| anyhow::anyhow!("{e}"))?.into_data() else { continue };
        rest.extend_from_slice(&data);
        let end = rest.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        write_lines(&rest[..end], prefix.then_some(pod))?;
        rest.drain(..end);
    }
    write_lines(&rest, prefix.then_some(pod))
}

fn write_lines(bytes: &[u8], pod: Option<&str>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        if let Some(pod) = pod {
            write!(out, "[{pod}] ")?;
        }
        out.write_all(line)?;
    }
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_is_written_with_all_its_parts() {
        let all = serde_json::json!({
            "matchLabels": { "app": "web" },
            "matchExpressions": [
                { "key": "tier", "operator": "In", "values": ["a", "b"] },
                { "key": "old", "operator": "DoesNotExist" },
            ],
        });
        assert_eq!(selector(&all), "app=web,tier in (a,b),!old");
    }
}
