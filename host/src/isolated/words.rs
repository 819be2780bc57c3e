//! What host and worker say to each other beside HTTP: a configuration, headers, and kinds of records.
//!
//! Both sides are the same program, so there are no versions. The host reads everything as what a stranger said.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use sandbox::{Failure, LogSink, Outgoing, OutgoingError, OutgoingOptions, Reports, Reuse, WorkloadConfig};
use serde::{Deserialize, Serialize};

/// Number of the request that is answered; in a request of a guest, of the one it is made for.
pub(super) const REQUEST: HeaderName = HeaderName::from_static("insula-request");
/// In an answer's head or trailers: the failure that took its place, or its end's.
pub(super) const FAILURE: HeaderName = HeaderName::from_static("insula-failure");
/// In an answer to a guest's request: why there is none.
const ERROR: HeaderName = HeaderName::from_static("insula-error");
/// What a guest wants of its request, in milliseconds.
const CONNECT_WITHIN: HeaderName = HeaderName::from_static("insula-connect-within");
const PAUSES_AT_MOST: HeaderName = HeaderName::from_static("insula-pauses-at-most");

/// Kinds of records that a worker tells.
pub(super) const STDOUT: u8 = 1;
pub(super) const STDERR: u8 = 2;
pub(super) const FAILED: u8 = 3;

/// What a worker is told it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    name: String,
    env: Vec<(String, String)>,
    args: Vec<String>,
    config: Vec<(String, String)>,
    memory_bytes_max: Option<u64>,
    cpu_millis_max: Option<u32>,
    timeout: Duration,
    reuse_requests_max: u64,
    reuse_concurrent_max: u64,
    reuse_idle: Duration,
}

impl Config {
    pub(super) fn of(workload: &WorkloadConfig) -> Self {
        Self {
            name: workload.name.clone(),
            env: workload.env.clone(),
            args: workload.args.clone(),
            config: workload.config.clone(),
            memory_bytes_max: workload.memory_bytes_max,
            cpu_millis_max: workload.cpu_millis_max,
            timeout: workload.timeout,
            reuse_requests_max: workload.reuse.requests_max,
            reuse_concurrent_max: workload.reuse.concurrent_max,
            reuse_idle: workload.reuse.idle,
        }
    }

    pub(super) fn told(&self) -> serde_json::Result<Bytes> {
        serde_json::to_vec(self).map(Bytes::from)
    }

    pub(super) fn memory_bytes_max(&self) -> Option<u64> {
        self.memory_bytes_max
    }

    /// The workload in the worker. What is not said here it does not have.
    pub(super) fn workload(
        self,
        logs: Arc<dyn LogSink>,
        outgoing: Arc<dyn Outgoing>,
        reports: Arc<dyn Reports>,
    ) -> WorkloadConfig {
        WorkloadConfig {
            env: self.env,
            args: self.args,
            config: self.config,
            memory_bytes_max: self.memory_bytes_max,
            cpu_millis_max: self.cpu_millis_max,
            timeout: self.timeout,
            reuse: Reuse {
                requests_max: self.reuse_requests_max,
                concurrent_max: self.reuse_concurrent_max,
                idle: self.reuse_idle,
            },
            logs,
            outgoing,
            reports,
            ..WorkloadConfig::new(self.name)
        }
    }
}

