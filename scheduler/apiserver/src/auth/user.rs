//! Someone who asks.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Group whose members may do everything.
const MASTERS: &str = "system:masters";
/// Group of everyone who is known.
const AUTHENTICATED: &str = "system:authenticated";
/// Group of everyone who is not.
const UNAUTHENTICATED: &str = "system:unauthenticated";
/// Who shows no credential.
const ANONYMOUS: &str = "system:anonymous";
/// What names of ServiceAccounts as users begin with.
const ACCOUNT: &str = "system:serviceaccount:";
/// Group of all ServiceAccounts; with a colon and a namespace, of those there.
const ACCOUNTS: &str = "system:serviceaccounts";

/// Someone, with the groups they are in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct User {
    /// Name.
    pub name: String,
    /// Tells namesakes apart over time; often empty.
    pub uid: String,
    /// Groups.
    pub groups: Vec<String>,
    /// What else the authenticator knows.
    pub extra: BTreeMap<String, Vec<String>>,
}

/// The name of a ServiceAccount as a user.
pub(crate) fn account_name(namespace: &str, name: &str) -> String {
    format!("{ACCOUNT}{namespace}:{name}")
}

/// Namespace and name of the ServiceAccount that a user name stands for.
pub(crate) fn account_of(user: &str) -> Option<(&str, &str)> {
    let (namespace, name) = user.strip_prefix(ACCOUNT)?.split_once(':')?;
    let is_plain = |part: &str| !part.is_empty() && !part.contains(':');
    (is_plain(namespace) && is_plain(name)).then_some((namespace, name))
}

impl User {
    /// Who shows no credential.
    pub(crate) fn anonymous() -> Self {
        Self { name: ANONYMOUS.to_owned(), groups: vec![UNAUTHENTICATED.to_owned()], ..Self::default() }
    }

    /// A ServiceAccount.
    #[must_use]
    pub fn account(namespace: &str, name: &str, uid: &str) -> Self {
        Self {
            name: account_name(namespace, name),
            uid: uid.to_owned(),
            groups: account_groups(namespace),
            ..Self::default()
        }
    }

    /// Whether the user may do everything.
    pub(crate) fn is_master(&self) -> bool {
        self.groups.iter().any(|group| group == MASTERS)
    }

    /// The user with the group that everyone known is in.
    pub(crate) fn known(mut self) -> Self {
        let is_told = |group: &String| group == AUTHENTICATED || group == UNAUTHENTICATED;
        if !self.groups.iter().any(is_told) {
            let group = if self.name == ANONYMOUS { UNAUTHENTICATED } else { AUTHENTICATED };
            self.groups.push(group.to_owned());
        }
        self
    }

    /// `UserInfo` of reviews and of audit events.
    pub(crate) fn info(&self) -> Value {
        let mut info = json!({"username": self.name});
        if !self.uid.is_empty() {
            info["uid"] = json!(self.uid);
        }
        if !self.groups.is_empty() {
            info["groups"] = json!(self.groups);
        }
        if !self.extra.is_empty() {
            info["extra"] = json!(self.extra);
        }
        info
    }
}

/// The groups of the ServiceAccounts of a namespace.
pub(super) fn account_groups(namespace: &str) -> Vec<String> {
    vec![ACCOUNTS.to_owned(), format!("{ACCOUNTS}:{namespace}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_users_and_back() {
        assert_eq!(account_of(&account_name("shop", "web")), Some(("shop", "web")));
        for none in ["web", "system:serviceaccount:shop", "system:serviceaccount::web", "system:serviceaccount:a:b:c"] {
            assert_eq!(account_of(none), None, "{none}");
        }
        assert_eq!(User::anonymous().known().groups, [UNAUTHENTICATED]);
        assert_eq!(User::account("a", "b", "").known().groups, [ACCOUNTS, "system:serviceaccounts:a", AUTHENTICATED]);
    }
}
