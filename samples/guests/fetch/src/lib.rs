//! Fetches what its query names.
//!
//! `?url=U` answers with what U answers, and `/send?url=U` sends it the request's body. `/many?count=N&url=U` starts N requests at once and counts what became of them.

use futures_lite::FutureExt as _;
use insula_sdk::http::{Body, Client, Error, Request, Response};

#[insula_sdk::http]
async fn fetch(request: Request<Body>) -> Result<Response<Body>, Error> {
    let query = request.uri().query().unwrap_or_default();
    let url = query.split_once("url=").map_or("", |(_, url)| url).to_owned();
    if request.uri().path() != "/many" {
        let ask = match request.uri().path() {
            // Piece by piece: a body passed on whole is spliced by the host, and the guest never sees how that ends.
            "/send" => Request::post(&url).body(Body::from_http_body(request.into_body().into_boxed_body()))?,
            _ => Request::get(&url).body(Body::empty())?,
        };
        return match Client::new().send(ask).await {
            Ok(response) => Ok(response),
            Err(error) => Ok(Response::builder().status(502).body(Body::from(format!("{error:#}\n")))?),
        };
    }
    let count =
        query.strip_prefix("count=").and_then(|n| n.split('&').next()).and_then(|n| n.parse().ok()).unwrap_or(1);
    let (mut answered, mut refused) = (0_usize, 0_usize);
    let mut running: Vec<_> = Vec::new();
    for _ in 0..count {
        let client = Client::new();
        let ask = Request::get(&url).body(Body::empty())?;
        running.push(async move { client.send(ask).await.map(drop) }.boxed_local());
    }
    std::future::poll_fn(|cx| {
        running.retain_mut(|ask| match ask.as_mut().poll(cx) {
            std::task::Poll::Pending => true,
            std::task::Poll::Ready(Ok(())) => {
                answered += 1;
                false
            }
            std::task::Poll::Ready(Err(_)) => {
                refused += 1;
                false
            }
        });
        if running.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    Ok(Response::new(Body::from(format!("answered {answered}, refused {refused}\n"))))
}
