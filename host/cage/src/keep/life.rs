//! One worker from its start to its end.

use std::io;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Instant;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;
use tokio::process::Child;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Keeper, News, Outside, State};
use crate::Body;
use crate::call::Live;
use crate::complaint::Complaint;
use crate::limits::{END_WITHIN, READY_WITHIN};
use crate::program::Started;
use crate::told::Hearing;
use crate::wire::{self, Direction};

/// What ends a worker's connections: why, if it is the worker's fault.
type Broken = Option<String>;

impl Keeper {
    /// Starts a worker and waits for its end; returns how that came about.
    pub(super) async fn life(&self) -> Arc<str> {
        let begin = Instant::now();
        let started = match self.program.start().await {
            Ok(started) => started,
            Err(error) => return format!("it cannot be started: {error}").into(),
        };
        let complaint = Complaint::default();
        let (ended, end) = watch::channel(None);
        let why = match self.attend(started, begin, &complaint, end).await {
            Ok(why) => why,
            Err(error) => format!("it cannot be attended to: {error}"),
        };
        let why: Arc<str> = match complaint.line() {
            Some(line) => format!("{why}; it said: {line}").into(),
            None => why.into(),
        };
        ended.send_replace(Some(why.clone()));
        why
    }

    async fn attend(
        &self,
        started: Started,
        begin: Instant,
        complaint: &Complaint,
        end: watch::Receiver<Option<Arc<str>>>,
    ) -> io::Result<String> {
        let Started { mut child, pid, requests, host } = started;
        let mut words = JoinSet::new();
        if let Some(stderr) = child.stderr.take() {
            words.spawn(complaint.clone().listen(stderr));
        }
        // Ends with this function, so that nothing of a worker outlives it.
        let mut wires = JoinSet::new();
        let (tell, mut ready) = mpsc::channel(1);
        wires.spawn(listen(host, self.outside.clone(), tell));
        let (sender, connection) = wire::ask(requests, Direction::In).await.map_err(io::Error::other)?;
        wires.spawn(async move { connection.await.err().map(|error| wire::chain(&error)) });
        let why = tokio::select! {
            status = child.wait() => described(status?),
            walls = timeout(READY_WITHIN, ready.recv()) => match walls {
                Ok(Some(walls)) => {
                    self.up(sender, pid, end);
                    self.outside.happened(News::Up { pid, walls, took: begin.elapsed() });
                    until_end(&mut child, &mut wires).await?
                }
                // Its connection is gone.
                Ok(None) => until_end(&mut child, &mut wires).await?,
                Err(_) => {
                    child.kill().await?;
                    format!("it was not ready within {READY_WITHIN:?}")
                }
            },
        };
        // All it said is there as soon as it has ended; unless somebody else has hold of its end of the pipe.
        drop(timeout(END_WITHIN, words.join_next()).await);
        Ok(why)
    }

    fn up(&self, sender: SendRequest<Body>, pid: u32, ended: watch::Receiver<Option<Arc<str>>>) {
        self.state.send_replace(State::Up(Live { sender, pid, ended }));
    }
}

/// Waits for the end of a worker, and ends one that does not speak any more.
async fn until_end(child: &mut Child, wires: &mut JoinSet<Broken>) -> io::Result<String> {
    let broken = tokio::select! {
        status = child.wait() => return Ok(described(status?)),
        broken = wires.join_next() => broken,
    };
    // Usually its connection is gone because it is.
    if let Ok(status) = timeout(END_WITHIN, child.wait()).await {
        return Ok(described(status?));
    }
    child.kill().await?;
    let why = broken.and_then(Result::ok).flatten().unwrap_or_else(|| "it closed it".to_owned());
    Ok(format!("it was killed because its connection broke: {why}"))
}

/// As [`ExitStatus`] says it, but that a killed process is told apart from one that was killed for a call.
fn described(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    let what = match status.signal() {
        Some(signal) if signal == rustix::process::Signal::SYS.as_raw() => " (it made a system call it must not make)",
        _ => "",
    };
    format!("the worker ended with {status}{what}")
}

/// Answers what the worker asks, until it closes the connection or says what cannot be.
async fn listen(host: tokio::net::UnixStream, outside: Arc<dyn Outside>, ready: mpsc::Sender<String>) -> Broken {
    let (tell, mut told) = mpsc::channel(1);
    let answer = move |request| answer(request, outside.clone(), ready.clone(), tell.clone()).boxed();
    tokio::select! {
        ended = wire::answer(host, Direction::Out, answer) => ended.err().map(|error| wire::chain(&error)),
        Some(why) = told.recv() => Some(why),
    }
}

async fn answer(
    request: Request<Incoming>,
    outside: Arc<dyn Outside>,
    ready: mpsc::Sender<String>,
    fault: mpsc::Sender<String>,
) -> Response<Body> {
    match request.uri().path() {
        wire::CONFIG => Response::new(wire::full(outside.config())),
        wire::READY => {
            let walls = request.headers().get(wire::WALLS).and_then(|walls| walls.to_str().ok());
            // It is ready once, and saying so again changes nothing.
            drop(ready.try_send(walls.unwrap_or_default().to_owned()));
            wire::status(StatusCode::OK)
        }
        wire::TOLD => hear(request, &*outside, &fault).await,
        wire::CALL => match wire::unpack(wire::boxed(request)) {
            Some(request) => outside.answer(request).await,
            None => wire::status(StatusCode::BAD_REQUEST),
        },
        _ => wire::status(StatusCode::NOT_FOUND),
    }
}

fn hear<'a>(
    request: Request<Incoming>,
    outside: &'a dyn Outside,
    fault: &'a mpsc::Sender<String>,
) -> BoxFuture<'a, Response<Body>> {
    async move {
        let (mut body, mut hearing) = (request.into_body(), Hearing::default());
        while let Some(Ok(frame)) = body.frame().await {
            let Ok(piece) = frame.into_data() else { continue };
            if let Err(error) = hearing.hear(&piece, |told| outside.told(told)) {
                drop(fault.try_send(error.to_string()));
                break;
            }
        }
        wire::status(StatusCode::OK)
    }
    .boxed()
}
