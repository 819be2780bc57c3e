//! Servers that answer the same request, asked in turn in one run.

use std::net::SocketAddr;
use std::time::Duration;

use http::StatusCode;
use tests::{load, raw, until};

const ROUNDS: usize = 3;
const DURATION: Duration = Duration::from_secs(5);
const CONNECTIONS: usize = 32;

/// The best rate of each server over some rounds, in their order. Prints every round.
pub(crate) async fn race<const N: usize>(servers: [(&str, SocketAddr); N]) -> [f64; N] {
    for (_, addr) in servers {
        until("the server answers", || async {
            matches!(load::get(addr, "/").await, Ok((StatusCode::OK, ..))).then_some(())
        })
        .await;
    }
    let mut best = [0.0_f64; N];
    for _ in 0..ROUNDS {
        for (best, (name, addr)) in best.iter_mut().zip(servers) {
            let report = raw::run(addr, CONNECTIONS, DURATION).await;
            assert_eq!(report.failed, 0, "{name}: every request is answered with 200");
            assert!(report.ok > 100, "{name}: the work was done");
            println!(
                "{name}: {:.0} requests/s, p50 {:?}, p99 {:?}",
                report.rate(),
                report.quantile(50),
                report.quantile(99)
            );
            *best = best.max(report.rate());
        }
    }
    println!("the best of {ROUNDS} rounds each, {CONNECTIONS} connections:");
    best
}
