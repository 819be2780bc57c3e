//! Gives back what it is given.
//!
//! `/` streams the request's body back, `/headers` lists the request's headers, `/env` the environment, `/args` the
//! arguments, `/config` the configuration, and `/grow?count=N&bytes=M` answers with N headers of M bytes each.

use insula_sdk::config;
use insula_sdk::http::{Body, Error, Request, Response};

#[insula_sdk::http]
async fn echo(request: Request<Body>) -> Result<Response<Body>, Error> {
    let text = match request.uri().path() {
        "/headers" => lines(
            request
                .headers()
                .iter()
                .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))),
        ),
        "/env" => lines(std::env::vars().map(|(key, value)| format!("{key}={value}"))),
        "/args" => lines(std::env::args()),
        "/config" => lines(config::all().unwrap_or_default().into_iter().map(|(key, value)| format!("{key}={value}"))),
        "/grow" => {
            let mut response = Response::builder();
            for index in 0..number(&request, "count", 1) {
                response = response.header(format!("x-grown-{index}"), "x".repeat(number(&request, "bytes", 1)));
            }
            return Ok(response.body(Body::from("grown\n"))?);
        }
        _ => return Ok(Response::new(request.into_body())),
    };
    Ok(Response::new(Body::from(text)))
}

fn lines(items: impl Iterator<Item = String>) -> String {
    items.map(|item| item + "\n").collect()
}

fn number(request: &Request<Body>, key: &str, otherwise: usize) -> usize {
    let pairs = request.uri().query().unwrap_or_default().split('&');
    pairs
        .filter_map(|pair| pair.split_once('='))
        .find(|(k, _)| *k == key)
        .and_then(|(_, v)| v.parse().ok())
        .unwrap_or(otherwise)
}
