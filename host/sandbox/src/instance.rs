//! One instance: how it is made, and how it answers a request.

use std::future::poll_fn;
use std::sync::Arc;

use futures::channel::oneshot;
use http::{HeaderValue, Request, Response, header};
use http_body_util::BodyExt as _;
use wasmtime::{Store, UpdateDeadline};
use wasmtime_wasi::I32Exit;
use wasmtime_wasi_http::handler::Proxy;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::{Error, WasiBody, WasiHttpView as _, p2, p3};

use crate::account::Whose;
use crate::failure::Failure;
use crate::guest::Guest;
use crate::link::{Entry, Exports};
use crate::messages::Message;
use crate::settings::{
    CONCURRENT_HANDLES_MAX, DROPPED_ELSEWHERE_BYTES, FIRST_SLICE_TICKS, HANDLES_MAX, HOSTCALL_BYTES_MAX,
};
use crate::slots::Slot;
use crate::workload::Shared;
use crate::{Body, shares};

/// What the guest answered: a response, or the name of an error.
pub(crate) type Answer = Result<Response<WasiBody>, String>;

/// Where the answer goes as soon as its head is there.
pub(crate) type Answering = oneshot::Sender<Answer>;

/// A running component. Dropping it at any time ends it, and gives back its slot and memory.
pub(crate) struct Instance {
    /// Present until it is dropped.
    held: Option<Held>,
    /// Requests it was given.
    served: u64,
}

/// What an instance holds, in the order in which it is given back.
struct Held {
    store: Store<Guest>,
    exports: Exports,
    slot: Slot,
}

/// Why an instance did not start.
pub(crate) enum NoStart {
    /// The memory is taken; others may give some back.
    Memory(Whose),
    Failed(Failure),
}

