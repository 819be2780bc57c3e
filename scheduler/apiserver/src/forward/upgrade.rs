//! How a connection becomes a forwarding one: which of the ways a client asks for, and the answer that opens it.
//!
//! | asked with | spoken after it | by whom |
//! |---|---|---|
//! | WebSocket, `SPDY/3.1+portforward.k8s.io` | SPDY in binary messages | kubectl since 1.31 (KEP-4006) |
//! | `Upgrade: SPDY/3.1`, `X-Stream-Protocol-Version: portforward.k8s.io` | bare SPDY | older kubectl, Go's clients |
//! | WebSocket, `v4.channel.k8s.io`, or without a protocol | channels | Python's client, kube-rs, fabric8 |

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use futures::{SinkExt, StreamExt, future};
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Version};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_util::codec::{BytesCodec, Framed};

use super::spdy::Transport;
use crate::status::Status;

/// SPDY inside of WebSocket messages.
const TUNNEL: &str = "SPDY/3.1+portforward.k8s.io";
/// Channels.
const CHANNELS: &str = "v4.channel.k8s.io";
/// What is spoken inside of SPDY.
const FORWARDING: &str = "portforward.k8s.io";
/// The protocol of bare SPDY.
const SPDY: &str = "SPDY/3.1";
const STREAM_PROTOCOL: HeaderName = HeaderName::from_static("x-stream-protocol-version");
/// Largest WebSocket message. kubectl writes up to 32 KiB at a time; a browser's client may send more.
const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Bytes of messages that wait to be written before a writer waits.
const WRITE_BUFFER_BYTES_MAX: usize = 2 << 20;

/// A WebSocket to a client.
pub(crate) type WebSocket = WebSocketStream<TokioIo<Upgraded>>;

/// What a client wants to speak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Upgrade {
    /// Bare SPDY.
    Spdy,
    /// A WebSocket, and the answer to its key.
    WebSocket { accept: String, inside: Inside },
}

/// What is spoken in a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inside {
    /// SPDY.
    Tunnel,
    /// Channels, named or by default.
    Channels { named: bool },
}

impl Upgrade {
    /// Finds out what a request asks for.
    ///
    /// # Errors
    /// It asks for nothing, or for nothing that is spoken here.
    pub(crate) fn negotiate(version: Version, headers: &HeaderMap) -> Result<Self, Status> {
        let asked = |wanted: &str| words(headers, &UPGRADE).any(|word| word.eq_ignore_ascii_case(wanted));
        let upgrades = words(headers, &CONNECTION).any(|word| word.eq_ignore_ascii_case("upgrade"));
        if version != Version::HTTP_11 || !upgrades {
            return Err(Status::bad_request("Upgrade request required"));
        }
        if asked("websocket") {
            return web_socket(headers);
        }
        if !asked(SPDY) {
            return Err(Status::bad_request("Upgrade request required"));
        }
        let offered: Vec<&str> = words(headers, &STREAM_PROTOCOL).collect();
        if offered.is_empty() || offered.contains(&FORWARDING) {
            return Ok(Self::Spdy);
        }
        Err(not_spoken(&offered, FORWARDING))
    }

    /// The answer that makes the connection another one.
    pub(crate) fn response(&self) -> Response<axum::body::Body> {
        let mut response = Response::new(axum::body::Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        match self {
            Self::Spdy => {
                headers.insert(UPGRADE, HeaderValue::from_static(SPDY));
                headers.insert(STREAM_PROTOCOL, HeaderValue::from_static(FORWARDING));
            }
            Self::WebSocket { accept, inside } => {
                headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
                if let Ok(accept) = HeaderValue::try_from(accept) {
                    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
                }
                let protocol = match inside {
                    Inside::Tunnel => Some(TUNNEL),
                    Inside::Channels { named } => named.then_some(CHANNELS),
                };
                if let Some(protocol) = protocol {
                    headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
                }
            }
        }
        response
    }
}

fn web_socket(headers: &HeaderMap) -> Result<Upgrade, Status> {
    let only = |name: &HeaderName| headers.get(name).map(HeaderValue::as_bytes).unwrap_or_default();
    if only(&SEC_WEBSOCKET_VERSION) != b"13" {
        return Err(Status::bad_request("Sec-WebSocket-Version: only version 13 is spoken (RFC 6455)"));
    }
    let key = only(&SEC_WEBSOCKET_KEY);
    if !STANDARD.decode(key).is_ok_and(|nonce| nonce.len() == 16) {
        return Err(Status::bad_request("Sec-WebSocket-Key: must be 16 bytes in base64 (RFC 6455)"));
    }
    let offered: Vec<&str> = words(headers, &SEC_WEBSOCKET_PROTOCOL).collect();
    let spoken = |protocol: &&str| match *protocol {
        TUNNEL => Some(Inside::Tunnel),
        CHANNELS => Some(Inside::Channels { named: true }),
        _ => None,
    };
    let inside =
        if offered.is_empty() { Some(Inside::Channels { named: false }) } else { offered.iter().find_map(spoken) };
    let inside = inside.ok_or_else(|| not_spoken(&offered, &format!("{TUNNEL} {CHANNELS}")))?;
    Ok(Upgrade::WebSocket { accept: derive_accept_key(key), inside })
}

fn not_spoken(offered: &[&str], spoken: &str) -> Status {
    let offered = offered.join(" ");
    let message = format!(
        "unable to upgrade: unable to negotiate protocol: client supports [{offered}], server accepts [{spoken}]"
    );
    Status::new(StatusCode::FORBIDDEN, "Forbidden", message)
}

/// The words of a header that lists them with commas, over all its lines.
fn words<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|word| !word.is_empty())
}

