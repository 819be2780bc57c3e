//! Code with a configuration, answering requests.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use http::{Request, Response};
use tokio::sync::{Notify, Semaphore};
use wasmtime_wasi_config::WasiConfigVariables;

use crate::account::{Account, Tenant};
use crate::blobs::Blobs;
use crate::burners::Burnt;
use crate::engine::{Engine, Error, queued};
use crate::failure::Failure;
use crate::files::Mount;
use crate::idle::{Idle, Keeper};
use crate::instance::Instance;
use crate::keyvalue::KeyValue;
use crate::link::Code;
use crate::logs::{LogSink, Stdio};
use crate::many::Many;
use crate::messages::{Message, Messages};
use crate::outgoing::Outgoing;
use crate::pace::Ceiling;
use crate::room::Line;
use crate::settings::{HANDLES_MAX, HANDLES_PER_REQUEST, OUTGOING_MAX};
use crate::shares::WEIGHT_DEFAULT;
use crate::sockets::Sockets;
use crate::{Body, drive};

/// How a workload runs.
#[derive(Clone)]
pub struct WorkloadConfig {
    /// What it is called in this crate's own logs.
    pub name: String,
    /// The guest's environment.
    pub env: Vec<(String, String)>,
    /// The guest's arguments.
    pub args: Vec<String>,
    /// What the guest reads through `wasi:config`.
    pub config: Vec<(String, String)>,
    /// Memory of all live instances together, and so of each. Without it each instance may have
    /// [`crate::INSTANCE_MEMORY_BYTES_DEFAULT`].
    pub memory_bytes_max: Option<u64>,
    /// With whom it has a bound on memory in common, if with anybody.
    pub tenant: Option<Tenant>,
    /// Its share of the CPU when it and others compute for long: twice as much gets twice the time. Hosts say the
    /// thousandths of a CPU that were asked for.
    pub cpu_weight: u32,
    /// The most CPU that its guests may have together, in thousandths of one, however much is free. Who has had that waits.
    pub cpu_millis_max: Option<u32>,
    /// Requests answered at once. More wait for a while and fail with [`Failure::Busy`].
    pub concurrent_max: usize,
    /// How long a request may take, from its arrival to the end of the guest's work for it.
    pub timeout: Duration,
    /// Whether instances are used again.
    pub reuse: Reuse,
    /// What the guest's standard streams are.
    pub stdio: Stdio,
    /// Where the guest's output goes, unless `stdio` says otherwise.
    pub logs: Arc<dyn LogSink>,
    /// Where the guest's requests go.
    pub outgoing: Arc<dyn Outgoing>,
    /// Directories that guests find.
    pub mounts: Vec<Mount>,
    /// What the guest's sockets may do.
    pub sockets: Arc<dyn Sockets>,
    /// What the guest reads and writes through `wasi:keyvalue`.
    pub keyvalue: Arc<dyn KeyValue>,
    /// What the guest reads and writes through `wasi:blobstore`.
    pub blobs: Arc<dyn Blobs>,
    /// Where the guest's messages go.
    pub messages: Arc<dyn Messages>,
    /// Who hears of failures.
    pub reports: Arc<dyn Reports>,
}

/// Requests of one workload at once, unless its configuration says otherwise: half of an engine's default slots, which
/// is also the most that a workload may have while it is alone.
const CONCURRENT_DEFAULT: usize = 500;
/// A request's time, unless the workload's configuration says otherwise.
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);

impl WorkloadConfig {
    /// The defaults: a fresh instance for each request, 30 seconds, no environment, output discarded, no way out.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            env: Vec::new(),
            args: Vec::new(),
            config: Vec::new(),
            memory_bytes_max: None,
            tenant: None,
            cpu_weight: WEIGHT_DEFAULT,
            cpu_millis_max: None,
            concurrent_max: CONCURRENT_DEFAULT,
            timeout: TIMEOUT_DEFAULT,
            reuse: Reuse::default(),
            stdio: Stdio::default(),
            logs: Arc::new(()),
            outgoing: Arc::new(()),
            mounts: Vec::new(),
            sockets: Arc::new(()),
            keyvalue: Arc::new(()),
            blobs: Arc::new(()),
            messages: Arc::new(()),
            reports: Arc::new(()),
        }
    }
}

/// Whether instances are used again. The default is a fresh instance for each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reuse {
    /// Requests that one instance is given; 1 is a fresh instance for each.
    pub requests_max: u64,
    /// Requests that one instance is given at once, if it is used again and of WASI 0.3. A guest of WASI 0.2 is asked one
    /// request at a time, see [`Code::is_serial`].
    ///
    /// A trap fails all of them. One that is given up, by its client or for its deadline, ends the instance once the
    /// others have had their answers; if it computes without a pause, they get none.
    pub concurrent_max: u64,
    /// How long an instance waits for its next request.
    pub idle: Duration,
}

impl Default for Reuse {
    fn default() -> Self {
        Self { requests_max: 1, concurrent_max: 1, idle: Duration::from_secs(1) }
    }
}

