//! Traps: `/trap` by a panic, `/stack` by recursion without end, `/late` after half a body; elsewhere it says hello.

use std::hint::black_box;

use insula_sdk::http::{Body, Error, Request, Response};

#[insula_sdk::http]
async fn trap(request: Request<Body>) -> Result<Response<Body>, Error> {
    match request.uri().path() {
        "/trap" => explode(request.uri().query().unwrap_or("as asked")),
        "/stack" => Ok(Response::new(Body::from(format!("{}\n", descend(1))))),
        "/late" => Ok(Response::new(Body::from_try_stream(Halves(0)))),
        _ => Ok(Response::new(Body::from("hello\n"))),
    }
}

#[inline(never)]
fn explode(why: &str) -> ! {
    panic!("{why}")
}

#[inline(never)]
fn descend(depth: u64) -> u64 {
    if black_box(depth) == 0 { 0 } else { descend(depth + 1) + black_box(depth) }
}

/// A body whose second half never comes.
struct Halves(u8);

impl futures_core::Stream for Halves {
    type Item = Result<wstd::http::body::Bytes, std::convert::Infallible>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        self.0 += 1;
        match self.0 {
            1 => std::task::Poll::Ready(Some(Ok("half\n".into()))),
            _ => explode("half way"),
        }
    }
}
