//! How the filter to the outside is set up: whom to trust, what is the cluster's own, and rules as the API has them.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use api::egress::{Protocol as ApiProtocol, Rule as ApiRule, To as ApiTo};
use network::Proxy;
use network::egress::{Config, Egress, Limits, Policy, Protocol, Range, Rule, SystemResolver, To};
use protocol::v1::Welcome;

use crate::link::Link;

/// Longest time to look for the control plane's address, which must not keep a host from starting.
const LOOKUP_WITHIN: Duration = Duration::from_secs(5);

/// The way out of this host's guests. What `proxy` knows to be the cluster's is never reached by it, nor the machine
/// of the control plane.
///
/// # Errors
/// TLS cannot be set up.
pub(crate) async fn egress(proxy: &Proxy, link: &dyn Link) -> Result<Egress, rustls::Error> {
    let control_plane = match link.server() {
        Some(server) => addresses_of(server).await,
        None => Vec::new(),
    };
    let proxy = proxy.clone();
    Egress::new(Config {
        roots: roots(),
        resolver: Arc::new(SystemResolver::default()),
        owns: Arc::new(move |ip| control_plane.contains(&ip) || proxy.owns(ip)),
        limits: Limits::default(),
    })
}

async fn addresses_of(server: &str) -> Vec<IpAddr> {
    match tokio::time::timeout(LOOKUP_WITHIN, tokio::net::lookup_host(server)).await {
        Ok(Ok(found)) => found.map(|address| address.ip()).collect(),
        Ok(Err(error)) => {
            tracing::warn!(%server, %error, "guests are not kept from the control plane's address: it is not known");
            Vec::new()
        }
        Err(_) => {
            tracing::warn!(%server, "guests are not kept from the control plane's address: nobody tells it in time");
            Vec::new()
        }
    }
}

/// The certificate authorities that this machine trusts.
fn roots() -> rustls::RootCertStore {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = rustls::RootCertStore::empty();
    let (trusted, unread) = roots.add_parsable_certificates(found.certs);
    if trusted == 0 {
        let errors = found.errors;
        tracing::warn!(
            unread,
            ?errors,
            "this machine trusts no certificate authority, so guests reach nothing by https outside the cluster; \
             install its package ca-certificates"
        );
    }
    roots
}

/// The ranges that a welcome tells: this Node's Pods and all Services.
pub(crate) fn own_ranges(welcome: &Welcome) -> Vec<Range> {
    [&welcome.pod_cidr, &welcome.service_cidr].into_iter().filter_map(|cidr| range(cidr)).collect()
}

fn range(cidr: &str) -> Option<Range> {
    let (network, prefix) = cidr.split_once('/')?;
    Range::new(network.parse().ok()?, prefix.parse().ok()?)
}

/// The policy of a Pod with these rules.
pub(crate) fn policy(rules: &[ApiRule]) -> Policy {
    Policy::new(rules.iter().filter_map(rule).collect())
}

/// None for a range whose prefix is too long, which the API does not let pass.
fn rule(rule: &ApiRule) -> Option<Rule> {
    let to = match &rule.to {
        ApiTo::Public => To::Public,
        ApiTo::Name(name) => To::Name(name.as_str().into()),
        ApiTo::Below(name) => To::Below(name.as_str().into()),
        ApiTo::Range { network, prefix } => To::Range(Range::new(*network, *prefix)?),
    };
    let protocol = rule.protocol.map(|protocol| match protocol {
        ApiProtocol::Http => Protocol::Http,
        ApiProtocol::Https => Protocol::Https,
        ApiProtocol::Tcp => Protocol::Tcp,
    });
    Some(Rule { protocol, to, port: rule.port })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_mean_here_what_they_say_there() {
        let rules = api::egress::parse("tcp://10.0.0.0/8:5432 192.168.7.9 tcp://db.example.com:5432").expect("parses");
        let policy = policy(&rules);
        for (to, permitted) in [
            ("10.1.2.3:5432", true),
            ("10.1.2.3:80", false),
            ("192.168.7.9:80", true),
            ("192.168.7.8:80", false),
            ("93.184.216.34:5432", false),
        ] {
            assert_eq!(policy.permits_address(to.parse().expect(to)), permitted, "{to}");
        }
        assert!(policy.permits_address_of("db.example.com", "93.184.216.34:5432".parse().expect("an address")));
        assert!(super::policy(&[]).is_empty());
    }

    #[test]
    fn a_welcome_tells_what_is_the_clusters() {
        let welcome = Welcome {
            pod_cidr: "10.64.0.0/18".to_owned(),
            service_cidr: "10.96.0.0/12".to_owned(),
            ..Welcome::default()
        };
        let ranges = own_ranges(&welcome);
        let owns = |ip: [u8; 4]| ranges.iter().any(|range| range.contains(ip.into()));
        assert!(owns([10, 64, 1, 2]) && owns([10, 96, 0, 1]) && !owns([10, 65, 0, 1]));
        assert!(own_ranges(&Welcome::default()).is_empty());
    }
}
