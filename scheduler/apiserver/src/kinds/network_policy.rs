//! NetworkPolicies: who may speak to whom.

use std::net::IpAddr;

use api::IntOrString;
use api::networking::{IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort};
use api::resource::NETWORK_POLICIES;
use serde_json::{Value, json};

use super::container::{check_port_ref, supported};
use super::{decode, meta};
use crate::field::{Path, Problems};
use crate::status::Status;
use crate::value;

/// Fills in what a NetworkPolicy leaves out.
pub(super) fn defaults(policy: &mut Value) {
    let Some(spec) = policy.get_mut("spec") else { return };
    for direction in ["ingress", "egress"] {
        for rule in value::elements(spec, &[direction]) {
            for port in value::elements(rule, &["ports"]) {
                value::default(port, "protocol", "TCP");
            }
        }
    }
    let speaks_of_egress = spec.get("egress").and_then(Value::as_array).is_some_and(|rules| !rules.is_empty());
    let types = if speaks_of_egress { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) };
    value::default(spec, "policyTypes", types);
    // Required by older schemas, and everything if it is empty.
    value::default(spec, "podSelector", json!({}));
}

/// Decodes and checks a NetworkPolicy.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let policy: NetworkPolicy = decode(&NETWORK_POLICIES, object)?;
    let spec = policy.spec.unwrap_or_default();
    let path = Path::new("spec");
    if let Some(selector) = &spec.pod_selector {
        meta::check_selector(&path.child("podSelector"), selector, problems);
    }
    for (at, rule) in spec.ingress.iter().flatten().enumerate() {
        let path = path.child("ingress").index(at);
        check_ports(&path.child("ports"), rule.ports.as_deref(), problems);
        check_peers(&path.child("from"), rule.from.as_deref(), problems);
    }
    for (at, rule) in spec.egress.iter().flatten().enumerate() {
        let path = path.child("egress").index(at);
        check_ports(&path.child("ports"), rule.ports.as_deref(), problems);
        check_peers(&path.child("to"), rule.to.as_deref(), problems);
    }
    let types = spec.policy_types.as_deref().unwrap_or_default();
    if types.len() > 2 {
        problems.invalid(&path.child("policyTypes"), types, "may not specify more than two policyTypes");
    } else {
        for (at, found) in types.iter().enumerate() {
            supported(&path.child("policyTypes").index(at), found, &["Egress", "Ingress"], problems);
        }
    }
    Ok(())
}

fn check_ports(path: &Path, ports: Option<&[NetworkPolicyPort]>, problems: &mut Problems) {
    for (at, port) in ports.unwrap_or_default().iter().enumerate() {
        let path = path.index(at);
        if let Some(protocol) = &port.protocol {
            supported(&path.child("protocol"), protocol, &["SCTP", "TCP", "UDP"], problems);
        }
        if let Some(found) = &port.port {
            check_port_ref(&path.child("port"), found, problems);
        }
        let Some(end) = port.end_port else { continue };
        let path = path.child("endPort");
        match &port.port {
            None => problems.invalid(&path, end, "may not be specified when `port` is not specified"),
            Some(IntOrString::String(_)) => {
                problems.invalid(&path, end, "may not be specified when `port` is non-numeric");
            }
            Some(IntOrString::Int(start)) if end < *start => {
                problems.invalid(&path, end, "must be greater than or equal to `port`");
            }
            Some(IntOrString::Int(_)) => super::container::check_port(&path, end, problems),
        }
    }
}

fn check_peers(path: &Path, peers: Option<&[NetworkPolicyPeer]>, problems: &mut Problems) {
    for (at, peer) in peers.unwrap_or_default().iter().enumerate() {
        let path = path.index(at);
        let mut selectors = 0;
        for (field, selector) in [("podSelector", &peer.pod_selector), ("namespaceSelector", &peer.namespace_selector)]
        {
            if let Some(selector) = selector {
                selectors += 1;
                meta::check_selector(&path.child(field), selector, problems);
            }
        }
        match &peer.ip_block {
            Some(_) if selectors > 0 => {
                problems.forbidden(&path, "may not specify both ipBlock and another peer");
            }
            Some(block) => check_block(&path.child("ipBlock"), block, problems),
            None if selectors == 0 => problems.required(&path, "must specify a peer"),
            None => {}
        }
    }
}

/// A range of addresses; the bits behind the prefix are zero.
#[derive(Clone, Copy, PartialEq)]
struct Range {
    first: u128,
    width: u8,
    prefix: u8,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let (first, width) = match address.parse::<IpAddr>().ok()? {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32),
            IpAddr::V6(v6) => (v6.to_bits(), 128),
        };
        let prefix = prefix.parse().ok().filter(|prefix| *prefix <= width)?;
        Some(Self { first, width, prefix })
    }

    fn holds(self, other: Self) -> bool {
        let top = |bits: u128| bits.checked_shr(u32::from(self.width - self.prefix)).unwrap_or(0);
        self.width == other.width && self.prefix < other.prefix && top(self.first) == top(other.first)
    }
}

const CIDR_RULE: &str = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

fn check_block(path: &Path, block: &IPBlock, problems: &mut Problems) {
    let outer = Range::parse(&block.cidr);
    match outer {
        None if block.cidr.is_empty() => problems.required(&path.child("cidr"), ""),
        None => problems.invalid(&path.child("cidr"), &block.cidr, CIDR_RULE),
        Some(_) => {}
    }
    for (at, text) in block.except.iter().flatten().enumerate() {
        let path = path.child("except").index(at);
        match (outer, Range::parse(text)) {
            (_, None) => problems.invalid(&path, text, CIDR_RULE),
            (Some(outer), Some(inner)) if !outer.holds(inner) => {
                problems.invalid(&path, text, format!("must be a strict subset of `cidr` {:?}", block.cidr));
            }
            (_, Some(_)) => {}
        }
    }
}
