//! A trap ends its request and its instance, and says where it happened.

use std::sync::Arc;

use http_body_util::BodyExt as _;
use sandbox::Failure;

use super::harness::{Kept, ask, get, reused, text, until, workload_with};

// C70
#[tokio::test]
async fn a_trap_tells_its_functions_and_takes_nothing_else_along() {
    for reuse in [None, Some(reused())] {
        let kept = Arc::new(Kept::default());
        let workload = workload_with("trap", |config| {
            config.reuse = reuse.unwrap_or_default();
            kept.watch(config);
        });
        text(&workload, "/").await;
        let Err(failure) = ask(&workload, "/trap?on-purpose").await else { panic!("a trap") };
        let Failure::Trap { message, backtrace } = &failure else { panic!("{failure}") };
        assert!(message.contains("unreachable"), "{message}");
        assert!(backtrace.contains("explode"), "the function is named:\n{backtrace}");
        assert_eq!((failure.cause(), failure.status().as_u16()), ("trap", 500));
        assert!(kept.stderr().contains("on-purpose"), "the panic's text is in the log");
        assert_eq!(kept.causes(), ["trap"]);
        assert_eq!(workload.stats().instances_idle, 0, "a trapped instance is not used again");
        assert_eq!(text(&workload, "/").await, "hello\n");
    }
}

#[tokio::test]
async fn a_trap_after_the_head_is_an_error_of_the_body() {
    let kept = Arc::new(Kept::default());
    let workload = workload_with("trap", |config| kept.watch(config));
    match workload.call(get("/late")).await {
        Ok(response) => {
            assert!(response.into_body().collect().await.is_err(), "half a body must not look whole");
        }
        Err(failure) => assert_eq!(failure.cause(), "trap"),
    }
    until("it is reported once", || kept.causes() == ["trap"]).await;
    assert_eq!(workload.stats().failures, 1);
}

// F51
#[tokio::test]
async fn many_traps_leave_nothing_behind() {
    let workload = workload_with("trap", |config| config.reuse = reused());
    for _ in 0..200 {
        assert!(ask(&workload, "/trap").await.is_err());
    }
    assert_eq!((workload.stats().failures, workload.stats().memory_bytes), (200, 0));
}

#[tokio::test]
async fn a_trap_before_anything_has_left_is_a_failure() {
    let kept = Arc::new(Kept::default());
    let workload = workload_with("trap", |config| kept.watch(config));
    let Err(failure) = workload.call(get("/late")).await else { panic!("nothing has left: it is no response") };
    assert_eq!(failure.cause(), "trap");
    assert_eq!(kept.causes(), ["trap"]);
}
