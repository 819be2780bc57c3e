//! Who did what, when, and what came of it: one event per request, after `audit.k8s.io/v1` at the level Metadata.
//!
//! An event holds what the URL, the headers and the answer's code say and what admission webhooks note, and never a
//! body: no object, no value of a Secret, no token. Writing is someone else's: events go into a bounded queue, and when it is full they are counted
//! and dropped, because no request waits for its record.

mod event;
mod uri;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use tokio::sync::mpsc;
use uuid::Uuid;

pub use self::event::AuditEvent;
use self::event::{Answered, Asked};
use crate::auth::Pass;
use crate::limits::AUDIT_QUEUE;
use crate::policy::Remarks;

/// The header that names a request's event.
const AUDIT_ID: &str = "audit-id";

/// Where events go. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AuditSink {
    events: mpsc::Sender<AuditEvent>,
    dropped: Arc<AtomicU64>,
}

/// The object that an answer is about, where the URL does not say: in the extensions of the answer.
#[derive(Debug, Clone)]
pub(crate) struct About {
    pub(crate) name: String,
    pub(crate) uid: String,
}

/// Why a request was refused, in one word: in the extensions of the answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reason(pub(crate) &'static str);

impl AuditSink {
    /// A queue; whoever has its end writes.
    #[must_use]
    pub fn new() -> (Self, mpsc::Receiver<AuditEvent>) {
        let (events, receiver) = mpsc::channel(AUDIT_QUEUE);
        (Self { events, dropped: Arc::default() }, receiver)
    }

    /// How many events there was no room for.
    #[must_use]
    pub fn dropped(&self) -> Arc<AtomicU64> {
        self.dropped.clone()
    }

    fn record(&self, event: AuditEvent) {
        if self.events.try_send(event).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Records a request when it is answered.
pub(crate) async fn record(State(sink): State<Option<AuditSink>>, mut request: Request, next: Next) -> Response {
    let Some(sink) = sink else { return next.run(request).await };
    let Some(asked) = Asked::of(&request) else { return next.run(request).await };
    let (id, began) = (Uuid::new_v4(), Timestamp::now());
    let remarks = Remarks::default();
    request.extensions_mut().insert(remarks.clone());
    let mut response = next.run(request).await;
    let pass = response.extensions_mut().remove::<Pass>().unwrap_or_default();
    let answered = Answered {
        code: response.status(),
        reason: response.extensions().get::<Reason>().map(|reason| reason.0),
        about: response.extensions_mut().remove::<About>(),
        at: Timestamp::now(),
    };
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(AUDIT_ID, value);
    }
    sink.record(AuditEvent { id, began, asked, pass, answered, notes: remarks.take_annotations() });
    response
}

/// Whether an answer goes on after its head: then its event tells that it began.
fn goes_on(verb: &str, part: &str, code: StatusCode) -> bool {
    let is_stream = verb == "watch" || matches!(part, "log" | "exec" | "attach" | "portforward" | "proxy");
    is_stream && (code.is_success() || code == StatusCode::SWITCHING_PROTOCOLS)
}
