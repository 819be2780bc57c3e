//! Every bound of requests to the outside, with its reason.

use std::time::Duration;

/// Addresses of one name that are looked at. Big services have about eight; more is a way to make us scan.
pub(super) const ADDRESSES_MAX: usize = 16;
/// Lookups under way, all Pods together. Each holds a thread of the system's resolver, which may take half a minute.
pub(super) const LOOKUPS_MAX: usize = 64;
/// The same for the Pods of one policy, so that names nobody answers for take no more than their share. A lookup that
/// nobody waits for any more counts until its thread is free.
pub(super) const LOOKUPS_PER_POLICY_MAX: usize = 8;
/// Bytes of a request's headers. Common servers take 8 to 32 KiB.
pub(super) const REQUEST_HEAD_BYTES_MAX: usize = 32 * 1024;
/// Bytes of a response's headers: the sandbox copies them into the guest.
pub(super) const RESPONSE_HEAD_BYTES_MAX: usize = 64 * 1024;
/// Bytes read ahead on an HTTP/1 connection.
pub(super) const READ_BUFFER_BYTES_MAX: usize = 64 * 1024;
/// Flow-control windows of HTTP/2: 256 KiB is 2.5 MB/s over 100 ms for each stream.
pub(super) const STREAM_WINDOW: u32 = 256 * 1024;
/// See [`STREAM_WINDOW`].
pub(super) const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// Request bytes buffered per HTTP/2 stream for a server that does not take them.
pub(super) const SEND_BUFFER_BYTES_MAX: usize = 64 * 1024;
/// Idle connections kept to one destination.
pub(super) const IDLE_PER_DESTINATION_MAX: usize = 8;
/// TLS sessions remembered for the Pods of one policy, to be resumed.
pub(super) const TLS_SESSIONS_MAX: usize = 64;

/// Bounds that depend on where the host runs, or that tests make small.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections of this host to the outside. Each is a file descriptor, of which a process often has 65,536 or
    /// fewer for all it does.
    pub connections_max: usize,
    /// Connections for the Pods of one namespace: an eighth, so that one tenant leaves room for others.
    pub connections_per_namespace_max: usize,
    /// Of those, connections to one destination (scheme, host and port). More requests wait until one is free; a
    /// server that speaks HTTP/2 needs one only.
    pub connections_per_destination_max: usize,
    /// One lookup of a name. Resolvers ask again after 5 s; what takes longer than that hardly ever comes.
    pub lookup_timeout: Duration,
    /// A connection from lookup to TLS, whatever the guest would wait: one that nobody waits for any more goes on for
    /// the next request, but not for ever.
    pub connect_timeout: Duration,
    /// Pause between two pieces of a response, if the guest has no shorter one. Longer than any server's heartbeat.
    pub between_bytes_timeout: Duration,
    /// Bytes of one response. A guest streams, so this costs no memory; it ends what would never end.
    pub response_bytes_max: u64,
    /// How long an idle connection is kept: less than the minute after which common servers close theirs, because a
    /// request sent while they close is lost.
    pub idle_timeout: Duration,
    /// A server that answers no HTTP/2 ping within this, sent after as long a silence while requests are under way, is
    /// gone.
    pub keepalive: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 4096,
            connections_per_namespace_max: 512,
            connections_per_destination_max: 64,
            lookup_timeout: Duration::from_secs(6),
            connect_timeout: Duration::from_secs(15),
            between_bytes_timeout: Duration::from_secs(300),
            response_bytes_max: 4 << 30,
            idle_timeout: Duration::from_secs(30),
            keepalive: Duration::from_secs(20),
        }
    }
}
