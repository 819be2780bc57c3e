//! How hosts come in, over real TLS: once, and not otherwise.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use protocol::tls::{Identity, NODE_GROUP, SERVER_NAME};
use protocol::v1::host_link_client::HostLinkClient;
use protocol::v1::{JoinRequest, JoinResponse, RenewRequest};
use rcgen::{ExtendedKeyUsagePurpose, KeyPair};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tower::service_fn;

use super::api::Api;
use super::host::{FakeHost, hello};
use super::{eventually, start};
use crate::certificates::tests::request;
use crate::certificates::{Authority, Subject};
use crate::data_dir::DataDir;

/// Dials the listener for hosts.
pub(super) async fn dial(
    address: SocketAddr,
    ca_pem: &str,
    identity: Option<&Identity>,
) -> Result<Channel, tonic::transport::Error> {
    let tls = TlsConnector::from(Arc::new(protocol::tls::client(identity, ca_pem, &["h2"]).expect("configures")));
    let connect = move |_| {
        let tls = tls.clone();
        async move {
            let stream = TcpStream::connect(address).await?;
            let name = SERVER_NAME.try_into().map_err(std::io::Error::other)?;
            Ok::<_, std::io::Error>(TokioIo::new(tls.connect(name, stream).await?))
        }
    };
    Endpoint::from_static("http://insula-server").connect_with_connector(service_fn(connect)).await
}

/// Joins a host; returns what it got and its identity.
pub(super) async fn join(
    address: SocketAddr,
    ca_pem: &str,
    token: &str,
    name: &str,
) -> Result<(JoinResponse, Identity), Status> {
    let channel = dial(address, ca_pem, None).await.expect("connects");
    let (csr_der, key) = request(NODE_GROUP, &format!("system:node:{name}"), &[name, "127.0.0.1"]);
    let request = JoinRequest { token: token.to_owned(), node_name: name.to_owned(), csr_der: csr_der.into() };
    let response = HostLinkClient::new(channel).join(request).await?.into_inner();
    let identity = Identity { certificate_pem: response.certificate_pem.clone(), key_pem: key.serialize_pem() };
    Ok((response, identity))
}

async fn refusals(api: &Api) -> Vec<String> {
    let events = api.get("/api/v1/namespaces/default/events").await.expect("lists");
    let items = events["items"].as_array().expect("is a list");
    let refused = items.iter().filter(|event| event["reason"] == "JoinRefused");
    refused.map(|event| event["message"].as_str().unwrap_or_default().to_owned()).collect()
}

// F79
#[tokio::test]
async fn of_a_hundred_uses_of_one_token_exactly_one_succeeds() {
    let dir = tempfile::tempdir().expect("dir");
    let (server, api) = start(dir.path()).await;
    let (address, token) = (server.host_addr().expect("listens"), api.token().await);
    let uses = (0..100).map(|n| {
        let (server, token) = (server.pipe("x"), token.clone());
        async move {
            // Through the pipe there is no rate limit, so that every use is judged.
            let name = format!("host-{n}");
            let (csr_der, _) = request(NODE_GROUP, &format!("system:node:{name}"), &[&name]);
            HostLinkClient::new(server).join(JoinRequest { token, node_name: name, csr_der: csr_der.into() }).await
        }
    });
    let results = futures::future::join_all(uses).await;
    let refused: Vec<_> = results.iter().filter_map(|r| r.as_ref().err()).collect();
    assert_eq!(refused.len(), 99);
    assert!(refused.iter().all(|s| s.code() == Code::Unauthenticated && s.message().contains("used")), "{refused:?}");
    let again = join(address, &api.ca_pem, &token, "late").await.expect_err("is used");
    assert!(again.message().contains("used"), "{again}");
    eventually("an event says why", || async {
        refusals(&api).await.iter().any(|message| message.contains("was used")).then_some(())
    })
    .await;
    server.shutdown().await;
}

