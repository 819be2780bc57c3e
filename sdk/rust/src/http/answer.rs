//! What a handler may return.

use serde::Serialize;
use wstd::http::body::Bytes;
use wstd::http::{Body, Error, HeaderMap, HeaderValue, Response, StatusCode};

use http::header::CONTENT_TYPE;

/// What becomes a response.
///
/// Text, bytes, [`Json`], a [`StatusCode`], nothing (200 with no body), a whole response; these with a status, or
/// with a status and headers, before them; and results of these.
///
/// ```no_run
/// use insula_sdk::http::{IntoResponse, Json, StatusCode};
///
/// async fn created() -> impl IntoResponse {
///     (StatusCode::CREATED, Json(["one", "two"]))
/// }
/// ```
pub trait IntoResponse {
    /// The response, or an error for the host to answer with 500.
    ///
    /// # Errors
    /// What the handler could not do, and no status was chosen for.
    fn into_response(self) -> Result<Response<Body>, Error>;
}

impl<B: Into<Body>> IntoResponse for Response<B> {
    fn into_response(self) -> Result<Response<Body>, Error> {
        Ok(self.map(Into::into))
    }
}

impl IntoResponse for Body {
    fn into_response(self) -> Result<Response<Body>, Error> {
        Ok(Response::new(self))
    }
}

impl IntoResponse for () {
    fn into_response(self) -> Result<Response<Body>, Error> {
        Ok(Response::new(Body::empty()))
    }
}

impl IntoResponse for &'static str {
    fn into_response(self) -> Result<Response<Body>, Error> {
        Ok(typed("text/plain; charset=utf-8", self))
    }
}

impl IntoResponse for String {
    fn into_response(self) -> Result<Response<Body>, Error> {
        Ok(typed("text/plain; charset=utf-8", self))
    }
}

impl IntoResponse for &'static [u8] {
    fn into_response(self) -> Result<Response<Body>, Error> {
        Ok(typed("application/octet-stream", Bytes::from_static(self)))
    }
}

impl IntoResponse for Vec<u8> {
    fn into_response(self) -> Result<Response<Body>, Error> {
        Ok(typed("application/octet-stream", self))
    }
}

impl IntoResponse for Bytes {
    fn into_response(self) -> Result<Response<Body>, Error> {
        Ok(typed("application/octet-stream", self))
    }
}

fn typed(content_type: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

impl IntoResponse for StatusCode {
    fn into_response(self) -> Result<Response<Body>, Error> {
        (self, ()).into_response()
    }
}

impl<T: IntoResponse> IntoResponse for (StatusCode, T) {
    fn into_response(self) -> Result<Response<Body>, Error> {
        let mut response = self.1.into_response()?;
        *response.status_mut() = self.0;
        Ok(response)
    }
}

impl<T: IntoResponse> IntoResponse for (StatusCode, HeaderMap, T) {
    fn into_response(self) -> Result<Response<Body>, Error> {
        let mut response = (self.0, self.2).into_response()?;
        response.headers_mut().extend(self.1);
        Ok(response)
    }
}

impl<T: IntoResponse, E: IntoResponse> IntoResponse for Result<T, E> {
    fn into_response(self) -> Result<Response<Body>, Error> {
        match self {
            Ok(value) => value.into_response(),
            Err(error) => error.into_response(),
        }
    }
}

/// A refusal keeps its status; any other error is the host's to answer, which counts it and says so in its cause.
impl IntoResponse for Error {
    fn into_response(self) -> Result<Response<Body>, Error> {
        self.downcast::<Refusal>().and_then(IntoResponse::into_response)
    }
}

/// JSON: as an argument of a handler, what the request's body holds; returned, the response's body.
///
/// ```no_run
/// use insula_sdk::http::{IntoResponse, Json};
///
/// async fn sum(Json(numbers): Json<Vec<u64>>) -> Json<u64> {
///     Json(numbers.iter().sum())
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json<T>(
    /// What is read or written as JSON.
    pub T,
);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Result<Response<Body>, Error> {
        Ok(typed("application/json", serde_json::to_vec(&self.0)?))
    }
}

/// An answer that is not what was asked for: a status, and a text that says why.
///
/// It is an error, so `?` leaves a handler with it.
///
/// ```no_run
/// use insula_sdk::http::{Error, Refusal, StatusCode};
///
/// async fn price(book: String) -> Result<&'static str, Error> {
///     let price = (book == "satyricon").then_some("15.50");
///     Ok(price.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, format!("no price for {book:?}")))?)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    why: String,
}

impl Refusal {
    /// Refuses with `status`, because of `why`.
    pub fn new(status: StatusCode, why: impl Into<String>) -> Self {
        Self { status, why: why.into() }
    }

    /// The status it is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Refusal {}

impl IntoResponse for Refusal {
    fn into_response(self) -> Result<Response<Body>, Error> {
        (self.status, self.why + "\n").into_response()
    }
}
