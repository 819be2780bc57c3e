//! Addresses and ports of Services, given in the same transaction that stores the Service.
//!
//! An allocation is a key (`/registry/allocations/cluster-ips/10.0.0.7`) that exists while a
//! Service holds it, with the Service's UID inside. Its absence is a guard, so two Services cannot
//! be given the same one, whatever servers they were created on, and a dry run stores nothing.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::{Value, json};
use store::{Entry, Page};
use uuid::Uuid;

use super::Objects;
use super::commit::Draft;
use crate::field::{Path, Problems};
use crate::kinds::Kind;
use crate::limits::DRAWS_MAX;
use crate::status::Status;
use crate::value;

const ADDRESSES: &str = "/registry/allocations/cluster-ips/";
const PORTS: &str = "/registry/allocations/node-ports/";

/// Gives a Service what it needs and takes back what it no longer does. Other kinds need nothing.
pub(super) async fn allocate(
    objects: &Objects,
    kind: &Kind,
    current: Option<&Value>,
    service: &mut Value,
    txn: &mut Draft,
) -> Result<(), Status> {
    if kind.resource != &api::resource::SERVICES {
        return Ok(());
    }
    let mut desk = Desk { objects, owner: owner(service), problems: Problems::default() };
    let before = current.map(held).unwrap_or_default();
    desk.address(&before, service, txn).await?;
    desk.ports(&before, service, txn).await?;
    super::draft::finish(kind, service, &desk.problems)?;
    let after = held(service);
    release(objects, before.difference(&after), &desk.owner, txn).await
}

/// Takes back everything a Service holds.
pub(super) async fn release_all(
    objects: &Objects,
    kind: &Kind,
    service: &Value,
    txn: &mut Draft,
) -> Result<(), Status> {
    if kind.resource != &api::resource::SERVICES {
        return Ok(());
    }
    release(objects, held(service).iter(), &owner(service), txn).await
}

fn owner(service: &Value) -> String {
    value::text(service, &["metadata", "uid"]).to_owned()
}

/// The allocation keys a Service holds.
fn held(service: &Value) -> BTreeSet<String> {
    let address = value::text(service, &["spec", "clusterIP"]);
    let mut keys: BTreeSet<String> =
        address.parse::<IpAddr>().ok().map(|ip| format!("{ADDRESSES}{ip}")).into_iter().collect();
    let ports = value::at(service, &["spec", "ports"]).and_then(Value::as_array);
    let numbers = ports.into_iter().flatten().filter_map(|port| port.get("nodePort")?.as_u64());
    keys.extend(numbers.filter(|number| *number != 0).map(|number| format!("{PORTS}{number}")));
    keys
}

async fn release(
    objects: &Objects,
    keys: impl Iterator<Item = &String>,
    owner: &str,
    txn: &mut Draft,
) -> Result<(), Status> {
    for key in keys {
        let (entry, _) = objects.store.get(key).await?;
        // Something else holds it, or nothing: not ours to take back.
        if let Some(entry) = entry.filter(|entry| is_owned(entry, owner)) {
            txn.remove(key.clone(), entry.mod_revision);
        }
    }
    Ok(())
}

fn is_owned(entry: &Entry, owner: &str) -> bool {
    entry.value.as_ref() == owner.as_bytes()
}

/// Where one Service's wishes are met.
struct Desk<'a> {
    objects: &'a Objects,
    owner: String,
    problems: Problems,
}

