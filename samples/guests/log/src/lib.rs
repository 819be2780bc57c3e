//! Writes `?lines=N` lines to stdout and as many to stderr.

use insula_sdk::http::{Body, Error, Request, Response};

async fn log(request: Request<Body>) -> Result<Response<Body>, Error> {
    let query = request.uri().query().unwrap_or_default();
    let count: usize = query.strip_prefix("lines=").and_then(|n| n.parse().ok()).unwrap_or(1);
    for line in 1..=count {
        println!("out {line}");
        eprintln!("err {line}");
    }
    Ok(Response::new(Body::from(format!("wrote {count}\n"))))
}

insula_sdk::serve!(log);
