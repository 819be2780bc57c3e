//! Connections into Pods of this host that clients of the API ask for, `kubectl port-forward`.
//!
//! One that answers HTTP is entered by the proxy, as if by a connection to its address: the same requests reach it as
//! through a Service. To one with servers of its own a connection is made.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use network::Proxy;
use protocol::v1::ForwardRequest;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::local::{Answerer, Local, Slot};

/// How long a connection to an address of this machine may take.
const CONNECT_MAX: Duration = Duration::from_secs(2);

/// Connects to Pods.
#[derive(Clone)]
pub(crate) struct Ports {
    pub(crate) local: Arc<Local>,
    pub(crate) proxy: Proxy,
}

/// Bytes both ways.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A connection, and the Pod it leads to.
pub(crate) struct Connection {
    pub(crate) io: Box<dyn Io>,
    pub(crate) pod: Arc<Slot>,
}

impl Ports {
    /// Connects to a port of a Pod.
    ///
    /// # Errors
    /// Why that cannot be, for the client to read.
    pub(crate) async fn connect(&self, request: &ForwardRequest) -> Result<Connection, String> {
        let port = u16::try_from(request.port).map_err(|_| format!("{} is no port", request.port))?;
        let pod = self.local.slot(&request.pod_uid).ok_or("the Pod is not on its host any more")?;
        let io: Box<dyn Io> = match pod.answerer(port) {
            Some(Answerer::Guest(_) | Answerer::Worker(_)) => {
                Box::new(self.proxy.enter(&pod.uid, port).ok_or("the host has too many connections already")?)
            }
            Some(Answerer::Server(_)) | None => Box::new(dial(&pod, port).await?),
        };
        Ok(Connection { io, pod })
    }
}

async fn dial(pod: &Slot, port: u16) -> Result<TcpStream, String> {
    let ip = pod.ip().ok_or("the Pod has no address yet")?;
    let stream = match timeout(CONNECT_MAX, TcpStream::connect(SocketAddr::new(ip, port))).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(format!("failed to connect to {ip}:{port} inside the pod: {error}")),
        Err(_) => return Err(format!("failed to connect to {ip}:{port} inside the pod: no answer in {CONNECT_MAX:?}")),
    };
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_server_is_dialled_and_one_that_is_not_there_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let port = listener.local_addr().expect("is bound").port();
        let (local, pod) = (Local::default(), Slot::new("u".into(), "n", "p", Arc::default()));
        assert!(dial(&pod, port).await.is_err_and(|why| why.contains("no address yet")));
        local.insert(pod.clone(), Some([127, 0, 0, 1].into()));
        assert!(dial(&pod, port).await.is_ok());
        drop(listener);
        let refused = dial(&pod, port).await.expect_err("nobody listens");
        assert!(refused.starts_with(&format!("failed to connect to 127.0.0.1:{port} inside the pod: ")), "{refused}");
        local.remove("u", None);
        timeout(CONNECT_MAX, pod.gone()).await.expect("it is known to be gone");
    }
}
