//! The bodies of responses: complete ones, and those whose guest is still at work.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::channel::oneshot;
use http::{HeaderMap, Response, header};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{BodyExt as _, Full};
use wasmtime_wasi_http::{Error, WasiBody};

use crate::drive::{Interest, Job, Outcome, Turn};
use crate::failure::Failure;
use crate::many::Place;
use crate::settings::{READ_AHEAD_BYTES_MAX, READ_AHEAD_COMPUTING_MAX, READ_AHEAD_ROUNDS_MAX};
use crate::{Body, BoxError};

/// What was read of a body before anybody asked for it.
#[derive(Default)]
struct Ahead {
    frames: VecDeque<Result<Frame<Bytes>, Error>>,
    bytes: usize,
    /// Nothing comes after it.
    complete: bool,
}

/// Reads ahead as far as that needs no waiting, and returns the response: with a complete body if body and guest
/// came to their end, else with one that streams while the guest works on in a task of its own.
///
/// Nothing that is there is held back for what is not.
///
/// # Errors
///
/// The guest's failure, if it failed before anything of the response has left.
pub(crate) async fn settle(
    response: Response<WasiBody>,
    mut job: Option<Job>,
    outcome: Arc<Outcome>,
) -> Result<Response<Body>, Failure> {
    let (parts, mut body) = response.into_parts();
    let mut ahead = Ahead::default();
    poll_fn(|cx| {
        ahead.read(&mut body, &mut job, cx);
        Poll::Ready(())
    })
    .await;
    if let Some(failure) = outcome.failure() {
        return Err(failure);
    }
    if let Some(bytes) = ahead.whole() {
        if let Some(job) = job {
            job.carry_on(Interest::none());
        }
        return Ok(Response::from_parts(parts, complete(bytes)));
    }
    let guest = job.map(|job| {
        let (alive, interest) = Interest::new();
        job.carry_on(interest);
        AtWork::Alone(alive)
    });
    let body = Streaming::new(&parts.headers, ahead, body, outcome, guest).boxed_unsync();
    Ok(Response::from_parts(parts, body))
}

/// The same for a request that is answered among others: its guest works on in its own task in any case.
pub(crate) async fn settle_among(
    response: Response<WasiBody>,
    place: Place,
    outcome: Arc<Outcome>,
) -> Result<Response<Body>, Failure> {
    let (parts, mut body) = response.into_parts();
    let mut ahead = Ahead::default();
    poll_fn(|cx| {
        ahead.read_frames(&mut body, cx);
        Poll::Ready(())
    })
    .await;
    if let Some(failure) = outcome.failure() {
        return Err(failure);
    }
    if let Some(bytes) = ahead.whole() {
        place.release();
        return Ok(Response::from_parts(parts, complete(bytes)));
    }
    let body = Streaming::new(&parts.headers, ahead, body, outcome, Some(AtWork::Among(place))).boxed_unsync();
    Ok(Response::from_parts(parts, body))
}

fn complete(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

/// A guest that is at work on a response. Dropping it gives the rest up.
enum AtWork {
    /// In an instance of its own.
    Alone(oneshot::Sender<()>),
    /// In one that answers others too.
    Among(Place),
}

impl AtWork {
    /// Lets the guest go on for itself.
    fn release(self) {
        match self {
            // An error means that it has ended already.
            Self::Alone(alive) => alive.send(()).unwrap_or_default(),
            Self::Among(place) => place.release(),
        }
    }

    /// Whether it has ended though its body has not.
    fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        match self {
            Self::Alone(_) => false,
            Self::Among(place) => place.is_over(cx),
        }
    }
}

/// A response whose guest works on in a task of its own, as long as `alive` is.
pub(crate) fn stream(
    response: Response<WasiBody>,
    outcome: Arc<Outcome>,
    alive: oneshot::Sender<()>,
) -> Response<Body> {
    let (parts, body) = response.into_parts();
    let guest = Some(AtWork::Alone(alive));
    let body = Streaming::new(&parts.headers, Ahead::default(), body, outcome, guest).boxed_unsync();
    Response::from_parts(parts, body)
}

