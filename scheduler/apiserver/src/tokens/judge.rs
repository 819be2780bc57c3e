//! Whether a token that is shown is good: signed by us, in time, for this audience, and of an account that is there.

use api::Resource;
use api::resource::{NODES, PODS, SECRETS, SERVICE_ACCOUNTS};
use jiff::{SignedDuration, Timestamp};

use super::claims::{Bound, Claims};
use super::{ISSUER, Issuer, jwt};
use crate::auth::User;
use crate::objects::Objects;
use crate::status::Status;
use crate::value;

/// How long a token outlives the beginning of its account's or Pod's deletion: a Pod that is told to stop may still
/// say goodbye. Kubernetes' own.
const LEAVING_MAX: SignedDuration = SignedDuration::from_secs(60);

/// ServiceAccounts as users. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    /// Signs their tokens.
    pub issuer: Issuer,
    objects: Objects,
}

/// Who showed a token, and for which audiences it is.
pub(crate) struct Identified {
    pub(crate) user: User,
    pub(crate) audiences: Vec<String>,
}

impl Accounts {
    /// Accounts among `objects`.
    #[must_use]
    pub fn new(issuer: Issuer, objects: Objects) -> Self {
        Self { issuer, objects }
    }

    /// Who shows a token to the API.
    ///
    /// # Errors
    /// The store's: what cannot be looked up is neither good nor bad.
    pub(crate) async fn identify(&self, token: &str) -> Result<Option<User>, Status> {
        Ok(self.identify_for(token, &[]).await?.map(|identified| identified.user))
    }

    /// Who shows a token that is for one of some audiences; for the API if there are none.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn identify_for(&self, token: &str, audiences: &[String]) -> Result<Option<Identified>, Status> {
        if !jwt::is_token(token) {
            return Ok(None);
        }
        let Some(claims) = self.issuer.verify(token) else { return Ok(None) };
        let is_wanted = |audience: &&String| match audiences {
            [] => *audience == ISSUER,
            some => some.contains(audience),
        };
        let audiences: Vec<String> = claims.aud.iter().filter(is_wanted).cloned().collect();
        if audiences.is_empty() || !self.is_alive(&claims).await? {
            return Ok(None);
        }
        Ok(Some(Identified { user: claims.user(), audiences }))
    }

    /// Whether the account is there, and what the token is bound to.
    async fn is_alive(&self, claims: &Claims) -> Result<bool, Status> {
        let (namespace, account) = (&claims.private.namespace, &claims.private.serviceaccount);
        if !self.is_there(&SERVICE_ACCOUNTS, namespace, &account.name, &account.uid).await? {
            return Ok(false);
        }
        match claims.bound() {
            None => Ok(true),
            Some(Bound::Pod { name, uid }) => self.is_there(&PODS, namespace, &name, &uid).await,
            Some(Bound::Secret { name, uid }) => self.is_there(&SECRETS, namespace, &name, &uid).await,
            Some(Bound::Node { name, uid }) => self.is_there(&NODES, "", &name, &uid).await,
        }
    }

    async fn is_there(
        &self,
        resource: &'static Resource,
        namespace: &str,
        name: &str,
        uid: &str,
    ) -> Result<bool, Status> {
        let object = match self.objects.get(resource, namespace, name).await {
            Ok(object) => object,
            Err(status) if status.is_not_found() => return Ok(false),
            Err(status) => return Err(status),
        };
        let leaving = value::text(&object, &["metadata", "deletionTimestamp"]).parse::<Timestamp>().ok();
        let is_gone = leaving.is_some_and(|since| (self.issuer.now)().duration_since(since) > LEAVING_MAX);
        Ok(value::text(&object, &["metadata", "uid"]) == uid && !is_gone)
    }
}
