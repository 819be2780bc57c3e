//! Joining against a pretended control plane, which counts what it was told.

use super::*;
use crate::testing::Authority;
use protocol::v1::host_link_server::{HostLink, HostLinkServer};
use protocol::v1::{
    AnswerChunk, AnswerEnd, CodeChunk, CodeRequest, ForwardChunk, FromHost, JoinResponse, RenewRequest, RenewResponse,
    ToHost,
};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic::{Request as Call, Response, Status, Streaming};

const HASH: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

#[test]
fn tokens_are_taken_apart_or_refused() {
    let token = Token::parse(&format!(" insula1.id.secret.{}\n", HASH.to_uppercase())).expect("parses");
    assert_eq!(token.ca_sha256, HASH);
    assert!(!format!("{token:?}").contains("secret"));
    for bad in [
        String::new(),
        "insula1.id.secret".to_owned(),
        format!("insula2.id.secret.{HASH}"),
        format!("insula1..secret.{HASH}"),
        format!("insula1.id..{HASH}"),
        format!("insula1.id.secret.{}", &HASH[1..]),
        format!("insula1.id.secret.{HASH}.more"),
        "x".repeat(TOKEN_LEN_MAX + 1),
    ] {
        assert!(matches!(Token::parse(&bad), Err(JoinError::Token(_))), "{bad}");
    }
}

/// A control plane that knows how to let hosts join, and remembers the tokens it was shown.
struct Gate {
    authority: Arc<Authority>,
    shown: Arc<Mutex<Vec<String>>>,
}

type Never<T> = std::pin::Pin<Box<dyn futures::Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl HostLink for Gate {
    type SessionStream = Never<ToHost>;
    type FetchCodeStream = Never<CodeChunk>;
    type ForwardStream = Never<ForwardChunk>;

    async fn join(&self, call: Call<JoinRequest>) -> Result<Response<JoinResponse>, Status> {
        let request = call.into_inner();
        self.shown.lock().expect("not poisoned").push(request.token.clone());
        if request.token.contains(".used.") {
            return Err(Status::permission_denied("the token was used before"));
        }
        Ok(Response::new(JoinResponse {
            cluster_id: "c".to_owned(),
            certificate_pem: self.authority.sign(&request.csr_der),
            ca_pem: self.authority.ca_pem.clone(),
            ..JoinResponse::default()
        }))
    }

    async fn renew(&self, _: Call<RenewRequest>) -> Result<Response<RenewResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn session(&self, _: Call<Streaming<FromHost>>) -> Result<Response<Self::SessionStream>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn forward(&self, _: Call<Streaming<ForwardChunk>>) -> Result<Response<Self::ForwardStream>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn fetch_code(&self, _: Call<CodeRequest>) -> Result<Response<Self::FetchCodeStream>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn answer(&self, _: Call<Streaming<AnswerChunk>>) -> Result<Response<AnswerEnd>, Status> {
        Err(Status::unimplemented("not here"))
    }
}

/// Serves with a certificate for `name`; returns the address and the tokens shown to it.
async fn gate(authority: &Arc<Authority>, name: &str) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("is bound").to_string();
    let shown = Arc::default();
    let identity = authority.identity(&[name], name);
    let tls = ServerTlsConfig::new().identity(Identity::from_pem(identity.certificate_pem, identity.key_pem));
    let service = HostLinkServer::new(Gate { authority: authority.clone(), shown: Arc::clone(&shown) });
    let server = Server::builder().tls_config(tls).expect("configures");
    tokio::spawn(server.serve_with_incoming(service, TcpIncoming::from(listener)));
    (address, shown)
}

fn token(authority: &Authority, secret: &str) -> String {
    format!("insula1.id.{secret}.{}", sha256_hex(&authority.ca_der))
}

#[tokio::test]
async fn a_token_buys_an_identity_once() {
    let authority = Arc::new(Authority::new());
    let (address, shown) = gate(&authority, tls::SERVER_NAME).await;
    let dir = tempfile::tempdir().expect("makes a directory");
    join(&address, &token(&authority, "good"), "n1", dir.path()).await.expect("joins");
    let stored = Stored::load(&dir.path().join("host")).expect("has an identity");
    assert_eq!(stored.node, Node { node_name: "n1".to_owned(), cluster_id: "c".to_owned() });
    let again = join(&address, &token(&authority, "good"), "n1", dir.path()).await;
    assert!(matches!(again, Err(JoinError::Joined(..))), "{again:?}");
    assert_eq!(shown.lock().expect("not poisoned").len(), 1);

    let other = tempfile::tempdir().expect("makes a directory");
    let used = join(&address, &token(&authority, "used"), "n2", other.path()).await;
    assert!(matches!(&used, Err(JoinError::Refused(why)) if why == "the token was used before"), "{used:?}");
    assert!(!other.path().join("host").exists(), "nothing is written");
}

// F80
#[tokio::test]
async fn the_secret_is_not_sent_to_another_cluster() {
    let (ours, theirs) = (Arc::new(Authority::new()), Arc::new(Authority::new()));
    let dir = tempfile::tempdir().expect("makes a directory");
    let (address, shown) = gate(&theirs, tls::SERVER_NAME).await;
    let error = join(&address, &token(&ours, "good"), "n1", dir.path()).await.expect_err("refuses");
    assert!(matches!(error, JoinError::OtherCluster { .. }), "{error}");
    assert!(shown.lock().expect("not poisoned").is_empty());

    // The right CA in the chain does not help a certificate it has not signed, nor one for another name.
    let (address, shown) = gate(&ours, "someone-else").await;
    let error = join(&address, &token(&ours, "good"), "n1", dir.path()).await.expect_err("refuses");
    assert!(matches!(error, JoinError::Unreachable { .. }), "{error}");
    assert!(shown.lock().expect("not poisoned").is_empty());
}