impl Ahead {
    /// Lets body and guest take turns until neither gets any further, or the guest has computed enough for one poll.
    fn read(&mut self, body: &mut WasiBody, job: &mut Option<Job>, cx: &mut Context<'_>) {
        let before = job.as_ref().map_or(Duration::ZERO, Job::spent);
        for _ in 0..READ_AHEAD_ROUNDS_MAX {
            let progress = self.read_frames(body, cx);
            match job.as_mut().map(|job| job.turn(cx)) {
                Some(Turn::Ended) => *job = None,
                Some(Turn::Waiting) if progress => {}
                // Whoever takes over sees that it is late, or burns.
                None | Some(Turn::Waiting | Turn::Late | Turn::Killed | Turn::Burning) => return,
            }
            if job.as_ref().is_some_and(|job| job.spent() - before >= READ_AHEAD_COMPUTING_MAX) {
                return;
            }
        }
    }

    fn read_frames(&mut self, body: &mut WasiBody, cx: &mut Context<'_>) -> bool {
        let before = self.frames.len();
        while !self.complete && self.bytes < READ_AHEAD_BYTES_MAX {
            match Pin::new(&mut *body).poll_frame(cx) {
                Poll::Ready(Some(frame)) => {
                    self.bytes += frame.as_ref().ok().and_then(Frame::data_ref).map_or(0, Bytes::len);
                    self.frames.push_back(frame);
                }
                Poll::Ready(None) => self.complete = true,
                Poll::Pending => break,
            }
        }
        self.frames.len() > before
    }

    /// The whole body, if it is known and one piece at most.
    fn whole(&mut self) -> Option<Bytes> {
        match (self.complete, self.frames.len(), self.frames.front()) {
            (true, 0, None) => Some(Bytes::new()),
            (true, 1, Some(Ok(frame))) if frame.is_data() => self.frames.pop_front()?.ok()?.into_data().ok(),
            _ => None,
        }
    }
}

/// A body whose guest may still be at work. Dropping it early ends the guest's work.
struct Streaming {
    ahead: Ahead,
    body: WasiBody,
    outcome: Arc<Outcome>,
    guest: Option<AtWork>,
    /// What the response announced, and nobody has read yet: clients need not read on after that.
    announced: Option<u64>,
    ended: bool,
}

impl Streaming {
    fn new(headers: &HeaderMap, ahead: Ahead, body: WasiBody, outcome: Arc<Outcome>, guest: Option<AtWork>) -> Self {
        let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        Self { ahead, body, outcome, guest, announced: length, ended: false }
    }

    /// Lets the guest go on for itself: its client has everything.
    fn release(&mut self) {
        if let Some(guest) = self.guest.take() {
            guest.release();
        }
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        if self.announced == Some(0) {
            self.release();
        }
    }
}

impl http_body::Body for Streaming {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let frame = match this.ahead.frames.pop_front() {
            Some(frame) => Some(frame),
            None if this.ended || this.ahead.complete => None,
            None => match Pin::new(&mut this.body).poll_frame(cx) {
                Poll::Ready(frame) => frame,
                Poll::Pending if this.guest.as_mut().is_some_and(|guest| guest.is_over(cx)) => None,
                Poll::Pending => return Poll::Pending,
            },
        };
        if let Some(Ok(frame)) = &frame {
            let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
            this.announced = this.announced.map(|left| left.saturating_sub(bytes));
        }
        match frame {
            Some(Ok(frame)) => Poll::Ready(Some(Ok(frame))),
            Some(Err(_)) | None if this.ended => Poll::Ready(None),
            failed => {
                this.ended = true;
                // A guest that was ended leaves a body that looks complete.
                let error = match (this.outcome.failure(), failed) {
                    (Some(failure), _) => Some(BoxError::from(failure)),
                    (None, Some(Err(error))) => Some(BoxError::from(error)),
                    (None, _) => None,
                };
                if error.is_none() {
                    this.release();
                }
                Poll::Ready(error.map(Err))
            }
        }
    }

    /// Never told before the end was read: only there it shows whether the guest came to its own end.
    fn is_end_stream(&self) -> bool {
        self.ended
    }

    fn size_hint(&self) -> SizeHint {
        if self.ahead.complete {
            return SizeHint::default();
        }
        let mut hint = self.body.size_hint();
        let ahead: usize =
            self.ahead.frames.iter().filter_map(|frame| frame.as_ref().ok()?.data_ref().map(Bytes::len)).sum();
        let (lower, upper) = (hint.lower(), hint.upper());
        if let Some(upper) = upper {
            hint.set_upper(upper + ahead as u64);
        }
        hint.set_lower(lower + ahead as u64);
        hint
    }
}
