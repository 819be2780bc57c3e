//! The one task that owns the state of this host and decides what happens next.
//!
//! Events come in, the Pods they concern are planned again ([`crate::plan`]), steps are taken, statuses told. It is
//! level-triggered: a Pod is planned from what is, so an event that comes late or twice does no harm.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use protocol::v1::{Hello, Pods, Routes, Welcome};
use sandbox::Code;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;

use super::Context;
use super::codes::Codes;
use super::commands::End;
use super::pods::Pod;
use super::routes::{self, Parts, Pipe, Ports};
use super::saving::Saver;
use super::tenants::Tenants;
use super::usage::{Before, Meters};
use crate::code::Trouble;
use crate::desired::file::{File, Memory, Saved};
use crate::desired::{Desired, Refused, Uid};
use crate::identity::Node;
use crate::ips::Ips;
use crate::outgoing;
use crate::pod::probe::{Kind, Verdict};
use crate::session::Heard;

/// Events taken before Pods are planned, so that a flood of them costs one plan and one status each.
const TOGETHER_MAX: usize = 256;

/// What happens beside the core.
pub(crate) enum Event {
    /// Code is not on this host and has to be fetched.
    CodeNotHere { key: String },
    /// Code was loaded, or not.
    CodeCame { key: String, result: Result<Code, Trouble> },
    /// A probe has spoken, in this run of the container.
    Verdict { uid: Uid, container: usize, run: u64, kind: Kind, verdict: Verdict },
    /// A command has come to its end, in this run of its container.
    Ended { uid: Uid, container: usize, run: u64, end: End },
    /// The last request of a Pod that drains has ended.
    Drained(Uid),
    /// The state was written, or not.
    Saved { took: Duration, result: io::Result<()> },
}

/// The state of this host.
pub(super) struct Core {
    pub(super) context: Arc<Context>,
    pub(super) desired: Desired,
    pub(super) pods: BTreeMap<Uid, Pod>,
    pub(super) ips: Ips,
    pub(super) codes: Codes,
    pub(super) ports: Ports,
    pub(super) tenants: Tenants,
    /// Routes that are not whole yet.
    parts: Parts,
    pub(super) saver: Saver,
    pub(super) meters: Meters,
    /// What is remembered of Pods that have not been admitted again yet.
    pub(super) memories: BTreeMap<Uid, Memory>,
    /// The machine has been rebooted since the memories were written.
    pub(super) rebooted: bool,
    /// When Pods are to be planned again because of time alone.
    pub(super) wakes: BTreeSet<(Timestamp, Uid)>,
    dirty: BTreeSet<Uid>,
    node: Node,
    hello: watch::Sender<Hello>,
    pipe: Arc<Pipe>,
    /// Code that is being loaded for Pods known from disk, and who waits for all of it. What nobody asked for, such
    /// as the code of a Pod that has ended or is refused, is not waited for: no event would tell that it came.
    resuming: Option<(BTreeSet<String>, oneshot::Sender<()>)>,
}

impl Core {
    /// Takes up what was saved.
    pub(super) fn new(
        context: Arc<Context>,
        file: File,
        node: Node,
        saved: Option<Saved>,
    ) -> (Self, watch::Receiver<Hello>) {
        let mut desired = saved.as_ref().map(Saved::desired).unwrap_or_default();
        if desired.cluster_id.is_none() && !node.cluster_id.is_empty() {
            desired.cluster_id = Some(node.cluster_id.clone());
        }
        let rebooted = saved.as_ref().is_some_and(|saved| saved.boot_id != context.facts.boot_id);
        let memories = saved.map(|saved| saved.memories).unwrap_or_default();
        let (hello, says) = watch::channel(hello(&context, &desired));
        let core = Self {
            desired,
            pods: BTreeMap::new(),
            ips: Ips::default(),
            codes: Codes::new(context.loader.in_use.clone()),
            ports: Ports::default(),
            tenants: Tenants::default(),
            parts: Parts::default(),
            saver: Saver::new(file),
            meters: Meters::new(Before::now()),
            memories: memories.into_iter().map(|memory| (memory.uid.as_str().into(), memory)).collect(),
            rebooted,
            wakes: BTreeSet::new(),
            dirty: BTreeSet::new(),
            node,
            hello,
            pipe: Arc::default(),
            resuming: None,
            context,
        };
        (core, says)
    }

