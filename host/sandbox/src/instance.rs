//! One instance: how it is made, and how it answers a request.

use std::future::poll_fn;

use futures::channel::oneshot;
use http::{HeaderValue, Request, Response, header};
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout_at};
use wasmtime::{Store, UpdateDeadline};
use wasmtime_wasi_http::handler::Proxy;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::{Error, WasiBody, WasiHttpView as _, p2, p3};

use crate::Body;
use crate::engine::Slot;
use crate::failure::Failure;
use crate::guest::Guest;
use crate::settings::{FIRST_SLICE_TICKS, HOSTCALL_BYTES_MAX, MEMORY_WAIT_MAX};
use crate::workload::Shared;

/// What the guest answered: a response, or the name of an error.
pub(crate) type Answer = Result<Response<WasiBody>, String>;

/// Where the answer goes as soon as its head is there.
pub(crate) type Answering = oneshot::Sender<Answer>;

/// A running component. Dropping it at any time ends it, and gives back its slot and memory.
pub(crate) struct Instance {
    store: Store<Guest>,
    proxy: Proxy,
    /// Requests it was given.
    served: u64,
    _slot: Slot,
}

/// Why an instance did not start.
enum NoStart {
    /// The workload's memory is taken; siblings may give some back.
    Memory,
    Failed(Failure),
}

impl Instance {
    /// Starts an instance, waiting a while for memory that its siblings hold.
    pub(crate) async fn start(shared: &Shared) -> Result<Self, Failure> {
        let mut slot = Some(shared.engine.slot().await?);
        let patience = Instant::now() + MEMORY_WAIT_MAX;
        loop {
            // Listening before the attempt, so that nothing released meanwhile is missed.
            let released = shared.account.released();
            match Self::try_start(shared, &mut slot).await {
                Ok(instance) => return Ok(instance),
                Err(NoStart::Failed(failure)) => return Err(failure),
                Err(NoStart::Memory) => {}
            }
            // With no sibling there is nothing to wait for.
            let released = shared.account.used_bytes() > 0 && timeout_at(patience, released).await.is_ok();
            if !released {
                return Err(Failure::Memory { limit_bytes: shared.account.instance_limit_bytes() });
            }
        }
    }

    async fn try_start(shared: &Shared, slot: &mut Option<Slot>) -> Result<Self, NoStart> {
        let mut store = Store::new(shared.engine.wasmtime(), Guest::new(shared));
        store.limiter(|guest| guest.share());
        store.set_hostcall_fuel(HOSTCALL_BYTES_MAX);
        store.set_epoch_deadline(FIRST_SLICE_TICKS);
        // The runtime's own way of yielding lets it look at timers and sockets in between.
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now()))));
        match shared.code.pre().instantiate_async(&mut store).await {
            Ok(proxy) => match slot.take() {
                Some(slot) => {
                    store.data_mut().share().started();
                    Ok(Self { store, proxy, served: 0, _slot: slot })
                }
                None => Err(NoStart::Failed(Failure::Busy)),
            },
            Err(error) if error.is::<wasmtime::PoolConcurrencyLimitError>() => Err(NoStart::Failed(Failure::Busy)),
            Err(_) if store.data_mut().share().refused().is_some() => Err(NoStart::Memory),
            Err(error) => Err(NoStart::Failed(Failure::of_guest(&error, None))),
        }
    }

    /// Requests it was given so far.
    pub(crate) fn served(&self) -> u64 {
        self.served
    }

    /// Answers `request`, and returns when the guest has nothing more to do for it.
    pub(crate) async fn serve(&mut self, request: Request<Body>, answering: Answering) -> Result<(), Failure> {
        self.served += 1;
        self.store.set_epoch_deadline(FIRST_SLICE_TICKS);
        let request = admissible(request)?;
        let (mut parts, body) = request.into_parts();
        self.store.data_mut().answering(std::mem::take(&mut parts.extensions));
        let body = body.map_err(|error| Error::InternalError(Some(error.to_string())));
        let request = Request::from_parts(parts, body);
        let served = match &self.proxy {
            Proxy::P2(proxy) => serve_02(&mut self.store, proxy, request, answering).await,
            Proxy::P3(proxy) => serve_03(&mut self.store, proxy, request, answering).await,
        };
        served.map_err(|error| Failure::of_guest(&error, self.store.data_mut().share().refused()))
    }
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
