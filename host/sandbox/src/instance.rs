//! One instance: how it is made, and how it answers a request.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use futures::StreamExt as _;
use futures::channel::oneshot;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use http::{Extensions, HeaderValue, Request, Response, header};
use http_body_util::BodyExt as _;
use wasmtime::component::Accessor;
use wasmtime::{AsContextMut as _, Store, UpdateDeadline};
use wasmtime_wasi::I32Exit;
use wasmtime_wasi_http::handler::Proxy;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::{Error, WasiBody, WasiHttpView as _, p2, p3};

use crate::account::Whose;
use crate::failure::Failure;
use crate::guest::Guest;
use crate::link::{Entry, Exports};
use crate::many::Running;
use crate::messages::Message;
use crate::settings::{CONCURRENT_PER_HANDLE, DROPPED_ELSEWHERE_BYTES, FIRST_SLICE_TICKS, HOSTCALL_BYTES_MAX};
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
        store.set_max_component_handles(shared.handles_max());
        if let Some(table) = store.concurrent_resource_table() {
            table.set_max_capacity(shared.handles_max() * CONCURRENT_PER_HANDLE);
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
        let (request, extensions) = admissible(request)?;
        store.data_mut().hooks().answering(extensions);
        let served = match exports {
            Exports::Http(Proxy::P2(proxy)) => serve_02(store, proxy, request, answering).await,
            Exports::Http(Proxy::P3(proxy)) => serve_03(store, proxy, request, answering).await,
            Exports::Run02(_) | Exports::Run03(_) | Exports::Messages(_) => return Err(Failure::NoEntry),
        };
        served.map_err(|error| failure(store, &error))
    }

    /// Answers the requests that `running` is given, several at once, until the guest fails.
    pub(crate) async fn serve_many(&mut self, running: &Running) -> Failure {
        let (store, exports) = self.held();
        let Exports::Http(Proxy::P3(proxy)) = exports else { return Failure::NoEntry };
        let served = store
            .run_concurrent(async |accessor| {
                let mut calls = FuturesUnordered::new();
                poll_fn(|cx| {
                    loop {
                        while let Some((number, request)) = running.next() {
                            calls.push(answer_03(accessor, proxy, running, number, request));
                        }
                        match calls.poll_next_unpin(cx) {
                            Poll::Ready(Some(Err(error))) => return Poll::Ready(error),
                            Poll::Ready(Some(Ok(()))) => {}
                            Poll::Ready(None) | Poll::Pending => break,
                        }
                    }
                    let nothing_runs = accessor.poll_no_interesting_tasks(cx).is_ready();
                    running.set_quiet(calls.is_empty() && nothing_runs);
                    Poll::Pending
                })
                .await
            })
            .await;
        let error = served.unwrap_or_else(|error| error);
        failure(store, &error)
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

/// Makes sure that a request names its host, in text, as guests expect; its extensions are not for the guest.
fn admissible(mut request: Request<Body>) -> Result<(Request<impl GuestBody>, Extensions), Failure> {
    if request.uri().authority().is_none() {
        let host = request.headers_mut().entry(header::HOST).or_insert(HeaderValue::from_static("localhost"));
        if host.to_str().is_err() {
            return Err(Failure::Request { message: "its Host header is no text".to_owned() });
        }
    }
    let (mut parts, body) = request.into_parts();
    let extensions = std::mem::take(&mut parts.extensions);
    let body = body.map_err(|error| Error::InternalError(Some(error.to_string())));
    Ok((Request::from_parts(parts, body), extensions))
}

/// A body as guests are given it.
trait GuestBody: http_body::Body<Data = bytes::Bytes, Error = Error> + Send + 'static {}
impl<B: http_body::Body<Data = bytes::Bytes, Error = Error> + Send + 'static> GuestBody for B {}

async fn serve_02(
    store: &mut Store<Guest>,
    proxy: &p2::bindings::Proxy,
    request: Request<impl GuestBody>,
    answering: Answering,
) -> wasmtime::Result<()> {
    let mut http = store.data_mut().http();
    let request = http.new_incoming_request(Scheme::Http, request)?;
    let out = http.new_response_outparam_from_callback(move |answer| {
        // Whoever asked may be gone.
        drop(answering.send(answer.map_err(|code| format!("{code:?}"))));
    })?;
    let handle = proxy.wasi_http_incoming_handler().func_handle();
    handle.call_async(&mut *store, (request, out)).await
}

async fn serve_03(
    store: &mut Store<Guest>,
    proxy: &p3::bindings::Service,
    request: Request<impl GuestBody>,
    answering: Answering,
) -> wasmtime::Result<()> {
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

/// Answers one of the requests that an instance answers at once. Its failure would be that of all; what is wrong with
/// the request alone is answered.
async fn answer_03(
    accessor: &Accessor<Guest>,
    proxy: &p3::bindings::Service,
    running: &Running,
    number: u64,
    request: Request<Body>,
) -> wasmtime::Result<()> {
    let (request, extensions) = match admissible(request) {
        Ok(admissible) => admissible,
        Err(failure) => {
            running.refuse(number, failure);
            return Ok(());
        }
    };
    let handle = proxy.wasi_http_handler().func_handle();
    let begun = accessor.with(|mut access| {
        access.as_context_mut().set_epoch_deadline(FIRST_SLICE_TICKS);
        let http = access.data_mut().http();
        let (request, sent) = p3::Request::from_http(http.hooks, request);
        // Its type would borrow from the access.
        let sent: BoxFuture<'static, Result<(), Error>> = Box::pin(sent);
        let Ok(request) = http.table.push(request) else { return wasmtime::error::Ok(None) };
        let call = handle.start_call_concurrent(access.as_context_mut(), (request,))?;
        access.data_mut().hooks().task_answers(call.task(), extensions);
        wasmtime::error::Ok(Some((call, sent)))
    })?;
    let Some((call, sent)) = begun else {
        // It holds as many handles as it may.
        running.refuse(number, Failure::Busy);
        return Ok(());
    };
    let task = call.task();
    let (answer,) = handle.finish_call_concurrent(accessor, call).await?;
    let answer = accessor.with(|mut access| {
        access.data_mut().hooks().task_answered(task);
        let response = match answer {
            Ok(response) => access.data_mut().http().table.delete(response)?,
            Err(code) => return wasmtime::error::Ok(Err(format!("{code:?}"))),
        };
        wasmtime::error::Ok(Ok(response.into_http(&mut access, sent)?))
    })?;
    running.answer(number, answer);
    Ok(())
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
