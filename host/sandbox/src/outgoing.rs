//! Requests that guests send: bounded in number and time, and carried out by whoever embeds this crate.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::uri::Scheme;
use http::{Extensions, Request, Response};
use http_body_util::BodyExt as _;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;
use wasmtime::AsContextMut as _;
use wasmtime::component::{Accessor, GuestTaskId, Linker, Resource};
use wasmtime_wasi_http::p3;
use wasmtime_wasi_http::p3::bindings::http::client::HostWithStore as _;
use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttp, WasiHttpHooks, WasiHttpView as _};

use crate::guest::Guest;
use crate::lingering::Lingering;
use crate::settings::{BODY_CHUNK_BYTES_MAX, OUTGOING_CONNECT_TIMEOUT, OUTGOING_FIRST_BYTE_TIMEOUT};
use crate::workload::Shared;
use crate::{Body, BoxError};

/// Carries out the requests of guests.
pub trait Outgoing: Send + Sync + 'static {
    /// Sends `request`, whose URI is absolute, and returns the response as soon as its head is there.
    ///
    /// The request's extensions are those of the request that the guest is answering. Dropping the future, or the
    /// response's body, means that the guest is no longer interested. The time to the first byte is bounded here.
    fn call(
        &self,
        request: Request<Body>,
        options: OutgoingOptions,
    ) -> BoxFuture<'static, Result<Response<Body>, OutgoingError>>;
}

/// What a guest wants of its request, cut to what it may want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutgoingOptions {
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long the pauses between two pieces of the response may be, if the guest cares.
    pub between_bytes_timeout: Option<Duration>,
}

/// Why there is no response. The guest is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutgoingError {
    /// Nobody is called that.
    #[error("destination not found")]
    NotFound,
    /// The guest may not send there.
    #[error("denied")]
    Denied,
    /// The connection was refused or broke.
    #[error("connection refused")]
    Refused,
    /// No connection, or no response, in time.
    #[error("timeout")]
    Timeout,
    /// The chain of calls became too long.
    #[error("too many calls deep")]
    Loop,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// Denies everything.
impl Outgoing for () {
    fn call(&self, _: Request<Body>, _: OutgoingOptions) -> BoxFuture<'static, Result<Response<Body>, OutgoingError>> {
        Box::pin(std::future::ready(Err(OutgoingError::Denied)))
    }
}

/// One instance's way out.
pub(crate) struct Hooks {
    shared: Arc<Shared>,
    by: By,
    /// Of the request that is being answered.
    extensions: Extensions,
    /// Of each, where several are answered at once, by the guest's task for it.
    of_tasks: HashMap<GuestTaskId, Extensions>,
}

/// Who carries a request out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// Whoever waits for it.
    Waiting,
    /// A task of its own. A guest of WASI 0.3 waits for it inside its event loop, and from within one no other may be
    /// run: but the one who answers may be another guest of this very process.
    Task,
}

impl Hooks {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let by = if shared.code.is_serial() { By::Waiting } else { By::Task };
        Self { shared, by, extensions: Extensions::new(), of_tasks: HashMap::new() }
    }

    /// From now on the instance answers a request with these extensions.
    pub(crate) fn answering(&mut self, extensions: Extensions) {
        self.extensions = extensions;
    }

    /// The task answers a request with these extensions.
    pub(crate) fn task_answers(&mut self, task: GuestTaskId, extensions: Extensions) {
        self.of_tasks.insert(task, extensions);
    }

    /// The task has answered its request.
    pub(crate) fn task_answered(&mut self, task: GuestTaskId) {
        self.of_tasks.remove(&task);
    }

    /// What the guest sends next, it sends for this task. After its answer a task sends as what was sent last.
    fn sends_for(&mut self, task: Option<GuestTaskId>) {
        if let Some(extensions) = task.and_then(|task| self.of_tasks.get(&task)) {
            self.extensions = extensions.clone();
        }
    }
}

