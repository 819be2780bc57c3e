//! What guests may import, and loaded code bound to it.

use std::path::Path;
use std::sync::Arc;

use component::Interface;
use wasmtime::Store;
use wasmtime::component::{Component, HasData, Linker, ResourceTable};
use wasmtime_wasi as wasi;
use wasmtime_wasi::p2::bindings as p2_cli;
use wasmtime_wasi::p3::bindings as p3_cli;
use wasmtime_wasi_http::handler::{Proxy, ProxyPre};
use wasmtime_wasi_http::{p2, p3};
use wasmtime_wasi_io::bindings::wasi::io;

use crate::engine::Error;
use crate::guest::Guest;
use crate::messages::bindings::{MessageHandler, MessageHandlerPre};
use crate::settings::{Generation, TABLE_ELEMENTS_MAX};
use crate::{blobs, environment, keyvalue, logging, messages, outgoing, sockets};

/// Every interface the linker offers. A test holds it to the linker.
const INTERFACES: [&str; 63] = [
    "wasi:cli/environment@0.2.12",
    "wasi:cli/exit@0.2.12",
    "wasi:cli/stderr@0.2.12",
    "wasi:cli/stdin@0.2.12",
    "wasi:cli/stdout@0.2.12",
    "wasi:cli/terminal-input@0.2.12",
    "wasi:cli/terminal-output@0.2.12",
    "wasi:cli/terminal-stderr@0.2.12",
    "wasi:cli/terminal-stdin@0.2.12",
    "wasi:cli/terminal-stdout@0.2.12",
    "wasi:clocks/monotonic-clock@0.2.12",
    "wasi:clocks/wall-clock@0.2.12",
    "wasi:filesystem/preopens@0.2.12",
    "wasi:filesystem/types@0.2.12",
    "wasi:http/outgoing-handler@0.2.12",
    "wasi:http/types@0.2.12",
    "wasi:io/error@0.2.12",
    "wasi:io/poll@0.2.12",
    "wasi:io/streams@0.2.12",
    "wasi:random/insecure-seed@0.2.12",
    "wasi:random/insecure@0.2.12",
    "wasi:random/random@0.2.12",
    "wasi:sockets/instance-network@0.2.12",
    "wasi:sockets/ip-name-lookup@0.2.12",
    "wasi:sockets/network@0.2.12",
    "wasi:sockets/tcp-create-socket@0.2.12",
    "wasi:sockets/tcp@0.2.12",
    "wasi:sockets/udp-create-socket@0.2.12",
    "wasi:sockets/udp@0.2.12",
    "wasi:cli/environment@0.3.0",
    "wasi:cli/exit@0.3.0",
    "wasi:cli/stderr@0.3.0",
    "wasi:cli/stdin@0.3.0",
    "wasi:cli/stdout@0.3.0",
    "wasi:cli/terminal-input@0.3.0",
    "wasi:cli/terminal-output@0.3.0",
    "wasi:cli/terminal-stderr@0.3.0",
    "wasi:cli/terminal-stdin@0.3.0",
    "wasi:cli/terminal-stdout@0.3.0",
    "wasi:cli/types@0.3.0",
    "wasi:clocks/monotonic-clock@0.3.0",
    "wasi:clocks/system-clock@0.3.0",
    "wasi:clocks/types@0.3.0",
    "wasi:filesystem/preopens@0.3.0",
    "wasi:filesystem/types@0.3.0",
    "wasi:http/client@0.3.0",
    "wasi:http/types@0.3.0",
    "wasi:random/insecure-seed@0.3.0",
    "wasi:random/insecure@0.3.0",
    "wasi:random/random@0.3.0",
    "wasi:sockets/ip-name-lookup@0.3.0",
    "wasi:sockets/types@0.3.0",
    "wasi:config/store@0.2.0-rc.1",
    "wasi:logging/logging@0.1.0-draft",
    "wasi:keyvalue/store@0.2.0-draft",
    "wasi:keyvalue/atomics@0.2.0-draft",
    "wasi:keyvalue/batch@0.2.0-draft",
    "wasi:blobstore/blobstore@0.2.0-draft",
    "wasi:blobstore/container@0.2.0-draft",
    "wasi:blobstore/types@0.2.0-draft",
    "wasi:messaging/types@0.2.0-draft",
    "wasi:messaging/producer@0.2.0-draft",
    "wasi:messaging/request-reply@0.2.0-draft",
];

/// How an instance is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// By requests.
    Http,
    /// As a command.
    Run,
    /// By messages.
    Message,
}

