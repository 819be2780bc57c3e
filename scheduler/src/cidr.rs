//! Address ranges: what a CIDR is, and which slice of the Pods' range a new Node gets.
//!
//! Pure. A Node keeps its slice for life (`spec.podCIDR`); nothing here remembers anything.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Bits of host address in a Node's slice: 2^14 addresses, 16,384 Pods (an IPv4 /18).
pub(crate) const NODE_HOST_BITS: u8 = 14;

/// An address range, `127.64.0.0/10`. Host bits are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    network: IpAddr,
    prefix: u8,
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn like(family: IpAddr, bits: u128) -> Option<IpAddr> {
    match family {
        IpAddr::V4(_) => u32::try_from(bits).ok().map(|b| IpAddr::V4(Ipv4Addr::from_bits(b))),
        IpAddr::V6(_) => Some(IpAddr::V6(Ipv6Addr::from_bits(bits))),
    }
}

impl Cidr {
    /// Makes a range of an address and a prefix length.
    ///
    /// # Errors
    /// A sentence: the prefix is too long, or the address has bits behind it.
    pub fn new(network: IpAddr, prefix: u8) -> Result<Self, String> {
        let width = width(network);
        if prefix > width {
            return Err(format!("/{prefix} is longer than the {width} bits of {network}"));
        }
        let cidr = Self { network, prefix };
        if bits(network) & cidr.host_mask() != 0 {
            return Err(format!("{network}/{prefix} has bits behind its prefix"));
        }
        Ok(cidr)
    }

    fn host_bits(self) -> u8 {
        width(self.network) - self.prefix
    }

    fn host_mask(self) -> u128 {
        1_u128.checked_shl(u32::from(self.host_bits())).map_or(u128::MAX, |size| size - 1)
    }

    /// Whether an address lies in the range.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.network.is_ipv4() && bits(address) & !self.host_mask() == bits(self.network)
    }

    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.contains(other.network) || other.contains(self.network)
    }

    /// The `n`th address of the range, if it has so many.
    #[must_use]
    pub fn nth(&self, n: u32) -> Option<IpAddr> {
        let n = u128::from(n);
        if n > self.host_mask() { None } else { like(self.network, bits(self.network) + n) }
    }

    /// The first slice with `host_bits` bits of address that overlaps none of `taken`.
    ///
    /// Steps over what is taken, so a full range costs one look per taken slice, not one per address.
    #[must_use]
    pub(crate) fn first_free(&self, host_bits: u8, taken: &[Self]) -> Option<Self> {
        if host_bits > self.host_bits() {
            return None;
        }
        let size = 1_u128 << host_bits;
        let last = bits(self.network) + self.host_mask();
        let mut taken: Vec<_> = taken.iter().filter(|t| t.overlaps(self)).collect();
        taken.sort();
        let mut at = bits(self.network);
        for range in taken {
            let (from, to) = (bits(range.network), bits(range.network) + range.host_mask());
            if from >= at + size {
                break;
            }
            if to >= at {
                at = (to / size + 1) * size;
            }
        }
        let fits = at.checked_add(size - 1).is_some_and(|end| end <= last);
        fits.then(|| like(self.network, at))
            .flatten()
            .map(|network| Self { network, prefix: width(self.network) - host_bits })
    }
}

impl FromStr for Cidr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not an address range such as 10.64.0.0/10");
        let (network, prefix) = text.split_once('/').ok_or_else(wrong)?;
        Self::new(network.parse().map_err(|_| wrong())?, prefix.parse().map_err(|_| wrong())?)
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

    fn cidr(text: &str) -> Cidr {
        text.parse().expect(text)
    }

    fn free(pool: &str, taken: &[&str]) -> Option<String> {
        let taken: Vec<_> = taken.iter().map(|t| cidr(t)).collect();
        cidr(pool).first_free(NODE_HOST_BITS, &taken).map(|c| c.to_string())
    }

    #[test]
    fn a_new_node_gets_the_first_slice_no_one_has() {
        let pool = "127.64.0.0/10";
        for (taken, wanted) in [
            (&[][..], Some("127.64.0.0/18")),
            (&["127.64.0.0/18"], Some("127.64.64.0/18")),
            (&["127.64.64.0/18"], Some("127.64.0.0/18")),
            (&["127.64.64.0/18", "127.64.0.0/18", "127.64.192.0/18"], Some("127.64.128.0/18")),
            (&["127.64.0.0/16"], Some("127.65.0.0/18")),
            (&["127.64.1.0/24"], Some("127.64.64.0/18")),
            (&["10.0.0.0/8"], Some("127.64.0.0/18")),
            (&["127.0.0.0/8"], None),
            (&["127.64.0.0/11", "127.96.0.0/11"], None),
        ] {
            assert_eq!(free(pool, taken).as_deref(), wanted, "{taken:?}");
        }
        assert_eq!(free("10.0.0.0/20", &[]), None, "the pool is smaller than a slice");
        assert_eq!(free("fd00::/64", &["fd00::/114"]).as_deref(), Some("fd00::4000/114"));
    }

    #[test]
    fn a_pool_gives_as_many_slices_as_it_holds() {
        let pool = cidr("127.64.0.0/16");
        let mut taken = Vec::new();
        while let Some(slice) = pool.first_free(NODE_HOST_BITS, &taken) {
            taken.push(slice);
        }
        assert_eq!(
            taken.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["127.64.0.0/18", "127.64.64.0/18", "127.64.128.0/18", "127.64.192.0/18"]
        );
    }

    #[test]
    fn ranges_parse_strictly() {
        for bad in ["", "10.0.0.0", "10.0.0.0/33", "10.0.0.1/8", "x/8", "::1/64", "10.0.0.0/-1"] {
            assert!(bad.parse::<Cidr>().is_err(), "{bad}");
        }
        assert_eq!(cidr("127.128.0.0/16").nth(1), Some(IpAddr::from([127, 128, 0, 1])));
        assert_eq!(cidr("10.0.0.0/31").nth(2), None);
        assert!(cidr("0.0.0.0/0").contains(IpAddr::from([255, 1, 2, 3])));
    }
}
