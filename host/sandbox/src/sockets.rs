//! `wasi:sockets`: TCP within what a workload may reach, from the one address that is its own.
//!
//! The sockets are wasmtime-wasi's and the operating system's. Changed is where they may be bound, where they may go,
//! and who looks up names. A server that binds to any address, as nearly all do, gets the workload's own: other
//! workloads of this process have theirs, and the machine's are none of its business.
//!
//! Absent: UDP, which is denied.

mod lookup;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures::future::BoxFuture;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi::sockets::{SocketAddrUse, TcpSocket, WasiSocketsCtxView};
use wasmtime_wasi::{WasiCtxBuilder, WasiView as _, p2, p3};

use crate::guest::Guest;
use crate::settings::Generation;

/// Says what a workload's sockets may do.
pub trait Sockets: Send + Sync + 'static {
    /// The workload's own address; without one it has no sockets.
    fn local(&self) -> Option<IpAddr>;
    /// Whether a guest may listen on this port of its address.
    fn may_listen(&self, port: u16) -> bool;
    /// Whether a guest may connect to this address.
    fn may_connect(&self, address: SocketAddr) -> bool;
    /// The addresses of a name. The future may be dropped at any time.
    fn resolve(&self, name: String) -> BoxFuture<'static, Result<Vec<IpAddr>, ResolveError>>;
}

/// Why a name has no address. The guest is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// Nobody is called that, or nobody whom the workload may reach.
    #[error("name unresolvable")]
    Unresolvable,
    /// It may be found later.
    #[error("temporary resolver failure")]
    Temporary,
}

/// Has no sockets.
impl Sockets for () {
    fn local(&self) -> Option<IpAddr> {
        None
    }

    fn may_listen(&self, _: u16) -> bool {
        false
    }

    fn may_connect(&self, _: SocketAddr) -> bool {
        false
    }

    fn resolve(&self, _: String) -> BoxFuture<'static, Result<Vec<IpAddr>, ResolveError>> {
        Box::pin(std::future::ready(Err(ResolveError::Unresolvable)))
    }
}

/// Gives a context the sockets that `sockets` allows.
pub(crate) fn configure(context: &mut WasiCtxBuilder, sockets: &Arc<dyn Sockets>) {
    let check = sockets.clone();
    context
        .allow_tcp(sockets.local().is_some())
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .socket_addr_check(move |address, wanted| Box::pin(std::future::ready(allowed(&*check, address, wanted))));
}

fn allowed(sockets: &dyn Sockets, address: SocketAddr, wanted: SocketAddrUse) -> bool {
    let own = |address: SocketAddr| sockets.local() == Some(address.ip());
    match wanted {
        // Binding to any address and no port is what connecting does before it connects.
        SocketAddrUse::TcpBind => own(address) || (address.ip().is_unspecified() && address.port() == 0),
        SocketAddrUse::TcpListen => own(address) && sockets.may_listen(address.port()),
        SocketAddrUse::TcpAccept => true,
        SocketAddrUse::TcpConnect => sockets.may_connect(address),
        SocketAddrUse::UdpBind | SocketAddrUse::UdpSend | SocketAddrUse::UdpReceive => false,
    }
}

/// Where a guest's server is bound that asked for `wanted`.
fn bound(sockets: &dyn Sockets, wanted: SocketAddr) -> SocketAddr {
    match sockets.local() {
        Some(local) if wanted.ip().is_unspecified() && wanted.is_ipv4() == local.is_ipv4() => {
            SocketAddr::new(local, wanted.port())
        }
        _ => wanted,
    }
}

/// Replaces the functions that bind and look up. The linker must allow shadowing.
pub(crate) fn add_to_linker(linker: &mut Linker<Guest>, generation: Generation) -> wasmtime::Result<()> {
    bind_02(linker)?;
    lookup::add_02(linker)?;
    if generation == Generation::Concurrent {
        bind_03(linker)?;
        lookup::add_03(linker)?;
    }
    Ok(())
}

