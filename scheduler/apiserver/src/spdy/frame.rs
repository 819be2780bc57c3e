//! Frames, and the two directions they travel in.

use bytes::{Buf, Bytes, BytesMut};

use super::Malformed;
use super::headers::{Headers, Reader, Writer};

/// `RST_STREAM`: the stream was opened wrongly.
pub(crate) const PROTOCOL_ERROR: u32 = 1;
/// `RST_STREAM`: too many streams.
pub(crate) const REFUSED_STREAM: u32 = 3;

/// The version that SPDY/3.1 writes into its frames.
const VERSION: u16 = 3;
/// Largest control frame; they carry a few compressed headers. Data frames may have any length: they are passed on in
/// pieces.
const CONTROL_BYTES_MAX: usize = 16 << 10;
/// Bytes before what a frame carries.
const HEAD_BYTES: usize = 8;
/// Highest bit of a frame: set on control frames.
const CONTROL: u32 = 1 << 31;
/// Lowest flag: this side sends no more on this stream.
const FIN: u8 = 1;
/// Longest frame: 24 bits of length.
const LENGTH_MAX: usize = (1 << 24) - 1;

const SYN_STREAM: u16 = 1;
const SYN_REPLY: u16 = 2;
const RST_STREAM: u16 = 3;
const PING: u16 = 6;
const GOAWAY: u16 = 7;
const HEADERS: u16 = 8;

/// One frame, or a piece of a data frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// Opens a stream.
    Open { stream: u32, headers: Headers, fin: bool },
    /// Accepts one.
    Reply { stream: u32, headers: Headers, fin: bool },
    /// More headers of one.
    Headers { stream: u32, headers: Headers, fin: bool },
    /// Ends one abruptly.
    Reset { stream: u32, status: u32 },
    /// Bytes of a stream; `fin` is with the last of them.
    Data { stream: u32, bytes: Bytes, fin: bool },
    /// Is answered with itself.
    Ping(u32),
    /// The sender opens no more streams.
    GoAway { last: u32, status: u32 },
    /// A control frame that asks for nothing here: settings, windows, ones yet to be invented.
    Other(u16),
}

/// Reads one direction.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    headers: Reader,
    /// The data frame whose bytes come next.
    data: Option<DataHead>,
}

#[derive(Debug, Clone, Copy)]
struct DataHead {
    stream: u32,
    fin: bool,
    /// Bytes still to come.
    left: usize,
}

impl Decoder {
    /// Takes the next frame out of `buffer`; `None` if it does not hold a whole one yet.
    ///
    /// # Errors
    /// [`Malformed`]: nothing that follows can be understood.
    pub(crate) fn next(&mut self, buffer: &mut BytesMut) -> Result<Option<Frame>, Malformed> {
        if let Some(head) = self.data {
            return Ok(self.piece(head, buffer));
        }
        let Some((&head, rest)) = buffer.split_first_chunk::<HEAD_BYTES>() else { return Ok(None) };
        let [a, b, c, d, flags, length @ ..] = head;
        let word = u32::from_be_bytes([a, b, c, d]);
        let length = length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        if word & CONTROL == 0 {
            buffer.advance(HEAD_BYTES);
            return Ok(self.piece(DataHead { stream: word, fin: flags & FIN != 0, left: length }, buffer));
        }
        let [version, kind] = [u16::from_be_bytes([a & 0x7f, b]), u16::from_be_bytes([c, d])];
        if version != VERSION {
            return Err(Malformed::Version(version));
        }
        if length > CONTROL_BYTES_MAX {
            return Err(Malformed::TooLarge(length));
        }
        if rest.len() < length {
            return Ok(None);
        }
        buffer.advance(HEAD_BYTES);
        let mut body = buffer.split_to(length).freeze();
        self.control(kind, flags & FIN != 0, &mut body).map(Some)
    }

    fn piece(&mut self, head: DataHead, buffer: &mut BytesMut) -> Option<Frame> {
        let DataHead { stream, fin, left } = head;
        let bytes = buffer.split_to(left.min(buffer.len())).freeze();
        let left = left - bytes.len();
        self.data = (left > 0).then_some(DataHead { left, ..head });
        let is_news = !bytes.is_empty() || left == 0;
        is_news.then_some(Frame::Data { stream, bytes, fin: fin && left == 0 })
    }

