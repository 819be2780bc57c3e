//! Whether rules that someone holds cover rules that someone wants to grant. Pure.
//!
//! Each wanted rule is taken apart into the smallest ones (one verb, one group, one resource, one name), and each of
//! those must be within a single held rule. What the parts of several held rules cover together is so found too; that
//! a list of every verb there is today equals `*` is not, because tomorrow there may be another.

use std::collections::BTreeMap;

use api::rbac::PolicyRule;

use super::rule::{ALL, list, url_covers};

/// Most parts a grant is taken into. The largest role that comes with Kubernetes has some hundred; a hostile one of a
/// few kilobytes could have billions.
pub(super) const PARTS_MAX: usize = 50_000;

/// What keeps a grant from being made.
#[derive(Debug, PartialEq)]
pub(super) enum Gap {
    /// These are not held; those that differ in their verb alone are one.
    Missing(Vec<PolicyRule>),
    /// The rules have more parts than are looked at.
    TooWide,
}

/// Checks that everything `wanted` allows is allowed by `held`.
pub(super) fn check(held: &[PolicyRule], wanted: &[PolicyRule]) -> Result<(), Gap> {
    let mut missing = Vec::new();
    let mut room = PARTS_MAX;
    for rule in wanted.iter().filter(|rule| !held.iter().any(|held| covers(held, rule))) {
        room = room.checked_sub(count(rule)).ok_or(Gap::TooWide)?;
        missing.extend(parts(rule).filter(|part| !held.iter().any(|held| covers(held, part))));
    }
    if missing.is_empty() { Ok(()) } else { Err(Gap::Missing(compact(missing))) }
}

/// Whether one rule allows everything another does.
fn covers(held: &PolicyRule, wanted: &PolicyRule) -> bool {
    let urls = list(wanted.non_resource_urls.as_ref());
    let has_url = |url: &String| list(held.non_resource_urls.as_ref()).iter().any(|held| url_covers(held, url));
    has_all(&held.verbs, &wanted.verbs)
        && has_all(list(held.api_groups.as_ref()), list(wanted.api_groups.as_ref()))
        && has_resources(list(held.resources.as_ref()), list(wanted.resources.as_ref()))
        && has_names(list(held.resource_names.as_ref()), list(wanted.resource_names.as_ref()))
        && urls.iter().all(has_url)
}

fn has_all(held: &[String], wanted: &[String]) -> bool {
    held.iter().any(|text| text == ALL) || wanted.iter().all(|text| held.contains(text))
}

fn has_resources(held: &[String], wanted: &[String]) -> bool {
    let has = |resource: &String| {
        let of_all = resource.split_once('/').map(|(_, part)| format!("*/{part}"));
        held.iter().any(|held| held == resource || of_all.as_ref() == Some(held))
    };
    held.iter().any(|text| text == ALL) || wanted.iter().all(has)
}

/// No names are all names.
fn has_names(held: &[String], wanted: &[String]) -> bool {
    held.is_empty() || (!wanted.is_empty() && wanted.iter().all(|name| held.contains(name)))
}

/// How many parts a rule has.
fn count(rule: &PolicyRule) -> usize {
    let of = |texts: Option<&Vec<String>>| list(texts).len();
    let names = of(rule.resource_names.as_ref()).max(1);
    let resources = [of(rule.api_groups.as_ref()), of(rule.resources.as_ref()), names];
    let resources = resources.into_iter().fold(1_usize, usize::saturating_mul);
    resources.saturating_add(of(rule.non_resource_urls.as_ref())).saturating_mul(rule.verbs.len())
}

/// A rule taken apart.
fn parts(rule: &PolicyRule) -> impl Iterator<Item = PolicyRule> + '_ {
    let one = |text: &String| Some(vec![text.clone()]);
    rule.verbs.iter().flat_map(move |verb| {
        let blank = move || PolicyRule { verbs: vec![verb.clone()], ..PolicyRule::default() };
        let urls = list(rule.non_resource_urls.as_ref());
        let urls = urls.iter().map(move |url| PolicyRule { non_resource_urls: one(url), ..blank() });
        let resources = list(rule.api_groups.as_ref()).iter().flat_map(move |group| {
            list(rule.resources.as_ref()).iter().flat_map(move |resource| {
                let whole = move || PolicyRule { api_groups: one(group), resources: one(resource), ..blank() };
                let names = list(rule.resource_names.as_ref());
                let all = names.is_empty().then(whole);
                all.into_iter().chain(names.iter().map(move |name| PolicyRule { resource_names: one(name), ..whole() }))
            })
        });
        urls.chain(resources)
    })
}

