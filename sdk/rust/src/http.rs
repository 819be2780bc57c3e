//! HTTP: the types of requests and responses, and requests to other Services.
//!
//! The types are wstd's, which are the `http` crate's with a streaming [`Body`].

pub use wstd::http::{
    Body, Client, Error, HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri,
};

/// Sends `GET url` and returns the status and the body as text.
///
/// The host of the URL may be a Service: `http://prices/`, `http://prices.shop/`, `http://prices.shop.svc/`.
///
/// ```no_run
/// # async fn handler() -> Result<(), insula_sdk::http::Error> {
/// let (status, body) = insula_sdk::http::get_text("http://prices/books").await?;
/// # drop((status, body));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The request could not be sent, no answer came, or the answer is not text.
pub async fn get_text(url: &str) -> Result<(StatusCode, String), Error> {
    let request = Request::get(url).body(Body::empty())?;
    let mut response = Client::new().send(request).await?;
    let status = response.status();
    let text = response.body_mut().str_contents().await?.to_owned();
    Ok((status, text))
}
