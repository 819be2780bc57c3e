//! `Warning: 299` headers: what was accepted but deserves a word.

use axum::response::Response;
use http::{HeaderName, HeaderValue};

use crate::limits::{QUOTED_MAX, WARNINGS_MAX};

const WARNING: HeaderName = HeaderName::from_static("warning");

/// Adds warnings to an answer, each once, as many as are bearable.
pub(super) fn add(mut response: Response, warnings: Vec<String>) -> Response {
    let mut seen: Vec<String> = Vec::new();
    for warning in warnings {
        if seen.len() < WARNINGS_MAX && !seen.contains(&warning) {
            if let Ok(value) = HeaderValue::from_str(&header(&warning)) {
                response.headers_mut().append(WARNING, value);
            }
            seen.push(warning);
        }
    }
    response
}

/// `299 - "text"` (RFC 7234), printable ASCII only.
fn header(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 10);
    for c in text.chars().take(QUOTED_MAX * 2) {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            _ => quoted.push('?'),
        }
    }
    format!("299 - \"{quoted}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_quoted_and_bounded() {
        assert_eq!(header("unknown field \"a\n\""), "299 - \"unknown field \\\"a?\\\"\"");
        let many = (0..100).map(|n| format!("w{}", n % 50)).collect();
        let response = add(Response::new(axum::body::Body::empty()), many);
        assert_eq!(response.headers().get_all(WARNING).iter().count(), WARNINGS_MAX);
    }
}
