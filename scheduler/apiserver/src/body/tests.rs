//! Bodies as clients send them: JSON, YAML, protobuf, and what is none of them.

use std::time::Duration;

use futures::FutureExt;
use serde_json::json;

use super::*;

fn decoded(encoding: Encoding, text: &str) -> Decoded {
    decode(encoding, text.as_bytes()).unwrap_or_else(|status| panic!("{status}"))
}

fn code(encoding: Encoding, text: &str) -> Option<u16> {
    decode(encoding, text.as_bytes()).err().map(|status| status.code)
}

#[test]
fn duplicate_keys_are_noted_with_their_path() {
    let body = decoded(Encoding::Json, r#"{"a": 1, "spec": {"l": [{"x": 1, "x": 2}]}, "a": 3}"#);
    assert_eq!(body.value, json!({"a": 3, "spec": {"l": [{"x": 2}]}}));
    assert_eq!(body.notes, ["duplicate field \"spec.l[0].x\"", "duplicate field \"a\""]);
    let body = decoded(Encoding::Yaml, "a: 1\nspec:\n  b: x\n  b: z\n");
    assert_eq!(body.value, json!({"a": 1, "spec": {"b": "z"}}));
    assert_eq!(body.notes, ["duplicate field \"spec.b\""]);
}

#[test]
fn yaml_becomes_what_its_json_would_be() {
    let body = decoded(Encoding::Yaml, "a: &x {n: 1.5, t: 'yes', e: null}\nb: *x\nc: [true, -3, \"7\"]\n? 80\n: p\n");
    let inner = json!({"n": 1.5, "t": "yes", "e": null});
    assert_eq!(body.value, json!({"a": inner, "b": inner, "c": [true, -3, "7"], "80": "p"}));
}

// F87
#[test]
fn bombs_and_depths_are_refused_quickly() {
    let levels: String =
        (1..20).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(","))).collect();
    let bomb = format!("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n{levels}");
    let deep_json = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep_yaml = "- ".repeat(10_000);
    let start = std::time::Instant::now();
    assert_eq!(code(Encoding::Yaml, &bomb), Some(400));
    assert_eq!(code(Encoding::Json, &deep_json), Some(400));
    assert_eq!(code(Encoding::Yaml, &deep_json), Some(400));
    assert_eq!(code(Encoding::Yaml, &deep_yaml), Some(400));
    assert!(start.elapsed().as_millis() < 1_000, "{:?}", start.elapsed());
}

#[test]
fn what_is_not_json_is_refused() {
    for bad in ["", "{", "{} {}", "{\"a\": NaN}", "{\"a\": 1e999}", "\0", "{\"a\": \"\x01\"}", "{'a': 1}", "[1,]"] {
        assert_eq!(code(Encoding::Json, bad), Some(400), "{bad:?}");
    }
    for bad in ["a: .nan", "a: .inf", "a: [", "a: b\n---\nc: d", "*unknown", "\0"] {
        assert_eq!(code(Encoding::Yaml, bad), Some(400), "{bad:?}");
    }
    assert_eq!(decode(Encoding::Yaml, b"a: \xff").err().map(|s| s.code), Some(400));
    assert_eq!(decode(Encoding::Protobuf, b"{}").err().map(|s| s.code), Some(400));
}

#[test]
fn messages_do_not_quote_the_body() {
    // F89
    let status = decode(Encoding::Yaml, b"password: hunter2\n  bad: [").expect_err("not YAML");
    assert!(!status.message.contains("hunter2"), "{}", status.message);
}

#[tokio::test]
async fn a_body_waits_for_room_and_not_for_ever() {
    let room = Arc::new(Semaphore::new(BODY_BYTES_MAX));
    let read = |text: &'static str, declared: &'static str| {
        let headers = HeaderMap::from_iter([(header::CONTENT_LENGTH, declared.parse().expect("a value"))]);
        let room = room.clone();
        async move { super::read(&room, &headers, axum::body::Body::from(text)).await }
    };
    let first = read("first", "5").await.expect("fits");
    assert_eq!(room.available_permits(), BODY_BYTES_MAX - 5);
    // Without a length that can be relied on, a body may be the largest.
    let mut second = std::pin::pin!(read("second", "unknown"));
    assert!(second.as_mut().now_or_never().is_none(), "it waits");
    assert!(read("", "0").await.is_ok(), "what is empty needs no room");
    let impatient = make_room(&room, 5, Duration::ZERO).await;
    assert_eq!(impatient.map_err(|status| status.code).err(), Some(429), "patience ends");
    drop(first);
    let second = second.await.expect("fits now");
    let held = BODY_BYTES_MAX - room.available_permits();
    assert_eq!((second.bytes.as_ref(), held), (&b"second"[..], 6), "what did not come is not held");
    drop(second);
    assert_eq!(room.available_permits(), BODY_BYTES_MAX);
}
