//! `catalog`: which books there are, one name a line.

use insula_sdk::http::{Body, Error, Request, Response};

const BOOKS: &str = "de-architectura\nnaturalis-historia\nsatyricon\n";

async fn books(_request: Request<Body>) -> Result<Response<Body>, Error> {
    Ok(Response::new(Body::from(BOOKS)))
}

insula_sdk::serve!(books);
