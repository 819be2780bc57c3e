//! What a pushed component may import: what every host can grant, so that it runs wherever it is placed.

use std::collections::BTreeMap;

use component::Interface;
use registry::Grants;

use crate::cache::Cache;
use crate::session::INTERFACES;

/// Reads the hosts' interfaces from their Nodes.
pub(crate) struct HostGrants {
    pub(crate) cache: Cache,
    /// What this program's own hosts can grant; holds until a host is known.
    pub(crate) own: Vec<Interface>,
}

impl Grants for HostGrants {
    fn granted(&self) -> Option<Vec<Interface>> {
        let view = self.cache.view();
        let annotations = view.nodes.values().filter_map(|node| node.metadata.annotations.as_ref());
        let lists = annotations.filter_map(|annotations| annotations.get(INTERFACES));
        Some(common(lists.map(|list| parse(list))).unwrap_or_else(|| self.own.clone()))
    }
}

fn parse(list: &str) -> Vec<Interface> {
    list.split(',').filter_map(|interface| interface.parse().ok()).collect()
}

/// The interfaces that every list grants; `None` of no list. Versions differ between programs, so a list
/// grants what another names if a component that imports it would be satisfied.
fn common(lists: impl Iterator<Item = Vec<Interface>>) -> Option<Vec<Interface>> {
    // Hosts of one program say the same: look at each list once.
    let distinct: BTreeMap<String, Vec<Interface>> =
        lists.map(|list| (list.iter().map(|i| format!("{i},")).collect(), list)).collect();
    let mut lists = distinct.into_values();
    let first = lists.next()?;
    Some(lists.fold(first, |kept, list| {
        kept.into_iter().filter(|wanted| list.iter().any(|has| wanted.satisfied_by(has))).collect()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_host_grants_is_granted() {
        let check = |lists: &[&str], wanted: Option<&[&str]>| {
            let found = common(lists.iter().map(|list| parse(list)));
            let found = found.map(|list| list.iter().map(ToString::to_string).collect::<Vec<_>>());
            assert_eq!(found, wanted.map(|w| w.iter().map(|i| (*i).to_owned()).collect()), "{lists:?}");
        };
        check(&[], None);
        check(&["wasi:a/x@0.2.1,wasi:a/y@0.2.1"], Some(&["wasi:a/x@0.2.1", "wasi:a/y@0.2.1"]));
        check(&["wasi:a/x@0.2.1,wasi:a/y@0.2.1", "wasi:a/x@0.2.1"], Some(&["wasi:a/x@0.2.1"]));
        check(&["wasi:a/x@0.2.1", "wasi:a/x@0.3.0"], Some(&[]));
        check(&["", "wasi:a/x@0.2.1"], Some(&[]));
    }
}