impl Instance {
    /// Starts an instance, or says at once that it cannot be had.
    pub(crate) async fn start(shared: &Arc<Shared>, mut slot: Slot, entry: Entry) -> Result<Self, NoStart> {
        let mut store = Store::new(shared.code.engine(), Guest::new(shared));
        store.limiter(|guest| guest.share());
        store.set_hostcall_fuel(HOSTCALL_BYTES_MAX);
        store.set_max_component_handles(HANDLES_MAX);
        if let Some(table) = store.concurrent_resource_table() {
            table.set_max_capacity(CONCURRENT_HANDLES_MAX);
        }
        store.set_epoch_deadline(FIRST_SLICE_TICKS);
        // The runtime's own way of yielding lets it look at timers and sockets in between.
        store.epoch_deadline_callback(|_| {
            shares::cut_short();
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        match shared.code.instantiate(&mut store, entry).await {
            Ok(exports) => {
                store.data_mut().share().started();
                slot.used();
                Ok(Self { held: Some(Held { store, exports, slot }), served: 0 })
            }
            Err(error) if error.is::<wasmtime::PoolConcurrencyLimitError>() => Err(NoStart::Failed(Failure::Busy)),
            Err(error) => match store.data_mut().share().refused() {
                Some(whose) => Err(NoStart::Memory(whose)),
                None => Err(NoStart::Failed(Failure::of_guest(&error, None, shared.code.path()))),
            },
        }
    }

    /// Requests it was given so far.
    pub(crate) fn served(&self) -> u64 {
        self.served
    }

    /// Answers `request`, and returns when the guest has nothing more to do for it.
    pub(crate) async fn serve(&mut self, request: Request<Body>, answering: Answering) -> Result<(), Failure> {
        self.served += 1;
        let (store, exports) = self.held();
        let request = admissible(request)?;
        let (mut parts, body) = request.into_parts();
        store.data_mut().answering(std::mem::take(&mut parts.extensions));
        let body = body.map_err(|error| Error::InternalError(Some(error.to_string())));
        let request = Request::from_parts(parts, body);
        let served = match exports {
            Exports::Http(Proxy::P2(proxy)) => serve_02(store, proxy, request, answering).await,
            Exports::Http(Proxy::P3(proxy)) => serve_03(store, proxy, request, answering).await,
            Exports::Run02(_) | Exports::Run03(_) | Exports::Messages(_) => return Err(Failure::NoEntry),
        };
        served.map_err(|error| failure(store, &error))
    }

    /// Runs it as a command, and returns its exit status.
    pub(crate) async fn run(&mut self) -> Result<i32, Failure> {
        let (store, exports) = self.held();
        let ran = match exports {
            Exports::Run02(command) => command.wasi_cli_run().call_run(&mut *store).await,
            Exports::Run03(command) => run_03(store, command).await,
            Exports::Http(_) | Exports::Messages(_) => return Err(Failure::NoEntry),
        };
        match ran {
            Ok(Ok(())) => Ok(0),
            Ok(Err(())) => Ok(1),
            Err(error) => match error.downcast_ref::<I32Exit>() {
                Some(I32Exit(status)) => Ok(*status),
                None => Err(failure(store, &error)),
            },
        }
    }

    /// Gives it a message. The inner error is the guest's own.
    pub(crate) async fn deliver(&mut self, message: Message) -> Result<Result<(), String>, Failure> {
        let (store, exports) = self.held();
        let Exports::Messages(handler) = exports else { return Err(Failure::NoEntry) };
        let message = store.data_mut().table().push(message).map_err(|error| failure(store, &error.into()))?;
        let handled = handler.wasi_messaging_incoming_handler().call_handle(&mut *store, message).await;
        match handled {
            Ok(answer) => Ok(answer.map_err(|error| format!("{error:?}"))),
            Err(error) => Err(failure(store, &error)),
        }
    }

    /// What is entered next, with a whole slice before it.
    fn held(&mut self) -> (&mut Store<Guest>, &Exports) {
        let Held { store, exports, .. } = self.held.as_mut().expect("it is not dropped yet");
        store.set_epoch_deadline(FIRST_SLICE_TICKS);
        (store, exports)
    }
}

impl Drop for Instance {
    /// Giving back much memory takes a while, and others wait on this thread.
    fn drop(&mut self) {
        if let Some(mut held) = self.held.take()
            && held.store.data_mut().share().grown_bytes() > DROPPED_ELSEWHERE_BYTES
        {
            let engine = held.slot.engine().clone();
            engine.burners().dispose(held);
        }
    }
}

fn failure(store: &mut Store<Guest>, error: &wasmtime::Error) -> Failure {
    let refused = store.data_mut().share().refused_bytes();
    Failure::of_guest(error, refused, store.data().code().path())
}

/// Makes sure that a request names its host, in text, as guests expect.
fn admissible(mut request: Request<Body>) -> Result<Request<Body>, Failure> {
    if request.uri().authority().is_none() {
        let host = request.headers_mut().entry(header::HOST).or_insert(HeaderValue::from_static("localhost"));
        if host.to_str().is_err() {
            return Err(Failure::Request { message: "its Host header is no text".to_owned() });
        }
    }
    Ok(request)
}

async fn serve_02<B>(
    store: &mut Store<Guest>,
    proxy: &p2::bindings::Proxy,
    request: Request<B>,
    answering: Answering,
) -> wasmtime::Result<()>
where
    B: http_body::Body<Data = bytes::Bytes, Error = Error> + Send + 'static,
{
    let mut http = store.data_mut().http();
    let request = http.new_incoming_request(Scheme::Http, request)?;
    let out = http.new_response_outparam_from_callback(move |answer| {
        // Whoever asked may be gone.
        drop(answering.send(answer.map_err(|code| format!("{code:?}"))));
    })?;
    let handle = proxy.wasi_http_incoming_handler().func_handle();
    handle.call_async(&mut *store, (request, out)).await
}

async fn serve_03<B>(
    store: &mut Store<Guest>,
    proxy: &p3::bindings::Service,
    request: Request<B>,
    answering: Answering,
) -> wasmtime::Result<()>
where
    B: http_body::Body<Data = bytes::Bytes, Error = Error> + Send + 'static,
{
    let (request, sent) = {
        let http = store.data_mut().http();
        let (request, sent) = p3::Request::from_http(http.hooks, request);
        (http.table.push(request)?, sent)
    };
    store
        .run_concurrent(async |accessor| {
            let answer = match proxy.wasi_http_handler().call_handle(accessor, request).await? {
                Ok(response) => Ok(accessor.with(|mut access| {
                    let response = access.data_mut().http().table.delete(response)?;
                    response.into_http(&mut access, sent)
                })?),
                Err(code) => Err(format!("{code:?}")),
            };
            drop(answering.send(answer));
            // The body, and whatever else the guest does after its answer.
            poll_fn(|cx| accessor.poll_no_interesting_tasks(cx)).await;
            wasmtime::Result::Ok(())
        })
        .await?
}

async fn run_03(
    store: &mut Store<Guest>,
    command: &wasmtime_wasi::p3::bindings::Command,
) -> wasmtime::Result<Result<(), ()>> {
    store
        .run_concurrent(async |accessor| {
            let ran = command.wasi_cli_run().call_run(accessor).await?;
            // What it prints last may still be on its way.
            poll_fn(|cx| accessor.poll_no_interesting_tasks(cx)).await;
            wasmtime::Result::Ok(ran)
        })
        .await?
}