/// Replaces the function that sends, so that it is known which of several requests a guest of WASI 0.3 sends for. The
/// linker must allow shadowing.
pub(crate) fn add_03(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.instance("wasi:http/client@0.3.0")?.func_wrap_concurrent(
        "send",
        |accessor: &Accessor<Guest>, (request,): (Resource<p3::Request>,)| {
            Box::pin(async move {
                // The call begins on the caller's task, and the request leaves before anything is waited for.
                accessor.with(|mut access| {
                    let task = access.as_context_mut().async_call_stack()?.last();
                    access.data_mut().hooks().sends_for(task);
                    wasmtime::error::Ok(())
                })?;
                let http = accessor.with_getter::<WasiHttp>(Guest::http);
                Ok((match WasiHttp::send(&http, request).await {
                    Ok(response) => Ok::<_, ErrorCode>(response),
                    Err(error) => Err(error.downcast()?),
                },))
            })
        },
    )
}

type Sending = Box<
    dyn Future<Output = Result<(Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>), Error>> + Send,
>;

impl WasiHttpHooks for Hooks {
    fn default_scheme(&mut self) -> Option<Scheme> {
        Some(Scheme::HTTP)
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        BODY_CHUNK_BYTES_MAX
    }

    fn p3_outgoing_body_chunk_size(&mut self) -> usize {
        BODY_CHUNK_BYTES_MAX
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Sending {
        // F42
        let Ok(permit) = self.shared.outgoing.clone().try_acquire_owned() else {
            return Box::new(std::future::ready(Err(Error::ConnectionLimitReached)));
        };
        let options = options.unwrap_or_default();
        let first_byte = at_most(options.first_byte_timeout, OUTGOING_FIRST_BYTE_TIMEOUT);
        let lingering = |body: WasiBody| Lingering::new(body.map_err(BoxError::from).boxed_unsync());
        let mut request = request.map(|body| lingering(body).boxed_unsync());
        *request.extensions_mut() = self.extensions.clone();
        let call = self.shared.config.outgoing.call(
            request,
            OutgoingOptions {
                connect_timeout: at_most(options.connect_timeout, OUTGOING_CONNECT_TIMEOUT),
                between_bytes_timeout: options.between_bytes_timeout,
            },
        );
        let call = async move {
            match tokio::time::timeout(first_byte, call).await {
                Ok(response) => response.map_err(|error| told(&error)),
                Err(_) => Err(Error::HttpResponseTimeout),
            }
        };
        let call = match self.by {
            By::Waiting => call.boxed(),
            By::Task => Task(tokio::spawn(call)).boxed(),
        };
        Box::new(async move {
            let response = call.await?;
            let io: Box<dyn Future<Output = Result<(), Error>> + Send> = Box::new(std::future::ready(Ok(())));
            Ok((response.map(|body| counted(body, permit)), io))
        })
    }
}

/// A task that ends when nobody waits for it any more.
struct Task<T>(JoinHandle<Result<T, Error>>);

impl<T> Future for Task<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0
            .poll_unpin(cx)
            .map(|done| done.unwrap_or_else(|error| Err(Error::InternalError(Some(error.to_string())))))
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The response counts as running until the guest has read it or lost interest.
fn counted(body: Body, permit: OwnedSemaphorePermit) -> WasiBody {
    body.map_frame(move |frame: http_body::Frame<Bytes>| {
        let _held = &permit;
        frame
    })
    .map_err(|error| Error::InternalError(Some(error.to_string())))
    .boxed_unsync()
}

fn at_most(wanted: Option<Duration>, most: Duration) -> Duration {
    wanted.map_or(most, |wanted| wanted.min(most))
}

fn told(error: &OutgoingError) -> Error {
    match error {
        OutgoingError::NotFound => Error::DestinationNotFound,
        OutgoingError::Denied => Error::HttpRequestDenied,
        OutgoingError::Refused => Error::ConnectionRefused,
        OutgoingError::Timeout => Error::ConnectionTimeout,
        OutgoingError::Loop => Error::LoopDetected,
        OutgoingError::Other(text) => Error::InternalError(Some(text.clone())),
    }
}
