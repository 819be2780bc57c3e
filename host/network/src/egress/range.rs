//! Ranges of addresses.

use std::fmt;
use std::net::IpAddr;

/// All addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Range {
    network: IpAddr,
    prefix: u8,
}

impl Range {
    /// The range of `network` and `prefix`; bits behind the prefix do not count. None if the prefix is longer than an
    /// address.
    #[must_use]
    pub fn new(network: IpAddr, prefix: u8) -> Option<Self> {
        (prefix <= width(network)).then_some(Self { network, prefix })
    }

    /// One address.
    #[must_use]
    pub fn one(ip: IpAddr) -> Self {
        Self { network: ip, prefix: width(ip) }
    }

    /// Whether `ip` is in it. An IPv6 address is never in a range of IPv4 addresses, whatever it is made of.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        let (differ, width) = match (self.network, ip) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits() ^ b.to_bits()), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits(), 128),
            _ => return false,
        };
        differ.checked_shr(width - u32::from(self.prefix)).unwrap_or(0) == 0
    }

    /// Whether it is one address.
    pub(super) fn is_one(&self) -> bool {
        self.prefix == width(self.network)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

fn width(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { 32 } else { 128 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str, prefix: u8) -> Range {
        Range::new(text.parse().expect("an address"), prefix).expect("a range")
    }

    #[test]
    fn a_range_holds_what_begins_like_it() {
        for (range, inside, outside) in [
            (range("10.0.0.0", 8), "10.255.255.255", "11.0.0.0"),
            (range("10.9.9.9", 8), "10.0.0.0", "9.255.255.255"),
            (range("192.168.7.9", 32), "192.168.7.9", "192.168.7.8"),
            (range("0.0.0.0", 0), "255.255.255.255", "::"),
            (range("fc00::", 7), "fdff::1", "fe00::"),
            (range("::", 0), "ffff::", "0.0.0.0"),
            (range("127.0.0.0", 8), "127.0.0.1", "::ffff:127.0.0.1"),
        ] {
            assert!(range.contains(inside.parse().expect("an address")), "{range} {inside}");
            assert!(!range.contains(outside.parse().expect("an address")), "{range} {outside}");
        }
        assert_eq!(Range::new([1, 2, 3, 4].into(), 33), None);
    }
}
