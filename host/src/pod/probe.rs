//! Probes: what to ask a container, and what its answers amount to.
//!
//! A verdict needs a number of equal results in a row (C42). Results that say something about this host
//! rather than about the container (no room for an instance) are not counted at all: a busy host must not
//! restart what it is busy with.

use std::time::Duration;

use api::core::{HTTPGetAction, Probe as ApiProbe};
use api::{IntOrString, core::ContainerPort};
use http::{HeaderName, HeaderValue};

/// An HTTP probe, with Kubernetes' defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Probe {
    pub(crate) path: String,
    pub(crate) port: u16,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) initial_delay: Duration,
    pub(crate) period: Duration,
    pub(crate) timeout: Duration,
    pub(crate) success_threshold: u32,
    pub(crate) failure_threshold: u32,
}

/// Which question a probe answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Has it started? Suspends the others until it has.
    Startup,
    /// Should it get requests?
    Readiness,
    /// Should it be restarted?
    Liveness,
}

impl Kind {
    /// The word Kubernetes' events use.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Startup => "Startup",
            Self::Readiness => "Readiness",
            Self::Liveness => "Liveness",
        }
    }
}

/// The probes of one container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Probes {
    pub(crate) startup: Option<Probe>,
    pub(crate) readiness: Option<Probe>,
    pub(crate) liveness: Option<Probe>,
}

impl Probes {
    pub(crate) fn is_empty(&self) -> bool {
        self.startup.is_none() && self.readiness.is_none() && self.liveness.is_none()
    }
}

impl Probe {
    /// Reads a probe of a container with these ports.
    ///
    /// # Errors
    /// Why a Wasm container cannot be asked in this way.
    pub(crate) fn parse(probe: &ApiProbe, ports: &[ContainerPort]) -> Result<Self, String> {
        let get = match (&probe.http_get, &probe.tcp_socket, &probe.exec, &probe.grpc) {
            (Some(get), ..) => get,
            (None, Some(_), ..) => return Err(refused("tcpSocket", "it opens no sockets of its own")),
            (None, None, Some(_), _) => return Err(refused("exec", "there is no second program inside a component")),
            (None, None, None, Some(_)) => return Err(refused("grpc", "it is called by HTTP")),
            (None, None, None, None) => return Err("the probe asks nothing; use httpGet".to_owned()),
        };
        check(get)?;
        let seconds = |value: Option<i32>, default: u64, least: u64| {
            Duration::from_secs(value.and_then(|v| u64::try_from(v).ok()).unwrap_or(default).max(least))
        };
        let count =
            |value: Option<i32>, default: u32| value.and_then(|v| u32::try_from(v).ok()).unwrap_or(default).max(1);
        Ok(Self {
            path: path(get),
            port: port(&get.port, ports)?,
            headers: headers(get)?,
            initial_delay: seconds(probe.initial_delay_seconds, 0, 0),
            period: seconds(probe.period_seconds, 10, 1),
            timeout: seconds(probe.timeout_seconds, 1, 1),
            success_threshold: count(probe.success_threshold, 1),
            failure_threshold: count(probe.failure_threshold, 3),
        })
    }
}

fn refused(kind: &str, why: &str) -> String {
    format!("a probe of kind {kind} cannot ask a Wasm container: {why}; use httpGet")
}

fn check(get: &HTTPGetAction) -> Result<(), String> {
    if get.scheme.as_deref().is_some_and(|scheme| !scheme.eq_ignore_ascii_case("http")) {
        return Err(
            "an httpGet probe calls a Wasm container without a connection, so its scheme must be HTTP".to_owned()
        );
    }
    if get.host.as_deref().is_some_and(|host| !host.is_empty()) {
        return Err("httpGet.host is not supported: a probe asks the Pod itself".to_owned());
    }
    Ok(())
}

