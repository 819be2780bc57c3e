//! Acting as someone else: `kubectl --as`, the headers `Impersonate-User` and its kin. Pure.
//!
//! Each part needs the verb `impersonate` on what it names: users, groups, serviceaccounts, UIDs and extra values.
//! The groups of who asks do not come along.

use std::collections::BTreeMap;

use http::HeaderMap;

use super::user::{User, account_groups, account_of};
use crate::rbac::{Attributes, Wanted};
use crate::status::Status;

const USER: &str = "impersonate-user";
const GROUP: &str = "impersonate-group";
const UID: &str = "impersonate-uid";
const EXTRA: &str = "impersonate-extra-";
const AUTHENTICATION: &str = "authentication.k8s.io";

/// Whom a request wants to act as; `None` if it acts for itself.
///
/// # Errors
/// `BadRequest` for headers that do not belong together or are no text.
pub(super) fn wanted(headers: &HeaderMap) -> Result<Option<User>, Status> {
    let mut user = User { name: one(headers, USER)?, uid: one(headers, UID)?, ..User::default() };
    for group in headers.get_all(GROUP) {
        user.groups.push(text(group, GROUP)?);
    }
    user.extra = extra(headers)?;
    if !user.name.is_empty() {
        return Ok(Some(user));
    }
    if user == User::default() {
        return Ok(None);
    }
    Err(Status::bad_request("groups, a UID or extra values cannot be impersonated without a user"))
}

fn text(value: &http::HeaderValue, name: &str) -> Result<String, Status> {
    let text = std::str::from_utf8(value.as_bytes()).map(str::to_owned);
    text.map_err(|_| Status::bad_request(format!("the header {name} is not UTF-8")))
}

fn one(headers: &HeaderMap, name: &str) -> Result<String, Status> {
    headers.get(name).map(|value| text(value, name)).transpose().map(Option::unwrap_or_default)
}

fn extra(headers: &HeaderMap) -> Result<BTreeMap<String, Vec<String>>, Status> {
    let mut extra: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in headers {
        let Some(key) = name.as_str().strip_prefix(EXTRA) else { continue };
        let key = crate::rest::percent_decoded(key)
            .ok_or_else(|| Status::bad_request(format!("the header {name} is bad")))?;
        extra.entry(key.into_owned()).or_default().push(text(value, name.as_str())?);
    }
    Ok(extra)
}

/// What must be allowed for someone to act as `user`.
pub(super) fn needed(user: &User) -> Vec<Attributes<'_>> {
    let of = |group: &'static str, resource: &'static str, name| Wanted {
        group: group.into(),
        version: "v1".into(),
        resource: resource.into(),
        name: std::borrow::Cow::Borrowed(name),
        ..Wanted::default()
    };
    let mut needed = vec![match account_of(&user.name) {
        Some((namespace, name)) => Wanted { namespace: namespace.into(), ..of("", "serviceaccounts", name) },
        None => of("", "users", &user.name),
    }];
    needed.extend(user.groups.iter().map(|group| of("", "groups", group)));
    if !user.uid.is_empty() {
        needed.push(of(AUTHENTICATION, "uids", &user.uid));
    }
    for (key, values) in &user.extra {
        let one = |value| Wanted { subresource: key.into(), ..of(AUTHENTICATION, "userextras", value) };
        needed.extend(values.iter().map(|value| one(value.as_str())));
    }
    needed.into_iter().map(|wanted| Attributes::resource("impersonate", wanted)).collect()
}

/// The user that is acted as, with the groups that follow from the name.
pub(super) fn grouped(mut user: User) -> User {
    if let (Some((namespace, _)), true) = (account_of(&user.name), user.groups.is_empty()) {
        user.groups = account_groups(namespace);
    }
    user.known()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, http::HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn every_part_needs_its_right() {
        let shown = |pairs| {
            let user = wanted(&headers(pairs)).expect("makes sense").expect("is there");
            needed(&user).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            shown(
                &[
                    ("impersonate-user", "bob"),
                    ("impersonate-group", "a"),
                    ("impersonate-group", "b"),
                    ("impersonate-uid", "7"),
                    ("impersonate-extra-scopes%2fx", "read"),
                ][..]
            ),
            [
                r#"impersonate resource "users" in API group "" at the cluster scope"#,
                r#"impersonate resource "groups" in API group "" at the cluster scope"#,
                r#"impersonate resource "groups" in API group "" at the cluster scope"#,
                r#"impersonate resource "uids" in API group "authentication.k8s.io" at the cluster scope"#,
                r#"impersonate resource "userextras/scopes/x" in API group "authentication.k8s.io" at the cluster scope"#,
            ]
        );
        assert_eq!(
            shown(&[("impersonate-user", "system:serviceaccount:shop:web")][..]),
            [r#"impersonate resource "serviceaccounts" in API group "" in the namespace "shop""#]
        );
    }

    #[test]
    fn groups_follow_from_the_name_and_parts_need_a_user() {
        let user = |pairs| wanted(&headers(pairs)).expect("makes sense").map(grouped).map(|user| user.groups);
        assert_eq!(user(&[][..]), None);
        assert_eq!(user(&[("impersonate-user", "bob")][..]).expect("bob"), ["system:authenticated"]);
        assert_eq!(
            user(&[("impersonate-user", "system:serviceaccount:a:b")][..]).expect("an account"),
            ["system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated"]
        );
        assert_eq!(user(&[("impersonate-user", "system:anonymous")][..]).expect("nobody"), ["system:unauthenticated"]);
        for part in [("impersonate-group", "system:masters"), ("impersonate-uid", "1"), ("impersonate-extra-a", "b")] {
            assert_eq!(wanted(&headers(&[part])).map_err(|status| status.code), Err(400), "{part:?}");
        }
    }
}