    fn control(&mut self, kind: u16, fin: bool, body: &mut Bytes) -> Result<Frame, Malformed> {
        let word = |body: &mut Bytes| body.try_get_u32().map_err(|_| Malformed::Short);
        let stream_of = |word: u32| word & !CONTROL;
        Ok(match kind {
            SYN_STREAM => {
                let stream = stream_of(word(body)?);
                // The stream it is associated with, its priority and a credential's place: none of them matters here.
                if body.len() < 6 {
                    return Err(Malformed::Short);
                }
                body.advance(6);
                Frame::Open { stream, headers: self.headers.read(body)?, fin }
            }
            SYN_REPLY => Frame::Reply { stream: stream_of(word(body)?), headers: self.headers.read(body)?, fin },
            HEADERS => Frame::Headers { stream: stream_of(word(body)?), headers: self.headers.read(body)?, fin },
            RST_STREAM => Frame::Reset { stream: stream_of(word(body)?), status: word(body)? },
            PING => Frame::Ping(word(body)?),
            GOAWAY => Frame::GoAway { last: stream_of(word(body)?), status: word(body)? },
            other => Frame::Other(other),
        })
    }
}

/// Writes one direction.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    headers: Writer,
}

impl Encoder {
    /// A frame's bytes. Data goes into as many frames as it needs.
    pub(crate) fn encode(&mut self, frame: &Frame) -> Vec<u8> {
        let mut body = Vec::new();
        let kind_and_fin = match frame {
            Frame::Data { stream, bytes, fin } => return data(*stream, bytes, *fin),
            Frame::Open { stream, headers, fin } => {
                body.extend_from_slice(&stream.to_be_bytes());
                body.extend_from_slice(&[0; 6]);
                self.headers.write(headers, &mut body);
                (SYN_STREAM, *fin)
            }
            Frame::Reply { stream, headers, fin } => {
                body.extend_from_slice(&stream.to_be_bytes());
                self.headers.write(headers, &mut body);
                (SYN_REPLY, *fin)
            }
            Frame::Headers { stream, headers, fin } => {
                body.extend_from_slice(&stream.to_be_bytes());
                self.headers.write(headers, &mut body);
                (HEADERS, *fin)
            }
            Frame::Reset { stream, status } => {
                body.extend_from_slice(&stream.to_be_bytes());
                body.extend_from_slice(&status.to_be_bytes());
                (RST_STREAM, false)
            }
            Frame::Ping(id) => {
                body.extend_from_slice(&id.to_be_bytes());
                (PING, false)
            }
            Frame::GoAway { last, status } => {
                body.extend_from_slice(&last.to_be_bytes());
                body.extend_from_slice(&status.to_be_bytes());
                (GOAWAY, false)
            }
            Frame::Other(kind) => (*kind, false),
        };
        let (kind, fin) = kind_and_fin;
        let word = CONTROL | u32::from(VERSION) << 16 | u32::from(kind);
        let mut encoded = head(word, fin, body.len()).to_vec();
        encoded.append(&mut body);
        encoded
    }
}

fn data(stream: u32, bytes: &Bytes, fin: bool) -> Vec<u8> {
    if bytes.is_empty() {
        return head(stream, fin, 0).to_vec();
    }
    let mut encoded = Vec::with_capacity(HEAD_BYTES + bytes.len());
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        let (now, later) = rest.split_at(rest.len().min(LENGTH_MAX));
        encoded.extend_from_slice(&head(stream, fin && later.is_empty(), now.len()));
        encoded.extend_from_slice(now);
        rest = later;
    }
    encoded
}

/// What a frame begins with; `length` has 24 bits.
fn head(word: u32, fin: bool, length: usize) -> [u8; HEAD_BYTES] {
    let [a, b, c, d] = word.to_be_bytes();
    let [_, e, f, g] = u32::try_from(length.min(LENGTH_MAX)).unwrap_or(0).to_be_bytes();
    [a, b, c, d, u8::from(fin), e, f, g]
}
