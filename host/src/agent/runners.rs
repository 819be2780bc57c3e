//! Makes what runs a container, in this process or in one of its own, from its configuration.

use std::fmt;
use std::io;
use std::sync::Arc;

use api::core::Container as ApiContainer;
use api::label;
use cage::{News, Pause};
use sandbox::{Code, LogSink, Mount, Reuse, Workload, WorkloadConfig};
use tokio_util::sync::CancellationToken;

use super::admit::parse;
use super::core::Core;
use super::pods::Pod;
use crate::backing::{self, Listening, OfPod};
use crate::desired::Uid;
use crate::env;
use crate::isolated::Isolated;
use crate::logs::{Place, Sink, Stream};
use crate::outgoing::{self, Denials, Way};
use crate::pod::spec::{Class, Refusal};
use crate::runner::Runner;
use crate::up::events::Kind;
use crate::{reports, sockets};

/// What a container weighs that asks for no CPU: the least that hosts count for one.
const CPU_MILLIS_DEFAULT: u32 = 100;
const NO_COMMANDS: &str = "the component answers no HTTP requests, and Pods of the runtime class wasm-isolated can do \
    nothing else; leave runtimeClassName out to run it";

impl Core {
    /// Makes what runs a container.
    ///
    /// # Errors
    ///
    /// Why it cannot be run, as the waiting container says it; `StartError` is a failed start.
    pub(super) fn runner(&self, uid: &Uid, index: usize, mounts: Vec<Mount>) -> Result<Runner, Refusal> {
        let lost = || Refusal::new("ContainerCreating", "the Pod is gone");
        let (pod, assignment) = (self.pods.get(uid).ok_or_else(lost)?, self.desired.pods.get(uid).ok_or_else(lost)?);
        let spec = pod.spec.containers.get(index).ok_or_else(lost)?;
        let key = super::pods::artifact_of(assignment, &spec.name).map(|a| a.code_key.as_str()).unwrap_or_default();
        let code = self.codes.get(key).ok_or_else(lost)?;
        if pod.spec.class == Class::Isolated && !code.serves_http() {
            return Err(Refusal::new("UnsupportedComponent", NO_COMMANDS));
        }
        let at_once = pod.spec.reuse.concurrent_max;
        if at_once > 1 && code.is_serial() {
            self.event_of(uid, Kind::Warning, "ReusedOneAtATime", || one_at_a_time(&spec.name, at_once));
        }
        let object = parse(assignment);
        let container: &ApiContainer =
            object.spec.as_ref().and_then(|spec| spec.containers.get(index)).ok_or_else(lost)?;
        let scope = self.scope(pod, assignment, &object);
        let environment = env::resolve(container, &scope).map_err(Refusal::config)?;
        let args = env::arguments(container, &environment);
        let env: Vec<(String, String)> = environment.into_iter().collect();
        let place = Place { uid: uid.clone(), container: spec.name.as_str().into() };
        let log = self.context.logs.sink(place);
        let cluster = self.context.proxy.guest_client(&pod.spec.namespace);
        let way_out = self.context.egress.way_out(&pod.spec.namespace, outgoing::policy(&pod.spec.egress));
        let backing = OfPod::new(self.context.lanes.clone(), &pod.spec.namespace, pod.spec.grants.clone());
        let workload = WorkloadConfig {
            // The same values by both ways: what a container is configured with is its resolved environment.
            config: env.clone(),
            env,
            args,
            memory_bytes_max: spec.memory_bytes_max,
            tenant: self.tenants.of(&pod.spec.namespace, pod.spec.namespace_memory_bytes_max),
            cpu_weight: spec.cpu_millis.unwrap_or(CPU_MILLIS_DEFAULT),
            cpu_millis_max: spec.cpu_millis_max,
            timeout: pod.spec.timeout,
            reuse: Reuse {
                requests_max: u64::from(pod.spec.reuse.requests_max),
                concurrent_max: u64::from(pod.spec.reuse.concurrent_max),
                idle: pod.spec.reuse.idle,
            },
            mounts,
            sockets: Arc::new(sockets::OfPod::new(pod.ip, cluster.clone(), way_out.clone(), &self.context.local)),
            logs: Arc::new(ToLog(log.clone())),
            outgoing: Arc::new(Way::new(
                cluster,
                way_out,
                Denials::new(pod.slot.clone(), spec.name.clone(), self.context.up.clone()),
            )),
            keyvalue: Arc::new(backing.clone()),
            blobs: Arc::new(backing.clone()),
            messages: Arc::new(backing),
            reports: Arc::new(reports::Container::new(
                pod.slot.clone(),
                spec.name.clone(),
                self.context.counters.clone(),
                self.context.up.clone(),
                log,
            )),
            ..WorkloadConfig::new(format!("{}/{}/{}", pod.spec.namespace, pod.spec.name, spec.name))
        };
        let failed = |error: &dyn fmt::Display| Refusal::new("StartError", error.to_string());
        if pod.spec.class == Class::Isolated {
            return self.isolated(pod, code, workload).map(Runner::Apart).map_err(|error| failed(&error));
        }
        Workload::new(&self.context.engine, code, workload).map(Runner::Here).map_err(|error| failed(&error))
    }

