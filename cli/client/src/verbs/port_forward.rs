//! `insula port-forward`: ports of this machine that lead to those of a Pod, through the cluster's API.
//!
//! Each connection is a WebSocket of its own in the form `v4.channel.k8s.io`: channel 0 carries data, channel 1 an error,
//! and the first message of each names the port. kubectl multiplexes connections over SPDY instead; this form needs no
//! second framing, and a connection that stalls holds no other up.

mod ports;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use clap_complete::ArgValueCompleter;
use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, tcp};
use tokio::sync::Semaphore;
use tokio_tungstenite::tungstenite::Message;

use crate::place::Place;
use crate::session::Session;
use crate::value::{name, text};
use crate::{complete, containers, say};

use ports::{Forward, target};

/// Connections at once; more wait in the listener's queue.
const CONNECTIONS_MAX: usize = 256;
/// Bytes of one message.
const CHUNK_BYTES: usize = 32 << 10;
const DATA: u8 = 0;
const ERROR: u8 = 1;
/// The number of the port, which comes first on each channel.
const PORT_BYTES: usize = 2;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    /// A Pod, or TYPE/NAME of what runs Pods or stands before them: deploy/web, svc/web.
    #[arg(value_name = "POD | TYPE/NAME", add = ArgValueCompleter::new(complete::pods))]
    what: String,
    /// LOCAL:REMOTE, one number for both, or :REMOTE for any free port here.
    #[arg(value_name = "[LOCAL:]REMOTE", required = true)]
    ports: Vec<Forward>,
    /// The addresses to listen on.
    #[arg(long, value_name = "IP", value_delimiter = ',', default_value = "127.0.0.1")]
    address: Vec<IpAddr>,
}

/// The Pod's port that a listener leads to.
#[derive(Clone)]
struct Way {
    path: String,
    label: String,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let session = Arc::new(Session::open(&args.place).await?);
    let (resource, object) = containers::object_of(&session, &args.what).await?;
    let pods = containers::pods_of(&session, &args.what).await?;
    let pod = pods.first().ok_or_else(|| anyhow!("{} has no Pods", args.what))?;
    if text(pod, "/status/phase") != "Running" {
        bail!("pod/{} is {}, not Running", name(pod), text(pod, "/status/phase"));
    }
    let mut listeners = Vec::new();
    for forward in &args.ports {
        let remote = target(&resource.kind, &object, pod, &forward.remote).map_err(|why| anyhow!(why))?;
        for address in &args.address {
            listeners.push(listen(&session, pod, SocketAddr::new(*address, forward.local), remote).await?);
        }
    }
    let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let all =
        listeners.into_iter().map(|(listener, way)| serve(Arc::clone(&session), listener, way, Arc::clone(&permits)));
    tokio::select! {
        ended = futures::future::try_join_all(all) => ended.map(drop),
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}

async fn listen(session: &Session, pod: &Value, addr: SocketAddr, remote: u16) -> Result<(TcpListener, Way)> {
    let listener = TcpListener::bind(addr).await.with_context(|| format!("cannot listen on {addr}"))?;
    say::line(format!("Forwarding from {} -> {remote}", listener.local_addr()?))?;
    let (own, namespace) = (name(pod), &session.namespace);
    let path = format!("/api/v1/namespaces/{namespace}/pods/{own}/portforward?ports={remote}");
    Ok((listener, Way { path, label: format!("port {remote} of pod/{own}") }))
}

/// Accepts until the process ends. What befalls one connection is told and harms no other.
async fn serve(session: Arc<Session>, listener: TcpListener, way: Way, permits: Arc<Semaphore>) -> Result<()> {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let permit = Arc::clone(&permits).acquire_owned().await?;
        let (stream, _) = listener.accept().await.context("no more connections can be accepted")?;
        let (session, way) = (Arc::clone(&session), way.clone());
        connections.spawn(async move {
            if let Err(error) = carry(&session, stream, &way).await {
                say::warning(&format!("{}: {error:#}", way.label));
            }
            drop(permit);
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Carries one connection until the Pod has ended it, or this side has and everything was passed on.
async fn carry(session: &Session, stream: TcpStream, way: &Way) -> Result<()> {
    let connection = session.client.connect(&way.path).await?;
    let (mut sink, mut messages) = connection.into_stream().split();
    let (reader, writer) = stream.into_split();
    tokio::select! {
        // A client that says no more may still want the answer, which ends the connection.
        sent = send(reader, &mut sink) => sent,
        received = receive(&mut messages, writer) => received,
    }
}

async fn send<E>(
    mut from: tcp::OwnedReadHalf,
    sink: &mut (impl futures::Sink<Message, Error = E> + Unpin),
) -> Result<()>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return std::future::pending().await;
        }
        sink.send(Message::Binary([&[DATA], &buffer[..read]].concat().into())).await?;
    }
}

async fn receive<E>(
    messages: &mut (impl futures::Stream<Item = Result<Message, E>> + Unpin),
    mut to: tcp::OwnedWriteHalf,
) -> Result<()>
where
    E: std::error::Error + Send + Sync + 'static,
{
    // The number of the port is skipped, even where it comes in pieces.
    let mut skip = [PORT_BYTES; 2];
    while let Some(message) = messages.next().await {
        let Message::Binary(message) = message? else { continue };
        let Some((channel, mut data)) = message.split_first() else { continue };
        let Some(left) = skip.get_mut(usize::from(*channel)) else { continue };
        let skipped = (*left).min(data.len());
        *left -= skipped;
        data = &data[skipped..];
        match *channel {
            DATA => to.write_all(data).await?,
            ERROR if !data.is_empty() => bail!("{}", String::from_utf8_lossy(data)),
            _ => {}
        }
    }
    Ok(to.shutdown().await?)
}
