//! Kubernetes' libraries of URLs, IP addresses and address ranges.

use std::fmt;
use std::net::IpAddr;

use super::super::value::Text as TextValue;
use super::super::{Budget, Fault, Value};
use super::Gives::{Dyn, Of};
use super::Sort::{Bool, Cidr, Int, Ip, Text, Url as UrlSort};
use super::{Function, global, member, misused};

/// Names of the types.
pub(in super::super) const URL: &str = "kubernetes.URL";
/// See [`URL`].
pub(in super::super) const IP: &str = "net.IP";
/// See [`URL`].
pub(in super::super) const CIDR: &str = "net.CIDR";

pub(super) const FUNCTIONS: &[Function] = &[
    global("url", &[Text], Of(UrlSort), |args, _| {
        let [Value::Text(text)] = args else { return misused() };
        let bad = || Fault::new(format!("URL parse error during conversion from string: {:.60?}", &**text));
        Url::parse(text).map(|url| Value::Url(url.into())).ok_or_else(bad)
    }),
    global("isURL", &[Text], Of(Bool), |args, _| is(args, |text| Url::parse(text).is_some())),
    member("getScheme", &[UrlSort], Of(Text), |args, _| of_url(args, |url| url.scheme.clone())),
    member("getHost", &[UrlSort], Of(Text), |args, _| of_url(args, |url| url.host.clone())),
    member("getHostname", &[UrlSort], Of(Text), |args, _| of_url(args, |url| url.host_and_port().0.to_owned())),
    member("getPort", &[UrlSort], Of(Text), |args, _| of_url(args, |url| url.host_and_port().1.to_owned())),
    member("getEscapedPath", &[UrlSort], Of(Text), |args, _| of_url(args, |url| url.path.clone())),
    member("getQuery", &[UrlSort], Dyn, query),
    global("ip", &[Text], Of(Ip), |args, _| {
        let [Value::Text(text)] = args else { return misused() };
        parse_ip(text).map(Value::Ip).ok_or_else(|| Fault::new(format!("IP Address {:.60?} parse error", &**text)))
    }),
    global("isIP", &[Text], Of(Bool), |args, _| is(args, |text| parse_ip(text).is_some())),
    global("ip.isCanonical", &[Text], Of(Bool), |args, _| {
        is(args, |text| parse_ip(text).is_some_and(|ip| ip.to_string() == text))
    }),
    member("family", &[Ip], Of(Int), |args, _| {
        let [Value::Ip(ip)] = args else { return misused() };
        Ok(Value::Int(if ip.is_ipv4() { 4 } else { 6 }))
    }),
    member("isUnspecified", &[Ip], Of(Bool), |args, _| of_ip(args, |ip| ip.is_unspecified())),
    member("isLoopback", &[Ip], Of(Bool), |args, _| of_ip(args, |ip| ip.is_loopback())),
    member("isLinkLocalMulticast", &[Ip], Of(Bool), |args, _| of_ip(args, is_link_local_multicast)),
    member("isLinkLocalUnicast", &[Ip], Of(Bool), |args, _| of_ip(args, is_link_local)),
    member("isGlobalUnicast", &[Ip], Of(Bool), |args, _| of_ip(args, is_global_unicast)),
    global("cidr", &[Text], Of(Cidr), |args, _| {
        let [Value::Text(text)] = args else { return misused() };
        let bad = || Fault::new(format!("CIDR {:.60?} parse error", &**text));
        Network::parse(text).map(Value::Cidr).ok_or_else(bad)
    }),
    global("isCIDR", &[Text], Of(Bool), |args, _| is(args, |text| Network::parse(text).is_some())),
    member("containsIP", &[Cidr, Ip], Of(Bool), |args, _| {
        let [Value::Cidr(network), Value::Ip(ip)] = args else { return misused() };
        Ok(Value::Bool(network.has(*ip)))
    }),
    member("containsIP", &[Cidr, Text], Of(Bool), |args, _| {
        let [Value::Cidr(network), Value::Text(text)] = args else { return misused() };
        let ip = parse_ip(text).ok_or_else(|| Fault::new(format!("IP Address {:.60?} parse error", &**text)))?;
        Ok(Value::Bool(network.has(ip)))
    }),
    member("containsCIDR", &[Cidr, Cidr], Of(Bool), |args, _| {
        let [Value::Cidr(network), Value::Cidr(other)] = args else { return misused() };
        Ok(Value::Bool(network.covers(*other)))
    }),
    member("containsCIDR", &[Cidr, Text], Of(Bool), |args, _| {
        let [Value::Cidr(network), Value::Text(text)] = args else { return misused() };
        let other = Network::parse(text).ok_or_else(|| Fault::new(format!("CIDR {:.60?} parse error", &**text)))?;
        Ok(Value::Bool(network.covers(other)))
    }),
    member("ip", &[Cidr], Of(Ip), |args, _| {
        let [Value::Cidr(network)] = args else { return misused() };
        Ok(Value::Ip(network.ip))
    }),
    member("masked", &[Cidr], Of(Cidr), |args, _| {
        let [Value::Cidr(network)] = args else { return misused() };
        Ok(Value::Cidr(network.masked()))
    }),
    member("prefixLength", &[Cidr], Of(Int), |args, _| {
        let [Value::Cidr(network)] = args else { return misused() };
        Ok(Value::Int(i64::from(network.prefix)))
    }),
];

fn is<'a>(args: &[Value<'a>], holds: fn(&str) -> bool) -> Result<Value<'a>, Fault> {
    let [Value::Text(text)] = args else { return misused() };
    Ok(Value::Bool(holds(text)))
}