    /// Begins to serve what is known from disk; the receiver hears when all that can start has started.
    pub(super) async fn resume(&mut self) -> oneshot::Receiver<()> {
        let (done, resumed) = oneshot::channel();
        let pipe = self.pipe.clone();
        tokio::spawn(pipe.run(self.context.proxy.clone(), self.context.up.clone()));
        if let Some(welcome) = self.desired.welcome.clone() {
            self.set_range(&welcome);
            self.take_routes(&routes::all(&self.desired));
        }
        // Those with an address keep it before anyone new takes one.
        for uid in self.desired.pods.keys().cloned().collect::<Vec<_>>() {
            self.keep_address(&uid, None);
            self.dirty.insert(uid);
        }
        self.settle().await;
        // Without anything to wait for, the sender ends here.
        self.resuming = Some((self.codes.coming_keys(), done)).filter(|(waiting, _)| !waiting.is_empty());
        resumed
    }

    /// Runs until `stop`, then writes the state a last time.
    pub(super) async fn run(
        mut self,
        mut inbox: mpsc::Receiver<Event>,
        mut hearing: mpsc::Receiver<Heard>,
        stop: CancellationToken,
    ) {
        loop {
            let wake = self.wakes.first().map(|(at, _)| instant(*at));
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(event) = inbox.recv() => self.event(event).await,
                () = until(wake) => self.wake(),
                () = until(self.saver.due()) => self.save(),
                () = until(Some(self.meters.due())) => self.measure(),
                Some(heard) = hearing.recv() => self.heard(heard).await,
            }
            for _ in 0..TOGETHER_MAX {
                let Ok(event) = inbox.try_recv() else { break };
                self.event(event).await;
            }
            self.settle().await;
        }
        if let Err(error) = self.saver.last(self.saved()).await {
            tracing::error!(%error, "the host's state could not be written; what changed last is told again");
        }
        for pod in self.pods.values_mut() {
            pod.stop_probes();
            // Requests may end by themselves; a command would not.
            let commands =
                pod.containers.iter_mut().filter(|c| c.running.as_ref().is_some_and(|r| r.runner.is_command()));
            commands.for_each(super::pods::Container::kill);
        }
    }

    async fn heard(&mut self, heard: Heard) {
        match heard {
            Heard::Welcome(welcome, reply) => {
                let verdict = self.welcome(&welcome);
                // Whoever answers may know nothing of what was told before.
                self.measure_anew();
                if reply.send(verdict).is_err() {
                    tracing::debug!("the session ended before it began");
                }
            }
            Heard::Pods(pods) => self.take_pods(pods).await,
            Heard::Routes(routes) => {
                let Some(routes) = self.parts.add(routes) else { return };
                self.take_routes(&routes);
                self.desired.routes(&routes);
                self.saver.dirty();
            }
        }
    }

    fn welcome(&mut self, welcome: &Welcome) -> Result<(), Refused> {
        self.desired.welcome(welcome.clone())?;
        self.set_range(welcome);
        if self.node.cluster_id != welcome.cluster_id {
            self.node.cluster_id.clone_from(&welcome.cluster_id);
            self.remember_cluster();
        }
        self.saver.dirty();
        self.say_hello();
        Ok(())
    }

    /// A host inside `insula up` learns its cluster from the first welcome.
    fn remember_cluster(&self) {
        if let Err(error) = self.node.save(&self.context.config.host_dir()) {
            tracing::error!(%error, "the cluster of this host was not noted");
        }
    }

    fn set_range(&mut self, welcome: &Welcome) {
        if let Err(why) = self.ips.set_range(&welcome.pod_cidr) {
            tracing::error!(%why, "Pods of this Node get no addresses");
        }
        self.context.egress.own(outgoing::own_ranges(welcome));
    }

    fn say_hello(&self) {
        let next = hello(&self.context, &self.desired);
        self.hello.send_if_modified(|said| {
            let changed = *said != next;
            *said = next;
            changed
        });
    }

    async fn take_pods(&mut self, pods: Pods) {
        let complete = pods.snapshot_complete;
        let changed = match self.desired.pods(pods) {
            Ok(changed) => changed,
            Err(refused) => return tracing::warn!(%refused, "Pods were not taken over"),
        };
        for uid in &changed.upserted {
            self.refresh(uid, changed.in_snapshot);
        }
        if complete {
            self.say_hello();
            if changed.in_snapshot {
                self.forget_strangers().await;
            }
        }
        self.dirty.extend(changed.upserted);
        self.dirty.extend(changed.removed);
        self.saver.dirty();
    }

    fn take_routes(&mut self, message: &Routes) {
        for uid in self.ports.update(&self.context.config.node_name, message) {
            self.bind(&uid);
        }
        self.pipe.put(routes::delta(message));
    }

    async fn event(&mut self, event: Event) {
        match event {
            Event::CodeCame { key, result } => {
                let now = Timestamp::now();
                let users = self.codes.came(&key, result, now);
                self.dirty.extend(users);
                self.settle().await;
                self.resumed(&key);
            }
            Event::CodeNotHere { key } => self.resumed(&key),
            Event::Verdict { uid, container, run, kind, verdict } => {
                self.verdict(&uid, container, run, kind, verdict).await;
                self.dirty.insert(uid);
            }
            Event::Ended { uid, container, run, end } => {
                self.ended(&uid, container, run, end).await;
                self.dirty.insert(uid);
            }
            Event::Drained(uid) => drop(self.dirty.insert(uid)),
            Event::Saved { took, result } => {
                self.saver.written(took, result.is_ok());
                if let Err(error) = result {
                    tracing::error!(%error, "the host's state could not be written; trying again");
                }
            }
        }
    }

    /// What waits for this code to resume has started, or has to wait for the control plane.
    fn resumed(&mut self, key: &str) {
        if let Some((waiting, _)) = &mut self.resuming {
            waiting.remove(key);
        }
        // Whoever waits hears of it by the sender's end.
        self.resuming.take_if(|(waiting, _)| waiting.is_empty());
    }

    fn wake(&mut self) {
        let now = Timestamp::now();
        while let Some((at, uid)) = self.wakes.pop_first() {
            if at > now {
                self.wakes.insert((at, uid));
                return;
            }
            self.dirty.insert(uid);
        }
    }

    /// Plans every Pod that something happened to.
    async fn settle(&mut self) {
        while let Some(uid) = self.dirty.pop_first() {
            self.settle_pod(&uid).await;
        }
    }

    fn save(&mut self) {
        let saved = self.saved();
        self.saver.write(saved, self.context.events.clone());
    }

    fn saved(&self) -> Saved {
        let told = self.pods.iter().filter_map(|(uid, pod)| pod.memory(uid));
        // A Pod that was not admitted again is remembered as it was.
        let memories = told.chain(self.memories.values().cloned()).collect();
        let context = &self.context;
        Saved::of(&self.desired, memories, &context.facts.boot_id, context.proxy.peer_addr().port())
    }
}

