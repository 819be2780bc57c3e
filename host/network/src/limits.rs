//! Every bound of the proxy, with its reason.

use std::time::Duration;

/// Endpoints tried for one request: a rollout may leave several stale ones in a row, a client should not wait for more.
pub(crate) const ATTEMPTS_MAX: usize = 6;
/// Calls a request may cause in a chain; more is a loop. Deep systems have about five layers.
pub(crate) const DEPTH_MAX: u8 = 16;

/// Bytes read ahead on a client's connection. Bounds the head of a request and what an idle upload holds.
pub(crate) const HEAD_BUFFER_BYTES_MAX: usize = 64 * 1024;
/// Bytes of all headers of a request; browsers stay under 16 KiB, and a guest copies them.
pub(crate) const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Connections waiting to be accepted, per listener of a Node port, and on the hosts' port.
pub(crate) const NODE_PORT_BACKLOG: i32 = 4096;
/// The same for a cluster IP or a Pod's own address, of which there are thousands.
pub(crate) const ADDRESS_BACKLOG: i32 = 128;
/// Pause after an accept that failed for want of file descriptors: nothing wakes us when one is free.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// HTTP/2 streams of one client connection. A browser opens at most 100.
pub(crate) const CLIENT_STREAMS_MAX: u32 = 100;
/// HTTP/2 flow-control window of a client's stream ...
pub(crate) const CLIENT_STREAM_WINDOW: u32 = 64 * 1024;
/// ... and of its connection: a stalled upload holds up at most fifteen others of the same client.
pub(crate) const CLIENT_CONNECTION_WINDOW: u32 = 1024 * 1024;
/// Streams of a client's connection that it may reset before we have looked at them (rapid reset).
pub(crate) const CLIENT_PENDING_RESETS_MAX: usize = 20;
/// Streams of a client's connection that we may have to reset, in all its life. An upload that is answered before it
/// ends can be one, so a client without fault may have many.
pub(crate) const CLIENT_ERROR_RESETS_MAX: usize = 1024;

/// Calls on one connection between two hosts; beyond it another connection is opened. Streams are cheap, but one
/// connection is one TLS session on one core.
pub(crate) const PEER_STREAMS_MAX: u32 = 1000;
/// Connections of one request runtime to one peer: 4,000 calls under way per core is beyond what a host serves.
pub(crate) const PEER_CONNECTIONS_MAX: usize = 4;
/// Calls a peer may take back before we have looked at them: all, because clients may leave all at once. There is no
/// bound on resets for its errors, as on a client's connection: peers are Nodes, a refused upload is one, and cutting
/// the connection off would break the other calls on it.
pub(crate) const PEER_PENDING_RESETS_MAX: usize = PEER_STREAMS_MAX as usize;
/// Flow-control window of a call between hosts. Small enough that what is sent before the Pod reads can be replayed,
/// large enough for 300 MB/s per call at the 0.2 ms of a data centre.
pub(crate) const PEER_STREAM_WINDOW: u32 = 65_535;
/// Window of the whole connection: that of all its streams together, so that a stalled one never holds up another.
pub(crate) const PEER_CONNECTION_WINDOW: u32 = PEER_STREAM_WINDOW * PEER_STREAMS_MAX;
/// Bytes of headers between hosts: those of a client, and ours.
pub(crate) const PEER_HEAD_BYTES_MAX: u32 = 48 * 1024;
/// Response bytes buffered per HTTP/2 stream for a reader that does not take them.
pub(crate) const SEND_BUFFER_BYTES_MAX: usize = 64 * 1024;
/// Connections other hosts may have open to us: 1,000 hosts with four cores each.
pub(crate) const PEER_ACCEPTED_MAX: usize = 4096;
/// Connections to the hosts' port that have not yet proved to be a Node's. Anybody may dial, and a handshake is a
/// signature and a few round trips: at 2 ms each, this is what one core gets through in half a second.
pub(crate) const PEER_HANDSHAKES_MAX: usize = 256;
/// The same from one address, so that one stranger cannot take them all: an honest host dials once per core at most.
pub(crate) const PEER_HANDSHAKES_PER_SOURCE_MAX: usize = 32;

/// How long a peer that could not be reached is left alone, first and at most. Short, because a restarted host is
/// back in a fraction of a second, and meanwhile its endpoints answer 502 at once.
pub(crate) const SUSPECT_MIN: Duration = Duration::from_millis(100);
/// See [`SUSPECT_MIN`].
pub(crate) const SUSPECT_MAX: Duration = Duration::from_secs(2);

/// Bounds that depend on where the proxy runs, or that tests make small.
#[derive(Debug, Clone)]
pub struct Limits {
    /// A client must send a request's head within this (from its first byte; the very first byte of a connection too).
    pub head_timeout: Duration,
    /// A keep-alive connection without a request is closed after this: longer than the 90 s for which Go's `net/http`
    /// and hyper's pooled client keep an idle one, so that it is the client who closes. HTTP/1.1 has no goodbye: a
    /// request sent while we close is lost.
    pub idle_timeout: Duration,
    /// A client that sends nothing of a body it owes, or takes nothing of a response, for this long is cut off. On
    /// HTTP/2, where other streams may be well, it is told goodbye between once and twice this long, and the
    /// connection ends `drain_timeout` later.
    pub stall_timeout: Duration,
    /// Connections per request runtime, all listeners together. An idle one costs about 10 KiB.
    pub connections_max: usize,
    /// Connections per request runtime and listener: three quarters, so that one flooded Service leaves room for others.
    pub connections_per_listener_max: usize,
    /// TCP handshake with a peer. Hosts of one cluster answer in milliseconds; a dead machine does not answer at all.
    pub connect_timeout: Duration,
    /// TLS and HTTP/2 handshake with a peer, either side.
    pub handshake_timeout: Duration,
    /// A peer that answers no HTTP/2 ping sent after `keepalive_interval` of silence ...
    pub keepalive_interval: Duration,
    /// ... within this is gone: together under 15 s.
    pub keepalive_timeout: Duration,
    /// Response head from a peer. Only a backstop: the callee's host enforces the workload's own timeout, which is an
    /// hour at most, and pings find a dead host within seconds.
    pub first_byte_timeout: Duration,
    /// How long requests under way may take after shutdown, after their listener was removed, or after an HTTP/2
    /// client was told goodbye.
    pub drain_timeout: Duration,
    /// How long a draining keep-alive connection may sit idle before we close it. Until then its next request is
    /// answered, with `Connection: close`, instead of racing with our closing.
    pub drain_idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(100),
            stall_timeout: Duration::from_secs(30),
            connections_max: 16_384,
            connections_per_listener_max: 12_288,
            connect_timeout: Duration::from_secs(1),
            handshake_timeout: Duration::from_secs(2),
            keepalive_interval: Duration::from_secs(10),
            keepalive_timeout: Duration::from_secs(4),
            first_byte_timeout: Duration::from_secs(3630),
            drain_timeout: Duration::from_secs(30),
            drain_idle: Duration::from_secs(2),
        }
    }
}
