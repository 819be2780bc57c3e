//! Requests that guests send.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::SinkExt as _;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use sandbox::{Body, Outgoing, OutgoingError, OutgoingOptions};

use super::harness::{ask, full, get, post, read, text, until, workload, workload_with};

/// Answers by path, and counts.
#[derive(Clone, Default)]
struct World {
    running: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

#[derive(Clone, Copy)]
struct Depth(u8);

impl Outgoing for World {
    fn call(
        &self,
        request: Request<Body>,
        options: OutgoingOptions,
    ) -> BoxFuture<'static, Result<Response<Body>, OutgoingError>> {
        let world = self.clone();
        let most = world.running.fetch_add(1, Ordering::SeqCst) + 1;
        world.most.fetch_max(most, Ordering::SeqCst);
        Box::pin(async move {
            assert!(options.connect_timeout <= Duration::from_secs(5));
            let answer = match request.uri().path() {
                "/wait" => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Ok(Response::new(full("waited")))
                }
                "/denied" => Err(OutgoingError::Denied),
                _ => {
                    let depth = request.extensions().get::<Depth>().map_or(0, |depth| depth.0);
                    Ok(Response::new(full(format!("{} at depth {depth}\n", request.uri()))))
                }
            };
            world.running.fetch_sub(1, Ordering::SeqCst);
            answer
        })
    }
}

#[tokio::test]
async fn a_guest_reaches_out_and_the_caller_is_known() {
    let workload = workload_with("fetch", |config| config.outgoing = Arc::new(World::default()));
    assert_eq!(text(&workload, "/?url=http://users.shop.svc/all").await, "http://users.shop.svc/all at depth 0\n");
    let mut request = get("/?url=http://users.shop.svc/all");
    request.extensions_mut().insert(Depth(3));
    let (_, said) = read(workload.call(request).await.unwrap()).await;
    assert_eq!(said, "http://users.shop.svc/all at depth 3\n");
    let (status, said) = ask(&workload, "/?url=http://users.shop.svc/denied").await.unwrap();
    assert_eq!(status, 502, "{said}");
}

#[tokio::test]
async fn without_a_way_out_there_is_none() {
    let (status, said) = ask(&workload("fetch"), "/?url=http://169.254.169.254/").await.unwrap();
    assert_eq!(status, 502, "{said}");
}

// F42
#[tokio::test]
async fn requests_beyond_the_bound_are_refused_inside_the_guest() {
    let world = World::default();
    let workload = workload_with("fetch", |config| config.outgoing = Arc::new(world.clone()));
    let said = text(&workload, "/many?count=200&url=http://users/wait").await;
    assert_eq!(said, "answered 128, refused 72\n");
    assert!((1..=128).contains(&world.most.load(Ordering::SeqCst)));
    // Handles are bounded as well: so many at once are an error or a trap, and nothing worse.
    drop(ask(&workload, "/many?count=100000&url=http://users/wait").await);
    assert!(world.most.load(Ordering::SeqCst) <= 128);
    assert_eq!(text(&workload, "/many?count=2&url=http://users/wait").await, "answered 2, refused 0\n");
}

/// Answers at once, reads nothing, and says so.
struct Hasty(tokio::sync::watch::Sender<bool>);

impl Outgoing for Hasty {
    fn call(
        &self,
        request: Request<Body>,
        _: OutgoingOptions,
    ) -> BoxFuture<'static, Result<Response<Body>, OutgoingError>> {
        drop(request);
        self.0.send_replace(true);
        Box::pin(std::future::ready(Ok(Response::new(full("answered\n")))))
    }
}

/// A callee that answers before the guest is done with sending is no failure.
#[tokio::test]
async fn an_early_answer_reaches_a_guest_that_still_sends() {
    let (tell, mut answered) = tokio::sync::watch::channel(false);
    let workload = workload_with("fetch", |config| config.outgoing = Arc::new(Hasty(tell)));
    let (mut sender, frames) = futures::channel::mpsc::channel::<Result<Frame<Bytes>, sandbox::BoxError>>(0);
    let sending = async move {
        answered.wait_for(|answered| *answered).await.expect("it is asked");
        for _ in 0..3 {
            sender.send(Ok(Frame::data(Bytes::from_static(b"late")))).await.expect("is taken");
        }
    };
    let request = post("/send?url=http://hasty/", StreamBody::new(frames).boxed_unsync());
    let asking = async { read(workload.call(request).await.expect("answers")).await };
    let ((), (status, said)) = tokio::join!(sending, asking);
    assert_eq!((status.as_u16(), said.as_str()), (200, "answered\n"));
}

/// The way to another workload of the same engine, as a host's own routes are: a function call.
struct Local(sandbox::Workload);

impl Outgoing for Local {
    fn call(
        &self,
        request: Request<Body>,
        _: OutgoingOptions,
    ) -> BoxFuture<'static, Result<Response<Body>, OutgoingError>> {
        let callee = self.0.clone();
        Box::pin(async move { callee.call(request).await.map_err(|failure| OutgoingError::Other(failure.to_string())) })
    }
}

#[tokio::test]
async fn a_guest_calls_a_guest_of_the_same_engine() {
    for caller in ["fetch", "fetch03"] {
        for callee in ["hello02", "hello03"] {
            let callee = workload(callee);
            let workload = workload_with(caller, |config| config.outgoing = Arc::new(Local(callee.clone())));
            for path in ["/", "/pass"] {
                assert_eq!(text(&workload, &format!("{path}?url=http://hello.shop.svc/")).await, "hello\n", "{caller}");
            }
            assert_eq!((callee.stats().failures, workload.stats().failures), (0, 0));
        }
    }
}

#[tokio::test]
async fn a_guest_reads_what_another_streams_and_gives_up_with_its_client() {
    for caller in ["fetch", "fetch03"] {
        let callee = workload("slow");
        let workload = workload_with(caller, |config| config.outgoing = Arc::new(Local(callee.clone())));
        assert_eq!(text(&workload, "/?url=http://slow/body?ms=5").await.lines().next(), Some("drop"), "{caller}");
        // While it waits for the head, its client leaves.
        let gone = tokio::time::timeout(Duration::from_millis(30), workload.call(get("/?url=http://slow/?ms=60000")));
        assert!(gone.await.is_err());
        until("both are ended", || callee.stats().requests_running == 0 && workload.stats().requests_running == 0)
            .await;
        assert_eq!((callee.stats().failures, workload.stats().failures), (0, 0), "{caller}");
    }
}
