//! Who may do what: Kubernetes' role-based access control.
//!
//! The decision is pure: [`Index`] holds the four kinds as they are, [`Attributes`] say what someone wants, and a
//! [`Verdict`] is the answer with its reason. [`Access`] keeps an index in step with the store; a request costs two
//! or three lookups in it and nothing else. Rules only ever allow: what no rule allows is denied.
//!
//! Absent: other authorizers (attributes, webhooks). Members of `system:masters` pass before any rule is read, so
//! that no broken role can lock everyone out.

mod attributes;
mod bootstrap;
mod cover;
mod escalation;
mod feed;
mod index;
mod rule;
#[cfg(test)]
mod tests;

use std::sync::{Arc, PoisonError, RwLock};

use api::Resource;
use api::rbac::PolicyRule;

pub(crate) use self::attributes::{Attributes, Target, Wanted};
pub use self::bootstrap::ensure_roles;
pub(crate) use self::escalation::approval;
pub use self::feed::Feed;
pub(crate) use self::index::{Index, Verdict};
pub(crate) use self::rule::everything;
use crate::auth::User;
use crate::seen::Seen;

/// Decides, from what the store holds. Cheap to clone.
#[derive(Clone)]
pub struct Access {
    index: Arc<RwLock<Index>>,
    followers: Arc<[Seen]>,
}

impl Access {
    /// Whether a user may do something.
    pub(crate) fn decide(&self, user: &User, attributes: &Attributes<'_>) -> Verdict {
        self.read(|index| index.decide(user, attributes))
    }

    /// Every rule that holds for a user in a namespace; the cluster's alone if it is empty.
    pub(crate) fn rules(&self, user: &User, namespace: &str) -> Vec<PolicyRule> {
        if user.is_master() {
            return everything();
        }
        self.read(|index| index.rules(user, namespace))
    }

    fn read<T>(&self, look: impl FnOnce(&Index) -> T) -> T {
        look(&self.index.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits, for a bounded time, until what was written of a resource counts.
    pub(crate) async fn settle(&self, resource: &Resource, store: &dyn store::Store) {
        if let Some(follower) = self.followers.iter().find(|follower| follower.resource == resource) {
            follower.reach(store.revision().await).await;
        }
    }
}
