//! A request body that can be sent a second time, while it is short.
//!
//! What a peer has taken of a body is kept, as references to the same bytes, up to a bound, until the peer has
//! answered. Flow control between hosts lets little more than that bound through before a Pod reads, so a host that
//! refuses has hardly ever been sent more than can be sent again.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;

use crate::limits::PEER_STREAM_WINDOW;
use crate::{Body, BoxError};

/// Largest piece of a body that is handed on at once: what one HTTP/2 frame holds. The connection takes two pieces
/// beyond what flow control allows, and all it takes must be kept.
const CHUNK_BYTES_MAX: usize = 16 * 1024;
/// What is kept to be sent again: all that a peer's flow control lets through before its Pod reads, and two pieces.
const REPLAY_BYTES_MAX: usize = PEER_STREAM_WINDOW as usize + 2 * CHUNK_BYTES_MAX;

/// The owner's end: makes readers, one at a time.
pub(crate) struct Replay(Arc<Mutex<Tape>>);

struct Tape {
    source: Body,
    /// What is left of a frame that came in one piece too large.
    rest: Bytes,
    kept: VecDeque<Kept>,
    kept_bytes: usize,
    bytes_max: usize,
    /// Nothing is kept any more, because it was too much or there is an answer.
    over: bool,
    /// Only the newest reader reads; an earlier one may still lie in a connection that is being torn down.
    reader: u64,
    ended: bool,
}

#[derive(Clone)]
enum Kept {
    Bytes(Bytes),
    Trailers(http::HeaderMap),
}

impl Kept {
    fn of(frame: &Frame<Bytes>) -> Option<Self> {
        let trailers = || frame.trailers_ref().cloned().map(Self::Trailers);
        frame.data_ref().cloned().map(Self::Bytes).or_else(trailers)
    }

    fn frame(self) -> Frame<Bytes> {
        match self {
            Self::Bytes(bytes) => Frame::data(bytes),
            Self::Trailers(trailers) => Frame::trailers(trailers),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Trailers(trailers) => trailers.iter().map(|(n, v)| n.as_str().len() + v.len()).sum(),
        }
    }
}

impl Replay {
    /// Keeps the beginning of `source` while it is read.
    pub(crate) fn new(source: Body) -> Self {
        Self::keeping(source, REPLAY_BYTES_MAX)
    }

    fn keeping(source: Body, bytes_max: usize) -> Self {
        Self(Arc::new(Mutex::new(Tape {
            ended: source.is_end_stream(),
            source,
            rest: Bytes::new(),
            kept: VecDeque::new(),
            kept_bytes: 0,
            bytes_max,
            over: false,
            reader: 0,
        })))
    }

    /// The body from its start; readers made before it fail from now on.
    ///
    /// Only while it [can be replayed](Self::can_replay): otherwise the body fails at once.
    pub(crate) fn body(&self) -> Body {
        let mut tape = lock(&self.0);
        tape.reader += 1;
        if tape.ended && tape.kept.is_empty() {
            return crate::body::empty();
        }
        Reader { tape: self.0.clone(), reader: tape.reader, at: 0 }.boxed_unsync()
    }

    /// Whether the whole body can still be read from its start.
    pub(crate) fn can_replay(&self) -> bool {
        !lock(&self.0).over
    }
}

impl Drop for Replay {
    /// There is an answer: the rest streams through, and what was kept is freed.
    fn drop(&mut self) {
        let mut tape = lock(&self.0);
        tape.over = true;
    }
}

struct Reader {
    tape: Arc<Mutex<Tape>>,
    reader: u64,
    at: usize,
}

impl http_body::Body for Reader {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let mut tape = lock(&this.tape);
        if tape.reader != this.reader {
            return Poll::Ready(Some(Err("the request was sent again elsewhere".into())));
        }
        let kept = tape.kept.get(this.at).cloned();
        if let Some(kept) = kept {
            this.at += 1;
            return Poll::Ready(Some(Ok(kept.frame())));
        }
        if tape.over && !tape.kept.is_empty() {
            tape.kept = VecDeque::new();
            this.at = 0;
        }
        if tape.ended {
            return Poll::Ready(None);
        }
        let polled = tape.poll_source(cx);
        if let Poll::Ready(frame) = &polled {
            match frame {
                Some(Ok(frame)) => {
                    if tape.keep(frame) {
                        this.at += 1;
                    }
                }
                Some(Err(_)) => tape.over = true,
                None => tape.ended = true,
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        let tape = lock(&self.tape);
        let nothing_ahead = self.at >= tape.kept.len() && tape.rest.is_empty();
        tape.reader == self.reader && nothing_ahead && (tape.ended || tape.source.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let tape = lock(&self.tape);
        let ahead: u64 = tape
            .kept
            .iter()
            .skip(self.at)
            .map(|kept| match kept {
                Kept::Bytes(bytes) => bytes.len() as u64,
                Kept::Trailers(_) => 0,
            })
            .sum();
        let ahead = ahead + tape.rest.len() as u64;
        let source = tape.source.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(source.lower() + ahead);
        if let Some(upper) = source.upper() {
            hint.set_upper(upper + ahead);
        }
        hint
    }
}

impl Tape {
    /// The next frame, in pieces of at most [`CHUNK_BYTES_MAX`].
    fn poll_source(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.source).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                ended => return Poll::Ready(ended),
            }
        }
        let piece = self.rest.split_to(self.rest.len().min(CHUNK_BYTES_MAX));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    /// Keeps a frame, if all before it are kept and there is room.
    fn keep(&mut self, frame: &Frame<Bytes>) -> bool {
        let kept = if self.over { None } else { Kept::of(frame) };
        let Some(kept) = kept.filter(|kept| self.kept_bytes + kept.len() <= self.bytes_max) else {
            self.over = true;
            return false;
        };
        self.kept_bytes += kept.len();
        self.kept.push_back(kept);
        true
    }
}

