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
    fn call(&self, request: Request<Body>) -> impl Future<Output = Result<Response<Body>, Error>>;
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
            async fn call(&self, request: Request<Body>) -> Result<Response<Body>, Error> {
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
    async fn call(&self, _request: Request<Body>) -> Result<Response<Body>, Error> {
        self().await.into_response()
    }
}