/// What of an instance is called.
pub(crate) enum Exports {
    Http(Proxy),
    Run02(p2_cli::Command),
    Run03(p3_cli::Command),
    Messages(MessageHandler),
}

/// Compiled code, mapped and bound to what guests may import. Workloads of the same code share it.
#[derive(Clone)]
pub struct Code(Arc<Bound>);

struct Bound {
    /// The machinery the code is for.
    engine: wasmtime::Engine,
    /// The file it is mapped from.
    path: Arc<Path>,
    http: Option<ProxyPre<Guest>>,
    run: Option<RunPre>,
    messages: Option<MessageHandlerPre<Guest>>,
}

enum RunPre {
    P2(p2_cli::CommandPre<Guest>),
    P3(p3_cli::CommandPre<Guest>),
}

impl Code {
    /// Whether its instances can only be asked one request at a time, as those of WASI 0.2 are made for.
    #[must_use]
    pub fn is_serial(&self) -> bool {
        !matches!(self.0.http, Some(ProxyPre::P3(_))) && !matches!(self.0.run, Some(RunPre::P3(_)))
    }

    /// Whether it answers requests.
    #[must_use]
    pub fn serves_http(&self) -> bool {
        self.0.http.is_some()
    }

    /// Whether it is a command, to be run to its end: it is, if it answers neither requests nor messages, as toolchains
    /// add a `run` to much that is none.
    #[must_use]
    pub fn is_command(&self) -> bool {
        self.0.http.is_none() && self.0.messages.is_none() && self.0.run.is_some()
    }

    /// Whether it takes messages.
    #[must_use]
    pub fn takes_messages(&self) -> bool {
        self.0.messages.is_some()
    }

    pub(crate) async fn instantiate(&self, store: &mut Store<Guest>, entry: Entry) -> wasmtime::Result<Exports> {
        let Bound { http, run, messages, .. } = &*self.0;
        match (entry, http, run, messages) {
            (Entry::Http, Some(http), _, _) => http.instantiate_async(store).await.map(Exports::Http),
            (Entry::Run, _, Some(RunPre::P2(run)), _) => run.instantiate_async(store).await.map(Exports::Run02),
            (Entry::Run, _, Some(RunPre::P3(run)), _) => run.instantiate_async(store).await.map(Exports::Run03),
            (Entry::Message, _, _, Some(messages)) => messages.instantiate_async(store).await.map(Exports::Messages),
            _ => Err(wasmtime::Error::msg("the component does not export what it is asked for")),
        }
    }

    /// The file it is mapped from.
    #[must_use]
    pub fn path(&self) -> &Arc<Path> {
        &self.0.path
    }

    pub(crate) fn engine(&self) -> &wasmtime::Engine {
        &self.0.engine
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Code").finish_non_exhaustive()
    }
}

/// The interfaces guests are granted.
pub(crate) fn interfaces() -> Vec<Interface> {
    INTERFACES.iter().filter_map(|id| id.parse().ok()).collect()
}

/// Everything guests may import, each name once. What a guest may do with it is decided by its [`Guest`] state.
pub(crate) fn linker(engine: &wasmtime::Engine, generation: Generation) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    wasi::p2::add_to_linker_async(&mut linker)?;
    p2::add_only_http_to_linker_async(&mut linker)?;
    if generation == Generation::Concurrent {
        wasi::p3::add_to_linker(&mut linker)?;
        p3::add_to_linker(&mut linker)?;
    }
    wasmtime_wasi_config::add_to_linker(&mut linker, Guest::config)?;
    logging::add_to_linker(&mut linker)?;
    keyvalue::add_to_linker(&mut linker)?;
    blobs::add_to_linker(&mut linker)?;
    messages::add_to_linker(&mut linker)?;
    linker.allow_shadowing(true);
    add_without_context(&mut linker, generation)?;
    sockets::add_to_linker(&mut linker, generation)?;
    if generation == Generation::Concurrent {
        outgoing::add_03(&mut linker)?;
    }
    linker.allow_shadowing(false);
    Ok(linker)
}

/// What needs no WASI context: a guest that uses nothing else never has one.
fn add_without_context(linker: &mut Linker<Guest>, generation: Generation) -> wasmtime::Result<()> {
    struct Table;
    impl HasData for Table {
        type Data<'a> = &'a mut ResourceTable;
    }
    type Environment = environment::Environment<'static>;
    wasi::p2::bindings::cli::environment::add_to_linker::<_, Environment>(linker, Guest::environment)?;
    if generation == Generation::Concurrent {
        wasi::p3::bindings::cli::environment::add_to_linker::<_, Environment>(linker, Guest::environment)?;
    }
    io::error::add_to_linker::<_, Table>(linker, Guest::table)?;
    io::poll::add_to_linker::<_, Table>(linker, Guest::table)?;
    io::streams::add_to_linker::<_, Table>(linker, Guest::table)
}