impl Desk<'_> {
    async fn address(&mut self, before: &BTreeSet<String>, service: &mut Value, txn: &mut Draft) -> Result<(), Status> {
        let wish = value::text(service, &["spec", "clusterIP"]).to_owned();
        if value::text(service, &["spec", "type"]) == "ExternalName" {
            return Ok(());
        }
        let cidr = self.objects.config.service_cidr;
        if wish == "None" {
            if let Some(spec) = value::map(service, &["spec"]) {
                spec.entry("ipFamilies").or_insert_with(|| json!([cidr.family()]));
            }
            return Ok(());
        }
        let path = Path::new("spec").child("clusterIPs");
        let address = if let Ok(address) = wish.parse::<IpAddr>() {
            let key = format!("{ADDRESSES}{address}");
            if before.contains(&key) {
                return Ok(());
            }
            let failed = format!("failed to allocate IP {address}:");
            if !cidr.contains(address) {
                let why = format!(
                    "{failed} the provided IP ({address}) is not in the valid range. The range of valid IPs is {cidr}"
                );
                self.problems.invalid(&path, [&wish], why);
                return Ok(());
            }
            if !self.is_free(&key).await? {
                self.problems.invalid(&path, [&wish], format!("{failed} provided IP is already allocated"));
                return Ok(());
            }
            address
        } else {
            let draw = |n: u128| cidr.host(n).to_string();
            let Some(found) = self.draw(ADDRESSES, cidr.host_count(), draw).await? else {
                return Err(Status::internal("failed to allocate a serviceIP: range is full"));
            };
            found.parse().map_err(|_| Status::internal("an allocated address does not parse"))?
        };
        txn.insert(format!("{ADDRESSES}{address}"), self.owner.clone().into_bytes());
        if let Some(spec) = value::map(service, &["spec"]) {
            spec.insert("clusterIP".to_owned(), json!(address));
            spec.insert("clusterIPs".to_owned(), json!([address]));
            spec.insert("ipFamilies".to_owned(), json!([cidr.family()]));
        }
        Ok(())
    }

    async fn ports(&mut self, before: &BTreeSet<String>, service: &mut Value, txn: &mut Draft) -> Result<(), Status> {
        if !crate::kinds::needs_node_ports(service) {
            return Ok(());
        }
        let range = self.objects.config.node_port_range.clone();
        let mut taken: BTreeSet<String> = BTreeSet::new();
        let count = value::elements(service, &["spec", "ports"]).len();
        for pass in [Pass::Wished, Pass::Free] {
            for at in 0..count {
                let wish = value::elements(service, &["spec", "ports"])[at].get("nodePort").and_then(Value::as_u64);
                let wish = wish.filter(|number| *number != 0);
                let number = match (pass, wish) {
                    (Pass::Wished, Some(number)) => number.to_string(),
                    (Pass::Free, None) => {
                        let start = u128::from(*range.start());
                        let draw = |n: u128| (start + n % (range.len() as u128)).to_string();
                        let found = self.draw_except(PORTS, range.len() as u128, draw, &taken).await?;
                        found.ok_or_else(|| Status::internal("failed to allocate a nodePort: range is full"))?
                    }
                    _ => continue,
                };
                let key = format!("{PORTS}{number}");
                let path = Path::new("spec").child("ports").index(at).child("nodePort");
                let parsed = number.parse::<u16>().ok();
                // One number may serve TCP and UDP of one Service.
                let known = before.contains(&key) || taken.contains(&number);
                if !known && !self.port_is_fine(&path, parsed, &number, &key).await? {
                    continue;
                }
                if !known {
                    txn.insert(key, self.owner.clone().into_bytes());
                }
                value::elements(service, &["spec", "ports"])[at]["nodePort"] = json!(parsed);
                taken.insert(number);
            }
        }
        Ok(())
    }

    async fn port_is_fine(&mut self, path: &Path, parsed: Option<u16>, text: &str, key: &str) -> Result<bool, Status> {
        let range = &self.objects.config.node_port_range;
        let shown: u64 = text.parse().unwrap_or_default();
        if !parsed.is_some_and(|port| range.contains(&port)) {
            let why = format!(
                "provided port is not in the valid range. The range of valid ports is {}-{}",
                range.start(),
                range.end()
            );
            self.problems.invalid(path, shown, why);
            return Ok(false);
        }
        let free = self.is_free(key).await?;
        if !free {
            self.problems.invalid(path, shown, "provided port is already allocated");
        }
        Ok(free)
    }

    async fn is_free(&self, key: &str) -> Result<bool, Status> {
        Ok(self.objects.store.get(key).await?.0.is_none())
    }

    async fn draw(&self, prefix: &str, count: u128, name: impl Fn(u128) -> String) -> Result<Option<String>, Status> {
        self.draw_except(prefix, count, name, &BTreeSet::new()).await
    }

    /// A free one: at random first, which is right almost always, then by looking at all of them.
    async fn draw_except(
        &self,
        prefix: &str,
        count: u128,
        name: impl Fn(u128) -> String,
        except: &BTreeSet<String>,
    ) -> Result<Option<String>, Status> {
        for _ in 0..DRAWS_MAX {
            let candidate = name(Uuid::new_v4().as_u128() % count);
            if !except.contains(&candidate) && self.is_free(&format!("{prefix}{candidate}")).await? {
                return Ok(Some(candidate));
            }
        }
        let listing = self.objects.store.list(prefix, Page::default()).await?;
        let used: BTreeSet<&str> = listing.entries.iter().filter_map(|entry| entry.key.strip_prefix(prefix)).collect();
        let start = Uuid::new_v4().as_u128() % count;
        let candidates = (0..count).map(|n| name((start + n) % count));
        Ok(candidates.into_iter().find(|candidate| !used.contains(candidate.as_str()) && !except.contains(candidate)))
    }
}

/// Wished ports are served before free ones are drawn, so that a draw never takes a wished one.
#[derive(Clone, Copy)]
enum Pass {
    Wished,
    Free,
}