/// What this host says first in a session.
fn hello(context: &Context, desired: &Desired) -> Hello {
    let identity = context.engine.identity();
    let welcome = desired.welcome.as_ref();
    Hello {
        cluster_id: desired.cluster_id.clone().unwrap_or_default(),
        node_name: context.config.node_name.clone(),
        node_uid: welcome.map(|welcome| welcome.node_uid.clone()).unwrap_or_default(),
        boot_id: context.facts.boot_id.clone(),
        protocol_min: protocol::PROTOCOL_MIN,
        protocol_max: protocol::PROTOCOL_MAX,
        engine: Some(protocol::v1::Engine {
            version: identity.version,
            target: identity.target,
            cpu_features: identity.cpu_features,
        }),
        interfaces: context.engine.interfaces().iter().map(ToString::to_string).collect(),
        last_revision: desired.revision,
        node_ip: context.config.node_ip.to_string(),
        peer_address: context.proxy.peer_addr().to_string(),
        labels: context.config.labels.clone().into_iter().collect(),
        capacity: Some(context.facts.capacity(context.config.pods_max)),
        version: context.config.version.clone(),
        os_image: context.facts.os_image.clone(),
        kernel_version: context.facts.kernel_version.clone(),
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// The moment a time will be, if the clock goes on as it does.
fn instant(at: Timestamp) -> Instant {
    let wait = Duration::try_from(at.duration_since(Timestamp::now())).unwrap_or(Duration::ZERO);
    Instant::now() + wait
}
