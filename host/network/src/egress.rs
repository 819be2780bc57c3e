//! Requests of guests to the world outside the cluster: an allow-list per Pod, and a filter that cannot be talked round.
//!
//! The [`Policy`] of a Pod says which names and addresses it may reach; none reaches nothing. Between the check and the
//! use there is no second look: a name is resolved once for a connection, every address it has is judged, and the
//! connection goes to an address that was judged well (`connect`). Names lead to public addresses alone, unless the
//! same Pod has a rule with a range that holds the address; the cluster's own addresses are never reached this way.
//! Redirects are answers like others: whoever follows one asks anew, and is judged anew.
//!
//! Connections are pooled for the Pods of one namespace and one policy together, and for no others, so that one is
//! never used by a Pod whose policy would not have opened it.
//!
//! Pure: `class`, `range`, `policy`, `target`. Absent on purpose: caches of names (a rebinding name is then no special
//! case), proxies of the environment, cookies, and anything that changes a body.

mod body;
mod class;
mod client;
mod connect;
mod error;
mod limits;
mod metrics;
mod policy;
mod range;
mod resolve;
mod stream;
mod target;
mod way;

pub use class::{Class, Form};
pub use client::{Config, Egress, Owns};
pub use error::EgressError;
pub use limits::Limits;
pub use metrics::EgressMetrics;
pub use policy::{Policy, Protocol, Reason, Rule, To};
pub use range::Range;
pub use resolve::{Resolver, SystemResolver};
pub use way::{Options, WayOut};
