//! Which level a request falls into, whose it is, and how much it weighs. Pure.

use http::header;
use http::request::Parts;

use crate::auth::User;
use crate::limits::{BODY_BYTES_PER_SEAT, LIST_ALL_SEATS, LIST_LIMIT_OF_ONE_SEAT};
use crate::rbac::{Attributes, Target};
use crate::rest::{decoded, is_health};

/// What has seats of its own. Each protects those before it from those after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Level {
    /// Who leads: a Lease that cannot be renewed stops a controller.
    LeaderElection,
    /// Programs that run in the cluster: ServiceAccounts and Nodes.
    Workload,
    /// People, and everything else.
    Global,
}

/// How a request is queued.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Class<'a> {
    pub(crate) level: Level,
    /// Whose turn it is: the user.
    pub(crate) flow: &'a str,
    /// Seats it takes.
    pub(crate) width: usize,
}

impl<'a> Class<'a> {
    /// Classes a request; `None` is never queued. These are questions about the server itself, and `system:masters`,
    /// who must get in to end whatever keeps the others out.
    pub(crate) fn of(user: Option<&'a User>, request: &Parts) -> Option<Self> {
        let user = user.filter(|user| !user.is_master())?;
        let path = decoded(request.uri.path()).unwrap_or_default();
        if is_health(&path) || path == "/version" {
            return None;
        }
        let wanted = Attributes::of(&request.method, &path, request.uri.query());
        let (is_lease, width) = match &wanted.target {
            Target::Resource(resource) => {
                let is_list = wanted.verb == "list";
                (
                    resource.resource == "leases",
                    if is_list { list_width(request.uri.query()) } else { body_width(request) },
                )
            }
            Target::Path(_) => (false, 1),
        };
        let runs_inside = |group: &String| group == "system:serviceaccounts" || group == "system:nodes";
        let level = match (is_lease && width == 1, user.groups.iter().any(runs_inside)) {
            (true, true) => Level::LeaderElection,
            (false, true) => Level::Workload,
            (_, false) => Level::Global,
        };
        Some(Self { level, flow: &user.name, width })
    }
}

/// A list without a limit, or with a large one, is as much work as many requests. A watch only begins here, and is none.
fn list_width(query: Option<&str>) -> usize {
    let mut pairs = query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let limit = pairs.find(|(name, _)| *name == "limit").and_then(|(_, value)| value.parse::<usize>().ok());
    limit
        .filter(|limit| *limit > 0)
        .map_or(LIST_ALL_SEATS, |limit| limit.div_ceil(LIST_LIMIT_OF_ONE_SEAT))
        .clamp(1, LIST_ALL_SEATS)
}

/// A body is decoded, checked and written; a megabyte of it is a thousand ordinary ones.
fn body_width(request: &Parts) -> usize {
    let bytes =
        request.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    1 + bytes.unwrap_or(0) / BODY_BYTES_PER_SEAT
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(user: (&str, &str), method: &str, uri: &str, length: usize) -> String {
        let user = User { name: user.0.to_owned(), groups: vec![user.1.to_owned()], ..User::default() };
        let request = http::Request::builder().method(method).uri(uri).header("content-length", length);
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        match Class::of(Some(&user), &parts) {
            Some(class) => format!("{:?} {} {}", class.level, class.flow, class.width),
            None => "exempt".to_owned(),
        }
    }

    #[test]
    fn requests_fall_into_levels_and_weigh_what_they_cost() {
        let admin = ("admin", "system:masters");
        let robot = ("system:serviceaccount:a:b", "system:serviceaccounts");
        let ann = ("ann", "devs");
        let lease = "/apis/coordination.k8s.io/v1/namespaces/a/leases/l";
        for (user, method, uri, length, expected) in [
            (admin, "GET", "/api/v1/pods", 0, "exempt"),
            (ann, "GET", "/readyz", 0, "exempt"),
            (ann, "GET", "/api/v1/namespaces/a/pods/p", 0, "Global ann 1"),
            (ann, "GET", "/apis", 0, "Global ann 1"),
            (robot, "GET", "/api/v1/namespaces/a/pods/p", 0, "Workload system:serviceaccount:a:b 1"),
            (robot, "PUT", lease, 300, "LeaderElection system:serviceaccount:a:b 1"),
            (ann, "PUT", lease, 300, "Global ann 1"),
            (ann, "GET", "/api/v1/pods", 0, "Global ann 8"),
            (ann, "GET", "/api/v1/pods?limit=500", 0, "Global ann 1"),
            (ann, "GET", "/api/v1/pods?limit=1500", 0, "Global ann 3"),
            (ann, "GET", "/api/v1/pods?limit=99999999", 0, "Global ann 8"),
            (ann, "GET", "/api/v1/pods?watch=true", 0, "Global ann 1"),
            (ann, "GET", "/api/v1/pods?watch=false", 0, "Global ann 8"),
            (ann, "POST", "/api/v1/namespaces/a/configmaps", 1 << 20, "Global ann 5"),
        ] {
            assert_eq!(class(user, method, uri, length), expected, "{method} {uri}");
        }
    }
}
