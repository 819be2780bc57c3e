//! Addresses for Pods, out of the range of this Node.
//!
//! Pure. An address that was given back rests before it is used again (C47): another host may still
//! hold a route to it, and a late request must not reach a stranger. Addresses are handed out in order,
//! so that resting rarely matters.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::{SignedDuration, Timestamp};

/// How long an address rests. Routes reach every host within seconds, and a client's kept-alive
/// connection to a Pod that is gone is closed by then.
pub(crate) const REST: SignedDuration = SignedDuration::from_secs(30);
/// Addresses of a range that are used, at most; an IPv6 range has more than anyone needs.
const HOSTS_MAX: u128 = 1 << 16;

/// Why there is no address.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoAddress {
    /// The control plane has not told the range yet.
    NoRange,
    /// Every address is in use or rests; the first rests until then.
    Exhausted(Option<Timestamp>),
}

/// The addresses of one Node.
#[derive(Debug, Default)]
pub(crate) struct Ips {
    range: Option<Range>,
    next: u128,
    used: BTreeMap<IpAddr, String>,
    resting: BTreeSet<IpAddr>,
    rested_at: VecDeque<(Timestamp, IpAddr)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    first: IpAddr,
    hosts: u128,
}

impl Range {
    /// Parses `127.64.0.0/18`. The first address names the network and the last is its broadcast; neither is used.
    fn parse(cidr: &str) -> Option<Self> {
        let (address, prefix) = cidr.split_once('/')?;
        let (address, prefix): (IpAddr, u32) = (address.parse().ok()?, prefix.parse().ok()?);
        let bits: u32 = if address.is_ipv4() { 32 } else { 128 };
        let host_bits = bits.checked_sub(prefix)?;
        let size = if host_bits >= 17 { HOSTS_MAX } else { 1 << host_bits };
        let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
        let first = from_number(number(address) & mask, address.is_ipv4());
        (size > 2).then_some(Self { first, hosts: size - 2 })
    }

    fn at(self, index: u128) -> IpAddr {
        from_number(number(self.first) + 1 + index, self.first.is_ipv4())
    }

    fn index(self, ip: IpAddr) -> Option<u128> {
        let index = number(ip).checked_sub(number(self.first) + 1)?;
        (ip.is_ipv4() == self.first.is_ipv4() && index < self.hosts).then_some(index)
    }
}

fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

fn from_number(number: u128, v4: bool) -> IpAddr {
    match u32::try_from(number) {
        Ok(bits) if v4 => Ipv4Addr::from_bits(bits).into(),
        _ => Ipv6Addr::from_bits(number).into(),
    }
}

impl Ips {
    /// Sets the range. Addresses of an earlier range stay with their Pods until those end.
    ///
    /// # Errors
    /// The text is not a range of at least one address.
    pub(crate) fn set_range(&mut self, cidr: &str) -> Result<(), String> {
        let range = Range::parse(cidr).ok_or_else(|| format!("{cidr:?} is not a range of addresses for Pods"))?;
        if self.range != Some(range) {
            self.range = Some(range);
            self.next = 0;
        }
        Ok(())
    }

    /// Keeps an address a Pod already has, across the host's restart.
    /// False if it belongs to another Pod, rests, or is not of this Node.
    pub(crate) fn keep(&mut self, ip: IpAddr, uid: &str) -> bool {
        if let Some(owner) = self.used.get(&ip) {
            return owner == uid;
        }
        let ours = self.range.is_some_and(|range| range.index(ip).is_some());
        if !ours || self.resting.contains(&ip) {
            return false;
        }
        self.used.insert(ip, uid.to_owned());
        true
    }

    /// Gives a Pod an address that neither is used nor rests.
    pub(crate) fn take(&mut self, uid: &str, now: Timestamp) -> Result<IpAddr, NoAddress> {
        let range = self.range.ok_or(NoAddress::NoRange)?;
        while let Some((_, ip)) = self.rested_at.pop_front_if(|(until, _)| *until <= now) {
            self.resting.remove(&ip);
        }
        let mut free = None;
        for step in 0..range.hosts {
            let index = (self.next + step) % range.hosts;
            let ip = range.at(index);
            if !self.used.contains_key(&ip) && !self.resting.contains(&ip) {
                free = Some((index, ip));
                break;
            }
        }
        let Some((index, ip)) = free else {
            return Err(NoAddress::Exhausted(self.rested_at.front().map(|(until, _)| *until)));
        };
        self.next = (index + 1) % range.hosts;
        self.used.insert(ip, uid.to_owned());
        Ok(ip)
    }

    /// Takes an address back; it rests from now on.
    pub(crate) fn release(&mut self, ip: IpAddr, uid: &str, now: Timestamp) {
        if self.used.get(&ip).is_some_and(|owner| owner == uid) {
            self.used.remove(&ip);
            self.resting.insert(ip);
            self.rested_at.push_back((now + REST, ip));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn ips(cidr: &str) -> Ips {
        let mut ips = Ips::default();
        ips.set_range(cidr).expect(cidr);
        ips
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect(text)
    }

    #[test]
    fn hands_out_in_order_without_network_and_broadcast() {
        let mut four = ips("127.64.0.0/30");
        assert_eq!(four.take("a", at(0)), Ok(ip("127.64.0.1")));
        assert_eq!(four.take("b", at(0)), Ok(ip("127.64.0.2")));
        assert_eq!(four.take("c", at(0)), Err(NoAddress::Exhausted(None)));
        let mut six = ips("fd00::/64");
        assert_eq!(six.take("a", at(0)), Ok(ip("fd00::1")));
        assert_eq!(Ips::default().take("a", at(0)), Err(NoAddress::NoRange));
        for bad in ["", "1.2.3.4", "1.2.3.4/33", "1.2.3.4/31", "x/8", "::1/129"] {
            assert!(Ips::default().set_range(bad).is_err(), "{bad}");
        }
    }

    // C47
    #[test]
    fn an_address_rests_before_it_is_used_again() {
        let mut ips = ips("10.0.0.0/30");
        let (a, b) = (ips.take("a", at(0)).expect("free"), ips.take("b", at(0)).expect("free"));
        ips.release(a, "stranger", at(1));
        assert_eq!(ips.take("c", at(1)), Err(NoAddress::Exhausted(None)), "only the owner gives back");
        ips.release(a, "a", at(1));
        assert_eq!(ips.take("c", at(2)), Err(NoAddress::Exhausted(Some(at(31)))));
        assert!(!ips.keep(a, "c"), "a resting address cannot be kept");
        assert_eq!(ips.take("c", at(31)), Ok(a));
        assert!(ips.keep(b, "b") && !ips.keep(b, "c"));
    }

    #[test]
    fn a_restarted_host_keeps_what_its_pods_have() {
        let mut ips = ips("10.0.0.0/24");
        assert!(ips.keep(ip("10.0.0.1"), "a"));
        assert!(!ips.keep(ip("10.0.1.1"), "b"), "of another Node");
        assert!(!ips.keep(ip("10.0.0.0"), "b") && !ips.keep(ip("10.0.0.255"), "b"));
        assert_eq!(ips.take("b", at(0)), Ok(ip("10.0.0.2")));
    }
}
