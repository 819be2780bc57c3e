//! Watches: the stream of what changes, begun anew when it ends.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::{AsyncBufReadExt, Stream, StreamExt, TryStreamExt};
use http::Request;
use http_body_util::BodyExt;
use serde_json::Value;

use crate::client::{Client, Refusal};

/// Between a watch that ended and the next.
pub const AGAIN_AFTER: Duration = Duration::from_millis(200);
/// Largest line of a watch: an object is at most 3 MiB, a Table of a chunk is more.
const LINE_BYTES_MAX: usize = 64 << 20;

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The object, or Table, as it is now; whether it is new to the watcher.
    Is(Value, Novelty),
    /// The object as it was.
    Deleted(Value),
    /// How far the watch has come.
    Bookmark(Value),
    /// The server cannot go on from there; its `Status`.
    Lost(Value),
}

/// Whether an object was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Novelty {
    /// `ADDED`
    New,
    /// `MODIFIED`
    Known,
}

impl Event {
    /// Reads a line of a watch.
    ///
    /// # Errors
    /// It is no event.
    fn parse(line: &str) -> Result<Self> {
        let mut event: Value = serde_json::from_str(line).context("a watch event that is not JSON")?;
        let object = event["object"].take();
        Ok(match event["type"].as_str().unwrap_or_default() {
            "ADDED" => Self::Is(object, Novelty::New),
            "MODIFIED" => Self::Is(object, Novelty::Known),
            "DELETED" => Self::Deleted(object),
            "BOOKMARK" => Self::Bookmark(object),
            "ERROR" => Self::Lost(object),
            other => bail!("a watch event of the unknown type {other:?}"),
        })
    }

    /// `ADDED`, `MODIFIED` and so on.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Is(_, Novelty::New) => "ADDED",
            Self::Is(_, Novelty::Known) => "MODIFIED",
            Self::Deleted(_) => "DELETED",
            Self::Bookmark(_) => "BOOKMARK",
            Self::Lost(_) => "ERROR",
        }
    }
}

/// Opens a watch; `path` has `watch=true` in its query. The stream ends when the server or the connection does.
///
/// # Errors
/// The cluster does not answer, or refuses.
pub async fn open(client: &Client, path: &str, accept: &str) -> Result<impl Stream<Item = Result<Event>> + Unpin> {
    let response = client.open(Request::get(path).header("accept", accept).body(Vec::new())?).await?;
    let status = response.status();
    if !status.is_success() {
        let body = response.into_body().collect().await.map_err(|e| anyhow::anyhow!("{e}"))?.to_bytes();
        bail!(Refusal::parse(status, &body));
    }
    let frames = http_body_util::BodyStream::new(response.into_body());
    let bytes = frames.filter_map(|frame| async {
        frame.map(|frame| frame.into_data().ok()).map_err(|e| std::io::Error::other(e.to_string())).transpose()
    });
    let lines = Box::pin(bytes).into_async_read().lines();
    Ok(lines.map(|line| {
        let line = line.context("the watch broke off")?;
        if line.len() > LINE_BYTES_MAX {
            bail!("an event of more than {} MiB", LINE_BYTES_MAX >> 20);
        }
        Event::parse(&line)
    }))
}

/// Follows one object until `judge` returns something: it sees the object as it is, or `None` while there is none.
///
/// Level-triggered: a watch that ends is begun anew with what there is then. It goes on for ever; bound it by a timeout.
///
/// # Errors
/// The cluster refuses the watch, or `judge` does not want to go on.
pub async fn follow<T>(
    client: &Client,
    collection: &str,
    name: &str,
    mut judge: impl FnMut(Option<&Value>) -> Result<Option<T>>,
) -> Result<T> {
    let selector = crate::query::encode(&format!("metadata.name={name}"));
    loop {
        // The list says that there is none, which a watch does not; the watch goes on from it without a gap.
        let list = client.object(&format!("{collection}?fieldSelector={selector}")).await?;
        if let Some(found) = judge(list["items"].get(0))? {
            return Ok(found);
        }
        let version = crate::value::text(&list, "/metadata/resourceVersion");
        let path = format!("{collection}?watch=true&fieldSelector={selector}&resourceVersion={version}");
        let mut events = open(client, &path, crate::client::JSON).await?;
        while let Some(Ok(event)) = events.next().await {
            let judged = match &event {
                Event::Is(object, _) => judge(Some(object))?,
                Event::Deleted(_) => judge(None)?,
                Event::Bookmark(_) => None,
                Event::Lost(_) => break,
            };
            if let Some(found) = judged {
                return Ok(found);
            }
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn events_are_read_line_by_line() {
        let read = |line: &str| Event::parse(line).ok();
        assert_eq!(read(r#"{"type":"ADDED","object":1}"#), Some(Event::Is(json!(1), Novelty::New)));
        assert_eq!(read(r#"{"type":"MODIFIED","object":1}"#), Some(Event::Is(json!(1), Novelty::Known)));
        assert_eq!(read(r#"{"type":"DELETED","object":1}"#), Some(Event::Deleted(json!(1))));
        assert_eq!(read(r#"{"type":"ERROR","object":1}"#), Some(Event::Lost(json!(1))));
        assert_eq!(read(r#"{"type":"OTHER"}"#), None);
        assert_eq!(read("no"), None);
    }
}
