//! Spins for ever on `/spin`, burns `?ms=N` of time on `/burn`, and says hello elsewhere.

use std::hint::black_box;
use std::time::{Duration, Instant};

use insula_sdk::http::{Body, Error, Request, Response};

#[insula_sdk::http]
async fn spin(request: Request<Body>) -> Result<Response<Body>, Error> {
    match request.uri().path() {
        "/spin" => {
            let mut turns = 0_u64;
            loop {
                turns = black_box(turns.wrapping_add(1));
            }
        }
        "/burn" => {
            let query = request.uri().query().unwrap_or_default();
            let ms = query.strip_prefix("ms=").and_then(|ms| ms.parse().ok()).unwrap_or(1);
            let begin = Instant::now();
            while begin.elapsed() < Duration::from_millis(ms) {
                black_box(0);
            }
            Ok(Response::new(Body::from("burnt\n")))
        }
        _ => Ok(Response::new(Body::from("hello\n"))),
    }
}
