//! Deadlines hold, also for guests that never wait, and neighbours hardly notice.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::BodyExt as _;
use sandbox::Failure;

use super::harness::{Kept, ask, get, text, until, workload, workload_with};

/// What a test machine adds to the 10 ms that are promised: tests share its cores.
const SLACK: Duration = Duration::from_millis(60);

fn assert_on_time(begin: Instant, timeout: Duration) {
    let over = begin.elapsed().checked_sub(timeout).expect("not before its time");
    assert!(over < Duration::from_millis(10) + SLACK, "{over:?} late");
}

// C70, F38
#[tokio::test]
async fn a_spinning_guest_is_ended_at_its_deadline() {
    let patient = workload("spin");
    for millis in [5, 50, 300] {
        let timeout = Duration::from_millis(millis);
        let workload = workload_with("spin", |config| config.timeout = timeout);
        let begin = Instant::now();
        assert_eq!(ask(&workload, "/spin").await, Err(Failure::Deadline { timeout }));
        assert_on_time(begin, timeout);
        until("its memory is back", || workload.stats().memory_bytes == 0).await;
        text(&patient, "/").await;
    }
}

#[tokio::test]
async fn a_waiting_guest_is_ended_at_its_deadline() {
    let timeout = Duration::from_millis(100);
    let kept = Arc::new(Kept::default());
    let workload = workload_with("slow", |config| {
        config.timeout = timeout;
        kept.watch(config);
    });
    let begin = Instant::now();
    assert_eq!(ask(&workload, "/?ms=60000").await, Err(Failure::Deadline { timeout }));
    assert_on_time(begin, timeout);
    assert_eq!(kept.causes(), ["deadline"]);
}

// C70, F38
#[tokio::test]
async fn neighbours_are_served_while_guests_spin() {
    let timeout = Duration::from_millis(400);
    let spin = workload_with("spin", |config| config.timeout = timeout);
    let neighbour = workload("hello02");
    text(&neighbour, "/").await;
    let spinners: Vec<_> = (0..4)
        .map(|_| {
            let spin = spin.clone();
            tokio::spawn(async move { spin.call(get("/spin")).await.map(drop) })
        })
        .collect();
    let begin = Instant::now();
    let mut times = Vec::new();
    while begin.elapsed() < timeout {
        let asked = Instant::now();
        assert_eq!(text(&neighbour, "/").await, "hello\n");
        times.push(asked.elapsed());
    }
    times.sort();
    let middle = times[times.len() / 2];
    assert!(times.len() >= 20, "only {} neighbours served", times.len());
    assert!(middle < Duration::from_millis(20), "neighbours wait {middle:?}");
    for spinner in spinners {
        assert_eq!(spinner.await.unwrap(), Err(Failure::Deadline { timeout }));
    }
}

#[tokio::test]
async fn a_long_computation_that_ends_is_answered() {
    let workload = workload("spin");
    assert_eq!(text(&workload, "/burn?ms=60").await, "burnt\n");
}

#[tokio::test]
async fn a_start_function_that_spins_is_ended_too() {
    let timeout = Duration::from_millis(50);
    let code = super::guests::compiled_text(STARTS_FOR_EVER);
    let code = super::guests::engine().load(&code).unwrap();
    let mut config = sandbox::WorkloadConfig::new("starts");
    config.timeout = timeout;
    let workload = sandbox::Workload::new(super::guests::engine(), code, config).unwrap();
    let begin = Instant::now();
    assert_eq!(ask(&workload, "/").await, Err(Failure::Deadline { timeout }));
    assert_on_time(begin, timeout);
}

/// It has the shape of a guest of WASI 0.2, and never gets as far as answering.
const STARTS_FOR_EVER: &str = r#"(component
    (import "wasi:http/types@0.2.12" (instance $types
        (export "incoming-request" (type (sub resource)))
        (export "response-outparam" (type (sub resource)))))
    (alias export $types "incoming-request" (type $request))
    (alias export $types "response-outparam" (type $out))
    (core module $m
        (func $spin (loop br 0))
        (func (export "handle") (param i32 i32))
        (start $spin))
    (core instance $i (instantiate $m))
    (func $handle (param "request" (own $request)) (param "response-out" (own $out))
        (canon lift (core func $i "handle")))
    (component $shim
        (import "request" (type $request (sub resource)))
        (import "out" (type $out (sub resource)))
        (import "handle" (func $handle (param "request" (own $request)) (param "response-out" (own $out))))
        (export "handle" (func $handle)))
    (instance $handler (instantiate $shim
        (with "request" (type $request)) (with "out" (type $out)) (with "handle" (func $handle))))
    (export "wasi:http/incoming-handler@0.2.12" (instance $handler)))"#;

#[tokio::test]
async fn a_killed_workload_ends_its_guests() {
    for (guest, path) in [("slow", "/?ms=60000"), ("spin", "/spin")] {
        let kept = Arc::new(Kept::default());
        let workload = workload_with(guest, |config| kept.watch(config));
        let asked = tokio::spawn({
            let workload = workload.clone();
            async move { ask(&workload, path).await }
        });
        until("it is at work", || workload.stats().memory_bytes > 0).await;
        workload.kill();
        assert_eq!(asked.await.unwrap(), Err(Failure::Killed), "{guest}");
        until("its memory is back", || workload.stats().memory_bytes == 0).await;
        assert_eq!(kept.causes(), ["killed"]);
        assert_eq!(ask(&workload, path).await, Err(Failure::Closed));
    }
}

#[tokio::test]
async fn a_killed_workload_breaks_off_its_bodies() {
    let workload = workload("slow");
    let mut body = workload.call(get("/body?ms=5&count=1000000")).await.unwrap().into_body();
    body.frame().await.unwrap().unwrap();
    workload.kill();
    let error = loop {
        match body.frame().await {
            Some(Ok(_)) => {}
            Some(Err(error)) => break error,
            None => panic!("a body cut short looks complete"),
        }
    };
    assert!(error.to_string().contains("stopped"), "{error}");
}

#[tokio::test]
async fn much_memory_is_given_back_after_the_request() {
    let workload = workload("memory");
    text(&workload, "/?mib=32").await;
    until("its memory is back", || workload.stats().memory_bytes == 0).await;
    text(&workload, "/?mib=1").await;
}

// C70, F38: what spins takes its share and no more, however many requests it has.
#[tokio::test(flavor = "multi_thread")]
async fn a_workload_that_spins_in_many_requests_leaves_half_to_one_that_spins_in_one() {
    let (many, one) = (workload("spin"), workload("spin"));
    let mut running = tokio::task::JoinSet::new();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    // The second could use no more than one CPU by itself, so it has as many requests as there are CPUs.
    for (workload, requests) in [(&many, 8 * cores), (&one, cores)] {
        for _ in 0..requests {
            let workload = workload.clone();
            running.spawn(async move { drop(workload.call(get("/spin")).await) });
        }
    }
    until("both compute", || {
        many.stats().cpu > Duration::from_millis(200) && one.stats().cpu > Duration::from_millis(50)
    })
    .await;
    let (before_many, before_one) = (many.stats().cpu, one.stats().cpu);
    until("they have computed", || one.stats().cpu - before_one > Duration::from_millis(500)).await;
    let ratio = (many.stats().cpu - before_many).as_secs_f64() / (one.stats().cpu - before_one).as_secs_f64();
    many.kill();
    one.kill();
    assert!(ratio < 2.0, "eight times the requests take {ratio:.1} times the CPU");
}
