//! What a guest may have: memory, headers, stack, slots.

use std::time::Duration;

use sandbox::{Engine, EngineConfig, Failure, Workload, WorkloadConfig};

use super::guests;
use super::harness::{ask, get, text, until, workload, workload_with};

const MIB: u64 = 1 << 20;

fn eaten(text: &str) -> u64 {
    text.split(' ').nth(1).unwrap().parse().unwrap()
}

// C70, F39
#[tokio::test]
async fn growth_past_the_limit_fails_inside_the_guest() {
    for (limit, at_least) in [(Some(16 * MIB), 10), (None, 50), (Some(128 * MIB), 110)] {
        let workload = workload_with("memory", |config| config.memory_bytes_max = limit);
        let text = text(&workload, "/?mib=4096").await;
        let most = limit.unwrap_or(sandbox::INSTANCE_MEMORY_BYTES_DEFAULT) / MIB;
        assert!((at_least..most).contains(&eaten(&text)), "{limit:?}: {text}");
        until("its memory is back", || workload.stats().memory_bytes == 0).await;
    }
}

// F39
#[tokio::test]
async fn the_limit_holds_for_all_instances_together() {
    let workload = workload_with("memory", |config| config.memory_bytes_max = Some(64 * MIB));
    let held = tokio::spawn({
        let workload = workload.clone();
        async move { text(&workload, "/hold?mib=40&ms=500").await }
    });
    until("one instance holds its memory", || workload.stats().memory_bytes > 40 * MIB).await;
    let second = text(&workload, "/?mib=4096").await;
    assert!((10..24).contains(&eaten(&second)), "{second}");
    held.await.unwrap();
    let third = text(&workload, "/?mib=4096").await;
    assert!(eaten(&third) > 50, "{third}");
}

#[tokio::test]
async fn an_instance_waits_for_memory_and_then_fails() {
    // An instance of this guest starts with 17 pages, so two do not fit.
    let limit = 2 * MIB;
    let workload = workload_with("memory", |config| config.memory_bytes_max = Some(limit));
    let hold = |ms: u64| {
        let workload = workload.clone();
        tokio::spawn(async move { text(&workload, &format!("/hold?mib=0&ms={ms}")).await })
    };
    let short = hold(100);
    until("one instance lives", || workload.stats().memory_bytes > 0).await;
    assert_eq!(text(&workload, "/").await, "ate 0 of 0 MiB\n", "it waited for the first one");
    short.await.unwrap();
    let long = hold(5_000);
    until("one instance lives", || workload.stats().memory_bytes > 0).await;
    assert_eq!(ask(&workload, "/").await, Err(Failure::Memory { limit_bytes: limit }));
    long.abort();
    // With nobody to wait for it fails at once.
    let tiny = workload_with("memory", |config| config.memory_bytes_max = Some(65_536));
    let begin = std::time::Instant::now();
    assert_eq!(ask(&tiny, "/").await, Err(Failure::Memory { limit_bytes: 65_536 }));
    assert!(begin.elapsed() < Duration::from_millis(500));
}

// F43
#[tokio::test]
async fn headers_beyond_the_bound_are_refused_inside_the_guest() {
    let workload = workload("echo");
    assert_eq!(workload.call(get("/grow?count=20&bytes=100")).await.unwrap().headers().len(), 20);
    for path in ["/grow?count=40000&bytes=1", "/grow?count=1&bytes=10000000", "/grow?count=500&bytes=100"] {
        let refused = workload.call(get(path)).await;
        assert!(refused.is_err() || refused.unwrap().status().is_server_error(), "{path}");
    }
    assert_eq!(workload.call(get("/grow?count=1&bytes=1")).await.unwrap().status(), 200);
}

// F43
#[tokio::test]
async fn a_request_with_too_many_headers_harms_nobody() {
    let workload = workload("echo");
    let mut request = get("/headers");
    for index in 0..5_000 {
        let name = http::HeaderName::try_from(format!("x-{index}")).unwrap();
        request.headers_mut().insert(name, "y".repeat(100).parse().unwrap());
    }
    drop(workload.call(request).await);
    text(&workload, "/headers").await;
}

// F41
#[tokio::test]
async fn recursion_without_end_traps() {
    let workload = workload("trap");
    let Err(Failure::Trap { message, backtrace }) = ask(&workload, "/stack").await else { panic!("a trap") };
    assert!(message.contains("stack"), "{message}");
    assert!(backtrace.contains("descend"), "{backtrace}");
    assert_eq!(text(&workload, "/").await, "hello\n");
}

#[tokio::test]
async fn requests_beyond_the_slots_wait_and_then_are_refused() {
    let engine = Engine::new(EngineConfig { slots: 2 }).unwrap();
    let code = engine.load(&guests::compiled("slow")).unwrap();
    let workload = Workload::new(&engine, code, WorkloadConfig::new("slow")).unwrap();
    let long: Vec<_> = (0..2)
        .map(|_| {
            let workload = workload.clone();
            tokio::spawn(async move { text(&workload, "/?ms=400").await })
        })
        .collect();
    until("both slots are taken", || workload.stats().requests_running == 2).await;
    assert_eq!(text(&workload, "/?ms=0").await, "at last\n", "it waited");
    for long in long {
        long.await.unwrap();
    }
    let longer: Vec<_> = (0..2)
        .map(|_| {
            let workload = workload.clone();
            tokio::spawn(async move { ask(&workload, "/?ms=5000").await.map(drop) })
        })
        .collect();
    until("both slots are taken", || workload.stats().requests_running == 2).await;
    assert_eq!(ask(&workload, "/?ms=0").await, Err(Failure::Busy));
    longer.iter().for_each(tokio::task::JoinHandle::abort);
    until("the slots are free", || workload.stats().requests_running == 0).await;
    text(&workload, "/?ms=0").await;
}

#[tokio::test]
async fn a_workload_has_its_own_bound_on_requests() {
    let workload = workload_with("slow", |config| config.concurrent_max = 1);
    let long = tokio::spawn({
        let workload = workload.clone();
        async move { ask(&workload, "/?ms=5000").await.map(drop) }
    });
    until("its only place is taken", || workload.stats().requests_running == 1).await;
    assert_eq!(ask(&workload, "/?ms=0").await, Err(Failure::Busy));
    long.abort();
}
