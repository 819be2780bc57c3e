//! Certificates between hosts, made ready once per renewal.

use std::sync::Arc;

use rustls_pki_types::{CertificateDer, ServerName};

use crate::delta::Peer;
use crate::proxy::{NodeOf, PeerTls};

/// The only protocol between hosts.
const ALPN: &[u8] = b"h2";

/// Both sides' TLS, speaking HTTP/2 and nothing else.
pub(crate) struct Credentials {
    pub(super) server: Arc<rustls::ServerConfig>,
    pub(super) client: Arc<rustls::ClientConfig>,
    node_of: NodeOf,
}

impl Credentials {
    pub(crate) fn new(tls: PeerTls) -> Self {
        let (mut server, mut client) = (Arc::unwrap_or_clone(tls.server), Arc::unwrap_or_clone(tls.client));
        server.alpn_protocols = vec![ALPN.to_vec()];
        client.alpn_protocols = vec![ALPN.to_vec()];
        Self { server: Arc::new(server), client: Arc::new(client), node_of: tls.node_of }
    }

    /// The Node that has shown `certificates`, which TLS has verified.
    pub(super) fn node_of(&self, certificates: Option<&[CertificateDer<'_>]>) -> Option<String> {
        (self.node_of)(certificates?.first()?)
    }
}

/// The name `peer`'s certificate must carry, so that no other Node can answer in its place: the Node's name, or its
/// address if the name cannot stand in a certificate.
pub(super) fn server_name(peer: &Peer) -> ServerName<'static> {
    ServerName::try_from(peer.node_name.to_string()).unwrap_or_else(|_| ServerName::from(peer.address.ip()))
}
