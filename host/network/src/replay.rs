//! A request body that can be sent a second time, while it is short.
//!
//! What a peer has taken of a body is kept, as references to the same bytes, up to a bound, until the peer has
//! answered. Flow control between hosts lets little more than that bound through before a Pod reads, so a host that
//! refuses has hardly ever been sent more than can be sent again.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;

use crate::{Body, BoxError};

/// The owner's end: makes readers, one at a time.
pub(crate) struct Replay(Arc<Mutex<Tape>>);

struct Tape {
    source: Body,
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
    /// Keeps up to `bytes_max` of `source`.
    pub(crate) fn new(source: Body, bytes_max: usize) -> Self {
        Self(Arc::new(Mutex::new(Tape {
            ended: source.is_end_stream(),
            source,
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
        let polled = Pin::new(&mut tape.source).poll_frame(cx);
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
        tape.reader == self.reader && self.at >= tape.kept.len() && (tape.ended || tape.source.is_end_stream())
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
        let replay = Replay::new(chunks(&["one ", "two ", "three"]), 100);
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
        let replay = Replay::new(chunks(&["one ", "two ", "three"]), 6);
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
        let replay = Replay::new(chunks(&["one ", "two ", "three"]), 100);
        let tape = replay.0.clone();
        let mut body = replay.body();
        assert_eq!(frame(&mut body).await.as_deref(), Some("one "));
        drop(replay);
        assert_eq!(all(body).await, "two three");
        assert!(lock(&tape).kept.is_empty());
    }

    #[tokio::test]
    async fn no_body_and_trailers_replay_too() {
        let replay = Replay::new(crate::body::empty(), 100);
        assert!(replay.body().is_end_stream() && replay.can_replay());

        let mut trailers = http::HeaderMap::new();
        trailers.insert("a", http::HeaderValue::from_static("b"));
        let frames = [Ok(Frame::data(Bytes::from_static(b"x"))), Ok(Frame::trailers(trailers))];
        let replay = Replay::new(StreamBody::new(stream::iter(frames)).boxed_unsync(), 100);
        for _ in 0..2 {
            let collected = replay.body().collect().await.expect("no error");
            assert_eq!(collected.trailers().and_then(|t| t.get("a")).map(|v| v.as_bytes()), Some(&b"b"[..]));
        }
    }

    #[tokio::test]
    async fn the_length_stays_known() {
        let replay = Replay::new(crate::body::text("hello"), 100);
        assert_eq!(replay.body().size_hint().exact(), Some(5));
        assert_eq!(all(replay.body()).await, "hello");
        assert_eq!(replay.body().size_hint().exact(), Some(5));
    }
}
