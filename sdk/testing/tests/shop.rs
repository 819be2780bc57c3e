//! The sample application's components, each alone.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers of tests too")]

use std::path::PathBuf;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use insula_testing::Component;

fn component(name: &str) -> Component {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../samples/shop").join(name);
    Component::build(folder).unwrap()
}

#[test]
fn a_component_is_configured_and_refuses_what_it_does_not_know() {
    let prices = component("prices").config("CURRENCY", "HS").config("STAFF_CODE", "sesame").start().unwrap();
    assert_eq!(prices.get("/satyricon").unwrap().body(), "15.50 HS");
    let staff = Request::get("/satyricon").header("staff-code", "sesame").body(Bytes::new()).unwrap();
    assert_eq!(prices.call(staff).unwrap().body(), "7.75 HS");
    let unknown = prices.get("/bible").unwrap();
    assert_eq!((unknown.status(), unknown.body().as_ref()), (StatusCode::NOT_FOUND, &b"no price for \"bible\"\n"[..]));
}

#[test]
fn what_a_component_asks_of_others_is_answered_by_the_test() {
    let web = component("web")
        .outgoing(|request| match (request.uri().host(), request.uri().path()) {
            (Some("catalog"), "/") => Response::new(Bytes::from("satyricon\n")),
            (Some("prices.shop.svc"), "/satyricon") => Response::new(Bytes::from("1 EUR")),
            _ => Response::builder().status(StatusCode::IM_A_TEAPOT).body(Bytes::new()).unwrap(),
        })
        .start()
        .unwrap();
    let page = web.get("/").unwrap();
    assert_eq!(page.body(), "Insula's book shop\nsatyricon            1 EUR\n");
    assert_eq!(web.printed(), "listing the shop\n");
}

#[test]
fn a_component_that_others_refuse_says_so() {
    let web = component("web")
        .outgoing(|_| Response::builder().status(503).body(Bytes::from("no books today")).unwrap())
        .start()
        .unwrap();
    let refused = web.get("/").unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(refused.body(), "http://catalog/ answered 503 Service Unavailable: no books today\n");
}
