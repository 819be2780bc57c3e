//! What counts against a ResourceQuota, and how much: one reading for who admits and for who counts again.
//!
//! The API checks a new object against `status.used` and writes the sum in the transaction that creates the object; a
//! controller counts anew when objects change or go. Both ask here, so that they cannot disagree. Pure; nothing here
//! knows where objects come from.

mod pod;
mod scope;

use std::collections::BTreeMap;

use crate::core::{PersistentVolumeClaim, Pod, ResourceQuotaSpec, Service};
use crate::{Quantity, Resource, quantity};

pub use pod::{missing, totals};
pub use scope::covers;

/// Amounts by the names a quota gives them (`requests.cpu`, `count/secrets`): thousandths of a core, bytes or pieces.
pub type Amounts = BTreeMap<String, i64>;

/// An object that may count.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// A Pod.
    Pod(&'a Pod),
    /// A Service.
    Service(&'a Service),
    /// A claim of a volume.
    Claim(&'a PersistentVolumeClaim),
    /// Anything else: it counts as one of its resource.
    Other(&'a Resource),
}

/// Resources that had a name of their own in quotas before every resource was counted as `count/...`.
const NAMED: [&str; 6] =
    ["configmaps", "persistentvolumeclaims", "resourcequotas", "secrets", "services", "replicationcontrollers"];

/// `count/secrets`, `count/deployments.apps`.
#[must_use]
pub fn count_name(resource: &Resource) -> String {
    format!("count/{}", resource.qualified())
}

/// What an object uses, by every name a quota could give it.
#[must_use]
pub fn usage(subject: Subject<'_>) -> Amounts {
    match subject {
        Subject::Pod(found) => pod::usage(found),
        Subject::Service(service) => of_service(service),
        Subject::Claim(claim) => of_claim(claim),
        Subject::Other(resource) => of_resource(resource),
    }
}

fn of_resource(resource: &Resource) -> Amounts {
    let mut amounts = Amounts::from([(count_name(resource), 1)]);
    if resource.group.is_empty() && NAMED.contains(&resource.plural) {
        amounts.insert(resource.plural.to_owned(), 1);
    }
    amounts
}

fn of_service(service: &Service) -> Amounts {
    let mut amounts = of_resource(&crate::resource::SERVICES);
    let Some(spec) = &service.spec else { return amounts };
    let ports = || i64::try_from(spec.ports.as_ref().map_or(0, Vec::len)).unwrap_or(i64::MAX);
    match spec.type_.as_deref() {
        Some("NodePort") => drop(amounts.insert("services.nodeports".to_owned(), ports())),
        Some("LoadBalancer") => {
            amounts.insert("services.loadbalancers".to_owned(), 1);
            if spec.allocate_load_balancer_node_ports != Some(false) {
                amounts.insert("services.nodeports".to_owned(), ports());
            }
        }
        _ => {}
    }
    amounts
}

fn of_claim(claim: &PersistentVolumeClaim) -> Amounts {
    let mut amounts = of_resource(&crate::resource::PERSISTENT_VOLUME_CLAIMS);
    let Some(spec) = &claim.spec else { return amounts };
    let requests = spec.resources.as_ref().and_then(|resources| resources.requests.as_ref());
    let storage = requests.and_then(|requests| requests.get("storage"));
    let storage = storage.and_then(|Quantity(text)| quantity::parse_bytes(text).ok());
    amounts.extend(storage.map(|bytes| ("requests.storage".to_owned(), bytes)));
    if let Some(class) = spec.storage_class_name.as_deref().filter(|class| !class.is_empty()) {
        let of_class = |what: &str| format!("{class}.storageclass.storage.k8s.io/{what}");
        amounts.insert(of_class("persistentvolumeclaims"), 1);
        amounts.extend(storage.map(|bytes| (of_class("requests.storage"), bytes)));
    }
    amounts
}

/// The amounts of a map of quantities; what does not parse counts as nothing.
#[must_use]
pub fn read(quantities: Option<&BTreeMap<String, Quantity>>) -> Amounts {
    let parsed = quantities.into_iter().flatten().map(|(name, Quantity(text))| (name.clone(), parse(name, text)));
    parsed.map(|(name, amount)| (name, amount.unwrap_or(0))).collect()
}

/// An amount of a named resource.
///
/// # Errors
/// A sentence that says what a quantity looks like.
pub fn parse(name: &str, text: &str) -> Result<i64, String> {
    if is_cpu(name) { quantity::parse_millis(text) } else { quantity::parse_bytes(text) }
}

/// An amount as Kubernetes writes it; there are none below zero.
#[must_use]
pub fn show(name: &str, amount: i64) -> String {
    let whole = u64::try_from(amount).unwrap_or(0);
    if is_cpu(name) {
        quantity::of_millis(whole)
    } else if is_bytes(name) {
        quantity::of_bytes(whole)
    } else {
        amount.to_string()
    }
}

fn is_cpu(name: &str) -> bool {
    matches!(name, "cpu" | "requests.cpu" | "limits.cpu")
}

fn is_bytes(name: &str) -> bool {
    let base = name.rsplit_once('/').map_or(name, |(_, base)| base);
    let base = base.strip_prefix("requests.").or_else(|| base.strip_prefix("limits.")).unwrap_or(base);
    matches!(base, "memory" | "storage" | "ephemeral-storage") || base.starts_with("hugepages-")
}

/// Adds the part of `more` that `hard` bounds.
pub fn add(used: &mut Amounts, more: &Amounts, hard: &Amounts) {
    for (name, amount) in more.iter().filter(|(name, _)| hard.contains_key(*name)) {
        let sum = used.entry(name.clone()).or_default();
        *sum = sum.saturating_add(*amount);
    }
}

/// Whether anything that `hard` bounds is about objects of a resource.
#[must_use]
pub fn concerns(hard: &Amounts, resource: &Resource) -> bool {
    let count = count_name(resource);
    let is_core = resource.group.is_empty();
    hard.keys().any(|name| {
        let own = match resource.plural {
            "pods" if is_core => {
                let bare = matches!(name.as_str(), "pods" | "cpu" | "memory" | "ephemeral-storage");
                let sided = name.starts_with("requests.") || name.starts_with("limits.");
                bare || sided || name.starts_with("hugepages-")
            }
            "services" if is_core => name.starts_with("services"),
            "persistentvolumeclaims" if is_core => {
                name.ends_with("persistentvolumeclaims") || name.ends_with("requests.storage")
            }
            plural => is_core && name == plural,
        };
        own || *name == count
    })
}

/// The bounds of a quota.
#[must_use]
pub fn hard(spec: &ResourceQuotaSpec) -> Amounts {
    read(spec.hard.as_ref())
}

/// What all `subjects` that a quota covers use of what it bounds; what nothing uses is zero.
#[must_use]
pub fn count<'a>(spec: &ResourceQuotaSpec, subjects: impl Iterator<Item = Subject<'a>>) -> Amounts {
    let hard = hard(spec);
    let mut used: Amounts = hard.keys().map(|name| (name.clone(), 0)).collect();
    for subject in subjects.filter(|subject| covers(spec, *subject)) {
        add(&mut used, &usage(subject), &hard);
    }
    used
}

#[cfg(test)]
mod tests;
