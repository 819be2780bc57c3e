//! Starting, in the order in which things need each other.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use apiserver::{Access as AccessControl, Accounts, AuditSink, Issuer, Objects, ObjectsConfig};
use registry::Registry;
use store::Store;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::disk::{self, Opened};
use super::doors::{self, Doors, Listeners};
use super::{Error, Server, WatchOver};
use crate::accounts::Filler;
use crate::artifacts::Artifacts;
use crate::audit;
use crate::backing::{self, Access, Service};
use crate::cache::Cache;
use crate::certificates::Authority;
use crate::clock::Clock;
use crate::config::{AuditAt, Config};
use crate::control::{Control, Hands};
use crate::data_dir::DataDir;
use crate::events::Events;
use crate::grants::HostGrants;
use crate::joining::{Joining, Parts};
use crate::metrics::Metrics;
use crate::rest;
use crate::roster::Roster;
use crate::routing::{RESTART_GRACE, Reign, Router};
use crate::session::{Enrolment, Ground, Sessions, Sinks, Sources};
use crate::term::Term;
use crate::usage::{Gauges, Usages};

/// NodePorts, as in Kubernetes.
const NODE_PORTS: std::ops::RangeInclusive<u16> = 30_000..=32_767;

/// Everything that runs in the background, by what it needs.
pub(super) struct House {
    pub(super) watch_over: WatchOver,
    pub(super) shutdown: CancellationToken,
    pub(super) tasks: TaskTracker,
}

