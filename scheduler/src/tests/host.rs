//! A host made of nothing but the protocol: it hears, answers and reports as it is told to.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use protocol::v1::host_link_client::HostLinkClient;
use protocol::v1::{
    FromHost, Heartbeat, Hello, Open, PodAssignment, PodStatus, PodStatuses, Routes, RoutesApplied, ToHost, Welcome,
    from_host, to_host,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Status, Streaming};

use super::PATIENCE;
use crate::session::tests_hello;

/// What the host was told so far.
pub(super) struct FakeHost {
    pub(super) welcome: Welcome,
    pub(super) client: HostLinkClient<Channel>,
    up: mpsc::Sender<FromHost>,
    down: Streaming<ToHost>,
    pub(super) pods: BTreeMap<String, PodAssignment>,
    pub(super) removed: BTreeSet<String>,
    pub(super) is_complete: bool,
    pub(super) routes: Option<Routes>,
    pub(super) services: BTreeMap<String, Vec<String>>,
    pub(super) committed: u64,
    pub(super) opens: Vec<Open>,
    heartbeat: tokio::time::Interval,
    sequence: u64,
}

/// A `Hello` that makes sense.
pub(super) fn hello(name: &str) -> Hello {
    tests_hello(name)
}

impl FakeHost {
    /// Dials and is welcome.
    pub(super) async fn dial(channel: Channel, name: &str) -> Self {
        Self::try_dial(channel, hello(name)).await.expect("is welcome")
    }

    /// Dials with any `Hello`.
    pub(super) async fn try_dial(channel: Channel, hello: Hello) -> Result<Self, Status> {
        let mut client = HostLinkClient::new(channel).max_decoding_message_size(protocol::MESSAGE_BYTES_MAX);
        let (up, messages) = mpsc::channel(16);
        let hello = FromHost { message: Some(from_host::Message::Hello(hello)) };
        up.send(hello).await.expect("the stream is open");
        let mut down = client.session(ReceiverStream::new(messages)).await?.into_inner();
        let first = down.message().await?.and_then(|m| m.message);
        let Some(to_host::Message::Welcome(welcome)) = first else { panic!("not welcome: {first:?}") };
        Ok(Self {
            welcome,
            client,
            up,
            down,
            pods: BTreeMap::new(),
            removed: BTreeSet::new(),
            is_complete: false,
            routes: None,
            services: BTreeMap::new(),
            committed: 0,
            opens: Vec::new(),
            heartbeat: tokio::time::interval(Duration::from_millis(200)),
            sequence: 0,
        })
    }

    pub(super) async fn say(&self, message: from_host::Message) {
        self.up.send(FromHost { message: Some(message) }).await.expect("the stream is open");
    }

    /// Acknowledges the newest routes.
    pub(super) async fn acknowledge(&self) {
        let revision = self.routes.as_ref().expect("has routes").revision;
        self.say(from_host::Message::RoutesApplied(RoutesApplied { revision })).await;
    }

    /// Reports a Pod; returns the sequence that will be acknowledged.
    pub(super) async fn report(&mut self, pod: &Value, status: &Value, stopped: bool) -> u64 {
        self.sequence += 1;
        let text = |pointer: &str| pod.pointer(pointer).and_then(Value::as_str).expect("is there").to_owned();
        let status = PodStatus {
            uid: text("/metadata/uid"),
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name"),
            status_json: status.to_string().into(),
            stopped,
        };
        let batch = PodStatuses { sequence: self.sequence, statuses: vec![status] };
        self.say(from_host::Message::PodStatuses(batch)).await;
        self.sequence
    }

    /// Reports a Pod as ready and waits for the acknowledgement.
    pub(super) async fn report_ready(&mut self, pod: &Value, ip: &str) {
        let status = json!({
            "phase": "Running", "podIP": ip,
            "conditions": [
                {"type": "Ready", "status": "True"}, {"type": "ContainersReady", "status": "True"},
                {"type": "Initialized", "status": "True"},
            ],
        });
        let sequence = self.report(pod, &status, false).await;
        self.until("the status is committed", |host| host.committed >= sequence).await;
    }

    /// Hears, with heartbeats, until something holds.
    pub(super) async fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let waited = tokio::time::timeout(PATIENCE, async {
            while !holds(self) {
                self.hear().await.expect("the session goes on");
            }
        });
        assert!(waited.await.is_ok(), "never came: {what}");
    }

    /// Hears for a while in which something must keep to hold.
    pub(super) async fn throughout(&mut self, time: Duration, what: &str, holds: impl Fn(&Self) -> bool) {
        let hears = async {
            loop {
                self.hear().await.expect("the session goes on");
                assert!(holds(self), "did not keep: {what}");
            }
        };
        drop(tokio::time::timeout(time, hears).await);
    }

    /// Hears until the session is ended by the server, and returns how.
    pub(super) async fn until_end(&mut self) -> Status {
        let ended = tokio::time::timeout(PATIENCE, async {
            loop {
                if let Err(status) = self.hear().await {
                    return status;
                }
            }
        });
        ended.await.expect("the session ends")
    }

    async fn hear(&mut self) -> Result<(), Status> {
        tokio::select! {
            message = self.down.message() => {
                let message = message?.ok_or_else(|| Status::ok("the stream has ended"))?;
                self.take(message.message.expect("is not empty"));
            }
            _ = self.heartbeat.tick() => {
                let beat = from_host::Message::Heartbeat(Heartbeat { sequence: 1 });
                drop(self.up.try_send(FromHost { message: Some(beat) }));
            }
        }
        Ok(())
    }

    fn take(&mut self, message: to_host::Message) {
        match message {
            to_host::Message::Welcome(_) => panic!("welcome comes first, and only first"),
            to_host::Message::Pods(pods) => {
                assert_eq!(pods.term, self.welcome.term);
                for uid in pods.removed_uids {
                    self.pods.remove(&uid);
                    self.removed.insert(uid);
                }
                self.pods.extend(pods.upserts.into_iter().map(|pod| (pod.uid.clone(), pod)));
                self.is_complete |= pods.snapshot_complete;
            }
            to_host::Message::Routes(routes) => {
                if routes.complete {
                    self.services.clear();
                }
                for service in &routes.services {
                    let uids = service.ports.iter().flat_map(|p| &p.endpoints).map(|e| e.pod_uid.clone()).collect();
                    self.services.insert(service.name.clone(), uids);
                }
                for service in &routes.removed {
                    self.services.remove(&service.name);
                }
                self.routes = Some(routes);
            }
            to_host::Message::StatusesCommitted(committed) => self.committed = committed.sequence,
            to_host::Message::Open(open) => self.opens.push(open),
            to_host::Message::HeartbeatSeen(_) => {}
        }
    }
}
