//! Puts objects into the cluster, and waits until it is as they say.

use std::time::Duration;

use anyhow::{Context, Result};
use client::client::{APPLY_PATCH, JSON};
use client::rollout::status::{self, Stand};
use client::{Client, say, watch};
use http::Method;
use serde_json::Value;

use super::super::deploy;

/// How often Pods are asked what they wait for.
const EXPLAIN_EVERY: Duration = Duration::from_secs(2);
/// Where an object goes that says no namespace.
const NAMESPACE: &str = "default";
/// What runs once cannot be changed: it is made anew.
const MADE_ANEW: [&str; 2] = ["Job", "Pod"];

/// Applies an object, or runs it once more.
pub(super) async fn apply(client: &Client, object: &Value) -> Result<()> {
    let (kind, name, collection) = place(object)?;
    let path = format!("{collection}/{name}");
    if !MADE_ANEW.contains(&kind) {
        let path = format!("{path}?fieldManager=insula&force=true");
        client
            .call(Method::PATCH, &path, APPLY_PATCH, object)
            .await
            .with_context(|| format!("applying {kind}/{name}"))?;
        return Ok(());
    }
    if client.get(&path).await?.is_some() {
        client.call(Method::DELETE, &format!("{path}?propagationPolicy=Background"), JSON, &Value::Null).await?;
        watch::follow(client, &collection, name, |object| Ok(object.is_none().then_some(()))).await?;
    }
    client.call(Method::POST, &collection, JSON, object).await.with_context(|| format!("creating {kind}/{name}"))?;
    Ok(())
}

/// Waits until what has rollouts is rolled out, for ever, and tells what it waits for.
pub(super) async fn wait(client: &Client, object: &Value) -> Result<()> {
    let (kind, name, collection) = place(object)?;
    if status::of(kind, object).is_none() {
        return Ok(());
    }
    let done = watch::follow(client, &collection, name, |object| {
        Ok(object.and_then(|object| matches!(status::of(kind, object), Some(Stand::Done(_))).then_some(())))
    });
    tokio::select! {
        done = done => done,
        () = explain(client, object) => Ok(()),
    }
}

/// Says what the Pods wait for, whenever that changes.
async fn explain(client: &Client, object: &Value) {
    let mut told = Vec::new();
    loop {
        tokio::time::sleep(EXPLAIN_EVERY).await;
        let reasons =
            deploy::reasons(client, namespace(object), object["metadata"]["name"].as_str().unwrap_or_default());
        if let Ok(reasons) = reasons.await
            && reasons != told
        {
            say::note(format!("waiting    {}", reasons.join("; ")));
            told = reasons;
        }
    }
}

/// Where the Services among the objects answer from outside the cluster.
pub(super) async fn urls(client: &Client, objects: &[Value]) -> Result<Vec<String>> {
    let mut urls = Vec::new();
    for object in objects.iter().filter(|object| object["kind"] == "Service" && object["spec"]["type"] == "NodePort") {
        let (_, name, _) = place(object)?;
        urls.extend(deploy::urls(client, namespace(object), name).await?);
    }
    Ok(urls)
}

fn namespace(object: &Value) -> &str {
    object["metadata"]["namespace"].as_str().unwrap_or(NAMESPACE)
}

/// The kind and the name of an object, and the URL of its like.
fn place(object: &Value) -> Result<(&str, &str, String)> {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (kind, name, version) = (text("/kind"), text("/metadata/name"), text("/apiVersion"));
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let resource = api::resource::find_kind(group, kind).with_context(|| {
        format!(
            "{kind} of {version} is no built-in kind: apply it with `insula apply`, in a file other than deploy.yaml"
        )
    })?;
    let root = if group.is_empty() { "/api" } else { "/apis" };
    let within = if resource.is_namespaced() { format!("/namespaces/{}", namespace(object)) } else { String::new() };
    Ok((kind, name, format!("{root}/{version}{within}/{}", resource.plural)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn objects_go_where_they_belong() {
        let of = |version: &str, kind: &str, namespace: Option<&str>| {
            let object =
                json!({ "apiVersion": version, "kind": kind, "metadata": { "name": "a", "namespace": namespace } });
            place(&object).map(|(_, _, collection)| collection)
        };
        for (version, kind, namespace, wanted) in [
            ("v1", "Service", None, "/api/v1/namespaces/default/services"),
            ("apps/v1", "Deployment", Some("shop"), "/apis/apps/v1/namespaces/shop/deployments"),
            ("v1", "Namespace", None, "/api/v1/namespaces"),
        ] {
            assert_eq!(of(version, kind, namespace).expect("is known"), wanted);
        }
        assert!(of("example.org/v1", "Thing", None).is_err());
    }
}
