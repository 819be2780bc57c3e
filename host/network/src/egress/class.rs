//! What kind of address an address is: public, or one of the many that no name may lead to.
//!
//! After IANA's registries of special-purpose addresses (RFC 6890). For IPv6 the question is turned round: global
//! unicast is 2000::/3, and of that only what no registry sets aside is public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The kind of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Class {
    /// Anybody's, on the internet.
    #[error("public")]
    Public,
    /// 0.0.0.0/8 and ::, which many systems take for themselves.
    #[error("unspecified")]
    Unspecified,
    /// This machine.
    #[error("loopback")]
    Loopback,
    /// Of a private network (RFC 1918, RFC 4193), or site-local.
    #[error("private")]
    Private,
    /// Of one link.
    #[error("link-local")]
    LinkLocal,
    /// Where clouds tell machines their credentials.
    #[error("of a cloud's metadata service")]
    Metadata,
    /// Between a carrier and its customers (RFC 6598).
    #[error("of a carrier's NAT")]
    CarrierNat,
    /// Many at once.
    #[error("multicast")]
    Multicast,
    /// All at once.
    #[error("broadcast")]
    Broadcast,
    /// For examples in texts.
    #[error("for documentation")]
    Documentation,
    /// For measuring networks.
    #[error("for benchmarks")]
    Benchmarking,
    /// Not assigned, or to protocols.
    #[error("reserved")]
    Reserved,
    /// An IPv4 address in the form of an IPv6 one, or a way to one.
    #[error("an IPv4 address inside an IPv6 one ({0})")]
    Embedded(Form),
}

/// How an IPv6 address is made of an IPv4 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Form {
    /// ::ffff:a.b.c.d
    #[error("v4-mapped")]
    Mapped,
    /// ::ffff:0:a.b.c.d (RFC 2765)
    #[error("v4-translated")]
    Translated,
    /// ::a.b.c.d
    #[error("v4-compatible")]
    Compatible,
    /// 64:ff9b::a.b.c.d (RFC 6052)
    #[error("NAT64")]
    Nat64,
    /// 64:ff9b:1::/48 (RFC 8215), with the IPv4 address wherever its operator wants it.
    #[error("local NAT64")]
    LocalNat64,
    /// 2002:aabb:ccdd::/48 (RFC 3056)
    #[error("6to4")]
    SixToFour,
    /// 2001::/32 (RFC 4380)
    #[error("Teredo")]
    Teredo,
    /// ...:0:5efe:a.b.c.d (RFC 5214)
    #[error("ISATAP")]
    Isatap,
}

/// Metadata services: AWS, GCP, Azure, DigitalOcean and others; ECS; EKS; Alibaba; Oracle; Azure's wire server.
const METADATA_V4: [Ipv4Addr; 6] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(169, 254, 170, 23),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
    Ipv4Addr::new(168, 63, 129, 16),
];
/// AWS, EKS, GCP.
const METADATA_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
];

impl Class {
    /// The kind of `ip`.
    #[must_use]
    pub fn of(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(v4) => of_v4(v4),
            IpAddr::V6(v6) => of_v6(v6),
        }
    }
}

fn of_v4(ip: Ipv4Addr) -> Class {
    if METADATA_V4.contains(&ip) {
        return Class::Metadata;
    }
    match ip.octets() {
        [0, ..] => Class::Unspecified,
        [127, ..] => Class::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Class::Private,
        [100, 64..=127, ..] => Class::CarrierNat,
        [169, 254, ..] => Class::LinkLocal,
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Class::Documentation,
        [198, 18 | 19, ..] => Class::Benchmarking,
        // Protocol assignments, and the relays of 6to4.
        [192, 0, 0, _] | [192, 88, 99, _] => Class::Reserved,
        [224..=239, ..] => Class::Multicast,
        [255, 255, 255, 255] => Class::Broadcast,
        [240..=255, ..] => Class::Reserved,
        _ => Class::Public,
    }
}

fn of_v6(ip: Ipv6Addr) -> Class {
    if METADATA_V6.contains(&ip) {
        return Class::Metadata;
    }
    if let Some(form) = form(ip) {
        return Class::Embedded(form);
    }
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Class::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => Class::Loopback,
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Class::Private,
        [0xfe80..=0xfebf, ..] => Class::LinkLocal,
        [0xff00..=0xffff, ..] => Class::Multicast,
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Class::Documentation,
        [0x2001, 2, 0, ..] => Class::Benchmarking,
        // Protocol assignments: ORCHIDs and others.
        [0x2001, 0..=0x1ff, ..] => Class::Reserved,
        [0x2000..=0x3fff, ..] => Class::Public,
        _ => Class::Reserved,
    }
}

fn form(ip: Ipv6Addr) -> Option<Form> {
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0xffff, ..] => Some(Form::Mapped),
        [0, 0, 0, 0, 0xffff, 0, ..] => Some(Form::Translated),
        [0, 0, 0, 0, 0, 0, ..] => Some(Form::Compatible),
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(Form::Nat64),
        [0x64, 0xff9b, 1, ..] => Some(Form::LocalNat64),
        [0x2002, ..] => Some(Form::SixToFour),
        [0x2001, 0, ..] => Some(Form::Teredo),
        [_, _, _, _, 0 | 0x200, 0x5efe, ..] => Some(Form::Isatap),
        _ => None,
    }
}

/// What an address of an [embedded](Class::Embedded) class leads to in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inside {
    /// No other address.
    Nothing,
    /// This one.
    V4(Ipv4Addr),
    /// Some other; which, only its operator knows.
    Unknown,
}

impl Inside {
    pub(super) fn of(ip: IpAddr) -> Self {
        let IpAddr::V6(v6) = ip else { return Self::Nothing };
        let bits = v6.to_bits();
        let at = |shift: u32| Ipv4Addr::from_bits(u32::try_from((bits >> shift) & u128::from(u32::MAX)).unwrap_or(0));
        match form(v6) {
            None => Self::Nothing,
            Some(Form::LocalNat64) => Self::Unknown,
            Some(Form::SixToFour) => Self::V4(at(80)),
            // Kept inverted, so that NATs do not rewrite it.
            Some(Form::Teredo) => Self::V4(Ipv4Addr::from_bits(!at(0).to_bits())),
            Some(Form::Mapped | Form::Translated | Form::Compatible | Form::Nat64 | Form::Isatap) => Self::V4(at(0)),
        }
    }
}

#[cfg(test)]
mod tests;
