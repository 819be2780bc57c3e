//! Writes `?lines=N` lines to stdout and as many to stderr; `?lines=N&pieces` writes each of stdout in two pieces.

use std::io::Write as _;
use std::time::Duration;

use insula_sdk::http::{Body, Error, Request, Response};
use wstd::task::sleep;

#[insula_sdk::http]
async fn log(request: Request<Body>) -> Result<Response<Body>, Error> {
    let query = request.uri().query().unwrap_or_default();
    let (lines, pieces) = query.split_once('&').map_or((query, false), |(lines, _)| (lines, true));
    let count: usize = lines.strip_prefix("lines=").and_then(|n| n.parse().ok()).unwrap_or(1);
    for line in 1..=count {
        print!("out ");
        if pieces {
            std::io::stdout().flush()?;
            sleep(Duration::from_millis(5).into()).await;
        }
        println!("{line}");
        eprintln!("err {line}");
    }
    Ok(Response::new(Body::from(format!("wrote {count}\n"))))
}
