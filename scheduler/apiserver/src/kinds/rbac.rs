//! Roles and their bindings.

use api::rbac::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject};
use api::resource::{CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES};
use api::{Resource, name};
use serde_json::{Value, json};

use super::{decode, meta};
use crate::field::{Path, Problems};
use crate::status::Status;
use crate::value;

/// The API group of all four kinds, of users and of groups.
const GROUP: &str = "rbac.authorization.k8s.io";

/// Fills in the groups that references leave out.
pub(super) fn binding_defaults(binding: &mut Value) {
    if let Some(role) = value::existing(binding, &["roleRef"]) {
        fill(role, GROUP);
    }
    for subject in value::elements(binding, &["subjects"]) {
        let group = if matches!(value::text(subject, &["kind"]), "User" | "Group") { GROUP } else { "" };
        if !group.is_empty() {
            fill(subject, group);
        }
    }
}

fn fill(reference: &mut Value, group: &str) {
    if value::text(reference, &["apiGroup"]).is_empty() && reference.is_object() {
        reference["apiGroup"] = json!(group);
    }
}

/// Decodes and checks a Role.
pub(super) fn role(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let role: Role = decode(&ROLES, object)?;
    check_rules(&role.rules.unwrap_or_default(), &ROLES, problems);
    Ok(())
}

/// Decodes and checks a ClusterRole.
pub(super) fn cluster_role(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let role: ClusterRole = decode(&CLUSTER_ROLES, object)?;
    check_rules(&role.rules.unwrap_or_default(), &CLUSTER_ROLES, problems);
    let Some(gathers) = role.aggregation_rule else { return Ok(()) };
    let path = Path::new("aggregationRule").child("clusterRoleSelectors");
    let selectors = gathers.cluster_role_selectors.unwrap_or_default();
    if selectors.is_empty() {
        problems.required(&path, "at least one clusterRoleSelector required if aggregationRule is non-nil");
    }
    for (at, selector) in selectors.iter().enumerate() {
        meta::check_selector(&path.index(at), selector, problems);
    }
    Ok(())
}

fn check_rules(rules: &[PolicyRule], resource: &Resource, problems: &mut Problems) {
    for (at, rule) in rules.iter().enumerate() {
        check_rule(&Path::new("rules").index(at), rule, resource, problems);
    }
}

fn check_rule(path: &Path, rule: &PolicyRule, resource: &Resource, problems: &mut Problems) {
    let is_empty = |texts: &Option<Vec<String>>| texts.as_ref().is_none_or(Vec::is_empty);
    if rule.verbs.is_empty() {
        problems.required(&path.child("verbs"), "verbs must contain at least one value");
    }
    if let Some(urls) = rule.non_resource_urls.as_ref().filter(|urls| !urls.is_empty()) {
        let path = path.child("nonResourceURLs");
        if resource.is_namespaced() {
            problems.invalid(&path, urls, "namespaced rules cannot apply to non-resource URLs");
        }
        if !is_empty(&rule.api_groups) || !is_empty(&rule.resources) || !is_empty(&rule.resource_names) {
            problems.invalid(&path, urls, "rules cannot apply to both regular resources and non-resource URLs");
        }
        return;
    }
    if is_empty(&rule.api_groups) {
        problems.required(&path.child("apiGroups"), "resource rules must supply at least one api group");
    }
    if is_empty(&rule.resources) {
        problems.required(&path.child("resources"), "resource rules must supply at least one resource");
    }
}

/// Decodes and checks a RoleBinding.
pub(super) fn binding(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let binding: RoleBinding = decode(&ROLE_BINDINGS, object)?;
    check_role_ref(&binding.role_ref, &["Role", "ClusterRole"], problems);
    check_subjects(&binding.subjects.unwrap_or_default(), problems);
    Ok(())
}

/// Decodes and checks a ClusterRoleBinding.
pub(super) fn cluster_binding(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let binding: ClusterRoleBinding = decode(&CLUSTER_ROLE_BINDINGS, object)?;
    check_role_ref(&binding.role_ref, &["ClusterRole"], problems);
    check_subjects(&binding.subjects.unwrap_or_default(), problems);
    Ok(())
}

fn check_role_ref(role: &RoleRef, kinds: &[&str], problems: &mut Problems) {
    let path = Path::new("roleRef");
    if role.api_group.as_deref() != Some(GROUP) {
        problems.not_supported(&path.child("apiGroup"), role.api_group.as_deref().unwrap_or_default(), &[GROUP]);
    }
    if !kinds.contains(&role.kind.as_str()) {
        problems.not_supported(&path.child("kind"), &role.kind, kinds);
    }
    match role.name.as_str() {
        "" => problems.required(&path.child("name"), ""),
        found => problems.check(&path.child("name"), found, name::check_path_segment(found)),
    }
}

fn check_subjects(subjects: &[Subject], problems: &mut Problems) {
    for (at, subject) in subjects.iter().enumerate() {
        check_subject(&Path::new("subjects").index(at), subject, problems);
    }
}

