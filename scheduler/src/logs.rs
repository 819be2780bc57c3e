//! A Pod's logs and connections to its ports, for the API: asked of the Pod's host, streamed through to the client.

use api::core::Pod;
use apiserver::{LogOptions, PodConnection, PodStreams, Status};
use async_trait::async_trait;
use axum::body::Body;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use protocol::v1::{ForwardRequest, LogsRequest};
use serde_json::Value;

use crate::answers::{Answers, Error, Opened};
use crate::forwards::Forwards;
use crate::roster::Roster;

/// Reaches hosts through their sessions.
pub(crate) struct Logs {
    pub(crate) answers: Answers,
    pub(crate) forwards: Forwards,
    pub(crate) roster: Roster,
}

#[async_trait]
impl PodStreams for Logs {
    async fn logs(&self, pod: &Value, options: LogOptions) -> Result<Body, Status> {
        let Placed { node, uid } = placed(pod, "has no logs")?;
        let opened = self.answers.logs(&self.roster, &node, request(uid, options, Timestamp::now())).await;
        opened.map(body).map_err(status_of)
    }

    async fn dial(&self, pod: &Value, port: u16) -> Result<PodConnection, Status> {
        let Placed { node, uid: pod_uid } = placed(pod, "cannot be connected to")?;
        let request = ForwardRequest { pod_uid, port: port.into() };
        self.forwards.open(&self.roster, &node, request).await.map_err(status_of)
    }
}

/// Where a Pod is.
struct Placed {
    node: String,
    uid: String,
}

fn placed(pod: &Value, without: &str) -> Result<Placed, Status> {
    let pod: Pod = serde_json::from_value(pod.clone()).map_err(|e| Status::internal(e.to_string()))?;
    let name = pod.metadata.name.unwrap_or_default();
    let node = pod.spec.and_then(|spec| spec.node_name).filter(|node| !node.is_empty());
    let node =
        node.ok_or_else(|| Status::bad_request(format!("pod {name} is not scheduled to a node yet, so it {without}")))?;
    Ok(Placed { node, uid: pod.metadata.uid.unwrap_or_default() })
}

fn request(pod_uid: String, options: LogOptions, now: Timestamp) -> LogsRequest {
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let ago = |seconds: u64| now.checked_sub(SignedDuration::from_secs(count(seconds))).unwrap_or(Timestamp::MIN);
    let since = options.since_time.or_else(|| options.since_seconds.map(ago));
    LogsRequest {
        pod_uid,
        container: options.container,
        follow: options.follow,
        previous: options.previous,
        timestamps: options.timestamps,
        tail_lines: options.tail_lines.map(count),
        since_unix_millis: since.map(Timestamp::as_millisecond),
        limit_bytes: options.limit_bytes.map(count),
    }
}

fn body(opened: Opened) -> Body {
    let pieces = futures::stream::unfold(opened, |mut opened| async {
        let piece = opened.next().await?;
        Some((piece.map_err(std::io::Error::other), opened))
    });
    Body::from_stream(pieces)
}

fn status_of(error: Error) -> Status {
    match error {
        Error::Refused(why) => Status::bad_request(why),
        Error::Busy => Status::too_many_requests(error.to_string()),
        Error::Unreachable { .. } => Status::new(StatusCode::BAD_GATEWAY, "ServiceUnavailable", error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_become_absolute() {
        let now: Timestamp = "2026-01-01T00:01:00Z".parse().expect("a time");
        let since = |options| request(String::new(), options, now).since_unix_millis;
        let minute = LogOptions { since_seconds: Some(60), ..LogOptions::default() };
        assert_eq!(since(minute), Some(now.as_millisecond() - 60_000));
        let exact = LogOptions { since_seconds: Some(60), since_time: Some(now), ..LogOptions::default() };
        assert_eq!(since(exact), Some(now.as_millisecond()));
        let far = LogOptions { since_seconds: Some(u64::MAX), tail_lines: Some(u64::MAX), ..LogOptions::default() };
        let far = request(String::new(), far, now);
        assert_eq!((far.since_unix_millis, far.tail_lines), (Some(Timestamp::MIN.as_millisecond()), Some(i64::MAX)));
        assert_eq!(since(LogOptions::default()), None);
    }
}
