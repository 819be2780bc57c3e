//! What of a message's headers may pass: nothing that belongs to one connection, nothing that only we may say.
//!
//! A client's word about who it is (`X-Forwarded-*`, `Forwarded`) is dropped and ours takes its place; a guest's is
//! kept, because a front that calls a back end may say whom it serves. Framing itself is hyper's work.

use std::net::Ipv6Addr;

use http::header::{
    CONNECTION, CONTENT_LENGTH, FORWARDED, HOST, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHORIZATION, TE,
    TRANSFER_ENCODING, UPGRADE,
};
use http::uri::PathAndQuery;
use http::{Method, Request, Uri, Version};

use crate::cause::Cause;

/// Prefix of headers that only proxies of this cluster say.
const OURS: &str = "insula-";
/// Prefix of what a client claims about its origin.
const CLAIMED: &str = "x-forwarded-";
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Why a request is refused at the edge.
pub(crate) type Refusal = (Cause, &'static str);

/// Whose headers are cleaned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    /// Anybody.
    Client,
    /// A workload: its request or its response.
    Workload,
}

/// Makes a request from outside fit to pass on; `client` is the address it came from, as text.
pub(crate) fn admit<B>(request: &mut Request<B>, client: &HeaderValue) -> Result<(), Refusal> {
    refuse_other_protocols(request)?;
    settle_host(request)?;
    clean(request.headers_mut(), From::Client);
    let host = request.headers().get(HOST).cloned();
    let headers = request.headers_mut();
    headers.insert(FORWARDED_FOR, client.clone());
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static("http"));
    if let Some(host) = host {
        headers.insert(FORWARDED_HOST, host);
    }
    Ok(())
}

/// Makes a guest's request fit to pass on.
pub(crate) fn admit_guest<B>(request: &mut Request<B>) -> Result<(), Refusal> {
    refuse_other_protocols(request)?;
    settle_host(request)?;
    clean(request.headers_mut(), From::Workload);
    Ok(())
}

/// Makes a guest's request fit to leave the cluster. Whom it is for says its URI, and a `Host` beside it could say
/// something else.
pub(crate) fn admit_outside<B>(request: &mut Request<B>) -> Result<(), Refusal> {
    refuse_other_protocols(request)?;
    clean(request.headers_mut(), From::Workload);
    request.headers_mut().remove(HOST);
    Ok(())
}

/// Makes a request from another host's proxy, which has cleaned it, look as it did there.
pub(crate) fn admit_peer<B>(request: &mut Request<B>) -> Result<(), Refusal> {
    settle_host(request)?;
    clean(request.headers_mut(), From::Workload);
    Ok(())
}

/// Removes from a workload's response what is not the workload's to say.
pub(crate) fn release(headers: &mut HeaderMap) {
    clean(headers, From::Workload);
}

/// Upgrades and tunnels are not offered. `Upgrade: h2c` asks for nothing we would do but may be ignored (RFC 9113,
/// 3.1): some clients send it with every first request.
fn refuse_other_protocols<B>(request: &Request<B>) -> Result<(), Refusal> {
    if request.method() == Method::CONNECT {
        return Err((Cause::UpgradeRefused, "CONNECT is not offered here"));
    }
    let is_h2c = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"h2c");
    if request.headers().get_all(UPGRADE).iter().any(|value| !is_h2c(value)) {
        return Err((Cause::UpgradeRefused, "upgrading the connection to another protocol is not offered here"));
    }
    Ok(())
}

/// Leaves exactly one `Host`, which is the authority the client meant, and a URI in origin form.
///
/// An authority in the request line wins over `Host` (RFC 9112, 3.2.2). Several or none (since HTTP/1.1) are refused,
/// because two readers would read them in two ways.
fn settle_host<B>(request: &mut Request<B>) -> Result<(), Refusal> {
    if let Some(authority) = request.uri().authority() {
        let host =
            HeaderValue::try_from(authority.as_str()).map_err(|_| (Cause::BadRequest, "the host is not text"))?;
        request.headers_mut().insert(HOST, host);
        let path = request.uri().path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        *request.uri_mut() = Uri::from(path);
    }
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_authority(host) => Ok(()),
        (Some(_), None) => Err((Cause::BadRequest, "the Host header is not a host")),
        (Some(_), Some(_)) => Err((Cause::BadRequest, "more than one Host header")),
        (None, _) if request.version() == Version::HTTP_10 || request.version() == Version::HTTP_09 => {
            request.headers_mut().insert(HOST, HeaderValue::from_static("localhost"));
            Ok(())
        }
        (None, _) => Err((Cause::BadRequest, "no Host header")),
    }
}

