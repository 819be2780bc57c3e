//! HTTP from a socket to the component.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use sandbox::{Body, Failure, Workload};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Connections at once: one person's browser and tools. More wait to be accepted.
const CONNECTIONS_MAX: usize = 256;
/// How long a request's head may take, as at a Node's proxy.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// Says why the platform itself answered, as a Node's proxy does.
const CAUSE: &str = "insula-cause";

/// Answers until `stop`; what is being answered then is given up.
pub(crate) async fn until(
    workload: Arc<Workload>,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    let accept = async {
        loop {
            let place = Arc::clone(&room).acquire_owned().await.map_err(io::Error::other)?;
            let (stream, _) = listener.accept().await?;
            let workload = Arc::clone(&workload);
            connections.spawn(async move {
                serve(stream, workload).await;
                drop(place);
            });
            while connections.try_join_next().is_some() {}
        }
    };
    tokio::select! {
        failed = accept => failed,
        () = stop => Ok(()),
    }
}

async fn serve(stream: TcpStream, workload: Arc<Workload>) {
    let service = service_fn(|request| {
        let workload = Arc::clone(&workload);
        async move { Ok::<_, Infallible>(answer(&workload, request).await) }
    });
    let mut http = Builder::new(TokioExecutor::new());
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    http.http2().timer(TokioTimer::new());
    // How a connection ends is the client's business.
    drop(http.serve_connection(TokioIo::new(stream), service).await);
}

async fn answer(workload: &Workload, request: Request<Incoming>) -> Response<Body> {
    let mut request = request.map(|body| body.map_err(Into::into).boxed_unsync());
    // HTTP/2 has the authority in its place, and guests look for it in the header.
    if let Some(authority) = request.uri().authority()
        && !request.headers().contains_key(http::header::HOST)
        && let Ok(host) = authority.as_str().parse()
    {
        request.headers_mut().insert(http::header::HOST, host);
    }
    workload.call(request).await.unwrap_or_else(|failure| refused(&failure))
}

fn refused(failure: &Failure) -> Response<Body> {
    let text = Full::new(Bytes::from(format!("{failure}\n"))).map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(text);
    *response.status_mut() = failure.status();
    response.headers_mut().insert(CAUSE, http::HeaderValue::from_static(failure.cause()));
    response
}