/// Who hears of failures.
pub trait Reports: Send + Sync + 'static {
    /// A request failed. It is called once for each failure, also for those that come after the response began, which
    /// [`Workload::call`] can no longer return. It must not block.
    fn failed(&self, failure: &Failure);

    /// A guest has computed: there is something new for [`Workload::measure`] to find. It is called after every turn
    /// of every guest, so it must be as good as free.
    fn computed(&self) {}
}

/// Keeps silent.
impl Reports for () {
    fn failed(&self, _: &Failure) {}
}

/// What a workload uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measure {
    /// Time that its guests computed since it was made.
    pub cpu: Duration,
    /// The most memory that its instances had at once since it was last measured.
    pub memory_bytes: u64,
}

/// What a workload did and has, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Requests that were begun.
    pub requests: u64,
    /// Requests that failed, in whatever way.
    pub failures: u64,
    /// Requests at this moment.
    pub requests_running: u64,
    /// Instances waiting for their next request.
    pub instances_idle: u64,
    /// Memory of all live instances.
    pub memory_bytes: u64,
    /// Time that its guests computed, with what the host did for them meanwhile.
    pub cpu: Duration,
}

/// What all requests of a workload share.
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    /// Tells it from all others of this process.
    pub(crate) id: u64,
    pub(crate) code: Code,
    pub(crate) config: WorkloadConfig,
    pub(crate) variables: Arc<WasiConfigVariables>,
    pub(crate) account: Arc<Account>,
    /// The guests' requests on their way.
    pub(crate) outgoing: Arc<Semaphore>,
    /// Slots it holds.
    pub(crate) held: AtomicUsize,
    /// Who waits for an instance.
    pub(crate) line: Line,
    /// Whether one of its requests burned lately.
    pub(crate) burnt: Burnt,
    /// Present if its CPU is limited.
    pub(crate) ceiling: Option<Ceiling>,
    /// Present if instances are used again, for one request after the other.
    pub(crate) idle: Option<Arc<Idle>>,
    /// Present if instances are asked several requests at once.
    pub(crate) many: Option<Arc<Many>>,
    requests_free: Arc<Semaphore>,
    waiting: AtomicUsize,
    closed: AtomicBool,
    killed: AtomicBool,
    kill: Arc<Notify>,
    requests: AtomicU64,
    failures: AtomicU64,
    /// Computing time of all its guests.
    cpu_nanos: AtomicU64,
}

impl Shared {
    pub(crate) fn failed(&self, failure: &Failure) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        tracing::debug!(workload = self.config.name, %failure, "a request failed");
        self.config.reports.failed(failure);
    }

    /// A guest of it computed for so long.
    pub(crate) fn computed(&self, time: Duration, now: Instant) {
        self.cpu_nanos.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        if let Some(ceiling) = &self.ceiling {
            ceiling.charge(time, now);
        }
        self.config.reports.computed();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Handles that one of its instances may hold.
    pub(crate) fn handles_max(&self) -> usize {
        match &self.many {
            Some(_) => {
                let requests = usize::try_from(self.config.reuse.concurrent_max).unwrap_or(usize::MAX);
                requests.saturating_mul(HANDLES_PER_REQUEST).clamp(HANDLES_MAX, HANDLES_PER_REQUEST * HANDLES_MAX)
            }
            None => HANDLES_MAX,
        }
    }

    /// An instance that waits for its next request.
    pub(crate) fn take_idle(&self) -> Option<Instance> {
        self.idle.as_ref()?.take()
    }

    /// Completes when the workload is killed.
    pub(crate) fn killed(&self) -> impl Future<Output = ()> + Send + use<> {
        // Listening before looking, so that it is not missed: a `Notified` counts from the moment it is made.
        let notified = self.kill.clone().notified_owned();
        let already = self.killed.load(Ordering::SeqCst);
        async move {
            if !already {
                notified.await;
            }
        }
    }
}

static NEXT_ID: AtomicU64 = AtomicU64::new(0);

/// A component with its configuration. Clones are the same workload.
#[derive(Clone)]
pub struct Workload(Arc<Shared>);

