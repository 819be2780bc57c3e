//! Events: what happened, for people. Kept in memory by the store, counted when they repeat, limited in rate.
//!
//! Recording never waits and never fails: an Event that does not fit is counted and dropped, because no
//! decision depends on one. Repeats raise the count of one object (as in Kubernetes' `EventAggregator`),
//! and a source that shouts is cut off by a token bucket (its `EventSourceObjectSpamFilter`).

mod aggregate;

use std::time::Instant;

use api::{NamespacedName, Resource, resource};
use apiserver::{Objects, Patch, Subresource, WriteOptions};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use aggregate::{Aggregate, Step};

/// Events that wait to be written; a full queue is a storm, of which the rest is dropped.
const QUEUE: usize = 1024;
/// Longest message that is kept, as in Kubernetes.
const MESSAGE_BYTES_MAX: usize = 1024;

/// Whom an Event is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct About {
    pub(crate) resource: &'static Resource,
    pub(crate) name: NamespacedName,
    pub(crate) uid: String,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub(crate) struct Happening {
    pub(crate) about: About,
    /// `Normal` or `Warning`.
    pub(crate) kind: &'static str,
    pub(crate) reason: String,
    pub(crate) message: String,
    /// Which part of the house says so.
    pub(crate) component: &'static str,
    /// On which Node, or empty.
    pub(crate) host: String,
    /// How often it happened.
    pub(crate) count: u32,
}

/// Takes note of what happens. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Events {
    queue: mpsc::Sender<Happening>,
}

/// Writes what was noted.
pub(crate) struct Writer {
    queue: mpsc::Receiver<Happening>,
    objects: Objects,
    aggregate: Aggregate,
}

impl Events {
    pub(crate) fn new(objects: Objects) -> (Self, Writer) {
        let (sender, queue) = mpsc::channel(QUEUE);
        // Microseconds since 1970: two starts of a server are further apart than the Events between them.
        let first = u64::try_from(Timestamp::now().as_microsecond()).unwrap_or_default();
        (Self { queue: sender }, Writer { queue, objects, aggregate: Aggregate::new(first) })
    }

    /// Notes something.
    pub(crate) fn record(&self, happening: Happening) {
        if self.queue.try_send(happening).is_err() {
            tracing::debug!("an event was dropped: too many at once");
        }
    }
}

impl Writer {
    /// Runs until shutdown.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        loop {
            let happening = tokio::select! {
                happening = self.queue.recv() => happening,
                () = shutdown.cancelled() => return,
            };
            let Some(mut happening) = happening else { return };
            cut(&mut happening.message);
            match self.aggregate.add(&happening, Instant::now()) {
                Step::Drop => {}
                Step::Create { name } => self.create(&name, &happening).await,
                Step::Count { name, count } => self.count(&name, count, &happening).await,
            }
        }
    }

    async fn create(&self, name: &str, happening: &Happening) {
        let (namespace, now) = (namespace_of(&happening.about), Timestamp::now());
        let object = object(name, namespace, happening, now);
        let created = self.objects.create(&resource::EVENTS, namespace, object, WriteOptions::default()).await;
        if let Err(status) = created {
            // The usual reason is a namespace that is going away.
            tracing::debug!(%status, reason = %happening.reason, "an event was not written");
        }
    }

    async fn count(&mut self, name: &str, count: u32, happening: &Happening) {
        let patch = Patch::Merge(json!({"count": count, "lastTimestamp": second(Timestamp::now())}));
        let namespace = namespace_of(&happening.about);
        let options = WriteOptions::default();
        let patched = self.objects.patch(&resource::EVENTS, namespace, name, Subresource::Main, patch, options).await;
        if patched.is_err_and(|status| status.is_not_found()) {
            self.create(name, happening).await;
        }
    }
}

/// Events of cluster-scoped objects live in `default`, as in Kubernetes.
fn namespace_of(about: &About) -> &str {
    if about.name.namespace.is_empty() { "default" } else { &about.name.namespace }
}

fn cut(message: &mut String) {
    if message.len() > MESSAGE_BYTES_MAX {
        let end = (0..=MESSAGE_BYTES_MAX).rev().find(|at| message.is_char_boundary(*at)).unwrap_or_default();
        message.truncate(end);
    }
}

fn second(now: Timestamp) -> String {
    Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}

fn object(name: &str, namespace: &str, happening: &Happening, now: Timestamp) -> Value {
    let about = &happening.about;
    let now = second(now);
    let mut involved = json!({
        "apiVersion": about.resource.api_version(),
        "kind": about.resource.kind,
        "name": about.name.name,
        "uid": about.uid,
    });
    if !about.name.namespace.is_empty() {
        involved["namespace"] = json!(about.name.namespace);
    }
    let mut source = json!({"component": happening.component});
    if !happening.host.is_empty() {
        source["host"] = json!(happening.host);
    }
    json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": namespace},
        "involvedObject": involved,
        "type": happening.kind,
        "reason": happening.reason,
        "message": happening.message,
        "source": source,
        "reportingComponent": happening.component,
        "reportingInstance": happening.host,
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": happening.count,
    })
}
