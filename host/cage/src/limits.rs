//! Every bound of this crate, with its reason.

use std::time::Duration;

/// Calls to one worker under way. It holds a stream and a window for each.
pub(crate) const CALLS_MAX: u32 = 1_536;
/// Calls of one worker to its host under way: the requests that guests may have on their way, and some to spare.
pub(crate) const CALLS_OUT_MAX: u32 = 256;
/// Bytes of one body that are on their way without having been read: the smallest window of HTTP/2.
pub(crate) const STREAM_WINDOW: u32 = 65_535;
/// The same of one connection: no body that nobody reads takes another's room.
pub(crate) const CONNECTION_WINDOW: u32 = STREAM_WINDOW * CALLS_MAX;
/// The same of the connection to the host.
pub(crate) const CONNECTION_OUT_WINDOW: u32 = STREAM_WINDOW * CALLS_OUT_MAX;
/// Bytes of a head: what proxies let pass, and a backtrace beside it.
pub(crate) const HEAD_BYTES_MAX: u32 = 96 << 10;
/// Bytes of one body that wait for room in its window.
pub(crate) const SEND_BUFFER_BYTES_MAX: usize = 64 << 10;
/// While calls are under way, how often a worker is asked whether it still listens, and how long it may take to say
/// so. One that does not is taken for crashed.
pub(crate) const LISTENS_EVERY: Duration = Duration::from_secs(10);
pub(crate) const LISTENS_WITHIN: Duration = Duration::from_secs(10);

/// How long a worker may take from its start until it says that it is ready. It maps code and reserves memory.
pub(crate) const READY_WITHIN: Duration = Duration::from_secs(30);
/// How long a call waits for a worker that is about to come up. Longer, and the caller better tries another Pod.
pub(crate) const CALL_WAIT_MAX: Duration = Duration::from_secs(5);
/// How long the end of a worker may take to become known once its connection is gone.
pub(crate) const END_WITHIN: Duration = Duration::from_secs(1);
/// Bytes of what a worker says on standard error that are kept, the last ones: a panic's message.
pub(crate) const COMPLAINT_BYTES_MAX: usize = 4 << 10;

/// Bytes of one record that a worker tells.
pub(crate) const RECORD_BYTES_MAX: usize = 256 << 10;
/// Bytes of all records that wait to be sent. Beyond it they are dropped and counted.
pub(crate) const TOLD_BYTES_MAX: u32 = 1 << 20;
/// The same in records.
pub(crate) const TOLD_MAX: usize = 1_024;
/// Bytes of a worker's configuration.
pub(crate) const CONFIG_BYTES_MAX: usize = 8 << 20;

/// Files that a worker may have open: its sockets, its code, what its runtimes poll with, images of its memory.
pub(crate) const OPEN_FILES_MAX: u64 = 256;
/// Threads of a worker, where it has a user namespace of its own to count them in.
pub(crate) const THREADS_MAX: u64 = 256;