fn path(get: &HTTPGetAction) -> String {
    let path = get.path.as_deref().unwrap_or_default();
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

fn port(port: &IntOrString, ports: &[ContainerPort]) -> Result<u16, String> {
    match port {
        IntOrString::Int(number) => u16::try_from(*number).ok().filter(|n| *n > 0),
        IntOrString::String(name) => ports
            .iter()
            .find(|port| port.name.as_deref() == Some(name))
            .and_then(|port| u16::try_from(port.container_port).ok())
            .or_else(|| name.parse().ok()),
    }
    .ok_or_else(|| match port {
        IntOrString::Int(number) => format!("{number} is not a port"),
        IntOrString::String(name) => format!("the container declares no port named {name:?}"),
    })
}

fn headers(get: &HTTPGetAction) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
    let parse = |header: &api::core::HTTPHeader| {
        let name = HeaderName::try_from(&header.name).map_err(|_| format!("{:?} is not a header name", header.name))?;
        let value =
            HeaderValue::try_from(&header.value).map_err(|_| format!("header {:?} has no valid value", header.name))?;
        Ok((name, value))
    };
    get.http_headers.iter().flatten().map(parse).collect()
}

/// When a probe is asked.
///
/// Each Pod asks at a point of the period of its own, so that thousands of them, started by one rollout or one
/// restart of this host, do not ask all at once for ever after. The point comes from the UID and is always the same.
/// A container that was just started is asked at once all the same: its readiness must not wait.
#[derive(Debug)]
pub(crate) struct Rhythm {
    first: Duration,
    next: Duration,
    period: Duration,
}

impl Rhythm {
    /// `was_ready` says that the container comes back after a restart of the host, so that nobody waits for an answer.
    pub(crate) fn of(probe: &Probe, uid: &str, was_ready: bool) -> Self {
        let point = point(uid);
        let (first, next) = if was_ready {
            (probe.period.mul_f64(point), probe.period)
        } else {
            // Not sooner than half a period: a container that fails has about the time that its threshold says.
            (Duration::ZERO, probe.period.mul_f64(point.midpoint(1.0)))
        };
        Self { first: probe.initial_delay + first, next, period: probe.period }
    }

    /// From the start to the first question.
    pub(crate) fn first(&self) -> Duration {
        self.first
    }

    /// From one question to the one after it.
    pub(crate) fn next(&mut self) -> Duration {
        std::mem::replace(&mut self.next, self.period)
    }
}

/// A point in 0..1 that only depends on the UID: FNV-1a, which is the same on every machine and in every release.
fn point(uid: &str) -> f64 {
    let hash = uid.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    f64::from(hash) / (f64::from(u32::MAX) + 1.0)
}

/// What one question brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// 200 to 399.
    Passed,
    /// Another status, no answer, or none in time.
    Failed(String),
    /// This host could not ask.
    Unknown,
}

/// Enough equal results in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Passed,
    Failed(String),
}

/// Counts results of one probe.
#[derive(Debug)]
pub(crate) struct Counter {
    success_threshold: u32,
    failure_threshold: u32,
    last_passed: Option<bool>,
    in_a_row: u32,
}

impl Counter {
    pub(crate) fn new(probe: &Probe) -> Self {
        Self {
            success_threshold: probe.success_threshold,
            failure_threshold: probe.failure_threshold,
            last_passed: None,
            in_a_row: 0,
        }
    }

