//! Real sockets, real TLS; short patience.

use axum::extract::Request as AxumRequest;
use axum::routing::get;
use http::Request;
use http_body_util::{BodyExt, Empty};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use super::*;

/// Long for a machine, short for a person.
const LIMIT: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(200);

struct Running {
    address: SocketAddr,
    ca: CertifiedIssuer<'static, KeyPair>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

fn leaf(ca: &CertifiedIssuer<'static, KeyPair>) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, ca).expect("a certificate");
    (certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der()).into())
}

fn roots(ca: &CertifiedIssuer<'static, KeyPair>) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(ca.der().clone()).expect("a root");
    roots
}

async fn start(app: Router, patience: Patience) -> Running {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a CA");
    let (certificate, key) = leaf(&ca);
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots(&ca))).allow_unauthenticated().build().expect("one");
    let tls = ServerConfig::builder().with_client_cert_verifier(verifier).with_single_cert(vec![certificate], key);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let shutdown = CancellationToken::new();
    let server = Server { acceptor: acceptor(tls.expect("TLS")), app, patience, shutdown: shutdown.clone() };
    let task = tokio::spawn(server.run(listener));
    Running { address, ca, shutdown, task }
}

impl Running {
    async fn connect(&self, alpn: &str, certificate: bool) -> tokio_rustls::client::TlsStream<TcpStream> {
        let config = ClientConfig::builder().with_root_certificates(roots(&self.ca));
        let mut config = if certificate {
            let (certificate, key) = leaf(&self.ca);
            config.with_client_auth_cert(vec![certificate], key).expect("client TLS")
        } else {
            config.with_no_client_auth()
        };
        config.alpn_protocols = vec![alpn.as_bytes().to_vec()];
        let stream = TcpStream::connect(self.address).await.expect("connected");
        let name = ServerName::try_from("localhost").expect("a name");
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("a handshake")
    }

    async fn stop(self) {
        self.shutdown.cancel();
        timeout(LIMIT, self.task).await.expect("stopped in time").expect("no panic");
    }
}

fn app() -> Router {
    let who = |request: AxumRequest| async move {
        let shown = request.extensions().get::<ClientCertificate>().is_some();
        format!("{:?} {shown}", request.version())
    };
    let endless = |request: AxumRequest| async move {
        use futures::StreamExt;
        let Shutdown(token) = request.extensions().get::<Shutdown>().cloned().expect("a shutdown");
        let silence = futures::stream::pending::<Result<bytes::Bytes, io::Error>>();
        axum::body::Body::from_stream(silence.take_until(token.cancelled_owned()))
    };
    Router::new().route("/", get(who)).route("/endless", get(endless))
}

fn patience() -> Patience {
    Patience { handshake: SHORT, head: SHORT, idle: LIMIT, drain: LIMIT }
}

/// What the server says before it closes the connection.
async fn until_closed(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut said = Vec::new();
    // An abrupt end is an end, too.
    drop(timeout(LIMIT, stream.read_to_end(&mut said)).await.expect("closed in time"));
    String::from_utf8_lossy(&said).into_owned()
}

#[test]
fn heads_have_five_seconds() {
    assert_eq!(Patience::default().head, Duration::from_secs(5));
}

// F67
#[tokio::test]
async fn a_slow_head_is_not_waited_for() {
    let patient_otherwise = Patience { handshake: LIMIT * 6, ..patience() };
    let server = start(app(), patient_otherwise).await;
    let mut stream = server.connect("http/1.1", false).await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nx-slow").await.expect("written");
    let said = until_closed(&mut stream).await;
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 408"), "{said}");
    server.stop().await;
}

#[tokio::test]
async fn a_kept_connection_waits_for_its_next_request_longer_than_a_head_may_take() {
    let server = start(app(), Patience { handshake: LIMIT, ..patience() }).await;
    let mut stream = server.connect("http/1.1", false).await;
    let ask = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    for turn in 0..2 {
        stream.write_all(ask).await.expect("written");
        let mut said = Vec::new();
        while !said.ends_with(b"false") {
            let mut byte = [0];
            timeout(LIMIT, stream.read_exact(&mut byte)).await.expect("in time").expect("an answer");
            said.extend(byte);
        }
        let mut byte = [0];
        let silence = timeout(SHORT * 3, stream.read(&mut byte)).await;
        assert!(silence.is_err(), "closed after answer {turn}: {silence:?}");
    }
    // The next head has no more time than the first.
    stream.write_all(b"GET / HTTP/1.1\r\nx-slow").await.expect("written");
    until_closed(&mut stream).await;
    drop(stream);
    server.stop().await;
}

// F67
#[tokio::test]
async fn strangers_that_say_nothing_are_cut_off() {
    let server = start(app(), Patience { head: LIMIT * 6, ..patience() }).await;
    let mut silent = TcpStream::connect(server.address).await.expect("connected");
    until_closed(&mut silent).await;
    for alpn in ["http/1.1", "h2"] {
        let mut stream = server.connect(alpn, false).await;
        until_closed(&mut stream).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn both_protocols_tell_who_asks() {
    let server = start(app(), patience()).await;
    let mut stream = server.connect("http/1.1", true).await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.expect("written");
    assert!(until_closed(&mut stream).await.ends_with("HTTP/1.1 true"));
    let stream = server.connect("h2", false).await;
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("h2");
    let connection = tokio::spawn(connection);
    let request = Request::get("https://localhost/").body(Empty::<bytes::Bytes>::new()).expect("a request");
    let response = sender.send_request(request).await.expect("a response");
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    assert_eq!(body.as_ref(), b"HTTP/2.0 false");
    drop(sender);
    drop(connection.await);
    server.stop().await;
}

#[tokio::test]
async fn long_answers_end_with_the_server() {
    let server = start(app(), patience()).await;
    let mut stream = server.connect("http/1.1", false).await;
    stream.write_all(b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("written");
    let mut head = [0; 15];
    timeout(LIMIT, stream.read_exact(&mut head)).await.expect("in time").expect("a head");
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    server.stop().await;
    // The end of the chunks, not a cut.
    assert!(until_closed(&mut stream).await.ends_with("0\r\n\r\n"));
}
