//! One rule: what it allows, and how messages show it. Pure.

use api::rbac::PolicyRule;

use super::attributes::{Attributes, Target, Wanted};

/// Stands for every verb, group, resource or path.
pub(super) const ALL: &str = "*";

/// What may do everything may do.
pub(crate) fn everything() -> Vec<PolicyRule> {
    let all = || vec![ALL.to_owned()];
    let resources =
        PolicyRule { verbs: all(), api_groups: Some(all()), resources: Some(all()), ..PolicyRule::default() };
    let paths = PolicyRule { verbs: all(), non_resource_urls: Some(all()), ..PolicyRule::default() };
    vec![resources, paths]
}

/// Whether a rule allows what is wanted.
pub(super) fn allows(rule: &PolicyRule, wanted: &Attributes<'_>) -> bool {
    if !has_or_all(&rule.verbs, &wanted.verb) {
        return false;
    }
    match &wanted.target {
        Target::Path(path) => list(rule.non_resource_urls.as_ref()).iter().any(|url| url_covers(url, path)),
        Target::Resource(resource) => allows_resource(rule, resource),
    }
}

fn allows_resource(rule: &PolicyRule, wanted: &Wanted<'_>) -> bool {
    let names = list(rule.resource_names.as_ref());
    has_or_all(list(rule.api_groups.as_ref()), &wanted.group)
        && list(rule.resources.as_ref())
            .iter()
            .any(|resource| is_resource(resource, &wanted.resource, &wanted.subresource))
        && (names.is_empty() || names.iter().any(|name| *name == wanted.name))
}

/// Whether `pods`, `pods/log`, `*/scale` or `*` names a resource and its part.
pub(super) fn is_resource(rule: &str, resource: &str, part: &str) -> bool {
    if rule == ALL {
        return true;
    }
    match rule.split_once('/') {
        None => part.is_empty() && rule == resource,
        Some((of, named)) => !part.is_empty() && named == part && (of == ALL || of == resource),
    }
}

/// Whether a path of a rule, which may end in `*`, holds a path.
pub(super) fn url_covers(rule: &str, path: &str) -> bool {
    rule == path || rule.ends_with('*') && path.starts_with(rule.trim_end_matches('*'))
}

/// Whether a list holds a text or stands for every one.
pub(super) fn has_or_all(texts: &[String], wanted: &str) -> bool {
    texts.iter().any(|text| text == ALL || text == wanted)
}

/// A list that may be absent.
pub(super) fn list(texts: Option<&Vec<String>>) -> &[String] {
    texts.map(Vec::as_slice).unwrap_or_default()
}

/// A rule in one line, `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`, as Kubernetes' refusals show it.
pub(super) fn shown(rule: &PolicyRule) -> String {
    let parts = [
        ("APIGroups", list(rule.api_groups.as_ref())),
        ("Resources", list(rule.resources.as_ref())),
        ("NonResourceURLs", list(rule.non_resource_urls.as_ref())),
        ("ResourceNames", list(rule.resource_names.as_ref())),
        ("Verbs", rule.verbs.as_slice()),
    ];
    let parts = parts.into_iter().filter(|(_, texts)| !texts.is_empty());
    let parts: Vec<String> = parts.map(|(name, texts)| format!("{name}:{}", quoted(texts))).collect();
    format!("{{{}}}", parts.join(", "))
}

/// Texts as Go's `%q` shows a list: `["a" "b"]`.
pub(super) fn quoted(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
    format!("[{}]", texts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_parts_and_stars_are_told_apart() {
        for (rule, resource, part, wanted) in [
            ("pods", "pods", "", true),
            ("pods", "pods", "log", false),
            ("pods/log", "pods", "log", true),
            ("pods/log", "pods", "", false),
            ("*", "pods", "log", true),
            ("*/scale", "deployments", "scale", true),
            ("*/scale", "deployments", "", false),
            ("*/scale", "deployments", "status", false),
            ("*/*", "deployments", "scale", false),
            ("pods/*", "pods", "log", false),
            ("pod*", "pods", "", false),
        ] {
            assert_eq!(is_resource(rule, resource, part), wanted, "{rule} {resource}/{part}");
        }
    }

    #[test]
    fn paths_end_in_a_star_or_are_meant_exactly() {
        for (rule, path, wanted) in [
            ("/metrics", "/metrics", true),
            ("/metrics", "/metrics/x", false),
            ("/v2/*", "/v2/a/b", true),
            ("/v2/*", "/v2", false),
            ("/v2*", "/v2", true),
            ("*", "/anything", true),
            ("/*/x", "/a/x", false),
        ] {
            assert_eq!(url_covers(rule, path), wanted, "{rule} {path}");
        }
    }

    #[test]
    fn rules_read_as_in_kubernetes() {
        let rule = PolicyRule {
            api_groups: Some(vec![String::new(), "apps".to_owned()]),
            resources: Some(vec!["pods".to_owned()]),
            verbs: vec!["get".to_owned(), "list".to_owned()],
            ..PolicyRule::default()
        };
        assert_eq!(shown(&rule), r#"{APIGroups:["" "apps"], Resources:["pods"], Verbs:["get" "list"]}"#);
    }
}
