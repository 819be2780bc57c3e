//! What guests keep and say lies with the control plane; this is the way there.
//!
//! [`OfPod`] is what one Pod's guests see: it checks what the Pod is granted, and asks for the Pod's namespace. Calls go
//! over connections of their own ([`lanes`]), so that neither bulk nor a crowd of guests delays what the session carries.
//! Without a control plane they fail, with a reason, within a bounded time; subscriptions go on with the next session.

mod blobs;
mod group;
mod keyvalue;
mod lanes;
mod listening;
mod messages;

use std::sync::Arc;

pub(crate) use group::group;
pub(crate) use lanes::Lanes;
pub(crate) use listening::Listening;
use tokio::sync::Semaphore;

use crate::pod::spec::Grants;

/// The backing services as one Pod's guests see them. Cheap to clone.
#[derive(Clone)]
pub(crate) struct OfPod {
    lanes: Arc<Lanes>,
    namespace: Arc<str>,
    grants: Arc<Grants>,
    /// Its part of the calls that last.
    long: Arc<Semaphore>,
}

/// Calls that last as long as a guest likes, of one container at once: a quarter of what all of a host may have.
const LONG_CALLS_MAX: usize = 12;

impl OfPod {
    pub(crate) fn new(lanes: Arc<Lanes>, namespace: &str, grants: Grants) -> Self {
        let long = Arc::new(Semaphore::new(LONG_CALLS_MAX));
        Self { lanes, namespace: namespace.into(), grants: Arc::new(grants), long }
    }
}