pub(super) async fn start(config: Config) -> Result<Server, Error> {
    let service_ip = check(&config)?;
    let at = config.clone();
    let dir = blocking(move || DataDir::open(&at.data_dir)).await??;
    let listeners = doors::listen(&config).await?;
    let compiler = config.compiler.clone();
    let opened = blocking(move || disk::open(dir, compiler)).await??;
    let (shutdown, tasks) = (CancellationToken::new(), TaskTracker::new());
    let watch_over = WatchOver::new(tasks.clone(), shutdown.clone());
    let house = House { watch_over, shutdown: shutdown.clone(), tasks: tasks.clone() };
    // Whatever fails from here on, nothing keeps running.
    let guard = shutdown.clone().drop_guard();
    let server = build(config, service_ip, listeners, opened, house).await?;
    guard.disarm();
    Ok(server)
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

async fn build(
    config: Config,
    service_ip: IpAddr,
    listeners: Listeners,
    opened: Opened,
    house: House,
) -> Result<Server, Error> {
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
    let (access, follow) = AccessControl::start(store.clone()).await?;
    house.watch_over.spawn("access control", until(house.shutdown.clone(), follow.run()));
    let keeper = apiserver::Keeper::start(ours.clone()).await?;
    house.watch_over.spawn("the definitions", until(house.shutdown.clone(), keeper.run()));
    let (cache, feed) = Cache::start(store.clone()).await?;
    house.watch_over.spawn("the cache", until(house.shutdown.clone(), feed.run()));

    let clock = Arc::new(Clock::new());
    let now = clock.clone();
    let issuer = Issuer::new(opened.account_keys, Arc::new(move || now.now()), &doors::url(listeners.api_addr));
    let base = Base {
        term,
        cache,
        objects: ours,
        roster: Roster::new(),
        clock,
        issuer: issuer.clone(),
        metrics: Arc::new(Metrics::new()),
        usages: Usages::new(),
        cluster_id,
    };
    base.metrics.collect(Box::new(Gauges(base.usages.clone())));
    let registry = open_registry(&config, &opened.dir, &base.cache, listeners.api_addr).await?;
    let artifacts = Artifacts::new(registry.clone(), opened.compiler, house.tasks.clone(), house.shutdown.clone());
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
    let backing = backing(&config, &opened.dir, &base, &house).await?;
    let filler = Filler {
        cache: base.cache.clone(),
        objects: base.objects.clone(),
        issuer: issuer.clone(),
        ca_pem: opened.authority.pem().clone(),
    };
    house.watch_over.spawn("the tokens of service accounts", fine(filler.run(house.shutdown.clone())));
    let accounts = Accounts::new(issuer, objects.clone());
    let audit = audit(&config, &opened.dir, &base.metrics, &house).await?;
    let desk = rest::Desk { sessions, joining, host_addr: listeners.host_addr.map(doors::dialled) };
    let doors = Doors { objects, accounts, access, audit, registry, desk, backing, admin_token: opened.admin_token };
    doors.open(&config, service_ip, listeners, opened.dir, &opened.authority, house).await
}

/// What everything else stands on.
struct Base {
    term: Term,
    cache: Cache,
    /// Writes under this server's term.
    objects: Objects,
    roster: Roster,
    clock: Arc<Clock>,
    issuer: Issuer,
    metrics: Arc<Metrics>,
    usages: Usages,
    cluster_id: Arc<str>,
}

async fn open_registry(config: &Config, dir: &DataDir, cache: &Cache, api_addr: SocketAddr) -> Result<Registry, Error> {
    let grants = HostGrants { cache: cache.clone(), own: config.interfaces.clone() };
    let path = dir.registry();
    let hosts = registry_hosts(api_addr);
    let config = registry::Config { grants: Arc::new(grants), hosts };
    Ok(blocking(move || Registry::open(&path, config)).await??)
}

/// Opens the audit log, if there is to be one, and begins to write it.
async fn audit(config: &Config, dir: &DataDir, metrics: &Metrics, house: &House) -> Result<Option<AuditSink>, Error> {
    let path = match &config.audit {
        AuditAt::Off => return Ok(None),
        AuditAt::DataDir => dir.plain("audit.log"),
        AuditAt::File(path) => path.clone(),
    };
    let log = blocking(move || audit::Log::open(&path)).await??;
    let (sink, events) = AuditSink::new();
    let dropped = sink.dropped();
    metrics.collect(Box::new(audit::Dropped(dropped.clone())));
    house.watch_over.spawn("the audit log", blocking(move || audit::write(log, events, &dropped)));
    Ok(Some(sink))
}

/// Opens what guests keep and say, and begins to watch over it.
async fn backing(config: &Config, dir: &DataDir, base: &Base, house: &House) -> Result<Service, Error> {
    let (watch_over, shutdown) = (&house.watch_over, &house.shutdown);
    let opened = backing::open(&config.backing, dir).await?;
    if let Some(fatal) = opened.fatal {
        watch_over.spawn("the key-value store", until(shutdown.clone(), async move { Err(fatal.wait().await) }));
    }
    let sweep = backing::Sweep::new(base.cache.clone(), opened.stores.clone());
    watch_over.spawn("the sweep of guests' data", fine(sweep.run(shutdown.clone())));
    base.metrics.collect(Box::new(backing::Dropped(opened.stores.messages.clone())));
    Ok(Service { stores: opened.stores, access: Arc::new(Access::new(base.cache.clone())), shutdown: shutdown.clone() })
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
    // Not before: opening what is stored may take longer than hosts are given, and they cannot dial yet.
    let reign = Reign { term: base.term.number(), began: Instant::now() };
    let (router, routing) =
        Router::new(base.cache.clone(), base.roster.clone(), planner.clone(), base.clock.clone(), reign);
    watch_over.spawn("the router", fine(router.run(shutdown.clone())));
    let control = Control {
        cache: base.cache.clone(),
        roster: base.roster.clone(),
        usages: base.usages.clone(),
        config: planner,
        clock: base.clock.clone(),
        started: reign.began,
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
        sources: Sources { cache: base.cache.clone(), routing, artifacts, issuer: base.issuer.clone() },
        sinks: Sinks {
            objects: base.objects.clone(),
            events,
            enrolment,
            usages: base.usages.clone(),
            metrics: base.metrics.clone(),
        },
        roster: base.roster.clone(),
        clock: base.clock.clone(),
        tasks: house.tasks.clone(),
        shutdown: shutdown.clone(),
    });
    watch_over.spawn("the roster", fine(sessions.clone().keep_house()));
    sessions
}

/// Work that blocks, where it holds up nobody.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Error::Io(std::io::Error::other(e)))
}

/// A task that cannot fail.
pub(super) async fn fine(task: impl Future<Output = ()>) -> Result<(), std::convert::Infallible> {
    task.await;
    Ok(())
}

/// Ends a task at shutdown.
async fn until<E>(shutdown: CancellationToken, task: impl Future<Output = Result<(), E>>) -> Result<(), E> {
    shutdown.run_until_cancelled(task).await.unwrap_or(Ok(()))
}
