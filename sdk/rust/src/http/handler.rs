//! Async functions of extractors as handlers.

use wstd::http::{Body, Error, Request, Response};

use super::answer::IntoResponse;
use super::extract::{FromParts, FromRequest};

/// What answers requests: an async function of up to six extractors, or a [`Router`](super::Router).
///
/// All but the last argument are [`FromParts`]; the last may also be a [`FromRequest`], as it may take the body. A
/// request that lacks what an argument asks for is refused, and the function is not called.
///
/// `Arguments` tells functions of different arguments apart; it is of no other use.
///
/// ```no_run
/// use insula_sdk::http::{HeaderMap, IntoResponse, Json, Method};
///
/// #[insula_sdk::http]
/// async fn count(method: Method, headers: HeaderMap, Json(list): Json<Vec<String>>) -> impl IntoResponse {
///     format!("{method} with {} headers and {} strings\n", headers.len(), list.len())
/// }
/// # fn main() {}
/// ```
pub trait Handler<Arguments> {
    /// Answers a request.
    fn answer(&self, request: Request<Body>) -> impl Future<Output = Result<Response<Body>, Error>>;
}

macro_rules! functions {
    ($($part:ident)*) => {
        impl<F, Fut, Via, $($part,)* Last> Handler<(Via, $($part,)* Last)> for F
        where
            F: Fn($($part,)* Last) -> Fut,
            Fut: Future<Output: IntoResponse>,
            $($part: FromParts,)*
            Last: FromRequest<Via>,
        {
            async fn answer(&self, request: Request<Body>) -> Result<Response<Body>, Error> {
                let (head, body) = request.into_parts();
                $(
                    #[expect(non_snake_case, reason = "named as its type")]
                    let $part = match $part::from_parts(&head) {
                        Ok(part) => part,
                        Err(refusal) => return refusal.into_response(),
                    };
                )*
                match Last::from_request(Request::from_parts(head, body)).await {
                    Ok(last) => self($($part,)* last).await.into_response(),
                    Err(refusal) => refusal.into_response(),
                }
            }
        }
    };
}

functions!();
functions!(A);
functions!(A B);
functions!(A B C);
functions!(A B C D);
functions!(A B C D E);

impl<F, Fut> Handler<()> for F
where
    F: Fn() -> Fut,
    Fut: Future<Output: IntoResponse>,
{
    async fn answer(&self, _request: Request<Body>) -> Result<Response<Body>, Error> {
        self().await.into_response()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::http::{BODY_BYTES_MAX, HeaderMap, Json, Method, Refusal, StatusCode};

    /// These futures wait for nothing.
    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => done,
            Poll::Pending => unreachable!("nothing is waited for"),
        }
    }

    fn post(content_type: &str, body: impl Into<Body>) -> Request<Body> {
        Request::post("/").header("content-type", content_type).body(body.into()).unwrap()
    }

    fn answer<A>(handler: &impl Handler<A>, request: Request<Body>) -> (StatusCode, String) {
        let mut response = now(handler.answer(request)).unwrap();
        let text = now(response.body_mut().str_contents()).unwrap().to_owned();
        (response.status(), text)
    }

    async fn sum(
        method: Method,
        headers: HeaderMap,
        Json(numbers): Json<Vec<u64>>,
    ) -> (StatusCode, Json<(u64, usize)>) {
        assert_eq!(method, Method::POST);
        (StatusCode::CREATED, Json((numbers.iter().sum(), headers.len())))
    }

    #[test]
    fn json_comes_in_and_goes_out() {
        assert_eq!(answer(&sum, post("application/json", "[1, 2]")), (StatusCode::CREATED, "[3,1]".to_owned()));
        let response = now(sum.answer(post("application/json", "[]"))).unwrap();
        assert_eq!(response.headers().get("content-type").unwrap(), "application/json");
    }

    #[test]
    fn what_is_not_the_json_expected_is_refused_with_a_reason() {
        assert_eq!(answer(&sum, post("text/plain", "[1]")).0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let (status, text) = answer(&sum, post("application/json", "[1, \"two\"]"));
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(text.contains("invalid type: string \"two\", expected u64"), "{text}");
    }

    #[test]
    fn a_body_that_is_too_large_is_refused() {
        async fn length(body: String) -> String {
            body.len().to_string()
        }
        let most = post("text/plain", "x".repeat(BODY_BYTES_MAX));
        assert_eq!(answer(&length, most), (StatusCode::OK, BODY_BYTES_MAX.to_string()));
        let more = post("text/plain", "x".repeat(BODY_BYTES_MAX + 1));
        assert_eq!(answer(&length, more).0, StatusCode::PAYLOAD_TOO_LARGE);
        let told = Request::post("/").header("content-length", BODY_BYTES_MAX + 1).body(Body::empty()).unwrap();
        assert_eq!(answer(&length, told).0, StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[test]
    fn a_refusal_keeps_its_status_through_the_question_mark_and_other_errors_are_the_hosts() {
        async fn refuse() -> Result<(), Error> {
            Err(Refusal::new(StatusCode::CONFLICT, "taken"))?
        }
        async fn fail() -> Result<(), Error> {
            Err(Error::msg("out of luck"))
        }
        assert_eq!(answer(&refuse, post("", "")), (StatusCode::CONFLICT, "taken\n".to_owned()));
        assert_eq!(now(fail.answer(post("", ""))).unwrap_err().to_string(), "out of luck");
    }
}
