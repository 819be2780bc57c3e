//! Making listening sockets.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};

/// Clients that vanished without a word are found after this much silence ...
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
/// ... and this many unanswered probes ...
const KEEPALIVE_PROBES: u32 = 3;
/// ... this far apart. Only a response that says nothing for long needs it; other waits have shorter limits.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);

/// With whom an address is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// With nobody.
    Alone,
    /// Between the lanes of this proxy, and nobody else: the system would spread connections over us and a stranger.
    AmongLanes,
    /// With other hosts on this machine: any of them can serve it.
    AmongHosts,
}

/// Binds `count` listeners to one address.
///
/// Connections inherit what is set here: no delay, and keep-alive.
///
/// # Errors
/// What the system says; nothing stays bound.
pub(crate) fn bind(addr: SocketAddr, sharing: Sharing, count: usize, backlog: i32) -> io::Result<Vec<TcpListener>> {
    if sharing == Sharing::AmongLanes {
        // A socket that insists on being alone finds out whether anybody else, even one willing to share, listens.
        drop(socket(addr, Sharing::Alone)?);
    }
    let listener = || {
        let socket = socket(addr, sharing)?;
        socket.listen(backlog)?;
        Ok(socket.into())
    };
    (0..count).map(|_| listener()).collect()
}

fn socket(addr: SocketAddr, sharing: Sharing) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    // Addresses of connections that have just ended do not count as taken.
    socket.set_reuse_address(true)?;
    if sharing != Sharing::Alone {
        socket.set_reuse_port(true)?;
    }
    if addr.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_tcp_nodelay(true)?;
    let keepalive =
        TcpKeepalive::new().with_time(KEEPALIVE_IDLE).with_interval(KEEPALIVE_INTERVAL).with_retries(KEEPALIVE_PROBES);
    SockRef::from(&socket).set_tcp_keepalive(&keepalive)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    const ANY: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

    #[test]
    fn connections_inherit_what_the_listener_was_given() {
        let listener = &bind(ANY.into(), Sharing::Alone, 1, 8).expect("bound")[0];
        let _client = TcpStream::connect(listener.local_addr().expect("an address")).expect("connected");
        listener.set_nonblocking(false).expect("blocking");
        let (accepted, _) = listener.accept().expect("accepted");
        assert!(accepted.nodelay().expect("asked"));
        assert!(SockRef::from(&accepted).keepalive().expect("asked"));
    }

    #[test]
    fn lanes_share_an_address_with_each_other_but_not_with_a_stranger() {
        let free = bind(ANY.into(), Sharing::Alone, 1, 8).expect("bound")[0].local_addr().expect("an address");
        let ours = bind(free, Sharing::AmongLanes, 3, 8).expect("bound");
        assert_eq!(ours.len(), 3);
        for sharing in [Sharing::AmongLanes, Sharing::Alone] {
            assert_eq!(bind(free, sharing, 1, 8).expect_err("taken").kind(), io::ErrorKind::AddrInUse);
        }
        drop(ours);
        let hosts = bind(free, Sharing::AmongHosts, 1, 8).expect("bound");
        assert!(bind(free, Sharing::AmongHosts, 1, 8).is_ok(), "hosts of one machine share");
        drop(hosts);
    }
}
