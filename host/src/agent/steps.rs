//! Takes the steps that were planned for a Pod.

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::commands::End;
use super::core::{Core, Event};
use super::pods::{Progress, Running};
use super::probing::Probing;
use super::usage::Meter;
use crate::desired::Uid;
use crate::ips::NoAddress;
use crate::logs::Place;
use crate::plan::{Step, plan};
use crate::pod::probe::{Kind as ProbeKind, Verdict};
use crate::pod::spec::{Refusal, RestartPolicy};
use crate::pod::state::{Change, Exit, KILLED, START_FAILED, State};
use crate::runner::Runner;
use crate::up::events::Kind;

/// Plans of one Pod in a row. A new Pod takes three: admitted, given an address, started.
const ROUNDS_MAX: usize = 8;

/// Whether the steps just taken make another plan worth while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Wait,
    PlanAgain,
}

impl Core {
    /// Brings one Pod as far as it gets now, and tells what changed.
    pub(super) async fn settle_pod(&mut self, uid: &Uid) {
        self.update_volumes(uid).await;
        for _ in 0..ROUNDS_MAX {
            let now = Timestamp::now();
            let steps = self.plan(uid, now);
            let mut then = Then::Wait;
            for step in steps {
                tracing::debug!(%uid, %step, "step");
                if self.step(uid, step, now).await == Then::PlanAgain {
                    then = Then::PlanAgain;
                }
            }
            if then == Then::Wait {
                break;
            }
        }
        self.tell(uid);
    }

    fn plan(&self, uid: &Uid, now: Timestamp) -> Vec<Step> {
        let assignment = self.desired.pods.get(uid);
        let pod = self.pods.get(uid);
        let wanted = match (assignment, pod) {
            (Some(assignment), Some(pod)) => Some(pod.wanted(assignment)),
            (Some(_), None) => return vec![Step::Admit],
            (None, _) => None,
        };
        let present = pod.map(super::pods::Pod::present);
        plan(wanted.as_ref(), present.as_ref(), now, &|key| self.codes.state(key))
    }

    async fn step(&mut self, uid: &Uid, step: Step, now: Timestamp) -> Then {
        match step {
            Step::Admit => {
                self.admit(uid, now);
                Then::PlanAgain
            }
            Step::TakeAddress => self.take_address(uid, now),
            Step::Load { key } => self.load(key),
            Step::Wait { container, refusal } => self.wait(uid, container, refusal),
            Step::Start { container } => self.start(uid, container, now).await,
            Step::Replace { container } => {
                self.replace(uid, container, now);
                Then::PlanAgain
            }
            Step::Drain => self.drain(uid, now),
            Step::Close => {
                self.close(uid, now);
                Then::Wait
            }
            Step::Remove => {
                self.remove(uid, now).await;
                Then::Wait
            }
            Step::WakeAt(at) => {
                self.wakes.insert((at, uid.clone()));
                Then::Wait
            }
        }
    }

    fn tell(&mut self, uid: &Uid) {
        let (Some(pod), Some(assignment)) = (self.pods.get_mut(uid), self.desired.pods.get(uid)) else { return };
        if let Some(message) = pod.news(assignment, self.context.config.node_ip, Timestamp::now()) {
            self.context.up.lock().statuses.put(uid.clone(), message);
            self.context.up.ring();
            self.saver.dirty();
        }
    }

    fn take_address(&mut self, uid: &Uid, now: Timestamp) -> Then {
        let Some(pod) = self.pods.get_mut(uid) else { return Then::Wait };
        let why = match self.ips.take(uid, now) {
            Ok(ip) => {
                pod.ip = Some(ip);
                self.context.local.insert(pod.slot.clone(), Some(ip));
                self.bind(uid);
                return Then::PlanAgain;
            }
            Err(NoAddress::NoRange) => "the control plane has not told this Node's range of addresses yet",
            Err(NoAddress::Exhausted(until)) => {
                self.wakes.insert((until.unwrap_or(now + crate::ips::REST), uid.clone()));
                "every address of this Node is in use or rests"
            }
        };
        let refusal = Refusal::new("NoPodAddress", why);
        for container in &mut pod.containers {
            container.life.wait(refusal.clone());
        }
        Then::Wait
    }

