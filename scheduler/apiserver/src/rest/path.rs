//! What a URL path means. Pure.

use std::borrow::Cow;

use api::Resource;

use crate::kinds::{Asked, Kinds, Row, Served, Subresource};

/// A path, understood.
#[derive(Debug, PartialEq)]
pub(crate) enum Route<'a> {
    /// `/healthz`, `/livez`, `/readyz`.
    Health(&'a str),
    /// `/version`.
    Version,
    /// `/api`, `/apis` and what lists resources below them.
    Discovery(Discovery<'a>),
    /// `/openapi/...`.
    OpenApi(OpenApi<'a>),
    /// What others need to know to judge our tokens.
    OpenId(OpenId),
    /// Questions about rights.
    Review(Review<'a>),
    /// Objects.
    Objects(Address<'a>),
    /// Nothing of ours.
    Other,
}

/// A discovery document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Discovery<'a> {
    /// `/api`
    Core,
    /// `/apis`
    Groups,
    /// `/apis/apps`
    Group(&'a str),
    /// `/api/v1`, `/apis/apps/v1`
    Version { group: &'a str, version: &'a str },
}

/// An OpenAPI document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum OpenApi<'a> {
    /// `/openapi/v2`
    V2,
    /// `/openapi/v3`
    Index,
    /// `/openapi/v3/apis/apps/v1`
    Version { group: &'a str, version: &'a str },
}

/// A document of the issuer of tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum OpenId {
    /// `/.well-known/openid-configuration`
    Configuration,
    /// `/openid/v1/jwks`
    Keys,
}

/// A question about rights or identities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Review<'a> {
    /// May I do this?
    Access,
    /// What may I do?
    Rules,
    /// Who am I?
    Subject,
    /// May someone do this?
    SubjectAccess,
    /// May someone do this in this namespace?
    LocalAccess(&'a str),
    /// Whose token is this?
    Token,
}

/// Objects of a kind: one, or all in a namespace, or all.
#[derive(Clone)]
pub(crate) struct Address<'a> {
    pub(crate) kind: Row,
    /// The version in the path, if it is not the one that is stored.
    pub(crate) served: Option<&'static Served>,
    /// `None` for every namespace and for cluster-scoped kinds.
    pub(crate) namespace: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
    pub(crate) part: Subresource,
    /// The old form of watching, `/api/v1/watch/pods`.
    pub(crate) watch: bool,
}

impl std::fmt::Debug for Address<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?} {:?} {:?}", self.kind.singular, self.namespace, self.name, self.part)
    }
}

impl PartialEq for Address<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.resource(), other.resource())
            && (self.namespace, self.name, self.part, self.watch)
                == (other.namespace, other.name, other.part, other.watch)
    }
}

impl Address<'_> {
    /// The kind in the version of the path.
    pub(crate) fn asked(&self) -> Asked<'_> {
        Asked { kind: &self.kind, served: self.served }
    }

    /// The resource as the path names it.
    pub(crate) fn resource(&self) -> &'static Resource {
        self.asked().resource()
    }

    /// The namespace as part of a key.
    pub(crate) fn space(&self) -> &str {
        self.namespace.unwrap_or_default()
    }
}

impl<'a> Route<'a> {
    /// Understands a path. A slash at the end changes nothing.
    pub(crate) fn parse(path: &'a str, kinds: &Kinds) -> Self {
        let trimmed = path.strip_suffix('/').unwrap_or(path);
        if trimmed.contains("//") {
            // Authorization reads nothing into such a path, and so does nobody.
            return Self::Other;
        }
        let mut segments: Vec<&str> = trimmed.split('/').skip(1).collect();
        let mut watch = false;
        if let ["api", _, "watch", _, ..] = segments.as_slice() {
            segments.remove(2);
            watch = true;
        } else if let ["apis", _, _, "watch", _, ..] = segments.as_slice() {
            segments.remove(3);
            watch = true;
        }
        match segments.as_slice() {
            [probe @ ("healthz" | "livez" | "readyz"), ..] => Self::Health(probe),
            ["version"] => Self::Version,
            ["api"] => Self::Discovery(Discovery::Core),
            ["apis"] => Self::Discovery(Discovery::Groups),
            ["apis", group] => Self::Discovery(Discovery::Group(group)),
            ["api", version] => Self::Discovery(Discovery::Version { group: "", version }),
            ["apis", group, version] => Self::Discovery(Discovery::Version { group, version }),
            [".well-known", "openid-configuration"] => Self::OpenId(OpenId::Configuration),
            ["openid", "v1", "jwks"] => Self::OpenId(OpenId::Keys),
            ["openapi", "v2"] => Self::OpenApi(OpenApi::V2),
            ["openapi", "v3"] => Self::OpenApi(OpenApi::Index),
            ["openapi", "v3", "api", version] => Self::OpenApi(OpenApi::Version { group: "", version }),
            ["openapi", "v3", "apis", group, version] => Self::OpenApi(OpenApi::Version { group, version }),
            ["api", "v1", rest @ ..] => objects(kinds, "", "v1", rest, watch),
            ["apis", "authorization.k8s.io", "v1", rest @ ..] => authorization(rest),
            ["apis", "authentication.k8s.io", "v1", "selfsubjectreviews"] => Self::Review(Review::Subject),
            ["apis", "authentication.k8s.io", "v1", "tokenreviews"] => Self::Review(Review::Token),
            ["apis", group, version, rest @ ..] => objects(kinds, group, version, rest, watch),
            _ => Self::Other,
        }
    }
}

/// Whether a path asks if the server lives.
pub(crate) fn is_health(path: &str) -> bool {
    matches!(path.split('/').nth(1), Some("healthz" | "livez" | "readyz"))
}

