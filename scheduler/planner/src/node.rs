//! Reading a Node: its conditions, its taints, and who tolerates them.

use std::collections::BTreeSet;

use api::core::{Node, NodeCondition, Taint, Toleration};

use crate::Snapshot;

pub(crate) const NO_SCHEDULE: &str = "NoSchedule";
pub(crate) const NO_EXECUTE: &str = "NoExecute";
pub(crate) const PREFER_NO_SCHEDULE: &str = "PreferNoSchedule";

pub(crate) fn taints(node: &Node) -> &[Taint] {
    node.spec.as_ref().and_then(|spec| spec.taints.as_deref()).unwrap_or_default()
}

pub(crate) fn is_unschedulable(node: &Node) -> bool {
    node.spec.as_ref().and_then(|spec| spec.unschedulable).unwrap_or(false)
}

pub(crate) fn condition<'a>(node: &'a Node, type_: &str) -> Option<&'a NodeCondition> {
    node.status.as_ref()?.conditions.as_ref()?.iter().find(|condition| condition.type_ == type_)
}

/// The names of Nodes whose Pods cannot be counted on: what their hosts last said is no longer known.
///
/// Routing drops a host as soon as it is silent, seconds before its Node is `NotReady`; whoever decides
/// which Pods may go must not count on those that serve nobody any more.
pub(crate) fn unheard(snapshot: &Snapshot) -> BTreeSet<&str> {
    let is_lost = |node: &Node| condition(node, "Ready").is_some_and(|ready| ready.status != "True");
    // The condition of a host that is back follows a little later, and what runs there serves again already.
    let is_unheard = |name: &str, node: &Node| {
        !snapshot.is_connected(name) && (is_lost(node) || snapshot.silent_since(name).is_some())
    };
    let unheard = snapshot.nodes.iter().filter(|(name, node)| is_unheard(&name.name, node));
    unheard.map(|(name, _)| name.name.as_str()).collect()
}

/// The first toleration that matches a taint, as in Kubernetes.
pub(crate) fn toleration<'a>(tolerations: &'a [Toleration], taint: &Taint) -> Option<&'a Toleration> {
    tolerations.iter().find(|toleration| tolerates(toleration, taint))
}

fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    let effect = toleration.effect.as_deref().unwrap_or_default();
    let key = toleration.key.as_deref().unwrap_or_default();
    if !effect.is_empty() && effect != taint.effect || !key.is_empty() && key != taint.key {
        return false;
    }
    match toleration.operator.as_deref().unwrap_or("Equal") {
        "Exists" => true,
        "Equal" | "" => !key.is_empty() && toleration.value.as_deref().unwrap_or_default() == value(taint),
        _ => false,
    }
}

/// The value of a taint; absent is empty.
pub(crate) fn value(taint: &Taint) -> &str {
    taint.value.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(key: &str, operator: &str, value: &str, effect: &str) -> bool {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let toleration = Toleration {
            key: text(key),
            operator: text(operator),
            value: text(value),
            effect: text(effect),
            toleration_seconds: None,
        };
        let taint =
            Taint { key: "team".to_owned(), value: text("red"), effect: NO_SCHEDULE.to_owned(), time_added: None };
        tolerates(&toleration, &taint)
    }

    #[test]
    fn tolerations_match_by_key_value_and_effect() {
        assert!(check("team", "", "red", ""));
        assert!(check("team", "Equal", "red", NO_SCHEDULE));
        assert!(check("team", "Exists", "", ""));
        assert!(check("", "Exists", "", ""));
        assert!(!check("team", "Equal", "blue", ""));
        assert!(!check("team", "Exists", "", NO_EXECUTE));
        assert!(!check("zone", "Exists", "", ""));
        assert!(!check("", "Equal", "", ""));
        assert!(!check("team", "Perhaps", "red", ""));
    }
}
