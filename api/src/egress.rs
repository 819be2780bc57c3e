//! What of the world outside the cluster a workload may reach: the annotation `insula.dev/egress`.
//!
//! A list of rules between commas or spaces; a workload without one reaches nothing outside the cluster. Names lead to
//! public addresses alone; an address that is not public needs a rule with a range that holds it. What a rule means is
//! the host's to enforce, what it says is read here, once, so that `kubectl apply` hears of every mistake.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Rules of one workload. Each is looked at for every request.
pub const RULES_MAX: usize = 64;
/// Bytes of a host name, and of one label of it (RFC 1035).
const NAME_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;
/// Shortest prefixes of ranges: those of 10.0.0.0/8 and fc00::/7. `0.0.0.0/0` looks like "the internet" and would open
/// the host's own networks with it.
const PREFIX_MIN_V4: u8 = 8;
const PREFIX_MIN_V6: u8 = 7;
/// What is the router's, with or without a rule.
const OF_THE_CLUSTER: [&str; 2] = [".svc", ".cluster.local"];

/// One thing that may be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// How; none is any way.
    pub protocol: Option<Protocol>,
    /// Where.
    pub to: To,
    /// At which port; none is any.
    pub port: Option<u16>,
}

/// How something is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Requests in the clear.
    Http,
    /// Requests over TLS.
    Https,
    /// Sockets.
    Tcp,
}

/// Where a rule leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// Anything that has a public address.
    Public,
    /// One name, in lower case.
    Name(String),
    /// Every name below this one, and not itself.
    Below(String),
    /// Addresses, public or not.
    Range {
        /// The first of them.
        network: IpAddr,
        /// Bits they share.
        prefix: u8,
    },
}

/// Parses the annotation.
///
/// # Errors
/// A sentence for each rule that is none: which, why, and what to write instead.
pub fn parse(text: &str) -> Result<Vec<Rule>, String> {
    let rules: Vec<&str> =
        text.split(|c: char| c == ',' || c.is_ascii_whitespace()).filter(|rule| !rule.is_empty()).collect();
    if rules.len() > RULES_MAX {
        return Err(format!("has {} rules, and at most {RULES_MAX} are allowed", rules.len()));
    }
    let (mut parsed, mut mistakes) = (Vec::with_capacity(rules.len()), Vec::new());
    for text in rules {
        match rule(text) {
            Ok(rule) => parsed.push(rule),
            Err(why) => mistakes.push(format!("rule {text:?}: {why}")),
        }
    }
    if mistakes.is_empty() { Ok(parsed) } else { Err(mistakes.join("; ")) }
}

fn rule(text: &str) -> Result<Rule, String> {
    let Some((scheme, rest)) = text.split_once("://") else { return bare(text) };
    let protocol = match scheme.to_ascii_lowercase().as_str() {
        "http" => Protocol::Http,
        "https" => Protocol::Https,
        "tcp" => Protocol::Tcp,
        _ => return Err(format!("{scheme:?} is not known; use http, https or tcp")),
    };
    if rest.contains('@') {
        return Err("a rule has no user; write what stands after the @".to_owned());
    }
    // A colon inside brackets is the address's own.
    let (place, port) = match rest.rsplit_once(':') {
        Some((place, port)) if !port.contains(']') => (place, Some(port)),
        _ => (rest, None),
    };
    let to = place_of(place)?;
    let port = match (port, protocol) {
        (Some(port), _) => port_of(port)?,
        (None, Protocol::Http) => 80,
        (None, Protocol::Https) => 443,
        (None, Protocol::Tcp) => return Err(format!("tcp needs a port; write tcp://{rest}:5432")),
    };
    Ok(Rule { protocol: Some(protocol), to, port: Some(port) })
}

/// A rule for every protocol and port.
fn bare(text: &str) -> Result<Rule, String> {
    let to = match text {
        "*" => To::Public,
        _ => match range(text) {
            Some(range) => range?,
            None => return Err(format!("a name needs a protocol; write https://{text}")),
        },
    };
    Ok(Rule { protocol: None, to, port: None })
}

