//! A client of SPDY against a Pod that is made of nothing but ports.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures::{FutureExt, SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::codec::{BytesCodec, Framed};

use super::{Ports, spdy};
use crate::logs::{LogOptions, PodConnection, PodStreams};
use crate::spdy::{Decoder, Encoder, Frame, Headers};
use crate::status::Status;

/// Longest wait for what must come.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a Pod may take nothing.
const STALL: Duration = Duration::from_millis(50);

/// Answers in capitals at port 7, breaks off at 8 after a word, never reads at 9, and is not there elsewhere.
struct Pod;

#[async_trait]
impl PodStreams for Pod {
    async fn logs(&self, _: &Value, _: LogOptions) -> Result<Body, Status> {
        Err(Status::bad_request("no logs"))
    }

    async fn dial(&self, _: &Value, port: u16) -> Result<PodConnection, Status> {
        let (near, mut far) = tokio::io::duplex(64);
        let serving: JoinHandle<Result<(), String>> = match port {
            7 => tokio::spawn(async move {
                let mut asked = Vec::new();
                far.read_to_end(&mut asked).await.map_err(|error| error.to_string())?;
                far.write_all(&asked.to_ascii_uppercase()).await.map_err(|error| error.to_string())
            }),
            8 => tokio::spawn(async move {
                far.write_all(b"a word").await.map_err(|error| error.to_string())?;
                Err("the Pod was deleted".to_owned())
            }),
            9 => tokio::spawn(async move {
                let _unread = far;
                std::future::pending().await
            }),
            _ => return Err(Status::bad_request(format!("nobody listens at port {port}"))),
        };
        let end = serving.map(|ended| ended.unwrap_or_else(|error| Err(error.to_string()))).boxed().shared();
        Ok(PodConnection { io: Box::new(near), end })
    }
}

struct Client {
    wire: Framed<DuplexStream, BytesCodec>,
    encoder: Encoder,
    decoder: Decoder,
    buffer: BytesMut,
    serving: JoinHandle<()>,
}

impl Client {
    fn new() -> Self {
        let (client, server) = tokio::io::duplex(1 << 10);
        let ports = Ports { pods: Arc::new(Pod), pod: Arc::new(json!({"metadata": {"name": "web"}})), stall: STALL };
        let transport = Framed::new(server, BytesCodec::new()).map(|piece| piece.map(BytesMut::freeze));
        Self {
            wire: Framed::new(client, BytesCodec::new()),
            encoder: Encoder::default(),
            decoder: Decoder::default(),
            buffer: BytesMut::new(),
            serving: tokio::spawn(spdy::serve(transport, ports)),
        }
    }

    async fn say(&mut self, frame: Frame) {
        let bytes = self.encoder.encode(&frame);
        timeout(PATIENCE, self.wire.send(Bytes::from(bytes))).await.expect("is taken").expect("is open");
    }

    /// Opens a connection to a port; its streams are `first` for errors and the next odd one for data.
    async fn open(&mut self, first: u32, port: u16) {
        for (stream, role) in [(first, "error"), (first + 2, "data")] {
            let header = |name: &str, value: String| (name.to_owned(), value);
            let headers = vec![
                header("streamtype", role.to_owned()),
                header("port", port.to_string()),
                header("requestid", first.to_string()),
            ];
            self.say(Frame::Open { stream, headers, fin: false }).await;
            let reply = Frame::Reply { stream, headers: Headers::new(), fin: false };
            assert_eq!(self.hear().await, Some(reply));
        }
    }

    async fn data(&mut self, stream: u32, bytes: &'static [u8], fin: bool) {
        self.say(Frame::Data { stream, bytes: Bytes::from_static(bytes), fin }).await;
    }

