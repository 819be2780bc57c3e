//! What a request wants, as authorization sees it: a verb, and a resource or a path. Pure.
//!
//! Read from the URL alone, and from nothing that depends on which resources are served: who may not ask for a thing
//! does not learn from the answer whether it exists.

use std::borrow::Cow;
use std::fmt;

use http::Method;

use crate::rest::Address;

/// What someone wants to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attributes<'a> {
    /// `get`, `list`, ...; a method in lower case for a path.
    pub(crate) verb: Cow<'a, str>,
    pub(crate) target: Target<'a>,
}

/// What it is to be done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target<'a> {
    /// A resource of the API.
    Resource(Wanted<'a>),
    /// Any other path.
    Path(Cow<'a, str>),
}

/// A resource, all of it or one object. What does not apply is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wanted<'a> {
    pub(crate) group: Cow<'a, str>,
    pub(crate) version: Cow<'a, str>,
    /// Plural.
    pub(crate) resource: Cow<'a, str>,
    pub(crate) subresource: Cow<'a, str>,
    /// Empty for all namespaces and for what has none.
    pub(crate) namespace: Cow<'a, str>,
    pub(crate) name: Cow<'a, str>,
}

impl<'a> Attributes<'a> {
    /// Whether they are about the very objects that a path was understood to name. What was allowed is then what is
    /// done, whatever else changes in how paths are read.
    pub(crate) fn are_of(&self, address: &Address<'_>) -> bool {
        let Target::Resource(wanted) = &self.target else { return false };
        let resource = address.resource();
        let is_in = !resource.is_namespaced() || wanted.namespace == address.space();
        let is_it = address.name.is_none_or(|name| wanted.name == name);
        wanted.group == resource.group
            && wanted.version == resource.version
            && wanted.resource == resource.plural
            && wanted.subresource == address.part.name()
            && is_in
            && is_it
    }

    /// A verb on a resource.
    pub(crate) fn resource(verb: &'a str, wanted: Wanted<'a>) -> Self {
        Self { verb: verb.into(), target: Target::Resource(wanted) }
    }

    /// What a request wants, by its method, its decoded path and its query.
    pub(crate) fn of(method: &Method, path: &'a str, query: Option<&str>) -> Self {
        let Some((mut wanted, watch)) = parse(path) else {
            let verb = method.as_str().to_ascii_lowercase();
            return Self { verb: verb.into(), target: Target::Path(path.into()) };
        };
        let query = Query::parse(query.unwrap_or_default());
        let is_watch = watch || query.watch;
        let verb = match (method.as_str(), wanted.name.is_empty()) {
            // Connecting to a Pod is `create` also where it begins with a GET, as WebSockets do: who may look at Pods
            // may not enter them (Kubernetes since 1.35, `AuthorizePodWebsocketUpgradeCreatePermission`).
            ("GET" | "POST", false) if is_connect(&wanted) => "create",
            // A query is the Pod's where the request is passed on to one.
            ("GET" | "HEAD", false) if wanted.subresource == "proxy" => "get",
            ("GET" | "HEAD", _) if is_watch => "watch",
            ("GET" | "HEAD", false) => "get",
            ("GET" | "HEAD", true) => "list",
            ("POST", _) => "create",
            ("PUT", _) => "update",
            ("PATCH", _) => "patch",
            ("DELETE", false) => "delete",
            ("DELETE", true) => "deletecollection",
            // A method that no resource has: no rule allows it but one for everything.
            _ => "",
        };
        if let Some(name) = query.name.filter(|_| wanted.name.is_empty() && verb != "create") {
            // Who may see one object by its name may also list and watch that one.
            wanted.name = name.into();
        }
        Self { verb: verb.into(), target: Target::Resource(wanted) }
    }
}

fn is_connect(wanted: &Wanted<'_>) -> bool {
    wanted.group.is_empty()
        && wanted.resource == "pods"
        && matches!(&*wanted.subresource, "exec" | "attach" | "portforward")
}

