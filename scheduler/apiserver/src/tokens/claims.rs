//! What a token says: the registered claims (RFC 7519) and Kubernetes' own. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Holder, ISSUER};
use crate::auth::{User, account_name};

/// The claims of a token of ours.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) aud: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    exp: Option<i64>,
    iat: i64,
    iss: String,
    jti: String,
    #[serde(rename = "kubernetes.io")]
    pub(super) private: Private,
    nbf: i64,
    sub: String,
}

/// Kubernetes' own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Private {
    pub(super) namespace: String,
    pub(super) serviceaccount: Named,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pod: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    secret: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    node: Option<Named>,
}

/// An object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) uid: String,
}

/// With what a token dies, besides its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// A Pod of the account's namespace.
    Pod {
        /// Its name.
        name: String,
        /// Its UID.
        uid: String,
    },
    /// A Secret of the account's namespace.
    Secret {
        /// Its name.
        name: String,
        /// Its UID.
        uid: String,
    },
    /// A Node.
    Node {
        /// Its name.
        name: String,
        /// Its UID.
        uid: String,
    },
}

impl Claims {
    /// Claims that begin now. Audiences that are not named are the API's.
    pub(super) fn new(holder: &Holder, audiences: &[String], now: Timestamp, seconds: Option<i64>) -> Self {
        let named = |name: &str, uid: &str| Some(Named { name: name.to_owned(), uid: uid.to_owned() });
        let mut private = Private {
            namespace: holder.namespace.clone(),
            serviceaccount: Named { name: holder.name.clone(), uid: holder.uid.clone() },
            pod: None,
            secret: None,
            node: None,
        };
        match &holder.bound {
            None => {}
            Some(Bound::Pod { name, uid }) => private.pod = named(name, uid),
            Some(Bound::Secret { name, uid }) => private.secret = named(name, uid),
            Some(Bound::Node { name, uid }) => private.node = named(name, uid),
        }
        let now = now.as_second();
        Self {
            aud: if audiences.is_empty() { vec![ISSUER.to_owned()] } else { audiences.to_vec() },
            exp: seconds.map(|seconds| now.saturating_add(seconds)),
            iat: now,
            iss: ISSUER.to_owned(),
            jti: Uuid::new_v4().to_string(),
            private,
            nbf: now,
            sub: account_name(&holder.namespace, &holder.name),
        }
    }

    /// When the token ends.
    pub(super) fn expires(&self) -> Option<Timestamp> {
        self.exp.and_then(|seconds| Timestamp::from_second(seconds).ok())
    }

    /// Whether the claims hold together and the time is right. Without an end they must be bound to a Secret.
    pub(super) fn is_good_at(&self, now: Timestamp) -> bool {
        let now = now.as_second();
        let ends = match self.exp {
            Some(exp) => now >= exp,
            None => self.private.secret.is_none(),
        };
        let account = account_name(&self.private.namespace, &self.private.serviceaccount.name);
        !ends && now >= self.nbf && self.iss == ISSUER && self.sub == account
    }

    /// With what the token dies.
    pub(super) fn bound(&self) -> Option<Bound> {
        let Private { pod, secret, node, .. } = &self.private;
        if let Some(Named { name, uid }) = pod.clone() {
            return Some(Bound::Pod { name, uid });
        }
        if let Some(Named { name, uid }) = secret.clone() {
            return Some(Bound::Secret { name, uid });
        }
        node.clone().map(|Named { name, uid }| Bound::Node { name, uid })
    }

    /// Who holds the token, with what reviews and audit events tell of it.
    pub(super) fn user(&self) -> User {
        let account = &self.private.serviceaccount;
        let mut user = User::account(&self.private.namespace, &account.name, &account.uid);
        let mut extra = |key: &str, text: String| {
            user.extra.insert(format!("authentication.kubernetes.io/{key}"), vec![text]);
        };
        extra("credential-id", format!("JTI={}", self.jti));
        match self.bound() {
            Some(Bound::Pod { name, uid }) => {
                extra("pod-name", name);
                extra("pod-uid", uid);
            }
            Some(Bound::Node { name, uid }) => {
                extra("node-name", name);
                extra("node-uid", uid);
            }
            Some(Bound::Secret { .. }) | None => {}
        }
        user
    }
}
