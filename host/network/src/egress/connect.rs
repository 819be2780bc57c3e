//! Opening one connection: the address that was judged is the address that is dialled.
//!
//! The pool asks for a connection to a scheme, host and port. The name is resolved here and nowhere else, once; from
//! then on there are only addresses. TLS still proves the name.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::Uri;
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use super::client::Shared;
use super::error::EgressError;
use super::limits::{ADDRESSES_MAX, LOOKUPS_PER_POLICY_MAX};
use super::metrics::Open;
use super::policy::{Grounds, Policy, Protocol, Reason};
use super::stream::{Held, Stream};
use super::target::{Host, Target};
use crate::metrics::count;

/// Opens connections for the Pods of one namespace and policy.
pub(super) struct Dialler {
    policy: Policy,
    shared: Arc<Shared>,
    tls: TlsConnector,
    /// Places for connections of the namespace.
    connections: Arc<Semaphore>,
    lookups: Arc<Semaphore>,
    /// Places for connections to each destination; those that nobody holds are gone.
    destinations: Mutex<HashMap<Target, Weak<Semaphore>>>,
}

/// The same as the pool wants it.
#[derive(Clone)]
pub(super) struct Connector(pub(super) Arc<Dialler>);

impl tower::Service<Uri> for Connector {
    type Response = TokioIo<Held>;
    type Error = EgressError;
    type Future = BoxFuture<'static, Result<TokioIo<Held>, EgressError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), EgressError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let dialler = self.0.clone();
        async move {
            let target = Target::of(&uri).map_err(|reason| EgressError::denied(uri.to_string(), reason))?;
            dialler.connect(&target).await.map(TokioIo::new)
        }
        .boxed()
    }
}

impl Dialler {
    pub(super) fn new(policy: Policy, connections: Arc<Semaphore>, shared: Arc<Shared>) -> Self {
        Self {
            policy,
            tls: TlsConnector::from(shared.tls()),
            connections,
            lookups: Arc::new(Semaphore::new(LOOKUPS_PER_POLICY_MAX)),
            destinations: Mutex::default(),
            shared,
        }
    }

    /// Judges a request by what its URL says.
    pub(super) fn admit(&self, target: &Target) -> Result<(), Reason> {
        self.policy.target(target)?;
        match target.host {
            Host::Address(ip) if self.shared.owns(ip) => Err(Reason::Own { ip }),
            Host::Address(_) | Host::Name(_) => Ok(()),
        }
    }

