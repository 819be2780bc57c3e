//! Starting, in the order in which things need each other.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use apiserver::{Objects, ObjectsConfig};
use protocol::seal;
use registry::Registry;
use store::{Cipher, Store, Tiered};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Error, Server, WatchOver};
use crate::answers::Answers;
use crate::artifacts::Artifacts;
use crate::auth::Doorman;
use crate::cache::Cache;
use crate::certificates::{self, Authority, ServerCertificate};
use crate::clock::Clock;
use crate::compiler::Compiler;
use crate::config::Config;
use crate::control::{Control, Hands};
use crate::data_dir::DataDir;
use crate::events::Events;
use crate::files::{self, Readers};
use crate::grants::HostGrants;
use crate::joining::{Joining, Parts};
use crate::link::{self, Link, Pipes};
use crate::logs::Logs;
use crate::metrics::Metrics;
use crate::rest;
use crate::roster::Roster;
use crate::routing::{RESTART_GRACE, Router};
use crate::session::{Enrolment, Ground, Sessions, Sinks, Sources};
use crate::term::Term;

/// NodePorts, as in Kubernetes.
const NODE_PORTS: std::ops::RangeInclusive<u16> = 30_000..=32_767;
/// Values that are sealed on disk.
const SEALED: &str = "/registry/secrets/";
/// Connections between a listener and the service; taken as fast as they come.
const CONNECTIONS: usize = 64;

/// Seals with the key of the data directory.
struct SealCipher(Arc<seal::Key>);

impl Cipher for SealCipher {
    fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, String> {
        self.0.seal(context, plain).map_err(|e| e.to_string())
    }

    fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, String> {
        self.0.open(context, sealed).map_err(|e| e.to_string())
    }
}

/// Listeners, bound before anything is written: an address in use must not leave a trace.
struct Listeners {
    api: TcpListener,
    api_addr: SocketAddr,
    host: Option<TcpListener>,
    host_addr: Option<SocketAddr>,
}

/// What was on disk.
struct Opened {
    dir: DataDir,
    authority: Authority,
    admin_token: String,
    compiler: Compiler,
    store: Tiered,
}

/// Everything that runs in the background, by what it needs.
struct House {
    watch_over: WatchOver,
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

pub(super) async fn start(config: Config) -> Result<Server, Error> {
    let service_ip = check(&config)?;
    let at = config.clone();
    let dir = blocking(move || DataDir::open(&at.data_dir)).await??;
    let listeners = listen(&config).await?;
    let compiler = config.compiler.clone();
    let opened = blocking(move || open(dir, compiler)).await??;
    let (shutdown, tasks) = (CancellationToken::new(), TaskTracker::new());
    let watch_over = WatchOver::new(tasks.clone(), shutdown.clone());
    let house = House { watch_over, shutdown: shutdown.clone(), tasks: tasks.clone() };
    // Whatever fails from here on, nothing keeps running.
    let guard = shutdown.clone().drop_guard();
    let server = build(config, service_ip, listeners, opened, house).await?;
    guard.disarm();
    Ok(server)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Error::Io(std::io::Error::other(e)))
}

fn check(config: &Config) -> Result<IpAddr, Error> {
    let service_ip = config.service_cidr.nth(1);
    let service_ip = service_ip.ok_or_else(|| Error::Config(format!("{} holds no address", config.service_cidr)))?;
    if config.pod_cidr.overlaps(&config.service_cidr) {
        let why = format!("--pod-cidr {} and --service-cidr {} overlap", config.pod_cidr, config.service_cidr);
        return Err(Error::Config(why));
    }
    Ok(service_ip)
}

