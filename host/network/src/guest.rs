//! A guest's outgoing requests: names and addresses of the cluster take the same way as a client's, from the middle;
//! everything else is handed back, for the filter of [`egress`](crate::egress) to judge.
//!
//! Here no name is resolved and no address connected to because a guest said so: whatever it says is looked up in the
//! table, and the table lists Pods. So there is nothing between the check and the use (F77), and the host's own
//! ports and the control plane are not merely forbidden but unreachable (F78).

use std::net::IpAddr;
use std::sync::Arc;

use http::uri::{Authority, Scheme};
use http::{Request, Response};
use tokio::runtime::Handle;

use crate::Body;
use crate::delta::ServiceName;
use crate::hygiene;
use crate::lane::Lane;
use crate::local::Depth;
use crate::metrics::count;
use crate::name::{self, Name};
use crate::route::{Table, Target};
use crate::router::route;

/// Where `http://name/` goes, and `https://name/`.
const HTTP_PORT: u16 = 80;
const HTTPS_PORT: u16 = 443;

/// Calls on behalf of the guests of one namespace. Cheap to clone.
#[derive(Clone)]
pub struct GuestClient {
    namespace: Arc<str>,
    lanes: Arc<[Arc<Lane>]>,
}

/// Why a guest's request was not sent.
#[derive(Debug, thiserror::Error)]
pub enum GuestError {
    /// It names nobody of this cluster, and comes back as it was.
    #[error("not a name or address of this cluster")]
    Outside(Box<Request<Body>>),
    /// It is for this cluster, and may not be sent.
    #[error("{to}: {reason}")]
    Denied {
        /// What the guest asked for: scheme, host and port.
        to: String,
        /// Why it may not.
        reason: Denial,
    },
}

/// Why a request within the cluster is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// A name of the cluster's form, but no such Service.
    #[error("there is no such Service")]
    NoSuchService,
    /// The Service has no such port.
    #[error("the Service has no such port")]
    NoSuchPort,
    /// Services speak plain HTTP inside the cluster; the hosts encrypt between themselves.
    #[error("inside the cluster only http is spoken, and hosts encrypt between themselves")]
    NotHttp,
    /// No host in the URL, or one with user information.
    #[error("the URL has no usable host")]
    NoHost,
}

impl GuestClient {
    /// Sends `request`, whose URI is absolute, to whom it names; `depth` is that of the call that causes it.
    ///
    /// # Errors
    /// [`GuestError`]. Failures on the way are responses with a cause, as a client from outside gets them.
    pub async fn call(&self, mut request: Request<Body>, depth: Depth) -> Result<Response<Body>, GuestError> {
        let lane = self.lane();
        let target = match self.aim(lane, &request) {
            Ok(Aim::At(target)) => target,
            Ok(Aim::Outside) => return Err(GuestError::Outside(Box::new(request))),
            Err(reason) => {
                count(&lane.counters.denied);
                return Err(GuestError::Denied { to: asked(&request), reason });
            }
        };
        if let Err((cause, why)) = hygiene::admit_guest(&mut request) {
            count(&lane.counters.refused);
            return Ok(cause.response(why));
        }
        Ok(route(lane, &target, request, Depth(depth.0.saturating_add(1))).await)
    }

    pub(crate) fn new(namespace: &str, lanes: Arc<[Arc<Lane>]>) -> Self {
        Self { namespace: namespace.into(), lanes }
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    pub(crate) fn table(&self) -> Arc<Table> {
        self.lanes[0].shared.table.load_full()
    }

    /// The lane the guest runs on; a guest elsewhere borrows the first.
    fn lane(&self) -> &Arc<Lane> {
        let here = Handle::try_current().map(|handle| handle.id()).ok();
        self.lanes.iter().find(|lane| Some(lane.handle.id()) == here).unwrap_or(&self.lanes[0])
    }

    fn aim(&self, lane: &Lane, request: &Request<Body>) -> Result<Aim, Denial> {
        let uri = request.uri();
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or(Denial::NoHost)?;
        let tls = uri.scheme() == Some(&Scheme::HTTPS);
        let port = port(authority, if tls { HTTPS_PORT } else { HTTP_PORT }).ok_or(Denial::NoHost)?;
        let host = authority.host().to_ascii_lowercase();
        let table = lane.shared.table.load();
        let pod = name::parse_pod(&host, &self.namespace).and_then(|pod| table.pod_named(pod));
        let aim = match (pod, name::parse(&host, &self.namespace)) {
            (Some(ip), Name::Service { .. } | Name::Outside) => Ok(Aim::At(Target::PodIp { ip, port })),
            (None, Name::Service { namespace, name }) => service(&table, namespace, name, port, host.contains(".svc")),
            (_, Name::Address(ip)) => Ok(address(&table, ip, port, || lane.shared.local.by_ip(ip).is_some())),
            (None, Name::Outside) => Ok(Aim::Outside),
        };
        match aim {
            Ok(Aim::Outside) => Ok(Aim::Outside),
            _ if uri.scheme().is_some_and(|scheme| *scheme != Scheme::HTTP) => Err(Denial::NotHttp),
            aim => aim,
        }
    }
}

/// Where a request goes.
enum Aim {
    At(Target),
    Outside,
}

/// The port asked for; none if there is one that is not a port.
fn port(authority: &Authority, default: u16) -> Option<u16> {
    let has_port = authority.as_str().len() > authority.host().len();
    if has_port { authority.port_u16().filter(|port| *port != 0) } else { Some(default) }
}

fn service(table: &Table, namespace: &str, name: &str, port: u16, spelt_out: bool) -> Result<Aim, Denial> {
    if table.service_port(namespace, name, port).is_some() {
        return Ok(Aim::At(Target::Service { name: ServiceName::new(namespace, name), port }));
    }
    match table.has_service(namespace, name) {
        true => Err(Denial::NoSuchPort),
        // `example.com` reads like the Service `example` in the namespace `com`.
        false if spelt_out => Err(Denial::NoSuchService),
        false => Ok(Aim::Outside),
    }
}

fn address(table: &Table, ip: IpAddr, port: u16, here: impl FnOnce() -> bool) -> Aim {
    if table.cluster_ip(ip, port).is_some() {
        Aim::At(Target::ClusterIp { ip, port })
    } else if table.pod(ip).is_some() || here() {
        Aim::At(Target::PodIp { ip, port })
    } else {
        Aim::Outside
    }
}

fn asked(request: &Request<Body>) -> String {
    let uri = request.uri();
    let authority = uri.authority().map_or("", Authority::as_str);
    // What stands before an `@` may be a password.
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{}://{host}", uri.scheme_str().unwrap_or("http"))
}
