//! Routes: acknowledged once in force; a guest reaches a Service by name.

use protocol::v1::to_host::Message as Downward;
use protocol::v1::{Endpoint, Routes, ServicePort, ServiceRoute};

use super::harness::{Bench, ask, ask_at, text, until};

fn service(uid: &str, ip: std::net::IpAddr, port: u32) -> ServiceRoute {
    let endpoint = Endpoint {
        pod_uid: uid.to_owned(),
        pod_name: format!("pod-{uid}"),
        ip: ip.to_string(),
        port,
        node_name: "n1".to_owned(),
    };
    let ports = vec![ServicePort { port: 80, endpoints: vec![endpoint], ..ServicePort::default() }];
    ServiceRoute { namespace: "test".to_owned(), name: "hello".to_owned(), ports, ..ServiceRoute::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_reaches_a_service_by_name_and_nothing_else() {
    let bench = Bench::start(250).await;
    bench.tell(vec![bench.pod("callee", "hello02").await, bench.pod("caller", "fetch").await], &[], true).await;
    let (callee, caller) = (bench.ready("callee").await, bench.ready("caller").await);
    let routes = |revision, port| Routes {
        revision,
        complete: true,
        services: vec![service("callee", callee, port)],
        ..Routes::default()
    };
    bench.plane.say(Downward::Routes(routes(3, 8080))).await;
    bench.plane.until("the routes are in force", |seen| (seen.routes_applied == 3).then_some(())).await;
    assert_eq!(text(caller, "/?url=http://hello/").await, "hello\n");
    assert_eq!(text(caller, "/?url=http://hello.test.svc.cluster.local/").await, "hello\n");
    let (status, why) = ask(caller, "/?url=http://example.com/").await.unwrap();
    assert_eq!(status, 502, "{why}");

    // A Service may name a port that no container declares; the Pod answers there too.
    assert!(ask_at(callee, 9090, "/").await.is_err());
    bench.plane.say(Downward::Routes(routes(4, 9090))).await;
    until("the Pod listens there", async || ask_at(callee, 9090, "/").await.is_ok_and(|(s, _)| s == 200)).await;
}

// F30
#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_calls_itself_is_stopped() {
    let bench = Bench::start(251).await;
    bench.tell(vec![bench.pod("caller", "fetch").await], &[], true).await;
    let caller = bench.ready("caller").await;
    let services = vec![service("caller", caller, 8080)];
    bench.plane.say(Downward::Routes(Routes { revision: 1, complete: true, services, ..Routes::default() })).await;
    bench.plane.until("the routes are in force", |seen| (seen.routes_applied == 1).then_some(())).await;
    // Each fetch asks for a fetch of the rest of its URL; forty deep is more than the house allows.
    let url = "http://hello/?url=".repeat(40);
    let (status, text) = ask(caller, &format!("/?url={url}http://hello/")).await.unwrap();
    assert_eq!(status, 508, "{text}");
}