    /// Listens on a Pod's own address, on the ports it declares and those that Services name.
    pub(super) fn bind(&mut self, uid: &Uid) {
        let Some(pod) = self.pods.get_mut(uid) else { return };
        let (Some(ip), Progress::Live | Progress::Draining { .. }) = (pod.ip, pod.progress) else { return };
        let Some(assignment) = self.desired.pods.get(uid) else { return };
        let ports = pod.ports(assignment, self.ports.of(uid));
        if ports == pod.bound {
            return;
        }
        let problems = self.context.proxy.bind_pod(uid, ip, &ports);
        pod.bound = ports;
        for problem in problems {
            self.event_of(uid, Kind::Warning, "AddressNotBound", || {
                format!("{problem}; Services and guests reach the Pod all the same")
            });
        }
    }

    fn load(&mut self, key: String) -> Then {
        if self.codes.coming(&key) {
            let loader = self.context.loader.clone();
            let events = self.context.events.clone();
            let public_key = self.desired.welcome.as_ref().map(|w| w.code_public_key.clone()).unwrap_or_default();
            tokio::spawn(async move {
                let result = match loader.local(&key, &public_key).await.transpose() {
                    Some(result) => result,
                    None if events.send(Event::CodeNotHere { key: key.clone() }).await.is_err() => return,
                    None => loader.remote(&key, public_key).await,
                };
                if events.send(Event::CodeCame { key, result }).await.is_err() {
                    tracing::trace!("the agent has ended");
                }
            });
        }
        Then::Wait
    }

    fn wait(&mut self, uid: &Uid, container: usize, refusal: Refusal) -> Then {
        let message =
            (refusal.reason != "ContainerCreating").then(|| format!("{}: {}", refusal.reason, refusal.message));
        let news = self.container(uid, container).is_some_and(|c| {
            c.resumed = None;
            c.life.wait(refusal)
        });
        if let Some(message) = message.filter(|_| news) {
            self.event_of(uid, Kind::Warning, "Failed", || message);
        }
        Then::Wait
    }

    fn container(&mut self, uid: &Uid, container: usize) -> Option<&mut super::pods::Container> {
        self.pods.get_mut(uid)?.containers.get_mut(container)
    }

    async fn start(&mut self, uid: &Uid, container: usize, now: Timestamp) -> Then {
        let mounts = match self.place_volumes(uid, container).await {
            Ok(mounts) => mounts,
            Err(refusal) => return self.wait(uid, container, refusal),
        };
        let runner = match self.runner(uid, container, mounts) {
            Ok(runner) => runner,
            Err(refusal) if refusal.reason == "StartError" => {
                self.end(uid, container, End::new(START_FAILED, "StartError", refusal.message), now);
                return Then::PlanAgain;
            }
            Err(refusal) => return self.wait(uid, container, refusal),
        };
        let is_command = runner.is_command();
        if let Some(was) = self.container(uid, container).and_then(|c| c.resumed.take_if(|_| is_command)) {
            self.lost(uid, container, was, now);
            return Then::PlanAgain;
        }
        let probes = CancellationToken::new();
        let Some(pod) = self.pods.get_mut(uid) else { return Then::Wait };
        let (Some(spec), Some(key)) = (pod.spec.containers.get(container), self.desired.pods.get(uid)) else {
            return Then::Wait;
        };
        let code = super::pods::artifact_of(key, &spec.name).map(|a| a.code_key.clone()).unwrap_or_default();
        let started = &mut pod.containers[container];
        started.running =
            Some(Running { code, runner: runner.clone(), probes: probes.clone(), meter: Meter::default() });
        started.runs += 1;
        started.life.start(now, &spec.probes);
        let run = started.runs;
        let (name, mut spec_probes) = (spec.name.clone(), spec.probes.clone());
        let resumed = started.resumed.take();
        if let Some(resumed) = resumed {
            started.life.resume(resumed.started_at, resumed.started, resumed.ready);
            spec_probes.startup.take_if(|_| resumed.started);
        }
        pod.slot.set(pod.targets(key));
        pod.slot.stir();
        match runner {
            Runner::Here(workload) if is_command => self.run_command(uid, container, run, workload),
            Runner::Here(workload) => self.listen(uid, container, workload, probes.clone()),
            Runner::Apart(_) => {}
        }
        let Some(pod) = self.pods.get(uid) else { return Then::Wait };
        if !spec_probes.is_empty() {
            let probing = Probing {
                slot: pod.slot.clone(),
                container,
                name: name.clone(),
                run,
                ip: pod.ip,
                probes: spec_probes,
                was_ready: resumed.is_some_and(|resumed| resumed.ready),
                up: self.context.up.clone(),
                events: self.context.events.clone(),
            };
            self.spawn_on_requests(run, probing.run(probes));
        }
        if resumed.is_none() {
            self.event_of(uid, Kind::Normal, "Started", || format!("Started container {name}"));
        }
        Then::Wait
    }

