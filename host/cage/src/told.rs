//! What a worker tells its host without being asked, and without ever waiting: records, one after the other, in one
//! long request. What there is no room for is dropped, and how much that was is told when there is room again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use futures::StreamExt as _;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::limits::{RECORD_BYTES_MAX, TOLD_BYTES_MAX, TOLD_MAX};
use crate::{Body, BoxError};

/// Kind of the record that says how many were dropped before it.
const DROPPED: u8 = 0;
/// A record's kind and length.
const HEAD_BYTES: usize = 5;

/// What a worker told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// A record; what kinds there are is between those who tell and hear.
    Record {
        /// Its kind, which is not 0.
        kind: u8,
        /// What it says.
        bytes: Bytes,
    },
    /// So many were dropped here.
    Dropped(u64),
}

/// The worker's end. Clones are the same.
#[derive(Debug, Clone)]
pub struct Teller {
    queue: mpsc::Sender<(Bytes, OwnedSemaphorePermit)>,
    room: Arc<Semaphore>,
    dropped: Arc<AtomicU64>,
}

impl Teller {
    /// A teller, and the body of the request in which it tells.
    pub(crate) fn new() -> (Self, Body) {
        let (queue, waiting) = mpsc::channel(TOLD_MAX);
        let room = usize::try_from(TOLD_BYTES_MAX).unwrap_or(usize::MAX);
        let stream = futures::stream::unfold(waiting, |mut waiting| async move {
            let (bytes, _room): (Bytes, OwnedSemaphorePermit) = waiting.recv().await?;
            Some((Ok::<_, BoxError>(Frame::data(bytes)), waiting))
        });
        let body = StreamBody::new(stream.boxed()).boxed_unsync();
        (Self { queue, room: Arc::new(Semaphore::new(room)), dropped: Arc::default() }, body)
    }

    /// Tells, at once or never. Of a record that is longer than others may be, the end is missing.
    pub fn tell(&self, kind: u8, bytes: &[u8]) {
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        let before = (dropped > 0).then(|| dropped.to_be_bytes());
        let mut records = BytesMut::new();
        if let Some(count) = &before {
            write(&mut records, DROPPED, count);
        }
        write(&mut records, kind, bytes);
        if !self.send(records.freeze()) {
            self.dropped.fetch_add(dropped + 1, Ordering::Relaxed);
        }
    }

    fn send(&self, records: Bytes) -> bool {
        let Ok(length) = u32::try_from(records.len()) else { return false };
        let Ok(room) = self.room.clone().try_acquire_many_owned(length) else { return false };
        self.queue.try_send((records, room)).is_ok()
    }
}

fn write(records: &mut BytesMut, kind: u8, bytes: &[u8]) {
    let bytes = &bytes[..bytes.len().min(RECORD_BYTES_MAX)];
    records.put_u8(kind);
    records.put_u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    records.put_slice(bytes);
}

/// The host's end: records out of the pieces that come.
#[derive(Debug, Default)]
pub(crate) struct Hearing(BytesMut);

/// A worker tells what cannot be.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("it told a record of {0} bytes, and at most {RECORD_BYTES_MAX} are allowed")]
pub(crate) struct TooLong(usize);

impl Hearing {
    /// Takes a piece; hands on what is whole.
    pub(crate) fn hear(&mut self, piece: &[u8], mut hand_on: impl FnMut(Told)) -> Result<(), TooLong> {
        self.0.extend_from_slice(piece);
        while let [kind, a, b, c, d, rest @ ..] = &self.0[..] {
            let (kind, length) = (*kind, u32::from_be_bytes([*a, *b, *c, *d]));
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            if length > RECORD_BYTES_MAX {
                return Err(TooLong(length));
            }
            if rest.len() < length {
                break;
            }
            self.0.advance(HEAD_BYTES);
            let bytes = self.0.split_to(length).freeze();
            hand_on(match (kind, <[u8; 8]>::try_from(&bytes[..])) {
                (DROPPED, Ok(count)) => Told::Dropped(u64::from_be_bytes(count)),
                _ => Told::Record { kind, bytes },
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(pieces: &[&[u8]]) -> Vec<Told> {
        let (mut hearing, mut heard) = (Hearing::default(), Vec::new());
        for piece in pieces {
            hearing.hear(piece, |told| heard.push(told)).expect("is sound");
        }
        heard
    }

    fn record(kind: u8, text: &str) -> Told {
        Told::Record { kind, bytes: Bytes::copy_from_slice(text.as_bytes()) }
    }

    #[test]
    fn records_come_out_as_they_went_in_however_they_are_cut() {
        let mut stream = BytesMut::new();
        for (kind, text) in [(1, "one"), (2, ""), (3, "three")] {
            write(&mut stream, kind, text.as_bytes());
        }
        let expected = [record(1, "one"), record(2, ""), record(3, "three")];
        assert_eq!(heard(&[&stream]), expected);
        let bytewise: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(heard(&bytewise), expected);
    }

    #[tokio::test]
    async fn what_there_is_no_room_for_is_counted() {
        let (teller, mut body) = Teller::new();
        for _ in 0..TOLD_MAX + 7 {
            teller.tell(1, b"line");
        }
        let mut pieces = Vec::new();
        for _ in 0..TOLD_MAX {
            pieces.push(body.frame().await.expect("a frame").expect("is sound").into_data().expect("is data"));
        }
        teller.tell(1, b"last");
        pieces.push(body.frame().await.expect("a frame").expect("is sound").into_data().expect("is data"));
        let pieces: Vec<&[u8]> = pieces.iter().map(|piece| &piece[..]).collect();
        let heard = heard(&pieces);
        assert_eq!(heard.len(), TOLD_MAX + 2);
        assert_eq!(&heard[TOLD_MAX..], [Told::Dropped(7), record(1, "last")]);
        let long = "x".repeat(RECORD_BYTES_MAX / 2);
        for _ in 0..100 {
            teller.tell(1, long.as_bytes());
        }
        assert!(teller.dropped.load(Ordering::Relaxed) >= 90, "room is counted in bytes too");
    }

    #[test]
    fn a_worker_cannot_make_its_host_hold_more_than_a_record() {
        let mut hearing = Hearing::default();
        let told = hearing.hear(&[1, 0xff, 0xff, 0xff, 0xff], |_| {});
        assert_eq!(told, Err(TooLong(0xffff_ffff)));
    }
}
