//! ClusterRoles that gather the rules of others, found by their labels (`aggregationRule`).
//!
//! One after the other in order of name, each seeing what those before it became, as if they were written one by one:
//! so roles that gather each other come to rest and do not swap their rules for ever.

use std::collections::BTreeMap;

use api::meta::LabelSelector;
use api::rbac::{ClusterRole, PolicyRule};
use api::resource::CLUSTER_ROLES;
use api::selector::Selector;
use serde_json::json;

use crate::{Part, Plan, Snapshot, object};

/// Decides what gathering roles hold.
pub(crate) fn plan(snapshot: &Snapshot) -> Plan {
    let mut plan = Plan::default();
    let mut rules: BTreeMap<&str, Vec<PolicyRule>> = BTreeMap::new();
    for (name, role) in snapshot.cluster_roles.iter() {
        let Some(selectors) = selectors(role) else { continue };
        let gathered = gather(snapshot, &name.name, &selectors, &rules);
        let present = role.rules.as_deref().unwrap_or_default();
        if present != gathered.as_slice() && !object::is_terminating(&role.metadata) {
            let patch = json!({"rules": gathered});
            plan.actions.push(object::guarded_patch(&CLUSTER_ROLES, &role.metadata, Part::Main, patch));
        }
        rules.insert(&name.name, gathered);
    }
    plan.actions.truncate(snapshot.config.actions_max);
    plan
}

/// What a role gathers by; `None` if its rules are its own. A selector that cannot be read selects nothing.
fn selectors(role: &ClusterRole) -> Option<Vec<Selector>> {
    let selectors: &[LabelSelector] = role.aggregation_rule.as_ref()?.cluster_role_selectors.as_deref()?;
    Some(selectors.iter().filter_map(|selector| Selector::from_spec(selector).ok()).collect())
}

/// The rules of all that a role gathers, each once. `newer` holds what was decided before.
fn gather(
    snapshot: &Snapshot,
    own: &str,
    selectors: &[Selector],
    newer: &BTreeMap<&str, Vec<PolicyRule>>,
) -> Vec<PolicyRule> {
    let mut gathered: Vec<PolicyRule> = Vec::new();
    for (name, role) in snapshot.cluster_roles.iter().filter(|(name, _)| name.name != own) {
        let labels = role.metadata.labels.as_ref();
        let is_selected = |selector: &Selector| selector.matches_by(|key| labels?.get(key).map(String::as_str));
        if !selectors.iter().any(is_selected) {
            continue;
        }
        let rules = newer.get(name.name.as_str()).or(role.rules.as_ref());
        for rule in rules.into_iter().flatten() {
            if !gathered.contains(rule) {
                gathered.push(rule.clone());
            }
        }
    }
    gathered
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use api::NamespacedName;
    use serde_json::Value;

    use super::*;
    use crate::{Action, Config};

    /// Name, labels, what it gathers by, verbs of its one rule.
    type Row<'a> = (&'a str, &'a str, &'a str, &'a str);

    fn snapshot(rows: &[Row<'_>]) -> Snapshot {
        let mut snapshot = Snapshot::empty(jiff::Timestamp::UNIX_EPOCH, Config::default());
        for (name, label, gathers, verbs) in rows {
            let rule = json!({"verbs": verbs.split(' ').collect::<Vec<_>>(), "apiGroups": [""], "resources": ["pods"]});
            let mut role =
                json!({"metadata": {"name": name, "uid": name, "resourceVersion": "1", "labels": {*label: "true"}}});
            if !verbs.is_empty() {
                role["rules"] = json!([rule]);
            }
            if !gathers.is_empty() {
                role["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": {*gathers: "true"}}]});
            }
            let role: ClusterRole = serde_json::from_value(role).unwrap();
            snapshot.cluster_roles.insert(NamespacedName::new("", *name), Arc::new(role));
        }
        snapshot
    }

    /// Applies plans until there is nothing to do, and says what each role then holds.
    fn settled(rows: &[Row<'_>]) -> String {
        let mut snapshot = snapshot(rows);
        for _ in 0..10 {
            let plan = plan(&snapshot);
            if plan.is_settled() {
                let verbs = |role: &ClusterRole| -> String {
                    let rules = role.rules.iter().flatten();
                    rules.map(|rule| rule.verbs.join("+")).collect::<Vec<_>>().join(",")
                };
                let shown = snapshot.cluster_roles.iter().map(|(name, role)| format!("{name}={}", verbs(role)));
                return shown.collect::<Vec<_>>().join(" ");
            }
            for action in plan.actions {
                let Action::Patch { name, patch, .. } = action else { panic!("only patches") };
                let role = Arc::make_mut(snapshot.cluster_roles.get_mut(&name).unwrap());
                let rules: &Value = &patch["rules"];
                role.rules = Some(serde_json::from_value(rules.clone()).unwrap());
            }
        }
        panic!("never settles")
    }

    #[test]
    fn roles_hold_what_they_gather_through_others_too() {
        let rows = [
            ("admin", "", "to-admin", ""),
            ("edit", "to-admin", "to-edit", ""),
            ("own", "", "", "watch"),
            ("writes", "to-edit", "", "create"),
            ("zz", "to-admin", "", "get"),
            ("zzz", "to-admin", "", "get"),
        ];
        assert_eq!(settled(&rows), "admin=create,get edit=create own=watch writes=create zz=get zzz=get");
    }

    #[test]
    fn what_was_written_into_a_gathering_role_does_not_stay() {
        assert_eq!(settled(&[("a", "", "x", "delete"), ("b", "x", "", "get")]), "a=get b=get");
        assert_eq!(settled(&[("a", "", "x", "delete")]), "a=");
    }

    #[test]
    fn roles_that_gather_each_other_come_to_rest() {
        let rows = [("a", "x", "y", ""), ("b", "y", "x", "get"), ("c", "x", "", "list")];
        assert_eq!(settled(&rows), "a=get,list b=get,list c=list");
        let _ = settled(&[("a", "x", "y", "get"), ("b", "y", "x", "")]);
    }
}
