//! A component that answers requests.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use sandbox::{Failure, LogSink, Stream, Workload};
use tempfile::TempPath;
use tokio::runtime::Runtime;

use crate::component::Error;

/// The `Host` of requests that have none.
const HOST_DEFAULT: HeaderValue = HeaderValue::from_static("test.invalid");

/// A component that answers requests, each in an instance of its own unless it is configured otherwise.
#[derive(Debug)]
pub struct App {
    runtime: Runtime,
    // Before the file, which must outlive the code that is mapped from it.
    workload: Running,
    printed: std::sync::Arc<Printed>,
    _code: TempPath,
}

impl App {
    pub(crate) fn new(workload: Workload, printed: std::sync::Arc<Printed>, code: TempPath) -> Result<Self, Error> {
        // Several threads, as a test thread that burns in a guest must not hold up the clock.
        let runtime = Runtime::new().map_err(|error| Error::Sandbox(error.to_string()))?;
        Ok(Self { runtime, workload: Running(workload), printed, _code: code })
    }

    /// Sends `GET path`.
    ///
    /// # Errors
    /// As of [`App::call`].
    pub fn get(&self, path: &str) -> Result<Response<Bytes>, Failure> {
        let request = Request::get(path).body(Bytes::new());
        self.call(request.map_err(|error| Failure::Request { message: error.to_string() })?)
    }

    /// Sends any request, and waits for the whole response.
    ///
    /// # Errors
    /// Where a host would answer by itself: the component trapped, took too long, answered with an error.
    pub fn call(&self, request: Request<impl Into<Bytes>>) -> Result<Response<Bytes>, Failure> {
        let mut request = request.map(|body| Full::new(body.into()).map_err(|never| match never {}).boxed_unsync());
        request.headers_mut().entry(HOST).or_insert(HOST_DEFAULT);
        self.runtime.block_on(async {
            let (head, body) = self.workload.0.call(request).await?.into_parts();
            let body = body.collect().await.map_err(|error| Failure::Guest { code: error.to_string() })?;
            Ok(Response::from_parts(head, body.to_bytes()))
        })
    }

    /// What the component printed so far, on either output.
    #[must_use]
    pub fn printed(&self) -> String {
        let bytes = self.printed.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

struct Running(Workload);

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Workload").field(&self.0.stats()).finish()
    }
}

/// What a component printed.
#[derive(Debug, Default)]
pub(crate) struct Printed(Mutex<Vec<u8>>);

impl LogSink for Printed {
    fn write(&self, _: Stream, bytes: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
    }
}