fn place_of(text: &str) -> Result<To, String> {
    if text == "*" {
        return Ok(To::Public);
    }
    if let Some(range) = range(text) {
        return range;
    }
    if let Some((before, _)) = text.split_once(['/', '?', '#']) {
        return Err(format!("a rule names no path; write {before:?} without what follows"));
    }
    if text.contains(':') {
        return Err("an IPv6 address stands in brackets; write [2001:db8::7]".to_owned());
    }
    match text.strip_prefix("*.") {
        Some(parent) => name(parent).map(To::Below),
        None => name(text).map(To::Name),
    }
}

/// An address or a range, if `text` begins like one.
fn range(text: &str) -> Option<Result<To, String>> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let inner = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let network: IpAddr = match inner {
        Some(inner) => inner.parse::<Ipv6Addr>().ok()?.into(),
        None => address.parse().ok()?,
    };
    Some(checked_range(network, prefix))
}

fn checked_range(network: IpAddr, prefix: Option<&str>) -> Result<To, String> {
    let (width, shortest) = if network.is_ipv4() { (32, PREFIX_MIN_V4) } else { (128, PREFIX_MIN_V6) };
    let prefix = match prefix {
        None => width,
        Some(text) => text
            .parse()
            .ok()
            .filter(|prefix| *prefix <= width)
            .ok_or_else(|| format!("/{text} is not a prefix; use /{shortest} to /{width}"))?,
    };
    if prefix < shortest {
        let why = "would open the host's own networks too; write * for everything public, or the ranges you mean";
        return Err(format!("/{prefix} is wider than /{shortest} and {why}"));
    }
    let first = first_of(network, prefix);
    if first != network {
        return Err(format!("{network} has bits behind its prefix; write {first}/{prefix}"));
    }
    match network {
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() => {
            Err("is made of IPv4 addresses; write the IPv4 range".to_owned())
        }
        _ => Ok(To::Range { network, prefix }),
    }
}

fn first_of(network: IpAddr, prefix: u8) -> IpAddr {
    match network {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            Ipv4Addr::from_bits(v4.to_bits() & mask).into()
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            Ipv6Addr::from_bits(v6.to_bits() & mask).into()
        }
    }
}

fn port_of(text: &str) -> Result<u16, String> {
    let is_number = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|port| is_number && *port != 0).ok_or_else(|| {
        if is_number {
            format!("{text:?} is not a port; use 1 to 65535")
        } else {
            format!("{text:?} is not a port; an IPv6 address stands in brackets, a path does not belong here")
        }
    })
}

