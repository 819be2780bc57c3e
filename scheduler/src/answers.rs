//! Streams that hosts send because we asked: logs.
//!
//! A reader waits for a call of the host's ([`Waiting`]). Chunks go straight to the reader with back-pressure; when
//! the reader leaves, the call ends.

use std::time::Duration;

use bytes::Bytes;
use protocol::v1::{AnswerChunk, AnswerEnd, LogsRequest};
use tokio::sync::mpsc;
use tonic::{Status, Streaming};

use crate::roster::{Command, Peer, Roster};
use crate::waiting::Waiting;

/// Chunks between the host and the reader; more wait at the host.
const CHUNKS: usize = 4;
/// How long a host has to begin.
const BEGIN_MAX: Duration = Duration::from_secs(10);
/// Streams that are open at once; each holds a connection and a few chunks.
const STREAMS_MAX: usize = 1024;

/// A piece of a stream, or why it ends.
pub(crate) type Piece = Result<Bytes, String>;

/// Streams that wait for their host. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Answers {
    waiting: Waiting<mpsc::Sender<Piece>>,
}

/// Why no stream came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// The host is not connected, or does not answer.
    #[error("node {node} is unreachable: {why}")]
    Unreachable {
        /// The Node.
        node: String,
        /// Why.
        why: &'static str,
    },
    /// Too many at once.
    #[error("more than {STREAMS_MAX} streams are open; try again later")]
    Busy,
    /// The host refused.
    #[error("{0}")]
    Refused(String),
}

/// A stream that has begun.
pub(crate) struct Opened {
    first: Option<Bytes>,
    pieces: mpsc::Receiver<Piece>,
    /// Tells the host when the reader leaves, however it leaves.
    _cancel: Cancel,
}

struct Cancel {
    id: String,
    commands: mpsc::Sender<Command>,
}

impl Drop for Cancel {
    fn drop(&mut self) {
        // The host also notices by itself when it next writes; a session with a full queue is busy enough.
        drop(self.commands.try_send(Command::Cancel { id: std::mem::take(&mut self.id) }));
    }
}

impl Opened {
    /// The next piece; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Piece> {
        match self.first.take() {
            Some(first) => Some(Ok(first)),
            None => self.pieces.recv().await,
        }
    }
}

impl Answers {
    /// Asks a Node's host for logs and waits for the first bytes (or the end of an empty log).
    ///
    /// # Errors
    /// The host is away, busy, or refuses.
    pub(crate) async fn logs(&self, roster: &Roster, node: &str, request: LogsRequest) -> Result<Opened, Error> {
        let unreachable = |why| Error::Unreachable { node: node.to_owned(), why };
        let peer = connected(roster, node)?;
        let (sender, mut pieces) = mpsc::channel(CHUNKS);
        let registered = self.waiting.register(node, sender, STREAMS_MAX).ok_or(Error::Busy)?;
        let id = registered.id.clone();
        let commands = peer.facts.commands.clone();
        let ask = Command::OpenLogs { id: id.clone(), request };
        let first = async {
            commands.send(ask).await.map_err(|_| unreachable("its session has just ended"))?;
            Ok(pieces.recv().await)
        };
        let first = match tokio::time::timeout(BEGIN_MAX, first).await {
            Ok(Ok(Some(Ok(bytes)))) => Some(bytes),
            Ok(Ok(Some(Err(refused)))) => return Err(Error::Refused(refused)),
            Ok(Ok(None)) => None,
            Ok(Err(error)) => return Err(error),
            Err(_) => return Err(unreachable("it did not answer in time")),
        };
        Ok(Opened { first, pieces, _cancel: Cancel { id, commands } })
    }

    /// The host's call: passes its chunks on until the reader has had enough.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` for a stream that another host was asked for; `NOT_FOUND` for one that no one waits for.
    pub(crate) async fn answer(&self, node: &str, mut chunks: Streaming<AnswerChunk>) -> Result<AnswerEnd, Status> {
        let Some(first) = chunks.message().await? else {
            return Err(Status::invalid_argument("an answer begins with the id it answers"));
        };
        let pieces = self.waiting.claim(node, &first.id)?;
        let mut next = Some(first);
        while let Some(chunk) = next {
            if !chunk.error.is_empty() {
                drop(pieces.send(Err(chunk.error)).await);
                return Ok(AnswerEnd {});
            }
            // The first chunk goes on even when it is empty: the stream has begun.
            if pieces.send(Ok(chunk.bytes)).await.is_err() {
                return Ok(AnswerEnd {});
            }
            next = tokio::select! {
                chunk = chunks.message() => match chunk {
                    Ok(chunk) => chunk,
                    Err(status) => {
                        drop(pieces.send(Err(format!("the host broke off: {}", status.message()))).await);
                        return Err(status);
                    }
                },
                () = pieces.closed() => None,
            };
        }
        Ok(AnswerEnd {})
    }
}

/// The host of a Node, if it is connected.
pub(crate) fn connected(roster: &Roster, node: &str) -> Result<Peer, Error> {
    let peer = roster.peers().by_node.get(node).cloned();
    let away = || Error::Unreachable { node: node.to_owned(), why: "its host is not connected" };
    peer.filter(|peer| peer.connected).ok_or_else(away)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_host_that_is_away_is_named() {
        let refused = Answers::default().logs(&Roster::new(), "a", LogsRequest::default()).await.err();
        assert!(refused.expect("is refused").to_string().contains("node a is unreachable"));
    }
}