async fn listen(config: &Config) -> Result<Listeners, Error> {
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

/// Opens what is on disk. Blocks.
fn open(dir: DataDir, compiler: Vec<std::ffi::OsString>) -> Result<Opened, Error> {
    let authority = Authority::open(&dir)?;
    let admin_token = certificates::bearer_token(&dir.admin_token())?;
    let compiler = Compiler::new(compiler, dir.code(), certificates::open_signer(&dir)?);
    let config = store::Config {
        cipher: Some(Arc::new(SealCipher(dir.key().clone()))),
        sealed_prefixes: vec![SEALED.to_owned()],
        // F7: a store that was there and is gone is not begun anew over its cluster.
        absent: if dir.is_founded() { store::Absent::Refuse } else { store::Absent::Create },
        ..store::Config::default()
    };
    let store = Tiered::open(&dir.store(), config)?;
    dir.found()?;
    Ok(Opened { dir, authority, admin_token, compiler, store })
}

async fn build(
    config: Config,
    service_ip: IpAddr,
    listeners: Listeners,
    opened: Opened,
    house: House,
) -> Result<Server, Error> {
    let started = Instant::now();
    let fatal = opened.store.fatal();
    house.watch_over.spawn("the store", until(house.shutdown.clone(), async move { Err(fatal.wait().await) }));
    let store: Arc<dyn Store> = Arc::new(opened.store);
    let term = Term::begin(store.clone()).await?;
    let cluster_id = opened.dir.cluster_id().clone();
    tracing::info!(term = term.number(), %cluster_id, "the term begins");

    let service_cidr = config.service_cidr.to_string().parse().map_err(Error::Config)?;
    let objects = Objects::new(store.clone(), ObjectsConfig { service_cidr, node_port_range: NODE_PORTS });
    let ours = objects.guarded(term.guard());
    crate::bootstrap::run(&ours, service_ip, listeners.api_addr).await?;
    let (cache, feed) = Cache::start(store.clone()).await?;
    house.watch_over.spawn("the cache", until(house.shutdown.clone(), feed.run()));

    let base = Base {
        started,
        term,
        cache,
        objects: ours,
        roster: Roster::new(),
        clock: Arc::new(Clock::new()),
        metrics: Arc::new(Metrics::new()),
        cluster_id,
    };
    let registry = open_registry(&config, &opened.dir, &base.cache, listeners.api_addr).await?;
    let artifacts = Artifacts::new(registry.clone(), opened.compiler, house.tasks.clone());
    let sessions = sessions(&config, &base, &opened.authority, artifacts.clone(), &house);
    let running = artifacts.clone().run(base.cache.clone(), base.roster.clone(), house.shutdown.clone());
    house.watch_over.spawn("the artifacts", fine(running));

    let joining = Joining::new(Parts {
        objects: base.objects.clone(),
        authority: opened.authority.clone(),
        roster: base.roster.clone(),
        events: sessions.sinks.events.clone(),
        clock: base.clock.clone(),
        metrics: base.metrics.clone(),
        cluster_id: base.cluster_id.clone(),
        code_public_key: artifacts.public_key().to_vec(),
    });
    let desk = rest::Desk { sessions, joining, host_addr: listeners.host_addr };
    let doors = Doors { objects, registry, desk, admin_token: opened.admin_token };
    doors.open(&config, service_ip, listeners, opened.dir, &opened.authority, house).await
}

/// What everything else stands on.
struct Base {
    started: Instant,
    term: Term,
    cache: Cache,
    /// Writes under this server's term.
    objects: Objects,
    roster: Roster,
    clock: Arc<Clock>,
    metrics: Arc<Metrics>,
    cluster_id: Arc<str>,
}

async fn open_registry(config: &Config, dir: &DataDir, cache: &Cache, api_addr: SocketAddr) -> Result<Registry, Error> {
    let grants = HostGrants { cache: cache.clone(), own: config.interfaces.clone() };
    let path = dir.registry();
    let hosts = registry_hosts(api_addr);
    let config = registry::Config { grants: Arc::new(grants), hosts };
    Ok(blocking(move || Registry::open(&path, config)).await??)
}

/// What images may call this cluster's registry: where clients pushed to.
fn registry_hosts(api_addr: SocketAddr) -> Vec<String> {
    vec![api_addr.to_string(), format!("localhost:{}", api_addr.port())]
}

/// Starts the loops and what sessions share.
fn sessions(config: &Config, base: &Base, authority: &Authority, artifacts: Artifacts, house: &House) -> Arc<Sessions> {
    let (watch_over, shutdown) = (&house.watch_over, &house.shutdown);
    let planner = planner::Config {
        unreachable_after: config.unreachable_after,
        restart_grace: RESTART_GRACE,
        ca_pem: authority.pem().clone(),
        ..planner::Config::default()
    };
    let (events, writer) = Events::new(base.objects.clone());
    watch_over.spawn("the events", fine(writer.run(shutdown.clone())));
    let (enrolment, desk) = Enrolment::new(base.objects.clone(), base.cache.clone(), config.pod_cidr);
    watch_over.spawn("the enrolment", fine(desk.run(shutdown.clone())));
    let (router, routing) =
        Router::new(base.cache.clone(), base.roster.clone(), planner.clone(), base.clock.clone(), base.term.number());
    watch_over.spawn("the router", fine(router.run(shutdown.clone())));
    let control = Control {
        cache: base.cache.clone(),
        roster: base.roster.clone(),
        config: planner,
        clock: base.clock.clone(),
        started: base.started,
        term: base.term.clone(),
        hands: Hands::new(base.objects.clone(), events.clone()),
        metrics: base.metrics.clone(),
    };
    watch_over.spawn("the control loop", control.run(shutdown.clone()));
    let sessions = Arc::new(Sessions {
        ground: Ground {
            cluster_id: base.cluster_id.clone(),
            term: base.term.number(),
            service_cidr: config.service_cidr,
        },
        sources: Sources { cache: base.cache.clone(), routing, artifacts },
        sinks: Sinks { objects: base.objects.clone(), events, enrolment, metrics: base.metrics.clone() },
        roster: base.roster.clone(),
        clock: base.clock.clone(),
        tasks: house.tasks.clone(),
        shutdown: shutdown.clone(),
    });
    watch_over.spawn("the roster", fine(sessions.clone().keep_house()));
    sessions
}

/// What clients and hosts come in by.
struct Doors {
    /// Users write under no term: which server runs the loops is not theirs to know.
    objects: Objects,
    registry: Registry,
    desk: rest::Desk,
    admin_token: String,
}

impl Doors {
    async fn open(
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
        let certificate = ServerCertificate::new(authority.clone(), &addresses)?;
        let answers = Answers::default();
        let app = apiserver::router(apiserver::Config {
            objects: self.objects,
            authenticator: Arc::new(Doorman::new(&self.admin_token)),
            pods: Arc::new(Logs { answers: answers.clone(), roster: self.desk.sessions.roster.clone() }),
            extra: rest::router(self.desk.clone()).merge(self.registry.router()),
            version: apiserver::Version::default(),
        });
        let (connections, incoming) = mpsc::channel(CONNECTIONS);
        let link = Link { sessions: self.desk.sessions, joining: self.desk.joining, answers };
        let (watch_over, shutdown) = (&house.watch_over, &house.shutdown);
        watch_over.spawn("the host protocol", link::serve(link, incoming, shutdown.clone()));
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
async fn renewing(
    certificate: Arc<ServerCertificate>,
    shutdown: CancellationToken,
) -> Result<(), std::convert::Infallible> {
    let mut wait = certificates::RENEW_AFTER;
    while shutdown.run_until_cancelled(tokio::time::sleep(wait)).await.is_some() {
        wait = match certificate.renew() {
            Ok(()) => certificates::RENEW_AFTER,
            Err(error) => {
                tracing::error!(%error, "the server's certificate was not renewed");
                std::time::Duration::from_secs(24 * 3600)
            }
        };
    }
    Ok(())
}

/// Writes `<data_dir>/kubeconfig`, and the other one if asked; returns the path of the one that was asked for.
async fn write_kubeconfig(
    config: &Config,
    dir: &DataDir,
    authority: &Authority,
    api_addr: SocketAddr,
) -> Result<std::path::PathBuf, Error> {
    // 0.0.0.0 is a place to listen, not one to dial.
    let dial = match api_addr.ip() {
        ip if !ip.is_unspecified() => api_addr,
        IpAddr::V4(_) => SocketAddr::from(([127, 0, 0, 1], api_addr.port())),
        IpAddr::V6(_) => SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], api_addr.port())),
    };
    let text = certificates::kubeconfig(authority, &format!("https://{dial}"))?;
    let (own, other) = (dir.kubeconfig(), config.kubeconfig.clone());
    blocking(move || {
        files::replace(&own, text.as_bytes(), Readers::Owner)?;
        if let Some(other) = &other {
            files::replace(other, text.as_bytes(), Readers::Owner)?;
        }
        Ok(other.unwrap_or(own))
    })
    .await?
}

/// A task that cannot fail.
async fn fine(task: impl Future<Output = ()>) -> Result<(), std::convert::Infallible> {
    task.await;
    Ok(())
}

/// Ends a task at shutdown.
async fn until<E>(shutdown: CancellationToken, task: impl Future<Output = Result<(), E>>) -> Result<(), E> {
    shutdown.run_until_cancelled(task).await.unwrap_or(Ok(()))
}