fn view(guest: &mut Guest) -> WasiSocketsCtxView<'_> {
    let view = guest.ctx();
    WasiSocketsCtxView { ctx: view.ctx.sockets(), table: view.table }
}

fn bind_02(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    use p2::bindings::sockets::network::{ErrorCode, Host as _, IpSocketAddress, Network};
    use p2::bindings::sockets::tcp::HostTcpSocket as _;
    type Arguments = (Resource<TcpSocket02>, Resource<Network>, IpSocketAddress);
    type TcpSocket02 = p2::bindings::sockets::tcp::TcpSocket;
    linker.instance("wasi:sockets/tcp@0.2.12")?.func_wrap_async(
        "[method]tcp-socket.start-bind",
        |mut store, (socket, network, wanted): Arguments| {
            Box::new(async move {
                let guest = store.data_mut();
                let address = bound(guest.sockets(), wanted.into());
                let mut view = view(guest);
                let answer: Result<(), ErrorCode> = match view.start_bind(socket, network, address.into()).await {
                    Ok(()) => Ok(()),
                    Err(error) => Err(view.convert_error_code(error)?),
                };
                Ok((answer,))
            })
        },
    )
}

fn bind_03(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    use p3::bindings::sockets::types::{ErrorCode, Host as _, HostTcpSocket as _, IpSocketAddress};
    type Arguments = (Resource<TcpSocket>, IpSocketAddress);
    linker.instance("wasi:sockets/types@0.3.0")?.func_wrap_async(
        "[method]tcp-socket.bind",
        |mut store, (socket, wanted): Arguments| {
            Box::new(async move {
                let guest = store.data_mut();
                let address = bound(guest.sockets(), wanted.into());
                let mut view = view(guest);
                let answer: Result<(), ErrorCode> = match view.bind(socket, address.into()).await {
                    Ok(()) => Ok(()),
                    Err(error) => Err(view.convert_error_code(error)?),
                };
                Ok((answer,))
            })
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// May listen on 80 and connect to port 1.
    struct Some10;

    impl Sockets for Some10 {
        fn local(&self) -> Option<IpAddr> {
            Some([10, 0, 0, 1].into())
        }

        fn may_listen(&self, port: u16) -> bool {
            port == 80
        }

        fn may_connect(&self, address: SocketAddr) -> bool {
            address.port() == 1
        }

        fn resolve(&self, name: String) -> BoxFuture<'static, Result<Vec<IpAddr>, ResolveError>> {
            ().resolve(name)
        }
    }

    #[test]
    fn servers_get_the_workloads_own_address_and_no_other() {
        for (wanted, address) in
            [("0.0.0.0:80", "10.0.0.1:80"), ("127.0.0.1:80", "127.0.0.1:80"), ("[::]:80", "[::]:80")]
        {
            assert_eq!(bound(&Some10, wanted.parse().unwrap()).to_string(), address);
            assert_eq!(bound(&(), wanted.parse().unwrap()).to_string(), wanted);
        }
        for (address, wanted, expected) in [
            ("10.0.0.1:80", SocketAddrUse::TcpBind, true),
            ("10.0.0.1:80", SocketAddrUse::TcpListen, true),
            ("10.0.0.1:81", SocketAddrUse::TcpListen, false),
            ("0.0.0.0:0", SocketAddrUse::TcpBind, true),
            ("0.0.0.0:0", SocketAddrUse::TcpListen, false),
            ("0.0.0.0:80", SocketAddrUse::TcpBind, false),
            ("127.0.0.1:80", SocketAddrUse::TcpBind, false),
            ("10.0.0.2:1", SocketAddrUse::TcpConnect, true),
            ("10.0.0.2:2", SocketAddrUse::TcpConnect, false),
            ("10.0.0.1:53", SocketAddrUse::UdpBind, false),
        ] {
            assert_eq!(allowed(&Some10, address.parse().unwrap(), wanted), expected, "{address} {wanted:?}");
            assert!(!allowed(&(), "10.0.0.1:80".parse().unwrap(), wanted) || matches!(wanted, SocketAddrUse::TcpBind));
        }
    }
}
