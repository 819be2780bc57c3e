//! Waits `?ms=N` before it answers; `/body?ms=N&count=C` answers at once, with C lines N milliseconds apart.

use std::convert::Infallible;
use std::time::Duration;

use futures_lite::stream;
use insula_sdk::http::{Body, Error, Request, Response};
use wstd::http::body::Bytes;
use wstd::task::sleep;

#[insula_sdk::http]
async fn slow(request: Request<Body>) -> Result<Response<Body>, Error> {
    let pause = Duration::from_millis(number(&request, "ms", 0));
    if request.uri().path() != "/body" {
        sleep(pause.into()).await;
        return Ok(Response::new(Body::from("at last\n")));
    }
    let lines = stream::unfold(number(&request, "count", 3), move |left| async move {
        if left == 0 {
            return None;
        }
        sleep(pause.into()).await;
        Some((Ok::<_, Infallible>(Bytes::from_static(b"drop\n")), left - 1))
    });
    Ok(Response::new(Body::from_try_stream(lines)))
}

fn number(request: &Request<Body>, key: &str, otherwise: u64) -> u64 {
    let pairs = request.uri().query().unwrap_or_default().split('&');
    pairs
        .filter_map(|pair| pair.split_once('='))
        .find(|(k, _)| *k == key)
        .and_then(|(_, v)| v.parse().ok())
        .unwrap_or(otherwise)
}
