//! Measures what Pods and the machine use, and tells what is news.
//!
//! One timer for the host, none for a Pod: every [`MEASURE_EVERY`], those Pods are looked at that did something since,
//! and those that may still change by themselves. Ten thousand idle Pods cost a look at an empty list. What is told is
//! what was used within the time between two looks; a Pod that used nothing is told once, and then not again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::v1::{ContainerUsage, NodeUsage, PodUsage};

use super::core::Core;
use super::pods::{Pod, Running};
use crate::desired::Uid;
use crate::local::Stirred;
use crate::machine::{self, Used};
use crate::runner::Reading;

/// Time between two looks: a third of what Kubernetes' kubelets take, because autoscalers act on what they are told and
/// Pods here start in milliseconds; long enough that what a look costs does not show.
const MEASURE_EVERY: Duration = Duration::from_secs(5);
/// The Node is told anew when its numbers have moved by a part of so many; `top` shows whole percents.
const NODE_NEWS_PART: u64 = 100;

/// When and whom to measure.
pub(super) struct Meters {
    pub(super) stirred: Arc<Stirred>,
    /// Pods that may change although they did nothing.
    awake: BTreeSet<Uid>,
    due: Instant,
    before: Before,
    told: Option<NodeUsage>,
}

/// The look before.
pub(super) struct Before {
    at: Instant,
    machine: Used,
    process: Used,
}

impl Before {
    /// A look at the machine now.
    pub(super) fn now() -> Self {
        let process = machine::process("self").unwrap_or_default();
        Self { at: Instant::now(), machine: machine::machine(), process }
    }
}

/// What was told of a Pod.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Told {
    containers: usize,
    /// Whether it answered requests.
    is_asked: Option<bool>,
}

/// What a container used up to the look before, and what was told then.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Meter {
    cpu: Duration,
    told: Option<Amount>,
}

/// What a container used between two looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Amount {
    cpu: Duration,
    memory_bytes: u64,
}

impl Meter {
    /// Takes a reading; returns what was used since the last, and whether that is news. A counter that has fallen began
    /// anew.
    fn read(&mut self, reading: Reading) -> (Amount, bool) {
        let cpu = reading.cpu.checked_sub(self.cpu).unwrap_or(reading.cpu);
        self.cpu = reading.cpu;
        let amount = Amount { cpu, memory_bytes: reading.memory_bytes };
        let is_news = !amount.cpu.is_zero() || self.told != Some(amount);
        self.told = Some(amount);
        (amount, is_news)
    }
}

/// What came of looking at a Pod.
struct Look {
    usage: PodUsage,
    is_news: bool,
    /// It has to be looked at again even if nothing stirs it.
    stays_awake: bool,
}

fn look(pod: &mut Pod, window: Duration) -> Look {
    // Before anything is read: what comes later stirs it again.
    pod.slot.settle();
    let mut look = Look { usage: PodUsage::default(), is_news: false, stays_awake: false };
    for (spec, container) in pod.spec.containers.iter().zip(&mut pod.containers) {
        let Some(Running { runner, meter, .. }) = &mut container.running else { continue };
        let reading = runner.measure();
        let (amount, is_news) = meter.read(reading);
        look.is_news |= is_news;
        look.stays_awake |= reading.may_shrink || !amount.cpu.is_zero();
        look.usage.containers.push(ContainerUsage {
            name: spec.name.clone(),
            cpu_nanos: per_second(amount.cpu, window),
            memory_bytes: amount.memory_bytes,
        });
    }
    look.usage.requests_milli = pod.slot.take_average_milli(window);
    let is_asked = look.usage.requests_milli > 0 || pod.slot.in_flight() > 0;
    let told = Told { containers: look.usage.containers.len(), is_asked: Some(is_asked) };
    look.is_news |= is_asked || told != pod.usage;
    look.stays_awake |= is_asked;
    pod.usage = told;
    look.usage.uid = pod.slot.uid.to_string();
    look.usage.window_millis = millis(window);
    look
}

fn millis(window: Duration) -> u32 {
    u32::try_from(window.as_millis()).unwrap_or(u32::MAX)
}

/// Billionths of a core.
fn per_second(cpu: Duration, window: Duration) -> u64 {
    let nanos = cpu.as_nanos().saturating_mul(1_000_000_000) / window.as_nanos().max(1);
    u64::try_from(nanos).unwrap_or(u64::MAX)
}

impl Meters {
    /// Nothing to look at yet but the machine.
    pub(super) fn new(before: Before) -> Self {
        let due = before.at + MEASURE_EVERY;
        Self { stirred: Arc::default(), awake: BTreeSet::new(), due, before, told: None }
    }

    /// When to look next.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// Whom to look at now.
    fn take(&mut self) -> BTreeSet<Uid> {
        let mut uids = std::mem::take(&mut self.awake);
        uids.extend(self.stirred.take());
        uids
    }