    async fn hear(&mut self) -> Option<Frame> {
        let heard = async {
            loop {
                if let Some(frame) = self.decoder.next(&mut self.buffer).expect("makes sense") {
                    return Some(frame);
                }
                self.buffer.extend_from_slice(&self.wire.next().await?.ok()?);
            }
        };
        timeout(PATIENCE, heard).await.expect("is heard")
    }

    /// All that comes on two streams until both have ended.
    async fn until_both_end(&mut self, streams: [u32; 2]) -> [String; 2] {
        let (mut said, mut ended) = ([String::new(), String::new()], [false; 2]);
        while ended != [true; 2] {
            let Some(Frame::Data { stream, bytes, fin }) = self.hear().await else { panic!("only data is left") };
            let index = streams.iter().position(|known| *known == stream).expect("a known stream");
            said[index].push_str(std::str::from_utf8(&bytes).expect("text"));
            assert!(!std::mem::replace(&mut ended[index], fin), "nothing comes after the end");
        }
        said
    }
}

#[tokio::test]
async fn a_connection_is_carried_and_ends_on_both_streams() {
    let mut client = Client::new();
    client.open(1, 7).await;
    client.data(1, b"", true).await;
    client.data(3, b"hello, ", false).await;
    client.data(3, b"pod", true).await;
    assert_eq!(client.until_both_end([1, 3]).await, ["", "HELLO, POD"]);
    client.open(5, 7).await;
    client.data(7, b"again", true).await;
    assert_eq!(client.until_both_end([5, 7]).await, ["", "AGAIN"]);
}

#[tokio::test]
async fn what_cannot_be_reached_says_why_and_harms_no_other() {
    let mut client = Client::new();
    client.open(1, 81).await;
    let [error, data] = client.until_both_end([1, 3]).await;
    assert_eq!(error, "error forwarding port 81 to pod web: nobody listens at port 81");
    assert_eq!(data, "");
    client.open(5, 7).await;
    client.data(7, b"on", true).await;
    assert_eq!(client.until_both_end([5, 7]).await, ["", "ON"]);
}

#[tokio::test]
async fn a_pod_that_breaks_off_is_an_error_after_its_last_word() {
    let mut client = Client::new();
    client.open(1, 8).await;
    client.data(3, b"", true).await;
    let [error, data] = client.until_both_end([1, 3]).await;
    assert!(error.contains("the Pod was deleted"), "{error}");
    assert!("a word".starts_with(&data), "{data}");
}

#[tokio::test]
async fn a_client_that_resets_is_let_go_and_pings_are_answered_meanwhile() {
    let mut client = Client::new();
    client.open(1, 9).await;
    client.data(3, b"unread", false).await;
    client.say(Frame::Ping(1)).await;
    assert_eq!(client.hear().await, Some(Frame::Ping(1)));
    client.say(Frame::Reset { stream: 3, status: 5 }).await;
    assert_eq!(client.until_both_end([1, 3]).await, ["", ""]);
}

/// Whoever takes nothing holds its own connection up, and is given up: the others wait for it no longer than that.
#[tokio::test]
async fn a_pod_that_never_reads_loses_its_connection_and_no_other() {
    let mut client = Client::new();
    client.open(1, 9).await;
    client.open(5, 7).await;
    for _ in 0..8 {
        client.data(3, &[b'x'; 64], false).await;
    }
    client.data(7, b"waits", true).await;
    let mut ends = 0;
    while ends < 4 {
        if let Some(Frame::Data { stream, bytes, fin }) = client.hear().await {
            assert!(stream != 7 || bytes.is_empty() || bytes == "WAITS");
            ends += usize::from(fin);
        }
    }
}

#[tokio::test]
async fn garbage_ends_the_connection() {
    let mut client = Client::new();
    client.wire.send(Bytes::from_static(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n\x80\x02")).await.expect("is open");
    client.wire.send(Bytes::from_static(&[0xff; 4000])).await.ok();
    drop(client.wire);
    timeout(PATIENCE, client.serving).await.expect("ends").expect("does not panic");
}
