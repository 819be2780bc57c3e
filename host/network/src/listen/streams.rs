//! What is open on one connection, and whether the client takes what it has asked for.
//!
//! On HTTP/2 bytes say neither: hyper's pings are answered for ever, by a client that asks for nothing and by one that
//! opens a hundred streams with a window of zero, for each of which we keep a piece of a response. So a stream counts
//! as open until its response has ended, and each piece of a response knows since which look at the connection it has
//! not moved: no piece costs a timer or a look at the clock.

use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Frame, SizeHint};

use crate::{Body, BoxError};

/// The streams of one connection; HTTP/1.1 has one at a time.
#[derive(Debug, Default)]
pub(super) struct Streams {
    begun: AtomicU64,
    open: AtomicU32,
    looks: AtomicUsize,
    /// Pieces not wholly sent, by the look after which they last moved: an even or an odd one.
    waiting: [AtomicU32; 2],
}

impl Streams {
    /// A request begins; it counts as open until what is returned is dropped.
    pub(super) fn begin<S: Deref<Target = Self>>(of: S) -> Open<S> {
        of.begun.fetch_add(1, Ordering::Relaxed);
        of.open.fetch_add(1, Ordering::Relaxed);
        Open(of)
    }

    /// Requests begun so far.
    pub(super) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Whether any request is open, or any of a response still to be sent.
    pub(super) fn any(&self) -> bool {
        let waiting = || self.waiting.iter().any(|count| count.load(Ordering::Relaxed) > 0);
        self.open.load(Ordering::Relaxed) > 0 || waiting()
    }

    /// Looks whether there is a piece that has not moved since before the look before this one.
    pub(super) fn look(&self) -> bool {
        let look = self.looks.fetch_add(1, Ordering::Relaxed);
        self.waiting[(look + 1) % 2].load(Ordering::Relaxed) > 0
    }

    fn slot(&self) -> usize {
        self.looks.load(Ordering::Relaxed) % 2
    }
}

/// A request that is open.
#[derive(Debug)]
pub(super) struct Open<S: Deref<Target = Streams>>(S);

impl<S: Deref<Target = Streams>> Drop for Open<S> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An HTTP/2 response's body, whose request stays open to its end.
pub(super) struct Outgoing {
    body: Body,
    open: Open<Arc<Streams>>,
}

impl Outgoing {
    pub(super) fn new(body: Body, open: Open<Arc<Streams>>) -> Self {
        Self { body, open }
    }
}

impl http_body::Body for Outgoing {
    type Data = Piece;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Piece>, BoxError>>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        polled.map_ok(|frame| frame.map_data(|bytes| Piece::new(bytes, this.open.0.clone())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Bytes of a response, from the moment its body gives them until the socket has taken them all.
#[derive(Debug)]
pub(super) struct Piece {
    bytes: Bytes,
    of: Arc<Streams>,
    slot: usize,
}

impl Piece {
    fn new(bytes: Bytes, of: Arc<Streams>) -> Self {
        let slot = of.slot();
        of.waiting[slot].fetch_add(1, Ordering::Relaxed);
        Self { bytes, of, slot }
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        let slot = self.of.slot();
        if slot != self.slot {
            self.of.waiting[slot].fetch_add(1, Ordering::Relaxed);
            self.of.waiting[self.slot].fetch_sub(1, Ordering::Relaxed);
            self.slot = slot;
        }
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.of.waiting[self.slot].fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(of: &Arc<Streams>) -> Piece {
        Piece::new(Bytes::from_static(b"piece"), of.clone())
    }

    #[test]
    fn a_piece_that_has_not_moved_between_two_looks_is_found() {
        let streams = Arc::new(Streams::default());
        let it = piece(&streams);
        assert!(!streams.look(), "it may have come a moment ago");
        assert!(streams.look());
        drop(it);
        assert!(!streams.look() && !streams.look() && !streams.any());
    }

    #[test]
    fn a_piece_that_moves_a_little_between_looks_is_not() {
        let streams = Arc::new(Streams::default());
        let (mut moving, mut others) = (piece(&streams), Vec::new());
        for _ in 0..5 {
            assert!(!streams.look());
            moving.advance(1);
            // Those that come and go do not hide it or take its place.
            others.push(piece(&streams));
            others.retain(|other| other.slot == streams.slot());
        }
        others.clear();
        assert!(!streams.look());
        assert!(streams.look(), "but one that stops is");
    }

    #[test]
    fn a_request_is_open_until_its_body_is_dropped_and_its_last_piece_is_sent() {
        let streams = Arc::new(Streams::default());
        let body = Outgoing::new(crate::body::empty(), Streams::begin(streams.clone()));
        assert!(streams.any());
        let last = piece(&streams);
        drop(body);
        assert!(streams.any());
        drop(last);
        assert!(!streams.any());
        assert_eq!(streams.begun(), 1);
    }
}
