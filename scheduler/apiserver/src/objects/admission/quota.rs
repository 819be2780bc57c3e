//! ResourceQuotas: a new object is charged to them in the transaction that stores it (C64).
//!
//! `status.used` of a quota is the record. Whoever creates writes the sum there, guarded by the quota's revision, so two
//! creates cannot both take the last place, whatever servers they came to. What goes is taken off by the controller that
//! counts anew; until then the record is too high, never too low. A namespace without quotas costs one look.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::core::{PersistentVolumeClaim, Pod, ResourceQuota, ResourceQuotaSpec, ResourceQuotaStatus, Service};
use api::quota::{self, Amounts, Subject};
use api::resource::{self, PERSISTENT_VOLUME_CLAIMS, PODS, RESOURCE_QUOTAS, SERVICES};
use api::{Quantity, Resource};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use store::Entry;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{decode, list, refuse};
use crate::kinds::Kind;
use crate::objects::commit::Draft;
use crate::objects::{Objects, stamp};
use crate::status::Status;

/// Namespaces whose creates under quota can go on side by side. Each has one turn, shared by namespaces of one number:
/// creates that all write one record would otherwise undo each other.
const TURNS: usize = 64;

/// Whose turn it is to be charged.
pub(in crate::objects) struct Turns([Arc<Semaphore>; TURNS]);

/// Held until the charge is stored or given up.
pub(in crate::objects) struct Turn(#[expect(dead_code, reason = "it is held, not read")] OwnedSemaphorePermit);

impl Default for Turns {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Arc::new(Semaphore::new(1))))
    }
}

impl Turns {
    async fn take(&self, namespace: &str) -> Result<Turn, Status> {
        // FNV-1a: short, and the same on every run.
        let hash = namespace
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let at = usize::try_from(hash % (TURNS as u64)).unwrap_or(0);
        let turn = self.0[at].clone().acquire_owned().await;
        turn.map(Turn).map_err(|_| Status::internal("the turns of quotas have ended"))
    }
}

/// An object that is charged for, decoded.
enum Charged {
    Pod(Box<Pod>),
    Service(Box<Service>),
    Claim(Box<PersistentVolumeClaim>),
    Other(&'static Resource),
}

impl Charged {
    /// `None` for what is no object of its kind: its shape is refused elsewhere.
    fn read(resource: &'static Resource, object: &Value) -> Option<Self> {
        fn typed<T: DeserializeOwned>(object: &Value) -> Option<Box<T>> {
            serde_json::from_value(object.clone()).ok().map(Box::new)
        }
        Some(match resource {
            r if *r == PODS => Self::Pod(typed(object)?),
            r if *r == SERVICES => Self::Service(typed(object)?),
            r if *r == PERSISTENT_VOLUME_CLAIMS => Self::Claim(typed(object)?),
            other => Self::Other(other),
        })
    }

    fn subject(&self) -> Subject<'_> {
        match self {
            Self::Pod(pod) => Subject::Pod(pod),
            Self::Service(service) => Subject::Service(service),
            Self::Claim(claim) => Subject::Claim(claim),
            Self::Other(resource) => Subject::Other(resource),
        }
    }
}

/// What is to be charged for: a new object, or a changed one.
pub(in crate::objects) struct Charge<'a> {
    pub(in crate::objects) kind: &'a Kind,
    pub(in crate::objects) namespace: &'a str,
    pub(in crate::objects) before: Option<&'a Value>,
    pub(in crate::objects) object: &'a Value,
}

/// Adds an object to the quotas of its namespace, as part of `txn`, or refuses it. Commit while the turn is held.
pub(in crate::objects) async fn charge(
    objects: &Objects,
    charge: &Charge<'_>,
    txn: &mut Draft,
) -> Result<Option<Turn>, Status> {
    let resource = charge.kind.resource;
    if !resource.is_namespaced() || list(objects, &RESOURCE_QUOTAS, charge.namespace).await?.is_empty() {
        return Ok(None);
    }
    let Some(new) = Charged::read(resource, charge.object) else { return Ok(None) };
    let old = charge.before.and_then(|before| Charged::read(resource, before));
    let delta = grown(&new, old.as_ref());
    if delta.is_empty() {
        return Ok(None);
    }
    let turn = objects.turns.take(charge.namespace).await?;
    for entry in list(objects, &RESOURCE_QUOTAS, charge.namespace).await? {
        let quota: ResourceQuota = decode(&entry)?;
        let Some(spec) = quota.spec.as_ref().filter(|spec| quota::covers(spec, new.subject())) else { continue };
        let hard = quota::hard(spec);
        let name = quota.metadata.name.as_deref().unwrap_or_default();
        if let (Charged::Pod(pod), None) = (&new, &old) {
            require_said(pod, &hard, name).map_err(|why| refuse(charge.kind, charge.object, &why))?;
        }
        let asked: Amounts = delta.iter().filter(|(name, _)| hard.contains_key(*name)).map(owned).collect();
        if asked.is_empty() {
            continue;
        }
        let mut used = match recorded(&quota, &hard) {
            Some(used) => used,
            None => counted(objects, charge.namespace, spec).await?,
        };
        within(spec, &hard, &used, &asked, name).map_err(|why| refuse(charge.kind, charge.object, &why))?;
        quota::add(&mut used, &asked, &hard);
        write(&entry, spec, &used, txn)?;
    }
    Ok(Some(turn))
}

