//! The machinery all workloads of a process share: code generator's counterpart, slots, ticker, linker.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use component::Interface;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use wasmtime::component::Linker;
use wasmtime::{Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::account::{Pool, Tenant};
use crate::burners::Burners;
use crate::compile::CompileError;
use crate::failure::Failure;
use crate::guest::Guest;
use crate::idle::Keeper;
use crate::link::{self, Code};
use crate::raw::{self, VerifiedCode};
use crate::settings::{
    CORE_INSTANCES_MAX, Generation, KEEP_RESIDENT_BYTES, KEEP_RESIDENT_TABLE_BYTES, MEMORIES_MAX, MEMORIES_PER_SLOT,
    ROOM_WAIT_MAX, SLOTS_DEFAULT, STACKS_PER_SLOT, TABLE_ELEMENTS_MAX, TABLES_MAX, TABLES_PER_SLOT, WAITING_MAX,
    WARM_SLOTS_MAX, code_settings,
};
use crate::shares::Shares;
use crate::slots::{Counted, Slots};
use crate::ticker::Ticker;
use crate::{compile, cpu};

/// What an engine reserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineConfig {
    /// Instances alive at once, of all workloads together. One reserves some gigabytes of address space, and no memory.
    pub slots: u32,
    /// Linear memory of all instances together, by what guests have grown theirs to. Whoever embeds this crate knows the
    /// machine and leaves some for itself; without a word there is no bound.
    pub memory_bytes_max: u64,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self { slots: SLOTS_DEFAULT, memory_bytes_max: u64::MAX }
    }
}

/// Names the code an engine runs: code made for an equal identity runs on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The engine's release and settings.
    pub version: String,
    /// The machine, as a target triple.
    pub target: String,
    /// What its CPU has, by the code generator's names, sorted.
    pub cpu_features: Vec<String>,
}

/// Why there is no engine, or no code.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine cannot be had on this machine.
    #[error("cannot set up the engine: {0}")]
    Engine(String),
    /// The file is no code of this engine, or cannot be read.
    #[error("cannot load code: {0}")]
    Load(String),
    /// The component imports what is not granted.
    #[error("the component imports what this host does not grant: {}", listed(.interfaces))]
    NotGranted {
        /// The interfaces that are missing.
        interfaces: Vec<Interface>,
    },
    /// The component needs more than an instance may have.
    #[error("the component needs {needed} {what}; an instance may have {max}")]
    TooLarge {
        /// Of what.
        what: &'static str,
        /// How many.
        needed: u64,
        /// The bound.
        max: u64,
    },
    /// There is no way to enter the component.
    #[error(
        "the component exports nothing that this host calls: wasi:http/incoming-handler@0.2, wasi:http/handler@0.3, wasi:cli/run@0.2 or @0.3, wasi:messaging/incoming-handler@0.2.0-draft"
    )]
    NoEntry,
    /// An interface is granted, and lacks what the component wants of it.
    #[error("the component does not fit this host: {0}")]
    Link(String),
}

impl Error {
    fn engine(error: impl std::fmt::Display) -> Self {
        Self::Engine(format!("{error:#}"))
    }

    pub(crate) fn link(error: &wasmtime::Error) -> Self {
        Self::Link(format!("{error:#}"))
    }
}

/// A file's header says for which machine it is, and wasmtime says in words alone that this is the reason why another
/// refuses it. Loading code of both generations, as tests do, shows that the words are still these.
fn is_of_other_generation(error: &wasmtime::Error) -> bool {
    format!("{error:#}").contains("concurrency support")
}

fn listed(interfaces: &[Interface]) -> String {
    interfaces.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Runs components. Clones are the same engine.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    machines: [Machine; 2],
    identity: Identity,
    slots: Slots,
    memory: Arc<Pool>,
    /// Workloads that keep idle instances, which give way when slots run out.
    keepers: Mutex<Vec<Kept>>,
    /// Requests that share an instance with an earlier one, of all workloads.
    further: Arc<Semaphore>,
    ticker: Ticker,
    burners: Burners,
    shares: Shares,
}

/// Who keeps idle instances, and the memory that is its tenant's.
#[derive(Clone)]
struct Kept {
    keeper: Weak<dyn Keeper>,
    tenant: Option<Arc<Pool>>,
}

/// What runs the components of one generation.
struct Machine {
    wasmtime: wasmtime::Engine,
    linker: Linker<Guest>,
}

impl Machine {
    fn new(config: EngineConfig, generation: Generation) -> wasmtime::Result<Self> {
        let mut settings = code_settings(generation);
        settings.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(config)));
        let wasmtime = wasmtime::Engine::new(&settings)?;
        Ok(Self { linker: link::linker(&wasmtime, generation)?, wasmtime })
    }
}