/// The resource of a path, and whether it is the old form of a watch; `None` for other paths.
fn parse(path: &str) -> Option<(Wanted<'_>, bool)> {
    // An empty segment is not passed over: what reads the path next would take it for a name.
    let trimmed = path.strip_suffix('/').unwrap_or(path);
    if trimmed.contains("//") {
        return None;
    }
    let mut segments = trimmed.split('/').skip(1);
    let (group, version) = match segments.next()? {
        "api" => ("", segments.next()?),
        "apis" => (segments.next()?, segments.next()?),
        _ => return None,
    };
    let mut rest: Vec<&str> = segments.collect();
    let watch = rest.len() > 1 && rest[0] == "watch";
    if watch {
        rest.remove(0);
    }
    let mut namespace = "";
    let mut own = rest.as_slice();
    if let ["namespaces", name, tail @ ..] = own {
        // A Namespace lies in itself, so that who has rights in it may look at it.
        namespace = name;
        if tail.first().is_some_and(|part| !matches!(*part, "status" | "finalize")) {
            own = tail;
        }
    }
    let (resource, own) = own.split_first()?;
    let part = |at: usize| own.get(at).copied().unwrap_or_default();
    let wanted = Wanted {
        group: group.into(),
        version: version.into(),
        resource: (*resource).into(),
        subresource: part(1).into(),
        namespace: namespace.into(),
        name: part(0).into(),
    };
    Some((wanted, watch))
}

/// What of a query matters.
struct Query {
    watch: bool,
    /// The one name that a field selector admits.
    name: Option<String>,
}

impl Query {
    /// Of a parameter that is there twice only the first counts, as for those who answer the request: otherwise one
    /// thing would be allowed and another done.
    fn parse(query: &str) -> Self {
        let form = form(query);
        let first = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let is_true = |text: &str| !matches!(text, "0" | "f" | "F" | "false" | "False" | "FALSE");
        Self { watch: first("watch").is_some_and(is_true), name: first("fieldSelector").and_then(exact_name) }
    }
}

/// The pairs of a query, decoded. What does not decode is not there: the handler refuses it.
pub(crate) fn form(query: &str) -> Vec<(String, String)> {
    let uri = http::Uri::builder().path_and_query(format!("/?{query}")).build();
    let pairs = uri.ok().and_then(|uri| axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri).ok());
    pairs.map(|pairs| pairs.0).unwrap_or_default()
}

fn exact_name(selector: &str) -> Option<String> {
    if selector.contains('\\') {
        return None;
    }
    let term = selector.split(',').find_map(|term| term.trim().strip_prefix("metadata.name="))?;
    let name = term.strip_prefix('=').unwrap_or(term);
    (!name.is_empty() && !name.contains('/')).then(|| name.to_owned())
}

