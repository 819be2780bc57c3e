//! Which Nodes a Pod asks for: `nodeSelector` and node affinity.

use api::core::{Node, NodeSelectorRequirement, NodeSelectorTerm, PodSpec};

use crate::object;

/// Whether a Node has the labels the Pod requires.
pub(crate) fn is_required(spec: &PodSpec, node: &Node) -> bool {
    let mut labels = spec.node_selector.iter().flatten();
    let has_labels = labels.all(|(key, value)| object::label(&node.metadata, key) == Some(value));
    let affinity = spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
    let required = affinity.and_then(|affinity| affinity.required_during_scheduling_ignored_during_execution.as_ref());
    has_labels && required.is_none_or(|any| any.node_selector_terms.iter().any(|term| matches(term, node)))
}

/// The weights of the preferences a Node meets.
pub(super) fn preference(spec: &PodSpec, node: &Node) -> i32 {
    let affinity = spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
    let preferred = affinity.and_then(|a| a.preferred_during_scheduling_ignored_during_execution.as_deref());
    let met = preferred.unwrap_or_default().iter().filter(|term| matches(&term.preference, node));
    met.map(|term| term.weight).sum()
}

/// An empty term matches nothing, as in Kubernetes.
fn matches(term: &NodeSelectorTerm, node: &Node) -> bool {
    let expressions = term.match_expressions.as_deref().unwrap_or_default();
    let fields = term.match_fields.as_deref().unwrap_or_default();
    let name = node.metadata.name.as_deref();
    !(expressions.is_empty() && fields.is_empty())
        && expressions.iter().all(|wish| holds(wish, object::label(&node.metadata, &wish.key)))
        && fields.iter().all(|wish| wish.key == "metadata.name" && holds(wish, name))
}

fn holds(wish: &NodeSelectorRequirement, value: Option<&str>) -> bool {
    let values = wish.values.as_deref().unwrap_or_default();
    let is_listed = || value.is_some_and(|value| values.iter().any(|one| one == value));
    let compared = || {
        let value: i64 = value?.parse().ok()?;
        let bound: i64 = values.first()?.parse().ok()?;
        Some(value.cmp(&bound))
    };
    match wish.operator.as_str() {
        "In" => is_listed(),
        "NotIn" => !is_listed(),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => compared().is_some_and(std::cmp::Ordering::is_gt),
        "Lt" => compared().is_some_and(std::cmp::Ordering::is_lt),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(operator: &str, values: &[&str], value: Option<&str>) -> bool {
        let values = Some(values.iter().map(|value| (*value).to_owned()).collect());
        holds(&NodeSelectorRequirement { key: "k".to_owned(), operator: operator.to_owned(), values }, value)
    }

    #[test]
    fn every_operator_means_what_it_says() {
        assert!(check("In", &["a", "b"], Some("b")) && !check("In", &["a"], None));
        assert!(check("NotIn", &["a"], None) && !check("NotIn", &["a"], Some("a")));
        assert!(check("Exists", &[], Some("")) && check("DoesNotExist", &[], None));
        assert!(check("Gt", &["9"], Some("10")) && !check("Gt", &["10"], Some("10")));
        assert!(check("Lt", &["10"], Some("9")) && !check("Lt", &["x"], Some("9")));
        assert!(!check("Like", &["a"], Some("a")));
    }
}
