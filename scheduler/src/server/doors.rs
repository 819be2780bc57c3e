//! How clients and hosts come in: listeners, TLS, the API, the host protocol, the kubeconfig.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use apiserver::{Access, Accounts, AuditSink, Objects};
use registry::Registry;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::start::{House, blocking, fine};
use super::{Error, Server};
use crate::answers::Answers;
use crate::auth::Doorman;
use crate::backing::Service;
use crate::certificates::{self, Authority, ServerCertificate};
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::files::{self, Readers};
use crate::forwards::Forwards;
use crate::link::{self, Link, Pipes};
use crate::logs::Logs;
use crate::rest;
use crate::usage::Measurements;

/// Connections between a listener and the service; taken as fast as they come.
const CONNECTIONS: usize = 64;
/// When a renewal that failed is tried again; the certificate has weeks left.
const RENEW_RETRY: Duration = Duration::from_secs(24 * 3600);

/// Listeners, bound before anything is written: an address in use must not leave a trace.
pub(super) struct Listeners {
    pub(super) api: TcpListener,
    pub(super) api_addr: SocketAddr,
    pub(super) host: Option<TcpListener>,
    pub(super) host_addr: Option<SocketAddr>,
}

/// Binds both.
pub(super) async fn listen(config: &Config) -> Result<Listeners, Error> {
    let bind = async |what, address: SocketAddr| {
        let listener = TcpListener::bind(address).await.map_err(|error| Error::Listen { what, address, error })?;
        let bound = listener.local_addr()?;
        Ok::<_, Error>((listener, bound))
    };
    let (api, api_addr) = bind("the API", config.api_addr).await?;
    let (host, host_addr) = match config.host_addr {
        Some(address) => {
            let (listener, bound) = bind("hosts", address).await?;
            (Some(listener), Some(bound))
        }
        None => (None, None),
    };
    Ok(Listeners { api, api_addr, host, host_addr })
}

/// What clients and hosts come in by.
pub(super) struct Doors {
    /// Users write under no term: which server runs the loops is not theirs to know.
    pub(super) objects: Objects,
    pub(super) accounts: Accounts,
    pub(super) access: Access,
    pub(super) audit: Option<AuditSink>,
    pub(super) registry: Registry,
    pub(super) desk: rest::Desk,
    pub(super) backing: Service,
    pub(super) admin_token: String,
}

impl Doors {
    /// Opens them; when this returns, clients are answered.
    pub(super) async fn open(
        self,
        config: &Config,
        service_ip: IpAddr,
        listeners: Listeners,
        dir: DataDir,
        authority: &Authority,
        house: House,
    ) -> Result<Server, Error> {
        let mut addresses = vec![listeners.api_addr.ip(), service_ip];
        addresses.extend(listeners.host_addr.map(|address| address.ip()));
        let listening = [Some(listeners.api_addr), listeners.host_addr];
        if listening.into_iter().flatten().any(|address| address.ip().is_unspecified()) {
            addresses.extend(outward());
        }
        let certificate = ServerCertificate::new(authority.clone(), &addresses)?;
        let (answers, forwards) = (Answers::default(), Forwards::default());
        let sessions = &self.desk.sessions;
        let measured = Measurements {
            cache: sessions.sources.cache.clone(),
            roster: sessions.roster.clone(),
            usages: sessions.sinks.usages.clone(),
            clock: sessions.clock.clone(),
        };
        let app = apiserver::router(apiserver::Config {
            objects: self.objects,
            authenticator: Arc::new(Doorman::new(&self.admin_token)),
            accounts: self.accounts,
            access: self.access,
            audit: self.audit,
            pods: Arc::new(Logs {
                answers: answers.clone(),
                forwards: forwards.clone(),
                roster: self.desk.sessions.roster.clone(),
            }),
            measured: Arc::new(measured),
            extra: rest::router(self.desk.clone()).merge(self.registry.router()),
            version: apiserver::Version::default(),
        });
        let (connections, incoming) = mpsc::channel(CONNECTIONS);
        let link = Link { sessions: self.desk.sessions, joining: self.desk.joining, answers, forwards };
        let (watch_over, shutdown) = (&house.watch_over, &house.shutdown);
        watch_over.spawn("the host protocol", link::serve(link, self.backing, incoming, shutdown.clone()));
        if let Some(listener) = listeners.host {
            let tls = certificate.tls(&["h2"])?;
            watch_over.spawn(
                "the listener for hosts",
                fine(link::accept(listener, tls, connections.clone(), shutdown.clone())),
            );
        }
        let tls = certificate.tls(&["h2", "http/1.1"])?;
        watch_over.spawn("the API", apiserver::serve(listeners.api, tls, app, shutdown.clone()));
        watch_over.spawn("the certificate", renewing(certificate, shutdown.clone()));
        let kubeconfig = write_kubeconfig(config, &dir, authority, listeners.api_addr).await?;
        tracing::info!(api = %listeners.api_addr, hosts = ?listeners.host_addr, "serving");
        Ok(Server {
            api_addr: listeners.api_addr,
            host_addr: listeners.host_addr,
            kubeconfig,
            pipes: Pipes::new(connections),
            watch_over: house.watch_over,
            tasks: house.tasks,
            shutdown: house.shutdown,
            _dir: dir,
        })
    }
}

/// Renews the server's certificate for as long as it runs (C66). What fails is tried again a day later.
async fn renewing(certificate: Arc<ServerCertificate>, shutdown: CancellationToken) -> Result<(), Infallible> {
    let mut wait = certificates::RENEW_AFTER;
    while shutdown.run_until_cancelled(tokio::time::sleep(wait)).await.is_some() {
        wait = match certificate.renew() {
            Ok(()) => certificates::RENEW_AFTER,
            Err(error) => {
                tracing::error!(%error, "the server's certificate was not renewed");
                RENEW_RETRY
            }
        };
    }
    Ok(())
}

/// Writes the kubeconfig where it was asked for, else to `<data_dir>/kubeconfig`, and returns its path.
async fn write_kubeconfig(
    config: &Config,
    dir: &DataDir,
    authority: &Authority,
    api_addr: SocketAddr,
) -> Result<PathBuf, Error> {
    let text = certificates::kubeconfig(authority, &url(api_addr))?;
    let path = config.kubeconfig.clone().unwrap_or_else(|| dir.kubeconfig());
    blocking(move || {
        files::replace(&path, text.as_bytes(), Readers::Owner)?;
        Ok(path)
    })
    .await?
}

/// How this machine reaches the API: 0.0.0.0 is a place to listen, not one to dial.
pub(super) fn url(api_addr: SocketAddr) -> String {
    let dial = match api_addr.ip() {
        ip if !ip.is_unspecified() => api_addr,
        IpAddr::V4(_) => SocketAddr::from(([127, 0, 0, 1], api_addr.port())),
        IpAddr::V6(_) => SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], api_addr.port())),
    };
    format!("https://{dial}")
}

/// Where hosts on other machines dial: 0.0.0.0 is a place to listen at and nothing to dial.
pub(super) fn dialled(listening: SocketAddr) -> SocketAddr {
    let ip = if listening.ip().is_unspecified() { outward() } else { None };
    SocketAddr::new(ip.unwrap_or(listening.ip()), listening.port())
}

/// The address by which others reach this machine. The kernel is asked for a route; nothing is sent.
fn outward() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // A documentation address (RFC 5737): routed like any other, owned by no one.
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}
