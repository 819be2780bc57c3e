//! One socket's accept loop.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use super::connection;
use super::door::{Door, Place};
use crate::lane::Lane;
use crate::limits::ACCEPT_PAUSE;

/// What a client gets that finds no room: there is no request yet to answer, so this is said at once.
const NO_ROOM: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ninsula-cause: overloaded\r\ncontent-type: text/plain\r\n\
content-length: 37\r\nconnection: close\r\n\r\ntoo many connections to this address\n";

/// Accepts on `listener` until `door` is closed. Connections run on this lane.
pub(super) async fn accept(lane: Arc<Lane>, listener: std::net::TcpListener, door: Arc<Door>) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, target = %door.target(), "a listener cannot be used"),
    };
    let mut watch = door.drain.watch();
    let mut failing = false;
    loop {
        let next = poll_fn(|cx| match watch.poll(cx) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => listener.poll_accept(cx).map(Some),
        });
        match next.await {
            Some(Ok((stream, from))) => {
                failing = false;
                welcome(&lane, &door, stream, from);
            }
            Some(Err(error)) if is_the_clients(&error) => {}
            Some(Err(error)) => {
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(%error, at = %door.target(), "cannot accept connections");
                }
                // Mostly too many open files: that lasts a while, and nothing wakes us when it is over.
                sleep(ACCEPT_PAUSE).await;
            }
            None => break,
        }
    }
    accept_the_rest(&lane, listener, &door);
}

/// Clients whose connection the system has already made are not turned away because the door closes now.
fn accept_the_rest(lane: &Arc<Lane>, listener: TcpListener, door: &Arc<Door>) {
    let Ok(listener) = listener.into_std() else { return };
    while let Ok((stream, from)) = listener.accept() {
        let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
        if let Ok(stream) = stream {
            welcome(lane, door, stream, from);
        }
    }
}

fn welcome(lane: &Arc<Lane>, door: &Arc<Door>, stream: TcpStream, from: SocketAddr) {
    match Place::take(lane, door) {
        Some(place) => lane.spawn(connection::serve(
            lane.clone(),
            door.clone(),
            place,
            stream,
            (from.ip(), lane.shared.limits.head_timeout),
        )),
        // Whether the client gets to read it is up to the network; it is not waited for.
        None => drop(stream.try_write(NO_ROOM)),
    }
}

/// A client that left before it was accepted is nobody's trouble.
pub(crate) fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_is_well_formed() {
        let text = std::str::from_utf8(NO_ROOM).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{}", body.len());
    }
}
