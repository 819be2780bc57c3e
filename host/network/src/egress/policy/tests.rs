//! What rules permit, as tables.

use super::*;

fn range(text: &str) -> To {
    let (network, prefix) = text.split_once('/').expect("a range");
    let range = Range::new(network.parse().expect("an address"), prefix.parse().expect("a prefix"));
    To::Range(range.expect("a range"))
}

fn rule(protocol: Option<Protocol>, to: To, port: Option<u16>) -> Rule {
    Rule { protocol, to, port }
}

fn any(to: To) -> Policy {
    Policy::new(vec![rule(None, to, None)])
}

/// What becomes of `url`, whose name, if it is one, has the address `ip`.
fn judged(policy: &Policy, url: &str, ip: &str) -> Result<(), Reason> {
    let target = Target::of(&url.parse().expect(url))?;
    policy.target(&target)?;
    let ip = match target.host {
        Host::Address(ip) => ip,
        Host::Name(_) => ip.parse().expect("an address"),
    };
    policy.connection(&target, ip).map(drop)
}

const PUBLIC: &str = "93.184.216.34";

#[test]
fn nothing_is_permitted_by_default() {
    let nothing = Policy::default();
    assert!(nothing.is_empty());
    assert_eq!(judged(&nothing, "https://example.com/", PUBLIC), Err(Reason::NoRule));
    assert_eq!(judged(&nothing, &format!("http://{PUBLIC}/"), PUBLIC), Err(Reason::NoRule));
    assert!(!nothing.permits_address(format!("{PUBLIC}:443").parse().expect("an address")));
}

#[test]
fn a_name_permits_itself_at_its_port_by_its_protocol() {
    let policy = Policy::new(vec![rule(Some(Protocol::Https), To::Name("api.example.com".into()), Some(443))]);
    assert_eq!(judged(&policy, "https://API.example.com./", PUBLIC), Ok(()));
    for url in [
        "http://api.example.com/",
        "http://api.example.com:443/",
        "https://api.example.com:8443/",
        "https://example.com/",
        "https://a.api.example.com/",
        "https://xapi.example.com/",
        "https://api.example.com.evil.org/",
        "https://93.184.216.34/",
    ] {
        assert_eq!(judged(&policy, url, PUBLIC), Err(Reason::NoRule), "{url}");
    }
}

#[test]
fn a_wildcard_permits_any_number_of_labels_and_not_the_apex() {
    let policy = Policy::new(vec![rule(Some(Protocol::Https), To::Below("example.com".into()), Some(443))]);
    for url in ["https://a.example.com/", "https://b.a.example.com/"] {
        assert_eq!(judged(&policy, url, PUBLIC), Ok(()), "{url}");
    }
    for url in ["https://example.com/", "https://aexample.com/", "https://a.example.com.evil.org/"] {
        assert_eq!(judged(&policy, url, PUBLIC), Err(Reason::NoRule), "{url}");
    }
}

#[test]
fn a_name_leads_to_public_addresses_unless_a_range_of_the_same_pod_holds_the_address() {
    let name = || rule(Some(Protocol::Http), To::Name("db.example.com".into()), Some(80));
    let ip: IpAddr = "10.1.2.3".parse().expect("an address");
    let alone = Policy::new(vec![name()]);
    assert_eq!(
        judged(&alone, "http://db.example.com/", "10.1.2.3"),
        Err(Reason::NotPublic { ip, class: Class::Private })
    );
    let both = Policy::new(vec![name(), rule(None, range("10.1.0.0/16"), None)]);
    assert_eq!(judged(&both, "http://db.example.com/", "10.1.2.3"), Ok(()));
    assert_eq!(judged(&both, "http://10.1.2.3:8080/", "-"), Ok(()));
    assert!(judged(&both, "http://db.example.com/", "10.2.0.1").is_err(), "beyond the range");
    assert_eq!(judged(&both, "http://other.example.com/", "10.1.2.3"), Err(Reason::NoRule), "a range permits no name");
    // A range for sockets opens nothing to requests.
    let sockets = Policy::new(vec![name(), rule(Some(Protocol::Tcp), range("10.1.0.0/16"), Some(80))]);
    assert!(judged(&sockets, "http://db.example.com/", "10.1.2.3").is_err());
}

