//! The first request ever to a component on its host, its code compiled: what a user of an idle Service waits.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;

use http::StatusCode;
use serde_json::json;
use tests::client::Api;
use tests::{Cluster, load, paths};

use crate::cluster::{create_of, settled};
use crate::density::variant;
use crate::goal::{Side, goal, millis};

/// Small Rust components, and large ones with an interpreter inside.
pub(crate) async fn cold() {
    let cluster = Cluster::up();
    let api = cluster.api().await;
    let first = first_requests(&cluster, &api, "rust", &paths::guest("hello02"), 100).await;
    goal("first request to a component in Rust, p50, ms", &first, Side::Below, &5.0);
    for language in ["javascript", "python"] {
        let first = first_requests(&cluster, &api, language, &paths::language(language), 5).await;
        goal(&format!("first request to a component in {language}, p50, ms"), &first, Side::Below, &100.0);
    }
}

/// The median of the first requests to so many variants, each deployed and Ready and never asked before.
async fn first_requests(cluster: &Cluster, api: &Api, name: &str, component: &Path, count: u16) -> f64 {
    const PORTS: u16 = 30_100;
    let wasm = std::fs::read(component).expect("reads");
    let file = cluster.path("variant.wasm");
    let mut times = Vec::new();
    for number in 0..count {
        std::fs::write(&file, variant(&wasm, number)).expect("writes");
        let (image, workload) = (format!("{name}{number}:v1"), format!("{name}-{number}"));
        drop(cluster.insula_ok(&["push", &file.display().to_string(), &image]));
        create_of(api, &workload, &image, 1, &json!({}), PORTS).await;
        settled(api, &workload).await;
        let begin = Instant::now();
        let (status, ..) = load::get(SocketAddr::new(cluster.slice.node_ip(1), PORTS), "/").await.expect("an answer");
        times.push(begin.elapsed());
        assert_eq!(status, StatusCode::OK);
        for path in [
            format!("/apis/apps/v1/namespaces/default/deployments/{workload}"),
            format!("/api/v1/namespaces/default/services/{workload}"),
        ] {
            api.delete(&path).await.expect("is deleted");
        }
    }
    times.sort();
    println!("first requests to {count} components in {name}: {:.1?} to {:.1?}", times[0], times[times.len() - 1]);
    millis(times[times.len() / 2])
}
