//! What proxies say to each other in headers.

use std::sync::Arc;

use http::header::{HOST, HeaderName, HeaderValue};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Request, Response, StatusCode, Uri};

use crate::Body;
use crate::body::empty;
use crate::local::Depth;

/// The Pod asked, by UID.
const POD: HeaderName = HeaderName::from_static("insula-pod");
/// The port asked.
const PORT: HeaderName = HeaderName::from_static("insula-port");
/// How deep in a chain of calls the request is; absent is 0.
const DEPTH: HeaderName = HeaderName::from_static("insula-depth");
/// In a response: nobody read the request.
const REFUSED: HeaderName = HeaderName::from_static("insula-refused");
const GONE: &str = "gone";

/// Whom a request between hosts is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) uid: Arc<str>,
    pub(super) port: u16,
    pub(super) depth: Depth,
}

/// Addresses `request` for the other host: the headers above, and the host as the authority that HTTP/2 wants.
///
/// # Errors
/// What is wrong with the request; it was clean, so nothing is expected to be.
pub(super) fn write<B>(request: &mut Request<B>, to: &Address) -> Result<(), &'static str> {
    let headers = request.headers_mut();
    let host = headers.remove(HOST).ok_or("no Host")?;
    headers.insert(POD, HeaderValue::from_str(&to.uid).map_err(|_| "a Pod UID that is not text")?);
    headers.insert(PORT, HeaderValue::from(to.port));
    if to.depth > Depth::default() {
        headers.insert(DEPTH, HeaderValue::from(u16::from(to.depth.0)));
    }
    let mut uri = std::mem::take(request.uri_mut()).into_parts();
    uri.scheme = Some(Scheme::HTTP);
    uri.authority = Some(Authority::try_from(host.as_bytes()).map_err(|_| "a Host that is no authority")?);
    uri.path_and_query.get_or_insert_with(|| PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from_parts(uri).map_err(|_| "a URI that cannot be rebuilt")?;
    Ok(())
}

/// Whom a request from another host is for.
pub(super) fn read(headers: &HeaderMap) -> Option<Address> {
    let depth = match headers.get(DEPTH) {
        None => Depth::default(),
        Some(text) => Depth(text.to_str().ok()?.parse().ok()?),
    };
    Some(Address {
        uid: headers.get(POD)?.to_str().ok()?.into(),
        port: headers.get(PORT)?.to_str().ok()?.parse().ok()?,
        depth,
    })
}

/// The answer for a Pod that is not here.
pub(super) fn gone() -> Response<Body> {
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::MISDIRECTED_REQUEST;
    response.headers_mut().insert(REFUSED, HeaderValue::from_static(GONE));
    response
}

/// Whether a response is that answer. A workload cannot give it: its `insula-*` headers do not leave its host.
pub(super) fn is_gone<B>(response: &Response<B>) -> bool {
    response.status() == StatusCode::MISDIRECTED_REQUEST
        && response.headers().get(REFUSED).is_some_and(|reason| reason == GONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for (depth, headers) in [(0, 2), (7, 3)] {
            let to = Address { uid: "pod-1".into(), port: 8080, depth: Depth(depth) };
            let mut request = Request::get("/a?b").header(HOST, "shop:81").body(()).expect("a request");
            write(&mut request, &to).expect("written");
            assert_eq!(request.uri(), "http://shop:81/a?b");
            assert_eq!(request.headers().len(), headers);
            assert_eq!(read(request.headers()), Some(to));
        }
    }

    #[test]
    fn an_incomplete_address_is_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(read(&headers), None);
        headers.insert(POD, HeaderValue::from_static("a"));
        assert_eq!(read(&headers), None);
        headers.insert(PORT, HeaderValue::from_static("70000"));
        assert_eq!(read(&headers), None);
        headers.insert(PORT, HeaderValue::from_static("80"));
        assert!(read(&headers).is_some());
        headers.insert(DEPTH, HeaderValue::from_static("300"));
        assert_eq!(read(&headers), None);
    }

    #[test]
    fn only_a_refusal_is_a_refusal() {
        assert!(is_gone(&gone()));
        let mut plain = Response::new(());
        *plain.status_mut() = StatusCode::MISDIRECTED_REQUEST;
        assert!(!is_gone(&plain));
    }
}