    /// Gives a container that takes messages what comes on its Pod's topics, until `stop`.
    pub(super) fn listen(&self, uid: &Uid, container: usize, workload: Workload, stop: CancellationToken) {
        let (Some(pod), Some(assignment)) = (self.pods.get(uid), self.desired.pods.get(uid)) else { return };
        let subjects = pod.spec.grants.subscribe.patterns().to_vec();
        let Some(spec) = pod.spec.containers.get(container).filter(|_| !subjects.is_empty()) else { return };
        let key = super::pods::artifact_of(assignment, &spec.name).map(|a| a.code_key.as_str()).unwrap_or_default();
        if !self.codes.get(key).is_some_and(|code| code.takes_messages()) {
            return;
        }
        let listening = Listening {
            lanes: self.context.lanes.clone(),
            namespace: pod.spec.namespace.clone(),
            group: backing::group(&parse(assignment).metadata, &spec.name),
            subjects,
            workload,
        };
        self.spawn_on_requests(pod.containers[container].runs, listening.run(stop));
    }

    fn isolated(&self, pod: &Pod, code: Code, workload: WorkloadConfig) -> io::Result<Isolated> {
        let (slot, up, name) = (pod.slot.clone(), self.context.up.clone(), workload.name.clone());
        let on_news = move |news| match news {
            News::Up { pid, walls, took } => tracing::info!(%name, pid, %walls, ?took, "an isolated worker is up"),
            News::Crashed { why, pause } => {
                tracing::warn!(%name, %why, ?pause, "an isolated worker crashed");
                let reason = match pause {
                    Pause::For(_) => "WorkerCrashed",
                    Pause::Quarantine(_) => "WorkerQuarantined",
                };
                up.event(slot.about(), Kind::Warning, reason, || {
                    format!("the process of {name} is gone: {why}; it is started again in {:?}", pause.duration())
                });
            }
        };
        Isolated::start(&self.context.isolation, code, workload, Box::new(on_news))
    }
}

fn one_at_a_time(container: &str, at_once: u32) -> String {
    format!(
        "container {container}: its component is of WASI 0.2 and is given one request at a time; concurrent={at_once} of {} \
         has an effect for components that export wasi:http/handler of WASI 0.3",
        label::REUSE
    )
}

/// A container's output, on its way to its log.
struct ToLog(Arc<Sink>);

impl LogSink for ToLog {
    fn write(&self, stream: sandbox::Stream, bytes: &[u8]) {
        let stream = match stream {
            sandbox::Stream::Stdout => Stream::Stdout,
            sandbox::Stream::Stderr => Stream::Stderr,
        };
        self.0.write(stream, bytes);
    }
}