fn of_url<'a>(args: &[Value<'a>], read: fn(&Url) -> String) -> Result<Value<'a>, Fault> {
    let [Value::Url(url)] = args else { return misused() };
    Ok(Value::text(read(url)))
}

fn of_ip<'a>(args: &[Value<'a>], holds: fn(&IpAddr) -> bool) -> Result<Value<'a>, Fault> {
    let [Value::Ip(ip)] = args else { return misused() };
    Ok(Value::Bool(holds(ip)))
}

/// An absolute URL, or a path, taken apart. Source: RFC 3986, as far as the accessors need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url {
    pub(super) text: String,
    scheme: String,
    host: String,
    path: String,
    query: String,
}

impl Url {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_plain = |c: char| !c.is_whitespace() && !c.is_control();
        if text.is_empty() || !text.chars().all(is_plain) {
            return None;
        }
        let url = http::Uri::try_from(text).ok()?;
        if url.scheme().is_none() && !text.starts_with('/') {
            return None;
        }
        let host = url.authority().map(|authority| authority.as_str().rsplit('@').next().unwrap_or_default());
        Some(Self {
            text: text.to_owned(),
            scheme: url.scheme_str().unwrap_or_default().to_owned(),
            host: host.unwrap_or_default().to_owned(),
            path: if text.contains(url.path()) { url.path().to_owned() } else { String::new() },
            query: url.query().unwrap_or_default().to_owned(),
        })
    }

    fn host_and_port(&self) -> (&str, &str) {
        let is_port = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
        let (host, port) = self.host.rsplit_once(':').filter(|(_, port)| is_port(port)).unwrap_or((&self.host, ""));
        (host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host), port)
    }
}

/// The query as a map from names to lists of values.
fn query<'a>(args: &[Value<'a>], budget: &Budget) -> Result<Value<'a>, Fault> {
    let [Value::Url(url)] = args else { return misused() };
    budget.pay_bytes(url.query.len())?;
    let mut entries: Vec<(String, Vec<Value<'a>>)> = Vec::new();
    for pair in url.query.split('&').filter(|pair| !pair.is_empty()) {
        budget.pay_elements(entries.len())?;
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (unescaped(name), Value::text(unescaped(value)));
        match entries.iter_mut().find(|(found, _)| *found == name) {
            Some((_, values)) => values.push(value),
            None => entries.push((name, vec![value])),
        }
    }
    let made = |(name, values): (String, _)| (Value::Text(TextValue::Made(name.into())), Value::list(values));
    Ok(Value::Map(super::super::value::Map::Made(std::sync::Arc::new(entries.into_iter().map(made).collect()))))
}

/// `%20` and `+` as what they stand for.
fn unescaped(text: &str) -> String {
    let (mut bytes, mut made) = (text.as_bytes().iter().copied(), Vec::with_capacity(text.len()));
    while let Some(byte) = bytes.next() {
        let hex = || {
            let mut ahead = bytes.clone();
            let digits = [ahead.next()?, ahead.next()?];
            u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()
        };
        match byte {
            b'+' => made.push(b' '),
            b'%' => match hex() {
                Some(escaped) => {
                    made.push(escaped);
                    bytes.nth(1);
                }
                None => made.push(byte),
            },
            byte => made.push(byte),
        }
    }
    String::from_utf8_lossy(&made).into_owned()
}

/// An address; IPv4 within IPv6 and zones are refused, as in Kubernetes.
fn parse_ip(text: &str) -> Option<IpAddr> {
    text.parse().ok().filter(|ip| !matches!(ip, IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some()))
}

fn is_link_local_multicast(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.octets()[..3] == [224, 0, 0],
        IpAddr::V6(ip) => ip.segments()[0] & 0xff0f == 0xff02,
    }
}

fn is_link_local(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.segments()[0] & 0xffc0 == 0xfe80,
    }
}

/// As Go's `IsGlobalUnicast`: private addresses are.
fn is_global_unicast(ip: &IpAddr) -> bool {
    let is_broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    !(ip.is_unspecified() || ip.is_loopback() || ip.is_multicast() || is_link_local(ip) || is_broadcast)
}

/// An address and how much of it is the network's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    ip: IpAddr,
    prefix: u8,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (ip, prefix) = text.split_once('/')?;
        let is_number = prefix.len() < 4 && prefix.bytes().all(|b| b.is_ascii_digit());
        let (ip, prefix): (_, u8) = (parse_ip(ip)?, prefix.parse().ok().filter(|_| is_number)?);
        (prefix <= if ip.is_ipv4() { 32 } else { 128 }).then_some(Self { ip, prefix })
    }

    fn bits(ip: IpAddr, prefix: u8) -> u128 {
        let (bits, width) = match ip {
            IpAddr::V4(ip) => (u128::from(u32::from(ip)), 32),
            IpAddr::V6(ip) => (u128::from(ip), 128),
        };
        bits.checked_shr(width - u32::from(prefix)).unwrap_or(0)
    }

    fn has(self, ip: IpAddr) -> bool {
        ip.is_ipv4() == self.ip.is_ipv4() && Self::bits(ip, self.prefix) == Self::bits(self.ip, self.prefix)
    }

    fn covers(self, other: Self) -> bool {
        other.prefix >= self.prefix && self.has(other.ip)
    }

    fn masked(self) -> Self {
        let kept = Self::bits(self.ip, self.prefix);
        let ip = match self.ip {
            IpAddr::V4(_) => {
                let bits = kept.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                IpAddr::V4(u32::try_from(bits).unwrap_or(0).into())
            }
            IpAddr::V6(_) => IpAddr::V6(kept.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0).into()),
        };
        Self { ip, ..self }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.ip, self.prefix)
    }
}
