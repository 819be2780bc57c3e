//! A client that comes by a pipe within this process, to a Pod, as if it had connected to the Pod's loopback.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use tokio::io::DuplexStream;

use super::connection;
use super::door::{Door, Place};
use crate::lane::Lane;
use crate::route::Target;

/// Bytes in the pipe, each way.
const PIPE_BYTES: usize = 64 * 1024;

/// Lets a client in to port `port` of the Pod `uid`, on this lane. `None` if there is no room.
pub(crate) fn enter(lane: &Arc<Lane>, uid: &str, port: u16) -> Option<DuplexStream> {
    let door = Arc::new(Door::new(Target::Pod { uid: uid.into(), port }));
    let place = Place::take(lane, &door)?;
    let (near, far) = tokio::io::duplex(PIPE_BYTES);
    let of = lane.clone();
    lane.spawn(async move {
        let shutdown = of.shared.shutdown.clone();
        // Some clients connect long before they ask; who may enter at all is known, unlike on a socket.
        let comes = (IpAddr::V4(Ipv4Addr::LOCALHOST), of.shared.limits.idle_timeout);
        let mut serving = std::pin::pin!(connection::serve(of, door.clone(), place, far, comes));
        tokio::select! {
            () = serving.as_mut() => return,
            () = shutdown.cancelled() => door.close(None),
        }
        serving.await;
    });
    Some(near)
}
