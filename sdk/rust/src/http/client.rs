//! Requests to others: Services of the cluster by name, and whatever else the workload may reach.
//!
//! There are no retries here: the host's proxy retries what is safe to retry.

use std::time::Duration;

use http::header::CONTENT_TYPE;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wstd::future::FutureExt as _;
use wstd::http::body::Bytes;
use wstd::http::error::Context as _;
use wstd::http::{Body, Error, HeaderValue, Request, Response, Uri};

use super::extract::{BODY_BYTES_MAX, read};
use crate::trace;

/// Characters of a refusal's body that an error tells.
const TOLD_CHARS: usize = 200;

/// Sends requests.
///
/// The host of a URL may be a Service: `http://prices/`, `http://prices.shop/`, `http://prices.shop.svc/`. The trace
/// context of what is being answered is sent along, unless the request has one.
///
/// ```no_run
/// # async fn example() -> Result<(), insula_sdk::http::Error> {
/// use std::time::Duration;
/// use insula_sdk::http::{Client, ResponseExt as _};
///
/// let client = Client::new().with_timeout(Duration::from_secs(1));
/// let prices: Vec<u32> = client.get("http://prices/").await?.success().await?.json().await?;
/// let sum = client.post_json("http://adder/", &prices).await?.text().await?;
/// # drop(sum);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Client {
    client: wstd::http::Client,
    timeout: Option<Duration>,
}

impl Client {
    /// A client whose requests last as long as the host lets them.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same client, which waits no longer than `timeout` for the head of a response.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sends `GET url`.
    ///
    /// # Errors
    /// The request could not be sent, or no answer came.
    pub async fn get(&self, url: &str) -> Result<Response<Body>, Error> {
        self.send(Request::get(url).body(Body::empty()).with_context(|| format!("the URL {url:?}"))?).await
    }

    /// Sends `POST url` with `value` as JSON.
    ///
    /// # Errors
    /// As of [`Client::get`], or `value` has no form in JSON.
    pub async fn post_json(&self, url: &str, value: &(impl Serialize + ?Sized)) -> Result<Response<Body>, Error> {
        let request =
            Request::post(url).header(CONTENT_TYPE, "application/json").body(Body::from(serde_json::to_vec(value)?));
        self.send(request.with_context(|| format!("the URL {url:?}"))?).await
    }

    /// Sends any request. A body of a request or response is streamed, and the answer may come before it ends.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), insula_sdk::http::Error> {
    /// use insula_sdk::http::{Client, Request};
    ///
    /// let response = Client::new().send(Request::put("http://shelf/1").body("a codex")?).await?;
    /// # drop(response);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As of [`Client::get`].
    pub async fn send<B: Into<Body>>(&self, request: Request<B>) -> Result<Response<Body>, Error> {
        let mut request = request.map(Into::into);
        if request.uri().scheme().is_none() || request.uri().host().is_none() {
            return Err(Error::msg(format!(
                "{:?} names no host: an URL is http://SERVICE/PATH",
                request.uri().to_string()
            )));
        }
        trace(&mut request);
        let asked = Asked(request.uri().clone());
        let sent = self.client.send::<Body>(request);
        let answer = match self.timeout {
            Some(timeout) => {
                sent.timeout(wstd::time::Duration::from(timeout)).await.unwrap_or_else(|late| Err(late.into()))
            }
            None => sent.await,
        };
        let mut response = answer.with_context(|| format!("asking {}", asked.0))?;
        response.extensions_mut().insert(asked);
        Ok(response)
    }
}

/// Sends `GET url`: what [`Client::get`] does.
///
/// ```no_run
/// # async fn example() -> Result<(), insula_sdk::http::Error> {
/// use insula_sdk::http::ResponseExt as _;
///
/// let books = insula_sdk::http::get("http://catalog/").await?.success().await?.text().await?;
/// # drop(books);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The request could not be sent, or no answer came.
pub async fn get(url: &str) -> Result<Response<Body>, Error> {
    Client::new().get(url).await
}

