//! What a handler may take: parts of a request, and at last its body.

use std::future::poll_fn;
use std::pin::pin;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use serde::de::DeserializeOwned;
use wstd::http::body::{Bytes, HttpBody as _};
use wstd::http::{Body, HeaderMap, Method, Request, StatusCode, Uri};

use super::answer::{Json, Refusal};
use super::router::Params;
use super::values;

/// Bytes of a body that an extractor reads, unless the author reads it himself with [`read`]. An instance's memory is
/// bounded as well, and a trap tells the client less than 413.
pub const BODY_BYTES_MAX: usize = 2 << 20;

/// What is made of a request's head; a handler takes any number of them.
pub trait FromParts: Sized {
    /// Makes it.
    ///
    /// # Errors
    /// The request does not hold it: mostly [`StatusCode::BAD_REQUEST`].
    fn from_parts(parts: &Parts) -> Result<Self, Refusal>;
}

/// What is made of a whole request; a handler takes one of them, last.
///
/// `Via` keeps apart what reads the body and what does not; it is of no other use.
pub trait FromRequest<Via = Whole>: Sized {
    /// Makes it.
    fn from_request(request: Request<Body>) -> impl Future<Output = Result<Self, Refusal>>;
}

/// Made of the whole request: see [`FromRequest`].
#[derive(Debug)]
pub enum Whole {}

/// Made of the request's head: see [`FromRequest`].
#[derive(Debug)]
pub enum Head {}

impl<T: FromParts> FromRequest<Head> for T {
    async fn from_request(request: Request<Body>) -> Result<Self, Refusal> {
        Self::from_parts(&request.into_parts().0)
    }
}

/// The parameters of the route's path: one value, a tuple in the order of the path, or a struct by their names.
///
/// ```no_run
/// use insula_sdk::http::{Path, Router};
///
/// async fn chapter(Path((book, chapter)): Path<(String, u32)>) -> String {
///     format!("{book}, chapter {chapter}\n")
/// }
///
/// let router = Router::new().get("/books/{book}/{chapter}", chapter);
/// # drop(router);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path<T>(
    /// The parameters.
    pub T,
);

impl<T: DeserializeOwned> FromParts for Path<T> {
    fn from_parts(parts: &Parts) -> Result<Self, Refusal> {
        let params = parts.extensions.get::<Params>().map(|params| params.0.as_slice()).unwrap_or_default();
        let parsed = values::parse(params);
        parsed.map(Self).map_err(|error| bad(format!("the path {} is not understood: {error}", parts.uri.path())))
    }
}

/// The query of the URL, by the names of a struct's fields.
///
/// ```no_run
/// use insula_sdk::http::Query;
///
/// #[derive(serde::Deserialize)]
/// struct Page {
///     from: Option<u32>,
/// }
///
/// async fn list(Query(page): Query<Page>) -> String {
///     format!("from {}\n", page.from.unwrap_or(0))
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query<T>(
    /// What the query says.
    pub T,
);

impl<T: DeserializeOwned> FromParts for Query<T> {
    fn from_parts(parts: &Parts) -> Result<Self, Refusal> {
        let pairs = values::pairs(parts.uri.query().unwrap_or_default());
        let parsed = values::parse_named(&pairs);
        parsed.map(Self).map_err(|error| bad(format!("the query is not understood: {error}")))
    }
}

impl FromParts for HeaderMap {
    fn from_parts(parts: &Parts) -> Result<Self, Refusal> {
        Ok(parts.headers.clone())
    }
}

impl FromParts for Method {
    fn from_parts(parts: &Parts) -> Result<Self, Refusal> {
        Ok(parts.method.clone())
    }
}

impl FromParts for Uri {
    fn from_parts(parts: &Parts) -> Result<Self, Refusal> {
        Ok(parts.uri.clone())
    }
}

impl FromRequest for Request<Body> {
    async fn from_request(request: Request<Body>) -> Result<Self, Refusal> {
        Ok(request)
    }
}

impl FromRequest for Body {
    async fn from_request(request: Request<Body>) -> Result<Self, Refusal> {
        Ok(request.into_body())
    }
}

impl FromRequest for Bytes {
    async fn from_request(request: Request<Body>) -> Result<Self, Refusal> {
        let told = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        // Before a byte is read: the client may be asked to send less before it has sent too much.
        if told.is_some_and(|length| length > BODY_BYTES_MAX) {
            return Err(too_large(BODY_BYTES_MAX));
        }
        read(request.into_body(), BODY_BYTES_MAX).await
    }
}

impl FromRequest for String {
    async fn from_request(request: Request<Body>) -> Result<Self, Refusal> {
        let bytes = Bytes::from_request(request).await?;
        Self::from_utf8(bytes.into()).map_err(|error| bad(format!("the body is not text: {error}")))
    }
}

impl<T: DeserializeOwned> FromRequest for Json<T> {
    async fn from_request(request: Request<Body>) -> Result<Self, Refusal> {
        let content_type = request.headers().get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default());
        if content_type.is_some_and(|value| !is_json(value)) {
            let why = "the body must be JSON: send `content-type: application/json`";
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, why));
        }
        let bytes = Bytes::from_request(request).await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| bad(format!("the body is not understood: {error}")))
    }
}

/// `application/json`, or a type that is JSON by its suffix, as `application/merge-patch+json`.
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Reads a whole body of at most `bytes_max` bytes.
///
/// ```no_run
/// use insula_sdk::http::{Body, Error, read};
///
/// async fn size(body: Body) -> Result<String, Error> {
///     Ok(format!("{} bytes\n", read(body, 64 << 20).await?.len()))
/// }
/// ```
///
/// # Errors
/// [`StatusCode::PAYLOAD_TOO_LARGE`], or [`StatusCode::BAD_REQUEST`] for a body that ends too early.
pub async fn read(body: Body, bytes_max: usize) -> Result<Bytes, Refusal> {
    let mut body = pin!(body.into_boxed_body());
    let mut whole = Vec::new();
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let frame = frame.map_err(|error| bad(format!("the body ended too early: {error:#}")))?;
        let Ok(bytes) = frame.into_data() else { continue };
        if whole.len() + bytes.len() > bytes_max {
            return Err(too_large(bytes_max));
        }
        whole.extend_from_slice(&bytes);
    }
    Ok(whole.into())
}

fn too_large(bytes_max: usize) -> Refusal {
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the body has more than the {bytes_max} bytes allowed here"))
}

fn bad(why: String) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_known_by_its_content_type() {
        for yes in ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"] {
            assert!(is_json(yes), "{yes}");
        }
        for no in ["", "text/json", "application/x-www-form-urlencoded", "application/jsonp"] {
            assert!(!is_json(no), "{no}");
        }
    }
}