fn lock(tape: &Mutex<Tape>) -> MutexGuard<'_, Tape> {
    tape.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use http_body_util::StreamBody;

    use super::*;

    fn chunks(chunks: &[&'static str]) -> Body {
        let frames: Vec<_> = chunks.iter().map(|c| Ok(Frame::data(Bytes::from_static(c.as_bytes())))).collect();
        StreamBody::new(stream::iter(frames)).boxed_unsync()
    }

    async fn frame(body: &mut Body) -> Option<String> {
        let frame = body.frame().await?.expect("no error");
        Some(String::from_utf8_lossy(frame.data_ref().expect("data")).into_owned())
    }

    async fn all(body: Body) -> String {
        String::from_utf8_lossy(&body.collect().await.expect("no error").to_bytes()).into_owned()
    }

    #[tokio::test]
    async fn a_second_reader_begins_at_the_start_and_the_first_one_ends() {
        let replay = Replay::keeping(chunks(&["one ", "two ", "three"]), 100);
        let mut first = replay.body();
        assert_eq!(frame(&mut first).await.as_deref(), Some("one "));
        assert_eq!(frame(&mut first).await.as_deref(), Some("two "));
        let second = replay.body();
        assert!(first.frame().await.expect("a frame").is_err());
        assert_eq!(all(second).await, "one two three");
        assert_eq!(all(replay.body()).await, "one two three");
    }

    #[tokio::test]
    async fn too_much_cannot_be_replayed_but_still_streams() {
        let replay = Replay::keeping(chunks(&["one ", "two ", "three"]), 6);
        let mut body = replay.body();
        assert_eq!(frame(&mut body).await.as_deref(), Some("one "));
        assert!(replay.can_replay());
        assert_eq!(frame(&mut body).await.as_deref(), Some("two "));
        assert!(!replay.can_replay());
        assert_eq!(frame(&mut body).await.as_deref(), Some("three"));
        assert!(body.frame().await.is_none());
    }

    #[tokio::test]
    async fn once_there_is_an_answer_nothing_more_is_kept() {
        let replay = Replay::keeping(chunks(&["one ", "two ", "three"]), 100);
        let tape = replay.0.clone();
        let mut body = replay.body();
        assert_eq!(frame(&mut body).await.as_deref(), Some("one "));
        drop(replay);
        assert_eq!(all(body).await, "two three");
        assert!(lock(&tape).kept.is_empty());
    }

    #[tokio::test]
    async fn no_body_and_trailers_replay_too() {
        let replay = Replay::keeping(crate::body::empty(), 100);
        assert!(replay.body().is_end_stream() && replay.can_replay());

        let mut trailers = http::HeaderMap::new();
        trailers.insert("a", http::HeaderValue::from_static("b"));
        let frames = [Ok(Frame::data(Bytes::from_static(b"x"))), Ok(Frame::trailers(trailers))];
        let replay = Replay::keeping(StreamBody::new(stream::iter(frames)).boxed_unsync(), 100);
        for _ in 0..2 {
            let collected = replay.body().collect().await.expect("no error");
            assert_eq!(collected.trailers().and_then(|t| t.get("a")).map(|v| v.as_bytes()), Some(&b"b"[..]));
        }
    }

    #[tokio::test]
    async fn large_frames_come_in_pieces() {
        let replay = Replay::keeping(crate::body::text(vec![7; CHUNK_BYTES_MAX * 2 + 1]), CHUNK_BYTES_MAX);
        let mut body = replay.body();
        let mut sizes = Vec::new();
        while let Some(frame) = body.frame().await {
            sizes.push(frame.expect("no error").into_data().expect("data").len());
        }
        assert_eq!(sizes, [CHUNK_BYTES_MAX, CHUNK_BYTES_MAX, 1]);
        assert!(body.is_end_stream() && !replay.can_replay());
    }

    #[tokio::test]
    async fn the_length_stays_known() {
        let replay = Replay::keeping(crate::body::text("hello"), 100);
        assert_eq!(replay.body().size_hint().exact(), Some(5));
        assert_eq!(all(replay.body()).await, "hello");
        assert_eq!(replay.body().size_hint().exact(), Some(5));
    }
}