#[test]
fn metadata_services_need_a_rule_of_their_very_own() {
    for (ip, url, around) in [
        ("169.254.169.254", "http://169.254.169.254/", "169.254.0.0/16"),
        ("fd00:ec2::254", "http://[fd00:ec2::254]/", "fd00::/8"),
        ("168.63.129.16", "http://168.63.129.16/", "168.0.0.0/8"),
    ] {
        assert!(judged(&any(range(around)), url, ip).is_err(), "{ip}");
        assert!(judged(&any(To::Public), url, ip).is_err(), "{ip}");
        let exactly = any(To::Range(Range::one(ip.parse().expect("an address"))));
        assert_eq!(judged(&exactly, url, ip), Ok(()), "{ip}");
    }
}

#[test]
fn an_address_inside_another_is_judged_too() {
    let nat64 = |more: &str| Policy::new(vec![rule(None, range("64:ff9b::/96"), None), rule(None, range(more), None)]);
    assert_eq!(judged(&nat64("192.168.0.0/16"), &format!("http://[64:ff9b::{PUBLIC}]/"), "-"), Ok(()));
    let inside = "http://[64:ff9b::10.0.0.1]/";
    assert!(matches!(judged(&nat64("192.168.0.0/16"), inside, "-"), Err(Reason::Detour { .. })));
    assert_eq!(judged(&nat64("10.0.0.0/8"), inside, "-"), Ok(()));
    // A range of IPv4 addresses does not hold other spellings of them.
    assert!(judged(&any(range("10.0.0.0/8")), "http://[::ffff:10.0.0.1]/", "-").is_err());
    // Nobody but its operator knows where these lead.
    assert!(judged(&any(range("64:ff9b:1::/48")), "http://[64:ff9b:1::808:808]/", "-").is_err());
}

/// F77: URLs that nothing permits but a range, and why.
const DENIED: &[(&str, &str)] = &[
    ("http://127.0.0.1/", "is loopback"),
    ("http://127.8.9.10:6443/", "is loopback"),
    ("http://0.0.0.0/", "is unspecified"),
    ("http://10.0.0.1/", "is private"),
    ("http://172.31.255.255/", "is private"),
    ("http://192.168.1.1/", "is private"),
    ("http://169.254.169.254/latest/meta-data/", "metadata"),
    ("http://169.254.1.1/", "is link-local"),
    ("http://100.64.0.1/", "carrier's NAT"),
    ("http://100.100.100.200/", "metadata"),
    ("http://192.0.2.1/", "documentation"),
    ("http://198.18.0.1/", "benchmarks"),
    ("http://224.0.0.1/", "multicast"),
    ("http://240.0.0.1/", "reserved"),
    ("http://255.255.255.255/", "broadcast"),
    ("http://[::]/", "is unspecified"),
    ("http://[::1]/", "is loopback"),
    ("http://[fd00:ec2::254]/", "metadata"),
    ("http://[fd12::1]/", "is private"),
    ("http://[fec0::1]/", "is private"),
    ("http://[fe80::1]/", "is link-local"),
    ("http://[ff02::1]/", "multicast"),
    ("http://[2001:db8::1]/", "documentation"),
    ("http://[100::1]/", "reserved"),
    ("http://[::ffff:127.0.0.1]/", "v4-mapped"),
    ("http://[::ffff:a9fe:a9fe]/", "v4-mapped"),
    ("http://[::ffff:93.184.216.34]/", "v4-mapped"),
    ("http://[::ffff:0:127.0.0.1]/", "v4-translated"),
    ("http://[::127.0.0.1]/", "v4-compatible"),
    ("http://[64:ff9b::a9fe:a9fe]/", "NAT64"),
    ("http://[64:ff9b:1::a9fe:a9fe]/", "local NAT64"),
    ("http://[2002:7f00:1::]/", "6to4"),
    ("http://[2001:0:7f00:1::]/", "Teredo"),
    ("http://[2606:4700::5efe:7f00:1]/", "ISATAP"),
    ("http://2130706433/", "odd spelling"),
    ("http://0x7f000001/", "odd spelling"),
    ("http://0X7F.1/", "odd spelling"),
    ("http://0x/", "odd spelling"),
    ("http://0177.0.0.1/", "odd spelling"),
    ("http://017700000001/", "odd spelling"),
    ("http://127.1/", "odd spelling"),
    ("http://127.0.1/", "odd spelling"),
    ("http://127.0.0.1./", "odd spelling"),
    ("http://127.0.0.256/", "odd spelling"),
    ("http://1.2.3.4.5/", "odd spelling"),
    ("http://evil.example.0x7f000001/", "odd spelling"),
    ("http://093.184.216.34/", "odd spelling"),
    ("http://a..b/", "plain name"),
    ("http://-a/", "plain name"),
    ("http://example.com../", "plain name"),
    ("http://me@example.com/", "user information"),
    ("http://example.com@169.254.169.254/", "user information"),
    ("http://example.com:0/", "port"),
    ("http://example.com:/", "port"),
    ("ftp://example.com/", "only http and https"),
    ("/path", "only http and https"),
];

