//! Guests that spin, eat memory or trap: they harm their own request, and nobody else's.

use std::time::Duration;

use http::StatusCode;
use tests::{Cluster, Load, load};

use crate::deploy::{answer, deploy};

const SPINS: usize = 4;

/// C70, F38, F39, F51: neighbours answer all the while.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_guests_harm_only_their_own_requests() {
    let cluster = Cluster::up();
    let neighbour = deploy(&cluster, "hello", "hello02", &["--replicas", "2"]);
    let hostile = ["spin", "memory", "trap"].map(|guest| deploy(&cluster, guest, guest, &[]));
    answer(neighbour, "/").await;
    let api = cluster.api().await;
    let patch = serde_json::json!({ "spec": { "template": {
        "metadata": { "annotations": { "insula.dev/timeout": "1s" } },
        "spec": { "containers": [{ "name": "spin", "image": api
            .get("/apis/apps/v1/namespaces/default/deployments/spin").await.expect("is there")
            ["spec"]["template"]["spec"]["containers"][0]["image"] }] },
    } } });
    let path = "/apis/apps/v1/namespaces/default/deployments/spin";
    api.merge(path, &patch).await.expect("patches");
    tests::until("the short deadline is in force", || async {
        let asked = load::get(hostile[0], "/spin").await.ok()?;
        let begin = std::time::Instant::now();
        let again = load::get(hostile[0], "/spin").await.ok()?;
        let quick = begin.elapsed() < Duration::from_secs(5);
        (asked.0 == StatusCode::GATEWAY_TIMEOUT && again.0 == StatusCode::GATEWAY_TIMEOUT && quick).then_some(())
    })
    .await;

    let load = || Load { addrs: vec![neighbour], path: "/".to_owned(), keep_alive: 4, fresh: 2 };
    let alone = load().start();
    tests::until("neighbours are served", || async { (alone.ok() > 300).then_some(()) }).await;
    let alone = alone.finish().await;

    let running = load().start();
    // More than there are cores.
    let spins: Vec<_> = (0..SPINS).map(|_| tokio::spawn(async move { load::get(hostile[0], "/spin").await })).collect();
    let (status, headers, _) = load::get(hostile[2], "/trap").await.expect("an answer");
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "a trap ends the request");
    assert_eq!(headers["insula-cause"], "trap");
    let (status, _, ate) = load::get(hostile[1], "/?mib=4096").await.expect("an answer");
    let had: u64 = ate.split_whitespace().nth(1).and_then(|mib| mib.parse().ok()).expect("`ate N of 4096 MiB`");
    assert!(status.is_success() && had < 64, "memory is refused inside the guest, at the limit: {ate}");
    for spin in spins {
        let (status, headers, _) = spin.await.expect("joins").expect("an answer");
        assert_eq!((status, headers["insula-cause"].to_str().ok()), (StatusCode::GATEWAY_TIMEOUT, Some("deadline")));
    }
    answer(hostile[2], "/").await;
    tests::until("neighbours were served", || async { (running.ok() > 300).then_some(()) }).await;
    let report = running.finish().await;
    assert!(report.failed.is_empty(), "{:?}", report.failed);
    let (alone, beside) = (alone.quantile(50), report.quantile(50));
    println!("p50 of the neighbour alone {alone:?}, beside {SPINS} spinning requests {beside:?}");
    assert!(beside < Duration::from_millis(500), "neighbours wait for a turn, not for the deadline of 1 s");
    let pods = api.items("/api/v1/namespaces/default/pods").await;
    for pod in tests::client::ready(&pods) {
        assert_eq!(pod["status"]["containerStatuses"][0]["restartCount"], 0, "a request takes no Pod away");
    }
}
