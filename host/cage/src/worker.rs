//! The worker's side: what it asks of its host, and answering.

use std::os::unix::net::UnixStream as StdUnixStream;

use bytes::Bytes;
use futures::FutureExt as _;
use http::header::HeaderValue;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::client::conn::http2::SendRequest;
use tokio::net::UnixStream;

use crate::limits::CONFIG_BYTES_MAX;
use crate::lock::Walls;
use crate::told::Teller;
use crate::wire::{self, Direction};
use crate::{Body, BoxError};

/// The host, as its worker sees it. Clones are the same.
#[derive(Clone)]
pub struct House {
    sender: SendRequest<Body>,
}

/// The host did not answer.
#[derive(Debug, thiserror::Error)]
pub enum HouseError {
    /// The connection cannot be had, or broke.
    #[error("the connection to the host broke: {0}")]
    Broken(String),
    /// It has no such thing.
    #[error("the host answered {0}")]
    Refused(StatusCode),
    /// The request cannot be passed on.
    #[error("the request cannot be passed on to the host: {0}")]
    Unsendable(&'static str),
}

impl From<hyper::Error> for HouseError {
    fn from(error: hyper::Error) -> Self {
        Self::Broken(wire::chain(&error))
    }
}

impl House {
    /// Speaks to the host over the socket that was inherited for it, on the caller's runtime.
    ///
    /// # Errors
    /// The socket cannot be used.
    pub async fn reach(host: StdUnixStream) -> Result<Self, HouseError> {
        let stream = UnixStream::from_std(host).map_err(|error| HouseError::Broken(error.to_string()))?;
        let (sender, connection) = wire::ask(stream, Direction::Out).await?;
        // It ends with the host's end of the socket, and then `serve` does too.
        drop(tokio::spawn(connection));
        Ok(Self { sender })
    }

    /// What this worker is for.
    ///
    /// # Errors
    /// The host is gone.
    pub async fn config(&self) -> Result<Bytes, HouseError> {
        let response = self.aside(wire::aside(wire::CONFIG, wire::empty())).await?;
        let body = Limited::new(response.into_body(), CONFIG_BYTES_MAX).collect().await;
        body.map(http_body_util::Collected::to_bytes).map_err(|error| HouseError::Broken(error.to_string()))
    }

    /// Begins to tell.
    #[must_use]
    pub fn teller(&self) -> Teller {
        let (teller, body) = Teller::new();
        let told = self.clone();
        drop(tokio::spawn(async move { told.aside(wire::aside(wire::TOLD, body)).await }));
        teller
    }

    /// Says that this worker is locked and answers from now on.
    ///
    /// # Errors
    /// The host is gone.
    pub async fn ready(&self, walls: &Walls) -> Result<(), HouseError> {
        let mut request = wire::aside(wire::READY, wire::empty());
        if let Ok(walls) = HeaderValue::try_from(walls.to_string()) {
            request.headers_mut().insert(wire::WALLS, walls);
        }
        self.aside(request).await.map(drop)
    }

    /// Asks the host, which answers with what `Outside::answer` says.
    ///
    /// # Errors
    /// The host is gone, or the request cannot be sent.
    pub async fn call(&self, request: Request<Body>) -> Result<Response<Body>, HouseError> {
        let request = wire::pack(request).map_err(HouseError::Unsendable)?;
        let response = self.sender.clone().send_request(request).await?;
        Ok(response.map(|incoming| incoming.map_err(BoxError::from).boxed_unsync()))
    }

    async fn aside(&self, request: Request<Body>) -> Result<Response<hyper::body::Incoming>, HouseError> {
        let response = self.sender.clone().send_request(request).await?;
        if response.status().is_success() { Ok(response) } else { Err(HouseError::Refused(response.status())) }
    }
}

/// Answers the host's requests with `answer`, until the host is gone.
///
/// Dropping an answer's future or body means that nobody waits any more.
///
/// # Errors
/// The socket cannot be used, or the connection broke otherwise than by the host's end.
pub async fn serve<A, F>(requests: StdUnixStream, answer: A) -> Result<(), HouseError>
where
    A: Fn(Request<Body>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let stream = UnixStream::from_std(requests).map_err(|error| HouseError::Broken(error.to_string()))?;
    let answer = move |request| match wire::unpack(wire::boxed(request)) {
        Some(request) => answer(request).boxed(),
        None => std::future::ready(wire::status(StatusCode::BAD_REQUEST)).boxed(),
    };
    Ok(wire::answer(stream, Direction::In, answer).await?)
}
