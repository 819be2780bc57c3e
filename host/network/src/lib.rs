//! The proxy on every node: from a client's socket, or a guest's outgoing request, to the Pod that answers.
//!
//! Every host knows every route ([`Table`]) and picks an endpoint itself: a Pod of this host is answered by a
//! function call ([`LocalPods`]), a Pod elsewhere over mutual-TLS HTTP/2 to that host's proxy. A host that no longer
//! has the Pod refuses before it reads the body, and the caller tries another endpoint, so that a table which is a
//! moment old costs a hop and not a request.
//!
//! What a guest asks of the world outside goes another way, through the filter of [`egress`].
//!
//! What should happen is decided in pure modules (`route`, `balance`, `name`, `hygiene`, `retry`, `cause`); sockets
//! live in `listen`, `peer` and `proxy`. Absent on purpose: DNS for names of the cluster (they are looked up in the
//! table and nowhere else), any knowledge of Kubernetes objects or of WebAssembly, and locks shared between request
//! runtimes on the path of a request inside the cluster: each runtime has a lane of its own.

mod balance;
mod body;
mod cause;
mod delta;
mod dial;
pub mod egress;
mod guest;
mod hygiene;
mod lane;
mod limits;
mod listen;
mod local;
mod metrics;
mod name;
mod peer;
mod proxy;
mod replay;
mod retry;
mod route;
mod router;

pub use body::{Body, BoxError, empty, text};
pub use cause::{CAUSE_HEADER, Cause};
pub use delta::{Delta, Endpoint, Peer, Service, ServiceName, ServicePort};
pub use guest::{Denial, GuestClient, GuestError};
pub use limits::Limits;
pub use local::{Depth, LocalError, LocalPods};
pub use metrics::{Metrics, PathMetrics, PeerMetrics, ServiceMetrics};
pub use proxy::{Applied, BindProblem, Config, NodeOf, PeerTls, Proxy, StartError};
pub use route::Table;
