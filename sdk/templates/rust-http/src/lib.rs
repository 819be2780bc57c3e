//! Greets whoever asks: `GET /` and `GET /NAME`.
//!
//! A request has an instance of its own, so nothing is kept between requests; what is to be kept belongs into
//! `insula_sdk::keyvalue` or `blobs`. Handlers take what they need and return what answers.

use insula_sdk::config;
use insula_sdk::http::{Path, Router};

#[insula_sdk::http]
fn app() -> Router {
    Router::new()
        .get("/", async || greet("world"))
        .get("/{name}", async |Path(name): Path<String>| greet(&name))
}

/// The word is the variable GREETING of `deploy.yaml`.
fn greet(name: &str) -> String {
    let word = config::get("GREETING")
        .ok()
        .flatten()
        .unwrap_or_else(|| "Hello".to_owned());
    format!("{word}, {name}!\n")
}
