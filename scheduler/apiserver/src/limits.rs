//! Every bound of the API server, with its reason, in one place.

use std::time::Duration;

/// Largest request body. Kubernetes' own bound; a 1 MiB Secret fits in base64 with room to spare.
pub(crate) const BODY_BYTES_MAX: usize = 3 << 20;
/// Largest stored object: what one store transaction (and etcd) takes.
pub(crate) const OBJECT_BYTES_MAX: usize = 3 << 19;
/// Deepest nesting of a body; CRD schemas, the deepest real documents, stay below 60.
pub(crate) const DEPTH_MAX: usize = 128;
/// Most values in a body. 3 MiB could hold a million and keep a core busy for a second; a full
/// EndpointSlice, the largest real object, has 30,000.
pub(crate) const NODES_MAX: usize = 100_000;
/// Most labels of one object; they are there to select by.
pub(crate) const LABELS_MAX: usize = 1_000;
/// Most YAML aliases in a body (alias bombs).
pub(crate) const YAML_ALIASES_MAX: usize = 1_000;
/// Most nodes that aliases may expand to; real manifests repeat a few labels.
pub(crate) const YAML_REPLAYED_MAX: usize = 10_000;
/// Stack for decoding YAML: the decoder takes up to 30 KiB a level in a debug build, and a thread
/// of the runtime has 2 MiB in all.
pub(crate) const YAML_STACK_BYTES: usize = 16 << 20;
/// Longest time to read a body: 3 MiB at 100 KiB/s. Slower clients hold memory for nothing.
pub(crate) const BODY_READ_MAX: Duration = Duration::from_secs(30);
/// Most bytes of bodies held at once, from their first byte until their requests are answered: with
/// what decoding them takes, some hundred MiB. The 1,024 requests in flight could bring 3 GiB.
pub(crate) const BODIES_BYTES_MAX: usize = 64 << 20;
/// How long a request waits for room for its body; as long as the bodies before it may take to arrive.
pub(crate) const BODY_WAIT_MAX: Duration = BODY_READ_MAX;
/// Longest time a request that does not stream may take; kubectl's own patience is longer.
pub(crate) const REQUEST_MAX: Duration = Duration::from_secs(60);
/// Requests that do not stream, worked on at once. Each may hold a body; more wait at the client (429).
pub(crate) const IN_FLIGHT_MAX: usize = 1_024;
/// Seats of a level of requests: as many as two cores and a disk with group commit have use for. Beyond it requests
/// wait for each other anyway, and in a queue it is decided for whom.
pub(crate) const LEVEL_SEATS: usize = 64;
/// Seats of those who keep or seek the lead. A controller renews every two seconds.
pub(crate) const LEADER_ELECTION_SEATS: usize = 16;
/// Requests of one user that may wait in a level: what a client that starts asks at once. The rest comes back (429).
pub(crate) const WAITING_OF_ONE_MAX: usize = 128;
/// Requests that may wait in a level; each holds a connection and its head, no body.
pub(crate) const WAITING_MAX: usize = 1_024;
/// How long a request may wait for its turn; clients' own patience is 30 s and more.
pub(crate) const QUEUE_WAIT_MAX: Duration = Duration::from_secs(15);
/// Seats of a list of everything.
pub(crate) const LIST_ALL_SEATS: usize = 8;
/// How many objects a list may have for each seat it takes: what kubectl asks for at a time.
pub(crate) const LIST_LIMIT_OF_ONE_SEAT: usize = 500;
/// For so many bytes of a body a request takes one more seat.
pub(crate) const BODY_BYTES_PER_SEAT: usize = 256 << 10;
/// Watches one user may have open, but for `system:masters`: a big controller has a hundred, a cluster a dozen of them.
pub(crate) const WATCHES_OF_ONE_MAX: usize = 2_048;
/// Logs that are followed and forwarded ports open at once. Each holds a connection, and some KiB on its way.
pub(crate) const STREAMS_OPEN_MAX: usize = 2_048;
/// The same of one user.
pub(crate) const STREAMS_OF_ONE_MAX: usize = 256;
/// Watches open at once: 10,000 clients (BEHAVIOUR F15) and headroom.
pub(crate) const WATCHES_MAX: usize = 16_384;
/// Frames queued between a watch and its connection; a full queue is a slow client.
pub(crate) const WATCH_QUEUE: usize = 64;
/// How long a watch waits for a slow client before it is cut off; it resumes from its last version.
pub(crate) const WATCH_STALL_MAX: Duration = Duration::from_secs(30);
/// How long a Pod may take nothing of what a client of its forwarded port sends, before that connection is given up:
/// the client's others wait behind it.
pub(crate) const FORWARD_STALL_MAX: Duration = Duration::from_secs(30);
/// Largest body that is passed on to a Pod: nothing of it is held, and whoever sends more has better ways to do it.
pub(crate) const PROXY_BODY_BYTES_MAX: usize = 1 << 30;
/// How long the answer of a Pod to what was passed on may last. One that never ends takes a place from others.
pub(crate) const PROXY_LASTS_MAX: Duration = Duration::from_secs(3_600);
/// Time between bookmarks, as in Kubernetes.
pub(crate) const BOOKMARK_EVERY: Duration = Duration::from_secs(60);
/// How long a watch lives when the client names no timeout, before jitter of the same length.
pub(crate) const WATCH_TIMEOUT_DEFAULT: Duration = Duration::from_secs(1_800);
/// Longest life of a watch, whatever the client asks for: a day, after which nobody minds coming back.
pub(crate) const WATCH_TIMEOUT_MAX: Duration = Duration::from_secs(86_400);
/// How often a read-modify-write is repeated when others write the same object: 100 clients on one
/// object (BEHAVIOUR F18) all get through, and a livelock still ends.
pub(crate) const CONFLICT_RETRIES_MAX: usize = 256;
/// How often a generated name or address is drawn anew before the search becomes exhaustive.
pub(crate) const DRAWS_MAX: usize = 16;
/// Most problems reported at once; the rest is counted. Keeps the answer to a huge bad manifest small.
pub(crate) const PROBLEMS_MAX: usize = 64;
/// Most characters of a bad value quoted back.
pub(crate) const QUOTED_MAX: usize = 200;
/// Most conflicts of an apply that are named; the rest is counted. kubectl shows a line for each.
pub(crate) const CONFLICTS_SHOWN_MAX: usize = 64;
/// Most `Warning` headers on one response; hyper and clients bound headers too.
pub(crate) const WARNINGS_MAX: usize = 16;
/// How long the webhooks of one write may take, all of them, however often they are asked: clients wait for 30 s and
/// more, and a request may take 60 s.
pub(crate) const WEBHOOKS_WAIT_MAX: Duration = Duration::from_secs(30);
/// The same for what a control loop writes: all other controllers wait behind it.
pub(crate) const WEBHOOKS_OF_LOOPS_MAX: Duration = Duration::from_secs(2);
/// Validating webhooks that are asked about one write at once.
pub(crate) const WEBHOOKS_AT_ONCE: usize = 16;
/// Calls of one webhook at once: half of the seats of a level of requests, so that one that does not answer leaves room
/// for who does not need it.
pub(crate) const WEBHOOK_CALLS_MAX: usize = LEVEL_SEATS / 2;
/// Connections to one webhook that are kept for the next calls, and how long.
pub(crate) const WEBHOOK_IDLE_CONNECTIONS_MAX: usize = 4;
/// See [`WEBHOOK_IDLE_CONNECTIONS_MAX`].
pub(crate) const WEBHOOK_IDLE_MAX: Duration = Duration::from_secs(60);
/// Largest answer of a webhook: a patch may bring as much as a body.
pub(crate) const WEBHOOK_ANSWER_BYTES_MAX: usize = BODY_BYTES_MAX;
/// How long control loops do not ask a webhook again that did not answer, at first and at most.
pub(crate) const WEBHOOK_REST_FIRST: Duration = Duration::from_secs(1);
/// See [`WEBHOOK_REST_FIRST`].
pub(crate) const WEBHOOK_REST_LAST: Duration = Duration::from_secs(30);
/// Most notes of admission in one event of the audit log.
pub(crate) const AUDIT_ANNOTATIONS_MAX: usize = 64;
/// Total size of annotations, as in Kubernetes.
pub(crate) const ANNOTATIONS_BYTES_MAX: usize = 256 << 10;
/// Data of one ConfigMap or Secret, as in Kubernetes.
pub(crate) const DATA_BYTES_MAX: usize = 1 << 20;
/// Ports of one Service: each may need an allocation, and a transaction takes 128 operations.
pub(crate) const SERVICE_PORTS_MAX: usize = 100;
/// Events of the audit log that wait to be written: a second of a server that is very busy. Each has a few hundred bytes.
pub(crate) const AUDIT_QUEUE: usize = 8_192;
/// Entries read from the store at a time while a selective list looks for matches.
pub(crate) const SCAN_PAGE: usize = 1_000;
/// Objects a collection deletion works on at once.
pub(crate) const DELETES_AT_ONCE: usize = 16;
/// Connections open at once: 10,000 watchers, and clients besides.
pub(crate) const CONNECTIONS_MAX: usize = 16_384;
/// Connections open at once from one address: three quarters, so that one that floods leaves room for others. Everyone
/// behind a gateway is one address, and so are ten thousand clients of a test.
pub(crate) const CONNECTIONS_OF_ONE_MAX: usize = CONNECTIONS_MAX / 4 * 3;
/// Longest TLS handshake.
pub(crate) const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// Longest time to read a request's head over HTTP/1.1, from its first byte.
pub(crate) const HEADER_READ_MAX: Duration = Duration::from_secs(5);
/// Requests one HTTP/2 connection may have open. client-go puts every watch of a process on one
/// connection: a controller of a big chart watches 50 to 100 kinds and writes besides. hyper's
/// default is 200; each open stream costs a few KiB.
pub(crate) const STREAMS_MAX: u32 = 250;
/// How often a silent HTTP/2 connection is asked whether it lives, and how long it has to answer.
pub(crate) const PING_EVERY: Duration = Duration::from_secs(30);
/// See [`PING_EVERY`].
pub(crate) const PING_ANSWER_MAX: Duration = Duration::from_secs(15);
/// How long sent bytes may stay unacknowledged before the connection is cut.
pub(crate) const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(60);
/// How long a connection without a request is kept.
pub(crate) const IDLE_MAX: Duration = Duration::from_secs(180);
/// How long requests may finish after a shutdown began.
pub(crate) const DRAIN_MAX: Duration = Duration::from_secs(10);
/// Largest head of a request (HTTP/2); HTTP/1.1 has hyper's own bound.
pub(crate) const HEAD_BYTES_MAX: u32 = 64 << 10;
