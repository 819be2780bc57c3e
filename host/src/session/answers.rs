//! Streams the server asked for: it says `Open { id }` on the session, the host answers with a call that
//! carries the id. Bulk never travels on the session itself.

mod room;

use std::time::Duration;

use jiff::Timestamp;
use protocol::v1::{AnswerChunk, ForwardChunk, ForwardRequest, LogsRequest, Open, open};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

use self::room::Room;
use super::Client;
use crate::forward::{Connection, Ports};
use crate::logs::read::Options;
use crate::logs::{Logs, Place};

/// Logs open at once. Each is a call on the connection that also carries the session and fetched code, and a
/// server takes a bounded number of calls on it; a terminal full of `logs -f` has a dozen.
const LOGS_MAX: usize = 32;
/// Connections into Pods open at once, on the same connection. A browser makes six to a server.
const CONNECTIONS_MAX: usize = 64;
/// Chunks on their way in this process.
const CHUNKS_MAX: usize = 2;
/// How long the server may take to hear how a connection ended.
const LAST_WORD_MAX: Duration = Duration::from_secs(10);

/// The streams that are open.
#[derive(Clone)]
pub(crate) struct Answers {
    logs: Logs,
    ports: Ports,
    reading: Room,
    connected: Room,
}

impl Answers {
    pub(crate) fn new(logs: Logs, ports: Ports) -> Self {
        Self { logs, ports, reading: Room::new(LOGS_MAX), connected: Room::new(CONNECTIONS_MAX) }
    }

    /// Does what the server asks.
    pub(crate) fn open(&self, open: Open, client: &Client) {
        match open.kind {
            Some(open::Kind::Logs(request)) => self.logs(open.id, request, client.clone()),
            Some(open::Kind::Forward(request)) => self.forward(open.id, request, client.clone()),
            Some(open::Kind::Cancel(_)) => self.reading.cancel(&open.id),
            None => self.refuse(open.id, "this version of the host cannot answer that", client.clone()),
        }
    }

    /// The session is lost; whoever waits for answers asks again.
    pub(crate) fn cancel_all(&self) {
        self.reading.cancel_all();
        self.connected.cancel_all();
    }

    fn logs(&self, id: String, request: LogsRequest, client: Client) {
        let Some(place) = self.reading.take(&id) else {
            return self.refuse(id, "the host answers too many streams already; try again later", client);
        };
        let answers = self.clone();
        tokio::spawn(async move { place.until_cancelled(answers.send_logs(&id, request, client)).await });
    }

    fn forward(&self, id: String, request: ForwardRequest, client: Client) {
        let (ports, place) = (self.ports.clone(), self.connected.take(&id));
        tokio::spawn(async move {
            match place {
                Some(place) => {
                    let connected = async { send_connection(id, ports.connect(&request).await, client).await };
                    place.until_cancelled(connected).await;
                }
                None => {
                    let why = "the host has too many forwarded connections already; try again later";
                    send_connection(id, Err(why.to_owned()), client).await;
                }
            }
        });
    }

    fn refuse(&self, id: String, why: &'static str, mut client: Client) {
        let chunk = AnswerChunk { id, error: why.to_owned(), ..AnswerChunk::default() };
        tokio::spawn(async move {
            if let Err(status) = client.answer(tokio_stream::once(chunk)).await {
                tracing::debug!(%status, "a refusal was not heard");
            }
        });
    }

    async fn send_logs(&self, id: &str, request: LogsRequest, mut client: Client) {
        let (sender, chunks) = mpsc::channel(CHUNKS_MAX);
        let answer = client.answer(ReceiverStream::new(chunks));
        tokio::pin!(answer);
        // The call ends first if nobody reads any more; otherwise it ends because nothing more is sent.
        let answered = tokio::select! {
            answered = &mut answer => answered,
            () = self.read_logs(id, &request, sender) => answer.await,
        };
        if let Err(status) = answered {
            tracing::debug!(%status, "nobody reads the log any more");
        }
    }

    async fn read_logs(&self, id: &str, request: &LogsRequest, sender: mpsc::Sender<AnswerChunk>) {
        let chunk = || AnswerChunk { id: id.to_owned(), ..AnswerChunk::default() };
        let place = Place { uid: request.pod_uid.as_str().into(), container: request.container.as_str().into() };
        self.logs.flushed().await;
        // The first chunk says whether there is an answer at all, before anyone is promised one.
        let missing = request.previous && !self.logs.has_previous(&place);
        let error = if missing {
            format!("previous terminated container {:?} not found", request.container)
        } else {
            String::new()
        };
        if sender.send(AnswerChunk { error, ..chunk() }).await.is_err() || missing {
            return;
        }
        let mut reading = self.logs.read(&place, options(request));
        while let Some(read) = reading.next().await {
            let chunk = match read {
                Ok(bytes) => AnswerChunk { bytes, ..chunk() },
                Err(error) => AnswerChunk { error: error.to_string(), ..chunk() },
            };
            if sender.send(chunk).await.is_err() {
                return;
            }
        }
    }
}

/// Calls with a connection, or with the reason why there is none, and carries it until it ends.
async fn send_connection(id: String, connection: Result<Connection, String>, mut client: Client) {
    let (sender, chunks) = mpsc::channel(CHUNKS_MAX);
    let error = connection.as_ref().err().cloned().unwrap_or_default();
    // There is room: it is the first.
    drop(sender.try_send(ForwardChunk { id, error, ..ForwardChunk::default() }));
    let mut from_server = match client.forward(ReceiverStream::new(chunks)).await {
        Ok(response) => response.into_inner(),
        Err(status) => return tracing::debug!(%status, "nobody waits for a connection any more"),
    };
    let Ok(Connection { io, pod }) = connection else { return };
    let carried = tokio::select! {
        biased;
        () = pod.gone() => {
            let error = format!("pod {}/{} has ended", pod.namespace, pod.name);
            drop(sender.send(ForwardChunk { error: error.clone(), ..ForwardChunk::default() }).await);
            Err(error)
        }
        carried = protocol::forward::carry(io, &mut from_server, sender.clone()) => carried,
    };
    if let Err(why) = carried {
        tracing::debug!(why, pod = %pod.name, "a connection into a Pod broke");
    }
    // What was said last is on its way. To let go of the call would overtake it; the server ends it when it has heard.
    drop(sender);
    let heard = async { while from_server.next().await.is_some() {} };
    if timeout(LAST_WORD_MAX, heard).await.is_err() {
        tracing::debug!(pod = %pod.name, "nobody hears how a connection ended");
    }
}

fn options(request: &LogsRequest) -> Options {
    let count = |value: Option<i64>| value.map(|value| u64::try_from(value).unwrap_or(0));
    Options {
        follow: request.follow,
        previous: request.previous,
        timestamps: request.timestamps,
        tail_lines: count(request.tail_lines),
        since: request.since_unix_millis.and_then(|millis| Timestamp::from_millisecond(millis).ok()),
        limit_bytes: count(request.limit_bytes),
    }
}