    /// Probes call guests and commands are guests, so they run where guests run.
    pub(super) fn spawn_on_requests(&self, nth: u64, task: impl Future<Output = ()> + Send + 'static) {
        let handles = &self.context.request_handles;
        let index = usize::try_from(nth).unwrap_or(0).wrapping_add(self.pods.len()) % handles.len().max(1);
        match handles.get(index) {
            Some(handle) => drop(handle.spawn(task)),
            None => drop(tokio::spawn(task)),
        }
    }

    /// A probe has spoken.
    pub(super) async fn verdict(&mut self, uid: &Uid, container: usize, run: u64, kind: ProbeKind, verdict: Verdict) {
        let Some(pod) = self.pods.get_mut(uid).filter(|pod| pod.progress == Progress::Live) else { return };
        let Some((spec, kept)) = pod.spec.containers.get(container).zip(pod.containers.get_mut(container)) else {
            return;
        };
        if kept.runs != run {
            return;
        }
        let Change::Kill(why) = kept.life.verdict(kind, verdict, &spec.probes) else { return };
        let name = spec.name.clone();
        let message = format!("{} probe failed: {why}", kind.word());
        self.event_of(uid, Kind::Normal, "Killing", || {
            format!("Container {name} failed {} probe, will be restarted", kind.word().to_ascii_lowercase())
        });
        self.end(uid, container, End::new(KILLED, "Error", message), Timestamp::now());
        let again = |pod: &super::pods::Pod| !matches!(pod.containers[container].life.state, State::Ended(_));
        if self.pods.get(uid).is_some_and(again) {
            let place = Place { uid: uid.clone(), container: name.as_str().into() };
            self.context.logs.restarted(place).await;
        }
    }

    /// A container ended, or did not come up.
    pub(super) fn end(&mut self, uid: &Uid, container: usize, end: End, now: Timestamp) {
        let Some(pod) = self.pods.get_mut(uid) else { return };
        // One that is on its way out starts nothing again.
        let policy = if pod.progress == Progress::Live { pod.spec.restart_policy } else { RestartPolicy::Never };
        let kept = &mut pod.containers[container];
        kept.kill();
        kept.resumed = None;
        let End { code, reason, message } = end;
        let started_at = kept.life.started_at();
        let exit = Exit { code, reason: reason.to_owned(), message: message.clone(), started_at, finished_at: now };
        kept.life.end(exit, policy);
        pod.slot.stir();
        let backs_off = matches!(kept.life.state, State::BackingOff { .. });
        self.show(uid);
        if backs_off {
            self.event_of(uid, Kind::Warning, "BackOff", || {
                format!("Back-off restarting failed container: {reason} (exit code {code}) {message}")
            });
        }
    }