/// The path of a URL with its escapes resolved. `None` for one that hides a slash or holds no text: nothing has such a
/// name, and what reads a path next might read it otherwise.
pub(crate) fn decoded(path: &str) -> Option<Cow<'_, str>> {
    let hides = path.as_bytes().windows(3).any(|window| window.eq_ignore_ascii_case(b"%2f") || window == b"%00");
    if hides { None } else { percent_decoded(path) }
}

/// A text with its `%XX` resolved; `None` if they do not resolve to text.
pub(crate) fn percent_decoded(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(text.into());
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        let value = digit()? * 16 + digit()?;
        out.push(u8::try_from(value).ok()?);
    }
    String::from_utf8(out).ok().map(Cow::Owned)
}

fn authorization<'a>(rest: &[&'a str]) -> Route<'a> {
    match rest {
        ["selfsubjectaccessreviews"] => Route::Review(Review::Access),
        ["selfsubjectrulesreviews"] => Route::Review(Review::Rules),
        ["subjectaccessreviews"] => Route::Review(Review::SubjectAccess),
        ["namespaces", namespace, "localsubjectaccessreviews"] => Route::Review(Review::LocalAccess(namespace)),
        _ => Route::Other,
    }
}

fn objects<'a>(kinds: &Kinds, group: &str, version: &str, rest: &[&'a str], watch: bool) -> Route<'a> {
    // `/namespaces/a/pods` is about Pods, `/namespaces/a/status` and `/namespaces/a` about a Namespace.
    let (namespace, rest) = match rest {
        ["namespaces", _, part] if group.is_empty() && matches!(*part, "status" | "finalize") => (None, rest),
        ["namespaces", namespace, tail @ ..] if !tail.is_empty() => (Some(*namespace), tail),
        _ => (None, rest),
    };
    let (plural, name, part) = match rest {
        [plural] => (*plural, None, ""),
        [plural, name] => (*plural, Some(*name), ""),
        [plural, name, part] => (*plural, Some(*name), *part),
        // What follows is for the Pod to understand.
        [plural, name, part @ "proxy", ..] => (*plural, Some(*name), *part),
        _ => return Route::Other,
    };
    let Some((kind, served)) = kinds.find(group, version, plural) else { return Route::Other };
    let resource = kind.resource;
    let part = if part.is_empty() {
        Some(Subresource::Main)
    } else {
        kind.subresources.iter().copied().find(|found| found.name() == part)
    };
    let Some(part) = part else { return Route::Other };
    let empty = |text: Option<&str>| text.is_some_and(str::is_empty);
    let misplaced = resource.is_namespaced() == namespace.is_none() && (name.is_some() || namespace.is_some());
    if misplaced || empty(namespace) || empty(name) {
        return Route::Other;
    }
    Route::Objects(Address { kind, served, namespace, name, part, watch })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved_unless_they_hide_something() {
        for (path, wanted) in [
            ("/a/b", Some("/a/b")),
            ("/clusterroles/system%3Adiscovery", Some("/clusterroles/system:discovery")),
            ("/a%C3%BC", Some("/aü")),
            ("/a%2Fb", None),
            ("/a%2fb", None),
            ("/a%00", None),
            ("/a%zz", None),
            ("/a%4", None),
            ("/a%ff", None),
        ] {
            assert_eq!(decoded(path).as_deref(), wanted, "{path}");
        }
    }

    fn shown(path: &str) -> String {
        match Route::parse(path, &Kinds::default()) {
            Route::Objects(address) => format!("{address:?}{}", if address.watch { " watch" } else { "" }),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn paths_are_understood() {
        for (path, expected) in [
            ("/api/v1/pods", "pod None None Main"),
            ("/api/v1/namespaces/a/pods", "pod Some(\"a\") None Main"),
            ("/api/v1/namespaces/a/pods/b/log", "pod Some(\"a\") Some(\"b\") Log"),
            ("/api/v1/namespaces/a", "namespace None Some(\"a\") Main"),
            ("/api/v1/namespaces/a/", "namespace None Some(\"a\") Main"),
            ("/api/v1/namespaces/a/status", "namespace None Some(\"a\") Status"),
            ("/api/v1/nodes/n", "node None Some(\"n\") Main"),
            ("/api/v1/watch/namespaces/a/pods", "pod Some(\"a\") None Main watch"),
            ("/apis/apps/v1/namespaces/a/deployments/d/scale", "deployment Some(\"a\") Some(\"d\") Scale"),
            ("/api/v1/namespaces/a/services/http:s:80/proxy/x/y", "service Some(\"a\") Some(\"http:s:80\") Proxy"),
            ("/apis/apps/v1", "Discovery(Version { group: \"apps\", version: \"v1\" })"),
            ("/version/", "Version"),
            ("/readyz/ping", "Health(\"readyz\")"),
            ("/apis/authentication.k8s.io/v1/selfsubjectreviews", "Review(Subject)"),
            ("/openapi/v3/api/v1", "OpenApi(Version { group: \"\", version: \"v1\" })"),
        ] {
            assert_eq!(shown(path), expected, "{path}");
        }
        for other in [
            "/",
            "",
            "/api/v2/pods",
            "/apis/apps/v1beta1/deployments",
            "/api/v1/namespaces/a/nodes",
            "/api/v1/pods/x",
            "/api/v1/namespaces/a/pods/b/c",
            "/api/v1/namespaces//pods",
            "/apis//v1/secrets",
            "/apis//v1/namespaces/a/secrets/b",
            "//api/v1/pods",
            "/api/v1/namespaces/a/pods/b/log/x",
            "/apis/apps/v1/namespaces/a/pods",
        ] {
            assert_eq!(shown(other), "Other", "{other}");
        }
    }
}
