//! What a worker has outside: the way out of its Pod's guests, its log, and ears for failures and crashes. Everything
//! it says is looked at as if a stranger said it, because after an escape one does.

use std::sync::Arc;

use bytes::Bytes;
use cage::{News, Told};
use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use http::{Request, Response};
use network::Body;
use sandbox::{Code, Failure, OutgoingError, Stream, WorkloadConfig};

use super::asked::Asked;
use super::process::Process;
use super::{OnNews, words};

/// Bytes of a failure that are read: a trap's text, and names around it.
const FAILURE_BYTES_MAX: usize = 64 << 10;

/// One container's.
pub(super) struct Outside {
    /// What a worker is told it is for.
    pub(super) config: Bytes,
    pub(super) asked: Arc<Asked>,
    pub(super) process: Arc<Process>,
    pub(super) code: Code,
    /// What its guests would have in this process.
    pub(super) of: WorkloadConfig,
    pub(super) on_news: OnNews,
}

impl cage::Outside for Outside {
    fn config(&self) -> Bytes {
        self.config.clone()
    }

    fn answer(&self, mut request: Request<Body>) -> BoxFuture<'static, Response<Body>> {
        let asked = words::take_options(request.headers_mut())
            .and_then(|(id, options)| Some((self.asked.on_behalf_of(id)?, options)));
        let Some((extensions, options)) = asked else {
            // No request is under way for which this could be.
            return ready(refused(&OutgoingError::Denied)).boxed();
        };
        *request.extensions_mut() = extensions;
        let answer = self.of.outgoing.call(request, options);
        async move { answer.await.unwrap_or_else(|error| refused(&error)) }.boxed()
    }

    fn told(&self, told: Told) {
        match told {
            Told::Record { kind: words::STDOUT, bytes } => self.of.logs.write(Stream::Stdout, &bytes),
            Told::Record { kind: words::STDERR, bytes } => self.of.logs.write(Stream::Stderr, &bytes),
            Told::Record { kind: words::FAILED, bytes } => self.failed(&bytes),
            Told::Record { kind, .. } => {
                tracing::trace!(workload = self.of.name, kind, "a worker tells what nobody knows");
            }
            Told::Dropped(count) => {
                let line = format!("insula: {count} lines and reports were dropped here: more than can be passed on\n");
                self.of.logs.write(Stream::Stderr, line.as_bytes());
            }
        }
    }

    fn happened(&self, news: News) {
        self.process.happened(&news);
        (self.on_news)(news);
        // It has computed to come up; or it has gone, and its memory with it.
        self.of.reports.computed();
    }
}

impl Outside {
    fn failed(&self, json: &[u8]) {
        let failure = (json.len() <= FAILURE_BYTES_MAX).then(|| serde_json::from_slice::<Failure>(json));
        match failure {
            Some(Ok(failure)) => self.of.reports.failed(&failure.with_lines_of(&self.code)),
            _ => tracing::trace!(workload = self.of.name, "a worker tells a failure that cannot be read"),
        }
    }
}

fn refused(error: &OutgoingError) -> Response<Body> {
    let mut response = Response::new(network::empty());
    *response.status_mut() = words::NO_RESPONSE;
    words::write_error(response.headers_mut(), error);
    response
}
