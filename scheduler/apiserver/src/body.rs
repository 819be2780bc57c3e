//! Request bodies: JSON, YAML and protobuf become the same untyped objects, within bounds.
//!
//! Duplicate keys are noted, not lost in silence: the last one wins, as in Go's JSON, and the
//! caller tells or refuses. Nothing here knows kinds.

mod loose;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, header};
use http_body::Body as _;
use serde::de::DeserializeSeed;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::loose::{Findings, Loose};
use crate::limits::{
    BODY_BYTES_MAX, BODY_READ_MAX, BODY_WAIT_MAX, DEPTH_MAX, NODES_MAX, YAML_ALIASES_MAX, YAML_REPLAYED_MAX,
    YAML_STACK_BYTES,
};
use crate::protobuf;
use crate::status::Status;

/// A body, decoded.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) value: Value,
    /// A sentence for each duplicate key, and for each protobuf field that is not known.
    pub(crate) notes: Vec<String>,
}

/// The encodings that are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Json,
    Yaml,
    Protobuf,
}

/// The media type of a request, without parameters; empty if there is none.
pub(crate) fn media_type(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

impl Encoding {
    /// The encoding of an object in a body.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Status> {
        match media_type(headers) {
            "" | "*/*" | "application/json" => Ok(Self::Json),
            "application/yaml" => Ok(Self::Yaml),
            "application/vnd.kubernetes.protobuf" => Ok(Self::Protobuf),
            other => Err(Status::unsupported_media_type(format!(
                "the body of the request was in an unknown format ({other}) - accepted media types include: \
                 application/json, application/yaml, application/vnd.kubernetes.protobuf"
            ))),
        }
    }
}

/// A whole body, and its place among all that are held.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) bytes: bytes::Bytes,
    _room: OwnedSemaphorePermit,
}

/// Reads a whole body, but not too much and not for too long. Waits a while for `room`, which counts bytes.
pub(crate) async fn read(room: &Arc<Semaphore>, headers: &HeaderMap, body: axum::body::Body) -> Result<Body, Status> {
    let too_large = || Status::too_large(format!("the body is larger than the limit of {BODY_BYTES_MAX} bytes"));
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|bytes| bytes > BODY_BYTES_MAX) {
        // Refused before a byte of it is read.
        return Err(too_large());
    }
    // Whoever does not say how much comes may send the most.
    let mut room =
        make_room(room, if body.is_end_stream() { 0 } else { declared.unwrap_or(BODY_BYTES_MAX) }, BODY_WAIT_MAX)
            .await?;
    match tokio::time::timeout(BODY_READ_MAX, axum::body::to_bytes(body, BODY_BYTES_MAX)).await {
        Ok(Ok(bytes)) => {
            // What did not come need not be held, however long the request then takes.
            drop(room.split(room.num_permits().saturating_sub(bytes.len())));
            Ok(Body { bytes, _room: room })
        }
        Ok(Err(error)) if is_length_limit(&error) => Err(too_large()),
        Ok(Err(error)) => Err(Status::bad_request(format!("the body could not be read: {error}"))),
        Err(_) => Err(Status::new(
            http::StatusCode::REQUEST_TIMEOUT,
            "Timeout",
            format!("the body did not arrive within {} seconds", BODY_READ_MAX.as_secs()),
        )),
    }
}

async fn make_room(room: &Arc<Semaphore>, bytes: usize, patience: Duration) -> Result<OwnedSemaphorePermit, Status> {
    let places = u32::try_from(bytes).unwrap_or(u32::MAX);
    match tokio::time::timeout(patience, room.clone().acquire_many_owned(places)).await {
        Ok(Ok(room)) => Ok(room),
        Ok(Err(_)) | Err(_) => Err(Status::too_many_requests("too many large requests wait; please try again")),
    }
}

fn is_length_limit(error: &axum::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if inner.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        source = inner.source();
    }
    false
}

/// Decodes a body.
pub(crate) fn decode(encoding: Encoding, bytes: &[u8]) -> Result<Decoded, Status> {
    match encoding {
        Encoding::Json => json(bytes),
        Encoding::Yaml => yaml(bytes),
        Encoding::Protobuf => {
            let decoded = protobuf::decode_noting(bytes)
                .map_err(|why| Status::bad_request(format!("the protobuf body is not understood: {why}")))?;
            Ok(Decoded { value: decoded.object, notes: decoded.notes })
        }
    }
}

fn json(bytes: &[u8]) -> Result<Decoded, Status> {
    let failed = |error: serde_json::Error| Status::bad_request(format!("the body is not valid JSON: {error}"));
    let findings = Findings::default();
    let mut decoder = serde_json::Deserializer::from_slice(bytes);
    let value = Loose::new(&findings).deserialize(&mut decoder).map_err(failed)?;
    decoder.end().map_err(failed)?;
    Ok(Decoded { value, notes: findings.into_notes() })
}

/// Decodes YAML on a stack of its own: the decoder recurses, and the depth is the sender's choice.
fn yaml(bytes: &[u8]) -> Result<Decoded, Status> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Status::bad_request(format!("the body is not valid YAML: {error}")))?;
    let outcome = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("yaml".to_owned()).stack_size(YAML_STACK_BYTES);
        thread.spawn_scoped(scope, || yaml_here(text)).map(std::thread::ScopedJoinHandle::join)
    });
    match outcome {
        Ok(Ok(decoded)) => decoded,
        Ok(Err(_)) => Err(Status::bad_request("the body is not valid YAML: the decoder gave up")),
        Err(error) => Err(Status::unavailable(format!("no thread to decode YAML on: {error}"))),
    }
}

fn yaml_here(text: &str) -> Result<Decoded, Status> {
    let failed = |error: serde_saphyr::Error| {
        // Without the excerpt of the body: it may hold a secret.
        let error = error.without_snippet().to_string();
        Status::bad_request(format!("the body is not valid YAML: {}", error.lines().next().unwrap_or_default()))
    };
    let findings = Findings::default();
    let value = serde_saphyr::with_deserializer_from_str_with_options(text, yaml_options(), |decoder| {
        Loose::new(&findings).deserialize(decoder)
    })
    .map_err(failed)?;
    Ok(Decoded { value, notes: findings.into_notes() })
}

/// YAML within bounds: alias bombs, depth and sheer number end early.
fn yaml_options() -> serde_saphyr::Options {
    let budget = serde_saphyr::budget! {
        max_depth: DEPTH_MAX,
        max_nodes: NODES_MAX,
        max_events: NODES_MAX * 2,
        max_aliases: YAML_ALIASES_MAX,
        max_anchors: YAML_ALIASES_MAX,
        max_recorded_anchor_events: YAML_REPLAYED_MAX,
        max_documents: 1,
    };
    serde_saphyr::options! {
        budget: budget,
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::PassThrough,
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: YAML_REPLAYED_MAX,
            max_replay_stack_depth: DEPTH_MAX,
            max_alias_expansions_per_anchor: YAML_ALIASES_MAX,
        },
        with_snippet: false,
    }
}
