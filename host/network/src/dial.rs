//! What a guest's own sockets may reach inside the cluster, and under which addresses.
//!
//! Names are looked up in the table alone, as those of requests are. A Service is reached by its cluster IP, on which
//! this host's proxy listens; nothing else of this machine is reachable, although addresses of the cluster may be
//! addresses of the machine too (F78).

use std::net::{IpAddr, SocketAddr};

use crate::guest::GuestClient;
use crate::name::{self, Name};

impl GuestClient {
    /// The cluster IPs of a Service, by any of its names, or the address of a Pod by its name below a headless Service,
    /// or the address that the name is; none for a name from outside and for a Service without an address.
    #[must_use]
    pub fn addresses(&self, host: &str) -> Vec<IpAddr> {
        let host = host.to_ascii_lowercase();
        let table = self.table();
        if let Some(ip) = name::parse_pod(&host, self.namespace()).and_then(|pod| table.pod_named(pod)) {
            return vec![ip];
        }
        match name::parse(&host, self.namespace()) {
            Name::Service { namespace, name } => table.cluster_ips(namespace, name),
            Name::Address(ip) => vec![ip],
            Name::Outside => Vec::new(),
        }
    }

    /// Whether a Service listens there.
    #[must_use]
    pub fn is_service(&self, address: SocketAddr) -> bool {
        self.table().cluster_ip(address.ip(), address.port()).is_some()
    }
}
