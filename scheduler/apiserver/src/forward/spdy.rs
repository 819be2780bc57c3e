//! Forwarding over SPDY: frames in and out, a task for each connection into the Pod.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{Sink, SinkExt, Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::session::{Session, Step};
use super::{Ear, PIECES, Ports, Said, carry};
use crate::spdy::{Decoder, Encoder, Frame};

/// Frames that wait for the client.
const FRAMES: usize = 32;
/// How long a client may keep its connection without a forwarded one in it and without a word, pings included. As
/// long as a kubelet allows.
const IDLE_MAX: Duration = Duration::from_secs(4 * 3600);

/// What a client's connection is made of, whether WebSocket messages or bare bytes.
pub(crate) trait Transport:
    Stream<Item = io::Result<Bytes>> + Sink<Bytes, Error = io::Error> + Send + 'static
{
}

impl<T: Stream<Item = io::Result<Bytes>> + Sink<Bytes, Error = io::Error> + Send + 'static> Transport for T {}

/// One forwarded connection.
struct Line {
    mouth: mpsc::Sender<Said>,
    /// Taken when it is dialled.
    said: Option<mpsc::Receiver<Said>>,
    gone: CancellationToken,
}

/// Carries until the client leaves, or says what cannot be understood.
pub(crate) async fn serve(transport: impl Transport, ports: Ports) {
    let (sink, stream) = transport.split();
    let (frames, waiting) = mpsc::channel(FRAMES);
    let desk = Desk { session: Session::default(), lines: HashMap::new(), carrying: JoinSet::new(), frames, ports };
    // Whichever ends first: a client that cannot be written to is gone.
    tokio::select! {
        () = desk.run(stream) => {}
        () = write(sink, waiting) => {}
    }
}

async fn write(mut sink: impl Sink<Bytes, Error = io::Error> + Unpin, mut frames: mpsc::Receiver<Frame>) {
    let mut encoder = Encoder::default();
    while let Some(frame) = frames.recv().await {
        if sink.send(encoder.encode(&frame).into()).await.is_err() {
            return;
        }
    }
}

struct Desk {
    session: Session,
    lines: HashMap<u32, Line>,
    /// Tasks return the stream of data whose connection is over.
    carrying: JoinSet<u32>,
    frames: mpsc::Sender<Frame>,
    ports: Ports,
}

impl Desk {
    async fn run(mut self, mut stream: impl Stream<Item = io::Result<Bytes>> + Unpin) {
        let (mut decoder, mut buffer) = (Decoder::default(), BytesMut::new());
        loop {
            let piece = tokio::select! {
                Some(over) = self.carrying.join_next() => {
                    // A task that panicked has told it; its stream ends with the connection.
                    if let Ok(data) = over {
                        self.over(data);
                    }
                    continue;
                }
                piece = timeout(IDLE_MAX, stream.next()) => piece,
            };
            match piece {
                Ok(Some(Ok(piece))) => buffer.extend_from_slice(&piece),
                Err(_) if !self.lines.is_empty() => continue,
                Ok(Some(Err(_)) | None) | Err(_) => return,
            }
            loop {
                let frame = match decoder.next(&mut buffer) {
                    Ok(Some(frame)) => frame,
                    Ok(None) => break,
                    Err(error) => return tracing::debug!(%error, "a client of a forwarded port is not understood"),
                };
                for step in self.session.hear(frame) {
                    self.take(step).await;
                }
            }
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            // The writer lives as long as this does.
            Step::Say(frame) => drop(self.frames.send(frame).await),
            Step::Begin(data) => {
                let (mouth, said) = mpsc::channel(PIECES);
                self.lines.insert(data, Line { mouth, said: Some(said), gone: CancellationToken::new() });
            }
            Step::Dial { data, error, port } => self.dial(data, error, port),
            Step::Pass(data, bytes) => self.say(data, Said::Bytes(bytes)).await,
            Step::End(data) => self.say(data, Said::End).await,
            Step::Drop(data) => {
                if let Some(line) = self.lines.get(&data) {
                    line.gone.cancel();
                }
                self.forget_undialled(data);
            }
        }
    }

    fn dial(&mut self, data: u32, error: u32, port: u16) {
        let Some(line) = self.lines.get_mut(&data) else { return };
        let Some(said) = line.said.take() else { return };
        let (ports, frames, gone) = (self.ports.clone(), self.frames.clone(), line.gone.clone());
        self.carrying.spawn(async move {
            let ended = Arc::new(AtomicBool::new(false));
            let ear = Reply { stream: data, frames: frames.clone(), ended: ended.clone() };
            let why = carry(&ports, port, said, ear, gone).await.err().unwrap_or_default();
            // Why first: the client reads it once the data has ended. It may have left meanwhile.
            drop(frames.send(Frame::Data { stream: error, bytes: why.into(), fin: true }).await);
            if !ended.load(Ordering::Relaxed) {
                drop(frames.send(Frame::Data { stream: data, bytes: Bytes::new(), fin: true }).await);
            }
            data
        });
    }

    /// Passes something on. A Pod that takes nothing for long loses this connection, because the others wait.
    async fn say(&mut self, data: u32, said: Said) {
        let Some(line) = self.lines.get(&data) else { return };
        let taken = line.gone.run_until_cancelled(timeout(self.ports.stall, line.mouth.send(said))).await;
        if matches!(taken, Some(Err(_))) {
            tracing::debug!(stream = data, "a Pod takes nothing from a forwarded connection");
            line.gone.cancel();
            self.forget_undialled(data);
        }
    }

    /// A stream that was never dialled has no task whose end would forget it.
    fn forget_undialled(&mut self, data: u32) {
        if self.lines.get(&data).is_some_and(|line| line.said.is_some()) {
            self.over(data);
        }
    }

    fn over(&mut self, data: u32) {
        self.session.over(data);
        self.lines.remove(&data);
    }
}

/// A stream of data, in the direction of the client.
struct Reply {
    stream: u32,
    frames: mpsc::Sender<Frame>,
    /// Whether its end has been said.
    ended: Arc<AtomicBool>,
}

#[async_trait]
impl Ear for Reply {
    const HALF_OPEN: bool = true;

    async fn hear(&mut self, bytes: Bytes) -> bool {
        self.frames.send(Frame::Data { stream: self.stream, bytes, fin: false }).await.is_ok()
    }

    async fn end(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        drop(self.frames.send(Frame::Data { stream: self.stream, bytes: Bytes::new(), fin: true }).await);
    }
}
