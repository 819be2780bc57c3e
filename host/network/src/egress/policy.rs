//! What one Pod may reach, and why it may not reach the rest.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::class::{Class, Inside};
use super::range::Range;
use super::target::{Host, Target};

/// What a Pod may reach outside the cluster. The default reaches nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Policy {
    rules: Vec<Rule>,
}

/// One thing that may be reached.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rule {
    /// How; none is any way.
    pub protocol: Option<Protocol>,
    /// Where.
    pub to: To,
    /// At which port; none is any.
    pub port: Option<u16>,
}

/// How something is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Requests in the clear.
    Http,
    /// Requests over TLS.
    Https,
    /// Sockets.
    Tcp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Tcp => "tcp",
        })
    }
}

/// Where a rule leads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum To {
    /// Anything that has a public address.
    Public,
    /// One name, in lower case and without a dot at the end. It leads to public addresses.
    Name(Box<str>),
    /// Every name below this one, and not itself.
    Below(Box<str>),
    /// Addresses, public or not.
    Range(Range),
}

/// Why something may not be reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Not http and not https.
    #[error("only http and https are spoken to the outside")]
    Scheme,
    /// Nothing to go to.
    #[error("the URL has no host")]
    NoHost,
    /// What stands before an `@` is often taken for the host.
    #[error("the URL has user information before its host")]
    UserInfo,
    /// Not a number from 1 to 65535.
    #[error("the URL has a port that is none")]
    Port,
    /// Not an address in its plain spelling.
    #[error("the host is an address in an odd spelling; write four decimal numbers, or IPv6 in brackets")]
    OddAddress,
    /// Not a name that DNS has.
    #[error("the host is not a plain name; write ASCII letters, digits, hyphens and dots, other alphabets in punycode")]
    Name,
    /// No rule names it.
    #[error("no rule of this Pod permits it")]
    NoRule,
    /// The address is not public, and no range holds it.
    #[error("its address {ip} is {class}, and no range among this Pod's rules holds it")]
    NotPublic {
        /// The address.
        ip: IpAddr,
        /// What it is.
        class: Class,
    },
    /// The address leads to another one, which may not be reached.
    #[error("its address {ip} is {class}, which leads where this Pod may not go")]
    Detour {
        /// The address.
        ip: IpAddr,
        /// What it is.
        class: Class,
    },
    /// An address of the cluster itself: Services and Pods are reached by the router or not at all.
    #[error("its address {ip} belongs to the cluster and is not reached from outside of it")]
    Own {
        /// The address.
        ip: IpAddr,
    },
    /// The address is the very machine the Pod runs on.
    #[error("its address {ip} is that of the Pod's own machine, and no range among this Pod's rules holds it")]
    ThisMachine {
        /// The address.
        ip: IpAddr,
    },
}

/// What an address is reached by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grounds {
    /// It is public.
    Public,
    /// A range holds it.
    Range,
}

impl Policy {
    /// A policy that permits what any of `rules` does.
    #[must_use]
    pub fn new(rules: Vec<Rule>) -> Self {
        Self { rules }
    }

    /// Whether it permits anything at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether a socket may be opened to `to`, an address that the guest has from nowhere or has written itself.
    #[must_use]
    pub fn permits_address(&self, to: SocketAddr) -> bool {
        self.address(Protocol::Tcp, to).is_ok()
    }

    /// Whether a socket may be opened to `to`, which is an address of `name`: as the host resolved it, and not as the
    /// guest says.
    #[must_use]
    pub fn permits_address_of(&self, name: &str, to: SocketAddr) -> bool {
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        self.name(Protocol::Tcp, &name, to.port()).is_ok() && self.resolved(Protocol::Tcp, to).is_ok()
    }

    /// Whether a socket may be opened to some port of `name`, so that its addresses may be looked up.
    pub(super) fn dials(&self, name: &str) -> bool {
        let ports = self.rules.iter().map(|rule| rule.port.unwrap_or(1));
        ports.into_iter().any(|port| self.name(Protocol::Tcp, name, port).is_ok())
    }

    /// Judges a request by what its URL says, before anything is resolved.
    pub(super) fn target(&self, target: &Target) -> Result<(), Reason> {
        match &target.host {
            Host::Name(name) => self.name(target.protocol, name, target.port),
            Host::Address(ip) => self.address(target.protocol, SocketAddr::new(*ip, target.port)).map(drop),
        }
    }

    /// Judges an address that a connection for `target` could go to.
    pub(super) fn connection(&self, target: &Target, ip: IpAddr) -> Result<Grounds, Reason> {
        let to = SocketAddr::new(ip, target.port);
        match &target.host {
            Host::Name(_) => self.resolved(target.protocol, to),
            Host::Address(_) => self.address(target.protocol, to),
        }
    }

    fn name(&self, protocol: Protocol, name: &str, port: u16) -> Result<(), Reason> {
        let permits = |to: &To| match to {
            To::Public => true,
            To::Name(it) => **it == *name,
            To::Below(parent) => name.strip_suffix(&**parent).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
            To::Range(_) => false,
        };
        if self.speaking(protocol, port).any(permits) { Ok(()) } else { Err(Reason::NoRule) }
    }

    /// An address the guest wrote itself.
    fn address(&self, protocol: Protocol, to: SocketAddr) -> Result<Grounds, Reason> {
        match self.resolved(protocol, to)? {
            Grounds::Public if !self.speaking(protocol, to.port()).any(|to| *to == To::Public) => Err(Reason::NoRule),
            grounds => Ok(grounds),
        }
    }

    /// An address of a name that is permitted.
    fn resolved(&self, protocol: Protocol, to: SocketAddr) -> Result<Grounds, Reason> {
        let (ip, class) = (to.ip(), Class::of(to.ip()));
        let holds = |range: &Range| range.contains(ip) && (class != Class::Metadata || range.is_one());
        let held = self.speaking(protocol, to.port()).any(|to| matches!(to, To::Range(range) if holds(range)));
        match Inside::of(ip) {
            Inside::Nothing if held => Ok(Grounds::Range),
            Inside::Nothing if class == Class::Public => Ok(Grounds::Public),
            Inside::Nothing => Err(Reason::NotPublic { ip, class }),
            _ if !held => Err(Reason::NotPublic { ip, class }),
            Inside::V4(v4) => self
                .resolved(protocol, SocketAddr::new(v4.into(), to.port()))
                .map(|_| Grounds::Range)
                .map_err(|_| Reason::Detour { ip, class }),
            Inside::Unknown => Err(Reason::Detour { ip, class }),
        }
    }

    /// Where the rules for this protocol and port lead.
    fn speaking(&self, protocol: Protocol, port: u16) -> impl Iterator<Item = &To> {
        self.rules
            .iter()
            .filter(move |rule| rule.protocol.is_none_or(|it| it == protocol) && rule.port.is_none_or(|it| it == port))
            .map(|rule| &rule.to)
    }
}

#[cfg(test)]
mod tests;
