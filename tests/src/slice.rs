//! Addresses of one test's own, so that clusters of tests that run at once never meet.
//!
//! A slice is a number, held for the life of the value by a listener on a port that nobody else takes.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

const SLICES: u8 = 60;
const FIRST_LOCK_PORT: u16 = 20_100;

/// A slice of 127/8: addresses of Nodes, Pods and Services.
#[derive(Debug)]
pub struct Slice {
    number: u8,
    _held: TcpListener,
}

impl Slice {
    /// Takes a free slice.
    ///
    /// # Panics
    /// All are taken, which means that tests leak clusters.
    #[must_use]
    pub fn take() -> Self {
        (0..SLICES)
            .find_map(|number| {
                let held = TcpListener::bind((Ipv4Addr::LOCALHOST, FIRST_LOCK_PORT + u16::from(number))).ok()?;
                Some(Self { number, _held: held })
            })
            .expect("a free slice of addresses")
    }

    /// The address of the `n`th Node, from 1.
    #[must_use]
    pub fn node_ip(&self, n: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(127, 1, self.number + 1, n))
    }

    /// Pods of up to four hosts.
    #[must_use]
    pub fn pod_cidr(&self) -> String {
        format!("127.{}.0.0/16", 64 + self.number)
    }

    /// Services.
    #[must_use]
    pub fn service_cidr(&self) -> String {
        format!("127.{}.0.0/16", 128 + self.number)
    }

    /// An address of the control plane's, by role.
    #[must_use]
    pub fn server_addr(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.node_ip(1), port)
    }
}