impl Workload {
    /// Makes a workload, which costs some hundred bytes until it is asked.
    ///
    /// # Errors
    ///
    /// None at present; what a component lacks is found when its code is loaded.
    pub fn new(engine: &Engine, code: Code, config: WorkloadConfig) -> Result<Self, Error> {
        let (mut idle, mut many) = (None, None);
        if config.reuse.requests_max > 1 && config.reuse.concurrent_max > 1 && !code.is_serial() {
            let kept = Arc::new(Many::new(engine.further().clone()));
            engine.watch(Arc::downgrade(&kept) as Weak<dyn Keeper>, config.tenant.as_ref());
            many = Some(kept);
        } else if config.reuse.requests_max > 1 {
            let kept = Arc::new(Idle::new(config.reuse.idle));
            engine.watch(Arc::downgrade(&kept) as Weak<dyn Keeper>, config.tenant.as_ref());
            idle = Some(kept);
        }
        Ok(Self(Arc::new(Shared {
            engine: engine.clone(),
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            code,
            variables: Arc::new(config.config.iter().cloned().collect()),
            account: Arc::new(Account::new(config.memory_bytes_max, config.tenant.clone(), engine.memory().clone())),
            outgoing: Arc::new(Semaphore::new(OUTGOING_MAX)),
            held: AtomicUsize::new(0),
            line: Line::new(),
            burnt: Burnt::new(Instant::now()),
            ceiling: config.cpu_millis_max.map(|millis| Ceiling::new(millis, Instant::now())),
            idle,
            many,
            requests_free: Arc::new(Semaphore::new(config.concurrent_max)),
            waiting: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            killed: AtomicBool::new(false),
            kill: Arc::default(),
            requests: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            cpu_nanos: AtomicU64::new(0),
            config,
        })))
    }

    /// Answers a request, on the caller's runtime: it returns when the response's head is there.
    ///
    /// Dropping the future, or the response's body before its end, ends the guest's work for the request.
    ///
    /// # Errors
    ///
    /// See [`Failure`]. A failure after the head is an error of the body.
    pub async fn call(&self, request: Request<Body>) -> Result<Response<Body>, Failure> {
        let shared = &self.0;
        shared.requests.fetch_add(1, Ordering::Relaxed);
        let permit = self.admit().await.inspect_err(|failure| shared.failed(failure))?;
        match &shared.many {
            // Boxed, so that the future of a call that has an instance to itself, which is moved for each, is small.
            Some(many) => Box::pin(drive::answer_among(shared.clone(), many.clone(), permit, request)).await,
            None => drive::answer(shared.clone(), permit, request).await,
        }
    }

    /// Whether it is a command, see [`Code::is_command`].
    #[must_use]
    pub fn is_command(&self) -> bool {
        self.0.code.is_command()
    }

    /// Runs a command to its end, and returns its exit status. It has no deadline.
    ///
    /// Dropping the future ends the guest.
    ///
    /// # Errors
    ///
    /// See [`Failure`]; an exit status that is not 0 is none.
    pub async fn run(&self) -> Result<i32, Failure> {
        if self.0.is_closed() {
            return Err(Failure::Closed);
        }
        drive::run(self.0.clone()).await
    }

    /// Gives a message to the guest's handler. The inner error is the guest's own.
    ///
    /// Dropping the future ends the guest's work for it.
    ///
    /// # Errors
    ///
    /// See [`Failure`].
    pub async fn deliver(&self, message: Message) -> Result<Result<(), String>, Failure> {
        let shared = &self.0;
        shared.requests.fetch_add(1, Ordering::Relaxed);
        let permit = self.admit().await.inspect_err(|failure| shared.failed(failure))?;
        drive::deliver(shared.clone(), permit, message).await
    }

    async fn admit(&self) -> Result<tokio::sync::OwnedSemaphorePermit, Failure> {
        let shared = &self.0;
        if shared.is_closed() {
            return Err(Failure::Closed);
        }
        match shared.requests_free.clone().try_acquire_owned() {
            Ok(permit) => Ok(permit),
            Err(_) => queued(&shared.requests_free, &shared.waiting).await,
        }
    }

    /// What it did and has.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let shared = &self.0;
        let free = shared.requests_free.available_permits();
        Stats {
            requests: shared.requests.load(Ordering::Relaxed),
            failures: shared.failures.load(Ordering::Relaxed),
            requests_running: shared.config.concurrent_max.saturating_sub(free) as u64,
            instances_idle: (shared.idle.as_ref().map_or(0, |idle| idle.len())
                + shared.many.as_ref().map_or(0, |many| many.idle())) as u64,
            memory_bytes: shared.account.used_bytes(),
            cpu: Duration::from_nanos(shared.cpu_nanos.load(Ordering::Relaxed)),
        }
    }

    /// What it uses. For one who asks again and again: each answer covers the time since the one before.
    #[must_use]
    pub fn measure(&self) -> Measure {
        let cpu = Duration::from_nanos(self.0.cpu_nanos.load(Ordering::Relaxed));
        Measure { cpu, memory_bytes: self.0.account.take_most_bytes() }
    }

    /// Refuses further requests and drops idle instances. Requests that are being answered go on.
    pub fn close(&self) {
        self.0.closed.store(true, Ordering::Relaxed);
        self.0.requests_free.close();
        if let Some(idle) = &self.0.idle {
            idle.clear();
        }
        if let Some(many) = &self.0.many {
            many.clear();
        }
    }

    /// Closes it, and ends the requests that are being answered: they fail with [`Failure::Killed`], their bodies with
    /// an error. A guest that computes ends at its next tick, so this may return before the last one has.
    pub fn kill(&self) {
        self.close();
        self.0.killed.store(true, Ordering::SeqCst);
        self.0.kill.notify_waiters();
    }
}
