//! `wasi:sockets/ip-name-lookup`, answered by [`Sockets::resolve`](super::Sockets::resolve) and never by the machine's
//! resolver, which would tell guests names that are not theirs to know.

use std::net::IpAddr;
use std::vec;

use futures::future::BoxFuture;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceType};
use wasmtime_wasi::{p2, p3};
use wasmtime_wasi_io::poll::{self, DynPollable, Pollable};

use super::ResolveError;
use crate::guest::Guest;

/// The addresses of a name, as they come.
enum Addresses {
    Coming(BoxFuture<'static, Result<Vec<IpAddr>, ResolveError>>),
    There(Result<vec::IntoIter<IpAddr>, ResolveError>),
}

#[async_trait::async_trait]
impl Pollable for Stream {
    async fn ready(&mut self) {
        if let Addresses::Coming(coming) = &mut self.0 {
            let found = coming.await;
            self.0 = Addresses::There(found.map(IntoIterator::into_iter));
        }
    }
}

/// A guest's handle.
struct Stream(Addresses);

pub(super) fn add_02(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    use p2::bindings::sockets::network::{ErrorCode, IpAddress, Network};
    let mut lookup = linker.instance("wasi:sockets/ip-name-lookup@0.2.12")?;
    lookup.resource("resolve-address-stream", ResourceType::host::<Stream>(), |mut store, handle| {
        let stream = Resource::<Stream>::new_own(handle);
        store.data_mut().table().delete(stream)?;
        Ok(())
    })?;
    lookup.func_wrap(
        "resolve-addresses",
        |mut store: StoreContextMut<'_, Guest>, (network, name): (Resource<Network>, String)| {
            let guest = store.data_mut();
            guest.table().get(&network)?;
            let coming = guest.sockets().resolve(name);
            Ok((Ok::<_, ErrorCode>(guest.table().push(Stream(Addresses::Coming(coming)))?),))
        },
    )?;
    lookup.func_wrap(
        "[method]resolve-address-stream.resolve-next-address",
        |mut store: StoreContextMut<'_, Guest>, (stream,): (Resource<Stream>,)| {
            let next: Result<Option<IpAddress>, ErrorCode> = match &mut store.data_mut().table().get_mut(&stream)?.0 {
                Addresses::Coming(_) => Err(ErrorCode::WouldBlock),
                Addresses::There(Ok(addresses)) => Ok(addresses.next().map(IpAddress::from)),
                Addresses::There(Err(ResolveError::Unresolvable)) => Err(ErrorCode::NameUnresolvable),
                Addresses::There(Err(ResolveError::Temporary)) => Err(ErrorCode::TemporaryResolverFailure),
            };
            Ok((next,))
        },
    )?;
    lookup.func_wrap(
        "[method]resolve-address-stream.subscribe",
        |mut store: StoreContextMut<'_, Guest>, (stream,): (Resource<Stream>,)| {
            let pollable: Resource<DynPollable> = poll::subscribe(store.data_mut().table(), stream)?;
            Ok((pollable,))
        },
    )
}

pub(super) fn add_03(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    use p3::bindings::sockets::ip_name_lookup::ErrorCode;
    use p3::bindings::sockets::types::IpAddress;
    linker.instance("wasi:sockets/ip-name-lookup@0.3.0")?.func_wrap_concurrent(
        "resolve-addresses",
        |accessor, (name,): (String,)| {
            Box::pin(async move {
                let coming = accessor.with(|mut access| access.data_mut().sockets().resolve(name));
                let found: Result<Vec<IpAddress>, ErrorCode> = match coming.await {
                    Ok(addresses) => Ok(addresses.into_iter().map(IpAddress::from).collect()),
                    Err(ResolveError::Unresolvable) => Err(ErrorCode::NameUnresolvable),
                    Err(ResolveError::Temporary) => Err(ErrorCode::TemporaryResolverFailure),
                };
                Ok((found,))
            })
        },
    )
}
