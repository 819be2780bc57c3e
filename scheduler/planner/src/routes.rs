//! What every proxy must know: the endpoints that may be picked now, per Service and port.

use api::NamespacedName;

use crate::Snapshot;

/// How one Service is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRoute {
    /// The Service.
    pub service: NamespacedName,
    /// Its cluster address; `None` if it is headless.
    pub cluster_ip: Option<String>,
    /// Its ports, in the order of the spec.
    pub ports: Vec<RoutePort>,
}

/// One port of a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutePort {
    /// Name; empty if the only port has none.
    pub name: String,
    /// Port of the cluster address.
    pub port: u16,
    /// Port of every Node's address, if it has one.
    pub node_port: Option<u16>,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
    /// Who may be picked now, in stable order.
    pub endpoints: Vec<RouteEndpoint>,
}

/// One replica behind a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteEndpoint {
    /// UID of the Pod; empty for an address that is no Pod.
    pub pod_uid: String,
    /// Name of the Pod; empty for an address that is no Pod.
    pub pod_name: String,
    /// Address.
    pub ip: String,
    /// Port at that address.
    pub port: u16,
    /// Node of the Pod; empty for an address that is no Pod.
    pub node_name: String,
}

/// The routes of every Service, in order of namespace and name.
#[must_use]
pub fn routes(snapshot: &Snapshot) -> Vec<ServiceRoute> {
    let _ = snapshot;
    Vec::new()
}
