//! Classes of addresses, against a slow and independent definition.

use proptest::prelude::*;

use super::super::range::Range;
use super::*;

/// The registries as tables of ranges, an independent and slow way to say the same: the first that holds counts.
fn tables() -> Vec<(Range, Class)> {
    use Class::{
        Benchmarking, Broadcast, CarrierNat, Documentation, LinkLocal, Loopback, Metadata, Multicast, Private, Public,
        Reserved, Unspecified,
    };
    let embedded = Class::Embedded;
    [
        ("169.254.169.254/32", Metadata),
        ("169.254.170.2/32", Metadata),
        ("169.254.170.23/32", Metadata),
        ("100.100.100.200/32", Metadata),
        ("192.0.0.192/32", Metadata),
        ("168.63.129.16/32", Metadata),
        ("0.0.0.0/8", Unspecified),
        ("10.0.0.0/8", Private),
        ("100.64.0.0/10", CarrierNat),
        ("127.0.0.0/8", Loopback),
        ("169.254.0.0/16", LinkLocal),
        ("172.16.0.0/12", Private),
        ("192.0.0.0/24", Reserved),
        ("192.0.2.0/24", Documentation),
        ("192.88.99.0/24", Reserved),
        ("192.168.0.0/16", Private),
        ("198.18.0.0/15", Benchmarking),
        ("198.51.100.0/24", Documentation),
        ("203.0.113.0/24", Documentation),
        ("224.0.0.0/4", Multicast),
        ("255.255.255.255/32", Broadcast),
        ("240.0.0.0/4", Reserved),
        ("0.0.0.0/0", Public),
        ("fd00:ec2::254/128", Metadata),
        ("fd00:ec2::23/128", Metadata),
        ("fd20:ce::254/128", Metadata),
        ("::/128", Unspecified),
        ("::1/128", Loopback),
        ("::ffff:0:0/96", embedded(Form::Mapped)),
        ("::ffff:0:0:0/96", embedded(Form::Translated)),
        ("::/96", embedded(Form::Compatible)),
        ("64:ff9b::/96", embedded(Form::Nat64)),
        ("64:ff9b:1::/48", embedded(Form::LocalNat64)),
        ("2002::/16", embedded(Form::SixToFour)),
        ("2001::/32", embedded(Form::Teredo)),
        ("2001:2::/48", Benchmarking),
        ("2001:db8::/32", Documentation),
        ("3fff::/20", Documentation),
        ("2001::/23", Reserved),
        ("fc00::/7", Private),
        ("fec0::/10", Private),
        ("fe80::/10", LinkLocal),
        ("ff00::/8", Multicast),
        ("2000::/3", Public),
        ("::/0", Reserved),
    ]
    .map(|(text, class)| {
        let (network, prefix) = text.split_once('/').expect("a range");
        let range = Range::new(network.parse().expect(text), prefix.parse().expect(text)).expect(text);
        (range, class)
    })
    .to_vec()
}

fn slowly(ip: IpAddr) -> Class {
    tables().into_iter().find(|(range, _)| range.contains(ip)).expect("0.0.0.0/0 and ::/0 hold everything").1
}

/// ISATAP is told by the end of an address and not by its beginning; tables know nothing of it.
fn is_isatap(ip: IpAddr) -> bool {
    Class::of(ip) == Class::Embedded(Form::Isatap)
}

fn neighbours(ip: IpAddr) -> [IpAddr; 3] {
    match ip {
        IpAddr::V4(v4) => [-1, 0, 1].map(|by| Ipv4Addr::from_bits(v4.to_bits().wrapping_add_signed(by)).into()),
        IpAddr::V6(v6) => [-1, 0, 1].map(|by| Ipv6Addr::from_bits(v6.to_bits().wrapping_add_signed(by)).into()),
    }
}

fn ends(range: &Range) -> [IpAddr; 2] {
    let text = range.to_string();
    let (network, prefix) = text.split_once('/').expect("a range");
    let (network, prefix): (IpAddr, u32) = (network.parse().expect("an address"), prefix.parse().expect("a prefix"));
    let last = match network {
        IpAddr::V4(v4) => Ipv4Addr::from_bits(v4.to_bits() | u32::MAX.checked_shr(prefix).unwrap_or(0)).into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() | u128::MAX.checked_shr(prefix).unwrap_or(0)).into(),
    };
    [network, last]
}

#[test]
fn classes_begin_and_end_where_the_registries_say() {
    for ip in tables().iter().flat_map(|(range, _)| ends(range)).flat_map(neighbours) {
        assert!(is_isatap(ip) || Class::of(ip) == slowly(ip), "{ip}: {:?}, not {:?}", Class::of(ip), slowly(ip));
    }
}

proptest! {
    #[test]
    fn any_v4_address_has_the_class_of_its_registry(bits: u32) {
        let ip = Ipv4Addr::from_bits(bits).into();
        prop_assert_eq!(Class::of(ip), slowly(ip));
    }

    #[test]
    fn any_v6_address_has_the_class_of_its_registry(bits: u128, kept in 0..=128_u32, at in 0..64_usize) {
        // Chance alone would hardly ever hit a short range: begin like one, go on at random.
        let tables = tables();
        let IpAddr::V6(start) = ends(&tables[at % tables.len()].0)[0] else { return Ok(()) };
        let mask = u128::MAX.checked_shr(kept).unwrap_or(0);
        let ip = Ipv6Addr::from_bits((start.to_bits() & !mask) | (bits & mask)).into();
        prop_assert!(is_isatap(ip) || Class::of(ip) == slowly(ip), "{}", ip);
    }
}

#[test]
fn what_is_inside_is_found() {
    let v4 = |a, b, c, d| Inside::V4(Ipv4Addr::new(a, b, c, d));
    for (text, inside) in [
        ("10.0.0.1", Inside::Nothing),
        ("2606:4700::1", Inside::Nothing),
        ("::1", Inside::Nothing),
        ("::ffff:10.0.0.1", v4(10, 0, 0, 1)),
        ("::ffff:0:10.0.0.1", v4(10, 0, 0, 1)),
        ("::10.0.0.1", v4(10, 0, 0, 1)),
        ("64:ff9b::169.254.169.254", v4(169, 254, 169, 254)),
        ("64:ff9b:1:a00::1", Inside::Unknown),
        ("2002:7f00:1::9", v4(127, 0, 0, 1)),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", v4(192, 0, 2, 45)),
        ("2606:4700::5efe:10.0.0.1", v4(10, 0, 0, 1)),
        ("2606:4700::200:5efe:10.0.0.1", v4(10, 0, 0, 1)),
    ] {
        assert_eq!(Inside::of(text.parse().expect(text)), inside, "{text}");
    }
}
