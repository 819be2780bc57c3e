//! Forwarding in the protocol of channels (`v4.channel.k8s.io`): every WebSocket message begins with its channel.
//!
//! The ports are in the URL. Port number N has the channels 2N for data and 2N + 1 for errors; the first message on
//! each names the port (two bytes, little end first). There is one connection to each port and no way to end one side
//! of it, so it is over when the Pod says nothing more, and the WebSocket when all are. Python's client and kube-rs
//! speak this.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{BufMut, Bytes, BytesMut};
use futures::stream::SplitSink;
use futures::{SinkExt, StreamExt};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

use super::upgrade::WebSocket;
use super::{Ear, PIECES, Ports, Said, carry};

/// Most ports of one URL: two channels each, of the 256 a byte can name.
const PORTS_MAX: usize = 64;

/// Which port has which channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout(Vec<u16>);

impl Layout {
    /// Reads the values of the query's `ports`: `80,443`, or one by one.
    ///
    /// # Errors
    /// What is wrong, in a sentence.
    pub(crate) fn parse<'a>(values: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let mut ports = Vec::new();
        for text in values.flat_map(|value| value.split(',')).map(str::trim).filter(|text| !text.is_empty()) {
            let port = text.parse().ok().filter(|port| *port > 0);
            ports.push(port.ok_or_else(|| format!("ports: Invalid value: {text:?}: must be a port, from 1 to 65535"))?);
        }
        match ports.len() {
            0 => Err("query parameter \"ports\" is required".to_owned()),
            1..=PORTS_MAX => Ok(Self(ports)),
            many => Err(format!("ports: Too many: {many}: must have at most {PORTS_MAX} items")),
        }
    }

    /// What a message is: for the port of this index, these bytes. Errors are not the client's to write.
    fn place(message: &Bytes, ports: usize) -> Option<(usize, Bytes)> {
        let channel = usize::from(*message.first()?);
        let is_data = channel % 2 == 0 && channel / 2 < ports;
        is_data.then(|| (channel / 2, message.slice(1..)))
    }
}

type Sender = Arc<Mutex<SplitSink<WebSocket, Message>>>;

/// One channel, in the direction of the client.
#[derive(Clone)]
struct Channel {
    number: u8,
    sender: Sender,
}

impl Channel {
    async fn send(&self, bytes: &[u8]) -> bool {
        let mut message = BytesMut::with_capacity(bytes.len() + 1);
        message.put_u8(self.number);
        message.extend_from_slice(bytes);
        self.sender.lock().await.send(Message::Binary(message.freeze())).await.is_ok()
    }
}

#[async_trait]
impl Ear for Channel {
    /// There is no way to end one direction of a channel.
    const HALF_OPEN: bool = false;

    async fn hear(&mut self, piece: Bytes) -> bool {
        self.send(&piece).await
    }

    async fn end(&mut self) {}
}

/// Carries until every port's connection is over, or the client leaves.
pub(crate) async fn serve(socket: WebSocket, layout: Layout, ports: Ports) {
    let (sender, mut messages) = socket.split();
    let sender = Arc::new(Mutex::new(sender));
    let (mut mouths, mut carrying) = (Vec::new(), JoinSet::new());
    for (port, index) in layout.0.iter().zip(0u8..) {
        let channel = |number| Channel { number, sender: sender.clone() };
        let (data, error) = (channel(2 * index), channel(2 * index + 1));
        let name = port.to_le_bytes();
        if !(data.send(&name).await && error.send(&name).await) {
            return;
        }
        let ((mouth, said), gone) = (mpsc::channel(PIECES), CancellationToken::new());
        mouths.push((mouth, gone.clone()));
        let ports = ports.clone();
        let port = *port;
        carrying.spawn(async move {
            if let Err(why) = carry(&ports, port, said, data, gone).await {
                error.send(why.as_bytes()).await;
            }
        });
    }
    loop {
        tokio::select! {
            message = messages.next() => match message {
                Some(Ok(Message::Binary(message))) => pass(&message, &mouths, ports.stall).await,
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
            ended = carrying.join_next() => if ended.is_none() {
                break;
            },
        }
    }
    // Whatever is still carried ends with its set.
    drop(carrying);
    drop(sender.lock().await.close().await);
}

async fn pass(message: &Bytes, mouths: &[(mpsc::Sender<Said>, CancellationToken)], stall: Duration) {
    let Some((index, bytes)) = Layout::place(message, mouths.len()) else { return };
    let Some((mouth, gone)) = mouths.get(index).filter(|_| !bytes.is_empty()) else { return };
    let taken = gone.run_until_cancelled(timeout(stall, mouth.send(Said::Bytes(bytes)))).await;
    if !matches!(taken, Some(Ok(Ok(())))) {
        gone.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_in_both_forms() {
        let parse = |values: &[&str]| Layout::parse(values.iter().copied());
        assert_eq!(parse(&["80,443"]), Ok(Layout(vec![80, 443])));
        assert_eq!(parse(&["80", "443"]), Ok(Layout(vec![80, 443])));
        for (values, words) in [
            (&[][..], "is required"),
            (&[""], "is required"),
            (&["0"], "must be a port"),
            (&["80,x"], "\"x\""),
            (&["65536"], "must be a port"),
        ] {
            assert!(parse(values).is_err_and(|why| why.contains(words)), "{values:?}");
        }
        let many = vec!["1"; PORTS_MAX + 1].join(",");
        assert!(parse(&[&many]).is_err_and(|why| why.contains("at most 64")));
    }

    #[test]
    fn a_message_goes_to_the_port_of_its_channel() {
        let place = |bytes: &'static [u8]| Layout::place(&Bytes::from_static(bytes), 2);
        assert_eq!(place(b"\x00hi"), Some((0, Bytes::from_static(b"hi"))));
        assert_eq!(place(b"\x02"), Some((1, Bytes::new())));
        for other in [&b""[..], b"\x01no", b"\x04far", b"\xff"] {
            assert_eq!(place(other), None, "{other:?}");
        }
    }
}
