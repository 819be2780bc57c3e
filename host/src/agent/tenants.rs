//! Namespaces whose guests have a bound on their memory in common.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use sandbox::Tenant;

/// Those of this host.
#[derive(Default)]
pub(super) struct Tenants(Mutex<BTreeMap<String, Tenant>>);

impl Tenants {
    /// The tenant of a namespace that says `limit_bytes`, which counts from now on for all its Pods; none without one.
    pub(super) fn of(&self, namespace: &str, limit_bytes: Option<u64>) -> Option<Tenant> {
        let limit_bytes = limit_bytes?;
        let mut tenants = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tenants.retain(|_, tenant| tenant.is_used());
        let tenant = tenants.entry(namespace.to_owned()).or_insert_with(|| Tenant::new(limit_bytes));
        tenant.set_memory_bytes_max(limit_bytes);
        Some(tenant.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_one_tenant_as_long_as_it_has_pods() {
        let tenants = Tenants::default();
        assert!(tenants.of("a", None).is_none());
        let (first, other) = (tenants.of("a", Some(1 << 20)), tenants.of("b", Some(1 << 20)));
        let second = tenants.of("a", Some(2 << 20));
        assert!(first.is_some() && second.is_some() && other.is_some());
        assert_eq!(tenants.0.lock().expect("is whole").len(), 2);
        drop((first, second));
        drop(tenants.of("c", Some(1)));
        let names: Vec<String> = tenants.0.lock().expect("is whole").keys().cloned().collect();
        assert_eq!(names, ["b", "c"]);
    }
}
