//! Worker processes: started, watched and restarted from outside, and within, locked away from what they do not need.
//!
//! A [`Cage`] is the host's end: it keeps one worker running, hands it requests, answers what the worker asks, and
//! waits longer each time one crashes. [`enter`], [`House`] and [`serve`] are the worker's: it takes two sockets and a
//! file from its host, sets itself up, locks itself ([`Lock::lock_down`]) and answers. Host and worker speak HTTP/2 in
//! both directions, so bodies stream, windows push back and whoever loses interest is heard, as everywhere else.
//!
//! The idea: the host trusts nothing that a worker says, and the worker has nothing but what it was handed. Whoever
//! takes one over has a socket to a host that checks what comes out of it, and memory of his own.
//!
//! What is absent, and why: any knowledge of WebAssembly, Pods or Kubernetes (they are on both sides of this);
//! groups of workers in one process (one Pod's crash must be no other's); control groups (they take rights that
//! a host need not have; memory is bounded by what guests may have, and the kernel ends workers before hosts).

mod call;
mod complaint;
mod descriptors;
mod filter;
mod keep;
mod limits;
mod lock;
mod nursery;
mod patience;
mod program;
mod sys;
mod told;
mod wire;
mod worker;

pub use call::{CallError, Lost};
pub use keep::{Cage, News, Outside};
pub use lock::{Inherited, Lock, LockError, Walls, enter};
pub use patience::Pause;
pub use program::{Bounds, Program};
pub use told::{Teller, Told};
pub use worker::{House, HouseError, serve};

/// What a body fails with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of a request or a response. The same concrete type as the sandbox's and the proxy's, so that nothing is
/// converted on the way.
pub type Body = http_body_util::combinators::UnsyncBoxBody<bytes::Bytes, BoxError>;
