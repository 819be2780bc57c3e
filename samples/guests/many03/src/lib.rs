//! Answers several requests at once over WASI 0.3, in ways that tests ask for.
//!
//! `/?ms=N` waits, and tells how many requests the instance was given so far. `/meet?of=N` waits until so many were
//! inside. `/call?ms=N` waits, asks `http://callee/` and tells its answer. `/drip?ms=N&count=C` answers at once, with C lines N milliseconds apart. `/trap?ms=N` waits and
//! panics, `/spin` computes for ever.

use std::cell::Cell;

use wasip3::clocks::monotonic_clock::wait_for;
use wasip3::http::client;
use wasip3::http::types::{ErrorCode, Fields, Request, Response, Scheme};
use wasip3::{wit_bindgen, wit_future, wit_stream};

thread_local! {
    static SERVED: Cell<u64> = const { Cell::new(0) };
    static INSIDE: Cell<u64> = const { Cell::new(0) };
    /// The most that were inside at once.
    static MOST: Cell<u64> = const { Cell::new(0) };
}

struct Many;

impl wasip3::exports::http::handler::Guest for Many {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let target = request.get_path_with_query().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        SERVED.set(SERVED.get() + 1);
        INSIDE.set(INSIDE.get() + 1);
        MOST.set(MOST.get().max(INSIDE.get()));
        let (pause, served) = (number(query, "ms") * 1_000_000, SERVED.get());
        match path {
            "/trap" => {
                wait_for(pause).await;
                panic!("as it was told")
            }
            "/spin" => loop {
                std::hint::black_box(());
            },
            "/meet" => {
                while MOST.get() < number(query, "of") {
                    wait_for(1_000_000).await;
                }
            }
            "/call" => {
                wait_for(pause).await;
                return call().await;
            }
            "/drip" => return Ok(lines(number(query, "count"), pause)),
            _ => wait_for(pause).await,
        }
        INSIDE.set(INSIDE.get() - 1);
        Ok(answer(format!("served {served}\n")))
    }
}

async fn call() -> Result<Response, ErrorCode> {
    let (_, trailers) = wit_future::new(|| Ok(None));
    let (request, _sent) = Request::new(Fields::new(), None, trailers, None);
    let set = request
        .set_scheme(Some(&Scheme::Http))
        .and_then(|()| request.set_authority(Some("callee")))
        .and_then(|()| request.set_path_with_query(Some("/")));
    set.map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
    client::send(request).await
}

fn number(query: &str, key: &str) -> u64 {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(k, _)| *k == key).and_then(|(_, v)| v.parse().ok()).unwrap_or(0)
}

fn answer(text: String) -> Response {
    lines_of(vec![text], 0)
}

fn lines(count: u64, pause: u64) -> Response {
    lines_of((0..count).map(|_| "drop\n".to_owned()).collect(), pause)
}

fn lines_of(lines: Vec<String>, pause: u64) -> Response {
    let (mut body, body_read) = wit_stream::new();
    let (_, trailers) = wit_future::new(|| Ok(None));
    let (response, _sent) = Response::new(Fields::new(), Some(body_read), trailers);
    wit_bindgen::spawn_local(async move {
        for line in lines {
            if pause > 0 {
                wait_for(pause).await;
            }
            body.write_all(line.into_bytes()).await;
        }
    });
    response
}

wasip3::http::service::export!(Many);