fn name(text: &str) -> Result<String, String> {
    if !text.is_ascii() {
        return Err(format!("{text:?} is not ASCII; write the name in punycode (xn--...)"));
    }
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    if name.contains('*') {
        return Err("* stands only at the beginning, before a dot; write https://*.example.com".to_owned());
    }
    let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let is_label = |label: &str| {
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.len() > NAME_BYTES_MAX || !name.split('.').all(is_label) {
        return Err(format!("{text:?} is not a host name, such as api.example.com"));
    }
    // As browsers see it: what ends in a number is an address.
    let last = name.rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x") {
        return Err(format!("{text:?} is an address in an odd spelling; write four decimal numbers, as 192.0.2.7"));
    }
    if OF_THE_CLUSTER.iter().any(|domain| name.ends_with(domain)) {
        return Err(format!("{text:?} is a name of the cluster; Services are reached without a rule"));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Rule {
        let rules = parse(text).expect(text);
        assert_eq!(rules.len(), 1, "{text}");
        rules[0].clone()
    }

    fn range(text: &str, prefix: u8) -> To {
        To::Range { network: text.parse().expect("an address"), prefix }
    }

    #[test]
    fn every_kind_of_rule_is_read() {
        let name = |name: &str| To::Name(name.to_owned());
        for (text, protocol, to, port) in [
            ("*", None, To::Public, None),
            ("https://*", Some(Protocol::Https), To::Public, Some(443)),
            ("https://api.example.com", Some(Protocol::Https), name("api.example.com"), Some(443)),
            ("HTTP://Example.COM.:8080", Some(Protocol::Http), name("example.com"), Some(8080)),
            (
                "http://my_bucket.xn--bcher-kva.example",
                Some(Protocol::Http),
                name("my_bucket.xn--bcher-kva.example"),
                Some(80),
            ),
            ("https://*.example.com", Some(Protocol::Https), To::Below("example.com".to_owned()), Some(443)),
            ("tcp://db.example.com:5432", Some(Protocol::Tcp), name("db.example.com"), Some(5432)),
            ("tcp://10.0.0.0/8:5432", Some(Protocol::Tcp), range("10.0.0.0", 8), Some(5432)),
            ("http://10.1.2.3", Some(Protocol::Http), range("10.1.2.3", 32), Some(80)),
            ("https://[2001:4860::]/32:8443", Some(Protocol::Https), range("2001:4860::", 32), Some(8443)),
            ("https://[fd00::7]", Some(Protocol::Https), range("fd00::7", 128), Some(443)),
            ("10.1.0.0/16", None, range("10.1.0.0", 16), None),
            ("192.168.7.9", None, range("192.168.7.9", 32), None),
            ("fc00::/7", None, range("fc00::", 7), None),
        ] {
            assert_eq!(one(text), Rule { protocol, to, port }, "{text}");
        }
    }

    #[test]
    fn rules_stand_between_commas_and_spaces() {
        assert_eq!(parse(" https://a.example,*\n10.0.0.0/8 ,, ").map(|rules| rules.len()), Ok(3));
        assert_eq!(parse(""), Ok(Vec::new()));
        assert!(parse(&"* ".repeat(RULES_MAX)).is_ok());
        assert!(parse(&"* ".repeat(RULES_MAX + 1)).is_err());
    }

    #[test]
    fn every_mistake_is_named_with_its_mending() {
        for (text, mends) in [
            ("ftp://example.com", "use http, https or tcp"),
            ("example.com", "write https://example.com"),
            ("https://me@example.com", "what stands after the @"),
            ("https://example.com/v1", "without what follows"),
            ("https://example.com?q", "without what follows"),
            ("tcp://db.example.com", "tcp needs a port"),
            ("http://example.com:0", "use 1 to 65535"),
            ("http://example.com:65536", "use 1 to 65535"),
            ("http://example.com:+80", "is not a port"),
            ("http://fd00::1", "stands in brackets"),
            ("https://bücher.example", "punycode"),
            ("https://exa%6dple.com", "is not a host name"),
            ("https://a.*.example.com", "only at the beginning"),
            ("https://*example.com", "only at the beginning"),
            ("https://", "is not a host name"),
            ("https://a..b", "is not a host name"),
            ("http://127.1", "write four decimal numbers"),
            ("http://2130706433", "write four decimal numbers"),
            ("http://0x7f.1", "write four decimal numbers"),
            ("http://a.0x7f000001", "write four decimal numbers"),
            ("http://0177.0.0.1", "write four decimal numbers"),
            ("0.0.0.0/0", "write * for everything public"),
            ("::/0", "write * for everything public"),
            ("10.0.0.0/33", "use /8 to /32"),
            ("10.0.0.0/x", "use /8 to /32"),
            ("10.1.2.3/8", "write 10.0.0.0/8"),
            ("::ffff:10.0.0.0/104", "write the IPv4 range"),
            ("http://users.shop.svc", "reached without a rule"),
            ("http://users.shop.svc.cluster.local", "reached without a rule"),
        ] {
            let why = parse(text).expect_err(text);
            assert!(why.starts_with(&format!("rule {text:?}: ")) && why.contains(mends), "{why}");
        }
        let why = parse("* ftp://a https://b/c").expect_err("two mistakes");
        assert!(why.contains("ftp://a") && why.contains("https://b/c"), "{why}");
    }
}