    pub(super) fn policy(&self) -> &Policy {
        &self.policy
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    async fn connect(&self, target: &Target) -> Result<Held, EgressError> {
        let deadline = Instant::now() + self.shared.limits.connect_timeout;
        let late = |step| EgressError::Timeout { to: target.to_string(), step };
        let places = timeout_at(deadline, self.places(target))
            .await
            .map_err(|_| late("a place among this host's connections to the outside"))??;
        let addresses = timeout_at(deadline, self.addresses(target)).await.map_err(|_| late("its addresses"))??;
        let judged = self.judge(target, &addresses)?;
        let (tcp, open) = self.dial_any(target, &judged, deadline).await?;
        let stream = match target.protocol {
            Protocol::Https => timeout_at(deadline, self.prove(target, tcp)).await.map_err(|_| late("TLS"))??,
            Protocol::Http | Protocol::Tcp => Stream::Plain(tcp),
        };
        Ok(Held::new(stream, places, open))
    }

    /// Waits for a place of each kind, from the narrowest to the widest, so that nobody holds one that others could use.
    async fn places(&self, target: &Target) -> Result<Vec<OwnedSemaphorePermit>, EgressError> {
        let mut places = Vec::new();
        for semaphore in [self.destination(target), self.connections.clone(), self.shared.connections.clone()] {
            let place = semaphore.acquire_owned().await;
            places.push(place.map_err(|closed| EgressError::failed(target, closed.to_string()))?);
        }
        Ok(places)
    }

    fn destination(&self, target: &Target) -> Arc<Semaphore> {
        let mut destinations = self.destinations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(semaphore) = destinations.get(target).and_then(Weak::upgrade) {
            return semaphore;
        }
        destinations.retain(|_, semaphore| semaphore.strong_count() > 0);
        let semaphore = Arc::new(Semaphore::new(self.shared.limits.connections_per_destination_max));
        destinations.insert(target.clone(), Arc::downgrade(&semaphore));
        semaphore
    }

    /// The addresses of a name, within what this policy may look up at once.
    pub(super) async fn look_up(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        let turn = self.lookups.clone().acquire_owned().await.map_err(std::io::Error::other)?;
        count(&self.shared.counters.lookups);
        let lookup = self.shared.resolver.resolve(name);
        // A resolver's thread cannot be called off, so the turn lasts until it has come to its end.
        let lookup = tokio::spawn(async move {
            let _held = turn;
            lookup.await
        });
        timeout(self.shared.limits.lookup_timeout, lookup).await?.map_err(std::io::Error::other)?
    }

    async fn addresses(&self, target: &Target) -> Result<Vec<IpAddr>, EgressError> {
        let name = match &target.host {
            Host::Address(ip) => return Ok(vec![*ip]),
            Host::Name(name) => name,
        };
        let not_found = |why: String| EgressError::NotFound { to: target.to_string(), why };
        let found = self.look_up(name).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::TimedOut => EgressError::Timeout { to: target.to_string(), step: "its addresses" },
            _ => not_found(error.to_string()),
        })?;
        if found.is_empty() { Err(not_found("the name has no addresses".to_owned())) } else { Ok(found) }
    }

    /// Those of `addresses` that may be dialled; an error if there are none.
    fn judge(&self, target: &Target, addresses: &[IpAddr]) -> Result<Vec<(IpAddr, Grounds)>, EgressError> {
        let mut denied = None;
        let mut judged = Vec::new();
        for ip in addresses.iter().take(ADDRESSES_MAX).copied() {
            let verdict = self.policy.connection(target, ip);
            match verdict.and_then(|grounds| if self.shared.owns(ip) { Err(Reason::Own { ip }) } else { Ok(grounds) }) {
                Ok(grounds) => judged.push((ip, grounds)),
                Err(reason) => drop(denied.get_or_insert(reason)),
            }
        }
        match denied {
            Some(reason) if judged.is_empty() => Err(EgressError::denied(target.to_string(), reason)),
            _ => Ok(judged),
        }
    }

    /// Tries one address after the other; each but the last gets half of the time that is left.
    async fn dial_any(
        &self,
        target: &Target,
        judged: &[(IpAddr, Grounds)],
        deadline: Instant,
    ) -> Result<(TcpStream, Open), EgressError> {
        let mut last = EgressError::Timeout { to: target.to_string(), step: "a connection" };
        for (index, (ip, grounds)) in judged.iter().enumerate() {
            let left = deadline.saturating_duration_since(Instant::now());
            let patience = if index + 1 == judged.len() { left } else { left / 2 };
            match self.dial(target, *ip, *grounds, patience).await {
                Ok(connected) => return Ok(connected),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn dial(
        &self,
        target: &Target,
        ip: IpAddr,
        grounds: Grounds,
        patience: Duration,
    ) -> Result<(TcpStream, Open), EgressError> {
        let to = SocketAddr::new(ip, target.port);
        let refused =
            |error: std::io::Error| EgressError::Refused { to: target.to_string(), at: to, why: error.to_string() };
        // Public addresses of this machine are on no list.
        if grounds == Grounds::Public && is_of_this_machine(ip) {
            return Err(EgressError::denied(target.to_string(), Reason::ThisMachine { ip }));
        }
        let tcp = timeout(patience, TcpStream::connect(to))
            .await
            .map_err(|_| EgressError::Timeout { to: target.to_string(), step: "a connection" })?
            .map_err(refused)?;
        let open = Open::count(&self.shared.counters);
        tcp.set_nodelay(true).map_err(refused)?;
        Ok((tcp, open))
    }

    async fn prove(&self, target: &Target, tcp: TcpStream) -> Result<Stream, EgressError> {
        let name = match &target.host {
            Host::Address(ip) => ServerName::from(*ip),
            Host::Name(name) => ServerName::try_from(name.to_string())
                .map_err(|error| EgressError::failed(target, format!("TLS: {error}")))?,
        };
        let tls = self.tls.connect(name, tcp).await;
        tls.map(|tls| Stream::Tls(Box::new(tls))).map_err(|error| EgressError::failed(target, format!("TLS: {error}")))
    }
}

/// Only an address of this machine can be bound. Where others can be too, nothing public is reached, which is safe.
pub(super) fn is_of_this_machine(ip: IpAddr) -> bool {
    std::net::UdpSocket::bind(SocketAddr::new(ip, 0)).is_ok()
}
