//! Asks containers their probes. Only containers that have probes cost a task and a timer.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use http::{HeaderValue, Request, header};
use http_body_util::BodyExt;
use sandbox::Failure;
use tokio::sync::mpsc;
use tokio::time::{sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::core::Event;
use crate::desired::Uid;
use crate::local::{Slot, Trouble};
use crate::pod::probe::{Counter, Kind, Outcome, Probe, Probes, Rhythm, Verdict};
use crate::up::Up;
use crate::up::events;

/// Bytes of an answer that are read, so that a guest which writes one can end well; more is cut off, as the kubelet does.
const ANSWER_BYTES_MAX: usize = 10 << 10;
/// Who asks.
const USER_AGENT: HeaderValue = HeaderValue::from_static(concat!("kube-probe/insula-", env!("CARGO_PKG_VERSION")));

/// One run of a container that is probed.
pub(super) struct Probing {
    pub(super) slot: Arc<Slot>,
    pub(super) container: usize,
    pub(super) name: String,
    pub(super) run: u64,
    pub(super) ip: Option<IpAddr>,
    pub(super) probes: Probes,
    /// It comes back after a restart of the host, and was ready before.
    pub(super) was_ready: bool,
    pub(super) up: Arc<Up>,
    pub(super) events: mpsc::Sender<Event>,
}

impl Probing {
    pub(super) async fn run(self, stop: CancellationToken) {
        stop.run_until_cancelled(self.ask_all()).await;
    }

    async fn ask_all(&self) {
        let started = Instant::now();
        // C42: nothing else is asked until the container has started.
        if let Some(probe) = &self.probes.startup {
            self.ask_on(Kind::Startup, probe, started).await;
        }
        let readiness = self.maybe(Kind::Readiness, self.probes.readiness.as_ref(), started);
        let liveness = self.maybe(Kind::Liveness, self.probes.liveness.as_ref(), started);
        tokio::join!(readiness, liveness);
    }

    async fn maybe(&self, kind: Kind, probe: Option<&Probe>, started: Instant) {
        if let Some(probe) = probe {
            self.ask_on(kind, probe, started).await;
        }
    }

    /// Asks one probe on and on; a startup probe until it has passed.
    async fn ask_on(&self, kind: Kind, probe: &Probe, started: Instant) {
        let mut counter = Counter::new(probe);
        let mut last = None;
        let mut rhythm = Rhythm::of(probe, &self.slot.uid, self.was_ready);
        let mut due = started + rhythm.first();
        loop {
            sleep_until(due.into()).await;
            // C42: an answer that is late is one failure, and the next question is not asked before it is due.
            due = Instant::now() + rhythm.next();
            let outcome = self.ask(probe).await;
            if let Outcome::Failed(why) = &outcome {
                self.unhealthy(kind, why);
            }
            let Some(verdict) = counter.record(outcome) else { continue };
            let passed = verdict == Verdict::Passed;
            if last.replace(passed) == Some(passed) {
                continue;
            }
            let uid: Uid = self.slot.uid.clone();
            let event = Event::Verdict { uid, container: self.container, run: self.run, kind, verdict };
            if self.events.send(event).await.is_err() || (kind == Kind::Startup && passed) {
                return;
            }
        }
    }

    async fn ask(&self, probe: &Probe) -> Outcome {
        let Some(answerer) = self.slot.answerer(probe.port) else {
            return Outcome::Failed(format!("no container answers port {}", probe.port));
        };
        let host =
            self.ip.map_or_else(|| "localhost".to_owned(), |ip| std::net::SocketAddr::new(ip, probe.port).to_string());
        let mut request = Request::builder().uri(&probe.path).body(network::empty());
        if let Ok(request) = &mut request {
            let headers = request.headers_mut();
            if let Ok(host) = HeaderValue::try_from(&host) {
                headers.insert(header::HOST, host);
            }
            headers.insert(header::USER_AGENT, USER_AGENT);
            headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
            for (name, value) in &probe.headers {
                headers.insert(name, value.clone());
            }
        }
        let Ok(request) = request else { return Outcome::Failed(format!("{:?} is not a path", probe.path)) };
        let asked = async {
            let response = answerer.call(probe.port, request).await?;
            let status = response.status();
            // The status has answered the question; the body is read for the guest's sake.
            let (mut body, mut left) = (response.into_body(), ANSWER_BYTES_MAX);
            while let Some(Ok(frame)) = body.frame().await {
                left = left.saturating_sub(frame.data_ref().map_or(1, bytes::Bytes::len));
                if left == 0 {
                    break;
                }
            }
            Ok::<_, Trouble>(status)
        };
        match timeout(probe.timeout, asked).await {
            Ok(Ok(status)) if (200..400).contains(&status.as_u16()) => Outcome::Passed,
            Ok(Ok(status)) => Outcome::Failed(format!("HTTP probe failed with statuscode: {}", status.as_u16())),
            Ok(Err(Trouble::Guest(Failure::Busy | Failure::Closed))) => Outcome::Unknown,
            Ok(Err(trouble)) => Outcome::Failed(format!("http://{host}{}: {trouble}", probe.path)),
            Err(_) => Outcome::Failed(format!("http://{host}{}: no answer within {:?}", probe.path, probe.timeout)),
        }
    }

    fn unhealthy(&self, kind: Kind, why: &str) {
        let text = || format!("{} probe of container {} failed: {why}", kind.word(), self.name);
        self.up.event(self.slot.about(), events::Kind::Warning, "Unhealthy", text);
    }
}
