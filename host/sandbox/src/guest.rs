//! What the engine keeps for each instance: its WASI contexts, its handles, its bounds.

use std::sync::Arc;

use http::Extensions;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_config::{WasiConfig, WasiConfigVariables};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::account::Share;
use crate::clock::{Monotonic, Wall};
use crate::logs::{Output, Stream};
use crate::outgoing::Hooks;
use crate::settings::{FIELDS_BYTES_MAX, HANDLES_MAX, RANDOM_BYTES_MAX};
use crate::workload::Shared;

/// The state of one instance.
pub(crate) struct Guest {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
    hooks: Hooks,
    config: Arc<WasiConfigVariables>,
    share: Share,
}

impl Guest {
    pub(crate) fn new(shared: &Shared) -> Self {
        let config = &shared.config;
        let output = |stream| Output { sink: config.logs.clone(), stream };
        let mut wasi = WasiCtx::builder();
        wasi.envs(&config.env)
            .args(&config.args)
            .stdout(output(Stream::Stdout))
            .stderr(output(Stream::Stderr))
            .monotonic_clock(Monotonic::start())
            .wall_clock(Wall)
            .max_random_size(RANDOM_BYTES_MAX)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .socket_addr_check(|_, _| Box::pin(std::future::ready(false)));
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(FIELDS_BYTES_MAX);
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES_MAX);
        Self {
            wasi: wasi.build(),
            http,
            table,
            hooks: Hooks::new(config.outgoing.clone(), shared.outgoing.clone()),
            config: shared.variables.clone(),
            share: Share::new(shared.account.clone()),
        }
    }

    /// From now on the instance answers a request with these extensions.
    pub(crate) fn answering(&mut self, extensions: Extensions) {
        self.hooks.answering(extensions);
    }

    /// The instance's share of memory, which also bounds everything else it may have.
    pub(crate) fn share(&mut self) -> &mut Share {
        &mut self.share
    }

    pub(crate) fn config(&mut self) -> WasiConfig<'_> {
        WasiConfig::new(&self.config)
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.hooks, table: &mut self.table, ctx: &mut self.http }
    }
}
