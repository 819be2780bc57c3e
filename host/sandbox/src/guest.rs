//! What the engine keeps for each instance: its WASI contexts, its handles, its bounds.

use std::sync::Arc;

use tokio::sync::Semaphore;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_config::WasiConfig;
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::account::Share;
use crate::clock::{Monotonic, Wall};
use crate::environment::Environment;
use crate::link::Code;
use crate::logs::{Output, Printed, Stdio, Stream};
use crate::outgoing::Hooks;
use crate::settings::{FIELDS_BYTES_MAX, RANDOM_BYTES_MAX};
use crate::sockets::Sockets;
use crate::workload::Shared;
use crate::{blobs, files, keyvalue, logging, messages, sockets};

/// The state of one instance.
pub(crate) struct Guest {
    shared: Arc<Shared>,
    /// Made when the guest first asks for something of it: many never do, and it is made of some ten boxes.
    wasi: Option<WasiCtx>,
    http: WasiHttpCtx,
    table: ResourceTable,
    hooks: Hooks,
    share: Share,
    messages_bytes: usize,
    /// Room for objects on their way to the store; made when the guest makes its first.
    blobs_ahead: Option<Arc<Semaphore>>,
}

impl Guest {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(FIELDS_BYTES_MAX);
        let mut table = ResourceTable::new();
        table.set_max_capacity(shared.handles_max());
        Self {
            shared: shared.clone(),
            wasi: None,
            http,
            table,
            hooks: Hooks::new(shared.clone()),
            share: Share::new(shared.account.clone()),
            messages_bytes: 0,
            blobs_ahead: None,
        }
    }

    /// The guest's requests.
    pub(crate) fn hooks(&mut self) -> &mut Hooks {
        &mut self.hooks
    }

    /// The instance's share of memory, which also bounds everything else it may have.
    pub(crate) fn share(&mut self) -> &mut Share {
        &mut self.share
    }

    pub(crate) fn config(&mut self) -> WasiConfig<'_> {
        WasiConfig::new(&self.shared.variables)
    }

    pub(crate) fn environment(&mut self) -> Environment<'_> {
        Environment(&self.shared.config)
    }

    pub(crate) fn code(&self) -> &Code {
        &self.shared.code
    }

    pub(crate) fn logging(&mut self) -> logging::View<'_> {
        logging::View(&*self.shared.config.logs)
    }

    pub(crate) fn keyvalue(&mut self) -> keyvalue::View<'_> {
        keyvalue::View { store: &*self.shared.config.keyvalue, table: &mut self.table }
    }

    pub(crate) fn blobs(&mut self) -> blobs::View<'_> {
        blobs::View { store: &*self.shared.config.blobs, table: &mut self.table, ahead: &mut self.blobs_ahead }
    }

    pub(crate) fn messages(&mut self) -> messages::View<'_> {
        let held_bytes = &mut self.messages_bytes;
        messages::View { broker: &*self.shared.config.messages, table: &mut self.table, held_bytes }
    }

    pub(crate) fn sockets(&self) -> &dyn Sockets {
        &*self.shared.config.sockets
    }

    /// The guest's handles.
    pub(crate) fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: self.wasi.get_or_insert_with(|| context(&self.shared)), table: &mut self.table }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.hooks, table: &mut self.table, ctx: &mut self.http }
    }
}

/// Clocks, randomness, output, and the files and sockets that the workload has. Environment and arguments are not in
/// there, see [`Environment`].
fn context(shared: &Shared) -> WasiCtx {
    let mut context = WasiCtx::builder();
    match shared.config.stdio {
        Stdio::Logged => {
            let printed = Printed::new(shared.config.logs.clone());
            let output = |stream| Output { printed: printed.clone(), stream };
            context.stdout(output(Stream::Stdout)).stderr(output(Stream::Stderr));
        }
        Stdio::Inherited => {
            context.inherit_stdio();
        }
    }
    context.monotonic_clock(Monotonic::start()).wall_clock(Wall).max_random_size(RANDOM_BYTES_MAX);
    sockets::configure(&mut context, &shared.config.sockets);
    files::configure(&mut context, &shared.config.mounts);
    context.build()
}
