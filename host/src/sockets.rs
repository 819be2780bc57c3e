//! What the sockets of a Pod's guests may do: listen on the Pod's own address, connect inside the cluster, and to what
//! the Pod's rules for the outside permit.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use network::GuestClient;
use network::egress::WayOut;
use sandbox::{ResolveError, Sockets};

use crate::local::Local;

/// Addresses remembered by the name they were found under. Beyond it the first are forgotten, and asked for again.
const RESOLVED_MAX: usize = 256;

/// Names of one address.
const NAMES_MAX: usize = 16;

/// The sockets of one Pod.
pub(crate) struct OfPod(Arc<Inner>);

struct Inner {
    ip: Option<IpAddr>,
    cluster: GuestClient,
    outside: WayOut,
    /// Holds what holds this, in the end.
    local: Weak<Local>,
    /// Names that guests looked up: rules are about names, and sockets about addresses.
    resolved: Mutex<BTreeMap<IpAddr, BTreeSet<String>>>,
}

impl OfPod {
    pub(crate) fn new(ip: Option<IpAddr>, cluster: GuestClient, outside: WayOut, local: &Arc<Local>) -> Self {
        let local = Arc::downgrade(local);
        Self(Arc::new(Inner { ip, cluster, outside, local, resolved: Mutex::default() }))
    }
}

impl Inner {
    async fn look_up(&self, name: &str) -> Result<Vec<IpAddr>, ResolveError> {
        let found = self.outside.addresses(name).await.map_err(|error| match error.kind() {
            ErrorKind::TimedOut => ResolveError::Temporary,
            _ => ResolveError::Unresolvable,
        })?;
        let mut resolved = self.resolved.lock().unwrap_or_else(PoisonError::into_inner);
        for ip in &found {
            if resolved.len() >= RESOLVED_MAX {
                resolved.pop_first();
            }
            let names = resolved.entry(*ip).or_default();
            if names.len() < NAMES_MAX {
                names.insert(name.to_owned());
            }
        }
        Ok(found)
    }
}

impl Sockets for OfPod {
    fn local(&self) -> Option<IpAddr> {
        self.0.ip
    }

    /// Its address is nobody else's.
    fn may_listen(&self, port: u16) -> bool {
        port > 0
    }

    // F77, F78
    fn may_connect(&self, address: SocketAddr) -> bool {
        let this = &self.0;
        if this.cluster.is_service(address)
            || this.local.upgrade().is_some_and(|local| local.declares(address))
            || this.outside.permits_address(address)
        {
            return true;
        }
        let resolved = this.resolved.lock().unwrap_or_else(PoisonError::into_inner);
        let mut names = resolved.get(&address.ip()).into_iter().flatten();
        names.any(|name| this.outside.permits_address_of(name, address))
    }

    fn resolve(&self, name: String) -> BoxFuture<'static, Result<Vec<IpAddr>, ResolveError>> {
        let addresses = self.0.cluster.addresses(&name);
        if !addresses.is_empty() {
            return ready(Ok(addresses)).boxed();
        }
        let this = self.0.clone();
        async move { this.look_up(&name).await }.boxed()
    }
}
