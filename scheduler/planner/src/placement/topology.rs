//! Domains: Nodes that share the value of a label, such as a zone or a host.

use std::collections::BTreeMap;

use crate::object;
use crate::placement::slot::Slot;

/// Which domain each Node is in, for one label.
#[derive(Debug, Default)]
pub(super) struct Topology {
    /// By index of the Node; `None` without the label.
    pub domain_of: Vec<Option<usize>>,
    /// Number of domains.
    pub domains: usize,
}

impl Topology {
    pub(super) fn of(key: &str, slots: &[Slot<'_>]) -> Self {
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        let mut domain_of = Vec::with_capacity(slots.len());
        for slot in slots {
            let next = known.len();
            let value = object::label(&slot.node.metadata, key);
            domain_of.push(value.map(|value| *known.entry(value).or_insert(next)));
        }
        Self { domain_of, domains: known.len() }
    }
}
