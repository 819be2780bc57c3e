//! The API over one HTTP/2 connection, without a client library: what measures must cost little itself.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use kube::client::ConfigExt;
use kube::config::{KubeConfigOptions, Kubeconfig};
use tests::Cluster;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Connects as the cluster's admin, by certificate.
pub(crate) async fn connect(cluster: &Cluster) -> SendRequest<Full<Bytes>> {
    let file = Kubeconfig::read_from(cluster.kubeconfig()).expect("a kubeconfig");
    let config = kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.expect("sound");
    let mut tls = config.rustls_client_config().expect("certificates");
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let addr = cluster.slice.server_addr(6443);
    let stream = TcpStream::connect(addr).await.expect("connects");
    stream.set_nodelay(true).expect("is a socket");
    let stream = TlsConnector::from(Arc::new(tls)).connect(addr.ip().into(), stream).await.expect("trusts");
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("speaks HTTP/2");
    tokio::spawn(connection);
    sender
}