/// Where a response came from: an extension of it, for errors to tell.
#[derive(Debug, Clone)]
struct Asked(Uri);

/// What is mostly done with a response. Bodies of more than [`BODY_BYTES_MAX`] are errors: stream those.
///
/// See [`Client`] for an example.
pub trait ResponseExt: Sized {
    /// The response if its status is a success, or else an error that tells the status and the body's beginning.
    fn success(self) -> impl Future<Output = Result<Self, Error>>;

    /// The body.
    fn bytes(self) -> impl Future<Output = Result<Bytes, Error>>;

    /// The body as text.
    fn text(self) -> impl Future<Output = Result<String, Error>>;

    /// The body read as JSON.
    fn json<T: DeserializeOwned>(self) -> impl Future<Output = Result<T, Error>>;
}

impl ResponseExt for Response<Body> {
    async fn success(self) -> Result<Self, Error> {
        if self.status().is_success() {
            return Ok(self);
        }
        let refused = format!("{} answered {}", from(&self), self.status());
        let body = self.bytes().await.unwrap_or_default();
        let told: String = String::from_utf8_lossy(&body).trim().chars().take(TOLD_CHARS).collect();
        Err(Error::msg(if told.is_empty() { refused } else { format!("{refused}: {told}") }))
    }

    async fn bytes(self) -> Result<Bytes, Error> {
        let from = from(&self);
        read(self.into_body(), BODY_BYTES_MAX).await.map_err(|refusal| Error::msg(format!("{from}: {refusal}")))
    }

    async fn text(self) -> Result<String, Error> {
        let from = from(&self);
        String::from_utf8(self.bytes().await?.into()).with_context(|| format!("{from} answered with what is no text"))
    }

    async fn json<T: DeserializeOwned>(self) -> Result<T, Error> {
        let from = from(&self);
        serde_json::from_slice(&self.bytes().await?)
            .with_context(|| format!("{from} answered with what is not the JSON expected"))
    }
}

fn from(response: &Response<Body>) -> String {
    response.extensions().get::<Asked>().map_or_else(|| "the response".to_owned(), |asked| asked.0.to_string())
}

/// Sends the trace context along.
fn trace(request: &mut Request<Body>) {
    let Some(context) = trace::current().filter(|_| !request.headers().contains_key(trace::PARENT)) else { return };
    for (name, value) in context.fields() {
        // What came in a header goes out in one.
        if let Ok(value) = HeaderValue::from_str(value) {
            request.headers_mut().insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// These futures wait for nothing.
    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => done,
            Poll::Pending => unreachable!("nothing is waited for"),
        }
    }

    #[test]
    fn an_url_without_host_is_refused_before_it_is_sent() {
        let error = now(get("/books")).unwrap_err().to_string();
        assert_eq!(error, "\"/books\" names no host: an URL is http://SERVICE/PATH");
    }

    #[test]
    fn an_answer_that_is_no_success_is_told_with_its_source() {
        let mut response = Response::builder().status(503).body(Body::from("no room\n")).unwrap();
        response.extensions_mut().insert(Asked(Uri::from_static("http://prices/")));
        let error = now(response.success()).unwrap_err().to_string();
        assert_eq!(error, "http://prices/ answered 503 Service Unavailable: no room");
    }

    #[test]
    fn the_trace_context_is_sent_along_unless_there_is_one() {
        const CURRENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        trace::enter(trace::Context::parse(|name| (name == trace::PARENT).then(|| CURRENT.to_owned())));
        let mut request = Request::new(Body::empty());
        trace(&mut request);
        assert_eq!(request.headers().get(trace::PARENT).unwrap(), CURRENT);
        let mut own = Request::builder().header(trace::PARENT, "own").body(Body::empty()).unwrap();
        trace(&mut own);
        assert_eq!(own.headers().get(trace::PARENT).unwrap(), "own");
        trace::enter(None);
    }
}