/// `get resource "pods/log" in API group "" in the namespace "shop"`, or `get path "/metrics"`.
impl fmt::Display for Attributes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            Target::Path(path) => write!(f, "{} path {path:?}", self.verb),
            Target::Resource(wanted) => {
                let Wanted { group, resource, subresource, namespace, .. } = wanted;
                let part = if subresource.is_empty() { String::new() } else { format!("/{subresource}") };
                write!(f, "{} resource \"{resource}{part}\" in API group {group:?}", self.verb)?;
                if namespace.is_empty() {
                    f.write_str(" at the cluster scope")
                } else {
                    write!(f, " in the namespace {namespace:?}")
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(method: &str, target: &str) -> String {
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let attributes = Attributes::of(&method, path, query);
        let name = match &attributes.target {
            Target::Resource(wanted) if !wanted.name.is_empty() => format!(" {}", wanted.name),
            _ => String::new(),
        };
        format!("{attributes}{name}")
    }

    /// Method, target, what is wanted and the name of the object.
    const REQUESTS: &[(&str, &str, &str)] = &[
        ("GET", "/api/v1/pods", r#"list resource "pods" in API group "" at the cluster scope"#),
        ("GET", "/api/v1/pods?watch=1", r#"watch resource "pods" in API group "" at the cluster scope"#),
        ("GET", "/api/v1/pods?watch=false", r#"list resource "pods" in API group "" at the cluster scope"#),
        ("GET", "/api/v1/pods?watch", r#"watch resource "pods" in API group "" at the cluster scope"#),
        ("GET", "/api/v1/watch/namespaces/a/pods/b", r#"watch resource "pods" in API group "" in the namespace "a" b"#),
        (
            "GET",
            "/api/v1/namespaces/a/pods/b?watch=true",
            r#"watch resource "pods" in API group "" in the namespace "a" b"#,
        ),
        ("HEAD", "/api/v1/namespaces/a/pods/b", r#"get resource "pods" in API group "" in the namespace "a" b"#),
        (
            "GET",
            "/api/v1/namespaces/a/secrets?fieldSelector=metadata.name%3Dx",
            r#"list resource "secrets" in API group "" in the namespace "a" x"#,
        ),
        (
            "GET",
            "/api/v1/namespaces/a/secrets?watch=1&fieldSelector=type%21%3DOpaque%2Cmetadata.name%3D%3Dx",
            r#"watch resource "secrets" in API group "" in the namespace "a" x"#,
        ),
        (
            "GET",
            "/api/v1/namespaces/a/secrets?fieldSelector=metadata.name%21%3Dx",
            r#"list resource "secrets" in API group "" in the namespace "a""#,
        ),
        (
            "GET",
            "/api/v1/namespaces/a/secrets?fieldSelector=&watch=0&watch=1&fieldSelector=metadata.name%3Dx",
            r#"list resource "secrets" in API group "" in the namespace "a""#,
        ),
        (
            "DELETE",
            "/api/v1/namespaces/a/pods",
            r#"deletecollection resource "pods" in API group "" in the namespace "a""#,
        ),
        (
            "DELETE",
            "/apis/apps/v1/namespaces/a/deployments/d",
            r#"delete resource "deployments" in API group "apps" in the namespace "a" d"#,
        ),
        (
            "PATCH",
            "/apis/apps/v1/namespaces/a/deployments/d/scale",
            r#"patch resource "deployments/scale" in API group "apps" in the namespace "a" d"#,
        ),
        (
            "POST",
            "/api/v1/namespaces/a/pods/b/exec?command=x",
            r#"create resource "pods/exec" in API group "" in the namespace "a" b"#,
        ),
        (
            "GET",
            "/api/v1/namespaces/a/services/s/proxy/x/y",
            r#"get resource "services/proxy" in API group "" in the namespace "a" s"#,
        ),
        (
            "GET",
            "/api/v1/namespaces/a/pods/http:p:80/proxy/?watch=1",
            r#"get resource "pods/proxy" in API group "" in the namespace "a" http:p:80"#,
        ),
        ("GET", "/api/v1/namespaces/a", r#"get resource "namespaces" in API group "" in the namespace "a" a"#),
        (
            "PUT",
            "/api/v1/namespaces/a/finalize",
            r#"update resource "namespaces/finalize" in API group "" in the namespace "a" a"#,
        ),
        ("GET", "/api/v1/namespaces", r#"list resource "namespaces" in API group "" at the cluster scope"#),
        (
            "GET",
            "/apis/none.example.com/v7/things",
            r#"list resource "things" in API group "none.example.com" at the cluster scope"#,
        ),
        ("TRACE", "/api/v1/pods", r#" resource "pods" in API group "" at the cluster scope"#),
        ("GET", "/apis/apps/v1", r#"get path "/apis/apps/v1""#),
        ("GET", "/api/v1", r#"get path "/api/v1""#),
        ("POST", "/v2/a/blobs/uploads/", r#"post path "/v2/a/blobs/uploads/""#),
        ("GET", "/apis//v1/secrets", r#"get path "/apis//v1/secrets""#),
        ("GET", "/api/v1//secrets", r#"get path "/api/v1//secrets""#),
        ("GET", "//api/v1/secrets", r#"get path "//api/v1/secrets""#),
        ("GET", "/api/v1/pods/", r#"list resource "pods" in API group "" at the cluster scope"#),
        ("GET", "/metrics", r#"get path "/metrics""#),
    ];

    #[test]
    fn requests_are_read_as_kubernetes_reads_them() {
        for (method, target, wanted) in REQUESTS {
            assert_eq!(shown(method, target), *wanted, "{method} {target}");
        }
    }
}