/// Binds a component to the linker, or says what it needs that the linker, or a slot, does not have.
pub(crate) fn bind(linker: &Linker<Guest>, component: &Component, path: &Path) -> Result<Code, Error> {
    let granted = interfaces();
    let (imports, exports) = names(component);
    // F50
    let missing: Vec<Interface> =
        imports.into_iter().filter(|wanted| !granted.iter().any(|given| wanted.satisfied_by(given))).collect();
    if !missing.is_empty() {
        return Err(Error::NotGranted { interfaces: missing });
    }
    if let Some(elements) = component.resources_required().and_then(|needs| needs.max_initial_table_size)
        && elements > TABLE_ELEMENTS_MAX as u64
    {
        return Err(Error::TooLarge { what: "table elements", needed: elements, max: TABLE_ELEMENTS_MAX as u64 });
    }
    let pre = linker.instantiate_pre(component).map_err(|error| Error::link(&error))?;
    let has = |id: &str| id.parse().is_ok_and(|id: Interface| exports.iter().any(|export| export.satisfied_by(&id)));
    let link = |error: wasmtime::Error| Error::link(&error);
    let http = if has("wasi:http/handler@0.3.0") {
        Some(ProxyPre::P3(p3::bindings::ServicePre::new(pre.clone()).map_err(link)?))
    } else if has("wasi:http/incoming-handler@0.2.12") {
        Some(ProxyPre::P2(p2::bindings::ProxyPre::new(pre.clone()).map_err(link)?))
    } else {
        None
    };
    let run = if has("wasi:cli/run@0.3.0") {
        Some(RunPre::P3(p3_cli::CommandPre::new(pre.clone()).map_err(link)?))
    } else if has("wasi:cli/run@0.2.12") {
        Some(RunPre::P2(p2_cli::CommandPre::new(pre.clone()).map_err(link)?))
    } else {
        None
    };
    let messages = if has("wasi:messaging/incoming-handler@0.2.0-draft") {
        Some(MessageHandlerPre::new(pre).map_err(link)?)
    } else {
        None
    };
    if http.is_none() && run.is_none() && messages.is_none() {
        return Err(Error::NoEntry);
    }
    Ok(Code(Arc::new(Bound { engine: component.engine().clone(), path: path.into(), http, run, messages })))
}

fn names(component: &Component) -> (Vec<Interface>, Vec<Interface>) {
    let (engine, ty) = (component.engine(), component.component_type());
    let imports = ty.imports(engine).filter_map(|(name, _)| name.parse().ok()).collect();
    let exports = ty.exports(engine).filter_map(|(name, _)| name.parse().ok()).collect();
    (imports, exports)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::code_settings;

    /// Interfaces of types alone: guests import them, and there is nothing to link.
    const TYPES_ALONE: [&str; 1] = ["wasi:cli/types@0.3.0"];

    #[test]
    fn what_is_listed_is_linked_and_the_other_way_round() {
        let engine = wasmtime::Engine::new(&code_settings(Generation::Concurrent)).unwrap();
        let mut linker = linker(&engine, Generation::Concurrent).unwrap();
        assert_eq!(interfaces().len(), INTERFACES.len(), "every name parses");
        // A name that is linked cannot be defined again.
        let mut free = |id: &str| linker.root().func_wrap(id, |_, (): ()| wasmtime::Result::Ok(())).is_ok();
        for id in INTERFACES.iter().filter(|id| !TYPES_ALONE.contains(id)) {
            assert!(!free(id), "{id} is listed and not linked");
        }
        for id in ["wasi:keyvalue/store@0.2.0", "wasi:clocks/timezone@0.2.12", "wasi:http/handler@0.3.0"] {
            assert!(free(id), "{id} is linked and not listed");
        }
    }

    #[test]
    fn code_of_the_older_generation_is_granted_that_generation() {
        let engine = wasmtime::Engine::new(&code_settings(Generation::Serial)).unwrap();
        let mut linker = linker(&engine, Generation::Serial).unwrap();
        for id in INTERFACES {
            let free = linker.root().func_wrap(id, |_, (): ()| wasmtime::Result::Ok(())).is_ok();
            assert_eq!(free, id.contains("@0.3"), "{id}");
        }
    }
}