/// A failure as a header. Bytes of guests' choosing in it that a header must not have become spaces.
pub(super) fn failure_header(failure: &Failure) -> HeaderValue {
    let text = serde_json::to_string(failure).unwrap_or_default().replace('\x7f', " ");
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The failure in an answer's head or trailers, which do not keep it. One that cannot be read is one all the same.
pub(super) fn take_failure(headers: &mut HeaderMap) -> Option<Failure> {
    let failure = headers.remove(FAILURE)?;
    Some(serde_json::from_slice(failure.as_bytes()).unwrap_or(Failure::NoResponse))
}

/// Puts what a guest wants of its request into its head, with the number of the request it is made for.
pub(super) fn write_options(headers: &mut HeaderMap, request: u64, options: OutgoingOptions) {
    headers.insert(REQUEST, request.into());
    headers.insert(CONNECT_WITHIN, millis(options.connect_timeout).into());
    headers.remove(PAUSES_AT_MOST);
    if let Some(pause) = options.between_bytes_timeout {
        headers.insert(PAUSES_AT_MOST, millis(pause).into());
    }
}

/// Takes it out again; none if it is not there, which no honest worker leaves out.
pub(super) fn take_options(headers: &mut HeaderMap) -> Option<(u64, OutgoingOptions)> {
    let mut number = |name: HeaderName| headers.remove(name)?.to_str().ok()?.parse().ok();
    let (request, connect, pause) = (number(REQUEST), number(CONNECT_WITHIN), number(PAUSES_AT_MOST));
    let options = OutgoingOptions {
        connect_timeout: Duration::from_millis(connect?),
        between_bytes_timeout: pause.map(Duration::from_millis),
    };
    Some((request?, options))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Why a guest's request has no response, in the head of an answer.
pub(super) fn write_error(headers: &mut HeaderMap, error: &OutgoingError) {
    let word = match error {
        OutgoingError::NotFound => HeaderValue::from_static("not-found"),
        OutgoingError::Denied => HeaderValue::from_static("denied"),
        OutgoingError::Refused => HeaderValue::from_static("refused"),
        OutgoingError::Timeout => HeaderValue::from_static("timeout"),
        OutgoingError::Loop => HeaderValue::from_static("loop"),
        OutgoingError::Other(text) => {
            let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            HeaderValue::try_from(format!("other {text}")).unwrap_or_else(|_| HeaderValue::from_static("other"))
        }
    };
    headers.insert(ERROR, word);
}

/// Takes it out again; none if there is a response.
pub(super) fn take_error(headers: &mut HeaderMap) -> Option<OutgoingError> {
    let word = headers.remove(ERROR)?;
    let text = String::from_utf8_lossy(word.as_bytes()).into_owned();
    Some(match text.as_str() {
        "not-found" => OutgoingError::NotFound,
        "denied" => OutgoingError::Denied,
        "refused" => OutgoingError::Refused,
        "timeout" => OutgoingError::Timeout,
        "loop" => OutgoingError::Loop,
        _ => OutgoingError::Other(text.strip_prefix("other ").unwrap_or(&text).to_owned()),
    })
}

/// What an answer without a response says to whoever looks at it.
pub(super) const NO_RESPONSE: StatusCode = StatusCode::BAD_GATEWAY;

#[cfg(test)]
mod tests {
    use super::*;
    use sandbox::Backtrace;

    #[test]
    fn a_configuration_is_what_was_told() {
        let mut workload = WorkloadConfig::new("n/p/c");
        workload.env = vec![("A".to_owned(), "b".to_owned())];
        workload.memory_bytes_max = Some(64 << 20);
        workload.cpu_millis_max = Some(500);
        workload.reuse.requests_max = 9;
        let config = Config::of(&workload);
        let told: Config = serde_json::from_slice(&config.told().expect("serialises")).expect("parses");
        assert_eq!(told, config);
        let again = told.workload(Arc::new(()), Arc::new(()), Arc::new(()));
        assert_eq!(Config::of(&again), config);
    }

    #[test]
    fn a_failure_is_what_was_told_and_does_not_stay() {
        let mut headers = HeaderMap::new();
        for failure in [
            Failure::Trap { message: "böse\u{7f}".to_owned(), backtrace: Backtrace::of_functions(&["f"]) },
            Failure::Deadline { timeout: Duration::from_secs(1) },
            Failure::Guest { code: "a\nb".to_owned() },
        ] {
            headers.insert(FAILURE, failure_header(&failure));
            let told = take_failure(&mut headers).expect("is there");
            assert_eq!(told.to_string(), failure.to_string().replace('\u{7f}', " "));
            assert_eq!(take_failure(&mut headers), None);
        }
        headers.insert(FAILURE, HeaderValue::from_static("nonsense"));
        assert_eq!(take_failure(&mut headers), Some(Failure::NoResponse));
    }

    #[test]
    fn what_a_guest_wants_and_why_it_does_not_get_it_are_told() {
        for pause in [None, Some(Duration::from_millis(5))] {
            let options = OutgoingOptions { connect_timeout: Duration::from_secs(3), between_bytes_timeout: pause };
            let mut headers = HeaderMap::new();
            headers.insert(PAUSES_AT_MOST, HeaderValue::from_static("the guest's own"));
            write_options(&mut headers, 7, options);
            assert_eq!(take_options(&mut headers), Some((7, options)));
            assert!(headers.is_empty());
        }
        for error in [
            OutgoingError::NotFound,
            OutgoingError::Denied,
            OutgoingError::Refused,
            OutgoingError::Timeout,
            OutgoingError::Loop,
            OutgoingError::Other("any reason".to_owned()),
        ] {
            let mut headers = HeaderMap::new();
            write_error(&mut headers, &error);
            assert_eq!((take_error(&mut headers), take_error(&mut headers)), (Some(error), None));
        }
    }
}
