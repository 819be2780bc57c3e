//! What the Pods of the cluster print, on the terminal, from Pods that come and go.

use std::collections::BTreeSet;

use anyhow::Result;
use client::client::JSON;
use client::watch::{AGAIN_AFTER, Event};
use client::{Client, logs, watch};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use serde_json::Value;

const PODS: &str = "/api/v1/pods?watch=true";

/// Prints what every container prints, until standard output cannot be written.
pub(super) async fn tail(client: &Client) -> Result<()> {
    let mut seen = BTreeSet::new();
    let mut streams = FuturesUnordered::new();
    loop {
        let mut events = watch::open(client, PODS, JSON).await?;
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Some(Ok(Event::Is(pod, _))) => {
                        for log in begun(&pod).into_iter().filter(|log| seen.insert(log.clone())) {
                            streams.push(async move { logs::print(client, &log.path, Some(&log.prefix)).await });
                        }
                    }
                    Some(Ok(Event::Deleted(pod))) => seen.retain(|log| log.uid != pod["metadata"]["uid"]),
                    Some(Ok(Event::Bookmark(_))) => {}
                    Some(Ok(Event::Lost(_)) | Err(_)) | None => break,
                },
                Some(ended) = streams.next(), if !streams.is_empty() => match ended {
                    Err(error) if client::is_broken_pipe(&error) => return Err(error),
                    // A Pod that is gone has no log.
                    Ok(()) | Err(_) => {}
                },
            }
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

/// The log of one container's one run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Log {
    uid: String,
    path: String,
    prefix: String,
    run: u64,
}

/// The logs of containers that have begun.
fn begun(pod: &Value) -> Vec<Log> {
    let text = |pointer: &str| pod.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (namespace, name, uid) = (text("/metadata/namespace"), text("/metadata/name"), text("/metadata/uid"));
    let statuses = pod.pointer("/status/containerStatuses").and_then(Value::as_array).into_iter().flatten();
    let begun =
        statuses.filter(|status| ["running", "terminated"].iter().any(|state| !status["state"][state].is_null()));
    let log = |status: &Value| {
        let container = status["name"].as_str().unwrap_or_default();
        Log {
            uid: uid.to_owned(),
            path: format!("/api/v1/namespaces/{namespace}/pods/{name}/log?follow=true&container={container}"),
            prefix: format!("[{name}] "),
            run: status["restartCount"].as_u64().unwrap_or(0),
        }
    };
    begun.map(log).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_log_is_read_once_it_has_begun_and_once_for_each_run() {
        let pod = |state: &str, run: u64| {
            let status = json!({ "name": "c", "restartCount": run, "state": { state: {} } });
            begun(&json!({
                "metadata": { "name": "p", "namespace": "n", "uid": "u" },
                "status": { "containerStatuses": [status] },
            }))
        };
        assert!(pod("waiting", 0).is_empty());
        assert_eq!(pod("running", 0)[0].path, "/api/v1/namespaces/n/pods/p/log?follow=true&container=c");
        assert_eq!(pod("running", 0), pod("terminated", 0));
        assert_ne!(pod("running", 0), pod("running", 1));
    }
}