// F79
#[tokio::test]
async fn every_wrong_token_and_name_is_refused_with_its_reason() {
    let dir = tempfile::tempdir().expect("dir");
    let (server, api) = start(dir.path()).await;
    let address = server.host_addr().expect("listens");
    let token = api.token().await;
    let id = token.split('.').nth(1).expect("an id").to_owned();
    let (secret, ca) = (token.split('.').nth(2).expect("a secret"), token.split('.').nth(3).expect("a hash"));
    let unknown = format!("insula1.{}.{secret}.{ca}", "00".repeat(5));
    let guessed = format!("insula1.{id}.{}.{ca}", "00".repeat(20));
    let elsewhere = format!("insula1.{id}.{secret}.{}", "00".repeat(32));
    for (token, name, code, why) in [
        ("nonsense", "a", Code::InvalidArgument, "form"),
        (&*unknown, "a", Code::Unauthenticated, "unknown"),
        (&*guessed, "a", Code::Unauthenticated, "unknown"),
        (&*elsewhere, "a", Code::Unauthenticated, "another cluster"),
        (&*token, "insula-server", Code::InvalidArgument, "reserved"),
        (&*token, "No_Name", Code::InvalidArgument, "node name"),
    ] {
        let refused = join(address, &api.ca_pem, token, name).await.expect_err(why);
        assert_eq!(refused.code(), code, "{refused}");
        assert!(refused.message().contains(why), "{refused}");
    }
    let path = format!("/api/v1/namespaces/kube-system/secrets/join-token-{id}");
    // "2020-01-01T00:00:00Z"
    api.patch(&path, &json!({"data": {"expires": "MjAyMC0wMS0wMVQwMDowMDowMFo="}})).await;
    let expired = join(address, &api.ca_pem, &token, "a").await.expect_err("is expired");
    assert!(expired.message().contains("expired at 2020"), "{expired}");
    for word in ["unknown", "another cluster", "reserved", "expired"] {
        eventually(word, || async { refusals(&api).await.iter().any(|m| m.contains(word)).then_some(()) }).await;
    }
    server.shutdown().await;
}

// F86
#[tokio::test]
async fn an_address_that_keeps_failing_is_put_off() {
    let dir = tempfile::tempdir().expect("dir");
    let (server, api) = start(dir.path()).await;
    let address = server.host_addr().expect("listens");
    let mut last = Code::Ok;
    for _ in 0..11 {
        last = join(address, &api.ca_pem, "nonsense", "a").await.expect_err("is nonsense").code();
    }
    assert_eq!(last, Code::ResourceExhausted);
    let good = join(address, &api.ca_pem, &api.token().await, "a").await.expect_err("has to wait");
    assert_eq!(good.code(), Code::ResourceExhausted);
    server.shutdown().await;
}

