//! Which streams of a SPDY connection belong together, and what each frame asks for. Pure.
//!
//! A client opens two streams for each connection: one for errors, which only we write to, and one for data, with the
//! same `requestID`, in either order. Streams are numbered by the client, odd and rising.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;

use crate::spdy::{Frame, Headers, PROTOCOL_ERROR, REFUSED_STREAM};

/// Streams open at once: 128 connections. A browser opens six to a server, a load test of one's own service a hundred.
pub(super) const STREAMS_MAX: usize = 256;

/// What is to be done next, in this order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Say this to the client.
    Say(Frame),
    /// Keep what comes on this stream of data.
    Begin(u32),
    /// Dial: both streams are there.
    Dial { data: u32, error: u32, port: u16 },
    /// Pass on what the client said.
    Pass(u32, Bytes),
    /// The client says nothing more.
    End(u32),
    /// The client wants nothing more of this connection.
    Drop(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Data,
    Error,
}

/// One stream of the client's.
#[derive(Debug)]
struct Stream {
    role: Role,
    request: String,
}

/// The streams of one request, as far as they have been opened.
#[derive(Debug)]
struct Pair {
    port: u16,
    data: Option<u32>,
    error: Option<u32>,
}

/// One client's connection.
#[derive(Debug, Default)]
pub(super) struct Session {
    highest: u32,
    streams: HashMap<u32, Stream>,
    pairs: BTreeMap<String, Pair>,
}

impl Session {
    /// What a frame asks for.
    pub(super) fn hear(&mut self, frame: Frame) -> Vec<Step> {
        match frame {
            Frame::Open { stream, headers, fin } => match self.open(stream, &headers) {
                Ok(mut steps) => {
                    if fin && self.has_data(stream) {
                        steps.push(Step::End(stream));
                    }
                    steps
                }
                Err(status) => vec![Step::Say(Frame::Reset { stream, status })],
            },
            Frame::Data { stream, bytes, fin } if self.has_data(stream) => {
                let pass = (!bytes.is_empty()).then_some(Step::Pass(stream, bytes));
                pass.into_iter().chain(fin.then_some(Step::End(stream))).collect()
            }
            Frame::Reset { stream, .. } if self.has_data(stream) => vec![Step::Drop(stream)],
            // Pings of ours would have even numbers.
            Frame::Ping(id) if id % 2 == 1 => vec![Step::Say(Frame::Ping(id))],
            // Of a stream that is over, or of one for errors: the client is late, or closes its end of it.
            Frame::Data { .. } | Frame::Reset { .. } => Vec::new(),
            Frame::Ping(_) | Frame::GoAway { .. } | Frame::Reply { .. } | Frame::Headers { .. } | Frame::Other(_) => {
                Vec::new()
            }
        }
    }

    /// The connection of this stream of data is over: forgets both of its streams.
    pub(super) fn over(&mut self, data: u32) {
        let Some(stream) = self.streams.remove(&data) else { return };
        if let Some(pair) = self.pairs.remove(&stream.request)
            && let Some(error) = pair.error
        {
            self.streams.remove(&error);
        }
    }

    fn has_data(&self, stream: u32) -> bool {
        self.streams.get(&stream).is_some_and(|stream| stream.role == Role::Data)
    }

    fn open(&mut self, stream: u32, headers: &Headers) -> Result<Vec<Step>, u32> {
        if stream.is_multiple_of(2) || stream <= self.highest {
            return Err(PROTOCOL_ERROR);
        }
        self.highest = stream;
        let (role, port, request) = asked(stream, headers).ok_or(PROTOCOL_ERROR)?;
        if self.streams.len() >= STREAMS_MAX {
            return Err(REFUSED_STREAM);
        }
        let pair = self.pairs.entry(request.clone()).or_insert(Pair { port, data: None, error: None });
        let place = match role {
            Role::Data => &mut pair.data,
            Role::Error => &mut pair.error,
        };
        if place.is_some() || pair.port != port {
            return Err(PROTOCOL_ERROR);
        }
        *place = Some(stream);
        let whole = pair.data.zip(pair.error);
        self.streams.insert(stream, Stream { role, request });
        let mut steps = vec![Step::Say(Frame::Reply { stream, headers: Headers::new(), fin: false })];
        steps.extend((role == Role::Data).then_some(Step::Begin(stream)));
        steps.extend(whole.map(|(data, error)| Step::Dial { data, error, port }));
        Ok(steps)
    }
}