/// Whether `host` is a host with or without a port (RFC 9110, 7.2): of letters, digits and `-._~`, or an IPv6 address
/// in brackets. Stricter than the grammar, which also has user information and marks that no name or address uses;
/// whatever passes is an authority for HTTP/2 too.
fn is_authority(host: &HeaderValue) -> bool {
    let host = host.as_bytes();
    let (name, port) = match host.iter().rposition(|b| *b == b':' || *b == b']') {
        Some(at) if host[at] == b':' => (&host[..at], &host[at + 1..]),
        _ => (host, &b""[..]),
    };
    let is_name = match name.strip_prefix(b"[") {
        Some(rest) => rest.strip_suffix(b"]").is_some_and(|ip| std::str::from_utf8(ip).is_ok_and(is_ipv6)),
        None => !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(b)),
    };
    is_name && port.len() <= PORT_DIGITS_MAX && port.iter().all(u8::is_ascii_digit)
}

/// Of 65535.
const PORT_DIGITS_MAX: usize = 5;

fn is_ipv6(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok()
}

/// Most messages have nothing to remove, so looking comes first.
fn clean(headers: &mut HeaderMap, from: From) {
    if !headers.keys().any(|name| is_unwanted(name, from)) {
        return;
    }
    let mut unwanted: Vec<HeaderName> = headers.keys().filter(|name| is_unwanted(name, from)).cloned().collect();
    unwanted.extend(named_by_connection(headers));
    for name in unwanted {
        headers.remove(name);
    }
}

fn is_unwanted(name: &HeaderName, from: From) -> bool {
    let text = name.as_str();
    match text.as_bytes().first() {
        Some(b'c') => name == CONNECTION,
        Some(b'f') => from == From::Client && name == FORWARDED,
        Some(b'h') => text == "http2-settings",
        Some(b'i') => text.starts_with(OURS),
        Some(b'k') => text == "keep-alive",
        Some(b'p') => text == "proxy-connection" || name == PROXY_AUTHORIZATION,
        Some(b't') => name == TE || name == TRANSFER_ENCODING,
        Some(b'u') => name == UPGRADE,
        Some(b'x') => from == From::Client && (text.starts_with(CLAIMED) || name == REAL_IP),
        _ => false,
    }
}

