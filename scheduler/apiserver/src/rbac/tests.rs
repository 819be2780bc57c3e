//! Decisions against an oracle that knows nothing of indexes: every rule written out, every question asked.

use std::collections::BTreeSet;

use api::NamespacedName;
use api::rbac::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::cover;
use super::{Attributes, Index, Target, Wanted};
use crate::auth::User;

const VERBS: [&str; 5] = ["get", "list", "create", "delete", "other"];
const GROUPS: [&str; 3] = ["", "apps", "other"];
const RESOURCES: [&str; 3] = ["pods", "deployments", "others"];
const PARTS: [&str; 3] = ["", "scale", "other"];
const NAMESPACES: [&str; 3] = ["", "a", "b"];
const NAMES: [&str; 4] = ["", "x", "y", "other"];
const PATHS: [&str; 5] = ["/v2", "/v2/a", "/v2/a/b", "/metrics", "/other"];
/// Names of users, and the groups each is in.
const USERS: [(&str, &[&str]); 4] = [
    ("ann", &["dev", "system:authenticated"]),
    ("bob", &["ops", "system:authenticated"]),
    ("system:serviceaccount:a:web", &["system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated"]),
    ("system:anonymous", &["system:unauthenticated"]),
];

/// Roles and bindings as they are written.
#[derive(Debug, Clone)]
struct Policy {
    /// Name, rules.
    cluster_roles: Vec<(String, Vec<Value>)>,
    /// Namespace, name, rules.
    roles: Vec<(String, String, Vec<Value>)>,
    /// Namespace (empty: of the cluster), name, kind and name of the role, subjects.
    bindings: Vec<(String, String, &'static str, String, Vec<Value>)>,
}

/// One thing someone may want to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    Resource {
        verb: &'static str,
        group: &'static str,
        resource: &'static str,
        part: &'static str,
        namespace: &'static str,
        name: &'static str,
    },
    Path {
        verb: &'static str,
        path: &'static str,
    },
}

fn acts() -> Vec<Act> {
    let mut acts = Vec::new();
    for verb in VERBS {
        for group in GROUPS {
            for resource in RESOURCES {
                for part in PARTS {
                    for namespace in NAMESPACES {
                        acts.extend(NAMES.map(|name| Act::Resource { verb, group, resource, part, namespace, name }));
                    }
                }
            }
        }
        acts.extend(PATHS.map(|path| Act::Path { verb, path }));
    }
    acts
}

impl Act {
    fn attributes(&self) -> Attributes<'static> {
        match *self {
            Self::Resource { verb, group, resource, part, namespace, name } => Attributes::resource(
                verb,
                Wanted {
                    group: group.into(),
                    version: "v1".into(),
                    resource: resource.into(),
                    subresource: part.into(),
                    namespace: namespace.into(),
                    name: name.into(),
                },
            ),
            Self::Path { verb, path } => Attributes { verb: verb.into(), target: Target::Path(path.into()) },
        }
    }
}

