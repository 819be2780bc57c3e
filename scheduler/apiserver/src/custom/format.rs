//! Formats of texts that are checked. Others say nothing, as in Kubernetes. Source: OpenAPI, go-openapi/strfmt.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::cel::{parse_duration, parse_time};

/// A format that is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    DateTime,
    Date,
    Duration,
    Byte,
    Uuid,
    Ipv4,
    Ipv6,
    Cidr,
    Mac,
    Hostname,
    Email,
    Uri,
    Int32,
    Int64,
}

const NAMES: [(&str, Format); 17] = [
    ("date-time", Format::DateTime),
    ("datetime", Format::DateTime),
    ("date", Format::Date),
    ("duration", Format::Duration),
    ("byte", Format::Byte),
    ("uuid", Format::Uuid),
    ("uuid3", Format::Uuid),
    ("uuid4", Format::Uuid),
    ("ipv4", Format::Ipv4),
    ("ipv6", Format::Ipv6),
    ("cidr", Format::Cidr),
    ("mac", Format::Mac),
    ("hostname", Format::Hostname),
    ("email", Format::Email),
    ("uri", Format::Uri),
    ("int32", Format::Int32),
    ("int64", Format::Int64),
];

impl Format {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        NAMES.iter().find(|(found, _)| *found == name).map(|(_, format)| *format)
    }

    pub(crate) fn name(self) -> &'static str {
        NAMES.iter().find(|(_, format)| *format == self).map_or("", |(name, _)| name)
    }

    /// Whether a text is of this format.
    pub(crate) fn has(self, text: &str) -> bool {
        match self {
            Self::DateTime => text.parse::<jiff::Timestamp>().is_ok(),
            Self::Date => text.parse::<jiff::civil::Date>().is_ok() && parse_time(text).is_some(),
            Self::Duration => parse_duration(text).is_some(),
            Self::Byte => BASE64.decode(text).is_ok(),
            Self::Uuid => uuid::Uuid::try_parse(text).is_ok(),
            Self::Ipv4 => text.parse::<Ipv4Addr>().is_ok(),
            Self::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
            Self::Cidr => is_cidr(text),
            Self::Mac => is_mac(text),
            Self::Hostname => text.len() <= 253 && text.split('.').all(is_host_label),
            Self::Email => is_email(text),
            Self::Uri => http::Uri::try_from(text).is_ok_and(|uri| uri.scheme().is_some()),
            Self::Int32 | Self::Int64 => true,
        }
    }
}

fn is_cidr(text: &str) -> bool {
    text.split_once('/').is_some_and(|(ip, prefix)| {
        let most = match ip.parse::<IpAddr>() {
            Ok(IpAddr::V4(_)) => 32,
            Ok(IpAddr::V6(_)) => 128,
            Err(_) => return false,
        };
        prefix.parse::<u8>().is_ok_and(|prefix| prefix <= most)
    })
}

fn is_mac(text: &str) -> bool {
    let parts: Vec<_> = text.split([':', '-']).collect();
    matches!(parts.len(), 6 | 8)
        && parts.iter().all(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn is_host_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn is_email(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && !name.contains(char::is_whitespace) && host.split('.').all(is_host_label)
    })
}
