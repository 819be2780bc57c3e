//! What routes match, and what is said when none does.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use serde::Deserialize;

use super::*;
use crate::http::{Path, Query};

fn params(pattern: &str, path: &str) -> Option<Vec<(String, String)>> {
    Pattern::parse(pattern).params(path)
}

fn some(pairs: &[(&str, &str)]) -> Option<Vec<(String, String)>> {
    Some(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

/// These handlers wait for nothing.
fn ask(router: &Router, method: &str, path: &str) -> Response<Body> {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let answer = pin!(router.answer(request));
    match answer.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer.unwrap(),
        Poll::Pending => unreachable!("nothing is waited for"),
    }
}

fn text(response: Response<Body>) -> String {
    let mut body = response.into_body();
    let contents = pin!(body.str_contents());
    match contents.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(text) => text.unwrap().to_owned(),
        Poll::Pending => unreachable!("the body is in memory"),
    }
}

#[test]
fn holes_take_one_segment_or_the_rest() {
    assert_eq!(params("/", "/"), some(&[]));
    assert_eq!(params("/a", "/a/"), None);
    assert_eq!(params("/a/", "/a/"), some(&[]));
    assert_eq!(params("/{a}", "/"), None);
    assert_eq!(params("/{a}/x/{b}", "/1/x/2"), some(&[("a", "1"), ("b", "2")]));
    assert_eq!(params("/{a}", "/1/2"), None);
    assert_eq!(params("/f/{*path}", "/f/a/b"), some(&[("path", "a/b")]));
    assert_eq!(params("/f/{*path}", "/f/"), some(&[("path", "")]));
    assert_eq!(params("/f/{*path}", "/f"), None);
    assert_eq!(params("/{a}", "/a%20b%2Fc"), some(&[("a", "a b/c")]));
}

#[test]
fn the_more_literal_route_wins_whatever_the_order() {
    let router = Router::new()
        .get("/{*all}", async || "rest\n")
        .get("/{one}", async || "one\n")
        .get("/books", async || "literal\n");
    assert_eq!(text(ask(&router, "GET", "/books")), "literal\n");
    assert_eq!(text(ask(&router, "GET", "/other")), "one\n");
    assert_eq!(text(ask(&router, "GET", "/a/b")), "rest\n");
}

#[test]
fn a_path_without_route_is_not_found_unless_there_is_a_fallback() {
    let router = Router::new().get("/", async || "root\n");
    let answer = ask(&router, "GET", "/elsewhere");
    assert_eq!((answer.status(), text(answer).as_str()), (StatusCode::NOT_FOUND, "nothing at /elsewhere\n"));
    let router = router.fallback(async || (StatusCode::IM_A_TEAPOT, "tea\n"));
    assert_eq!(ask(&router, "GET", "/elsewhere").status(), StatusCode::IM_A_TEAPOT);
}

#[test]
fn a_method_without_route_is_not_allowed_and_told_which_are() {
    let router = Router::new().get("/{a}", async || "").put("/a", async || "").fallback(async || "fallback");
    let answer = ask(&router, "DELETE", "/a");
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.headers().get(ALLOW).unwrap(), "GET, HEAD, PUT");
}

#[test]
fn head_is_answered_as_get_without_the_body() {
    let router = Router::new().get("/", async || (StatusCode::ACCEPTED, "body"));
    let answer = ask(&router, "HEAD", "/");
    assert_eq!((answer.status(), text(answer).as_str()), (StatusCode::ACCEPTED, ""));
}

#[test]
fn handlers_take_what_the_path_and_the_query_say() {
    #[derive(Deserialize)]
    struct Sides {
        width: u32,
        #[serde(default)]
        height: Option<u32>,
    }
    #[derive(Deserialize)]
    struct Named {
        b: String,
        a: u8,
    }
    async fn sides(Path(name): Path<String>, Query(sides): Query<Sides>) -> String {
        format!("{name} {} {:?}", sides.width, sides.height)
    }
    let router = Router::new()
        .get("/sides/{name}", sides)
        .get("/tuple/{a}/{b}", async |Path((a, b)): Path<(u8, String)>| format!("{a} {b}"))
        .get("/named/{a}/{b}", async |Path(named): Path<Named>| format!("{} {}", named.b, named.a));
    assert_eq!(text(ask(&router, "GET", "/sides/box?width=3&other=x&height=4")), "box 3 Some(4)");
    assert_eq!(text(ask(&router, "GET", "/sides/box?width=3")), "box 3 None");
    assert_eq!(text(ask(&router, "GET", "/tuple/7/x%2By")), "7 x+y");
    assert_eq!(text(ask(&router, "GET", "/named/7/x")), "x 7");
    assert_eq!(ask(&router, "GET", "/tuple/seven/x").status(), StatusCode::BAD_REQUEST);
    let refused = ask(&router, "GET", "/sides/box");
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_eq!(text(refused), "the query is not understood: missing field `width`\n");
}