    /// Counts a result; a verdict once a threshold is reached, and again with every equal result after it.
    pub(crate) fn record(&mut self, outcome: Outcome) -> Option<Verdict> {
        let (verdict, threshold) = match outcome {
            Outcome::Unknown => return None,
            Outcome::Passed => (Verdict::Passed, self.success_threshold),
            Outcome::Failed(why) => (Verdict::Failed(why), self.failure_threshold),
        };
        let passed = verdict == Verdict::Passed;
        self.in_a_row = if self.last_passed == Some(passed) { self.in_a_row.saturating_add(1) } else { 1 };
        self.last_passed = Some(passed);
        (self.in_a_row >= threshold).then_some(verdict)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn parse(probe: Value) -> Result<Probe, String> {
        let ports: Vec<ContainerPort> =
            serde_json::from_value(json!([{"name": "web", "containerPort": 8080}])).expect("ports");
        Probe::parse(&serde_json::from_value(probe).expect("is a probe"), &ports)
    }

    #[test]
    fn kubernetes_defaults_are_filled_in() {
        let probe = parse(json!({"httpGet": {"path": "live", "port": "web"}})).expect("parses");
        assert_eq!((probe.path.as_str(), probe.port), ("/live", 8080));
        assert_eq!((probe.initial_delay.as_secs(), probe.period.as_secs(), probe.timeout.as_secs()), (0, 10, 1));
        assert_eq!((probe.success_threshold, probe.failure_threshold), (1, 3));
    }

    #[test]
    fn what_cannot_be_asked_is_refused_with_the_reason() {
        for (probe, part) in [
            (json!({"tcpSocket": {"port": 80}}), "a probe of kind tcpSocket cannot ask a Wasm container"),
            (json!({"exec": {"command": ["true"]}}), "a probe of kind exec cannot ask"),
            (json!({"grpc": {"port": 80}}), "a probe of kind grpc"),
            (json!({"httpGet": {"port": 80, "scheme": "HTTPS"}}), "scheme must be HTTP"),
            (json!({"httpGet": {"port": 80, "host": "example.com"}}), "httpGet.host"),
            (json!({"httpGet": {"port": "admin"}}), "no port named \"admin\""),
            (json!({"httpGet": {"port": 0}}), "0 is not a port"),
            (json!({}), "asks nothing"),
        ] {
            let why = parse(probe).expect_err("is refused");
            assert!(why.contains(part), "{why}");
        }
    }

    #[test]
    fn pods_ask_at_points_of_their_own_and_a_new_one_at_once() {
        let probe = parse(json!({"httpGet": {"port": 80}, "periodSeconds": 8})).expect("parses");
        let rhythm = |uid: &str, was_ready| {
            let mut rhythm = Rhythm::of(&probe, uid, was_ready);
            (rhythm.first(), rhythm.next(), rhythm.next())
        };
        let period = Duration::from_secs(8);
        let eighth = |part: Duration, whole: Duration| {
            usize::try_from(part.as_nanos() * 8 / whole.as_nanos()).expect("is a part of the whole")
        };
        let (mut firsts, mut seconds) = ([0; 8], [0; 8]);
        for n in 0..800 {
            let uid = format!("c0ffee00-0000-4000-8000-{n:012x}");
            let (first, second, third) = rhythm(&uid, false);
            assert_eq!((first, third), (Duration::ZERO, period));
            assert!(second >= period / 2 && second < period, "{second:?}");
            seconds[eighth(second - period / 2, period / 2)] += 1;
            let (first, second, _) = rhythm(&uid, true);
            assert_eq!((second, rhythm(&uid, true).0), (period, first), "the same after each restart");
            firsts[eighth(first, period)] += 1;
        }
        for count in firsts.into_iter().chain(seconds) {
            assert!((50..=150).contains(&count), "{firsts:?} {seconds:?}");
        }
        let delayed = Probe { initial_delay: Duration::from_secs(3), ..probe.clone() };
        assert_eq!(Rhythm::of(&delayed, "u", false).first(), Duration::from_secs(3));
    }

    // C42
    #[test]
    fn thresholds_count_results_in_a_row() {
        let probe =
            parse(json!({"httpGet": {"port": 80}, "successThreshold": 2, "failureThreshold": 3})).expect("parses");
        for (results, verdicts) in [
            ("++", ".P"),
            ("+-+-+", "....."),
            ("---", "..F"),
            ("--+--+", "......"),
            ("--?-", "...F"),
            ("++++-+++", ".PPP..PP"),
        ] {
            let mut counter = Counter::new(&probe);
            let said: String = results
                .chars()
                .map(|c| match c {
                    '+' => Outcome::Passed,
                    '-' => Outcome::Failed("status 500".to_owned()),
                    _ => Outcome::Unknown,
                })
                .map(|outcome| match counter.record(outcome) {
                    Some(Verdict::Passed) => 'P',
                    Some(Verdict::Failed(_)) => 'F',
                    None => '.',
                })
                .collect();
            assert_eq!(said, verdicts, "{results}");
        }
    }
}
