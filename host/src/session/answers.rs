//! Streams the server asked for: it says `Open { id }` on the session, the host answers with a call that
//! carries the id. Bulk never travels on the session itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use protocol::v1::{AnswerChunk, LogsRequest, Open, open};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use super::Client;
use crate::logs::read::Options;
use crate::logs::{Logs, Place};

/// Streams open at once. Each is a call on the connection that also carries the session and fetched code, and a
/// server takes a bounded number of calls on it; a terminal full of `logs -f` has a dozen.
const OPEN_MAX: usize = 32;
/// Chunks on their way in this process.
const CHUNKS_MAX: usize = 2;

/// The streams that are open.
#[derive(Clone)]
pub(crate) struct Answers {
    logs: Logs,
    open: Arc<Mutex<HashMap<String, CancellationToken>>>,
}

impl Answers {
    pub(crate) fn new(logs: Logs) -> Self {
        Self { logs, open: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, CancellationToken>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what the server asks.
    pub(crate) fn open(&self, open: Open, client: &Client) {
        match open.kind {
            Some(open::Kind::Logs(request)) => self.logs(open.id, request, client.clone()),
            Some(open::Kind::Cancel(_)) => {
                if let Some(cancel) = self.lock().remove(&open.id) {
                    cancel.cancel();
                }
            }
            None => self.refuse(open.id, "this version of the host cannot answer that", client.clone()),
        }
    }

    /// The session is lost; whoever waits for answers asks again.
    pub(crate) fn cancel_all(&self) {
        for (_, cancel) in self.lock().drain() {
            cancel.cancel();
        }
    }

    fn logs(&self, id: String, request: LogsRequest, client: Client) {
        let cancel = CancellationToken::new();
        {
            let mut open = self.lock();
            if open.len() >= OPEN_MAX {
                drop(open);
                return self.refuse(id, "the host answers too many streams already; try again later", client);
            }
            open.insert(id.clone(), cancel.clone());
        }
        let answers = self.clone();
        tokio::spawn(async move {
            cancel.run_until_cancelled(answers.send_logs(&id, request, client)).await;
            answers.lock().remove(&id);
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
