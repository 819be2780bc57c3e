//! What a guest's URL names: a Service, an address, or something outside the cluster.
//!
//! Nothing here resolves anything. A name that is not of the cluster's form, in any spelling, is outside; an address
//! is one only in its plain spelling, so that `2130706433`, `0x7f.1` or `0177.0.0.1` stay names, which no Service has.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The cluster's domain; fixed, as guests are told names and not domains.
const CLUSTER_DOMAIN: [&str; 3] = ["svc", "cluster", "local"];
/// Longest name of a Service or namespace (RFC 1035 label).
const LABEL_BYTES_MAX: usize = 63;

/// What a host in a URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name<'a> {
    /// A Service, whether or not there is one of that name.
    Service { namespace: &'a str, name: &'a str },
    /// An address, whether or not it is the cluster's.
    Address(IpAddr),
    /// Anything else.
    Outside,
}

/// Reads `host`, in lower case, as seen from `namespace`.
pub(crate) fn parse<'a>(host: &'a str, namespace: &'a str) -> Name<'a> {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return inner.parse::<Ipv6Addr>().map_or(Name::Outside, |ip| Name::Address(ip.into()));
    }
    if let Ok(ip) = host.parse::<Ipv4Addr>() {
        return Name::Address(ip.into());
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    let mut labels = host.split('.');
    let (Some(name), own) = (labels.next(), labels.next()) else { return Name::Outside };
    let mut domain = [""; CLUSTER_DOMAIN.len()];
    let mut depth = 0;
    for label in labels {
        let Some(slot) = domain.get_mut(depth) else { return Name::Outside };
        *slot = label;
        depth += 1;
    }
    let domain = &domain[..depth];
    // `users.shop`, `users.shop.svc` and `users.shop.svc.cluster.local`; nothing between.
    let of_the_cluster = matches!(domain.len(), 0 | 1 | 3) && CLUSTER_DOMAIN.starts_with(domain);
    let namespace = own.unwrap_or(namespace);
    if of_the_cluster && is_label(name, Start::Letter) && is_label(namespace, Start::LetterOrDigit) {
        Name::Service { namespace, name }
    } else {
        Name::Outside
    }
}

/// A Pod by its own name below a headless Service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PodName<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) service: &'a str,
    pub(crate) pod: &'a str,
}

/// Reads `host`, in lower case, as a Pod's name as seen from `namespace`: `db-0.db`, `db-0.db.shop`, `db-0.db.shop.svc`
/// and `db-0.db.shop.svc.cluster.local`. The first two read like other names too; whoever asks looks for the Pod
/// first, as Kubernetes' search path does.
pub(crate) fn parse_pod<'a>(host: &'a str, namespace: &'a str) -> Option<PodName<'a>> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let mut labels = host.split('.');
    let (pod, service) = (labels.next()?, labels.next()?);
    let namespace = labels.next().unwrap_or(namespace);
    let domain: Vec<&str> = labels.take(CLUSTER_DOMAIN.len() + 1).collect();
    let of_the_cluster = matches!(domain.len(), 0 | 1 | 3) && CLUSTER_DOMAIN.starts_with(&domain);
    let are_labels = is_label(pod, Start::LetterOrDigit)
        && is_label(service, Start::Letter)
        && is_label(namespace, Start::LetterOrDigit);
    (of_the_cluster && are_labels).then_some(PodName { namespace, service, pod })
}

/// What a label may begin with: RFC 1035 for Services, RFC 1123 for namespaces.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    Letter,
    LetterOrDigit,
}

fn is_label(label: &str, start: Start) -> bool {
    let bytes = label.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    let inner = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
    bytes.len() <= LABEL_BYTES_MAX
        && (first.is_ascii_lowercase() || (start == Start::LetterOrDigit && first.is_ascii_digit()))
        && *last != b'-'
        && bytes.iter().all(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_named_in_four_ways() {
        for (host, namespace, name) in [
            ("users", "here", "users"),
            ("users.shop", "shop", "users"),
            ("users.shop.svc", "shop", "users"),
            ("users.shop.svc.cluster.local", "shop", "users"),
            ("users.shop.svc.cluster.local.", "shop", "users"),
            ("users-2.0shop", "0shop", "users-2"),
        ] {
            assert_eq!(parse(host, "here"), Name::Service { namespace, name }, "{host}");
        }
    }

    #[test]
    fn a_pod_is_named_below_its_service() {
        for (host, namespace) in [
            ("db-0.db", "here"),
            ("db-0.db.shop", "shop"),
            ("db-0.db.shop.svc", "shop"),
            ("db-0.db.shop.svc.cluster.local", "shop"),
            ("db-0.db.shop.svc.cluster.local.", "shop"),
        ] {
            assert_eq!(parse_pod(host, "here"), Some(PodName { namespace, service: "db", pod: "db-0" }), "{host}");
        }
        for host in
            ["db-0", "db-0.db.shop.svc.cluster", "db-0.db.shop.svc.cluster.local.evil.com", "db-0..shop", "a.b.c.d"]
        {
            assert_eq!(parse_pod(host, "here"), None, "{host}");
        }
    }

    // F77: every other spelling is either a name nobody has or outside.
    #[test]
    fn odd_spellings_of_addresses_are_not_addresses() {
        for host in [
            "2130706433",
            "0x7f000001",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "127.1",
            "127.0.1",
            "127.0.0.1.",
            "127.0.0.256",
            "1.2.3.4.5",
            "[127.0.0.1]",
            "[::1",
            "::1",
            "[fe80::1%25eth0]",
            "①②⑦.0.0.1",
            "127。0。0。1",
        ] {
            assert!(!matches!(parse(host, "here"), Name::Address(_)), "{host}");
        }
        assert_eq!(parse("127.64.0.9", "here"), Name::Address([127, 64, 0, 9].into()));
        // A v4-mapped address stays what it is: no table lists one.
        let mapped: Ipv6Addr = "::ffff:127.0.0.1".parse().expect("an address");
        assert_eq!(parse("[::ffff:127.0.0.1]", "here"), Name::Address(mapped.into()));
    }

    #[test]
    fn everything_else_is_outside() {
        for host in [
            "",
            ".",
            "..",
            "a..b",
            ".a",
            "-a",
            "a-",
            "1a",
            "a_b",
            "a b",
            "users.shop.com",
            "users.shop.svc.cluster",
            "users.shop.svc.cluster.local.evil.com",
            "users.shop.svc.cluster.local..",
            "www.example.org",
            "metadata.google.internal",
            "users.shop.svc.evil.local",
            "a.b.c.svc.cluster.local",
            "münchen",
            "xn--mnchen-3ya.-de",
        ] {
            assert_eq!(parse(host, "here"), Name::Outside, "{host}");
        }
        assert_eq!(parse(&"a".repeat(64), "here"), Name::Outside);
    }
}
