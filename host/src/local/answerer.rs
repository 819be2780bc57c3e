//! Who answers the requests of a container: its guests, by a function call or in a process of their own, or a server
//! that it runs, over a socket.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use http::{Request, Response, StatusCode, Version};
use http_body_util::BodyExt;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use network::Body;
use sandbox::{Failure, Workload};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::isolated::Isolated;

/// How long a connection to an address of this machine may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a server may take to begin its answer, as guests have by default.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Answers requests.
#[derive(Clone)]
pub(crate) enum Answerer {
    /// An instance of the workload, for each request.
    Guest(Workload),
    /// An instance of the workload in the container's own process.
    Worker(Isolated),
    /// A server, on the Pod's address.
    Server(IpAddr),
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// A guest failed.
    Guest(Failure),
    /// The process that the guest runs in ended, or gave the request up.
    Crashed(String),
    /// Nobody listens. The request was not sent.
    Refused(Box<Request<Body>>, String),
    /// The connection broke.
    Broken(String),
}

impl Trouble {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Guest(failure) => failure.status(),
            Self::Crashed(_) | Self::Refused(..) | Self::Broken(_) => StatusCode::BAD_GATEWAY,
        }
    }

    /// One word for it, as `insula-cause` says it.
    pub(crate) fn cause(&self) -> &'static str {
        match self {
            Self::Guest(failure) => failure.cause(),
            Self::Crashed(_) => "crash",
            Self::Refused(..) | Self::Broken(_) => "bad-response",
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guest(failure) => failure.fmt(f),
            Self::Crashed(why) => f.write_str(why),
            Self::Refused(_, why) => write!(f, "its server does not take requests: {why}"),
            Self::Broken(why) => write!(f, "the connection to its server broke: {why}"),
        }
    }
}

impl Answerer {
    pub(crate) async fn call(&self, port: u16, request: Request<Body>) -> Result<Response<Body>, Trouble> {
        match self {
            Self::Guest(workload) => workload.call(request).await.map_err(Trouble::Guest),
            Self::Worker(worker) => Box::pin(worker.call(request)).await,
            Self::Server(ip) => Box::pin(ask(SocketAddr::new(*ip, port), request)).await,
        }
    }
}

/// Asks over a connection of its own: one that is kept might be at its end, and nobody would know what became of the
/// request.
async fn ask(address: SocketAddr, mut request: Request<Body>) -> Result<Response<Body>, Trouble> {
    let stream = match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(Trouble::Refused(Box::new(request), error.to_string())),
        Err(_) => return Err(Trouble::Refused(Box::new(request), format!("no answer within {CONNECT_TIMEOUT:?}"))),
    };
    let broken = |error: hyper::Error| Trouble::Broken(error.to_string());
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // Lives as long as the response is read; then sender and body are gone.
    drop(tokio::spawn(connection));
    *request.version_mut() = Version::HTTP_11;
    origin_form(&mut request);
    let response = timeout(ANSWER_TIMEOUT, sender.send_request(request)).await;
    let late = |_| Trouble::Broken(format!("no answer within {ANSWER_TIMEOUT:?}"));
    let response = response.map_err(late)?.map_err(broken)?;
    Ok(response.map(|body| body.map_err(network::BoxError::from).boxed_unsync()))
}

/// Servers are asked for a path, and told the host in its header.
fn origin_form(request: &mut Request<Body>) {
    if let Some(authority) = request.uri().authority()
        && !request.headers().contains_key(http::header::HOST)
        && let Ok(host) = authority.as_str().parse()
    {
        request.headers_mut().insert(http::header::HOST, host);
    }
    let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    if let Ok(path) = path.parse() {
        *request.uri_mut() = path;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_server_is_asked_for_a_path_and_one_that_is_not_there_gives_the_request_back() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("is bound");
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("accepts");
            let (mut head, mut buffer) = (Vec::new(), [0; 512]);
            while !head.ends_with(b"\r\n\r\n") {
                let read = stream.read(&mut buffer).await.expect("reads");
                head.extend_from_slice(&buffer[..read]);
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await.expect("writes");
            String::from_utf8(head).expect("is text")
        });
        let request = || Request::get("http://web.shop/path?q=1").body(network::empty()).expect("is valid");
        let answerer = Answerer::Server(address.ip());
        let response = answerer.call(address.port(), request()).await.expect("is answered");
        assert_eq!(response.into_body().collect().await.expect("is whole").to_bytes(), "hi");
        let head = server.await.expect("serves");
        assert!(head.starts_with("GET /path?q=1 HTTP/1.1\r\n") && head.contains("host: web.shop"), "{head}");
        let gone = answerer.call(address.port(), request()).await.expect_err("nobody listens any more");
        assert!(matches!(gone, Trouble::Refused(request, _) if request.uri().path() == "/path"));
    }
}