// F79, F80, F81, F83
#[tokio::test]
async fn a_certificate_speaks_for_its_node_and_a_foreign_one_for_no_one() {
    let (dir, other_dir) = (tempfile::tempdir().expect("dir"), tempfile::tempdir().expect("dir"));
    let (server, api) = start(dir.path()).await;
    let (other, other_api) = start(other_dir.path()).await;
    let address = server.host_addr().expect("listens");
    let (joined, identity) = join(address, &api.ca_pem, &api.token().await, "a").await.expect("joins");
    assert_eq!(joined.ca_pem, api.ca_pem);
    let channel = dial(address, &api.ca_pem, Some(&identity)).await.expect("connects");
    let host = FakeHost::dial(channel.clone(), "a").await;
    assert_eq!(host.welcome.cluster_id, joined.cluster_id);
    assert_eq!(host.welcome.code_public_key, joined.code_public_key);

    let posing = FakeHost::try_dial(channel.clone(), hello("b")).await.err().expect("is refused");
    assert_eq!(posing.code(), Code::PermissionDenied, "a host speaks for its own node");
    let taken = join(address, &api.ca_pem, &api.token().await, "a").await.expect_err("is taken");
    assert_eq!(taken.code(), Code::AlreadyExists, "{taken}");

    // A man in the middle with another CA: the client ends the handshake before it says anything.
    assert!(dial(address, &other_api.ca_pem, None).await.is_err());
    let elsewhere = other.host_addr().expect("listens");
    let token = other_api.token().await;
    let (_, foreign) = join(elsewhere, &other_api.ca_pem, &token, "a").await.expect("joins");
    let refused = match dial(address, &api.ca_pem, Some(&foreign)).await {
        // TLS 1.3 tells the client only when it next reads.
        Ok(channel) => FakeHost::try_dial(channel, hello("a")).await.is_err(),
        Err(_) => true,
    };
    assert!(refused, "a certificate of another CA opens nothing");
    let nobody = dial(address, &api.ca_pem, None).await.expect("connects");
    let refused = FakeHost::try_dial(nobody, hello("a")).await.err().expect("is refused");
    assert_eq!(refused.code(), Code::Unauthenticated);

    let mut client = HostLinkClient::new(channel);
    let (csr_der, _) = request(NODE_GROUP, "system:node:a", &["a"]);
    let renewed = client.renew(RenewRequest { csr_der: csr_der.into() }).await.expect("renews").into_inner();
    assert!(renewed.certificate_pem.contains("BEGIN CERTIFICATE"));
    let (csr_der, _) = request(NODE_GROUP, "system:node:b", &["b"]);
    let posing = client.renew(RenewRequest { csr_der: csr_der.into() }).await.expect_err("is refused");
    assert_eq!(posing.code(), Code::PermissionDenied);
    server.shutdown().await;
    other.shutdown().await;
}

/// The CA of a running server, through a copy of its files.
fn authority_of(dir: &Path) -> Authority {
    let copy = tempfile::tempdir().expect("dir");
    for name in ["format", "cluster-id", "seal.key", "ca.sealed", "ca.pem"] {
        std::fs::copy(dir.join(name), copy.path().join(name)).expect("copies");
    }
    Authority::open(&DataDir::open(copy.path()).expect("opens")).expect("opens")
}

/// Whether a certificate of the right CA opens a session for node `a`.
async fn opens(address: SocketAddr, ca_pem: &str, identity: &Identity) -> bool {
    match dial(address, ca_pem, Some(identity)).await {
        Ok(channel) => FakeHost::try_dial(channel, hello("a")).await.is_ok(),
        Err(_) => false,
    }
}

// F81
#[tokio::test]
async fn an_expired_certificate_and_one_for_another_use_open_nothing() {
    let dir = tempfile::tempdir().expect("dir");
    let (server, api) = start(dir.path()).await;
    let address = server.host_addr().expect("listens");
    let authority = authority_of(dir.path());
    let issue = |organisation: &str, usage: ExtendedKeyUsagePurpose, life: Duration| {
        let key = KeyPair::generate().expect("generates");
        let subject = Subject {
            common_name: "system:node:a",
            organisation,
            alternative_names: Vec::new(),
            usages: vec![usage],
            life,
        };
        let certificate_pem = authority.issue(&key, subject).expect("issues");
        Identity { certificate_pem, key_pem: key.serialize_pem() }
    };
    let hour = Duration::from_secs(3600);
    let good = issue(NODE_GROUP, ExtendedKeyUsagePurpose::ClientAuth, hour);
    assert!(opens(address, &api.ca_pem, &good).await, "the same, in time and for its use");
    let as_server = issue(NODE_GROUP, ExtendedKeyUsagePurpose::ServerAuth, hour);
    assert!(!opens(address, &api.ca_pem, &as_server).await, "a server's certificate is no client's");
    let no_node = issue("system:masters", ExtendedKeyUsagePurpose::ClientAuth, hour);
    assert!(!opens(address, &api.ca_pem, &no_node).await, "an admin is no node");
    let expiring = issue(NODE_GROUP, ExtendedKeyUsagePurpose::ClientAuth, Duration::ZERO);
    eventually("it expires", || async { (!opens(address, &api.ca_pem, &expiring).await).then_some(()) }).await;
    server.shutdown().await;
}
