//! Where a request to the outside is to go: exactly one reading of its URL, or none.
//!
//! An address counts only in its plain spelling. What other programs would read as an address, after the rule of the
//! URL standard that a host which ends in a number is one, is refused before any resolver can make one of it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};

use super::policy::{Protocol, Reason};

/// Longest host name, and longest label of one (RFC 1035).
const NAME_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;

/// Whom a request is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Target {
    pub(super) protocol: Protocol,
    pub(super) host: Host,
    pub(super) port: u16,
}

/// A host as a URL names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Host {
    /// In lower case, without the dot at the end, of letters, digits, `-` and `_`.
    Name(Box<str>),
    Address(IpAddr),
}

impl Target {
    /// Reads an absolute URI.
    pub(super) fn of(uri: &Uri) -> Result<Self, Reason> {
        let protocol = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => Protocol::Http,
            Some(scheme) if *scheme == Scheme::HTTPS => Protocol::Https,
            _ => return Err(Reason::Scheme),
        };
        let authority = uri.authority().ok_or(Reason::NoHost)?;
        if authority.as_str().contains('@') {
            return Err(Reason::UserInfo);
        }
        let has_port = authority.as_str().len() > authority.host().len();
        let port = match has_port {
            true => authority.port_u16().filter(|port| *port != 0).ok_or(Reason::Port)?,
            false => default_port(protocol),
        };
        Ok(Self { protocol, host: Host::of(authority.host())?, port })
    }

    /// The URI of `path` there, in its one normal form: also the key of pooled connections.
    pub(super) fn uri(&self, path: Option<PathAndQuery>) -> Result<Uri, Reason> {
        let scheme = if self.protocol == Protocol::Https { Scheme::HTTPS } else { Scheme::HTTP };
        let authority = Authority::try_from(self.authority()).map_err(|_| Reason::Name)?;
        let path = path.unwrap_or_else(|| PathAndQuery::from_static("/"));
        Uri::builder().scheme(scheme).authority(authority).path_and_query(path).build().map_err(|_| Reason::NoHost)
    }

    fn authority(&self) -> String {
        let port = if self.port == default_port(self.protocol) { String::new() } else { format!(":{}", self.port) };
        match &self.host {
            Host::Name(name) => format!("{name}{port}"),
            Host::Address(IpAddr::V4(ip)) => format!("{ip}{port}"),
            Host::Address(IpAddr::V6(ip)) => format!("[{ip}]{port}"),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.protocol, self.authority())
    }
}

fn default_port(protocol: Protocol) -> u16 {
    if protocol == Protocol::Https { 443 } else { 80 }
}

impl Host {
    fn of(text: &str) -> Result<Self, Reason> {
        if let Some(rest) = text.strip_prefix('[') {
            let inner = rest.strip_suffix(']').and_then(|ip| ip.parse::<Ipv6Addr>().ok());
            return inner.map(|ip| Self::Address(ip.into())).ok_or(Reason::OddAddress);
        }
        if let Ok(ip) = text.parse::<Ipv4Addr>() {
            return Ok(Self::Address(ip.into()));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        if ends_in_a_number(&name) {
            return Err(Reason::OddAddress);
        }
        if !is_name(&name) {
            return Err(Reason::Name);
        }
        Ok(Self::Name(name.into()))
    }
}

/// The URL standard's "ends in a number checker", and octal, which is digits too.
fn ends_in_a_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_hex = last.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    is_hex || (!last.is_empty() && last.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether `name` is one that DNS has: percent signs, other alphabets and other marks are read differently by different
/// readers.
fn is_name(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    let is_label = |label: &str| {
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= NAME_BYTES_MAX && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_one_normal_form() {
        for (text, normal) in [
            ("http://Example.COM", "http://example.com"),
            ("http://example.com.:80", "http://example.com"),
            ("https://example.com:443", "https://example.com"),
            ("https://example.com:80", "https://example.com:80"),
            ("http://xn--BCHER-kva.example", "http://xn--bcher-kva.example"),
            ("http://my_bucket.example", "http://my_bucket.example"),
            ("http://10.1.2.3:8080", "http://10.1.2.3:8080"),
            ("http://[2001:DB8:0:0::7]:81", "http://[2001:db8::7]:81"),
        ] {
            let target = Target::of(&text.parse().expect(text)).expect(text);
            assert_eq!(target.to_string(), normal);
            let uri = target.uri(Some(PathAndQuery::from_static("/a?b"))).expect(text);
            assert_eq!(uri.to_string(), format!("{normal}/a?b"));
            assert_eq!(Target::of(&uri).expect(text), target, "read again it is the same");
        }
    }
}
