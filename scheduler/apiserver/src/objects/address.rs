//! A range of addresses, and drawing from it. Pure.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An address range, `127.128.0.0/16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    network: IpAddr,
    prefix: u8,
}

/// Most addresses of a range that are used: what a search through all of them may cost.
const USED_MAX: u128 = 1 << 20;

impl Default for Cidr {
    /// The range of an unprivileged cluster, in 127/8.
    fn default() -> Self {
        Self { network: IpAddr::V4(Ipv4Addr::new(127, 128, 0, 0)), prefix: 16 }
    }
}

impl Cidr {
    fn width(self) -> u8 {
        if self.network.is_ipv4() { 32 } else { 128 }
    }

    fn bits(address: IpAddr) -> u128 {
        match address {
            IpAddr::V4(v4) => u128::from(v4.to_bits()),
            IpAddr::V6(v6) => v6.to_bits(),
        }
    }

    /// The family of its addresses, as Services name it.
    pub(super) fn family(self) -> &'static str {
        if self.network.is_ipv4() { "IPv4" } else { "IPv6" }
    }

    /// Host addresses, without the network's and (IPv4) the broadcast address.
    pub(super) fn host_count(self) -> u128 {
        let size = 1_u128.checked_shl(u32::from(self.width() - self.prefix)).unwrap_or(u128::MAX);
        size.saturating_sub(2).clamp(1, USED_MAX)
    }

    /// The host address number `n`, counted from 0 and wrapping around.
    pub(super) fn host(self, n: u128) -> IpAddr {
        let bits = Self::bits(self.network) + 1 + n % self.host_count();
        match (self.network, u32::try_from(bits)) {
            (IpAddr::V4(_), Ok(bits)) => IpAddr::V4(Ipv4Addr::from_bits(bits)),
            _ => IpAddr::V6(Ipv6Addr::from_bits(bits)),
        }
    }

    /// Whether an address lies in the range.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let shift = u32::from(self.width() - self.prefix);
        let top = |address| Self::bits(address).checked_shr(shift).unwrap_or(0);
        address.is_ipv4() == self.network.is_ipv4() && top(address) == top(self.network)
    }
}

impl FromStr for Cidr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not an address range such as 10.96.0.0/16");
        let (network, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let network: IpAddr = network.parse().map_err(|_| wrong())?;
        let cidr = Self { network, prefix: prefix.parse().map_err(|_| wrong())? };
        if cidr.prefix > cidr.width() { Err(wrong()) } else { Ok(cidr) }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_stay_in_the_range() {
        for (range, count, first) in [
            ("10.0.0.0/29", 6, "10.0.0.1"),
            ("127.128.0.0/16", 65_534, "127.128.0.1"),
            ("fd00::/112", 65_534, "fd00::1"),
        ] {
            let cidr: Cidr = range.parse().expect("a range");
            assert_eq!((cidr.host_count(), cidr.host(0).to_string().as_str()), (count, first));
            assert!(cidr.contains(cidr.host(count - 1)));
            assert_eq!(cidr.host(count), cidr.host(0));
        }
        assert!(!Cidr::default().contains(IpAddr::V4(Ipv4Addr::new(127, 129, 0, 1))));
        for bad in ["", "10.0.0.0", "10.0.0.0/33", "x/8"] {
            assert!(bad.parse::<Cidr>().is_err(), "{bad}");
        }
    }
}
