//! Fetches what its query names, over WASI 0.3.
//!
//! `?url=U` reads what U answers, and answers with it. `/pass?url=U` passes U's response on without reading it.

use wasip3::http::client;
use wasip3::http::types::{ErrorCode, Fields, Request, Response, Scheme};
use wasip3::{wit_bindgen, wit_future, wit_stream};

struct Fetch;

impl wasip3::exports::http::handler::Guest for Fetch {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let path = request.get_path_with_query().unwrap_or_default();
        let url = path.split_once("url=http://").map_or("", |(_, url)| url);
        let (authority, rest) = url.split_at(url.find('/').unwrap_or(url.len()));
        let response = client::send(ask(authority, rest)?).await?;
        if path.starts_with("/pass") {
            return Ok(response);
        }
        let status = response.get_status_code();
        let (_, read) = wit_future::new(|| Ok(()));
        let (body, _trailers) = Response::consume_body(response, read);
        Ok(answer(status, body.collect().await))
    }
}

fn ask(authority: &str, path: &str) -> Result<Request, ErrorCode> {
    let (_, trailers) = wit_future::new(|| Ok(None));
    let (request, _sent) = Request::new(Fields::new(), None, trailers, None);
    let set = request
        .set_scheme(Some(&Scheme::Http))
        .and_then(|()| request.set_authority(Some(authority)))
        .and_then(|()| request.set_path_with_query(Some(path)));
    set.map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
    Ok(request)
}

fn answer(status: u16, bytes: Vec<u8>) -> Response {
    let (mut body, body_read) = wit_stream::new();
    let (_, trailers) = wit_future::new(|| Ok(None));
    let (response, _sent) = Response::new(Fields::new(), Some(body_read), trailers);
    // A status that was received is one that can be set.
    response.set_status_code(status).unwrap_or_default();
    wit_bindgen::spawn_local(async move {
        body.write_all(bytes).await;
    });
    response
}

wasip3::http::service::export!(Fetch);
