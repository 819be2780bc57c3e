//! What a guest may have: memory, headers, stack, slots.

use std::time::Duration;

use futures::future::join_all;
use sandbox::{Engine, EngineConfig, Failure, Tenant, Workload, WorkloadConfig};

use super::guests;
use super::harness::{ask, get, reused, text, until, workload, workload_with};

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
    assert!(backtrace.frames().iter().any(|frame| frame.function.contains("descend")), "{backtrace:?}");
    assert_eq!(text(&workload, "/").await, "hello\n");
}

#[tokio::test]
async fn requests_beyond_the_slots_wait_and_then_are_refused() {
    let engine = Engine::new(EngineConfig { slots: 2, ..EngineConfig::default() }).unwrap();
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

// F39
#[tokio::test]
async fn the_memory_of_the_host_bounds_all_workloads_together() {
    let engine = Engine::new(EngineConfig { memory_bytes_max: 64 * MIB, ..EngineConfig::default() }).unwrap();
    let code = engine.load(&guests::compiled("memory")).unwrap();
    let [one, two] = ["one", "two"].map(|name| {
        let mut config = WorkloadConfig::new(name);
        config.memory_bytes_max = Some(128 * MIB);
        Workload::new(&engine, code.clone(), config).unwrap()
    });
    let held = tokio::spawn({
        let one = one.clone();
        async move { text(&one, "/hold?mib=40&ms=2000").await }
    });
    until("one workload holds its memory", || one.stats().memory_bytes > 40 * MIB).await;
    let second = text(&two, "/?mib=4096").await;
    assert!((10..24).contains(&eaten(&second)), "{second}");
    held.await.unwrap();
    until("its memory is back", || one.stats().memory_bytes == 0).await;
    // A newcomer that finds none waits until others give back.
    let full = tokio::spawn({
        let one = one.clone();
        async move { text(&one, "/hold?mib=61&ms=300").await }
    });
    until("one workload holds nearly all", || one.stats().memory_bytes > 61 * MIB).await;
    assert_eq!(text(&two, "/").await, "ate 0 of 0 MiB\n");
    full.await.unwrap();
}

// F39
#[tokio::test]
async fn the_memory_of_a_tenant_bounds_its_workloads_and_no_others() {
    let engine = Engine::new(EngineConfig::default()).unwrap();
    let code = engine.load(&guests::compiled("memory")).unwrap();
    let tenant = Tenant::new(32 * MIB);
    let [one, two, other] = [Some(&tenant), Some(&tenant), None].map(|tenant| {
        let mut config = WorkloadConfig::new("memory");
        config.memory_bytes_max = Some(64 * MIB);
        config.tenant = tenant.cloned();
        config.reuse = reused();
        Workload::new(&engine, code.clone(), config).unwrap()
    });
    let held = tokio::spawn({
        let one = one.clone();
        async move { text(&one, "/hold?mib=20&ms=500").await }
    });
    until("one workload holds its memory", || one.stats().memory_bytes > 20 * MIB).await;
    let second = text(&two, "/?mib=4096").await;
    assert!((4..12).contains(&eaten(&second)), "{second}");
    let third = text(&other, "/?mib=4096").await;
    assert!((50..64).contains(&eaten(&third)), "{third}");
    held.await.unwrap();
    // Nearly all is with an instance that waits for its next request. It gives way to one of its tenant's, and the one
    // of another stays.
    until("both are idle", || (one.stats().instances_idle, other.stats().instances_idle) == (1, 1)).await;
    tenant.set_memory_bytes_max(tenant.memory_bytes());
    let mut config = WorkloadConfig::new("memory");
    config.tenant = Some(tenant.clone());
    let three = Workload::new(&engine, code.clone(), config).unwrap();
    assert_eq!(text(&three, "/").await, "ate 0 of 0 MiB\n");
    assert_eq!((one.stats().instances_idle, other.stats().instances_idle), (0, 1));
}

#[tokio::test]
async fn those_who_wait_for_memory_are_served_in_turn_and_hold_no_slots() {
    // Room for one instance of 17 pages at a time, and slots for two.
    let engine = Engine::new(EngineConfig { slots: 2, ..EngineConfig::default() }).unwrap();
    let make = |guest: &str, memory_bytes_max| {
        let mut config = WorkloadConfig::new(guest);
        config.memory_bytes_max = memory_bytes_max;
        Workload::new(&engine, engine.load(&guests::compiled(guest)).unwrap(), config).unwrap()
    };
    let (tight, other) = (make("memory", Some(2 * MIB)), make("hello02", None));
    let many: Vec<_> = (0..4)
        .map(|_| {
            let tight = tight.clone();
            tokio::spawn(async move { text(&tight, "/hold?mib=0&ms=30").await })
        })
        .collect();
    until("they wait", || tight.stats().requests_running == 4 && tight.stats().memory_bytes > 0).await;
    assert_eq!(text(&other, "/").await, "hello\n", "a slot is left for others");
    assert_eq!(tight.stats().failures, 0);
    for one in join_all(many).await {
        one.unwrap();
    }
}

#[tokio::test]
async fn no_workload_has_all_slots() {
    let engine = Engine::new(EngineConfig { slots: 40, ..EngineConfig::default() }).unwrap();
    let code = engine.load(&guests::compiled("slow")).unwrap();
    let workload = || Workload::new(&engine, code.clone(), WorkloadConfig::new("slow")).unwrap();
    let (greedy, other) = (workload(), workload());
    let many: Vec<_> = (0..60)
        .map(|_| {
            let greedy = greedy.clone();
            tokio::spawn(async move { ask(&greedy, "/?ms=5000").await.map(drop) })
        })
        .collect();
    until("those that find no slot are refused", || greedy.stats().failures == 40).await;
    assert_eq!(greedy.stats().requests_running, 20, "as many as it leaves");
    assert_eq!(text(&other, "/?ms=0").await, "at last\n");
    many.iter().for_each(tokio::task::JoinHandle::abort);
}

// F42
#[tokio::test]
async fn handles_of_the_guests_own_making_are_bounded() {
    let code = guests::engine().load(&guests::compiled_text(MAKES_HANDLES)).unwrap();
    let workload = Workload::new(guests::engine(), code, WorkloadConfig::new("handles")).unwrap();
    let Err(Failure::Trap { message, .. }) = ask(&workload, "/").await else { panic!("a trap") };
    assert!(message.contains("handle"), "{message}");
}

/// It has the shape of a guest of WASI 0.2, and makes resources of its own for ever.
const MAKES_HANDLES: &str = r#"(component
    (import "wasi:http/types@0.2.12" (instance $types
        (export "incoming-request" (type (sub resource)))
        (export "response-outparam" (type (sub resource)))))
    (alias export $types "incoming-request" (type $request))
    (alias export $types "response-outparam" (type $out))
    (type $mine (resource (rep i32)))
    (core func $new (canon resource.new $mine))
    (core module $m
        (import "" "new" (func $new (param i32) (result i32)))
        (func (export "handle") (param i32 i32)
            (loop $for-ever
                (drop (call $new (i32.const 1)))
                (br $for-ever))))
    (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
    (func $handle (param "request" (own $request)) (param "response-out" (own $out))
        (canon lift (core func $i "handle")))
    (instance (export "wasi:http/incoming-handler@0.2.12") (export "handle" (func $handle))))"#;