    fn replace(&mut self, uid: &Uid, container: usize, now: Timestamp) {
        let Some(pod) = self.pods.get_mut(uid) else { return };
        let kept = &mut pod.containers[container];
        if kept.running.as_ref().is_some_and(|running| running.runner.is_command()) {
            // It would run beside its successor.
            kept.kill();
        } else if let Some(before) = kept.take_down() {
            // What is inside may end as it may when a Pod stops.
            let (grace, ended) = (pod.spec.grace, pod.ended.clone());
            tokio::spawn(async move {
                ended.run_until_cancelled(tokio::time::sleep(grace)).await;
                before.kill();
            });
        }
        kept.life.replace(now);
        self.show(uid);
    }

    /// Requests from now on see what runs now.
    fn show(&self, uid: &Uid) {
        if let (Some(pod), Some(assignment)) = (self.pods.get(uid), self.desired.pods.get(uid)) {
            pod.slot.set(pod.targets(assignment));
        }
    }

    fn drain(&mut self, uid: &Uid, now: Timestamp) -> Then {
        let Some(pod) = self.pods.get_mut(uid) else { return Then::Wait };
        pod.slot.close();
        pod.stop_probes();
        let grace = SignedDuration::try_from(pod.spec.grace).unwrap_or(SignedDuration::MAX);
        let deadline = now.checked_add(grace).unwrap_or(Timestamp::MAX);
        pod.progress = Progress::Draining { deadline };
        if pod.slot.in_flight() > 0 {
            let (slot, events) = (pod.slot.clone(), self.context.events.clone());
            let patience = pod.spec.grace;
            tokio::spawn(async move {
                let drained = tokio::time::timeout(patience, slot.drained()).await;
                if events.send(Event::Drained(slot.uid.clone())).await.is_err() {
                    tracing::trace!(?drained, "the agent has ended");
                }
            });
        }
        Then::PlanAgain
    }

    fn close(&mut self, uid: &Uid, now: Timestamp) {
        let Some(pod) = self.pods.get_mut(uid) else { return };
        // First: whoever is connected to it hears that the Pod has ended, and not only that its server has hung up.
        pod.slot.leave();
        // Its grace is over, or it had none: what still goes on inside ends here.
        for container in &mut pod.containers {
            // A command that is told to stop has not come to its end, and nobody should take it for that.
            let cut_short = container.running.as_ref().is_some_and(|running| running.runner.is_command());
            container.kill();
            if cut_short && container.life.is_running() {
                let message = "it was stopped with its Pod".to_owned();
                let started_at = container.life.started_at();
                let exit = Exit { code: KILLED, reason: "Error".to_owned(), message, started_at, finished_at: now };
                container.life.end(exit, RestartPolicy::Never);
            }
            container.life.stop(now);
        }
        pod.ended.cancel();
        pod.progress = Progress::Stopped;
        pod.slot.set(Vec::new());
        let ip = pod.ip;
        self.context.proxy.unbind_pod(uid);
        self.context.local.remove(uid, ip);
        if let Some(ip) = ip {
            self.ips.release(ip, uid, now);
        }
        self.use_codes(uid);
    }

    async fn remove(&mut self, uid: &Uid, now: Timestamp) {
        if let Some(pod) = self.pods.get(uid) {
            pod.slot.close();
        }
        self.close(uid, now);
        if let Some(pod) = self.pods.remove(uid) {
            self.codes.set_uses(uid, &pod.codes, &std::collections::BTreeSet::new());
        }
        {
            let mut waiting = self.context.up.lock();
            waiting.statuses.forget(uid);
            waiting.events.forget(uid);
            waiting.usage.forget(uid);
        }
        self.context.logs.removed(uid.clone()).await;
        self.remove_volumes(uid).await;
        self.saver.dirty();
    }
}