/// What a stream is for. Without a number of the request, the stream for errors comes right before that for data, as
/// clients before Kubernetes 1.2 did it.
fn asked(stream: u32, headers: &Headers) -> Option<(Role, u16, String)> {
    let of = |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let role = match of("streamtype")? {
        "data" => Role::Data,
        "error" => Role::Error,
        _ => return None,
    };
    let port = of("port")?.parse().ok().filter(|port| *port > 0)?;
    let request = match (of("requestid"), role) {
        (Some(request), _) => request.to_owned(),
        (None, Role::Error) => format!("stream {stream}"),
        (None, Role::Data) => format!("stream {}", stream.checked_sub(2)?),
    };
    Some((role, port, request))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(stream: u32, role: &str, port: &str, request: Option<&str>) -> Frame {
        let mut headers = vec![("streamtype".to_owned(), role.to_owned()), ("port".to_owned(), port.to_owned())];
        headers.extend(request.map(|request| ("requestid".to_owned(), request.to_owned())));
        Frame::Open { stream, headers, fin: false }
    }

    fn data(stream: u32, bytes: &'static [u8], fin: bool) -> Frame {
        Frame::Data { stream, bytes: Bytes::from_static(bytes), fin }
    }

    fn reply(stream: u32) -> Step {
        Step::Say(Frame::Reply { stream, headers: Headers::new(), fin: false })
    }

    fn reset(stream: u32, status: u32) -> Vec<Step> {
        vec![Step::Say(Frame::Reset { stream, status })]
    }

    #[test]
    fn two_streams_of_one_request_are_a_connection() {
        let mut session = Session::default();
        assert_eq!(session.hear(open(1, "error", "80", Some("0"))), [reply(1)]);
        assert_eq!(session.hear(data(1, b"", true)), [], "the client closes its end");
        let dial = Step::Dial { data: 3, error: 1, port: 80 };
        assert_eq!(session.hear(open(3, "data", "80", Some("0"))), [reply(3), Step::Begin(3), dial]);
        let pass = Step::Pass(3, Bytes::from_static(b"hi"));
        assert_eq!(session.hear(data(3, b"hi", true)), [pass, Step::End(3)]);
        assert_eq!(session.hear(Frame::Reset { stream: 3, status: 5 }), [Step::Drop(3)]);
        session.over(3);
        assert_eq!(session.hear(data(3, b"late", false)), []);
        assert!(session.streams.is_empty() && session.pairs.is_empty());
    }

    #[test]
    fn data_may_come_first_and_waits_for_its_partner() {
        let mut session = Session::default();
        assert_eq!(session.hear(open(1, "data", "80", Some("7"))), [reply(1), Step::Begin(1)]);
        assert_eq!(session.hear(data(1, b"x", false)), [Step::Pass(1, Bytes::from_static(b"x"))]);
        let dial = Step::Dial { data: 1, error: 3, port: 80 };
        assert_eq!(session.hear(open(3, "error", "80", Some("7"))), [reply(3), dial]);
    }

    #[test]
    fn streams_without_a_request_pair_with_their_neighbour() {
        let mut session = Session::default();
        session.hear(open(5, "error", "80", None));
        let steps = session.hear(open(7, "data", "80", None));
        assert_eq!(steps.last(), Some(&Step::Dial { data: 7, error: 5, port: 80 }));
    }

    #[test]
    fn what_is_opened_wrongly_is_reset_and_harms_no_other() {
        let mut session = Session::default();
        session.hear(open(1, "error", "80", Some("0")));
        for (frame, status) in [
            (open(2, "data", "80", Some("0")), PROTOCOL_ERROR),
            (open(1, "data", "80", Some("0")), PROTOCOL_ERROR),
            (open(3, "both", "80", Some("0")), PROTOCOL_ERROR),
            (open(5, "data", "0", Some("0")), PROTOCOL_ERROR),
            (open(7, "data", "99999", Some("0")), PROTOCOL_ERROR),
            (open(9, "data", "81", Some("0")), PROTOCOL_ERROR),
            (open(11, "error", "80", Some("0")), PROTOCOL_ERROR),
            (Frame::Open { stream: 13, headers: Headers::new(), fin: false }, PROTOCOL_ERROR),
        ] {
            let Frame::Open { stream, .. } = frame else { continue };
            assert_eq!(session.hear(frame.clone()), reset(stream, status), "{frame:?}");
        }
        let steps = session.hear(open(15, "data", "80", Some("0")));
        assert_eq!(steps.last(), Some(&Step::Dial { data: 15, error: 1, port: 80 }));
    }

    #[test]
    fn streams_are_bounded() {
        let mut session = Session::default();
        let ids = (0..).map(|n| 2 * n + 1);
        let mut last = Vec::new();
        for id in ids.take(STREAMS_MAX + 1) {
            last = session.hear(open(id, "error", "80", Some(&id.to_string())));
        }
        assert_eq!(last, reset(u32::try_from(2 * STREAMS_MAX + 1).expect("fits"), REFUSED_STREAM));
    }

    #[test]
    fn pings_come_back_and_our_own_do_not() {
        let mut session = Session::default();
        assert_eq!(session.hear(Frame::Ping(3)), [Step::Say(Frame::Ping(3))]);
        assert_eq!(session.hear(Frame::Ping(2)), []);
    }
}