fn check_subject(path: &Path, subject: &Subject, problems: &mut Problems) {
    if subject.name.is_empty() {
        problems.required(&path.child("name"), "");
    }
    let group = subject.api_group.as_deref().unwrap_or_default();
    match subject.kind.as_str() {
        "ServiceAccount" => {
            if !subject.name.is_empty() {
                problems.check(&path.child("name"), &subject.name, name::check_subdomain(&subject.name));
            }
            if !group.is_empty() {
                problems.not_supported(&path.child("apiGroup"), group, &[""]);
            }
            if subject.namespace.as_deref().unwrap_or_default().is_empty() {
                problems.required(&path.child("namespace"), "");
            }
        }
        "User" | "Group" => {
            if group != GROUP {
                problems.not_supported(&path.child("apiGroup"), group, &[GROUP]);
            }
        }
        other => problems.not_supported(&path.child("kind"), other, &["ServiceAccount", "User", "Group"]),
    }
}

/// What a binding is to is for life: whoever may change its subjects may not change the rights they get.
pub(super) fn binding_update(old: &Value, new: &Value, problems: &mut Problems) {
    if old["roleRef"] != new["roleRef"] {
        problems.invalid(&Path::new("roleRef"), &new["roleRef"], "cannot change roleRef");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(check: fn(&Value, &mut Problems) -> Result<(), Status>, object: &Value) -> Vec<String> {
        let mut problems = Problems::default();
        check(object, &mut problems).expect("decodes");
        problems.list().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn rules_are_about_resources_or_paths_and_say_all() {
        let rules = json!({"metadata": {}, "rules": [
            {"verbs": []},
            {"verbs": ["get"], "nonResourceURLs": ["/metrics"], "resources": ["pods"]},
            {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["a"]},
        ]});
        let both = r#"rules[1].nonResourceURLs: Invalid value: ["/metrics"]: rules cannot apply to both regular resources and non-resource URLs"#;
        let first = [
            "rules[0].verbs: Required value: verbs must contain at least one value",
            "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
            "rules[0].resources: Required value: resource rules must supply at least one resource",
        ];
        assert_eq!(problems(cluster_role, &rules), [&first[..], &[both][..]].concat());
        let in_namespace = r#"rules[1].nonResourceURLs: Invalid value: ["/metrics"]: namespaced rules cannot apply to non-resource URLs"#;
        assert_eq!(problems(role, &rules), [&first[..], &[in_namespace, both][..]].concat());
        let gathers = json!({"metadata": {}, "aggregationRule": {"clusterRoleSelectors": []}});
        assert_eq!(
            problems(cluster_role, &gathers),
            [
                "aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil"
            ]
        );
    }

    #[test]
    fn bindings_name_a_role_and_subjects_that_can_be() {
        let mut good = json!({
            "metadata": {},
            "roleRef": {"kind": "ClusterRole", "name": "system:view"},
            "subjects": [
                {"kind": "User", "name": "bob@example.com"},
                {"kind": "Group", "name": "system:authenticated"},
                {"kind": "ServiceAccount", "name": "web", "namespace": "shop"},
            ],
        });
        binding_defaults(&mut good);
        assert_eq!(problems(binding, &good), [""; 0]);
        assert_eq!(problems(cluster_binding, &good), [""; 0]);
        assert!(good["subjects"][2].get("apiGroup").is_none());
        let bad = json!({
            "metadata": {},
            "roleRef": {"kind": "Role", "name": "a/b", "apiGroup": "apps"},
            "subjects": [
                {"kind": "User", "name": "", "apiGroup": ""},
                {"kind": "ServiceAccount", "name": "A", "apiGroup": "x"},
                {"kind": "Robot", "name": "r"},
            ],
        });
        assert_eq!(
            problems(cluster_binding, &bad),
            [
                "roleRef.apiGroup: Unsupported value: \"apps\": supported values: \"rbac.authorization.k8s.io\"",
                "roleRef.kind: Unsupported value: \"Role\": supported values: \"ClusterRole\"",
                "roleRef.name: Invalid value: \"a/b\": may not contain '/'",
                "subjects[0].name: Required value",
                "subjects[0].apiGroup: Unsupported value: \"\": supported values: \"rbac.authorization.k8s.io\"",
                "subjects[1].name: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case \
                 alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. \
                 'example.com')",
                "subjects[1].apiGroup: Unsupported value: \"x\": supported values: \"\"",
                "subjects[1].namespace: Required value",
                "subjects[2].kind: Unsupported value: \"Robot\": supported values: \"ServiceAccount\", \"User\", \"Group\"",
            ]
        );
        let mut other = good.clone();
        other["roleRef"]["name"] = json!("edit");
        let mut problems = Problems::default();
        binding_update(&good, &other, &mut problems);
        assert!(problems.summary().ends_with("cannot change roleRef"), "{}", problems.summary());
    }
}