impl Engine {
    /// Sets up an engine. A process needs one.
    ///
    /// # Errors
    ///
    /// [`Error::Engine`], when the machine refuses the address space or is of an unknown kind.
    pub fn new(config: EngineConfig) -> Result<Self, Error> {
        let version = compile::version(cpu::TARGET).map_err(|error: CompileError| Error::engine(error))?;
        let identity = Identity { version, target: cpu::TARGET.to_owned(), cpu_features: cpu::detected() };
        let [serial, concurrent] = Generation::ALL.map(|generation| Machine::new(config, generation));
        let machines = [serial.map_err(Error::engine)?, concurrent.map_err(Error::engine)?];
        let ticker = Ticker::start({
            let engines = machines.each_ref().map(|machine| machine.wasmtime.weak());
            move || {
                for engine in engines.iter().filter_map(wasmtime::EngineWeak::upgrade) {
                    engine.increment_epoch();
                }
            }
        })
        .map_err(Error::engine)?;
        Ok(Self(Arc::new(Inner {
            machines,
            identity,
            slots: Slots::new(config.slots),
            memory: Arc::new(Pool::new(config.memory_bytes_max)),
            keepers: Mutex::default(),
            further: Arc::new(Semaphore::new(config.slots as usize)),
            ticker,
            burners: Burners::default(),
            shares: Shares::default(),
        })))
    }

    /// What code must be compiled for to run here.
    #[must_use]
    pub fn identity(&self) -> Identity {
        self.0.identity.clone()
    }

    /// The interfaces a component may import here.
    #[must_use]
    pub fn interfaces(&self) -> Vec<Interface> {
        link::interfaces()
    }

    /// Maps compiled code the caller has verified, and binds it to the interfaces granted.
    ///
    /// It reads files, so callers on an event loop move it off.
    ///
    /// # Errors
    ///
    /// The file is of another engine, or the component does not fit this host: see [`Error`].
    pub fn load(&self, code: &VerifiedCode) -> Result<Code, Error> {
        let [serial, concurrent] = &self.0.machines;
        let load = |machine: &Machine| {
            raw::map(&machine.wasmtime, code).map(|component| link::bind(&machine.linker, &component, code.path()))
        };
        let loaded = match load(serial) {
            Err(error) if is_of_other_generation(&error) => load(concurrent),
            loaded => loaded,
        };
        loaded.map_err(|error| Error::Load(format!("{error:#}")))?
    }

    pub(crate) fn ticker(&self) -> &Ticker {
        &self.0.ticker
    }

    pub(crate) fn burners(&self) -> &Burners {
        &self.0.burners
    }

    pub(crate) fn shares(&self) -> &Shares {
        &self.0.shares
    }

    /// Keeps a workload's idle instances in view, to be dropped when slots run out.
    pub(crate) fn watch(&self, keeper: Weak<dyn Keeper>, tenant: Option<&Tenant>) {
        let mut keepers = self.0.keepers.lock().unwrap_or_else(PoisonError::into_inner);
        keepers.retain(|kept| kept.keeper.strong_count() > 0);
        keepers.push(Kept { keeper, tenant: tenant.map(|tenant| tenant.pool().clone()) });
    }

    pub(crate) fn further(&self) -> &Arc<Semaphore> {
        &self.0.further
    }

    pub(crate) fn slots(&self) -> &Slots {
        &self.0.slots
    }

    /// The memory of all instances.
    pub(crate) fn memory(&self) -> &Arc<Pool> {
        &self.0.memory
    }

    /// Drops all idle instances, or those whose memory is of one tenant: somebody waits for their slots, or memory.
    pub(crate) fn reclaim(&self, tenant: Option<&Arc<Pool>>) {
        let keepers = self.0.keepers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let of_tenant =
            |kept: &Kept| tenant.is_none_or(|wanted| kept.tenant.as_ref().is_some_and(|own| Arc::ptr_eq(own, wanted)));
        for keeper in keepers.into_iter().filter(of_tenant).filter_map(|kept| kept.keeper.upgrade()) {
            keeper.clear();
        }
    }
}

/// Waits for a permit among at most [`WAITING_MAX`] others, for at most [`ROOM_WAIT_MAX`].
pub(crate) async fn queued(permits: &Arc<Semaphore>, waiting: &AtomicUsize) -> Result<OwnedSemaphorePermit, Failure> {
    let place = Counted::new(waiting);
    if place.before() >= WAITING_MAX {
        return Err(Failure::Busy);
    }
    match timeout(ROOM_WAIT_MAX, permits.clone().acquire_owned()).await {
        Ok(Ok(permit)) => Ok(permit),
        Ok(Err(_)) => Err(Failure::Closed),
        Err(_) => Err(Failure::Busy),
    }
}

/// Whether this kernel tells which pages a guest has written (`PAGEMAP_SCAN`, Linux 6.7): then only those are cleared
/// between instances, which about doubles the requests that are answered with a fresh instance each.
#[must_use]
pub fn is_page_scan_available() -> bool {
    PoolingAllocationConfig::is_pagemap_scan_available()
}

/// Memory is reserved and not taken: a slot is address space until a guest touches it.
fn pool(config: EngineConfig) -> PoolingAllocationConfig {
    let slots = config.slots;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(slots.saturating_mul(CORE_INSTANCES_MAX))
        .total_memories(slots.saturating_mul(MEMORIES_PER_SLOT))
        .total_tables(slots.saturating_mul(TABLES_PER_SLOT))
        .total_stacks(slots.saturating_mul(STACKS_PER_SLOT))
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .max_memories_per_component(MEMORIES_MAX)
        .max_tables_per_component(TABLES_MAX)
        .table_elements(TABLE_ELEMENTS_MAX)
        .max_unused_warm_slots(WARM_SLOTS_MAX);
    if is_page_scan_available() {
        // Without the scan, keeping pages would mean to clear all of them after each use.
        pool.pagemap_scan(Enabled::Yes)
            .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
            .table_keep_resident(KEEP_RESIDENT_TABLE_BYTES);
    }
    pool
}
