//! What is used, as hosts last told it: CPU and memory of containers, requests inside of Pods, what Nodes use.
//!
//! It is no object of the API, and never stored: it comes from hosts, lives in memory, and is told anew when this
//! server begins anew. A host names a Pod while it uses CPU or answers requests, and once more when it rests; silence
//! afterwards means that it still rests. So what a silent host said last is as good as now, as long as it is heard.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::{Session, object};

/// How long what was told is taken for the present when nobody vouches for it any more: a host that is lost, or one
/// that should have said something new. Long enough to bridge a new session, shorter than anybody decides to move Pods.
const STALE_AFTER: Duration = Duration::from_secs(30);

/// Everything that is known to be used. Cloning it costs a reference count.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// Rises with every report.
    pub revision: u64,
    /// By Node name.
    pub nodes: Arc<BTreeMap<String, Arc<UsageOfNode>>>,
}

/// What one host told.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UsageOfNode {
    /// The machine.
    pub machine: Option<MachineUsage>,
    /// Its Pods, by UID.
    pub pods: BTreeMap<String, PodUsage>,
}

/// When something was told, and how much time it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The end of the time it is about.
    pub at: Timestamp,
    /// How long that was.
    pub window: Duration,
}

/// CPU and memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Billionths of a core, on average over the time.
    pub cpu_nanos: u64,
    /// The most at once.
    pub memory_bytes: u64,
}

/// What a Node uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MachineUsage {
    /// When.
    pub span: Span,
    /// The machine, with everything that runs on it.
    pub machine: Amounts,
    /// Of that, the host's own process and its guests.
    pub process: Amounts,
}

/// What a Pod uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodUsage {
    /// When.
    pub span: Span,
    /// Containers that run, by name.
    pub containers: BTreeMap<String, Amounts>,
    /// Thousandths of a request inside, on average.
    pub requests_milli: u64,
}

impl PodUsage {
    /// Whether its host says nothing more until it does something.
    fn rests(&self) -> bool {
        self.requests_milli == 0 && self.containers.values().all(|amounts| amounts.cpu_nanos == 0)
    }
}

impl Usage {
    /// What a Pod of a Node uses now, and when that is; `None` if that is not known.
    #[must_use]
    pub fn of_pod(
        &self,
        node: &str,
        uid: &str,
        session: Option<&Session>,
        now: Timestamp,
    ) -> Option<(&PodUsage, Span)> {
        let usage = self.nodes.get(node)?.pods.get(uid)?;
        Some((usage, present(usage.span, usage.rests(), session, now)?))
    }

    /// What a Node uses now, and when that is; `None` if that is not known.
    #[must_use]
    pub fn of_node(&self, node: &str, session: Option<&Session>, now: Timestamp) -> Option<(&MachineUsage, Span)> {
        let usage = self.nodes.get(node)?.machine.as_ref()?;
        // A machine that does about as before is not told anew.
        Some((usage, present(usage.span, true, session, now)?))
    }
}

/// The time something is true of, if it is true of about now. What `stands` is as its host said until it says otherwise.
fn present(told: Span, stands: bool, session: Option<&Session>, now: Timestamp) -> Option<Span> {
    let at = match session {
        Some(session) if session.connected && stands => now,
        Some(session) if stands => told.at.max(session.since),
        Some(_) | None => told.at,
    };
    (object::after(at, STALE_AFTER) >= now).then_some(Span { at, ..told })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn check(cpu_nanos: u64, session: Option<(bool, i64)>, now: i64, wanted: Option<i64>) {
        let span = Span { at: at(100), window: Duration::from_secs(5) };
        let containers = [("c".to_owned(), Amounts { cpu_nanos, memory_bytes: 1 })].into_iter().collect();
        let pods = [("u".to_owned(), PodUsage { span, containers, requests_milli: 0 })].into_iter().collect();
        let nodes = [("a".to_owned(), Arc::new(UsageOfNode { machine: None, pods }))].into_iter().collect();
        let usage = Usage { revision: 1, nodes: Arc::new(nodes) };
        let session = session.map(|(connected, since)| Session { connected, since: at(since) });
        let found = usage.of_pod("a", "u", session.as_ref(), at(now)).map(|(_, span)| span.at.as_second());
        assert_eq!(found, wanted, "{cpu_nanos} {session:?} {now}");
        assert!(usage.of_pod("a", "v", session.as_ref(), at(now)).is_none());
        assert!(usage.of_node("a", session.as_ref(), at(now)).is_none());
    }

    #[test]
    fn who_rests_still_does_as_long_as_its_host_is_heard() {
        check(0, Some((true, 0)), 10_000, Some(10_000));
        check(0, Some((false, 200)), 210, Some(200));
        check(0, Some((false, 200)), 231, None);
        check(0, None, 130, Some(100));
    }

    #[test]
    fn who_computes_is_known_for_a_while() {
        check(7, Some((true, 0)), 104, Some(100));
        check(7, Some((true, 0)), 131, None);
        check(7, Some((false, 120)), 125, Some(100));
        check(7, Some((false, 120)), 131, None);
    }
}