/// Whether a rule, as it is written, allows an act. Written from Kubernetes' documentation and in no way like the code.
fn naive(rule: &Value, act: &Act) -> bool {
    let texts = |key: &str| -> Vec<&str> {
        rule.get(key)
            .and_then(Value::as_array)
            .map(|l| l.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default()
    };
    let one_of = |key: &str, text: &str| texts(key).iter().any(|found| [text, "*"].contains(found));
    match act {
        Act::Resource { verb, group, resource, part, name, .. } => {
            let full = if part.is_empty() { (*resource).to_owned() } else { format!("{resource}/{part}") };
            let any = if part.is_empty() { "*".to_owned() } else { format!("*/{part}") };
            let named = texts("resourceNames");
            one_of("verbs", verb)
                && one_of("apiGroups", group)
                && texts("resources").iter().any(|found| *found == "*" || *found == full || *found == any)
                && (named.is_empty() || named.contains(name))
        }
        Act::Path { verb, path } => {
            let within = |url: &&str| match url.strip_suffix('*') {
                Some(stem) => path.starts_with(stem),
                None => url == path,
            };
            one_of("verbs", verb) && texts("nonResourceURLs").iter().any(within)
        }
    }
}

impl Policy {
    fn is_for(user: (&str, &[&str]), subject: &Value) -> bool {
        let name = subject["name"].as_str().unwrap_or_default();
        match subject["kind"].as_str() {
            Some("User") => name == user.0,
            Some("Group") => user.1.contains(&name),
            _ => {
                user.0 == format!("system:serviceaccount:{}:{name}", subject["namespace"].as_str().unwrap_or_default())
            }
        }
    }

    fn rules(&self, namespace: &str, kind: &str, name: &str) -> Vec<&Value> {
        if kind == "ClusterRole" {
            self.cluster_roles.iter().filter(|role| role.0 == name).flat_map(|role| &role.1).collect()
        } else {
            self.roles.iter().filter(|role| role.0 == namespace && role.1 == name).flat_map(|role| &role.2).collect()
        }
    }

    /// The oracle: walks through everything.
    fn allows(&self, user: (&str, &[&str]), act: &Act) -> bool {
        let place = match act {
            Act::Resource { namespace, .. } => namespace,
            Act::Path { .. } => "",
        };
        self.bindings.iter().any(|(namespace, _, kind, role, subjects)| {
            (namespace.is_empty() || (namespace == place && !place.is_empty()))
                && subjects.iter().any(|subject| Self::is_for(user, subject))
                && self.rules(namespace, kind, role).iter().any(|rule| naive(rule, act))
        })
    }

    fn index(&self) -> Index {
        let mut index = Index::default();
        for (name, rules) in &self.cluster_roles {
            index.set_cluster_role(name, decode::<ClusterRole>(json!({"metadata": {}, "rules": rules})));
        }
        for (namespace, name, rules) in &self.roles {
            let name = NamespacedName::new(namespace, name);
            index.set_role(&name, decode::<Role>(json!({"metadata": {}, "rules": rules})));
        }
        for (namespace, name, kind, role, subjects) in &self.bindings {
            let role = json!({"kind": kind, "name": role, "apiGroup": "rbac.authorization.k8s.io"});
            let object = json!({"metadata": {}, "roleRef": role, "subjects": subjects});
            if namespace.is_empty() {
                index.set_cluster_binding(name, decode::<ClusterRoleBinding>(object));
            } else {
                let name = NamespacedName::new(namespace, name);
                index.set_binding(&name, decode::<RoleBinding>(object));
            }
        }
        index
    }
}

fn decode<T: serde::de::DeserializeOwned>(object: Value) -> Option<T> {
    Some(serde_json::from_value(object).expect("decodes"))
}

fn user((name, groups): (&str, &[&str])) -> User {
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    User { name: name.to_owned(), groups, ..User::default() }
}

fn some_of(texts: &'static [&'static str], least: usize) -> impl Strategy<Value = Vec<&'static str>> {
    proptest::sample::subsequence(texts, least..=texts.len().min(3))
}

fn rule() -> impl Strategy<Value = Value> {
    // `other` is in no rule: it stands for whatever comes tomorrow.
    let verbs = || some_of(&["get", "list", "create", "delete", "*"], 1);
    let groups = some_of(&["", "apps", "*"], 1);
    let resources = some_of(&["pods", "deployments", "pods/scale", "deployments/scale", "*/scale", "*"], 1);
    let names = prop_oneof![3 => Just(vec![]), 1 => some_of(&["x", "y"], 1)];
    let of_resources = (verbs(), groups, resources, names).prop_map(|(verbs, groups, resources, names)| {
        json!({"verbs": verbs, "apiGroups": groups, "resources": resources, "resourceNames": names})
    });
    let urls = some_of(&["/v2", "/v2/*", "/v2/a*", "/metrics", "*"], 1);
    let of_paths = (verbs(), urls).prop_map(|(verbs, urls)| json!({"verbs": verbs, "nonResourceURLs": urls}));
    prop_oneof![4 => of_resources, 1 => of_paths]
}

fn subject() -> impl Strategy<Value = Value> {
    prop_oneof![
        proptest::sample::select(&["ann", "bob", "system:anonymous", "system:serviceaccount:a:web"][..])
            .prop_map(|name| json!({"kind": "User", "name": name})),
        proptest::sample::select(
            &["dev", "ops", "system:authenticated", "system:unauthenticated", "system:serviceaccounts:a"][..]
        )
        .prop_map(|name| json!({"kind": "Group", "name": name})),
        proptest::sample::select(&["a", "b"][..])
            .prop_map(|namespace| json!({"kind": "ServiceAccount", "name": "web", "namespace": namespace})),
    ]
}

