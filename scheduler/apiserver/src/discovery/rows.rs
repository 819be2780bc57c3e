//! What there is to discover: the rows of `kinds`, built and custom, and the reviews, which are asked and never stored.

use api::resource::Scope;
use api::{Resource, resource, version};

use crate::kinds::{self, Customs, Kind, Origin, Subresource};
use crate::rest::Review;

/// One resource as discovery shows it.
pub(crate) struct Row {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) singular: &'static str,
    pub(crate) namespaced: bool,
    pub(crate) verbs: &'static [&'static str],
    pub(crate) short_names: &'static [&'static str],
    pub(crate) categories: &'static [&'static str],
    pub(crate) subresources: Vec<Sub>,
}

/// A subresource and the kind it answers with.
pub(crate) struct Sub {
    pub(crate) name: &'static str,
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) verbs: &'static [&'static str],
}

const ALL_VERBS: &[&str] = &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
/// What is measured or derived can only be looked at.
const READ_VERBS: &[&str] = &["get", "list"];
/// Namespaces are deleted one by one.
const NAMESPACE_VERBS: &[&str] = &["create", "delete", "get", "list", "patch", "update", "watch"];

/// Questions a client posts and gets back with the answer.
static REVIEWS: [Resource; 6] = [
    review("authentication.k8s.io", "SelfSubjectReview", "selfsubjectreviews", Scope::Cluster),
    review("authentication.k8s.io", "TokenReview", "tokenreviews", Scope::Cluster),
    review("authorization.k8s.io", "LocalSubjectAccessReview", "localsubjectaccessreviews", Scope::Namespaced),
    review("authorization.k8s.io", "SelfSubjectAccessReview", "selfsubjectaccessreviews", Scope::Cluster),
    review("authorization.k8s.io", "SelfSubjectRulesReview", "selfsubjectrulesreviews", Scope::Cluster),
    review("authorization.k8s.io", "SubjectAccessReview", "subjectaccessreviews", Scope::Cluster),
];

const fn review(group: &'static str, kind: &'static str, plural: &'static str, scope: Scope) -> Resource {
    Resource { group, version: "v1", kind, plural, scope }
}

/// What a question is called.
pub(crate) fn review_resource(review: Review<'_>) -> &'static Resource {
    &REVIEWS[match review {
        Review::Subject => 0,
        Review::Token => 1,
        Review::LocalAccess(_) => 2,
        Review::Access => 3,
        Review::Rules => 4,
        Review::SubjectAccess => 5,
    }]
}

/// Every group and version that has a row, in the order of the table.
pub(crate) fn group_versions(customs: &Customs) -> Vec<(&'static str, &'static str)> {
    groups(customs)
        .into_iter()
        .flat_map(|(group, versions)| versions.into_iter().map(move |version| (group, version)))
        .collect()
}

/// Every group with its versions, the preferred one first: the one that is stored, or the most stable of custom ones.
pub(crate) fn groups(customs: &Customs) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut custom: Vec<_> = customs.rows().map(|kind| stored(kind, kind.resource)).collect();
    custom.sort_by(|a, b| a.group.cmp(b.group).then_with(|| version::order(a.version, b.version)));
    for row in built().chain(custom) {
        match found.iter_mut().find(|(group, _)| *group == row.group) {
            Some((_, versions)) if versions.contains(&row.version) => {}
            Some((_, versions)) => versions.push(row.version),
            None => found.push((row.group, vec![row.version])),
        }
    }
    found
}

/// The rows of one group version; none if it is not served.
pub(crate) fn of(customs: &Customs, group: &str, version: &str) -> Vec<Row> {
    let custom = customs.rows().map(|kind| stored(kind, kind.resource));
    built().chain(custom).filter(|row| row.group == group && row.version == version).collect()
}

fn built() -> impl Iterator<Item = Row> {
    let stored = resource::ALL.into_iter().flat_map(|resource| {
        let kind = kinds::of(resource);
        let also = kind.also.iter().map(|served| served.resource);
        std::iter::once(resource).chain(also).map(|resource| self::stored(kind, resource))
    });
    stored.chain(REVIEWS.iter().map(asked))
}

fn stored(kind: &Kind, resource: &'static Resource) -> Row {
    Row {
        group: resource.group,
        version: resource.version,
        kind: resource.kind,
        plural: resource.plural,
        singular: kind.singular,
        namespaced: resource.is_namespaced(),
        verbs: match kind.origin {
            Origin::Measured | Origin::Derived => READ_VERBS,
            Origin::Stored if *resource == resource::NAMESPACES => NAMESPACE_VERBS,
            Origin::Stored => ALL_VERBS,
        },
        short_names: kind.short_names,
        categories: kind.categories,
        subresources: kind.subresources.iter().filter_map(|sub| subresource(resource, *sub)).collect(),
    }
}

fn asked(resource: &'static Resource) -> Row {
    Row {
        group: resource.group,
        version: resource.version,
        kind: resource.kind,
        plural: resource.plural,
        singular: resource.plural.strip_suffix('s').unwrap_or(resource.plural),
        namespaced: resource.is_namespaced(),
        verbs: &["create"],
        short_names: &[],
        categories: &[],
        subresources: Vec::new(),
    }
}

fn subresource(parent: &Resource, sub: Subresource) -> Option<Sub> {
    const WRITTEN: &[&str] = &["get", "patch", "update"];
    const CONNECTED: &[&str] = &["create", "get"];
    const PASSED_ON: &[&str] = &["create", "delete", "get", "patch", "update"];
    let own = (parent.group, parent.version, parent.kind);
    let ((group, version, kind), verbs): (_, &'static [&'static str]) = match sub {
        Subresource::Main => return None,
        Subresource::Status | Subresource::EphemeralContainers => (own, WRITTEN),
        Subresource::Scale => (("autoscaling", "v1", "Scale"), WRITTEN),
        Subresource::Finalize => (own, &["update"]),
        Subresource::Binding => (("", "v1", "Binding"), &["create"]),
        Subresource::Eviction => (("policy", "v1", "Eviction"), &["create"]),
        Subresource::Log => (own, &["get"]),
        Subresource::Token => (("authentication.k8s.io", "v1", "TokenRequest"), &["create"]),
        Subresource::Exec => (("", "v1", "PodExecOptions"), CONNECTED),
        Subresource::Attach => (("", "v1", "PodAttachOptions"), CONNECTED),
        Subresource::PortForward => (("", "v1", "PodPortForwardOptions"), CONNECTED),
        Subresource::Proxy if parent.plural == "pods" => (("", "v1", "PodProxyOptions"), PASSED_ON),
        Subresource::Proxy => (("", "v1", "ServiceProxyOptions"), PASSED_ON),
    };
    Some(Sub { name: sub.name(), group, version, kind, verbs })
}