/// What `Connection` names ends here too, except what the message cannot do without: naming `Host` there is an old
/// way to make the next reader see another request.
fn named_by_connection(headers: &HeaderMap) -> Vec<HeaderName> {
    let values = headers.get_all(CONNECTION).iter();
    values
        .flat_map(|value| value.as_bytes().split(|b| *b == b','))
        .filter_map(|token| HeaderName::from_bytes(token.trim_ascii()).ok())
        .filter(|name| *name != HOST && *name != CONTENT_LENGTH)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(lines: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::new(());
        *request.uri_mut() = Uri::from_static("/path?q");
        for (name, value) in lines {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            request.headers_mut().append(name, HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
        }
        request
    }

    fn shown(request: &Request<()>) -> Vec<String> {
        let mut shown: Vec<_> =
            request.headers().iter().map(|(n, v)| format!("{n}: {}", String::from_utf8_lossy(v.as_bytes()))).collect();
        shown.sort();
        shown
    }

    // F69
    #[test]
    fn a_clients_claims_and_hop_by_hop_headers_end_at_the_edge() {
        let mut it = request(&[
            ("host", "shop.example"),
            ("x-forwarded-for", "10.0.0.1"),
            ("x-forwarded-client-cert", "Hash=1"),
            ("x-forwarded-port", "1"),
            ("x-real-ip", "10.0.0.1"),
            ("forwarded", "for=10.0.0.1"),
            ("insula-pod", "other"),
            ("insula-depth", "0"),
            ("connection", "keep-alive, X-Secret , host, content-length"),
            ("connection", "x-other"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "keep-alive"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("http2-settings", "AAMAAABkAAQ"),
            ("x-secret", "1"),
            ("x-other", "1"),
            ("content-length", "3"),
            ("cookie", "a=b"),
        ]);
        admit(&mut it, &HeaderValue::from_static("127.0.0.9")).expect("admitted");
        assert_eq!(
            shown(&it),
            [
                "content-length: 3",
                "cookie: a=b",
                "host: shop.example",
                "x-forwarded-for: 127.0.0.9",
                "x-forwarded-host: shop.example",
                "x-forwarded-proto: http"
            ]
        );
    }

    #[test]
    fn a_guest_may_say_whom_it_serves_but_not_who_it_is() {
        let mut it = request(&[("host", "users"), ("x-forwarded-for", "10.0.0.1"), ("insula-pod", "other")]);
        admit_guest(&mut it).expect("admitted");
        assert_eq!(shown(&it), ["host: users", "x-forwarded-for: 10.0.0.1"]);
    }

    #[test]
    fn upgrades_and_tunnels_are_refused() {
        for it in [
            request(&[("host", "a"), ("upgrade", "websocket"), ("connection", "upgrade")]),
            request(&[("host", "a"), ("upgrade", "h2c"), ("upgrade", "websocket")]),
            {
                let mut it = request(&[("host", "a")]);
                *it.method_mut() = Method::CONNECT;
                it
            },
        ] {
            let mut it = it;
            let (cause, _) = admit(&mut it, &HeaderValue::from_static("127.0.0.9")).expect_err("refused");
            assert_eq!(cause, Cause::UpgradeRefused);
        }
    }

    // F68
    #[test]
    fn there_is_exactly_one_host() {
        for bad in [
            &[][..],
            &[("host", "a"), ("host", "b")],
            &[("host", "a"), ("host", "a")],
            &[("host", "")],
            &[("host", "a b")],
            &[("host", "a/b")],
            &[("host", "user@a")],
            &[("host", ":80")],
            &[("host", "a:b")],
            &[("host", "a:1:2")],
            &[("host", "a:123456")],
            &[("host", "[::1")],
            &[("host", "[a]")],
            &[("host", "[::1]x")],
            &[("host", "::1")],
            &[("host", "ä")],
            &[("host", "a, b")],
        ] {
            let (cause, _) = settle_host(&mut request(bad)).expect_err("refused");
            assert_eq!(cause, Cause::BadRequest, "{bad:?}");
        }
        let mut old = request(&[]);
        *old.version_mut() = Version::HTTP_10;
        settle_host(&mut old).expect("HTTP/1.0 has none");
        assert_eq!(old.headers()[HOST], "localhost");
    }

    #[test]
    fn hosts_that_pass_are_authorities_for_every_version() {
        let parts =
            ["a", "A9", "_dmarc", "~", "127.0.0.1", "[::1]", "[2001:db8::1]", "a.b-c", "-", ".", "%41", "@", " ", ""];
        let ports = ["", ":", ":0", ":80", ":65535", ":99999", ":x", "::", ":80:80"];
        let mut passed = 0;
        for text in parts.iter().flat_map(|part| ports.map(|port| format!("{part}{port}"))) {
            let Ok(value) = HeaderValue::try_from(&text) else { continue };
            if is_authority(&value) {
                passed += 1;
                assert!(http::uri::Authority::try_from(text.as_str()).is_ok(), "{text}");
            }
        }
        assert_eq!(passed, 10 * 6);
    }

    #[test]
    fn the_request_line_wins_over_the_host_header() {
        let mut it = request(&[("host", "b")]);
        *it.uri_mut() = Uri::from_static("http://a:81/x?y");
        settle_host(&mut it).expect("settled");
        assert_eq!(it.headers()[HOST], "a:81");
        assert_eq!(it.uri(), "/x?y");
    }
}
