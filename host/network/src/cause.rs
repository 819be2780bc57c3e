//! The responses the proxy makes itself: each says in a header what kind of failure it is, and in a line why.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};

use crate::Body;
use crate::body::text;

/// The header that tells a platform's answer from a workload's.
pub const CAUSE_HEADER: HeaderName = HeaderName::from_static("insula-cause");

/// Longest line of text in such a response: it may quote what a workload said.
const MESSAGE_BYTES_MAX: usize = 2048;

/// Why the proxy answered instead of a Pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The request is not one we can pass on safely.
    BadRequest,
    /// No Service listens there.
    NoRoute,
    /// The Service has no endpoint that may be picked.
    NoEndpoints,
    /// Every endpoint tried said that it is gone.
    Gone,
    /// A bound was reached; nothing was asked.
    Overloaded,
    /// The host of the endpoint could not be reached.
    PeerUnreachable,
    /// The connection to the endpoint's host broke before the response, and asking again might do the work twice.
    ConnectionBroken,
    /// The endpoint answered with something that is not a response we can pass on.
    BadResponse,
    /// No response in time.
    Deadline,
    /// Too many calls in a chain.
    Loop,
    /// Asks for another protocol on this connection.
    UpgradeRefused,
}

impl Cause {
    /// The word in the header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad-request",
            Self::NoRoute => "no-route",
            Self::NoEndpoints => "no-endpoints",
            Self::Gone => "gone",
            Self::Overloaded => "overloaded",
            Self::PeerUnreachable => "peer-unreachable",
            Self::ConnectionBroken => "connection-broken",
            Self::BadResponse => "bad-response",
            Self::Deadline => "deadline",
            Self::Loop => "loop",
            Self::UpgradeRefused => "upgrade-refused",
        }
    }

    /// The status that goes with it.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::NoRoute | Self::NoEndpoints | Self::Gone | Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Self::PeerUnreachable | Self::ConnectionBroken | Self::BadResponse => StatusCode::BAD_GATEWAY,
            Self::Deadline => StatusCode::GATEWAY_TIMEOUT,
            Self::Loop => StatusCode::LOOP_DETECTED,
            Self::UpgradeRefused => StatusCode::NOT_IMPLEMENTED,
        }
    }

    /// The whole response; `why` is one line that names the thing.
    #[must_use]
    pub(crate) fn response(self, why: &str) -> Response<Body> {
        response(self.status(), self.as_str(), why)
    }
}

/// A response the platform makes.
pub(crate) fn response(status: StatusCode, cause: &'static str, why: &str) -> Response<Body> {
    let mut response = Response::new(text(line(why)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CAUSE_HEADER, HeaderValue::from_static(cause));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// One line, bounded, without control characters.
fn line(why: &str) -> String {
    let mut line: String = why.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MESSAGE_BYTES_MAX).collect();
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn a_cause_has_its_status_header_and_one_line() {
        for (cause, status) in [
            (Cause::BadRequest, 400),
            (Cause::NoRoute, 503),
            (Cause::NoEndpoints, 503),
            (Cause::Gone, 503),
            (Cause::Overloaded, 503),
            (Cause::PeerUnreachable, 502),
            (Cause::ConnectionBroken, 502),
            (Cause::BadResponse, 502),
            (Cause::Deadline, 504),
            (Cause::Loop, 508),
            (Cause::UpgradeRefused, 501),
        ] {
            let response = cause.response("why\r\nand\x1b where");
            assert_eq!(response.status().as_u16(), status);
            assert_eq!(response.headers()[CAUSE_HEADER], cause.as_str());
            let body = response.into_body().collect().await.expect("a body").to_bytes();
            assert_eq!(body, "why  and  where\n");
        }
    }
}
