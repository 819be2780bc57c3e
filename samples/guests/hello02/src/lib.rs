//! Says hello over WASI 0.2.

use insula_sdk::http::{Body, Error, Request, Response};

#[insula_sdk::http]
async fn hello(_request: Request<Body>) -> Result<Response<Body>, Error> {
    Ok(Response::new(Body::from("hello\n")))
}
