//! Instances of WASI 0.3 that answer several requests at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::{BoxFuture, join_all};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use sandbox::{
    Body, Engine, EngineConfig, Failure, Outgoing, OutgoingError, OutgoingOptions, Reuse, Workload, WorkloadConfig,
};

use super::guests;
use super::harness::{Kept, ask, full, get, read, reused, text, until, workload_with};

fn many(concurrent_max: u64) -> Reuse {
    Reuse { concurrent_max, ..reused() }
}

fn workload(change: impl FnOnce(&mut WorkloadConfig)) -> Workload {
    workload_with("many03", |config| {
        config.reuse = many(8);
        change(config);
    })
}

/// The numbers that the answers tell, sorted.
fn served(texts: &[String]) -> Vec<u64> {
    let mut served: Vec<u64> =
        texts.iter().map(|text| text.trim().strip_prefix("served ").unwrap().parse().unwrap()).collect();
    served.sort_unstable();
    served
}

#[tokio::test]
async fn requests_meet_in_one_instance() {
    let workload = workload(|_| {});
    text(&workload, "/").await;
    let texts = join_all((0..8).map(|_| text(&workload, "/meet?of=8"))).await;
    assert_eq!(served(&texts), [2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!((workload.stats().instances_idle, workload.stats().requests_running), (1, 0));
}

#[tokio::test]
async fn who_finds_no_place_has_another_instance() {
    let workload = workload(|config| config.reuse = many(2));
    let texts = join_all((0..6).map(|_| text(&workload, "/?ms=1000"))).await;
    assert!(served(&texts).iter().all(|number| *number <= 2), "{texts:?}");
    assert!(workload.stats().instances_idle >= 3);
}

#[tokio::test]
async fn components_of_the_older_generation_are_asked_one_at_a_time() {
    let workload = workload_with("slow", |config| config.reuse = many(8));
    join_all((0..4).map(|_| text(&workload, "/?ms=30"))).await;
    assert_eq!(workload.stats().instances_idle, 4);
}

#[tokio::test]
async fn an_instance_is_given_as_many_requests_as_it_may_be() {
    let workload = workload(|config| config.reuse = Reuse { requests_max: 3, ..many(8) });
    let mut texts = Vec::new();
    for _ in 0..6 {
        texts.push(text(&workload, "/").await);
    }
    assert_eq!(served(&texts), [1, 1, 2, 2, 3, 3]);
    until("the last one goes", || workload.stats().memory_bytes == 0).await;
}

#[tokio::test]
async fn an_instance_that_nobody_asks_goes_after_its_time() {
    let workload = workload(|config| config.reuse = Reuse { idle: Duration::from_millis(50), ..many(8) });
    text(&workload, "/").await;
    assert_eq!(workload.stats().instances_idle, 1);
    until("it goes", || workload.stats().instances_idle == 0 && workload.stats().memory_bytes == 0).await;
}

#[tokio::test]
async fn a_trap_ends_all_that_are_inside_and_says_so() {
    let kept = Arc::new(Kept::default());
    let workload = workload(|config| kept.watch(config));
    text(&workload, "/").await;
    for failed in join_all(["/?ms=20000", "/trap?ms=100", "/?ms=20000"].map(|path| ask(&workload, path))).await {
        let Err(Failure::Trap { message, .. }) = failed else { panic!("{failed:?}") };
        assert!(message.contains("(with it end all 3 requests that its instance was answering)"), "{message}");
    }
    assert_eq!(kept.causes(), ["trap", "trap", "trap"]);
    assert_eq!(text(&workload, "/").await, "served 1\n", "a new instance");
}

#[tokio::test]
async fn a_trap_breaks_bodies_that_are_under_way() {
    let workload = workload(|_| {});
    let response = workload.call(get("/drip?ms=5&count=100000")).await.unwrap();
    let mut body = response.into_body();
    assert!(body.frame().await.unwrap().is_ok());
    assert!(ask(&workload, "/trap").await.is_err());
    let end = loop {
        match body.frame().await {
            Some(Ok(_)) => {}
            end => break end,
        }
    };
    assert!(end.is_some_and(|end| end.unwrap_err().to_string().contains("trapped")), "never a whole body");
}

// F38
#[tokio::test]
async fn the_deadline_of_one_is_not_that_of_others() {
    let workload = workload(|config| config.timeout = Duration::from_secs(2));
    text(&workload, "/").await;
    let (late, begin) = (ask(&workload, "/?ms=20000"), Instant::now());
    // It is still inside when the time of the first is over, and long done when its own would be.
    let later = async {
        until("half of the first one's time is over", || begin.elapsed() > Duration::from_secs(1)).await;
        ask(&workload, "/?ms=1500").await
    };
    let (late, later) = futures::join!(late, later);
    assert!(matches!(late, Err(Failure::Deadline { .. })), "{late:?}");
    assert_eq!(later.unwrap(), (StatusCode::OK, "served 3\n".to_owned()), "it was inside of the same one");
    until("its instance goes", || workload.stats().memory_bytes == 0).await;
    assert_eq!(text(&workload, "/").await, "served 1\n");
}

#[tokio::test]
async fn a_deadline_breaks_a_body_that_is_under_way() {
    let workload = workload(|config| config.timeout = Duration::from_millis(200));
    let response = workload.call(get("/drip?ms=30&count=1000")).await.unwrap();
    let error = response.into_body().collect().await.unwrap_err().to_string();
    assert!(error.contains("did not finish within 200ms"), "{error}");
    until("its instance goes", || workload.stats().memory_bytes == 0).await;
}

// F38
#[tokio::test]
async fn who_spins_ends_at_the_deadline() {
    let workload = workload(|config| config.timeout = Duration::from_millis(200));
    let (spin, begin) = (ask(&workload, "/spin"), Instant::now());
    let other = async {
        until("it computes", || workload.stats().cpu > Duration::from_millis(20)).await;
        text(&workload, "/").await
    };
    let (spin, other) = futures::join!(spin, other);
    assert!(matches!(spin, Err(Failure::Deadline { .. })), "{spin:?}");
    assert!(begin.elapsed() < Duration::from_secs(5));
    assert_eq!(other, "served 1\n", "nobody joins one that computes");
    until("it is gone", || workload.stats().instances_idle == 1).await;
}

// F44
#[tokio::test]
async fn a_client_that_leaves_ends_the_instance_once_the_others_are_done() {
    let workload = workload(|_| {});
    text(&workload, "/").await;
    let other = text(&workload, "/?ms=200");
    let leaving = async {
        let call = workload.call(get("/?ms=20000"));
        drop(tokio::time::timeout(Duration::from_millis(50), call).await);
        // Both are in the first instance, which takes no more.
        text(&workload, "/").await
    };
    let (other, next) = futures::join!(other, leaving);
    assert_eq!((other.as_str(), next.as_str()), ("served 2\n", "served 1\n"));
    until("the first one is gone", || workload.stats().requests_running == 0 && workload.stats().instances_idle == 1)
        .await;
}

/// Answers with the number that travels with the request that the guest answers.
struct Number;

impl Outgoing for Number {
    fn call(
        &self,
        request: Request<Body>,
        _: OutgoingOptions,
    ) -> BoxFuture<'static, Result<Response<Body>, OutgoingError>> {
        let number = request.extensions().get::<u64>().map_or("none".to_owned(), u64::to_string);
        Box::pin(async move { Ok(Response::new(full(number))) })
    }
}

#[tokio::test]
async fn what_travels_with_a_request_travels_with_those_it_makes() {
    let workload = workload(|config| config.outgoing = Arc::new(Number));
    text(&workload, "/").await;
    let texts = join_all((0..4_u64).map(async |number| {
        // They enter in one order and send in the other.
        let mut request = get(&format!("/call?ms={}", 100 - 20 * number));
        request.extensions_mut().insert(number);
        read(workload.call(request).await.unwrap()).await.1
    }));
    assert_eq!(texts.await, ["0", "1", "2", "3"]);
    assert_eq!(workload.stats().instances_idle, 1);
}

#[tokio::test]
async fn a_kill_ends_all_that_are_inside() {
    let workload = workload(|_| {});
    let inside = join_all((0..3).map(|_| ask(&workload, "/?ms=20000")));
    let kill = async {
        until("all are inside", || workload.stats().requests_running == 3).await;
        workload.kill();
    };
    for failed in futures::join!(inside, kill).0 {
        assert!(matches!(failed, Err(Failure::Killed)), "{failed:?}");
    }
    until("nothing is left", || workload.stats().memory_bytes == 0).await;
    assert!(matches!(ask(&workload, "/").await, Err(Failure::Closed)));
}

#[tokio::test]
async fn instances_give_way_when_slots_run_out_and_take_more_when_there_is_none() {
    let engine = Engine::new(EngineConfig { slots: 1, ..EngineConfig::default() }).unwrap();
    let make = |guest: &str, reuse| {
        let mut config = WorkloadConfig::new(guest);
        config.reuse = reuse;
        Workload::new(&engine, engine.load(&guests::compiled(guest)).unwrap(), config).unwrap()
    };
    let (first, other) = (make("many03", many(2)), make("hello02", Reuse::default()));
    // There are two places, as one further request of the engine may share an instance.
    let texts = join_all((0..6).map(|_| text(&first, "/?ms=10"))).await;
    assert_eq!(served(&texts), [1, 2, 3, 4, 5, 6]);
    assert_eq!(text(&other, "/").await, "hello\n");
    assert_eq!(first.stats().instances_idle, 0);
}

#[test]
fn a_runtime_that_goes_takes_its_instances_along() {
    let workload = workload(|_| {});
    for _ in 0..2 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert_eq!(runtime.block_on(text(&workload, "/")), "served 1\n");
        drop(runtime);
        assert_eq!((workload.stats().instances_idle, workload.stats().memory_bytes), (0, 0));
    }
}
