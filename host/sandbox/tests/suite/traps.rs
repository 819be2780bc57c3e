//! A trap ends its request and its instance, and says where it happened.

use std::sync::Arc;

use http_body_util::BodyExt as _;
use sandbox::{Failure, Workload, WorkloadConfig};

use super::guests::{compiled_with_lines, engine};
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
        let named = |frame: &sandbox::Frame| frame.function.contains("explode") && frame.line.is_none();
        assert!(backtrace.frames().iter().any(named), "the function is named: {:?}", backtrace.frames());
        assert_eq!(backtrace.located(), backtrace.frames(), "a component without debug information has no lines");
        assert_eq!((failure.cause(), failure.status().as_u16()), ("trap", 500));
        assert!(kept.stderr().contains("on-purpose"), "the panic's text is in the log");
        assert_eq!(kept.causes(), ["trap"]);
        assert_eq!(workload.stats().instances_idle, 0, "a trapped instance is not used again");
        assert_eq!(text(&workload, "/").await, "hello\n");
    }
}

// C70
#[tokio::test]
async fn a_trap_tells_its_lines_if_the_component_has_them() {
    let code = engine().load(&compiled_with_lines("trap")).unwrap();
    let workload = Workload::new(engine(), code, WorkloadConfig::new("trap")).unwrap();
    let Err(Failure::Trap { backtrace, .. }) = ask(&workload, "/trap?x").await else { panic!("a trap") };
    let frames = backtrace.located();
    let source = include_str!("../../../../samples/guests/trap/src/lib.rs");
    let line = 1 + source.lines().position(|line| line.contains("panic!(")).unwrap();
    let told = frames.iter().find(|frame| frame.function.contains("explode")).unwrap();
    assert_eq!(told.line.as_deref(), Some(&*format!("guests/trap/src/lib.rs:{line}")), "{frames:?}");
    assert!(
        frames.iter().any(|frame| frame.line.as_ref().is_some_and(|line| line.starts_with("std/src/"))),
        "{frames:?}"
    );
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