fn owned((name, amount): (&String, &i64)) -> (String, i64) {
    (name.clone(), *amount)
}

/// What an object uses that it did not use before. What it uses less is taken off by counting anew.
fn grown(new: &Charged, old: Option<&Charged>) -> Amounts {
    let before = old.map(|old| quota::usage(old.subject())).unwrap_or_default();
    let after = quota::usage(new.subject());
    let more = after.into_iter().map(|(name, amount)| {
        let grown = amount.saturating_sub(before.get(&name).copied().unwrap_or(0));
        (name, grown)
    });
    more.filter(|(_, grown)| *grown > 0).collect()
}

/// A quota that bounds a resource needs every container to say how much it takes.
fn require_said(pod: &Pod, hard: &Amounts, quota: &str) -> Result<(), String> {
    let missing = quota::missing(pod, hard);
    if missing.is_empty() {
        return Ok(());
    }
    let parts = missing.iter().map(|(name, containers)| {
        let containers: Vec<&str> = containers.iter().copied().collect();
        format!("{name} for: {}", containers.join(","))
    });
    Err(format!("failed quota: {quota}: must specify {}", parts.collect::<Vec<_>>().join("; ")))
}

/// Refuses what would exceed a quota, with everything it would exceed.
fn within(
    spec: &ResourceQuotaSpec,
    hard: &Amounts,
    used: &Amounts,
    asked: &Amounts,
    quota: &str,
) -> Result<(), String> {
    let of = |amounts: &Amounts, name: &str| amounts.get(name).copied().unwrap_or(0);
    let exceeded: Vec<&String> =
        asked.keys().filter(|name| of(used, name).saturating_add(of(asked, name)) > of(hard, name)).collect();
    if exceeded.is_empty() {
        return Ok(());
    }
    let shown = |amounts: &Amounts| {
        let parts = exceeded.iter().map(|name| format!("{name}={}", quota::show(name, of(amounts, name))));
        parts.collect::<Vec<_>>().join(",")
    };
    // The bound as it was written.
    let text = |name: &str| spec.hard.as_ref().and_then(|hard| hard.get(name)).map(|Quantity(text)| text.clone());
    let limited = exceeded.iter().map(|name| format!("{name}={}", text(name).unwrap_or_default()));
    let limited = limited.collect::<Vec<_>>().join(",");
    Err(format!("exceeded quota: {quota}, requested: {}, used: {}, limited: {limited}", shown(asked), shown(used)))
}

/// The record of a quota, if it is about the bounds that hold now.
fn recorded(quota: &ResourceQuota, hard: &Amounts) -> Option<Amounts> {
    let status = quota.status.as_ref()?;
    let used = quota::read(status.used.as_ref());
    let is_known =
        |name: &String| used.contains_key(name) && status.hard.as_ref().is_some_and(|hard| hard.contains_key(name));
    hard.keys().all(is_known).then_some(used)
}

/// What is there, for a quota that is so new that nobody has counted yet.
async fn counted(objects: &Objects, namespace: &str, spec: &ResourceQuotaSpec) -> Result<Amounts, Status> {
    let hard = quota::hard(spec);
    let mut found = Vec::new();
    let customs = objects.kinds().customs();
    // Versions of one resource are stored in one place.
    let custom: BTreeMap<String, &'static Resource> =
        customs.rows().map(|kind| (kind.resource.qualified(), kind.resource)).collect();
    let all = resource::ALL.into_iter().chain(custom.into_values());
    for resource in all.filter(|resource| resource.is_namespaced() && quota::concerns(&hard, resource)) {
        for entry in list(objects, resource, namespace).await? {
            found.extend(Charged::read(resource, &decode::<Value>(&entry)?));
        }
    }
    Ok(quota::count(spec, found.iter().map(Charged::subject)))
}

fn write(entry: &Entry, spec: &ResourceQuotaSpec, used: &Amounts, txn: &mut Draft) -> Result<(), Status> {
    let mut quota: Value = decode(entry)?;
    let shown = used.iter().map(|(name, amount)| (name.clone(), Quantity(quota::show(name, *amount))));
    let status = ResourceQuotaStatus { hard: spec.hard.clone(), used: Some(shown.collect()) };
    quota["status"] = json!(status);
    let encoded = stamp::encode(&RESOURCE_QUOTAS, &mut quota)?;
    txn.replace(entry.key.to_string(), entry.mod_revision, encoded);
    Ok(())
}