    /// What the machine used since the look before, if that is news; and how long that is.
    fn node(&mut self, now: Before) -> (Duration, Option<NodeUsage>) {
        let before = std::mem::replace(&mut self.before, now);
        let now = &self.before;
        let window = now.at.saturating_duration_since(before.at);
        let cpu = |now: Used, before: Used| per_second(now.cpu.saturating_sub(before.cpu), window);
        let usage = NodeUsage {
            cpu_nanos: cpu(now.machine, before.machine),
            memory_bytes: now.machine.memory_bytes,
            process_cpu_nanos: cpu(now.process, before.process),
            process_memory_bytes: now.process.memory_bytes,
            window_millis: millis(window),
        };
        let is_news = self.told.as_ref().is_none_or(|told| has_moved(told, &usage));
        if is_news {
            self.told = Some(usage);
        }
        (window, is_news.then_some(usage))
    }
}

fn has_moved(told: &NodeUsage, usage: &NodeUsage) -> bool {
    let moved = |told: u64, now: u64, least: u64| told.abs_diff(now) > (told / NODE_NEWS_PART).max(least);
    // A thousandth of a core, and a MiB: what `top` shows.
    let (cpu, memory) = (1_000_000, 1 << 20);
    moved(told.cpu_nanos, usage.cpu_nanos, cpu)
        || moved(told.memory_bytes, usage.memory_bytes, memory)
        || moved(told.process_cpu_nanos, usage.process_cpu_nanos, cpu)
        || moved(told.process_memory_bytes, usage.process_memory_bytes, memory)
}

impl Core {
    /// Looks at whoever may have used something.
    pub(super) fn measure(&mut self) {
        let now = Before::now();
        self.meters.due = now.at + MEASURE_EVERY;
        let (window, node) = self.meters.node(now);
        let mut news = Vec::new();
        for uid in self.meters.take() {
            let Some(pod) = self.pods.get_mut(&uid) else { continue };
            let look = look(pod, window);
            if look.is_news {
                news.push((uid.clone(), look.usage));
            }
            if look.stays_awake {
                self.meters.awake.insert(uid);
            }
        }
        if node.is_none() && news.is_empty() {
            return;
        }
        {
            let mut waiting = self.context.up.lock();
            node.into_iter().for_each(|node| waiting.usage.put_node(node));
            news.into_iter().for_each(|(uid, usage)| waiting.usage.put(uid, usage));
        }
        self.context.up.ring();
    }

    /// Nobody knows what was told before: everything is news again at the next look.
    pub(super) fn measure_anew(&mut self) {
        self.meters.told = None;
        for pod in self.pods.values_mut() {
            pod.usage = Told::default();
            pod.slot.stir();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(cpu_millis: u64, memory_bytes: u64) -> Reading {
        Reading { cpu: Duration::from_millis(cpu_millis), memory_bytes, may_shrink: false }
    }

    #[test]
    fn what_computes_is_news_and_what_rests_is_news_once() {
        let mut meter = Meter::default();
        let mut read = |cpu, memory| {
            let (amount, is_news) = meter.read(reading(cpu, memory));
            (amount.cpu.as_millis(), amount.memory_bytes, is_news)
        };
        assert_eq!(read(0, 0), (0, 0, true), "the first look");
        assert_eq!(read(0, 0), (0, 0, false));
        assert_eq!(read(70, 5), (70, 5, true));
        assert_eq!(read(140, 5), (70, 5, true), "as much as before, and computed all the same");
        assert_eq!(read(140, 5), (0, 5, true), "it rests");
        assert_eq!(read(140, 5), (0, 5, false));
        assert_eq!(read(140, 6), (0, 6, true));
        assert_eq!(read(20, 6), (20, 6, true), "another process");
    }

    #[test]
    fn computing_is_told_by_the_second() {
        assert_eq!(per_second(Duration::from_millis(2500), Duration::from_secs(5)), 500_000_000);
        assert_eq!(per_second(Duration::ZERO, Duration::ZERO), 0);
    }

    #[test]
    fn a_machine_that_does_as_before_is_not_told() {
        let begin = Instant::now();
        let seen = |second: u64, cpu_millis: u64, memory_bytes: u64| {
            let machine = Used { cpu: Duration::from_millis(cpu_millis), memory_bytes };
            Before { at: begin + Duration::from_secs(second), machine, process: Used::default() }
        };
        let mut meters = Meters::new(seen(0, 1_000, 1 << 30));
        let mut look = |second: u64, cpu_millis: u64, memory_bytes: u64| {
            meters.node(seen(second, cpu_millis, memory_bytes)).1.map(|usage| usage.cpu_nanos / 1_000_000)
        };
        assert_eq!(look(5, 1_500, 1 << 30), Some(100));
        assert_eq!(look(10, 2_003, 1 << 30), None);
        assert_eq!(look(15, 2_003, 1 << 30), Some(0));
        assert_eq!(look(20, 2_003, 2 << 30), Some(0));
    }
}