/// Joins rules that differ in their verbs alone.
fn compact(rules: Vec<PolicyRule>) -> Vec<PolicyRule> {
    type Key = (Vec<String>, Vec<String>, Vec<String>, Vec<String>);
    let mut joined: BTreeMap<Key, PolicyRule> = BTreeMap::new();
    for rule in rules {
        let of = |texts: &Option<Vec<String>>| texts.clone().unwrap_or_default();
        let key = (of(&rule.api_groups), of(&rule.resources), of(&rule.resource_names), of(&rule.non_resource_urls));
        match joined.get_mut(&key) {
            Some(found) => found.verbs.extend(rule.verbs),
            None => drop(joined.insert(key, rule)),
        }
    }
    joined.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rbac::rule::shown;
    use serde_json::json;

    fn rules(texts: &[(&str, &str, &str, &str)]) -> Vec<PolicyRule> {
        let words = |text: &str| -> Vec<String> { text.split(' ').map(|word| word.replace("core", "")).collect() };
        let rule = |(verbs, groups, resources, names): &(&str, &str, &str, &str)| {
            let mut rule = json!({"verbs": words(verbs)});
            if groups.starts_with('/') {
                rule["nonResourceURLs"] = json!(words(groups));
            } else {
                rule["apiGroups"] = json!(words(groups));
                rule["resources"] = json!(words(resources));
            }
            if !names.is_empty() {
                rule["resourceNames"] = json!(words(names));
            }
            serde_json::from_value(rule).expect("a rule")
        };
        texts.iter().map(rule).collect()
    }

    type Texts = &'static [(&'static str, &'static str, &'static str, &'static str)];

    #[test]
    fn what_is_held_covers_what_is_within_it() {
        let cases: &[(Texts, Texts, &str)] = &[
            (&[("get list", "core", "pods", "")], &[("get", "core", "pods", "")], ""),
            (
                &[("get", "core", "pods", ""), ("get", "core", "services", "")],
                &[("get", "core", "pods services", "")],
                "",
            ),
            (&[("*", "*", "*", "")], &[("escalate", "apps", "deployments/scale", "x")], ""),
            (
                &[("get", "core", "pods", "")],
                &[("*", "core", "pods", "")],
                r#"{APIGroups:[""], Resources:["pods"], Verbs:["*"]}"#,
            ),
            (
                &[("get", "core", "pods", "")],
                &[("get list watch", "core", "pods secrets", "")],
                r#"{APIGroups:[""], Resources:["pods"], Verbs:["list" "watch"]} {APIGroups:[""], Resources:["secrets"], Verbs:["get" "list" "watch"]}"#,
            ),
            (&[("get", "core", "pods", "a b")], &[("get", "core", "pods", "a")], ""),
            (
                &[("get", "core", "pods", "a")],
                &[("get", "core", "pods", "")],
                r#"{APIGroups:[""], Resources:["pods"], Verbs:["get"]}"#,
            ),
            (&[("get", "core", "pods", "a"), ("get", "core", "pods", "b")], &[("get", "core", "pods", "a b")], ""),
            (&[("get", "apps", "*/scale", "")], &[("get", "apps", "deployments/scale", "")], ""),
            (
                &[("get", "apps", "deployments/scale", "")],
                &[("get", "apps", "*/scale", "")],
                r#"{APIGroups:["apps"], Resources:["*/scale"], Verbs:["get"]}"#,
            ),
            (&[("get", "/v2/*", "", "")], &[("get", "/v2/a /v2/b/*", "", "")], ""),
            (&[("get", "/v2/a", "", "")], &[("get", "/v2/*", "", "")], r#"{NonResourceURLs:["/v2/*"], Verbs:["get"]}"#),
            (&[], &[], ""),
        ];
        for (held, wanted, missing) in cases {
            let found = match check(&rules(held), &rules(wanted)) {
                Ok(()) => String::new(),
                Err(Gap::Missing(rules)) => rules.iter().map(shown).collect::<Vec<_>>().join(" "),
                Err(Gap::TooWide) => "too wide".to_owned(),
            };
            assert_eq!(found, *missing, "{held:?} {wanted:?}");
        }
    }

    #[test]
    fn a_rule_of_a_billion_parts_is_not_taken_apart() {
        let many: Vec<String> = (0..1_000).map(|n| format!("x{n}")).collect();
        let wide = PolicyRule {
            verbs: many.clone(),
            api_groups: Some(many.clone()),
            resources: Some(many),
            ..PolicyRule::default()
        };
        assert_eq!(check(&[], std::slice::from_ref(&wide)), Err(Gap::TooWide));
        let held = super::super::rule::everything();
        assert_eq!(check(&held, &[wide]), Ok(()), "what one held rule covers needs no taking apart");
    }
}
