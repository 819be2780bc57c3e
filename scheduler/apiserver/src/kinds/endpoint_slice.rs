//! EndpointSlices.

use std::collections::BTreeSet;
use std::net::IpAddr;

use api::discovery::{Endpoint, EndpointSlice};
use api::name;
use api::resource::ENDPOINT_SLICES;
use serde_json::Value;

use super::container::{check_port, supported};
use super::{decode, meta};
use crate::field::{Path, Problems};
use crate::status::Status;
use crate::value;

/// Bounds of Kubernetes: endpoints of a slice, addresses of an endpoint, ports of a slice.
const ENDPOINTS_MAX: usize = 1_000;
const ADDRESSES_MAX: usize = 100;
const PORTS_MAX: usize = 20_000;

/// Fills in what an EndpointSlice leaves out.
pub(super) fn defaults(slice: &mut Value) {
    for port in value::elements(slice, &["ports"]) {
        value::default(port, "name", "");
        value::default(port, "protocol", "TCP");
    }
}

/// Decodes and checks an EndpointSlice.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let slice: EndpointSlice = decode(&ENDPOINT_SLICES, object)?;
    match slice.address_type.as_str() {
        "" => problems.required(&Path::new("addressType"), ""),
        found => supported(&Path::new("addressType"), found, &["FQDN", "IPv4", "IPv6"], problems),
    }
    let (path, endpoints) = (Path::new("endpoints"), slice.endpoints.unwrap_or_default());
    if endpoints.len() > ENDPOINTS_MAX {
        problems.too_many(&path, endpoints.len(), ENDPOINTS_MAX);
    }
    for (at, endpoint) in endpoints.iter().enumerate() {
        check_endpoint(&path.index(at), endpoint, &slice.address_type, problems);
    }
    let (ports, mut names) = (slice.ports.unwrap_or_default(), BTreeSet::new());
    let path = Path::new("ports");
    if ports.len() > PORTS_MAX {
        problems.too_many(&path, ports.len(), PORTS_MAX);
    }
    for (at, port) in ports.iter().enumerate() {
        let path = path.index(at);
        if !names.insert(port.name.as_deref().unwrap_or_default()) {
            problems.duplicate(&path.child("name"), port.name.as_deref());
        }
        if let Some(number) = port.port {
            check_port(&path.child("port"), number, problems);
        }
        let protocol = port.protocol.as_deref().unwrap_or("TCP");
        supported(&path.child("protocol"), protocol, &["SCTP", "TCP", "UDP"], problems);
    }
    Ok(())
}

fn check_endpoint(path: &Path, endpoint: &Endpoint, family: &str, problems: &mut Problems) {
    let path = path.child("addresses");
    if endpoint.addresses.is_empty() {
        problems.required(&path, "must contain at least 1 address");
    }
    if endpoint.addresses.len() > ADDRESSES_MAX {
        problems.too_many(&path, endpoint.addresses.len(), ADDRESSES_MAX);
    }
    for (at, address) in endpoint.addresses.iter().enumerate() {
        let parsed = address.parse::<IpAddr>();
        let fine = match family {
            "IPv4" => parsed.is_ok_and(|ip| ip.is_ipv4()),
            "IPv6" => parsed.is_ok_and(|ip| ip.is_ipv6()),
            _ => name::check_subdomain(address).is_ok(),
        };
        if !fine {
            problems.invalid(&path.index(at), address, format!("must be a valid {family} address"));
        }
    }
}

/// A slice keeps its family.
pub(super) fn validate_update(old: &Value, new: &Value, problems: &mut Problems) {
    meta::check_immutable("addressType", old, new, problems);
}