fn policy() -> impl Strategy<Value = Policy> {
    let rules = || proptest::collection::vec(rule(), 0..3);
    let name = || proptest::sample::select(&["r1", "r2", "r3"][..]).prop_map(str::to_owned);
    let place = || proptest::sample::select(&["a", "b"][..]).prop_map(str::to_owned);
    let subjects = || proptest::collection::vec(subject(), 0..3);
    let cluster_roles = proptest::collection::btree_map(name(), rules(), 0..3);
    let roles = proptest::collection::btree_map((place(), name()), rules(), 0..3);
    let in_cluster = (name(), name(), subjects()).prop_map(|(n, role, s)| (String::new(), n, "ClusterRole", role, s));
    let kind = proptest::sample::select(&["Role", "ClusterRole"][..]);
    let in_namespace = (place(), name(), kind, name(), subjects());
    let bindings = proptest::collection::vec(prop_oneof![1 => in_cluster, 2 => in_namespace], 0..5);
    (cluster_roles, roles, bindings).prop_map(|(cluster_roles, roles, bindings)| {
        let mut seen = BTreeSet::new();
        Policy {
            cluster_roles: cluster_roles.into_iter().collect(),
            roles: roles.into_iter().map(|((namespace, name), rules)| (namespace, name, rules)).collect(),
            // The last of a name would win; the oracle has no such notion.
            bindings: bindings.into_iter().filter(|b| seen.insert((b.0.clone(), b.1.clone()))).collect(),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    // F84
    #[test]
    fn every_decision_is_the_oracles(policy in policy()) {
        let index = policy.index();
        for who in USERS {
            let user = user(who);
            for act in acts() {
                let verdict = index.decide(&user, &act.attributes());
                prop_assert_eq!(verdict.is_allowed(), policy.allows(who, &act), "{} {:?}: {}", who.0, act, verdict);
            }
        }
    }

    // F84: whatever is granted is held by who grants it, and what is held can be granted.
    #[test]
    fn nobody_grants_more_than_they_hold(held in proptest::collection::vec(rule(), 0..4), wanted in rule()) {
        let parse = |rule: &Value| serde_json::from_value::<PolicyRule>(rule.clone()).expect("a rule");
        let rules: Vec<PolicyRule> = held.iter().map(parse).collect();
        let granted = cover::check(&rules, &[parse(&wanted)]).is_ok();
        let within = acts().iter().all(|act| !naive(&wanted, act) || held.iter().any(|rule| naive(rule, act)));
        prop_assert!(!granted || within, "{wanted} is granted over {held:?}");
        let same = cover::check(&rules, &rules);
        prop_assert!(same.is_ok(), "what is held may be granted: {held:?}");
    }

    #[test]
    fn what_is_taken_back_is_gone(policy in policy()) {
        let mut index = policy.index();
        for (namespace, name, ..) in &policy.bindings {
            if namespace.is_empty() {
                index.set_cluster_binding(name, None);
            } else {
                index.set_binding(&NamespacedName::new(namespace, name), None);
            }
        }
        for who in USERS {
            for act in acts() {
                prop_assert!(!index.decide(&user(who), &act.attributes()).is_allowed());
            }
        }
    }
}

/// The test above is a test only if its policies allow something.
#[test]
fn the_oracle_allows_and_denies() {
    let wide = json!({"verbs": ["get"], "apiGroups": ["*"], "resources": ["*/scale"]});
    let policy = Policy {
        cluster_roles: vec![("r1".to_owned(), vec![wide])],
        roles: Vec::new(),
        bindings: vec![(
            "a".to_owned(),
            "b".to_owned(),
            "ClusterRole",
            "r1".to_owned(),
            vec![json!({"kind": "Group", "name": "dev"})],
        )],
    };
    let allowed = acts().into_iter().filter(|act| policy.allows(USERS[0], act)).count();
    assert_eq!(allowed, GROUPS.len() * RESOURCES.len() * NAMES.len());
    let verdict = policy.index().decide(
        &user(USERS[0]),
        &Act::Resource { verb: "get", group: "apps", resource: "pods", part: "scale", namespace: "a", name: "x" }
            .attributes(),
    );
    assert_eq!(verdict.to_string(), r#"RBAC: allowed by RoleBinding "b/a" of ClusterRole "r1" to Group "dev""#);
}
