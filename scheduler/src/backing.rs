//! What guests keep and say, served to their hosts: the crate `backing` over the host protocol.
//!
//! A host acts for the namespaces of the Pods that are bound to it and for no other ([`Access`]). Buckets and blobs
//! belong to a namespace's UID: a namespace that is made anew under an old name begins empty, and what one that is gone
//! has kept is deleted ([`Sweep`]). Messages go by the namespace's name, which other clients of a NATS know too.

mod access;
mod blobs;
mod dropped;
mod keyvalue;
mod messages;
mod open;
mod service;
mod status;
mod sweep;

use std::sync::Arc;

use ::backing::blobs::Blobs;
use ::backing::keyvalue::KeyValue;
use ::backing::messages::Messages;
use tokio_util::sync::CancellationToken;

pub(crate) use access::Access;
pub(crate) use dropped::Dropped;
pub(crate) use open::open;
pub(crate) use sweep::Sweep;

/// Where it lies. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Stores {
    pub(crate) keyvalue: Arc<dyn KeyValue>,
    pub(crate) blobs: Blobs,
    pub(crate) messages: Arc<dyn Messages>,
}

/// The service.
pub(crate) struct Service {
    pub(crate) stores: Stores,
    pub(crate) access: Arc<Access>,
    /// Ends what would go on for ever.
    pub(crate) shutdown: CancellationToken,
}
