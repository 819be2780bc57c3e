//! What only Redis has: a connection that can be lost, and other clusters beside ours.

use std::time::Instant;

use super::*;
use crate::keyvalue::conformance::{BOUNDS, bucket, get, key, set};
use crate::testing::{Foreign, eventually};

pub(crate) fn connect(server: &Foreign, prefix: &str) -> Redis {
    let url = format!("redis://127.0.0.1:{}", server.port);
    Redis::new(Config { url, prefix: prefix.to_owned(), bounds: BOUNDS }).expect("a URL")
}

#[tokio::test]
async fn a_lost_redis_is_an_error_in_time_and_comes_back() {
    let Some(mut server) = Foreign::redis() else { return };
    let (store, at) = (connect(&server, "p"), bucket("n", "b"));
    set(&store, &at, "a", "1").await;
    server.kill();
    for _ in 0..3 {
        let asked = Instant::now();
        let lost = store.increment(&at, key("a"), 1).await;
        assert!(matches!(lost, Err(Error::Unavailable(_))), "{lost:?}");
        assert!(asked.elapsed() < 2 * BACKEND_ANSWER_MAX, "it took {:?}", asked.elapsed());
    }
    server.restart();
    eventually("Redis is back", || async { store.increment(&at, key("a"), 1).await.ok() }).await;
}

#[tokio::test]
async fn a_redis_that_is_not_there_yet_keeps_no_server_from_starting() {
    let Some(mut server) = Foreign::redis() else { return };
    server.kill();
    let (store, at) = (connect(&server, "p"), bucket("n", "b"));
    assert!(matches!(store.exists(&at, key("a")).await, Err(Error::Unavailable(_))));
    server.restart();
    eventually("Redis is there", || async { store.exists(&at, key("a")).await.ok() }).await;
    assert!(matches!(
        Redis::new(Config { url: "http://x".into(), prefix: String::new(), bounds: BOUNDS }),
        Err(Error::Invalid(_))
    ));
}

#[tokio::test]
async fn clusters_share_a_redis_without_meeting() {
    let Some(server) = Foreign::redis() else { return };
    let (ours, theirs, at) = (connect(&server, "ours"), connect(&server, "theirs"), bucket("n", "b"));
    set(&ours, &at, "a", "1").await;
    assert_eq!(get(&theirs, &at, "a").await, None);
    assert!(theirs.namespaces().await.expect("lists").is_empty());
    theirs.forget(&at.namespace).await.expect("forgets");
    assert_eq!(get(&ours, &at, "a").await.as_deref(), Some("1"));
}