/// Bare bytes.
pub(crate) fn bare(upgraded: Upgraded) -> impl Transport {
    Framed::new(TokioIo::new(upgraded), BytesCodec::new()).map(|piece| piece.map(BytesMut::freeze))
}

/// A WebSocket over an upgraded connection.
pub(crate) async fn socket(upgraded: Upgraded) -> WebSocket {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX))
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX);
    WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await
}

/// The bytes in a WebSocket's binary messages, which may begin and end anywhere.
pub(crate) fn tunnelled(socket: WebSocket) -> impl Transport {
    let sink =
        socket.sink_map_err(broken).with(|bytes: Bytes| future::ready(Ok::<_, io::Error>(Message::Binary(bytes))));
    sink.filter_map(|message| {
        future::ready(match message {
            Ok(Message::Binary(bytes)) => Some(Ok(bytes)),
            Ok(Message::Text(_)) => Some(Err(io::Error::other("text in a tunnel for bytes"))),
            // The library answers pings, and a close with the end of the stream.
            Ok(_) => None,
            Err(error) => Some(Err(broken(error))),
        })
    })
}

fn broken(error: tungstenite::Error) -> io::Error {
    match error {
        tungstenite::Error::Io(error) => error,
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn negotiate(pairs: &[(&'static str, &'static str)]) -> Result<Upgrade, String> {
        let headers: HeaderMap = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        Upgrade::negotiate(Version::HTTP_11, &headers).map_err(|status| format!("{} {}", status.code, status.message))
    }

    const KEY: (&str, &str) = ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    const THIRTEEN: (&str, &str) = ("sec-websocket-version", "13");
    const SOCKET: [(&str, &str); 4] = [("connection", "keep-alive, Upgrade"), ("upgrade", "WebSocket"), THIRTEEN, KEY];

    fn socket(protocol: Option<&'static str>) -> Result<Inside, String> {
        let protocol = protocol.map(|protocol| ("sec-websocket-protocol", protocol));
        let pairs: Vec<_> = SOCKET.into_iter().chain(protocol).collect();
        negotiate(&pairs).map(|upgrade| match upgrade {
            Upgrade::WebSocket { accept, inside } => {
                // The example of RFC 6455, section 1.3.
                assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
                inside
            }
            Upgrade::Spdy => panic!("a WebSocket was asked for"),
        })
    }

    #[test]
    fn each_way_of_asking_has_its_answer() {
        assert_eq!(socket(Some("SPDY/3.1+portforward.k8s.io")), Ok(Inside::Tunnel));
        assert_eq!(socket(Some("v5.channel.k8s.io, v4.channel.k8s.io")), Ok(Inside::Channels { named: true }));
        assert_eq!(socket(None), Ok(Inside::Channels { named: false }));
        let spdy = [("connection", "Upgrade"), ("upgrade", "SPDY/3.1")];
        let named = ("x-stream-protocol-version", "portforward.k8s.io");
        assert_eq!(negotiate(&spdy), Ok(Upgrade::Spdy));
        assert_eq!(negotiate(&[spdy[0], spdy[1], named]), Ok(Upgrade::Spdy));
    }

    #[test]
    fn what_is_not_spoken_is_refused_with_what_is() {
        let other = socket(Some("v5.channel.k8s.io")).expect_err("is refused");
        assert!(other.starts_with("403 ") && other.contains("[v5.channel.k8s.io]") && other.contains(CHANNELS));
        let other =
            [("connection", "Upgrade"), ("upgrade", "SPDY/3.1"), ("x-stream-protocol-version", "v4.channel.k8s.io")];
        assert!(negotiate(&other).is_err_and(|why| why.contains("server accepts [portforward.k8s.io]")));
        for pairs in [&[][..], &[("connection", "Upgrade")], &[("upgrade", "websocket")], &SOCKET[..3]] {
            assert!(negotiate(pairs).is_err_and(|why| why.starts_with("400 ")), "{pairs:?}");
        }
        let headers = HeaderMap::from_iter([(UPGRADE, HeaderValue::from_static("websocket"))]);
        assert!(Upgrade::negotiate(Version::HTTP_2, &headers).is_err(), "HTTP/2 has no upgrades");
    }
}