// F77: whatever is permitted, these are not.
#[test]
fn every_form_of_an_address_that_is_not_public_is_denied() {
    let everything_public = any(To::Public);
    for (url, reason) in DENIED {
        let denied = judged(&everything_public, url, PUBLIC).expect_err(url).to_string();
        assert!(denied.contains(reason), "{url}: {denied}");
    }
    // What is not even a URI cannot be asked for.
    for url in [
        "http://bücher.example/",
        "http://127。0。0。1/",
        "http://①②⑦.0.0.1/",
        "http://[fe80::1%25eth0]/",
        "http://%31.example/",
    ] {
        let denied = url.parse().map_err(drop).and_then(|uri| Target::of(&uri).map_err(drop));
        assert_eq!(denied, Err(()), "{url}");
    }
    // Names that lead to such addresses are no better.
    for ip in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"] {
        assert!(judged(&everything_public, "https://rebound.example/", ip).is_err(), "{ip}");
    }
    assert_eq!(judged(&everything_public, "https://example.com:8443/", PUBLIC), Ok(()));
    assert_eq!(judged(&everything_public, "https://[2606:4700::1111]/", "-"), Ok(()));
}

#[test]
fn sockets_are_permitted_by_ranges_and_by_names_that_the_host_resolved() {
    let policy = Policy::new(vec![
        rule(Some(Protocol::Tcp), range("10.0.0.0/8"), Some(5432)),
        rule(Some(Protocol::Tcp), To::Name("db.example.com".into()), Some(5432)),
        rule(Some(Protocol::Https), To::Public, Some(443)),
    ]);
    let at = |text: &str| text.parse::<SocketAddr>().expect("an address");
    assert!(policy.permits_address(at("10.1.2.3:5432")));
    for denied in ["10.1.2.3:80", "11.1.2.3:5432", "93.184.216.34:5432", "93.184.216.34:443", "[::ffff:10.1.2.3]:5432"]
    {
        assert!(!policy.permits_address(at(denied)), "{denied}");
    }
    assert!(policy.permits_address_of("DB.example.com.", at("93.184.216.34:5432")));
    assert!(policy.permits_address_of("db.example.com", at("10.1.2.3:5432")));
    assert!(!policy.permits_address_of("db.example.com", at("192.168.0.1:5432")));
    assert!(!policy.permits_address_of("db.example.com", at("93.184.216.34:443")));
    assert!(!policy.permits_address_of("example.com", at("93.184.216.34:5432")));
    assert!(any(To::Public).permits_address(at("93.184.216.34:25")));
}
